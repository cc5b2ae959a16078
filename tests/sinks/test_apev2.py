"""Genres in APEv2: what stands before and behind the tag, what must survive in it, and what is refused."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import mutagen.apev2
import pytest

from tagger import errors
from tagger.sinks import tags
from tagger.sinks.tags import fields
from tagger.sinks.tags.interface import Manner, Place
from tests.sinks import id3_bytes, writing
from tests.sinks.more_cases import APE_ITEMS, LYRICS, MONKEY, V1, ape_item, ape_tag

READ_ONLY = 1


@pytest.fixture
def ape(tmp_path: Path) -> Callable[..., Path]:
    """Makes a file of Monkey's Audio with bytes in front of and behind its audio."""

    def make(*behind: bytes, in_front: bytes = b"") -> Path:
        path = tmp_path / "a.ape"
        path.write_bytes(in_front + MONKEY + b"".join(behind))
        return path

    return make


@pytest.mark.parametrize(
    "behind", [b"", V1 + b"\0", LYRICS + V1 + b"\0"], ids=["", "ID3v1", "Lyrics3 and ID3v1"]
)
@pytest.mark.parametrize("has_header", [True, False])
def test_items_keep_their_bytes_and_order(ape: Callable[..., Path], has_header: bool, behind: bytes) -> None:
    """The genre changes where it stands; items, their flags, the header and what is behind the tag do not."""
    path = ape(ape_tag(*APE_ITEMS, has_header=has_header), behind)
    assert tags.read(path) == ("Old", "Older")
    writing.write(path, ["Rock", "Жанр"])
    expected = [
        each if b"GENRE" not in each else ape_item("GENRE", "Rock\0Жанр".encode()) for each in APE_ITEMS
    ]
    in_step = behind[:-1] + b"\x11" if behind else b""
    assert path.read_bytes() == MONKEY + ape_tag(*expected, has_header=has_header) + in_step


def test_a_new_tag_takes_over_what_id3v1_says(ape: Callable[..., Path]) -> None:
    """Where players found title and artist in ID3v1, they find them in the new tag, and the old one is kept."""
    path = ape(V1 + b"\x08")
    assert tags.read(path) == ("Jazz",)
    writing.write(path, ["Rock"])
    items = [ape_item("Title", b"Old title"), ape_item("Artist", b"Old artist"), ape_item("Year", b"1987")]
    assert path.read_bytes() == MONKEY + ape_tag(*items, ape_item("Genre", b"Rock")) + V1 + b"\x11"


def test_the_library_agrees(ape: Callable[..., Path]) -> None:
    """In a new tag, mutagen reads every genre."""
    path = ape()
    writing.write(path, ["R&B/Soul", "Жанр 🎷"])
    assert list(mutagen.apev2.APEv2(path)["genre"]) == ["R&B/Soul", "Жанр 🎷"]


def test_every_genre_is_a_place_and_kept_in_step(ape: Callable[..., Path]) -> None:
    """Items under any spelling, ID3v1 and ID3v2 in front are listed, and name the same genre afterwards."""
    id3 = id3_bytes.id3_tag(4, id3_bytes.id3_frame(4, "TCON", b"\0Metal"))
    items = [ape_item("GENRE", b"A\0B"), ape_item("Genre", b"C"), ape_item("genre", b"binary", 2)]
    path = ape(ape_tag(*items), V1 + b"\x08", in_front=id3)
    listed = [Place("APEv2", "GENRE", ("A", "B")), Place("APEv2", "Genre", ("C",))]
    listed += [Place("ID3v1", "genre byte", ("8",)), Place("ID3v2.4", "TCON", ("Metal",))]
    assert tags.places(path) == ("Monkey's Audio", tuple(listed))
    writing.write_unproven(path, ["Rock" * 99, "Pop"])
    values = [place.values for place in tags.places(path)[1]]
    assert values == [("Rock" * 99, "Pop"), ("Rock" * 99, "Pop")]


def test_other_fields_have_items_of_their_own(ape: Callable[..., Path]) -> None:
    """Style, grouping and the user's own names are items; a spelling that is there stays."""
    path = ape(ape_tag(ape_item("mOOd", b"calm"), ape_item("Title", b"One")))
    own = fields.Field("MOOD", custom=True)
    wanted = {fields.STYLE: ["Bop"], fields.GROUPING: ["Set"], own: ["wild", "loud"]}
    writing.write(path, more=wanted)
    assert {field: tags.read(path, field) for field in wanted} == {k: tuple(v) for k, v in wanted.items()}
    items = [ape_item("mOOd", b"wild\0loud"), ape_item("Title", b"One"), ape_item("Style", b"Bop")]
    assert path.read_bytes() == MONKEY + ape_tag(*items, ape_item("Grouping", b"Set"))


@pytest.mark.parametrize(
    ("tag", "reason"),
    [
        (ape_tag(ape_item("Genre", b"Old"), version=1000, has_header=False), "APEv1"),
        (ape_tag(ape_item("Genre", b"Old"), flags=READ_ONLY), "marked as not to be changed"),
        (ape_tag(ape_item("Genre", b"Old", READ_ONLY)), "marked as not to be changed"),
    ],
)
def test_what_is_not_to_be_changed_is_refused(ape: Callable[..., Path], tag: bytes, reason: str) -> None:
    """A tag of version 1, or one that says it is read-only, is read and left alone, with all tags beside it."""
    id3 = id3_bytes.id3_tag(4, id3_bytes.id3_frame(4, "TCON", b"\0Metal"))
    path = ape(tag, V1 + b"\x08", in_front=id3)
    before = path.read_bytes()
    assert tags.read(path) == ("Old",)
    with pytest.raises(errors.UntaggableError, match=reason):
        writing.write(path, ["Rock"])
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["X", "TAG", "id3", "OggS", "MP+"])
def test_names_that_are_no_keys_are_refused(ape: Callable[..., Path], name: str) -> None:
    """Names that APEv2 reserves, or finds too short, are an error."""
    path = ape()
    with pytest.raises(errors.TagError, match="no item"):
        writing.write(path, more={fields.Field(name, custom=True): ["x"]})
    assert path.read_bytes() == MONKEY


def test_joined_genres_are_one_value(ape: Callable[..., Path]) -> None:
    """For players that show only one value, genres are joined on wish."""
    path = ape()
    writing.write(path, ["Rock", "Pop"], Manner(joined=True, separator=" / "))
    assert tags.read(path) == ("Rock / Pop",)


@pytest.mark.parametrize(
    ("case", "suffix", "command"),
    [
        ("WavPack, RIFF header", "wv", ["wvunpack", "-q", "-y", "-o"]),
        ("WavPack, hybrid", "wv", ["wvunpack", "-q", "-y", "-o"]),
        ("Musepack", "mpc", ["mpcdec"]),
    ],
)
def test_reference_decoders_find_the_audio_whole(
    sample: Callable[[str], Path], tmp_path: Path, case: str, suffix: str, command: list[str]
) -> None:
    """The reference program decodes the same before and after."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    path, wav, decoded = sample(case).rename(tmp_path / f"sample.{suffix}"), tmp_path / "a.wav", []
    for genres in (["First"], ["Rock"], ["Pop", "Jazz" * 999]):
        ends = [wav, path] if "-o" in command else [path, wav]
        subprocess.run([*command, *ends], check=True, capture_output=True)
        decoded.append(wav.read_bytes())
        assert writing.write(path, genres)
    assert decoded[0] == decoded[1] == decoded[2]
