"""Programs that share no code with us see the genres that were written, in every container with ID3 tags."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tagger.sinks.tags.interface import Manner
from tests.sinks import containers, writing

SUFFIXES = {"MP3": ".mp3", "AIFF": ".aiff", "WAV": ".wav", "DSF": ".dsf", "True Audio": ".tta"}
GENRES = ["R&B/Soul", "Ska"]
JOINED, FIRST, PARTED = "R&B/Soul; Ska", "R&B/Soul", "R&B/Soul/Ska"


def ffprobe(path: Path) -> set[str]:
    """The genre that players built on ffmpeg show."""
    return {
        said(["ffprobe", "-v", "quiet", "-show_entries", "format_tags=genre", "-of", "default=nw=1:nk=1", path])
    }


def mediainfo(path: Path) -> set[str]:
    """The genre of the file as a whole."""
    return {said(["mediainfo", "--Inform=General;%Genre%", path])}


def exiftool(path: Path) -> set[str]:
    """All genres, of all tags; in ID3v2.4 it joins values with "/"."""
    found = json.loads(said(["exiftool", "-json", "-a", "-G1", "-Genre", path]))[0]
    return {value for name, value in found.items() if name.endswith(":Genre")}


def eyed3(path: Path) -> set[str]:
    """The genre of ID3v2."""
    found = re.search(r"genre: (.*) \(id", said(["eyeD3", "--no-color", path]))
    return {found[1]} if found else set()


def id3v2(path: Path) -> set[str]:
    """The genre of ID3v2.3 and older."""
    return set(re.findall(r"^TCON? \(Content type\): (.*) \(\d+\)$", said(["id3v2", "-l", path]), re.MULTILINE))


def said(command: list[str | Path]) -> str:
    """What a program prints."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    return subprocess.run(command, capture_output=True, check=True).stdout.decode().strip("\r\n")


READERS: list[tuple[Callable[[Path], set[str]], str, set[str]]] = [
    *((reader, case, {FIRST}) for reader in (ffprobe, mediainfo) for case in ("MP3", "AIFF", "DSF")),
    (ffprobe, "True Audio", {FIRST}),
    (ffprobe, "WAV", {JOINED}),
    (mediainfo, "WAV", {FIRST}),
    *((reader, "MP3, ID3v2.3", {JOINED}) for reader in (ffprobe, mediainfo, exiftool, eyed3, id3v2)),
    *((reader, "MP3, ID3v2.2", {JOINED}) for reader in (ffprobe, mediainfo, exiftool, eyed3, id3v2)),
    *((reader, "WAV, id3", {JOINED}) for reader in (ffprobe, mediainfo, exiftool)),
    *((exiftool, case, {PARTED}) for case in ("MP3", "AIFF", "True Audio")),
    *((eyed3, case, {"R&B/Soul\0Ska"}) for case in ("MP3", "True Audio")),
    (exiftool, "WAV", {PARTED, JOINED}),
    (exiftool, "MP3, ID3v2.4, APEv2 and ID3v1", {PARTED, "R&B/SoulSka", "None"}),
]


@pytest.mark.parametrize(("reader", "case", "shown"), READERS)
def test_readers_see_the_genres(
    sample: Callable[[str], Path], reader: Callable[[Path], set[str]], case: str, shown: set[str]
) -> None:
    """Each program shows what was written, in its own way of several genres, and no other genre."""
    path = sample(case)
    path = path.rename(path.with_suffix(SUFFIXES[containers.CASES[case][0]]))
    writing.write(path, GENRES)
    assert reader(path) == shown


@pytest.mark.parametrize("reader", [ffprobe, mediainfo, exiftool, eyed3])
def test_a_joined_genre_is_seen_whole(
    sample: Callable[[str], Path], reader: Callable[[Path], set[str]]
) -> None:
    """Where values are joined on wish, programs that show only the first value of ID3v2.4 show them all."""
    path = sample("MP3")
    path = path.rename(path.with_suffix(".mp3"))
    writing.write(path, GENRES, Manner(joined=True, separator=", "))
    assert reader(path) == {"R&B/Soul, Ska"}


@pytest.mark.parametrize(
    ("reader", "genre", "shown"),
    [
        (exiftool, "Fado canção", {"Fado canção"}),
        (mediainfo, "Fado canção", {"Fado canção"}),
        (ffprobe, "Жанр", {"Жанр"}),
    ],
)
def test_info_is_encoded_as_readers_expect(
    sample: Callable[[str], Path], reader: Callable[[Path], set[str]], genre: str, shown: set[str]
) -> None:
    """ExifTool and MediaInfo read INFO as Windows-1252; ffprobe as UTF-8, which serves what that cannot."""
    path = sample("WAV")
    path = path.rename(path.with_suffix(".wav"))
    writing.write(path, [genre])
    data = path.read_bytes()
    start = data.index(b"id3 ")
    path.write_bytes(data[:start] + b"junk" + data[start + 4 :])  # so that they look at nothing else
    assert reader(path) == shown
