"""A window whose cells of time and frequency can be made to stand still, whatever its model hears.

A cell stands still where its value is replaced by the mean of its band over the window: the band keeps its
level, but says nothing any more. The window goes to the network as it is then: whatever brings it to a level
of its own is a part of the network.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tagger.inference import frontend, melscale
from tagger.inference.frontend import Array, FrontEnd

Cells = NDArray[np.bool_]

# The spectrogram of windows whose model hears none: at 22,050 Hz, frames of 46 ms every 12 ms.
_N_FFT, _HOP_LENGTH, _N_MELS = 1024, 256, 64

# Standard deviations; wider ones were measured to explain less (`python -m tests.bench.explaining`).
_SMOOTH_FRAMES_AND_BANDS = (4.0, 2.0)
_FULL_SHARE = 0.005  # a single peak would leave all else dark


class Canvas(Protocol):
    """A window, and what it becomes if some of its cells stand still."""

    @property
    def spectrogram(self) -> Array:
        """In dB, shape (n_frames, n_bands), low bands first."""

    def without(self, cells: Cells) -> Array:
        """The window, shape (window_frames, n_values), in which the marked cells stand still.

        Args:
            cells: In the shape of the spectrogram.
        """


class Frames:
    """A window of a spectral front-end: its frames are the spectrogram.

    Args:
        frames: Shape (n_frames, n_bands), in dB.
    """

    def __init__(self, frames: Array) -> None:
        self.spectrogram = frames
        self._still = still(frames[None])[0]

    def without(self, cells: Cells) -> Array:
        """See `Canvas`."""
        return np.where(cells, self._still, self.spectrogram)


class Sound:
    """A window whose model hears samples, or what describes them: cells are of its short-time spectra.

    Args:
        y: The samples of the window, shape (n_samples,).
        front_end: The model's.
        window_frames: Length of its windows.
    """

    def __init__(self, y: Array, front_end: FrontEnd, window_frames: int) -> None:
        from scipy import signal

        self._front_end, self._window_frames = front_end, window_frames
        self._n_samples = len(y)
        self._y = np.pad(y, (0, max(0, _N_FFT - len(y))))
        _, _, spectra = signal.stft(self._y, nperseg=_N_FFT, noverlap=_N_FFT - _HOP_LENGTH)
        self._spectra: NDArray[np.complex128] = spectra.T
        seen = frontend.analyse(self._y, shown(front_end)).values
        self.spectrogram = seen[: len(self._spectra)]
        bins = np.linspace(0, front_end.sample_rate / 2, 1 + _N_FFT // 2)
        self._band_of_bin = np.searchsorted(_middles(band_hz(front_end)), bins)

    def without(self, cells: Cells) -> Array:
        """See `Canvas`."""
        from scipy import signal

        marked = cells[np.minimum(np.arange(len(self._spectra)), len(cells) - 1)][:, self._band_of_bin]
        size = np.abs(self._spectra)
        still = self._spectra / np.maximum(size, 1e-12) * size.mean(axis=0)
        spectra = np.where(marked, still, self._spectra)
        _, y = signal.istft(spectra.T, nperseg=_N_FFT, noverlap=_N_FFT - _HOP_LENGTH)
        frames = frontend.analyse(y[: self._n_samples].astype(np.float32), self._front_end).values
        return frames[np.arange(self._window_frames) % len(frames)]


def shown(front_end: FrontEnd) -> FrontEnd:
    """The front-end of the spectrogram that is shown: the model's own if it is spectral."""
    if front_end.is_spectral:
        return front_end
    rate = front_end.sample_rate
    return FrontEnd("log_mel", rate, _N_FFT, _HOP_LENGTH, _N_MELS, 0.0, rate / 2)


def band_hz(front_end: FrontEnd) -> NDArray[np.float64]:
    """Middles of the bands of the spectrogram that is shown, in Hz, shape (n_bands,)."""
    seen = shown(front_end)
    if seen.kind == "log_spectrogram":
        return np.linspace(0, seen.sample_rate / 2, seen.n_bands)
    return melscale.edges(seen.n_mels, seen.fmin, seen.fmax, htk=seen.htk)[1:-1]


def top_hz(front_end: FrontEnd) -> float:
    """Up to where the spectrogram that is shown reaches, in Hz."""
    seen = shown(front_end)
    return seen.sample_rate / 2 if seen.kind == "log_spectrogram" else seen.fmax


def still(windows: Array) -> Array:
    """Windows of spectra, shape (n_windows, n_frames, n_bands), with each band at its mean: nothing moves."""
    return np.broadcast_to(windows.mean(axis=1, keepdims=True), windows.shape)


def strengths(cells: Array) -> Array:
    """What speaks for a genre, made smooth enough to be seen: 0 to 1, the strongest 0.5 % of cells having 1.

    Args:
        cells: Evidence for and against, shape (n_frames, n_bands); what is less than 0 when smoothed becomes 0.
    """
    from scipy import ndimage

    smooth = np.maximum(ndimage.gaussian_filter(cells, _SMOOTH_FRAMES_AND_BANDS, mode="nearest"), 0)
    high = float(np.quantile(smooth, 1 - _FULL_SHARE)) or float(smooth.max(initial=0))
    return np.minimum(smooth / high, 1) if high > 0 else smooth


def _middles(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return (values[1:] + values[:-1]) / 2
