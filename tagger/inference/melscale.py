"""The mel filter bank: triangular bands, equally spaced on Slaney's mel scale or on HTK's.

Its numbers are those of `librosa.filters.mel`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Slaney's scale is linear up to 1 kHz (15 mel) and logarithmic above, 27 steps to a factor of 6.4.
_LINEAR_HZ_PER_MEL = 200 / 3
_CORNER_HZ = 1000.0
_CORNER_MEL = _CORNER_HZ / _LINEAR_HZ_PER_MEL
_LOG_STEP = np.log(6.4) / 27


def filter_bank(
    sample_rate: int, n_fft: int, n_mels: int, fmin: float, fmax: float, *, htk: bool, norm: str | None
) -> NDArray[np.float32]:
    """Weights of the bins of a power spectrum, shape (1 + n_fft / 2, n_mels).

    Slaney, Auditory Toolbox, 1998; or the scale of HTK.

    Args:
        sample_rate: In Hz.
        n_fft: Length of the transform, in samples.
        n_mels: Number of bands.
        fmin: Lower edge of the lowest band, in Hz.
        fmax: Upper edge of the highest, in Hz.
        htk: Whether the scale is HTK's; else Slaney's.
        norm: "slaney" scales each band by the inverse of its width; None leaves unit peaks.
    """
    hz = edges(n_mels, fmin, fmax, htk=htk)
    bins = np.fft.rfftfreq(n_fft, 1 / sample_rate)[:, None]
    rising = (bins - hz[:-2]) / np.diff(hz)[:-1]
    falling = (hz[2:] - bins) / np.diff(hz)[1:]
    weights = np.maximum(0, np.minimum(rising, falling))
    if norm == "slaney":
        weights = weights * (2 / (hz[2:] - hz[:-2]))
    return weights.astype(np.float32)


def edges(n_mels: int, fmin: float, fmax: float, *, htk: bool) -> NDArray[np.float64]:
    """Where bands begin, peak and end, in Hz, shape (n_mels + 2,): band n begins at n and peaks at n + 1."""
    return _hz(np.linspace(_mel(fmin, htk=htk), _mel(fmax, htk=htk), n_mels + 2), htk=htk)


def _mel(hz: float, *, htk: bool) -> float:
    if htk:
        return float(2595 * np.log10(1 + hz / 700))
    if hz < _CORNER_HZ:
        return hz / _LINEAR_HZ_PER_MEL
    return float(_CORNER_MEL + np.log(hz / _CORNER_HZ) / _LOG_STEP)


def _hz(mel: NDArray[np.float64], *, htk: bool) -> NDArray[np.float64]:
    if htk:
        return 700 * (10 ** (mel / 2595) - 1)
    above = np.maximum(mel, _CORNER_MEL)
    return np.where(
        mel < _CORNER_MEL, mel * _LINEAR_HZ_PER_MEL, _CORNER_HZ * np.exp(_LOG_STEP * (above - _CORNER_MEL))
    )
