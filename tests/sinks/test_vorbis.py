"""Genres in Vorbis comments: spelling and order of what is there, and what would be lost."""

import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import mutagen.flac
import pytest

from tagger import errors
from tagger.sinks import tags
from tests.sinks import containers

every_codec = pytest.mark.parametrize("kind", containers.PARSERS)


@every_codec
def test_names_in_any_case_are_replaced_in_place(sample: Callable[[str], Path], kind: str) -> None:
    """All comments GENRE, however spelled, become one per genre where the first stood; STYLE stays."""
    path = sample(f"{kind}, tagged")
    assert tags.read(path) == ("Old", "Older")
    tags.write(path, ["New", "Newer", "Newest"])
    comments = list(containers.PARSERS[kind](path).tags)
    assert comments[1] == ("STYLE", "Bop")
    assert comments[5:10] == [
        ("Genre", "New"),
        ("Genre", "Newer"),
        ("Genre", "Newest"),
        ("comment", "between"),
        ("DATE", "1999"),
    ]


@every_codec
def test_blank_genres_are_none(sample: Callable[[str], Path], kind: str) -> None:
    """A comment GENRE without text is no genre."""
    path = sample(f"{kind}, tagged")
    audio = containers.PARSERS[kind](path)
    audio.tags["genre"] = ["", "  "]
    audio.save()
    assert tags.read(path) == ()


BROKEN = [
    (b"comment=between", b"comment=\xe9\xe9\xe9\xe9\xe9en", "Latin-1 text"),
    (b"comment=between", b"comment=ab\xf0\x9f\x98cd", "text cut within a character"),
    (b"comment=between", b"c\xe9mment=between", "a name that is not ASCII"),
    (b"comment=between", b"comment-between", "no name"),
    (b"comment=between", b"=omment_between", "an empty name"),
]


@pytest.mark.parametrize(("before", "after"), [pair[:2] for pair in BROKEN], ids=[name for *_, name in BROKEN])
def test_comments_that_would_be_lost_keep_the_file_as_it_is(
    sample: Callable[[str], Path], before: bytes, after: bytes
) -> None:
    """A file with a comment that cannot be written back as it is can be read, but is not changed."""
    path = sample("FLAC, tagged")
    assert len(before) == len(after)
    path.write_bytes(path.read_bytes().replace(before, after))
    content = path.read_bytes()
    assert after in content
    assert tags.read(path) == ("Old", "Older")
    with pytest.raises(errors.UntaggableError, match="not UTF-8"):
        tags.write(path, ["Rock"])
    assert path.read_bytes() == content


def test_flac_needs_no_comments_to_begin_with(encoded: Callable[[str], bytes], tmp_path: Path) -> None:
    """A FLAC file without a comment block gets one."""
    path = tmp_path / "bare.flac"
    path.write_bytes(encoded("FLAC"))
    mutagen.flac.delete(path)
    assert tags.read(path) == ()
    assert tags.write(path, ["Rock"])
    assert tags.read(path) == ("Rock",)


def test_metaflac_agrees(sample: Callable[[str], Path]) -> None:
    """The reference program finds the file whole and reads every genre."""
    program, checker = shutil.which("metaflac"), shutil.which("flac")
    if program is None or checker is None:
        pytest.skip("flac is not installed")
    path = sample("FLAC, tagged")
    tags.write(path, ["R&B/Soul", "Жанр"])
    shown = subprocess.run(
        [program, "--show-tag=GENRE", "--no-utf8-convert", path], capture_output=True, check=True
    )
    assert shown.stdout.decode().splitlines() == ["Genre=R&B/Soul", "Genre=Жанр"]
    subprocess.run([checker, "--test", "--silent", path], check=True)


def test_blocks_of_flac_stay(encoded: Callable[[str], bytes], tmp_path: Path) -> None:
    """Application blocks and a cue sheet's neighbours stay where they are, byte for byte."""
    data = encoded("FLAC")
    block = b"ATCHunknown application \xff\xfe"
    header = bytes([2]) + struct.pack(">I", len(block))[1:]
    path = tmp_path / "a.flac"
    path.write_bytes(data[:42] + header + block + data[42:])  # after "fLaC" and STREAMINFO
    tags.write(path, ["Rock"])
    assert header + block in path.read_bytes()


def test_two_streams_in_one_ogg_file(encoded: Callable[[str], bytes], tmp_path: Path) -> None:
    """Of chained streams the first carries the genre, and the second stays byte for byte."""
    path = tmp_path / "chained.ogg"
    path.write_bytes(encoded("Ogg Vorbis") + encoded("Ogg Opus"))
    assert tags.write(path, ["Rock" * 2000])
    assert tags.read(path) == ("Rock" * 2000,)
    assert path.read_bytes().endswith(encoded("Ogg Opus"))
