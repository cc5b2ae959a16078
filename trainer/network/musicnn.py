"""musicnn: filters as high as an instrument's timbre and as long as a rhythm, then a few dense convolutions.

The architecture and its weights are those of Pons & Serra, musicnn: Pre-trained Convolutional Neural Networks
for Music Audio Tagging, ISMIR 2019 late-breaking; the weights learned 50 tags of listeners on 200,000 songs of
the Million Song Dataset. Weight decay has driven most of the published filters to zero: what they add is
constant, so they are left out here and their constants become part of the biases. The answers stay the
same, but for the first and last frames of a window.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import keras
from keras import layers, ops

from tagger.inference.frontend import FrontEnd
from trainer.network import head, live_filters, pretrained

N_BANDS = 96
LEVEL_DB = -3.0
"""Mean power that each window is brought to: what loud records have in frames of 512 samples."""

_NEPER_DB = 10 / math.log(10)
_LEAST_POWER = 1e-10

# Filters, frames, bands of each front convolution, as far as they live.
_SHAPES = {
    "timbre_low": (23, 7, 38),
    "timbre_high": (14, 7, 67),
    "rhythm_long": (3, 128, 1),
    "rhythm_medium": (7, 64, 1),
    "rhythm_short": (17, 32, 1),
}
_DENSE = (20, 64)  # channels of the first of the three dense convolutions, and of the other two
_DENSE_FRAMES = 7
_EMBEDDING = 200


def build(
    front_end: FrontEnd,
    window_frames: int,
    n_genres: int,
    *,
    weights: str = "musicnn",
    band_stride: int = 2,
    l2: float = 0.0,
    dropout: float = 0.0,
) -> Any:
    """The live part of musicnn, and logits of our own on its penultimate layer.

    A window is brought to one level first, so that no gain changes what is heard.

    Args:
        front_end: Log-mel of 96 bands of 512 samples at 16,000 Hz every 256 samples, for the published weights.
        window_frames: Length of the windows that it will learn from; it takes any.
        n_genres: Number of logits.
        weights: See `pretrained.fill`; "musicnn" fetches the published ones.
        band_stride: The front filters, of whose answers in all bands the strongest counts, look at every so
            many bands; 1 is as published, 2 costs half and changes little.
        l2: Weight of the squared weights of the logits in the loss.
        dropout: Share of the embedding that is dropped in training, 0 to 1.

    Returns:
        See `head.model`.

    Raises:
        SettingsError: The weights cannot be had.
        ValueError: The front-end has another number of bands.
    """
    windows = keras.Input((None, front_end.n_bands), name="windows")
    _, x = heard(windows, weights=weights, band_stride=band_stride)
    logits = judged(x, n_genres, l2=l2, dropout=dropout)
    model = head.flattened(keras.Model(windows, {"logits": logits, "embedding": x}, name="musicnn"))
    model(ops.zeros((1, window_frames, N_BANDS)))
    return model


def heard(windows: Any, *, weights: str, band_stride: int) -> tuple[Any, Any]:
    """What musicnn pools of windows over time, and what its penultimate layer makes of that.

    The first is the layer "pooled", shape (n_windows, 424), the second has shape (n_windows, 200).

    Args:
        windows: Log-mel frames in dB, shape (n_windows, n_frames, 96).
        weights: See `build`.
        band_stride: See `build`.

    Raises:
        SettingsError: The weights cannot be had.
        ValueError: The windows have another number of bands.
    """
    if windows.shape[2] != N_BANDS:
        raise ValueError(f"musicnn hears {N_BANDS} bands, not {windows.shape[2]}")
    trunk = _trunk(band_stride)
    donors = live_filters.PACKAGE.donors(weights, lambda package: _published(package, band_stride))
    pretrained.fill(trunk, weights, donors)
    pooled, embedding = trunk.call(_compressed(windows))
    return pooled, embedding


def judged(x: Any, n_genres: int, *, l2: float, dropout: float) -> Any:
    """Logits of our own, the layer "head_logits", on what was `heard`."""
    decay = keras.regularizers.L2(l2) if l2 else None
    kept = layers.Dropout(dropout, name="head_dropout")(x)
    return layers.Dense(n_genres, kernel_regularizer=decay, name="head_logits")(kept)


def _compressed(windows: Any) -> Any:
    """Log-mel frames in dB, brought to one level, as musicnn compresses power: log10(1 + 10,000 power)."""
    power = ops.exp(windows / _NEPER_DB)
    level = _NEPER_DB * ops.log(ops.mean(power, axis=(1, 2), keepdims=True) + _LEAST_POWER)
    return ops.softplus((windows - level + (LEVEL_DB + 40)) / _NEPER_DB) / math.log(10)


def _trunk(band_stride: int) -> Any:
    frames = keras.Input((None, N_BANDS), name="compressed")
    x = layers.Reshape((-1, N_BANDS, 1), name="spectrogram")(frames)
    x = layers.BatchNormalization(name="input_norm")(x)
    front = layers.Concatenate(name="front")([_front(x, name, band_stride) for name in live_filters.FRONT])
    n_first, n_dense = _DENSE
    first = _dense(front, n_first, "dense1")
    wide = ops.pad(first, ((0, 0), (0, 0), (0, n_dense - n_first)))
    second = layers.Add(name="sum2")([_dense(first, n_dense, "dense2"), wide])
    third = layers.Add(name="sum3")([_dense(second, n_dense, "dense3"), second])
    x = layers.Concatenate(name="layers")([front, first, second, third])
    peak, mean = (
        layers.GlobalMaxPooling1D(name="pool_peak")(x),
        layers.GlobalAveragePooling1D(name="pool_mean")(x),
    )
    pooled = layers.Concatenate(name="pooled")([peak, mean])
    x = layers.Dense(_EMBEDDING, activation="relu", name="heard")(pooled)
    return keras.Model(frames, [pooled, layers.BatchNormalization(name="heard_norm")(x)], name="musicnn")


def _front(x: Any, name: str, band_stride: int) -> Any:
    """The strongest answer of each filter in any band."""
    n_filters, n_frames, n_bands = _SHAPES[name]
    before = (n_frames - 1) // 2
    x = layers.ZeroPadding2D(((before, n_frames - 1 - before), (0, 0)), name=f"{name}_pad")(x)
    x = layers.Conv2D(n_filters, (n_frames, n_bands), strides=(1, band_stride), activation="relu", name=name)(x)
    x = layers.BatchNormalization(name=f"{name}_norm")(x)
    return ops.max(x, axis=2)


def _dense(x: Any, n_channels: int, name: str) -> Any:
    x = layers.Conv1D(n_channels, _DENSE_FRAMES, padding="same", activation="relu", name=name)(x)
    return layers.BatchNormalization(name=f"{name}_norm")(x)


def _published(package: Path, band_stride: int) -> Any:
    """The trunk with the published weights."""
    trunk = _trunk(band_stride)
    for name, arrays in live_filters.read(package).items():
        trunk.get_layer(name).set_weights(arrays)
    return trunk
