"""musicnn: filters as high as an instrument's timbre and as long as a rhythm, then a few dense convolutions.

The architecture and its weights are those of Pons & Serra, musicnn: Pre-trained Convolutional Neural Networks
for Music Audio Tagging, ISMIR 2019 late-breaking; the weights learned 50 tags of listeners on 200,000 songs of
the Million Song Dataset. Weight decay has driven most of the published filters to zero: what they add is
constant, so they are left out here and their constants become part of the biases. The answers stay the same.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from tagger.inference.frontend import FrontEnd
from trainer.network import cnn, head, live_filters, pretrained

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
_DENSE_FRAMES = {1: 7, 2: 5}
_EMBEDDING = 200

# Of the frames -3 to 3, those at odd distance lie between two of the frames -4, -2, 0, 2, 4.
_SHARES = np.array(
    [
        [0.5, 0, 0, 0, 0, 0, 0],
        [0.5, 1, 0.5, 0, 0, 0, 0],
        [0, 0, 0.5, 1, 0.5, 0, 0],
        [0, 0, 0, 0, 0.5, 1, 0.5],
        [0, 0, 0, 0, 0, 0, 0.5],
    ]
)


def build(
    front_end: FrontEnd,
    window_frames: int,
    n_genres: int,
    *,
    weights: str = "musicnn",
    time_stride: int = 2,
    pool_dropout: float = 0.0,
    dropout: float = 0.5,
    branch: Mapping[str, Any] | None = None,
) -> Any:
    """The live part of musicnn, and logits of our own on its penultimate layer.

    A window is brought to one level first, so that no gain changes what is heard.

    Args:
        front_end: Log-mel of 96 bands of 512 samples at 16,000 Hz every 256 samples, for the published weights.
        window_frames: Length of the windows that it will learn from; it takes any.
        n_genres: Number of logits.
        weights: See `pretrained.fill`; "musicnn" fetches the published ones.
        time_stride: The front filters look at every so many frames, 1 or 2; the dense convolutions behind them
            are then stretched less, and see as many seconds as before.
        pool_dropout: Share of the pooled features that is dropped in training, 0 to 1.
        dropout: Share of the embedding that is dropped in training, 0 to 1.
        branch: Numbers of `cnn.embedded`: a second, untrained network beside it, on every other frame, whose
            logits are added; None for none.

    Returns:
        See `head.model`.

    Raises:
        SettingsError: The weights cannot be had.
        ValueError: The stride or the number of bands is another.
    """
    if time_stride not in (1, 2) or front_end.n_bands != N_BANDS:
        raise ValueError(f"musicnn has {N_BANDS} bands and a time stride of 1 or 2")
    windows = keras.Input((None, N_BANDS), name="windows")
    trunk = _trunk(time_stride, pool_dropout)
    donors = {"musicnn": lambda: _published(live_filters.fetched(), time_stride)}
    if weights.endswith(".whl"):
        donors[weights] = lambda: _published(Path(weights), time_stride)
    pretrained.fill(trunk, weights, donors)
    x = trunk.call(_compressed(windows))
    logits = layers.Dense(n_genres, name="head_logits")(layers.Dropout(dropout, name="head_dropout")(x))
    if branch:
        slow = layers.AveragePooling1D(2, name="slow")(windows)
        learned = cnn.embedded(slow, **branch)
        more = layers.Dense(n_genres, name="branch_logits")(
            layers.Dropout(dropout, name="branch_dropout")(learned)
        )
        logits = layers.Add(name="logits")([logits, more])
        x = layers.Concatenate(name="embeddings")([x, learned])
    model = head.flattened(keras.Model(windows, {"logits": logits, "embedding": x}, name="musicnn"))
    model(ops.zeros((1, window_frames, N_BANDS)))
    return model


def _compressed(windows: Any) -> Any:
    """Log-mel frames in dB, brought to one level, as musicnn compresses power: log10(1 + 10,000 power)."""
    power = ops.exp(windows / _NEPER_DB)
    level = _NEPER_DB * ops.log(ops.mean(power, axis=(1, 2), keepdims=True) + _LEAST_POWER)
    return ops.softplus((windows - level + (LEVEL_DB + 40)) / _NEPER_DB) / math.log(10)


def _trunk(time_stride: int, pool_dropout: float) -> Any:
    frames = keras.Input((None, N_BANDS), name="compressed")
    x = layers.Reshape((-1, N_BANDS, 1), name="spectrogram")(frames)
    x = layers.BatchNormalization(name="input_norm")(x)
    front = layers.Concatenate(name="front")([_front(x, name, time_stride) for name in live_filters.FRONT])
    n_first, n_dense = _DENSE
    first = _dense(front, n_first, time_stride, "dense1")
    wide = ops.pad(first, ((0, 0), (0, 0), (0, n_dense - n_first)))
    second = layers.Add(name="sum2")([_dense(first, n_dense, time_stride, "dense2"), wide])
    third = layers.Add(name="sum3")([_dense(second, n_dense, time_stride, "dense3"), second])
    x = layers.Concatenate(name="layers")([front, first, second, third])
    peak, mean = (
        layers.GlobalMaxPooling1D(name="pool_peak")(x),
        layers.GlobalAveragePooling1D(name="pool_mean")(x),
    )
    x = layers.Dropout(pool_dropout, name="pool_dropout")(layers.Concatenate(name="pooled")([peak, mean]))
    x = layers.Dense(_EMBEDDING, activation="relu", name="heard")(x)
    return keras.Model(frames, layers.BatchNormalization(name="heard_norm")(x), name="musicnn")


def _front(x: Any, name: str, time_stride: int) -> Any:
    """The strongest answer of each filter in any band."""
    n_filters, n_frames, n_bands = _SHAPES[name]
    before = (n_frames - 1) // 2
    x = layers.ZeroPadding2D(((before, n_frames - 1 - before), (0, 0)), name=f"{name}_pad")(x)
    x = layers.Conv2D(n_filters, (n_frames, n_bands), strides=(time_stride, 1), activation="relu", name=name)(x)
    x = layers.BatchNormalization(name=f"{name}_norm")(x)
    return ops.max(x, axis=2)


def _dense(x: Any, n_channels: int, time_stride: int, name: str) -> Any:
    length = _DENSE_FRAMES[time_stride]
    x = layers.Conv1D(n_channels, length, padding="same", activation="relu", name=name)(x)
    return layers.BatchNormalization(name=f"{name}_norm")(x)


def _published(package: Path, time_stride: int) -> Any:
    """The trunk with the published weights."""
    trunk = _trunk(time_stride, 0.0)
    for name, arrays in live_filters.read(package).items():
        if name in ("dense1", "dense2", "dense3") and time_stride == 2:
            arrays[0] = _halved(arrays[0])
        trunk.get_layer(name).set_weights(arrays)
    return trunk


def _halved(kernel: Any) -> Any:
    """A kernel of 7 frames for every other frame: those between are taken for the mean of their neighbours."""
    return np.einsum("nk,kio->nio", _SHARES, kernel)
