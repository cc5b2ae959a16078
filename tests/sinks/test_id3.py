"""Genres in ID3 tags: how others wrote them, how we do, and what is refused."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import mutagen.id3
import pytest

from tagger import errors
from tagger.sinks import tags
from tagger.sinks.tags import fields
from tagger.sinks.tags.interface import Manner, Place
from tests.sinks import id3_bytes, writing
from tests.sinks.id3_bytes import UTF8, tcon


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
    assert tags.read(mp3(id3_bytes.id3_tag(version, tcon(version, text)))) == genres


def test_values_in_23_are_parted_by_semicolons(mp3: Callable[..., Path]) -> None:
    """In 2.3 several genres are one text; in 2.4 they are values, and such a text is one genre."""
    assert tags.read(mp3(id3_bytes.id3_tag(3, tcon(3, "R&B/Soul; (17)")))) == ("R&B/Soul", "(17)")
    assert tags.read(mp3(id3_bytes.id3_tag(3, tcon(3, "Rock\0Pop")))) == ("Rock", "Pop")
    assert tags.read(mp3(id3_bytes.id3_tag(4, tcon(4, "Rock; Pop")))) == ("Rock; Pop",)
    assert tags.read(mp3(id3_bytes.id3_tag(4, tcon(4, "Rock\0Жанр\0", UTF8)))) == ("Rock", "Жанр")


def test_22_is_written_as_22(mp3: Callable[..., Path]) -> None:
    """A 2.2 tag stays one, with its own name of the frame, in its place, and with the values joined."""
    title, old = id3_bytes.id3_frame(2, "TT2", b"\0Title"), id3_bytes.id3_frame(2, "TCO", b"\0(17)")
    path = mp3(id3_bytes.id3_tag(2, title, old, title))
    assert tags.read(path) == ("Rock",)
    writing.write(path, ["R&B/Soul", "Rock"])
    version, frames = id3_bytes.parsed_id3(path.read_bytes())
    genre = ("TCO", b"\0R&B/Soul; Rock\0")
    assert (version, frames) == (2, [("TT2", b"\0Title"), genre, ("TT2", b"\0Title")])


@pytest.mark.parametrize("version", [3, 4])
def test_the_version_stays(mp3: Callable[..., Path], version: int) -> None:
    """A 2.3 tag stays 2.3 and a 2.4 tag 2.4, in the version's own way of several genres."""
    path = mp3(id3_bytes.full_id3(version))
    writing.write(path, ["R&B/Soul", "Жанр"])
    found, frames = id3_bytes.parsed_id3(path.read_bytes())
    joined = {3: b"\x01" + "R&B/Soul; Жанр".encode("utf-16"), 4: b"\x03" + "R&B/Soul\0Жанр".encode()}
    assert found == version
    assert dict(frames)["TCON"][2:].rstrip(b"\0") == joined[version].rstrip(b"\0")


@pytest.mark.parametrize("version", [3, 4])
def test_a_new_tag_is_of_the_version_asked_for(mp3: Callable[..., Path], version: int) -> None:
    """Where there was no tag, there is one with nothing but the genre, and no ID3v1."""
    path = mp3()
    writing.write(path, ["Rock", "Jazz"], Manner(id3_version=version))
    text = {3: b"Rock; Jazz\0", 4: b"Rock\0Jazz\0"}[version]
    assert id3_bytes.parsed_id3(path.read_bytes()) == (version, [("TCON", b"\0\0\0" + text)])
    assert path.read_bytes()[-128:-125] != b"TAG"


@pytest.mark.parametrize("version", [2, 3, 4])
def test_other_fields_have_frames_of_their_own(mp3: Callable[..., Path], version: int) -> None:
    """A style goes to TXXX:STYLE, a grouping to TIT1, under the name found in any case; the genre stays."""
    text, genre = ("TXX", "TCO") if version == 2 else ("TXXX", "TCON")
    old = id3_bytes.id3_frame(version, text, b"\0Style\0old")
    path = mp3(id3_bytes.id3_tag(version, old, id3_bytes.id3_frame(version, genre, b"\0Rock")))
    mine = fields.parse("TXXX:My genre")
    assert tags.read(path, fields.STYLE) == ("old",)
    more = {fields.STYLE: ["Bop", "Ska"], fields.GROUPING: ["Ж"], mine: ["17", "(4)"]}
    writing.write(path, more=more)
    assert {field: list(tags.read(path, field)) for field in more} == more
    assert tags.read(path) == ("Rock",)
    written = mutagen.id3.ID3(path)
    assert [frame.desc for frame in written.getall("TXXX")] == ["STYLE", "My genre"]
    assert str(written["TIT1"]) == "Ж"


@pytest.mark.parametrize(
    ("version", "manner", "text"),
    [
        (2, Manner(), "R&B/Soul; Rock"),
        (3, Manner(separator=", "), "R&B/Soul, Rock"),
        (4, Manner(separator=" | "), "R&B/Soul\0Rock"),
        (4, Manner(joined=True), "R&B/Soul; Rock"),
    ],
)
def test_the_manner_says_how_values_are_joined(
    mp3: Callable[..., Path], version: int, manner: Manner, text: str
) -> None:
    """2.3 and older join with the separator, 2.4 on wish; a value that has it inside cannot be told apart."""
    path = mp3(id3_bytes.full_id3(version))
    writing.write(path, ["R&B/Soul", "Rock"], manner)
    assert tags.places(path) == (
        "MP3",
        (Place(f"ID3v2.{version}", genre_name(version), tuple(text.split("\0"))),),
    )
    if "\0" not in text:
        with pytest.raises(errors.TagError, match="cannot be written"):
            writing.write(path, [f"A{manner.separator}B"], manner)


def genre_name(version: int) -> str:
    """The frame's name."""
    return "TCO" if version == 2 else "TCON"


@pytest.mark.parametrize("version", [2, 3, 4])
@pytest.mark.parametrize("text", ["17", "(4)Eurodisco", "Rock; Pop"])
def test_places_tell_what_stands_there(mp3: Callable[..., Path], version: int, text: str) -> None:
    """Texts are as any reader finds them, neither parted nor turned into names; blank ones are left out."""
    frame = id3_bytes.id3_frame(version, genre_name(version), b"\0" + text.encode())
    expected = Place(f"ID3v2.{version}", genre_name(version), (text,))
    assert tags.places(mp3(id3_bytes.id3_tag(version, frame))) == ("MP3", (expected,))
    blank = id3_bytes.id3_frame(version, genre_name(version), b"\0 ")
    assert tags.places(mp3(id3_bytes.id3_tag(version, blank))) == ("MP3", ())


@pytest.mark.parametrize("genre", ["17", "(17)", "(4)Eurodisco", "RX", "((live)"])
def test_genres_that_would_read_as_something_else_are_refused(mp3: Callable[..., Path], genre: str) -> None:
    """What an ID3 reader takes for a number cannot be written, and the file stays as it is."""
    path = mp3(id3_bytes.full_id3(4), id3_bytes.id3v1(1))
    before = path.read_bytes()
    with pytest.raises(errors.TagError, match="number"):
        writing.write(path, ["Rock", genre])
    assert path.read_bytes() == before


def test_a_genre_with_the_separator_is_refused_in_23_only(mp3: Callable[..., Path]) -> None:
    """A genre that would fall apart on reading is an error in 2.3, and one value in 2.4."""
    with pytest.raises(errors.TagError, match=r"ID3v2\.3"):
        writing.write(mp3(id3_bytes.full_id3(3)), ["Rock; Pop"])
    assert writing.write(mp3(id3_bytes.full_id3(4)), ["Rock; Pop"])


def test_ffmpeg_has_nothing_to_complain_of(mp3: Callable[..., Path], ffmpeg: str) -> None:
    """After all that, ffmpeg decodes the file without a word of complaint."""
    title = id3_bytes.id3_frame(3, "TIT2", b"\0Title")
    path = mp3(id3_bytes.id3_tag(3, title, tcon(3, "(17)")), id3_bytes.id3v1(1))
    writing.write(path, ["Жанр", "R&B/Soul"])
    outcome = subprocess.run(
        [ffmpeg, "-v", "warning", "-i", path, "-map", "0:a", "-f", "null", "-"], capture_output=True, text=True
    )
    assert (outcome.returncode, outcome.stderr) == (0, "")
