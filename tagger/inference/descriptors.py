"""A segment of sound → 58 numbers that describe it; in tagger, the only importer of librosa.

They are those of `features_30_sec.csv`, in its order: A. Olteanu, GTZAN Dataset – Music Genre Classification,
Kaggle 2020. Many systems learn from that table, that of Li, Karimli, Maddhuri & Randev 2025 among them.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.errors import ModelError
from tagger.inference import compiling

N_MFCC = 20

_IN_TIME = (
    "chroma_stft",
    "rms",
    "spectral_centroid",
    "spectral_bandwidth",
    "rolloff",
    "zero_crossing_rate",
    "harmony",
    "perceptr",
)
_MFCC = tuple(f"mfcc{n}" for n in range(1, N_MFCC + 1))


def _statistics(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{name}_{statistic}" for name in names for statistic in ("mean", "var"))


NAMES = ("length", *_statistics(_IN_TIME), "tempo", *_statistics(_MFCC))

_N_FFT = 2048  # librosa's default, as its hop of 512 samples is; the table was made with both
_MEDIAN_FRAMES = 31  # likewise, of harmonic-percussive separation, in time and in frequency


def describe(y: NDArray[np.float32], sr: int, length: int) -> NDArray[np.float32]:
    """The descriptors of a segment, as librosa computes them one by one from the waveform.

    One short-time Fourier transform serves all of them. "harmony" and "perceptr" are the samples of the
    harmonic and the percussive part; "tempo" is that of `librosa.beat.beat_track`, in beats per minute.

    Args:
        y: The segment, shape (n_samples,); one shorter than 2,048 samples is filled up with zeros.
        sr: Its rate, in Hz.
        length: Nominal length of segments, in samples, the same for all of them; the true length would tell a
            model which corpus a clip comes from.

    Returns:
        Shape (58,), finite, in the order of `NAMES`.

    Raises:
        ModelError: librosa cannot be loaded.
        ValueError: The segment is not one row of finite samples.
    """
    librosa = library()
    if y.ndim != 1 or not np.isfinite(y).all():
        raise ValueError(f"a segment is one row of finite samples, not an array of shape {y.shape}")
    y = np.pad(y, (0, max(0, _N_FFT - len(y))))
    D = librosa.stft(y, n_fft=_N_FFT)
    S = np.abs(D)
    log_mel = librosa.power_to_db(librosa.feature.melspectrogram(S=S**2, sr=sr))
    harmonic, percussive = (librosa.istft(part, length=len(y)) for part in _separate(librosa, D, S))
    in_time = [
        librosa.feature.chroma_stft(S=S**2, sr=sr, tuning=_tuning(librosa, S**2, sr)),
        librosa.feature.rms(y=y),
        librosa.feature.spectral_centroid(S=S, sr=sr),
        librosa.feature.spectral_bandwidth(S=S, sr=sr),
        librosa.feature.spectral_rolloff(S=S, sr=sr),
        librosa.feature.zero_crossing_rate(y),
        harmonic,
        percussive,
    ]
    mfcc = librosa.feature.mfcc(S=log_mel, n_mfcc=N_MFCC)
    numbers = [length, *_moments(in_time), _tempo(librosa, log_mel, sr), *_moments(mfcc)]
    return np.array(numbers, np.float32)


@functools.cache
def library() -> Any:
    """librosa, with all its parts that compile themselves.

    Raises:
        ModelError: It cannot be loaded.
    """
    try:
        with compiling.alone("librosa"):
            import librosa  # takes seconds, and few models need it

            loaded: Any = librosa
            # It loads its parts when they are first asked for.
            _ = loaded.stft, loaded.resample, loaded.piptrack, loaded.util.softmask, loaded.effects.pitch_shift
            _ = loaded.feature.tempo, loaded.onset.onset_strength, loaded.beat.beat_track
    except Exception as error:  # its parts compile themselves, and raise all sorts where they cannot
        raise ModelError(
            f"librosa, which this needs, cannot be loaded: {error}",
            hint="`pip install --force-reinstall librosa numba`",
        ) from error
    return loaded


def _moments(series: Any) -> list[float]:
    """Mean and variance of each."""
    return [
        moment for one in series for moment in (np.mean(one, dtype=np.float64), np.var(one, dtype=np.float64))
    ]


def _separate(librosa: Any, D: NDArray[np.complex64], S: NDArray[np.float32]) -> tuple[Any, Any]:
    """Harmonic and percussive spectra: `librosa.decompose.hpss`, in a fifth of its time.

    Fitzgerald, Harmonic/Percussive Separation Using Median Filtering, DAFx 2010.
    """
    harmonic, percussive = _medians(S), _medians(S.T).T
    mask = librosa.util.softmask(harmonic, percussive, power=2, split_zeros=True)
    return D * mask, D * librosa.util.softmask(percussive, harmonic, power=2, split_zeros=True)


def _medians(S: NDArray[np.float32]) -> NDArray[np.float32]:
    """Running median along the last axis, mirrored at its ends.

    SciPy filters one row seven times faster than the rows of a matrix, so they are laid end to end.
    """
    import scipy.ndimage  # takes 0.1 s, and few models need it

    margin = _MEDIAN_FRAMES // 2
    mirrored = np.pad(S, ((0, 0), (margin, margin)), mode="symmetric")
    medians = scipy.ndimage.median_filter(mirrored.ravel(), _MEDIAN_FRAMES)
    return medians.reshape(mirrored.shape)[:, margin:-margin]


def _tuning(librosa: Any, power: NDArray[np.float32], sr: int) -> float:
    """`librosa.estimate_tuning`, which warns where there is no pitch: in silence, and in a constant signal."""
    pitches, magnitudes = librosa.piptrack(S=power, sr=sr)
    found = pitches > 0
    if not found.any():
        return 0.0
    return librosa.pitch_tuning(pitches[found & (magnitudes >= np.median(magnitudes[found]))])


def _tempo(librosa: Any, log_mel: NDArray[np.float32], sr: int) -> float:
    """Beats per minute; 0 where nothing ever begins."""
    onsets = librosa.onset.onset_strength(S=log_mel, sr=sr, aggregate=np.median)
    return float(librosa.feature.tempo(onset_envelope=onsets, sr=sr)[0]) if onsets.any() else 0.0
