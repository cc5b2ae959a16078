"""Genres in Vorbis comments: spelling and order of what is there, and what would be lost."""

import struct
from collections.abc import Callable
from pathlib import Path

import mutagen.flac
import mutagen.ogg
import pytest

from tagger import errors
from tagger.sinks import tags
from tagger.sinks.tags import fields
from tagger.sinks.tags.interface import Place
from tests.sinks import containers, id3_bytes, more_cases, writing

every_codec = pytest.mark.parametrize("kind", containers.PARSERS)


@every_codec
def test_names_in_any_case_are_replaced_in_place(sample: Callable[[str], Path], kind: str) -> None:
    """All comments GENRE, however spelled, become one per genre where the first stood; STYLE stays."""
    path = sample(f"{kind}, tagged")
    assert tags.read(path) == ("Old", "Older")
    writing.write(path, ["New", "Newer", "Newest"])
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
        writing.write(path, ["Rock"])
    assert path.read_bytes() == content


def test_flac_needs_no_comments_to_begin_with(encoded: Callable[[str], bytes], tmp_path: Path) -> None:
    """A FLAC file without a comment block gets one."""
    path = tmp_path / "bare.flac"
    path.write_bytes(encoded("FLAC"))
    mutagen.flac.delete(path)
    assert tags.read(path) == ()
    assert writing.write(path, ["Rock"])
    assert tags.read(path) == ("Rock",)


def test_flac_finds_the_file_whole(sample: Callable[[str], Path]) -> None:
    """The reference program finds nothing wrong, whether or not there was room."""
    path = sample("FLAC, tagged")
    for genres in (["R&B/Soul", "Жанр"], ["x" * 30_000]):
        writing.write(path, genres)
        more_cases.run("flac", "--test", "--silent", path)


def test_two_streams_in_one_ogg_file(encoded: Callable[[str], bytes], tmp_path: Path) -> None:
    """Of chained streams the first carries the genre, and the second stays byte for byte."""
    path = tmp_path / "chained.ogg"
    path.write_bytes(encoded("Ogg Vorbis") + encoded("Ogg Opus"))
    assert writing.write(path, ["Rock" * 2000])
    assert tags.read(path) == ("Rock" * 2000,)
    assert path.read_bytes().endswith(encoded("Ogg Opus"))


def test_trailing_zeros_of_ogg_stay(sample: Callable[[str], Path]) -> None:
    """A few zeros behind the last page, which some programs leave, are neither damage nor lost."""
    path = sample("Ogg Vorbis, tagged")
    path.write_bytes(path.read_bytes() + bytes(20))
    writing.write(path, ["Rock" * 2000])
    assert tags.read(path) == ("Rock" * 2000,)
    assert path.read_bytes().endswith(bytes(20))


def two_streams(path: Path, order: list[int]) -> None:
    """Make an Ogg file of two Vorbis streams, with its first pages in an order."""
    tones = ["-f", "lavfi", "-i", "sine=d=0.5", "-f", "lavfi", "-i", "sine=d=0.5"]
    options = [
        "-map",
        "0",
        "-map",
        "1",
        "-c:a",
        "libvorbis",
        "-metadata:s:0",
        "genre=A",
        "-metadata:s:1",
        "genre=B",
    ]
    more_cases.run("ffmpeg", "-v", "error", *tones, *options, path)
    with path.open("rb") as file:
        pages = [mutagen.ogg.OggPage(file) for _ in order]
        path.write_bytes(b"".join(pages[number].write() for number in order) + file.read())


def test_streams_side_by_side(tmp_path: Path) -> None:
    """Of streams side by side the first carries the genre, unless mutagen would write into the second."""
    path = tmp_path / "a.ogg"
    two_streams(path, [0, 1, 2, 3])
    assert writing.write(path, ["Rock"])
    assert b"genre=B" in path.read_bytes()
    swapped = tmp_path / "swapped.ogg"
    two_streams(swapped, [0, 1, 3, 2])
    before = swapped.read_bytes()
    with pytest.raises(errors.UntaggableError, match="two streams"):
        writing.write(swapped, ["Rock"])
    assert swapped.read_bytes() == before


@pytest.mark.parametrize("kind", [kind for kind in containers.PARSERS if kind != "Ogg FLAC"])
def test_padding_is_used_and_left(sample: Callable[[str], Path], kind: str) -> None:
    """Where there is room, however much, the file keeps its size; else there is room for the next time."""
    path = sample(f"{kind}, tagged")
    audio = containers.PARSERS[kind](path)
    audio.save(padding=lambda info: 30_000)
    n_bytes = path.stat().st_size
    for n_letters in (1, 1000, 20_000, 5):
        writing.write(path, ["x" * n_letters])
        assert path.stat().st_size == n_bytes
    writing.write(path, ["x" * 60_000])
    assert path.stat().st_size > n_bytes + 29_000


def test_an_id3_tag_in_front_is_kept_in_step(encoded: Callable[[str], bytes], tmp_path: Path) -> None:
    """The genre in an ID3v2 tag, which some programs put before FLAC, is listed and becomes the same."""
    path = tmp_path / "a.flac"
    path.write_bytes(id3_bytes.id3_tag(4, id3_bytes.id3_frame(4, "TCON", b"\0Metal")) + encoded("FLAC"))
    assert [place.system for place in tags.places(path)[1]] == ["ID3v2.4"]
    writing.write(path, ["R&B/Soul", "Rock" * 999])
    listed = [Place("Vorbis comment", "GENRE", tags.read(path)), Place("ID3v2.4", "TCON", tags.read(path))]
    assert tags.places(path) == ("FLAC", tuple(listed))


def with_blocks(path: Path, *blocks: tuple[int, bytes]) -> None:
    """Put metadata blocks behind STREAMINFO."""
    data = path.read_bytes()
    rendered = [bytes([code]) + struct.pack(">I", len(block))[1:] + block for code, block in blocks]
    path.write_bytes(data[:42] + b"".join(rendered) + data[42:])


def cue_sheet(reserved: int) -> bytes:
    """A cue sheet of one track."""
    track = struct.pack(">QB12sB13xB", 0, 170, b"", reserved, 0)
    return struct.pack(">128sQB258xB", b"123", 88200, 0x80, 1) + track


COMMENTS = struct.pack("<I6sI", 6, b"vendor", 0)


@pytest.mark.parametrize(
    ("code", "block", "is_kept"),
    [
        (2, b"ATCHunknown application \xff\xfe", True),
        (3, bytes(18) * 3, True),
        (5, cue_sheet(reserved=0), True),
        (5, cue_sheet(reserved=1), False),
        (4, COMMENTS, False),
        (99, b"nobody knows", True),
    ],
)
def test_blocks_stay_or_the_file_does(
    sample: Callable[[str], Path], code: int, block: bytes, is_kept: bool
) -> None:
    """Blocks of every type stay byte for byte; a file with one that mutagen would change is left alone."""
    path = sample("FLAC, tagged")
    with_blocks(path, (code, block))
    before = path.read_bytes()
    if is_kept:
        writing.write_unproven(path, ["Rock"])
        assert bytes([code]) + struct.pack(">I", len(block))[1:] + block in path.read_bytes()
    else:
        with pytest.raises(errors.UntaggableError, match="block"):
            writing.write(path, ["Rock"])
        assert path.read_bytes() == before


@every_codec
def test_other_fields_are_comments_of_their_own(sample: Callable[[str], Path], kind: str) -> None:
    """Style, grouping and the user's own names change alone; a spelling that is there stays."""
    path = sample(f"{kind}, tagged")
    own = fields.Field("X-y", custom=True)
    wanted = {fields.STYLE: ["Swing"], fields.GROUPING: ["Set"], own: ["wild", "loud"]}
    writing.write(path, more=wanted)
    assert {field: tags.read(path, field) for field in wanted} == {k: tuple(v) for k, v in wanted.items()}
    assert tags.read(path) == ("Old", "Older")
    assert list(containers.PARSERS[kind](path).tags)[4:6] == [("x-y", "wild"), ("x-y", "loud")]
