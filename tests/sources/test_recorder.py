"""A recording is whole however a session ends, and never takes the place of another."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tagger.errors import OutputError, SettingsError
from tagger.records import Gap
from tagger.sources import recorder
from tagger.sources.recorder import Recorder
from tests.sources import tones

RATE = 16000


@pytest.mark.parametrize(("suffix", "tolerance"), [(".wav", 0), (".WAV", 0), (".flac", 2**-23)])
def test_what_is_written_is_read_back(suffix: str, tolerance: float, tmp_path: Path) -> None:
    """Every sample, in whatever blocks it comes."""
    y = tones.chirp(1.0, RATE)
    with Recorder(tmp_path / f"x{suffix}", RATE) as file:
        for block in np.split(y, [1, 1, 700, 9000]):
            file.add(block)
    found, rate = soundfile.read(tmp_path / f"x{suffix}", dtype="float32")
    assert rate == RATE
    np.testing.assert_allclose(found, y, atol=tolerance, rtol=0)


def test_flac_cuts_what_is_over_full_scale(tmp_path: Path) -> None:
    """It has no room for it, and does not wrap around."""
    with Recorder(tmp_path / "x.flac", RATE) as file:
        file.add(np.array([1.5, -1.5], np.float32))
    np.testing.assert_allclose(soundfile.read(tmp_path / "x.flac")[0], [1, -1], atol=1e-6)


def test_a_gap_is_silence_of_its_length(tmp_path: Path) -> None:
    """Times in the file are those of the source."""
    y = tones.chirp(0.5, RATE)
    with Recorder(tmp_path / "x.wav", RATE) as file:
        for part in (y, Gap(10.25, "away"), y):
            file.add(part)
    found = soundfile.read(tmp_path / "x.wav", dtype="float32")[0]
    assert len(found) == 11.25 * RATE
    np.testing.assert_array_equal(found[-len(y) :], y)
    assert not found[len(y) : -len(y)].any()


def test_it_is_whole_after_an_error_and_deaf_after_its_end(tmp_path: Path) -> None:
    """Whatever ends the session, what came before is there; what comes later is not."""

    def fail() -> None:
        with Recorder(tmp_path / "x.flac", RATE) as file:
            kept.append(file)
            file.add(tones.chirp(0.5, RATE))
            raise KeyboardInterrupt

    kept: list[Recorder] = []
    with pytest.raises(KeyboardInterrupt):
        fail()
    kept[0].add(tones.chirp(0.5, RATE))
    assert soundfile.info(tmp_path / "x.flac").duration == 0.5


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    """A name that is taken is refused, and its file stays what it is."""
    (tmp_path / "x.wav").write_bytes(b"mine")
    with pytest.raises(OutputError, match="is there already"):
        Recorder(tmp_path / "x.wav", RATE)
    assert (tmp_path / "x.wav").read_bytes() == b"mine"
    with pytest.raises(OutputError, match="cannot be made"):
        Recorder(tmp_path / "nowhere" / "x.wav", RATE)


@pytest.mark.parametrize("name", ["x", "x.mp3", ".wav.txt"])
def test_an_unclear_kind_is_refused(name: str, tmp_path: Path) -> None:
    """Before anything is made."""
    with pytest.raises(SettingsError, match="unclear"):
        recorder.check(tmp_path / name)


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_a_full_disk_is_told(suffix: str, tmp_path: Path) -> None:
    """Where no more can be written there is a sentence, not a shorter file without a word."""
    program = (
        "import sys, numpy, pathlib\n"
        "from tagger.errors import OutputError\n"
        "from tagger.sources.recorder import Recorder\n"
        "noise = numpy.random.default_rng(0).uniform(-1, 1, 16000).astype('f4')\n"
        "try:\n"
        "    with Recorder(pathlib.Path(sys.argv[1]), 16000) as file:\n"
        "        for _ in range(20): file.add(noise)\n"
        "except OutputError as error: print(error.message)\n"
    )
    most = 200_000

    def narrow() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    path = tmp_path / f"x{suffix}"
    run = subprocess.run(
        [sys.executable, "-c", program, path], capture_output=True, text=True, preexec_fn=narrow, check=True
    )
    assert run.stdout.startswith(f"{path}: cannot be written")
    assert path.stat().st_size <= most


def test_a_wav_file_ends_before_its_length_wraps_around(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its header counts to four gigabytes; then there is a sentence, and what came before is whole."""
    monkeypatch.setattr(recorder, "_MOST_WAV_BYTES", 4 * 10_000)
    with Recorder(tmp_path / "x.wav", RATE) as file:
        file.add(np.zeros(9_000, np.float32))
        with pytest.raises(OutputError, match="cannot be longer") as error:
            file.add(np.zeros(2_000, np.float32))
    assert error.value.hint == "record FLAC"
    assert soundfile.info(tmp_path / "x.wav").frames == 9_000
