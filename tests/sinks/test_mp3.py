"""What else programs put around audio: ID3v1, APEv2, a second ID3v2, and ID3v2 in front of other formats."""

import io
from collections.abc import Callable
from pathlib import Path

import mutagen.apev2
import mutagen.id3
import pytest

from tagger import errors
from tagger.sinks import tags
from tagger.sinks.tags import fields, id3
from tagger.sinks.tags.interface import Manner, NotStorableError, Place
from tests.sinks import id3_bytes, writing

JAZZ = id3_bytes.id3_frame(3, "TCON", b"\0Jazz")
LONG = "Title " * 9


def ape(**items: str) -> bytes:
    """An APEv2 tag."""
    tags, file = mutagen.apev2.APEv2(), io.BytesIO()
    tags.update(items)
    tags.save(file)
    return file.getvalue()


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
    path = mp3(id3_bytes.full_id3(4), id3_bytes.id3v1(12))
    writing.write(path, [genre, "Metal"])
    assert path.read_bytes()[-128:] == id3_bytes.id3v1(number)


def test_id3v1_alone_is_read(mp3: Callable[..., Path]) -> None:
    """The byte of ID3v1 counts where ID3v2 has no genre, and 255 is none."""
    assert tags.read(mp3(behind=id3_bytes.id3v1(17))) == ("Rock",)
    assert tags.read(mp3(id3_bytes.full_id3(3), id3_bytes.id3v1(17))) == ("Rock",)
    assert tags.read(mp3(id3_bytes.id3_tag(3, JAZZ), id3_bytes.id3v1(17))) == ("Jazz",)
    assert tags.read(mp3(behind=id3_bytes.id3v1(255))) == ()
    assert tags.read(mp3(behind=id3_bytes.id3v1(200))) == ()


def test_fields_of_id3v1_are_not_hidden(mp3: Callable[..., Path]) -> None:
    """Players stop at ID3v2, so that a new tag takes over what ID3v1 says."""
    path = mp3(behind=id3_bytes.id3v1(17))
    writing.write(path, ["Jazz"])
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
    path = mp3(behind=id3_bytes.id3v1(1) + id3_bytes.id3v1(2))
    writing.write(path, ["Rock"])
    assert path.read_bytes().endswith(id3_bytes.id3v1(1) + id3_bytes.id3v1(17))


def test_an_id3_tag_twice_in_front_is_still_an_mp3(mp3: Callable[..., Path]) -> None:
    """Of stacked tags, which careless programs leave, the first is read and written."""
    path = mp3(id3_bytes.full_id3(4) + id3_bytes.full_id3(3))
    assert writing.write(path, ["Rock"])
    assert tags.read(path) == ("Rock",)
    assert id3_bytes.full_id3(3) in path.read_bytes()


def test_fields_of_id3v1_fit_a_new_23_tag(mp3: Callable[..., Path]) -> None:
    """What a new 2.3 tag takes over has no frame that came with 2.4."""
    path = mp3(behind=id3_bytes.id3v1(17))
    writing.write(path, ["Jazz"], Manner(id3_version=3))
    names = {name for name, _ in id3_bytes.parsed_id3(path.read_bytes())[1]}
    assert names == {"TIT2", "TPE1", "TALB", "TYER", "COMM", "TRCK", "TCON"}


def test_only_a_byte_of_id3v1_changes(mp3: Callable[..., Path]) -> None:
    """With room in ID3v2, nothing behind it changes but the last byte; other fields leave even that."""
    path = mp3(id3_bytes.id3_tag(3, JAZZ, padding=500), id3_bytes.id3v1(8))
    before = path.read_bytes()
    writing.write(path, more={fields.STYLE: ["Bop"]})
    assert path.read_bytes()[600:] == before[600:]
    writing.write(path, ["Rock"])
    assert path.read_bytes()[600:-1] == before[600:-1]
    assert path.read_bytes()[-1] == 17


def test_a_stray_ape_tag_is_kept_in_step(mp3: Callable[..., Path]) -> None:
    """An APEv2 genre becomes the new one, since some players look there first; ID3v1 behind it stays."""
    path = mp3(id3_bytes.full_id3(4), ape(Genre="Blues", Title=LONG) + id3_bytes.id3v1(0))
    writing.write(path, ["R&B/Soul", "Rock"])
    assert path.read_bytes().endswith(ape(Genre="R&B/Soul\0Rock", Title=LONG) + id3_bytes.id3v1(255))
    assert mutagen.apev2.APEv2(path)["Genre"] == "R&B/Soul\0Rock"


def test_an_ape_tag_without_genre_gets_none(mp3: Callable[..., Path]) -> None:
    """What does not contradict is left as it is: volume tags of mp3gain, for one."""
    gain = ape(mp3gain_minmax="89,179")
    path = mp3(behind=gain)
    writing.write(path, ["Rock"])
    assert path.read_bytes().endswith(gain)
    assert path.read_bytes().count(b"APETAGEX") == 2


def test_genres_are_looked_for_in_order(mp3: Callable[..., Path]) -> None:
    """ID3v2 counts before APEv2, and that before ID3v1; all of them are listed."""
    v1 = id3_bytes.id3v1(17)
    assert tags.read(mp3(id3_bytes.id3_tag(3, JAZZ), ape(Genre="Blues\0Ska") + v1)) == ("Jazz",)
    assert tags.read(mp3(id3_bytes.full_id3(3), ape(Genre="Blues\0Ska") + v1)) == ("Blues", "Ska")
    assert tags.read(mp3(b"", ape(Title="Title") + v1)) == ("Rock",)
    path = mp3(id3_bytes.id3_tag(3, JAZZ), ape(GENRE="Blues\0Ska") + v1)
    listed = [
        ("ID3v2.3", "TCON", ("Jazz",)),
        ("APEv2", "GENRE", ("Blues", "Ska")),
        ("ID3v1", "genre byte", ("17",)),
    ]
    assert tags.places(path) == ("MP3", tuple(Place(*each) for each in listed))


def test_an_ape_tag_of_131_bytes_is_no_id3v1(mp3: Callable[..., Path]) -> None:
    """Its header, APETAGEX, holds the letters TAG where ID3v1 would begin; its last byte is no genre."""
    tag = ape(Title="x" * (131 - len(ape(Title=""))))
    assert (len(tag), tag[-128:-125]) == (131, b"TAG")
    path = mp3(behind=tag)
    assert tags.read(path) == ()
    writing.write(path, ["Rock"])
    assert path.read_bytes().endswith(tag)


def test_a_damaged_ape_tag_keeps_the_file_as_it_is(mp3: Callable[..., Path]) -> None:
    """A tag that claims more bytes than there are is neither trusted nor written, and ID3v2 is not, either."""
    tag = ape(Genre="Blues")
    path = mp3(id3_bytes.full_id3(4), tag[:-20] + b"\xff\xff\xff\x7f" + tag[-16:])
    before = path.read_bytes()
    with pytest.raises(errors.TagError, match="damaged"):
        writing.write(path, ["Rock"])
    assert path.read_bytes() == before


@pytest.mark.parametrize("version", [2, 3, 4])
def test_a_prefix_is_kept_in_step_where_it_names_a_genre(version: int) -> None:
    """An ID3v2 tag in front of another format follows if it has a genre; none is added to it, or created."""
    name = "TCO" if version == 2 else "TCON"
    tagged = io.BytesIO(id3_bytes.full_id3(version, id3_bytes.id3_frame(version, name, b"\0(17)")) + b"fLaC...")
    assert id3.prefix_places(tagged) == (Place(f"ID3v2.{version}", name, ("(17)",)),)
    id3.sync_prefix(tagged, ("Jazz", "Ska"), Manner(joined=True))
    assert id3.prefix_places(tagged) == (Place(f"ID3v2.{version}", name, ("Jazz; Ska",)),)
    assert tagged.getvalue().endswith(b"\0fLaC...")
    for start in (id3_bytes.full_id3(version), b""):
        file = io.BytesIO(start + b"fLaC...")
        id3.sync_prefix(file, ("Jazz",), Manner())
        assert file.getvalue() == start + b"fLaC..."


def test_a_prefix_that_cannot_follow_stays(mp3: Callable[..., Path]) -> None:
    """Where the genre cannot be stored in the tag, not a byte changes."""
    file = io.BytesIO(id3_bytes.id3_tag(3, JAZZ) + b"fLaC...")
    before = file.getvalue()
    with pytest.raises(NotStorableError):
        id3.sync_prefix(file, ("Rock; Pop",), Manner())
    assert file.getvalue() == before
