"""A compact residual CNN on log-mel windows of any length, made of built-in layers only.

Built-in layers keep the saved network pure data: it loads in Keras' safe mode, without code of ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from tagger.inference.frontend import FrontEnd


def build(
    front_end: FrontEnd,
    window_frames: int,
    n_genres: int,
    *,
    stem_channels: int = 24,
    channels: Sequence[int] = (32, 64, 128, 160),
    embedding: int = 128,
    dropout: float = 0.3,
    norm_momentum: float = 0.95,
) -> Any:
    """An untrained network, called once, so that it can be exported.

    Time and frequency are halved by the stem and by every stage but the last. The level and the contrast of a
    window are removed first, so that no gain changes what is heard.

    Args:
        front_end: Its number of bands is that of the input.
        window_frames: Length of the windows that it will learn from; it takes any.
        n_genres: Number of logits.
        stem_channels: Channels of the first convolution.
        channels: Channels of each residual stage.
        embedding: Length of the embedding.
        dropout: Share of the pooled features that is dropped in training, 0 to 1.
        norm_momentum: Of the running statistics of batch normalisation, 0 to 1.

    Returns:
        A `keras.Model` from "windows", shape (n_windows, n_frames, n_bands), to a dict of "logits", shape
        (n_windows, n_genres), and "embedding", shape (n_windows, embedding).
    """
    windows = keras.Input((None, front_end.n_bands), name="windows")
    x = layers.LayerNormalization(axis=(1, 2), center=False, scale=False, name="level")(windows)
    x = layers.Reshape((-1, front_end.n_bands, 1), name="image")(x)
    x = layers.Conv2D(stem_channels, 5, strides=2, padding="same", use_bias=False, name="stem")(x)
    x = _normed(x, norm_momentum, "stem")
    for stage, n_channels in enumerate(channels, start=1):
        x = _residual(x, n_channels, norm_momentum, f"stage{stage}", halve=stage < len(channels))
    x = layers.Permute((1, 3, 2), name="bands_last")(x)
    x = layers.Reshape((-1, x.shape[2] * x.shape[3]), name="columns")(x)
    x = layers.Dense(channels[-1], use_bias=False, name="column")(x)
    x = _normed(x, norm_momentum, "column")
    mean = layers.GlobalAveragePooling1D(name="mean")(x)
    peak = layers.GlobalMaxPooling1D(name="peak")(x)
    x = layers.Concatenate(name="statistics")([mean, peak])
    x = layers.Dropout(dropout, name="dropout")(x)
    x = layers.Dense(embedding, activation="relu", name="embedding")(x)
    logits = layers.Dense(n_genres, name="logits")(layers.Dropout(dropout, name="dropout_embedding")(x))
    model = keras.Model(windows, {"logits": logits, "embedding": x}, name="cnn")
    model(keras.ops.zeros((1, window_frames, front_end.n_bands)))
    return model


def _residual(x: Any, n_channels: int, momentum: float, name: str, *, halve: bool) -> Any:
    """Half the size, then one convolution beside a shortcut, then another."""
    if halve:
        x = layers.MaxPooling2D(2, padding="same", name=f"{name}_pool")(x)
    shortcut = layers.Conv2D(n_channels, 1, use_bias=False, name=f"{name}_shortcut")(x)
    x = layers.Conv2D(n_channels, 3, padding="same", use_bias=False, name=f"{name}_conv")(x)
    x = layers.BatchNormalization(momentum=momentum, name=f"{name}_norm")(x)
    return _normed(layers.Add(name=f"{name}_sum")([x, shortcut]), momentum, name)


def _normed(x: Any, momentum: float, name: str) -> Any:
    x = layers.BatchNormalization(momentum=momentum, name=f"{name}_out_norm")(x)
    return layers.Activation("relu", name=f"{name}_relu")(x)
