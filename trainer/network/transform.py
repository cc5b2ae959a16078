"""Features computed inside a network, equal to librosa's: MFCC, mel bands, chroma and spectral contrast.

All take and give tensors of shape (n_windows, n_frames, n_bands), but for `spectra`, which takes samples. What
is fixed is held in layers that do not train, so that a saved network needs neither librosa nor code of ours.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import scipy.fft
from keras import layers, ops
from librosa.filters import mel as mel_filters

from tagger.errors import SettingsError
from tagger.inference import descriptors
from tagger.inference.frontend import Array, FrontEnd

# librosa's defaults (Jiang et al., Music type classification by spectral contrast feature, 2002).
_CONTRAST_FMIN_HZ = 200.0
_CONTRAST_OCTAVES = 6
_CONTRAST_QUANTILE = 0.02
_CONTRAST_TOP_DB = 80.0


def require(front_end: FrontEnd, kind: str, what: str) -> None:
    """Refuse a front-end of another kind.

    Raises:
        SettingsError: `what` cannot be computed from the windows of this front-end.
    """
    if front_end.kind != kind:
        raise SettingsError(
            f"{what} is computed from windows of kind {kind}, but the front-end gives {front_end.kind}",
            hint=f"set the front-end's kind to {kind}",
        )


def fixed(x: Any, matrix: Array, name: str) -> Any:
    """The last axis of a tensor times a matrix, shape (n_before, n_after), which does not train."""
    # In half precision, sums over a spectrum would be wrong in the third digit.
    layer = layers.Dense(matrix.shape[1], use_bias=False, trainable=False, dtype="float32", name=name)
    y = layer(x)
    layer.set_weights([matrix])
    return y


def spectra(samples: Any, length: int, hop_length: int, n_fft: int, name: str) -> Any:
    """Power spectra under a periodic Hann window, as one product with the sines and cosines of all bins.

    Args:
        samples: Shape (n_windows, n_samples), at least `length` of them.
        length: Of the Hann window, in samples.
        hop_length: Distance of the frames, in samples.
        n_fft: Length of the transform, in samples.
        name: Of the layer.

    Returns:
        Shape (n_windows, 1 + (n_samples - length) // hop_length, 1 + n_fft // 2).
    """
    n_hops = -(-length // hop_length)
    n_frames = 1 + (samples.shape[1] - length) // hop_length
    n_missing = max(0, (n_frames - 1 + n_hops) * hop_length - samples.shape[1])
    padded = ops.pad(samples, ((0, 0), (0, n_missing)))[:, : (n_frames - 1 + n_hops) * hop_length]
    pieces = ops.reshape(padded, (-1, n_frames - 1 + n_hops, hop_length))
    framed = ops.concatenate([pieces[:, n : n + n_frames] for n in range(n_hops)], axis=2)
    parts = fixed(framed, _waves(length, n_hops * hop_length, n_fft), name)
    n_bins = 1 + n_fft // 2
    return ops.square(parts[..., :n_bins]) + ops.square(parts[..., n_bins:])


def _waves(length: int, n_samples: int, n_fft: int) -> Array:
    """Cosines and sines of all bins under a Hann window, then zeros, shape (n_samples, 2 + n_fft)."""
    time = np.arange(length)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * time / length)
    phase = 2 * np.pi * np.outer(time, np.arange(1 + n_fft // 2)) / n_fft
    waves = np.zeros((n_samples, 2 + n_fft), np.float32)
    waves[:length] = window[:, None] * np.concatenate([np.cos(phase), np.sin(phase)], axis=1)
    return waves


def mfcc(log_mel: Any, n_mfcc: int, name: str = "image_mfcc") -> Any:
    """Cepstral coefficients of mel bands in dB, by an orthonormal DCT-II: `librosa.feature.mfcc(S=…)`."""
    n_mels = log_mel.shape[-1]
    basis = scipy.fft.dct(np.eye(n_mels), type=2, norm="ortho", axis=1)[:, :n_mfcc]
    return fixed(log_mel, basis.astype(np.float32), name)


def power(spectrogram: Any) -> Any:
    """Power of a spectrogram in dB relative to a power of 1."""
    return ops.power(10.0, spectrogram / 10)


def decibels(S: Any, amin: float = 1e-10) -> Any:
    """Power in dB relative to a power of 1, cut off at `amin`."""
    return 10 / float(np.log(10)) * ops.log(ops.maximum(S, amin))


def log_mel(S: Any, front_end: FrontEnd, n_mels: int) -> Any:
    """Mel bands of a power spectrogram: `librosa.feature.melspectrogram`, then `power_to_db(top_db=None)`."""
    bank = mel_filters(
        sr=front_end.sample_rate,
        n_fft=front_end.n_fft,
        n_mels=n_mels,
        fmin=front_end.fmin,
        fmax=front_end.fmax,
        htk=front_end.htk,
        norm=front_end.norm,
    )
    return decibels(fixed(S, bank.T, "image_mel"), front_end.amin)


def chroma(S: Any, front_end: FrontEnd) -> Any:
    """Pitch classes of a power spectrogram, the greatest 1: `librosa.feature.chroma_stft(tuning=0)`."""
    bank = descriptors.library().filters.chroma(sr=front_end.sample_rate, n_fft=front_end.n_fft, tuning=0)
    raw = fixed(S, bank.T.astype(np.float32), "image_chroma")
    return raw / ops.maximum(ops.max(raw, axis=-1, keepdims=True), float(np.finfo(np.float32).tiny))


def contrast(S: Any, front_end: FrontEnd) -> Any:
    """Peaks over valleys in seven bands, in dB, of a power spectrogram: `librosa.feature.spectral_contrast`.

    As in librosa, magnitudes are taken for powers where they become dB, and cut off 80 dB below the loudest.
    """
    magnitude = ops.sqrt(S)
    peaks, valleys = [], []
    for first, last, n_extreme in _contrast_bands(front_end):
        band = magnitude[:, :, first:last]
        peaks.append(ops.mean(ops.top_k(band, n_extreme)[0], axis=-1, keepdims=True))
        valleys.append(-ops.mean(ops.top_k(-band, n_extreme)[0], axis=-1, keepdims=True))
    return _clipped(ops.concatenate(peaks, axis=-1)) - _clipped(ops.concatenate(valleys, axis=-1))


def _clipped(S: Any) -> Any:
    in_db = decibels(S)
    return ops.maximum(in_db, ops.max(in_db, axis=(1, 2), keepdims=True) - _CONTRAST_TOP_DB)


def _contrast_bands(front_end: FrontEnd) -> list[tuple[int, int, int]]:
    """First bin, last bin + 1, and number of bins that make a peak or a valley, of each band."""
    freq = np.fft.rfftfreq(front_end.n_fft, 1 / front_end.sample_rate)
    edges = np.concatenate([[0.0], _CONTRAST_FMIN_HZ * 2.0 ** np.arange(_CONTRAST_OCTAVES + 1)])
    if edges[-2] >= front_end.sample_rate / 2:
        raise SettingsError(f"spectral contrast needs a sample rate above {2 * edges[-2]:.0f} Hz")
    bands = []
    for number, (low, high) in enumerate(pairwise(edges)):
        inside = np.flatnonzero((freq >= low) & (freq <= high))
        first, last = inside[0] - (number > 0), inside[-1] + 1
        if number == _CONTRAST_OCTAVES:
            last = len(freq)
        n_extreme = max(1, int(np.rint(_CONTRAST_QUANTILE * (last - first))))
        # All bands but the highest leave their last bin to the next.
        bands.append((int(first), int(last - (number < _CONTRAST_OCTAVES)), n_extreme))
    return bands
