"""`tagger show` tells what is in files and what players read, and changes nothing."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import mutagen.flac
import mutagen.id3
import pytest

Tune = Callable[..., Path]

PROGRAM = (
    "import sys, typer; from tagger.cli import show; app = typer.Typer(); app.command()(show.show)\n"
    "sys.exit(app(sys.argv[1:], standalone_mode=False))"
)


def show(*arguments: object) -> subprocess.CompletedProcess[bytes]:
    """Run the command as a user does."""
    words = [os.fspath(a) if isinstance(a, Path) else str(a) for a in arguments]
    return subprocess.run([sys.executable, "-c", PROGRAM, *words], capture_output=True, timeout=60, check=False)


@pytest.fixture
def song(tmp_path: Path, tune: Tune) -> Path:
    """A FLAC file with two genres."""
    path = tune(tmp_path / "song.flac")
    audio = mutagen.flac.FLAC(path)
    audio["genre"] = ["R&B/Soul", "Rock"]
    audio.save()
    return path


def test_every_place_and_player_is_shown(song: Path) -> None:
    """For each place its tag, name and values; then what we and each player read; not a byte changes."""
    before, stat = song.read_bytes(), song.stat()
    run = show(song)
    assert run.returncode == 0, run.stderr.decode()
    shown = run.stdout.decode()
    assert shown.splitlines()[:2] == [str(song), "container              FLAC"]
    assert 'Vorbis comment genre   "R&B/Soul", "Rock"' in shown
    assert 'tagger reads           "R&B/Soul", "Rock"' in shown
    assert "can be written         yes" in shown
    assert 'rekordbox reads        "R&B/Soul"  (rekordbox; mostly assumed)' in shown
    assert (song.read_bytes(), song.stat().st_mtime_ns) == (before, stat.st_mtime_ns)


def test_json_holds_the_same(song: Path) -> None:
    """One object a file and line, names of any bytes included."""
    odd = song.with_name(os.fsdecode(b"Sm\xf8rrebr\xc3\xb8d.flac"))
    song.rename(odd)
    (row,) = map(json.loads, show("--json", odd).stdout.splitlines())
    assert list(row) == ["path", "container", "places", "genres", "problem", "hint", "players"]
    assert (row["path"], row["container"], row["genres"]) == (str(odd), "FLAC", ["R&B/Soul", "Rock"])
    assert row["places"][0]["values"] == ["R&B/Soul", "Rock"]
    reads = {player["name"]: player["reads"] for player in row["players"]}
    assert (reads["navidrome"], reads["serato"]) == (["R&B/Soul", "Rock"], ["R&B/Soul"])


def test_what_cannot_be_written_has_its_reason(song: Path, tmp_path: Path) -> None:
    """A kind without a writer, and a tag that a write would damage, are no failures: the reason is told."""
    ac3 = tmp_path / "a.ac3"
    ac3.write_bytes(b"\x0b\x77" + bytes(600))
    audio = mutagen.flac.FLAC(song)
    audio["comment"] = "no UTF-8"
    audio.save()
    song.write_bytes(song.read_bytes().replace(b"no UTF-8", b"no UTF\xff8"))
    run = show(ac3, song)
    assert run.returncode == 0
    first, second = run.stdout.decode().split("\n\n")
    assert "can be written         no: tags of AC-3 files cannot be written" in first
    assert "navidrome" not in first
    assert "can be written         no: it holds a comment that is not UTF-8 text and would be lost" in second
    assert 'plex reads             "R&B/Soul", "Rock"' in second


def test_failures_do_not_end_the_run(song: Path, tmp_path: Path) -> None:
    """A missing and a damaged file are sentences on stderr and exit code 1; the others are shown."""
    damaged = tmp_path / "damaged.flac"
    damaged.write_bytes(song.read_bytes()[:50])
    run = show(tmp_path / "nothing.mp3", damaged, song)
    assert run.returncode == 1
    assert b"nothing.mp3: No such file or directory" in run.stderr
    assert b"damaged.flac: " in run.stderr
    assert b"Traceback" not in run.stderr
    assert str(song).encode() in run.stdout


def test_numbers_are_shown_as_they_stand(tmp_path: Path) -> None:
    """The place holds the number, readers its name."""
    path = tmp_path / "numbers.mp3"
    path.write_bytes((Path(__file__).parents[1] / "examples" / "music" / "blues.mp3").read_bytes())
    tag = mutagen.id3.ID3()
    tag.add(mutagen.id3.TCON(encoding=0, text="(17)"))
    tag.save(path, v2_version=3)
    (row,) = map(json.loads, show("--json", path).stdout.splitlines())
    assert [place["values"] for place in row["places"] if place["name"] == "TCON"] == [["(17)"]]
    assert row["genres"] == ["Rock"]
    assert {tuple(player["reads"]) for player in row["players"]} == {("Rock",)}


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """What is no regular file is said to be none."""
    os.mkfifo(tmp_path / "pipe.mp3")
    run = subprocess.run(
        [sys.executable, "-m", "tagger", "show", tmp_path / "pipe.mp3"], capture_output=True, timeout=30
    )
    assert b"no regular file" in run.stdout + run.stderr


def test_hard_links_are_told_as_scan_tells_them(tmp_path: Path) -> None:
    """A file with two names is not said to be writable, since it is skipped by default."""
    path = Path(shutil.copy(Path(__file__).parents[1] / "examples" / "music" / "pop.ogg", tmp_path))
    path.with_name("other").hardlink_to(path)
    run = subprocess.run([sys.executable, "-m", "tagger", "show", path], capture_output=True, check=True)
    assert b"2 names (hard links)" in run.stdout
