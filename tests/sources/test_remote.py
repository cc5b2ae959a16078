"""Decoding in helpers: the same blocks and the same errors, and no process is left behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tagger.engine.decoders import Decoders
from tagger.errors import DecodeError, FileError, NothingToHearError
from tagger.sources import decode, remote
from tests.sources import tones
from tests.sources.processes import children


@pytest.fixture
def helper() -> Iterator[remote.Helper]:
    """A helper, ended after the test."""
    made = remote.Helper()
    yield made
    made.close()


def sound(folder: Path, encoding: str, name: str = "sound") -> Path:
    """A chirp."""
    path = folder / f"{name}.{tones.ENCODINGS[encoding][0]}"
    path.write_bytes(tones.encoded(encoding))
    return path


@pytest.mark.parametrize("encoding", ["m4a-aac", "opus", "vorbis", "wav-s16", "wma"])
def test_blocks_are_the_same(tmp_path: Path, helper: remote.Helper, encoding: str) -> None:
    """A helper gives the very blocks that are decoded here, file after file."""
    path = sound(tmp_path, encoding)
    for sample_rate in (22050, 48000):
        here, there = list(decode.blocks(path, sample_rate)), list(helper.blocks(path, sample_rate))
        assert [len(block) for block in here] == [len(block) for block in there]
        assert np.array_equal(np.concatenate(here), np.concatenate(there))
        assert helper.is_idle


def test_errors_are_the_same(tmp_path: Path, helper: remote.Helper) -> None:
    """What is wrong with a file is said in the same words, and the helper goes on."""
    (tmp_path / "text.m4a").write_text("no music\n" * 100)
    (tmp_path / "empty.opus").touch()
    whole = tones.encoded("m4a-alac")
    (tmp_path / "cut.m4a").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "silent.ogg").write_bytes(tones.encoded("vorbis")[:4000])
    for path in [*sorted(tmp_path.iterdir()), tmp_path / "missing.m4a"]:
        with pytest.raises(FileError) as here:
            list(decode.blocks(path, 22050))
        with pytest.raises(FileError) as there:
            list(helper.blocks(path, 22050))
        assert type(there.value) in {DecodeError, NothingToHearError}
        assert (type(there.value), there.value.reason) == (type(here.value), here.value.reason)
    assert list(helper.blocks(sound(tmp_path, "opus", "good"), 22050))


def test_names_that_are_not_text(tmp_path: Path, helper: remote.Helper) -> None:
    """A name may hold any bytes, a line break too."""
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\n\xe9 \xc3\xa9.opus"))
    path.write_bytes(tones.encoded("opus"))
    assert sum(map(len, helper.blocks(path, 22050))) == pytest.approx(2 * 22050, rel=0.02)


def test_a_helper_that_dies_fails_its_file(tmp_path: Path, helper: remote.Helper) -> None:
    """A crash in the middle of a file is that file's failure, and the helper is not idle any more."""
    path = tmp_path / "long.wav"
    soundfile.write(path, tones.chirp(60.0), tones.RATE)
    blocks = helper.blocks(path, 48000)
    next(blocks)
    os.kill(helper._process.pid, signal.SIGSEGV)
    with pytest.raises(DecodeError, match="its decoder crashed"):
        list(blocks)
    assert not helper.is_idle
    assert not children()


def test_a_helper_that_died_while_idle_costs_no_file(tmp_path: Path) -> None:
    """The next file is given to another helper; a file that kills that one too fails."""
    path, decoders = sound(tmp_path, "opus"), Decoders(2)
    for _ in range(20):
        tones.joined(decoders.blocks(path, 22050))
    (pid,) = children()
    os.kill(pid, signal.SIGKILL)
    assert np.array_equal(tones.joined(decoders.blocks(path, 22050)), tones.heard(path, 22050))
    decoders.close()


def test_a_helper_that_hangs_is_ended(tmp_path: Path) -> None:
    """Whoever waits for a stopped helper is told that it is gone when the run is closed."""
    path, decoders = tmp_path / "long.m4a", Decoders(2)
    soundfile.write(tmp_path / "long.wav", tones.chirp(60.0), tones.RATE)
    path.write_bytes(tones.ffmpeg(tmp_path / "long.wav", "-c:a aac", "m4a"))
    for _ in range(20):
        next(blocks := decoders.blocks(path, 48000))
        blocks.close()
    next(blocks := decoders.blocks(path, 48000))
    (pid,) = children()
    os.kill(pid, signal.SIGSTOP)
    closing = threading.Timer(0.5, decoders.close)
    closing.start()
    with pytest.raises(DecodeError, match="its decoder crashed"):
        list(blocks)
    closing.join()
    assert not children()


def test_no_more_processes_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no helper can be started, files are decoded here."""
    path, decoders = sound(tmp_path, "opus"), Decoders(2)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "missing"))
    for _ in range(20):
        assert len(tones.joined(decoders.blocks(path, 22050))) > 0


def test_a_file_that_is_given_up_ends_its_helper(tmp_path: Path) -> None:
    """Whoever stops in the middle of a file leaves no process, and the next file gets another one."""
    path = sound(tmp_path, "m4a-alac")
    decoders = Decoders(2)
    for _ in range(20):
        blocks = decoders.blocks(path, 192_000)
        next(blocks)
        blocks.close()
        assert len(children()) <= 1
    assert len(list(decoders.blocks(path, 22050))) > 0
    assert len(children()) == 1
    decoders.close()
    assert not children()


def test_helpers_come_when_they_are_worth_it(tmp_path: Path) -> None:
    """The first files are decoded here, later ones by helpers if FFmpeg decodes them, with the same samples."""
    path, other = sound(tmp_path, "opus"), sound(tmp_path, "flac")
    expected, decoders = tones.heard(path, 22050), Decoders(2)
    assert np.array_equal(tones.joined(decoders.blocks(path, 22050)), expected)
    assert not children()
    for _ in range(40):
        tones.joined(decoders.blocks(other, 22050))
    assert not children()
    for _ in range(20):
        assert np.array_equal(tones.joined(decoders.blocks(path, 22050)), expected)
    assert len(children()) == 1
    decoders.close()
    assert not children()


def test_helpers_end_with_whoever_started_them(tmp_path: Path) -> None:
    """Ctrl-C does not reach a helper, and the death of its parent ends it."""
    script = (
        "import os, time\nfrom tagger.sources import remote\nhelper = remote.Helper()\n"
        "print(helper._process.pid, flush=True)\ntime.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert os.getpgid(pid) != os.getpgid(parent.pid)
        parent.kill()
    deadline = time.monotonic() + 20
    while Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes():
        assert time.monotonic() < deadline
        time.sleep(0.05)
