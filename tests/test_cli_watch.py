"""`tagger watch`, as a user or an init system runs it: real processes, real files, real signals."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import mutagen
import pytest

from tagger.sinks import report
from tests.sources.watched import wait_for

Tune = Callable[..., Path]
MUSIC = Path(__file__).resolve().parents[1] / "examples" / "music"
WRITE = ("--write-tags", "--min-confidence", "0")


class Watch:
    """A running `tagger watch`, and what it printed so far."""

    def __init__(self, *arguments: object) -> None:
        command = [sys.executable, "-m", "tagger", "watch", *map(os.fspath, arguments), "--settle", "0.3"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.out: list[bytes] = []
        self.err: list[bytes] = []
        self._threads = [
            threading.Thread(target=lambda stream, lines: lines.extend(stream), args=both)
            for both in [(self.process.stdout, self.out), (self.process.stderr, self.err)]
        ]
        for thread in self._threads:
            thread.start()
        wait_for(lambda: self.process.poll() is not None or b"watching" in b"".join(self.err))

    @property
    def rows(self) -> list[dict]:
        """The events so far; a line that a kill cut off is left out."""
        return [json.loads(line) for line in self.out if line.endswith(b"}\n")]

    def events(self, *kinds: str) -> list[str]:
        """The names of the files with such events."""
        return [Path(row["path"]).name for row in self.rows if row["event"] in kinds]

    def results(self) -> list[str]:
        """The names of the files that were heard."""
        return self.events("heard", "written", "skipped", "failed")

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, and wait for the exit code."""
        self.process.send_signal(number)
        code = self.process.wait(60)
        for thread in self._threads:
            thread.join()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        return code


@contextlib.contextmanager
def watch(*arguments: object) -> Iterator[Watch]:
    """Run `tagger watch` while the context is open; it is ended as init systems do, if it was not before."""
    running = Watch(*arguments)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.end()
    assert b"Traceback" not in b"".join(running.err)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder to watch."""
    (tmp_path / "incoming").mkdir()
    return tmp_path / "incoming"


def arrive(source: Path, target: Path) -> None:
    """Copy a file as a careful program does."""
    hidden = target.with_name(f".{target.name}")
    shutil.copy(source, hidden)
    hidden.rename(target)


def test_five_thousand_files_at_once(folder: Path, tmp_path: Path) -> None:
    """None of a burst is lost and none is taken twice, and music among them is named."""
    ready = tmp_path / "ready"
    for number in range(5000):
        place = ready / f"{number % 20}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number}.wav").write_bytes(b"no music")
    shutil.copy(MUSIC / "disco.wav", ready / "7" / "disco.wav")
    with watch(folder, "--json") as running:
        subprocess.run(["cp", "-r", ready, folder], check=True)
        wait_for(lambda: len(running.out) >= 2 * 5001)
        assert running.end() == 0
    expected = {"disco.wav": 1, **{f"{number}.wav": 1 for number in range(5000)}}
    assert Counter(running.events("found")) == Counter(running.results()) == expected
    assert running.events("heard") == ["disco.wav"]


def test_killed_and_begun_again_each_file_is_written_once(folder: Path) -> None:
    """After kill -9 in the middle, the next watch does what is left: one write to each file, none forgotten."""
    pieces = [MUSIC / name for name in ("pop.ogg", "blues.mp3", "bossa.m4a", "disco.wav")]
    with watch(folder, "--json", "--no-cache", *WRITE) as running:
        for number in range(60):
            arrive(pieces[number % 4], folder / f"{number}{pieces[number % 4].suffix}")
        wait_for(lambda: len(running.events("written")) >= 10)
        running.end(signal.SIGKILL)
    assert len(running.events("written")) < 60
    with watch(folder, "--json", "--once-first", *WRITE) as again:
        wait_for(lambda: len(set(running.events("written")) | set(again.events("written"))) >= 59)
        arrive(MUSIC / "jazz.wv", folder / "last.wv")
        wait_for(lambda: "last.wv" in again.results())
        assert again.end() == 0
    assert len(again.results()) == len(set(again.results()))
    assert not set(running.events("written")) & set(again.results())
    history = subprocess.run(
        [sys.executable, "-m", "tagger", "history", "--json"], capture_output=True, check=True
    )
    writes: Counter[str] = Counter()
    for run in map(json.loads, history.stdout.splitlines()):
        assert run["kind"] == "watch"
        listed = [sys.executable, "-m", "tagger", "history", str(run["run"]), "--json"]
        rows = subprocess.run(listed, capture_output=True, check=True).stdout.splitlines()
        writes.update(Path(json.loads(row)["path"]).name for row in rows)
    assert writes == {path.name: 1 for path in folder.iterdir()}
    assert len(writes) == 61
    assert all(mutagen.File(path) for path in folder.iterdir())


def test_undoing_what_a_watch_wrote_does_not_wake_it(folder: Path) -> None:
    """`tagger undo` gives back the old bytes while the watch goes on, which leaves them as they are."""
    with watch(folder, "--json", *WRITE) as running:
        arrive(MUSIC / "pop.ogg", folder / "pop.ogg")
        wait_for(lambda: running.events("written"))
        undone = subprocess.run([sys.executable, "-m", "tagger", "undo"], capture_output=True, check=True)
        assert b"1 write taken back" in undone.stderr
        arrive(MUSIC / "jazz.wv", folder / "jazz.wv")
        wait_for(lambda: "jazz.wv" in running.results())
    assert running.results() == ["pop.ogg", "jazz.wv"]
    assert (folder / "pop.ogg").read_bytes() == (MUSIC / "pop.ogg").read_bytes()


def test_two_trees_by_polling(folder: Path, tmp_path: Path) -> None:
    """Two folders are looked through again and again; events tell what was found, heard, moved and is gone."""
    (tmp_path / "other").mkdir()
    shutil.copy(MUSIC / "rock.wma", folder / "old.wma")
    with watch(folder, tmp_path / "other", "--every", "0.2", "--json") as running:
        shutil.copy(MUSIC / "pop.ogg", folder / "pop.ogg")
        shutil.copy(MUSIC / "silence.flac", tmp_path / "other" / "silence.flac")
        wait_for(lambda: len(running.results()) == 2)
        (folder / "pop.ogg").rename(tmp_path / "other" / "top.ogg")
        wait_for(lambda: running.events("moved"))
        (tmp_path / "other" / "top.ogg").unlink()
        wait_for(lambda: running.events("gone"))
        shutil.rmtree(tmp_path / "other")
        wait_for(lambda: running.events("lost"))
        (tmp_path / "other").mkdir()
        wait_for(lambda: running.events("back"))
    assert sorted(running.events("found")) == ["pop.ogg", "silence.flac"]
    assert (running.events("heard"), running.events("skipped")) == (["pop.ogg"], ["silence.flac"])
    assert (running.events("moved"), running.events("lost")) == (["top.ogg"], ["other"])
    heard = next(row for row in running.rows if row["event"] == "heard")
    assert tuple(heard) == ("time", "event", *report.COLUMNS)
    assert heard["status"] == "named"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_lets_the_tracks_in_hand_be_finished(folder: Path, tune: Tune, number: int) -> None:
    """What is being heard gets its line, the rest is left for the next time, and the exit code is 0."""
    piece = tune(folder.with_name("piece.flac"), seconds=30.0)
    for copy in range(200):
        shutil.copy(piece, folder / f"{copy}.flac")
    with watch(folder, "--once-first", "--no-cache", "--effort", "full", *WRITE) as running:
        wait_for(lambda: len(running.out) >= 3)
        assert running.end(number) == 0
    said = b"".join(running.err).decode()
    lines = [line.decode().split("\t") for line in running.out]
    written = {path.name for path in folder.iterdir() if mutagen.File(path).get("genre")}
    assert {Path(line[0]).name for line in lines} == written
    assert 3 <= len(lines) < 200
    assert "watching" in said
    assert f"{len(lines)} tracks found" in said
    assert "`tagger undo 1` takes this back" in said


def test_albums_have_no_say_in_a_watch(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no `--album`; one that is set for good is told to have no say, and rows are as without it."""
    monkeypatch.setenv("TAGGER_ALBUM", "vote")
    with watch(folder, "--json") as running:
        arrive(MUSIC / "pop.ogg", folder / "pop.ogg")
        wait_for(lambda: running.results() == ["pop.ogg"])
        (row,) = [row for row in running.rows if row["event"] == "heard"]
        assert row["format"] == 2
        assert running.end() == 0
    assert b"album = vote has no say here: a watch never knows an album to be complete" in b"".join(running.err)


def test_a_reader_that_leaves_ends_the_watch(folder: Path) -> None:
    """When nobody reads its lines any more, the watch ends by itself, and quietly."""
    watch = f"{sys.executable} -m tagger watch {folder} --once-first --settle 0 --json -q"
    command = f"{watch} | head -n 1; exit ${{PIPESTATUS[0]}}"
    for number in range(5):
        (folder / f"{number}.wav").write_bytes(b"no music")
    run = subprocess.run(["bash", "-c", command], capture_output=True, timeout=60, check=False)
    assert (run.returncode, run.stderr) == (0, b"")
    assert run.stdout.count(b"\n") == 1


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "Missing argument 'DIR'"),
        (["nowhere"], 2, "nowhere: no such folder"),
        (["-"], 2, "-: no such folder"),
        ([str(MUSIC / "pop.ogg")], 2, "pop.ogg: is no folder"),
        ([".", "--settle", "-1"], 2, "--settle: -1 is no number of seconds"),
        ([".", "--settle", "nan"], 2, "--settle: nan is no number of seconds"),
        ([".", "--settle", "soon"], 2, "--settle"),
        ([".", "--every", "0"], 2, "--every: 0 is no number of seconds"),
        ([".", "--policy", "never"], 2, "policy must be one of"),
        ([".", "--model", "nowhere"], 3, "nowhere: no such model"),
        ([".", "--csv"], 2, "--csv"),
    ],
)
def test_errors_are_a_sentence_a_hint_and_an_exit_code(arguments: list[str], code: int, message: str) -> None:
    """Whatever cannot be watched is told before anything is loaded, and stdout stays empty."""
    command = [sys.executable, "-m", "tagger", "watch", *arguments]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == code, run.stderr
    assert run.stderr.startswith("error: ")
    assert message in run.stderr
    assert run.stderr.count("\n") == 2 or "policy" in message
    assert run.stdout == ""
