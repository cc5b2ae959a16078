"""Programs that share no code with us see the genres that we claim, all of them where they can show several."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sinks import writing

GENRES = ["R&B/Soul", "Жанр", "Rock"]
ALL, FIRST, JOINED = GENRES, GENRES[:1], ["/".join(GENRES)]
SUFFIXES = {
    "MP3": "mp3",
    "True Audio": "tta",
    "AIFF": "aiff",
    "WAV": "wav",
    "FLAC": "flac",
    "Ogg Vorbis": "ogg",
    "Ogg Opus": "opus",
    "Ogg FLAC": "oga",
    "Ogg Speex": "spx",
    "MP4": "m4a",
    "ASF (WMA)": "wma",
    "Monkey's Audio": "ape",
    "WavPack": "wv",
    "Musepack": "mpc",
}


def after(mark: str, text: str) -> list[str]:
    """What stands behind a mark in each line that has it."""
    return [line.split(mark, 1)[1].strip() for line in text.splitlines() if mark in line]


READERS: dict[str, tuple[list[str], Callable[[str], list[str]]]] = {
    "ffprobe": (
        ["-v", "error", "-show_entries", "format_tags=genre:stream_tags=genre", "-of", "default=nw=1:nk=1"],
        lambda text: text.strip().split(";"),
    ),
    "mediainfo": (["--Inform=General;%Genre%"], lambda text: text.strip().split(" / ")),
    "exiftool": (["-a", "-s3", "-Genre"], str.splitlines),
    "metaflac": (["--no-utf8-convert", "--show-tag=GENRE"], lambda text: after("=", text)),
    "vorbiscomment": (["--raw", "--list"], lambda text: after("GENRE=", text)),
    "opusinfo": ([], lambda text: after("GENRE=", text)),
    "AtomicParsley": (["-t"], lambda text: after('"©gen" contains: ', text)),
    "wvtag": (["-q", "-l"], lambda text: after("Genre: ", text)[0].split("\\")),
    "eyeD3": (["--no-color"], lambda text: after("genre: ", text)[0].removesuffix(" (id None)").split("\0")),
}
SEEN = [
    ("ffprobe", ["FLAC", "Ogg Vorbis", "Ogg Opus", "Ogg FLAC", "Ogg Speex"], ALL),
    ("ffprobe", ["MP3", "AIFF", "MP4", "ASF (WMA)", "Monkey's Audio", "WavPack", "Musepack"], FIRST),
    ("mediainfo", ["FLAC", "Ogg Vorbis", "Ogg Opus", "MP4"], ALL),
    ("mediainfo", ["MP3", "AIFF", "WAV", "ASF (WMA)", "Monkey's Audio", "Musepack"], FIRST),
    ("exiftool", ["FLAC", "Ogg Vorbis", "Ogg Opus", "Ogg FLAC", "MP4"], ALL),
    ("exiftool", ["MP3", "AIFF", "True Audio"], JOINED),
    ("metaflac", ["FLAC"], ALL),
    ("vorbiscomment", ["Ogg Vorbis"], ALL),
    ("opusinfo", ["Ogg Opus"], ALL),
    ("AtomicParsley", ["MP4"], ALL),
    ("wvtag", ["WavPack"], ALL),
    ("eyeD3", ["MP3"], ALL),
]


@pytest.mark.parametrize(
    ("reader", "kind", "expected"), [(reader, kind, seen) for reader, kinds, seen in SEEN for kind in kinds]
)
def test_readers_see_our_genres(
    encoded: Callable[[str], bytes], tmp_path: Path, reader: str, kind: str, expected: list[str]
) -> None:
    """The program shows every genre in its order, or the first where it shows one only."""
    if shutil.which(reader) is None:
        pytest.skip(f"{reader} is not installed")
    path = tmp_path / f"a.{SUFFIXES[kind]}"
    path.write_bytes(encoded(kind))
    writing.write(path, GENRES)
    options, found = READERS[reader]
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    shown = subprocess.run([reader, path, *options], capture_output=True, check=True, env=environment)
    assert found(shown.stdout.decode()) == expected
