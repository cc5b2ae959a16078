"""`tagger undo` and `tagger history`, as a user runs them."""

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tagger.sinks import tags

Tune = Callable[..., Path]
MUSIC = Path(__file__).resolve().parents[1] / "examples" / "music"
WRITE = ("--write-tags", "--min-confidence", "0", "--policy", "replace", "-q")


def tagger(*arguments: object, code: int = 0, **environ: str) -> str:
    """Run the program; what it printed on stdout and stderr, once the exit code is the expected one."""
    command = [sys.executable, "-m", "tagger", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, env=os.environ | environ, timeout=120, check=False)
    said = os.fsdecode(done.stdout + done.stderr)
    assert done.returncode == code, said
    assert "Traceback" not in said
    return said


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A copy of the example library."""
    folder = tmp_path / "music"
    shutil.copytree(MUSIC, folder)
    (folder / "COPYING").unlink(missing_ok=True)
    return folder


def state(folder: Path) -> dict[str, tuple[str, int]]:
    """Digest and time of change of every file, hidden ones too."""
    return {
        path.name: (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in sorted(folder.iterdir())
        if path.is_file()
    }


def test_a_run_and_back(library: Path) -> None:
    """A run is written, listed, and taken back to the last byte and time; then nothing is left to do."""
    assert tagger("history") == "nothing was written yet\n"
    assert "nothing was written that could be taken back" in tagger("undo", code=2)
    before = state(library)
    assert "`tagger undo 1` takes this back" in tagger("scan", library, *WRITE[:-1])
    after = state(library)
    assert sum(after[name] != before[name] for name in before) >= 10
    (run,) = map(json.loads, tagger("history", "--json").splitlines())
    assert (run["run"], run["kind"], run["taken_back"], run["model"]) == (1, "scan", 0, "default")
    assert run["files"] == sum(after[name] != before[name] for name in before)
    assert str(library) in run["command"]
    files = [json.loads(line) for line in tagger("history", 1, "--json").splitlines()]
    assert len(files) == run["files"]
    for row in files:
        assert list(tags.read(row["path"])) == row["after"] != row["before"]
    assert "would be taken back" in tagger("undo", "--last", "--dry-run")
    assert state(library) == after
    assert f"{len(files)} writes taken back" in tagger("undo")
    assert state(library) == before
    assert "nothing was written" in tagger("undo", "--last", code=2)
    assert "nothing was written in run 1" in tagger("undo", 1, code=2)
    tagger("undo", 2, "-q")
    assert state(library) == after
    tagger("undo", "-q")
    assert state(library) == before


def test_one_file_and_a_date(library: Path) -> None:
    """`--file` takes back one file through all runs, `--since` all files from a time on."""
    before = state(library)
    tagger("scan", library, *WRITE, "--field", "style")
    time.sleep(1.1)
    between, now = state(library), time.strftime("%Y-%m-%dT%H:%M:%S")
    tagger("scan", library, *WRITE)
    tagger("undo", "--file", library / "blues.mp3", "-q")
    assert state(library)["blues.mp3"] == before["blues.mp3"]
    tagger("undo", "--since", now, "-q")
    between["blues.mp3"] = before["blues.mp3"]
    assert state(library) == between
    tagger("undo", "--since", "1970-01-02", "-q")
    assert state(library) == before


def test_what_others_changed_stays(library: Path) -> None:
    """A file that was changed or removed since is left alone and named, the others are put back."""
    before = state(library)
    tagger("scan", library, *WRITE)
    with (library / "pop.ogg").open("ab") as file:
        file.write(b"x")
    (library / "jazz.wv").unlink()
    said = tagger("undo", code=1)
    assert "pop.ogg\tleft alone\tit was changed since by another program or run" in said
    assert "jazz.wv\tleft alone\tit is gone" in said
    now = state(library)
    assert {name for name in before if now.get(name) != before[name]} == {"pop.ogg", "jazz.wv"}


def test_earlier_runs_wait_for_later_ones(library: Path) -> None:
    """A run is taken back only where no later one has written; in order, all goes back."""
    before = state(library)
    tagger("scan", library / "pop.ogg", *WRITE)
    tagger("scan", library / "pop.ogg", *WRITE, "--field", "style")
    assert "changed since" in tagger("undo", 1, code=1)
    tagger("undo", 2)
    tagger("undo", 1)
    assert state(library) == before


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("undo", "7"), "nothing was written in run 7"),
        (("undo", "9" * 20), f"nothing was written in run {'9' * 20}"),
        (("undo", "one"), "should be a valid integer"),
        (("undo", "--since", "yesterday"), "'yesterday' is no date"),
        (("undo", "1", "--last"), "exclude each other"),
        (("undo", "--file", "nowhere.mp3"), "nothing was written to nowhere.mp3"),
        (("history", "7"), "there is no run 7"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(arguments: tuple[str, ...], complaint: str) -> None:
    """A wrong run, date or combination is an error with a hint, and exit code 2."""
    said = tagger(*arguments, code=2)
    assert complaint in said
    assert said.count("\n") == 2
    assert "\nhint: " in said


def test_a_journal_that_cannot_be_used_stops_the_run_before_it_writes(library: Path, tmp_path: Path) -> None:
    """Damaged, foreign or unreachable: nothing is written that could not be taken back."""
    before = state(library)
    for name, prepare in {
        "damaged": lambda path: path.write_bytes(b"not a database" * 500),
        "newer": lambda path: sqlite3.connect(path).executescript("PRAGMA user_version = 99"),
        "folder": lambda path: path.mkdir(),
    }.items():
        journal = tmp_path / name / "data" / "journal" / "journal.sqlite3"
        journal.parent.mkdir(parents=True)
        prepare(journal)
        for arguments in [("scan", library, *WRITE), ("undo",), ("history",)]:
            said = tagger(*arguments, code=5, TAGGER_HOME=str(tmp_path / name))
            assert "journal" in said
            assert "\nhint: " in said
    assert state(library) == before


def test_names_that_are_not_utf8(tmp_path: Path, tune: Tune) -> None:
    """A file of any name is written, listed and put back."""
    path = tune(tmp_path / "a.flac").rename(tmp_path / os.fsdecode(b"\xff '\n\xe9.flac"))
    content = path.read_bytes()
    tagger("scan", tmp_path, *WRITE)
    assert path.read_bytes() != content
    (row,) = map(json.loads, tagger("history", "1", "--json").splitlines())
    assert row["path"] == str(path)
    assert "\\udcff" in tagger("history", "1")
    tagger("undo")
    assert path.read_bytes() == content


def test_names_that_are_not_utf8_on_the_command_line(tmp_path: Path, tune: Tune) -> None:
    """A run whose command line names such a file writes it, lists its command with escapes, and is put back."""
    path = tune(tmp_path / "a.flac").rename(tmp_path / os.fsdecode(b"caf\xe9.flac"))
    content = path.read_bytes()
    tagger("scan", path, *WRITE)
    assert path.read_bytes() != content
    (run,) = map(json.loads, tagger("history", "--json").splitlines())
    assert "caf\\udce9.flac" in run["command"]
    tagger("undo", "--file", path)
    assert path.read_bytes() == content


def test_two_taggers_in_one_folder(library: Path) -> None:
    """Two runs at once share the journal and the files: every genre is whole, and undo gives back all."""
    before = state(library)
    for number in range(5):
        shutil.copytree(MUSIC, library / f"{number}")
    again = {path: path.read_bytes() for path in library.rglob("*") if path.is_file()}
    scan = [sys.executable, "-m", "tagger", "scan", str(library), "--write-tags", "--min-confidence", "0"]
    runs = [subprocess.Popen([*scan, "-q", "--json"], stdout=subprocess.PIPE) for _ in range(2)]
    outputs = [run.communicate(timeout=300)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    rows = [[json.loads(line) for line in output.splitlines()] for output in outputs]
    written = [{row["path"] for row in each if row["written"]} for each in rows]
    assert not written[0] & written[1]
    assert len(written[0] | written[1]) >= 60
    tagger("undo", "--since", "1970-01-02", "-q")
    assert {path: path.read_bytes() for path in library.rglob("*") if path.is_file()} == again
    assert state(library) == before


@pytest.mark.slow
def test_a_thousand_files_and_back(tmp_path: Path, library: Path) -> None:
    """`scan --write-tags` of a thousand files, then `undo --last`: every byte and every time is as before."""
    folder = tmp_path / "thousand"
    folder.mkdir()
    pieces = [
        path for path in sorted(library.iterdir()) if path.suffix != ".ac3" and "silence" not in path.name
    ]
    for number in range(1000):
        path = Path(shutil.copy(pieces[number % len(pieces)], folder / f"{number:04}"))
        os.utime(path, ns=(1_600_000_000_123_456_789 + number,) * 2)
    before = state(folder)
    said = tagger("scan", folder, "--write-tags", "--min-confidence", "0", "--policy", "append")
    assert " 1,000  written" in said
    after = state(folder)
    assert all(after[name][0] != before[name][0] and after[name][1] == before[name][1] for name in before)
    assert "1,000 writes taken back" in tagger("undo", "--last")
    assert state(folder) == before
