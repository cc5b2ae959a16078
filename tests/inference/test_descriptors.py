"""The descriptors are librosa's own numbers, finite for whatever is heard."""

from __future__ import annotations

import subprocess
import sys

import librosa
import numpy as np
import pytest
import soundfile

from tagger.inference import descriptors
from tagger.sources import decode

RATE = 22050
SEGMENT = 30 * RATE


def by_librosa(y):
    """The numbers of librosa called plainly, one feature after the other."""
    harmonic, percussive = librosa.effects.hpss(y)
    in_time = [
        librosa.feature.chroma_stft(y=y, sr=RATE),
        librosa.feature.rms(y=y),
        librosa.feature.spectral_centroid(y=y, sr=RATE),
        librosa.feature.spectral_bandwidth(y=y, sr=RATE),
        librosa.feature.spectral_rolloff(y=y, sr=RATE),
        librosa.feature.zero_crossing_rate(y),
        harmonic,
        percussive,
    ]
    tempo = np.ravel(librosa.beat.beat_track(y=y, sr=RATE)[0])
    mfcc = librosa.feature.mfcc(y=y, sr=RATE, n_mfcc=20)
    first, last = ([f(one) for one in series for f in (np.mean, np.var)] for series in (in_time, mfcc))
    return np.array([SEGMENT, *first, *tempo, *last])


def named(numbers):
    """Numbers by name."""
    return dict(zip(descriptors.NAMES, map(float, numbers), strict=True))


def test_the_table_has_58_columns_in_its_order():
    """Length, eight features in time, tempo, twenty MFCCs; mean before variance."""
    names = descriptors.NAMES
    assert len(names) == len(set(names)) == 58
    assert names[:3] == ("length", "chroma_stft_mean", "chroma_stft_var")
    assert names[15:20] == ("perceptr_mean", "perceptr_var", "tempo", "mfcc1_mean", "mfcc1_var")
    assert names[-1] == "mfcc20_var"


@pytest.mark.parametrize("seconds", [0.1, 1.0, 4.0])
def test_numbers_are_those_of_librosa(tune, tmp_path, seconds):
    """To 1e-5 of each, and to 1e-8 for means that are almost 0, whatever the length."""
    y, _ = soundfile.read(tune(tmp_path / "tune.wav", seconds=seconds), dtype="float32")
    assert descriptors.describe(y, RATE, SEGMENT) == pytest.approx(by_librosa(y), rel=1e-5, abs=1e-8)


@pytest.mark.real
def test_real_music_is_described_as_by_librosa(music):
    """A decoded clip has the numbers of librosa, in the ranges that music has."""
    clip = next(music.glob("gtzan/*/*.ogg"))
    y = np.concatenate(list(decode.blocks(clip, RATE)))
    numbers = descriptors.describe(y, RATE, SEGMENT)
    assert numbers == pytest.approx(by_librosa(y), rel=1e-4, abs=1e-8)
    of = named(numbers)
    assert 0 < of["rms_mean"] < 1
    assert 300 < of["spectral_centroid_mean"] < of["rolloff_mean"] < RATE / 2
    assert 30 < of["tempo"] < 320


@pytest.mark.parametrize(
    "y",
    [
        np.zeros(RATE),
        np.zeros(0),
        np.ones(1),
        np.full(RATE, 0.5),
        np.full(RATE, 1e-30),
        np.eye(1, 5000, 2000)[0],
        np.tile([1.0, -1.0], 4000),
    ],
    ids=["silence", "nothing", "one sample", "constant", "almost silence", "a click", "nyquist"],
)
def test_whatever_is_heard_gives_finite_numbers(y):
    """Nothing to measure is no reason to fail or to warn."""
    numbers = descriptors.describe(y.astype(np.float32), RATE, SEGMENT)
    assert numbers.shape == (58,)
    assert numbers.dtype == np.float32
    assert np.isfinite(numbers).all()


def test_silence_has_no_tempo_and_no_level():
    """What is not there is 0."""
    of = named(descriptors.describe(np.zeros(RATE, np.float32), RATE, SEGMENT))
    assert {of[name] for name in ("tempo", "rms_mean", "chroma_stft_mean", "spectral_centroid_mean")} == {0.0}


def test_length_is_what_it_is_said_to_be():
    """The length of the segment itself is not told."""
    noise = np.random.default_rng(0).normal(0, 0.1, RATE).astype(np.float32)
    assert {float(descriptors.describe(y, RATE, 12345)[0]) for y in (noise, noise[:5000])} == {12345.0}


@pytest.mark.parametrize("y", [np.zeros((2, 4000)), np.full(4000, np.nan)], ids=["stereo", "not a number"])
def test_other_arrays_are_refused(y):
    """Only one row of finite samples is a segment."""
    with pytest.raises(ValueError, match="one row of finite samples"):
        descriptors.describe(y, RATE, SEGMENT)


def test_describing_prints_nothing_and_importing_loads_no_librosa():
    """Not even the first time, when parts of librosa are compiled."""
    program = (
        "import sys, numpy as np\n"
        "from tagger.inference import descriptors\n"
        "heavy = {'librosa', 'numba', 'scipy.ndimage'} & set(sys.modules)\n"
        "descriptors.describe(np.zeros(22050, np.float32), 22050, 22050)\n"
        "sys.exit(', '.join(heavy) or None)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-W", "ignore::DeprecationWarning", "-c", program],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_library_that_cannot_be_loaded_is_said_in_one_sentence(monkeypatch):
    """The user hears which library, and how to mend it."""
    monkeypatch.setitem(sys.modules, "librosa", None)
    descriptors.library.cache_clear()
    with pytest.raises(descriptors.ModelError, match="librosa, which this needs") as caught:
        descriptors.describe(np.zeros(10, np.float32), RATE, SEGMENT)
    assert "pip install" in caught.value.hint
