"""The front-end gives librosa's numbers, whatever the cut of the stream."""

import itertools
import warnings
from pathlib import Path

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger.inference import descriptors, frontend
from tagger.inference.frontend import FrontEnd
from tagger.sources import decode

FRONT_ENDS = [
    FrontEnd(),
    FrontEnd(sample_rate=16000, n_fft=1024, hop_length=256, n_mels=64, fmin=40, fmax=7600),
    FrontEnd(sample_rate=44100, n_fft=4096, hop_length=1024, n_mels=128, fmax=20000, htk=True, norm=None),
    FrontEnd(sample_rate=8000, n_fft=256, hop_length=80, n_mels=20, fmax=4000, htk=True),
    FrontEnd(n_fft=4096, win_length=1024, hop_length=512, n_mels=64),
    FrontEnd(kind="log_spectrogram", n_fft=512, hop_length=256),
]

# Of the loudest band of the signal: float32 leaves 24 bits, and the two sum in different orders.
RELATIVE_TOLERANCE = 1e-5
# Where a band holds more than 1e-6 of the loudest one's power.
TOLERANCE_DB = 0.01


def by_librosa(y: np.ndarray, front_end: FrontEnd) -> np.ndarray:
    """Power by the reference, shape (n_frames, n_bands)."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "n_fft=.* is too large for input signal")
        lengths = {"n_fft": front_end.n_fft, "hop_length": front_end.hop_length}
        if front_end.kind == "log_spectrogram":
            return np.abs(librosa.stft(y, **lengths).T) ** 2
        return librosa.feature.melspectrogram(
            y=y,
            sr=front_end.sample_rate,
            **lengths,
            win_length=front_end.win_length or None,
            n_mels=front_end.n_mels,
            fmin=front_end.fmin,
            fmax=front_end.fmax,
            htk=front_end.htk,
            norm=front_end.norm,
        ).T


def assert_equal_to_librosa(y: np.ndarray, front_end: FrontEnd) -> None:
    """Compare power and decibels within the stated tolerances."""
    expected = by_librosa(y, front_end)
    log_mel = frontend.analyse(y, front_end).values
    assert log_mel.shape == expected.shape
    assert log_mel.dtype == np.float32
    power = 10 ** (log_mel.astype(np.float64) / 10)
    assert np.abs(power - expected).max() <= RELATIVE_TOLERANCE * expected.max() + front_end.amin
    audible = expected > 1e-6 * expected.max()
    expected_db = librosa.power_to_db(expected, ref=1.0, amin=front_end.amin, top_db=None)
    assert np.abs(log_mel - expected_db)[audible].max() <= TOLERANCE_DB


@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_tones_equal_librosa(front_end: FrontEnd) -> None:
    """A sweep from 50 Hz to a quarter of the rate gives librosa's numbers."""
    t = np.arange(front_end.sample_rate) / front_end.sample_rate
    y = 0.5 * np.sin(2 * np.pi * (50 + (front_end.sample_rate / 4 - 50) / 2 * t) * t)
    assert_equal_to_librosa(y.astype(np.float32), front_end)


@pytest.mark.parametrize("front_end", FRONT_ENDS)
@pytest.mark.parametrize("n_samples", [1, 300, 4097, 70_001])
def test_noise_equals_librosa(front_end: FrontEnd, n_samples: int, rng: np.random.Generator) -> None:
    """White noise of any length gives librosa's numbers."""
    assert_equal_to_librosa((0.2 * rng.standard_normal(n_samples)).astype(np.float32), front_end)


@pytest.mark.real
@pytest.mark.parametrize("file", ["gtzan/blues/blues.00000.ogg", "emotify/classical/classical.002.ogg"])
def test_real_music_equals_librosa(file: str, music: Path) -> None:
    """Real music gives librosa's numbers."""
    front_end = FrontEnd()
    y = np.concatenate(list(decode.blocks(music / file, front_end.sample_rate)))
    assert_equal_to_librosa(y, front_end)


@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_filter_bank_equals_librosa(front_end: FrontEnd) -> None:
    """The mel filters are librosa's."""
    expected = librosa.filters.mel(
        sr=front_end.sample_rate,
        n_fft=front_end.n_fft,
        n_mels=front_end.n_mels,
        fmin=front_end.fmin,
        fmax=front_end.fmax,
        htk=front_end.htk,
        norm=front_end.norm,
    ).T
    np.testing.assert_allclose(front_end.filter_bank, expected, atol=1e-7, rtol=1e-5)


@given(
    n_samples=st.integers(0, 30_000),
    cuts=st.lists(st.integers(0, 30_000), max_size=12),
    hop_length=st.integers(1, 512).filter(lambda hop: hop > 60),
)
@settings(deadline=None, max_examples=60)
def test_cuts_change_nothing(n_samples: int, cuts: list[int], hop_length: int) -> None:
    """However the samples are cut into blocks, also empty ones, the frames are the same to the bit."""
    front_end = FrontEnd(sample_rate=8000, n_fft=512, hop_length=hop_length, n_mels=16, fmax=4000)
    y = np.random.default_rng(n_samples).standard_normal(n_samples).astype(np.float32)
    whole = frontend.analyse(y, front_end)
    pieces = list(frontend.stream(np.split(y, sorted(min(cut, n_samples) for cut in cuts)), front_end))
    assert sum(map(len, pieces)) == len(whole) == (1 + n_samples // hop_length if n_samples else 0)
    if pieces:
        np.testing.assert_array_equal(np.concatenate([piece.power for piece in pieces]), whole.power)
        log_mel = np.concatenate([piece.values for piece in pieces])
        np.testing.assert_allclose(log_mel, whole.values, atol=1e-3)


def test_power_is_mean_square() -> None:
    """A full-scale square wave has power 1 away from the ends, a sine one half."""
    front_end = FrontEnd(sample_rate=8000, n_fft=800, hop_length=200, n_mels=8, fmax=4000)
    t = np.arange(8000)
    square = frontend.analyse(np.where(t % 8 < 4, 1, -1).astype(np.float32), front_end).power
    sine = frontend.analyse(np.sin(2 * np.pi * t / 8).astype(np.float32), front_end).power
    np.testing.assert_allclose(square[4:-4], 1, rtol=1e-5)
    np.testing.assert_allclose(sine[4:-4], 0.5, rtol=1e-5)


def test_silence_is_the_floor() -> None:
    """Digital silence gives the floor of the logarithm, not minus infinity."""
    front_end = FrontEnd(amin=1e-10)
    np.testing.assert_allclose(frontend.analyse(np.zeros(4000, np.float32), front_end).values, -100, atol=1e-4)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "mfcc"},
        {"n_fft": 1023},
        {"hop_length": 0},
        {"hop_length": 4096},
        {"n_mels": 0},
        {"fmin": -1.0},
        {"fmax": 12000.0},
        {"fmin": 9000.0, "fmax": 8000.0},
        {"norm": "l2"},
        {"amin": 0.0},
        {"sample_rate": 0},
    ],
)
def test_wrong_parameters_are_refused(wrong: dict[str, object]) -> None:
    """A parameter out of range is named."""
    with pytest.raises(ValueError, match="front-end parameter out of range"):
        FrontEnd(**wrong)


@given(st.lists(st.integers(0, 700), max_size=6), st.integers(1, 2000))
@settings(deadline=None, max_examples=30)
def test_waveform_frames_are_the_samples(cuts: list[int], n_samples: int) -> None:
    """Each sample is in one frame, in order, whatever the cut of the stream; zeros fill up the last frame."""
    front_end = FrontEnd(kind="waveform", sample_rate=16000, hop_length=160, fmax=8000)
    y = np.linspace(-1, 1, n_samples, dtype=np.float32)
    pieces = list(frontend.stream(np.split(y, sorted(cuts)), front_end))
    values = np.concatenate([piece.values for piece in pieces])
    assert values.shape == (-(-n_samples // 160), front_end.n_bands)
    np.testing.assert_array_equal(values.ravel()[:n_samples], y)
    assert not values.ravel()[n_samples:].any()
    np.testing.assert_allclose(np.concatenate([p.power for p in pieces]), np.mean(values**2, axis=1), rtol=1e-5)


@pytest.mark.parametrize(
    ("seconds", "lengths"), [(1.0, [1.0]), (2.0, [2.0]), (4.9, [2.0, 2.0]), (5.0, [2.0, 2.0, 1.0])]
)
def test_descriptor_frames_are_segments(seconds: float, lengths: list[float]) -> None:
    """Each segment becomes its descriptors, whatever the cut; less than half a segment is left out."""
    front_end = FrontEnd(kind="descriptors", sample_rate=8000, n_fft=512, hop_length=16000, fmax=4000)
    y = np.random.default_rng(0).normal(0, 0.1, int(seconds * 8000)).astype(np.float32)
    pieces = list(frontend.stream(np.array_split(y, 7), front_end))
    starts = np.cumsum([0, *(round(length * 8000) for length in lengths)])
    expected = [descriptors.describe(y[a:b], 8000, 16000) for a, b in itertools.pairwise(starts)]
    np.testing.assert_array_equal(np.concatenate([piece.values for piece in pieces]), expected)
    assert front_end.n_bands == len(descriptors.NAMES)
    assert front_end.margin_frames == 0
