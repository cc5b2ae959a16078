"""ID3v2 tags as wholes: all that is not the genre stays, or the file does."""

import zlib
from collections.abc import Callable
from pathlib import Path

import mutagen.id3
import pytest

from tagger import errors
from tagger.sinks import tags
from tests.sinks import containers, id3_bytes, writing
from tests.sinks.id3_bytes import tcon

UNSYNCHRONISED_TAG, EXTENDED, FOOTER = 0x80, 0x40, 0x10


def test_frames_with_flags_stay(mp3: Callable[..., Path]) -> None:
    """Compressed, encrypted, grouped and read-only frames keep their flags and bytes."""
    packed = len(b"\0packed").to_bytes(4, "big") + zlib.compress(b"\0packed")
    frames = [
        id3_bytes.id3_frame(3, "TIT2", packed, flags=0x0080),
        id3_bytes.id3_frame(3, "TXXX", b"\x07secret", flags=0x0040),
        id3_bytes.id3_frame(3, "TALB", b"\x05\0group", flags=0x0020),
        id3_bytes.id3_frame(3, "TDRC", b"\x00not a date, nor of this version", flags=0x2000),
        id3_bytes.id3_frame(3, "TIT2", b"\0a second title"),
    ]
    path = mp3(id3_bytes.id3_tag(3, *frames))
    before = containers.others(path, "MP3")
    assert len(before[0][1]) == len(frames)
    writing.write(path, ["Rock"])
    assert containers.others(path, "MP3") == before


@pytest.mark.parametrize("version", [2, 3, 4])
def test_unsynchronised_tags_stay_so(mp3: Callable[..., Path], version: int) -> None:
    """A picture in an unsynchronised tag reads the same afterwards, and no new byte looks like audio."""
    mime, name = (b"PNG", "PIC") if version == 2 else (b"image/png\0", "APIC")
    data = b"\0" + mime + b"\x03\0" + id3_bytes.PICTURE
    if version == 4:
        body = id3_bytes.id3_frame(4, name, unsynchronised(data))
    else:
        body = unsynchronised(id3_bytes.id3_frame(version, name, data))
    path = mp3(id3_bytes.id3_tag(version, body, flags=UNSYNCHRONISED_TAG))
    writing.write(path, ["Жанр"])
    tag = mutagen.id3.ID3(path)
    assert tag.f_unsynch
    assert [picture.data for picture in tag.getall("APIC")] == [id3_bytes.PICTURE]
    assert b"\xff\xfe" not in path.read_bytes()[: tag.size]
    assert tags.read(path) == ("Жанр",)


def unsynchronised(data: bytes) -> bytes:
    """No false MPEG sync: a zero after each 0xFF that needs one (ID3v2.4, 6.1)."""
    out = bytearray()
    for byte, following in zip(data, [*data[1:], 0xFF], strict=True):
        out.append(byte)
        if byte == 0xFF and (following == 0 or following >= 0xE0):
            out.append(0)
    return bytes(out)


def test_sizes_as_itunes_wrote_them_are_understood(mp3: Callable[..., Path]) -> None:
    """A 2.4 tag with plain frame sizes, as old versions of iTunes wrote, keeps its large frames."""
    picture = b"\0image/png\0\x03\0" + id3_bytes.PICTURE
    frames = [
        id3_bytes.id3_frame(3, "APIC", picture),
        tcon(3, "17"),
        id3_bytes.id3_frame(3, "TIT2", b"\0Title"),
    ]
    path = mp3(id3_bytes.id3_tag(4, *frames))
    assert tags.read(path) == ("Rock",)
    writing.write(path, ["Jazz"])
    read_back = mutagen.id3.ID3(path)
    assert [tags.read(path), read_back["TIT2"].text, read_back.getall("APIC")[0].data] == [
        ("Jazz",),
        ["Title"],
        id3_bytes.PICTURE,
    ]


def test_an_unknown_version_is_left_alone(mp3: Callable[..., Path]) -> None:
    """A tag of a version to come is neither read nor written."""
    path = mp3(b"ID3\x05\x00\x00" + id3_bytes.synchsafe(20) + bytes(20))
    with pytest.raises(errors.UntaggableError, match="unknown version"):
        tags.read(path)
    with pytest.raises(errors.UntaggableError, match="unknown version"):
        writing.write(path, ["Jazz"])


ROCK, LONG = tcon(4, "Rock"), b"TIT2\0\0\1\0\0\0\0cut off"
FOOTED = id3_bytes.id3_tag(4, ROCK, flags=FOOTER)
UNKEEPABLE = {
    "tag is damaged": id3_bytes.id3_tag(3, tcon(3, "Rock"), *[id3_bytes.id3_frame(3, "TXXX", b"")] * 5000),
    "footer": FOOTED + b"3DI" + FOOTED[3:10],
    "damaged": id3_bytes.id3_tag(3, tcon(3, "Rock"), LONG),
    "not unsynchronised": id3_bytes.id3_tag(3, tcon(3, "Rock"), b"\xff\xfb\xff", flags=UNSYNCHRONISED_TAG),
    "extended header": id3_bytes.id3_tag(4, b"\0\0\0\x0c\1\x20\5\0\0\0\0\0", ROCK, flags=EXTENDED),
    "cannot be kept": id3_bytes.id3_tag(3, b"\0\0\0\x0a\x80\0\0\0\0\0CRC3", tcon(3, "Rock"), flags=EXTENDED),
}


@pytest.mark.parametrize(("reason", "tag"), UNKEEPABLE.items(), ids=UNKEEPABLE)
def test_what_would_be_lost_keeps_the_file_as_it_is(mp3: Callable[..., Path], reason: str, tag: bytes) -> None:
    """A tag that could not be put together again as it was can be read, but is not changed."""
    path = mp3(tag)
    before = path.read_bytes()
    assert tags.read(path) == ("Rock",)
    with pytest.raises(errors.UntaggableError, match=reason):
        writing.write(path, ["Jazz"])
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("version", "extended"), [(3, b"\0\0\0\6\0\0\0\0\0\x50"), (4, b"\0\0\0\6\1\0")], ids=["2.3", "2.4"]
)
def test_an_extended_header_stays(mp3: Callable[..., Path], version: int, extended: bytes) -> None:
    """A header that says nothing of the frames is kept, with the size of the padding that 2.3 has in it."""
    path = mp3(id3_bytes.id3_tag(version, extended, tcon(version, "Rock"), flags=EXTENDED, padding=80))
    writing.write(path, ["Death"])
    data = path.read_bytes()
    kept = extended[:-1] + b"\x4e" if version == 3 else extended
    assert data[: 10 + len(extended)] == b"ID3" + bytes([version, 0, EXTENDED]) + data[6:10] + kept
    assert mutagen.id3.ID3(path)["TCON"].text == ["Death"]


def test_a_flag_without_an_extended_header_stays(mp3: Callable[..., Path]) -> None:
    """Where a program set the flag without such a header, frames follow at once, and are found."""
    path = mp3(id3_bytes.id3_tag(3, tcon(3, "Rock"), flags=EXTENDED))
    assert tags.read(path) == ("Rock",)
    writing.write(path, ["Jazz"])
    assert tags.read(path) == ("Jazz",)


def test_order_and_empty_frames_stay(mp3: Callable[..., Path]) -> None:
    """The genre stands where its first frame stood, all others are as they were, even without content."""
    frames = [("TALB", b"\0Album"), ("TPE2", b""), ("TCON", b"\0Rock"), ("TIT2", b"\0One"), ("TCON", b"\0Pop")]
    path = mp3(id3_bytes.id3_tag(3, *(id3_bytes.id3_frame(3, *frame) for frame in frames)))
    assert tags.read(path) == ("Rock", "Pop")
    writing.write(path, ["Jazz"])
    found = [(name, data[2:]) for name, data in id3_bytes.parsed_id3(path.read_bytes())[1]]
    assert found == [*frames[:2], ("TCON", b"\0Jazz\0"), frames[3]]


def test_padding_takes_the_genre(mp3: Callable[..., Path]) -> None:
    """Where the tag has room, the audio is not moved."""
    path = mp3(id3_bytes.id3_tag(3, tcon(3, "Pop"), padding=500))
    before = path.read_bytes()
    writing.write(path, ["Rock", "R&B/Soul"])
    assert path.read_bytes()[600:] == before[600:]


def test_ample_padding_stays(mp3: Callable[..., Path]) -> None:
    """Room for a picture to come, however much, is no reason to move the audio."""
    path = mp3(id3_bytes.id3_tag(3, tcon(3, "Pop"), padding=100_000))
    size = path.stat().st_size
    writing.write(path, ["Rock"])
    assert path.stat().st_size == size


def test_a_new_genre_stands_before_pictures(mp3: Callable[..., Path]) -> None:
    """Some readers stop at a large frame."""
    path = mp3(id3_bytes.full_id3(3))
    writing.write(path, ["Rock"])
    names = [name for name, _ in id3_bytes.parsed_id3(path.read_bytes())[1]]
    assert names.index("TCON") == names.index("APIC") - 1
