"""Blocks of samples → frames, once per track.

Log-mel frames have the numbers of `librosa.feature.melspectrogram` followed by
`librosa.power_to_db(ref=1, top_db=None)`, computed in float32 and block by block: frames are centred, and the
signal is taken to be zero outside itself. Log-spectrogram frames are the same without mel bands. Waveform
frames are the samples themselves; a descriptor frame sums up a whole segment.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from tagger.inference import descriptors, melscale

Array = NDArray[np.float32]
Kind = Literal["log_mel", "log_spectrogram", "waveform", "descriptors"]

# Frames transformed at a time: 256 × 2,048 samples stay inside a core's second-level cache.
_FRAMES_PER_TRANSFORM = 256

_BANDS_PER_GROUP = 16


@dataclass(frozen=True, eq=False)
class Frames:
    """Consecutive frames.

    Attributes:
        values: Shape (n_frames, n_bands): dB relative to a power of 1, samples, or descriptors.
        power: Shape (n_frames,), mean square of the samples under each frame, before the analysis window.
    """

    values: Array
    power: Array

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True)
class FrontEnd:
    """The parameters of a front-end; all of them come from a model's card.

    Attributes:
        kind: "log_mel": mel spectrogram in dB; "log_spectrogram": power spectrogram in dB; "waveform": a frame
            is `hop_length` samples; "descriptors": a frame is the `descriptors.NAMES` of `hop_length` samples.
            The last two use no other parameter but the rate.
        sample_rate: Rate of the samples, in Hz.
        n_fft: Length of the transform, in samples.
        hop_length: Distance of frames, in samples.
        n_mels: Number of mel bands.
        fmin: Lower edge of the lowest band, in Hz.
        fmax: Upper edge of the highest band, in Hz; at most half the sample rate.
        htk: Whether the mel scale is HTK's; else Slaney's.
        norm: "slaney" scales each band by the inverse of its width; None leaves unit peaks.
        amin: Power below which the logarithm is cut off.
        win_length: Length of the periodic Hann window, amid zeros if shorter, in samples; 0 for `n_fft`.

    Raises:
        ValueError: A parameter is out of range.
    """

    kind: Kind = "log_mel"
    sample_rate: int = 22050
    n_fft: int = 2048
    hop_length: int = 512
    n_mels: int = 96
    fmin: float = 0.0
    fmax: float = 11025.0
    htk: bool = False
    norm: Literal["slaney"] | None = "slaney"
    amin: float = 1e-10
    win_length: int = 0

    def __post_init__(self) -> None:
        checks = {
            "kind": self.kind in get_args(Kind),
            "sample_rate": 1000 <= self.sample_rate <= 768_000,
            "n_fft": 2 <= self.n_fft <= 2**16 and self.n_fft % 2 == 0,
            "hop_length": 1 <= self.hop_length <= (self.n_fft if self.is_spectral else 2**24),
            "n_mels": 1 <= self.n_mels <= self.n_fft,
            "fmin": 0 <= self.fmin < self.fmax,
            "fmax": self.fmax <= self.sample_rate / 2,
            "norm": self.norm in ("slaney", None),
            "amin": self.amin > 0,
            "win_length": 0 <= self.win_length <= self.n_fft,
        }
        for name, holds in checks.items():
            if not holds:
                raise ValueError(f"front-end parameter out of range: {name}={getattr(self, name)!r}")

    @property
    def frames_per_second(self) -> float:
        """Number of frames in a second of audio."""
        return self.sample_rate / self.hop_length

    @property
    def is_spectral(self) -> bool:
        """Whether frames are short-time spectra, centred on their time, which look beyond their hop."""
        return self.kind in ("log_mel", "log_spectrogram")

    @property
    def n_bands(self) -> int:
        """Number of values in a frame."""
        n_bands = {"log_mel": self.n_mels, "log_spectrogram": 1 + self.n_fft // 2, "waveform": self.hop_length}
        return n_bands.get(self.kind, len(descriptors.NAMES))

    @property
    def margin_frames(self) -> int:
        """Number of frames at a cut of the signal that would be others without the cut."""
        return -(-self.n_fft // (2 * self.hop_length)) + 1 if self.is_spectral else 0

    @cached_property
    def filter_bank(self) -> Array:
        """Mel filter bank, shape (1 + n_fft / 2, n_mels)."""
        return melscale.filter_bank(
            self.sample_rate, self.n_fft, self.n_mels, self.fmin, self.fmax, htk=self.htk, norm=self.norm
        )

    @cached_property
    def filter_groups(self) -> tuple[tuple[slice, slice, Array], ...]:
        """The filter bank cut into groups of neighbouring bands: the bands, the bins they need, their filters.

        Most of the bank is zeros; without them the product takes a third of the time.
        """
        groups = []
        for first in range(0, self.n_mels, _BANDS_PER_GROUP):
            bands = slice(first, min(first + _BANDS_PER_GROUP, self.n_mels))
            used = np.flatnonzero(self.filter_bank[:, bands].any(axis=1))
            bins = slice(used[0], used[-1] + 1) if len(used) else slice(0, 1)
            groups.append((bands, bins, np.ascontiguousarray(self.filter_bank[bins, bands])))
        return tuple(groups)

    @cached_property
    def analysis_window(self) -> Array:
        """Periodic Hann window, in the middle of zeros if it is the shorter, shape (n_fft,)."""
        length = self.win_length or self.n_fft
        window = np.zeros(self.n_fft, np.float32)
        start = (self.n_fft - length) // 2
        window[start : start + length] = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
        return window


def stream(blocks: Iterable[Array], front_end: FrontEnd) -> Iterator[Frames]:
    """Frames of a stream of blocks, however it is cut; a stream without samples has none.

    Args:
        blocks: Consecutive samples, each of shape (n_samples,), at the front-end's rate.
        front_end: The parameters.
    """
    if front_end.is_spectral:
        yield from _spectra(blocks, front_end)
        return
    for segment in _segments(blocks, front_end):
        power = np.einsum("ij,ij->i", segment, segment) / np.float32(segment.shape[1])
        yield Frames(segment if front_end.kind == "waveform" else _described(segment, front_end), power)


def analyse(y: Array, front_end: FrontEnd) -> Frames:
    """Frames of a waveform held in memory, shape (n_samples,); of spectra, 1 + n_samples // hop_length."""
    pieces = list(stream([y], front_end))
    if not pieces:
        return Frames(np.empty((0, front_end.n_bands), np.float32), np.empty(0, np.float32))
    return Frames(
        np.concatenate([piece.values for piece in pieces]), np.concatenate([piece.power for piece in pieces])
    )


def _spectra(blocks: Iterable[Array], front_end: FrontEnd) -> Iterator[Frames]:
    margin = np.zeros(front_end.n_fft // 2, np.float32)
    pending, n_samples = margin, 0
    for block in itertools.chain(blocks, [None]):
        if block is None and not n_samples:
            return
        n_samples += 0 if block is None else len(block)
        pending = np.concatenate([pending, margin if block is None else block])
        while (n_frames := 1 + (len(pending) - front_end.n_fft) // front_end.hop_length) > 0:
            n_samples_done = min(n_frames, _FRAMES_PER_TRANSFORM) * front_end.hop_length
            framed = sliding_window_view(pending, front_end.n_fft)[: n_samples_done : front_end.hop_length]
            yield _transform(framed, front_end)
            pending = pending[n_samples_done:]


def _transform(framed: Array, front_end: FrontEnd) -> Frames:
    """Frames of samples, shape (n_frames, n_fft), → spectrogram frames."""
    import scipy.fft  # takes 0.3 s, and a scan that finds all in its cache needs none

    power = np.einsum("ij,ij->i", framed, framed) / np.float32(front_end.n_fft)
    spectrum = scipy.fft.rfft(framed * front_end.analysis_window, axis=1)
    S = spectrum.real**2 + spectrum.imag**2
    if front_end.kind == "log_mel":
        S = _mel_bands(S, front_end)
    decibels = 10 * np.log10(np.maximum(S, np.float32(front_end.amin)))
    return Frames(decibels.astype(np.float32, copy=False), power.astype(np.float32, copy=False))


def _mel_bands(power_spectrum: Array, front_end: FrontEnd) -> Array:
    S = np.empty((len(power_spectrum), front_end.n_mels), np.float32)
    for bands, bins, filters in front_end.filter_groups:
        np.matmul(power_spectrum[:, bins], filters, out=S[:, bands])
    return S


def _segments(blocks: Iterable[Array], front_end: FrontEnd) -> Iterator[Array]:
    """Consecutive samples, shape (n_segments, hop_length), no segment twice.

    A waveform's last segment is filled up with zeros. One that is to be described stays as short as it is, and
    is left out if it is shorter than half of one and not the only one.
    """
    length = front_end.hop_length
    pending, is_first = np.empty(0, np.float32), True
    for block in blocks:
        pending = np.concatenate([pending, block])
        if n_whole := len(pending) // length:
            yield pending[: n_whole * length].reshape(n_whole, length)
            pending, is_first = pending[n_whole * length :], False
    if not len(pending):
        return
    if front_end.kind == "waveform":
        yield np.pad(pending, (0, length - len(pending)))[None]
    elif is_first or len(pending) >= length / 2:
        yield pending[None]


def _described(segments: Array, front_end: FrontEnd) -> Array:
    rate, length = front_end.sample_rate, front_end.hop_length
    return np.stack([descriptors.describe(segment, rate, length) for segment in segments])
