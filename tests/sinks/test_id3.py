"""Genres in ID3 tags: how others wrote them, what must survive, and what is refused."""

import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import mutagen.id3
import pytest

from tagger import errors
from tagger.sinks import tags
from tests.sinks import containers

UNSYNCHRONISED_TAG, FOOTER = 0x80, 0x10
UTF16, UTF8 = 1, 3


@pytest.fixture
def mp3(encoded: Callable[[str], bytes], tmp_path: Path) -> Callable[..., Path]:
    """Makes an MP3 file with bytes in front of and behind its audio."""

    def make(in_front: bytes = b"", behind: bytes = b"") -> Path:
        path = tmp_path / "a.mp3"
        path.write_bytes(in_front + encoded("MP3") + behind)
        return path

    return make


def tcon(version: int, text: str, encoding: int = 0) -> bytes:
    """A genre frame as another program wrote it."""
    codec = {0: "latin-1", UTF16: "utf-16", UTF8: "utf-8"}[encoding]
    return containers.id3_frame(version, "TCON", bytes([encoding]) + text.encode(codec))


@pytest.mark.parametrize(
    ("text", "genres"),
    [
        ("17", ("Rock",)),
        ("(17)", ("Rock",)),
        ("(4)Eurodisco", ("Disco", "Eurodisco")),
        ("(51)(39)", ("Techno-Industrial", "Noise")),
        ("(RX)", ("Remix",)),
        ("CR", ("Cover",)),
        ("255", ("Unknown",)),
        ("R&B/Soul", ("R&B/Soul",)),
        ("", ()),
        ("  ", ()),
    ],
)
@pytest.mark.parametrize("version", [3, 4])
def test_numbers_are_read_as_names(
    mp3: Callable[..., Path], version: int, text: str, genres: tuple[str, ...]
) -> None:
    """A genre that another program wrote as a number of ID3v1 is read by its name."""
    assert tags.read(mp3(containers.id3_tag(version, tcon(version, text)))) == genres


def test_values_in_23_are_parted_by_semicolons(mp3: Callable[..., Path]) -> None:
    """In 2.3 several genres are one text; in 2.4 they are values, and such a text is one genre."""
    assert tags.read(mp3(containers.id3_tag(3, tcon(3, "R&B/Soul; (17)")))) == ("R&B/Soul", "(17)")
    assert tags.read(mp3(containers.id3_tag(3, tcon(3, "Rock\0Pop")))) == ("Rock", "Pop")
    assert tags.read(mp3(containers.id3_tag(4, tcon(4, "Rock; Pop")))) == ("Rock; Pop",)
    assert tags.read(mp3(containers.id3_tag(4, tcon(4, "Rock\0Жанр\0", UTF8)))) == ("Rock", "Жанр")


def test_22_is_read_but_not_written(mp3: Callable[..., Path]) -> None:
    """A 2.2 tag cannot be kept as it is, so that the file is left alone, and the message helps."""
    frame = b"TCO" + (5).to_bytes(3, "big") + b"\0(17)"
    path = mp3(b"ID3\x02\x00\x00" + containers.synchsafe(len(frame)) + frame)
    before = path.read_bytes()
    assert tags.read(path) == ("Rock",)
    with pytest.raises(errors.UntaggableError, match=r"a\.mp3: its ID3v2\.2 tag") as caught:
        tags.write(path, ["Jazz"])
    assert "ID3v2.4" in caught.value.hint
    assert path.read_bytes() == before


@pytest.mark.parametrize("version", [3, 4])
def test_the_version_stays(mp3: Callable[..., Path], version: int) -> None:
    """A 2.3 tag stays 2.3 and a 2.4 tag 2.4, in the version's own way of several genres."""
    path = mp3(containers.full_id3(version))
    tags.write(path, ["R&B/Soul", "Жанр"])
    found, frames = containers.parsed_id3(path.read_bytes())
    joined = {3: b"\x01" + "R&B/Soul; Жанр".encode("utf-16"), 4: b"\x03" + "R&B/Soul\0Жанр".encode()}
    assert found == version
    assert dict(frames)["TCON"][2:].rstrip(b"\0") == joined[version].rstrip(b"\0")


def test_a_new_tag_is_24(mp3: Callable[..., Path]) -> None:
    """Where there was no tag, ID3v2.4 is written, and no ID3v1."""
    path = mp3()
    tags.write(path, ["Rock", "Jazz"])
    assert containers.parsed_id3(path.read_bytes()) == (4, [("TCON", b"\0\0\0Rock\0Jazz\0")])
    assert path.read_bytes()[-128:-125] != b"TAG"


def test_frames_with_flags_stay(mp3: Callable[..., Path]) -> None:
    """Compressed, encrypted, grouped and read-only frames keep their flags and bytes."""
    packed = len(b"\0packed").to_bytes(4, "big") + zlib.compress(b"\0packed")
    frames = [
        containers.id3_frame(3, "TIT2", packed, flags=0x0080),
        containers.id3_frame(3, "TXXX", b"\x07secret", flags=0x0040),
        containers.id3_frame(3, "TALB", b"\x05\0group", flags=0x0020),
        containers.id3_frame(3, "TDRC", b"\x00not a date, nor of this version", flags=0x2000),
        containers.id3_frame(3, "TIT2", b"\0a second title"),
    ]
    path = mp3(containers.id3_tag(3, *frames))
    before = containers.others(path, "MP3")
    assert len(before[1]) == len(frames)
    tags.write(path, ["Rock"])
    assert containers.others(path, "MP3") == before


@pytest.mark.parametrize("version", [3, 4])
def test_unsynchronised_tags_keep_their_content(mp3: Callable[..., Path], version: int) -> None:
    """A picture in an unsynchronised tag reads the same afterwards, although the tag is so no more."""
    picture = mutagen.id3.APIC(encoding=0, mime="image/png", type=3, desc="", data=containers.PICTURE)
    data = b"\0image/png\0\x03\0" + containers.PICTURE
    if version == 4:
        body = containers.id3_frame(4, "APIC", unsynchronised(data))
    else:
        body = unsynchronised(containers.id3_frame(3, "APIC", data))
    path = mp3(containers.id3_tag(version, body, flags=UNSYNCHRONISED_TAG))
    assert mutagen.id3.ID3(path).getall("APIC") == [picture]
    tags.write(path, ["Rock"])
    assert mutagen.id3.ID3(path).getall("APIC") == [picture]
    assert tags.read(path) == ("Rock",)


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
    picture = b"\0image/png\0\x03\0" + containers.PICTURE
    frames = [
        containers.id3_frame(3, "APIC", picture),
        tcon(3, "17"),
        containers.id3_frame(3, "TIT2", b"\0Title"),
    ]
    path = mp3(containers.id3_tag(4, *frames))
    assert tags.read(path) == ("Rock",)
    tags.write(path, ["Jazz"])
    read_back = mutagen.id3.ID3(path)
    assert [tags.read(path), read_back["TIT2"].text, read_back.getall("APIC")[0].data] == [
        ("Jazz",),
        ["Title"],
        containers.PICTURE,
    ]


def test_a_tag_with_footer_is_left_alone(mp3: Callable[..., Path]) -> None:
    """A footer cannot be kept, so that the file is not written."""
    tag = containers.id3_tag(4, tcon(4, "Rock"), flags=FOOTER)
    path = mp3(tag + b"3DI" + tag[3:10])
    before = path.read_bytes()
    with pytest.raises(errors.UntaggableError, match="footer"):
        tags.write(path, ["Jazz"])
    assert path.read_bytes() == before


def test_an_unknown_version_is_left_alone(mp3: Callable[..., Path]) -> None:
    """A tag of a version to come is neither read nor written."""
    path = mp3(b"ID3\x05\x00\x00" + containers.synchsafe(20) + bytes(20))
    with pytest.raises(errors.UntaggableError, match="unknown version"):
        tags.write(path, ["Jazz"])


@pytest.mark.parametrize(
    ("genre", "number"),
    [
        ("Rock", 17),
        ("Hip Hop", 7),
        ("hip-hop", 7),
        ("Drum and Bass", 127),
        ("Drum & Bass", 127),
        ("Synthwave", 255),
    ],
)
def test_id3v1_keeps_in_step(mp3: Callable[..., Path], genre: str, number: int) -> None:
    """The genre byte of ID3v1 becomes that of the genre, or 255 if it has none; the rest stays."""
    path = mp3(containers.full_id3(4), containers.id3v1(12))
    tags.write(path, [genre, "Metal"])
    assert path.read_bytes()[-128:] == containers.id3v1(number)


def test_id3v1_alone_is_read(mp3: Callable[..., Path]) -> None:
    """The byte of ID3v1 counts where ID3v2 has no genre, and 255 is none."""
    assert tags.read(mp3(behind=containers.id3v1(17))) == ("Rock",)
    assert tags.read(mp3(containers.full_id3(3), containers.id3v1(17))) == ("Rock",)
    assert tags.read(mp3(containers.id3_tag(3, tcon(3, "Jazz")), containers.id3v1(17))) == ("Jazz",)
    assert tags.read(mp3(behind=containers.id3v1(255))) == ()
    assert tags.read(mp3(behind=containers.id3v1(200))) == ()


def test_fields_of_id3v1_are_not_hidden(mp3: Callable[..., Path]) -> None:
    """Players stop at ID3v2, so that a new tag takes over what ID3v1 says."""
    path = mp3(behind=containers.id3v1(17))
    tags.write(path, ["Jazz"])
    tag = mutagen.id3.ID3(path, load_v1=False)
    assert {name: str(tag[name]) for name in tag} == {
        "TIT2": "Old title",
        "TPE1": "Old artist",
        "TALB": "Old album",
        "TDRC": "1987",
        "COMM::eng": "Old comment",
        "TRCK": "3",
        "TCON": "Jazz",
    }


def test_stacked_id3v1_tags_stay(mp3: Callable[..., Path]) -> None:
    """Of several ID3v1 tags, which careless programs leave, the last is kept in step and the others stay."""
    path = mp3(behind=containers.id3v1(1) + containers.id3v1(2))
    tags.write(path, ["Rock"])
    assert path.read_bytes().endswith(containers.id3v1(1) + containers.id3v1(17))


@pytest.mark.parametrize("genre", ["17", "(17)", "(4)Eurodisco", "RX", "((live)"])
def test_genres_that_would_read_as_something_else_are_refused(mp3: Callable[..., Path], genre: str) -> None:
    """What an ID3 reader takes for a number cannot be written, and the file stays as it is."""
    path = mp3(containers.full_id3(4), containers.id3v1(1))
    before = path.read_bytes()
    with pytest.raises(errors.TagError, match="number"):
        tags.write(path, ["Rock", genre])
    assert path.read_bytes() == before


def test_a_genre_with_the_separator_is_refused_in_23_only(mp3: Callable[..., Path]) -> None:
    """A genre that would fall apart on reading is an error in 2.3, and one value in 2.4."""
    with pytest.raises(errors.TagError, match=r"ID3v2\.3"):
        tags.write(mp3(containers.full_id3(3)), ["Rock; Pop"])
    assert tags.write(mp3(containers.full_id3(4)), ["Rock; Pop"])


def test_padding_takes_the_genre(mp3: Callable[..., Path]) -> None:
    """Where the tag has room, the audio is not moved."""
    path = mp3(containers.id3_tag(3, tcon(3, "Pop"), padding=500))
    size = path.stat().st_size
    tags.write(path, ["Rock", "R&B/Soul"])
    assert path.stat().st_size == size


def test_an_id3_tag_twice_in_front_is_still_an_mp3(mp3: Callable[..., Path]) -> None:
    """Of stacked tags, which careless programs leave, the first is read and written."""
    path = mp3(containers.full_id3(4) + containers.full_id3(3))
    assert tags.write(path, ["Rock"])
    assert tags.read(path) == ("Rock",)
    assert containers.full_id3(3) in path.read_bytes()


def test_ffmpeg_has_nothing_to_complain_of(mp3: Callable[..., Path], ffmpeg: str) -> None:
    """After all that, ffmpeg decodes the file without a word of complaint."""
    title = containers.id3_frame(3, "TIT2", b"\0Title")
    path = mp3(containers.id3_tag(3, title, tcon(3, "(17)")), containers.id3v1(1))
    tags.write(path, ["Жанр", "R&B/Soul"])
    outcome = subprocess.run(
        [ffmpeg, "-v", "warning", "-i", path, "-map", "0:a", "-f", "null", "-"], capture_output=True, text=True
    )
    assert (outcome.returncode, outcome.stderr) == (0, "")
