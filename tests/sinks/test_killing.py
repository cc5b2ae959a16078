"""Killed at any point of a write, a file has its old bytes or its new ones, and undo gives back the first."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tagger.sinks import changes, journal, undo
from tagger.sources import packets
from tests.sinks import id3_bytes

PROGRAM = Path(__file__).with_name("killing.py")
N_KILLS = 300


def run(*arguments: object) -> dict[str, int]:
    """Run the program that kills, and give its counts."""
    command = [sys.executable, str(PROGRAM), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert not done.returncode, done.stderr
    return json.loads(done.stdout)


CASES = {
    "in place": ("FLAC, tagged", "Rock", "skip", False),
    "replaced": ("MP3", "Rock", "skip", False),
    "overwritten, for it has two names": ("MP3", "Rock", "write", True),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_killed_before_any_line(sample: Callable[[str], Path], tmp_path: Path, case: str) -> None:
    """Whatever line of the writer ran last, recovery makes the file whole and leaves nothing beside it."""
    kind, genre, hardlinks, has_link = CASES[case]
    folder = tmp_path / "music"
    folder.mkdir()
    path = sample(kind).rename(folder / "song")
    if has_link:
        path.with_name("other").hardlink_to(path)
    counts = run("lines", tmp_path / "journal", path, genre, hardlinks)
    assert counts["kills"] > 100
    assert 0 < counts["new"] < counts["kills"]
    assert {entry.name for entry in folder.iterdir()} == {"song", *["other"] * has_link}


@pytest.mark.slow
def test_killed_between_two_places(
    mp3: Callable[..., Path], encoded: Callable[[str], bytes], tmp_path: Path
) -> None:
    """A write in place that was half done, at the start of a long file but not at its end, is taken back."""
    front = id3_bytes.id3_tag(3, id3_bytes.id3_frame(3, "TCON", b"\0Pop"), padding=500)
    path = mp3(front, encoded("MP3") * 39 + id3_bytes.id3v1(13))
    assert path.stat().st_size > 2 * 65536
    counts = run("lines", tmp_path / "journal", path, "Rock", "skip")
    assert counts["kills"] > 100
    assert 0 < counts["new"] < counts["kills"]
    assert counts["taken back"] > 0
    assert counts["half"] > 0


LENGTHS = {"MP3": 2400, "FLAC": 120, "MP4": 120, "Ogg Vorbis": 120, "WAV": 30}
ENCODERS = {
    "MP3": ["-b:a", "128k", "-id3v2_version", "0", "-write_xing", "0", "-f", "mp3"],
    "FLAC": ["-f", "flac"],
    "MP4": ["-c:a", "aac", "-f", "ipod"],
    "Ogg Vorbis": ["-c:a", "libvorbis", "-f", "ogg"],
    "WAV": ["-f", "wav"],
}


@pytest.mark.slow
def test_killed_at_any_time(ffmpeg: str, tmp_path: Path) -> None:
    """Of 300 kills none costs audio, a tag or the way back; a long MP3 without a tag is among the files."""
    folder = tmp_path / "music"
    folder.mkdir()
    source = "aevalsrc=sin(440*2*PI*t)*0.5+random(0)*0.1:s=44100:d="
    for kind, seconds in LENGTHS.items():
        command = [ffmpeg, "-v", "error", "-f", "lavfi", "-i", f"{source}{seconds}", "-bitexact"]
        subprocess.run([*command, *ENCODERS[kind], str(folder / kind)], check=True)
    paths = sorted(folder.iterdir())
    assert (folder / "MP3").stat().st_size > 2**25  # too much for memory
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in paths}
    counts = run("times", tmp_path / "journal", N_KILLS, *paths)
    assert counts["kills"] == N_KILLS
    assert sorted(folder.iterdir()) == paths
    book = journal.Journal(tmp_path / "journal")
    writer = changes.Writer(book, book.begin_run("undo", ""), packets.digest)
    problems = [
        undone
        for undone in undo.undo(book.entries("undone_by IS NULL AND undoes IS NULL"), writer)
        if undone.problem
    ]
    book.close()
    assert not problems
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in paths} == before
