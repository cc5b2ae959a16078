"""Genres in ASF: which attributes change, where further ones go, and how the header keeps its size."""

import struct
from collections.abc import Callable, Sequence
from pathlib import Path

import mutagen.asf
import pytest

from tagger import errors
from tagger.sinks import tags
from tagger.sinks.tags import fields
from tagger.sinks.tags.interface import Place
from tests.sinks import more_cases, writing
from tests.sinks.more_cases import EXTENDED, EXTENSION, LIBRARY, METADATA, listed, long, short, wide


@pytest.fixture
def wma(encoded: Callable[[str], bytes], tmp_path: Path) -> Callable[..., Path]:
    """Makes an ASF file with attributes in its three places, and padding."""

    def make(
        extended: Sequence[bytes] = (), metadata: Sequence[bytes] = (), library: Sequence[bytes] = ()
    ) -> Path:
        path = tmp_path / "a.wma"
        path.write_bytes(encoded("ASF (WMA)"))
        objects = [(EXTENDED, listed(*extended)), (METADATA, listed(*metadata)), (LIBRARY, listed(*library))]
        more_cases.asf_tagged(room=500, attributes=dict(objects))(path)
        return path

    return make


def attributes(path: Path) -> dict[bytes, bytes]:
    """The contents of the objects that hold attributes."""
    objects = dict(more_cases.asf_parts(path)[1])
    inside = dict(more_cases.asf_split(objects[EXTENSION][22:]))
    return {EXTENDED: objects[EXTENDED], **{guid: inside[guid] for guid in (METADATA, LIBRARY)}}


def test_attributes_keep_their_bytes_and_order(wma: Callable[..., Path]) -> None:
    """The first genre takes place and spelling of the one that was there, further ones go to the library."""
    rest = [short("Bool", struct.pack("<I", 5), 2), short("Title", wide("A")), short("Title", wide("B"))]
    foreign = long("Bits", b"\1\2", 9, language=3)
    path = wma(
        [rest[0], short("wm/GENRE", wide("Old")), *rest[1:], short("WM/GenreID", wide("(17)"))],
        [long("WM/Genre", wide("Older"), stream=1), foreign],
        [foreign, long("WM/Genre", wide("Oldest")), foreign],
    )
    assert tags.read(path) == ("Old", "Older", "Oldest")
    writing.write(path, ["New", "Newer", "Newest"])
    assert attributes(path) == {
        EXTENDED: listed(rest[0], short("wm/GENRE", wide("New")), *rest[1:]),
        METADATA: listed(foreign),
        LIBRARY: listed(foreign, long("wm/GENRE", wide("Newer")), long("wm/GENRE", wide("Newest")), foreign),
    }


def test_mutagen_agrees(wma: Callable[..., Path]) -> None:
    """The library reads all genres from where they stand, and the number that said less is gone."""
    path = wma([short("WM/GenreID", wide("(17)"))])
    writing.write(path, ["R&B/Soul", "Жанр 🎷", "x" * 40_000, "Rock"])
    assert list(map(str, mutagen.asf.ASF(path)["WM/Genre"])) == list(tags.read(path))
    assert "WM/GenreID" not in mutagen.asf.ASF(path)


def test_a_text_too_long_for_one_object_goes_to_the_other(wma: Callable[..., Path]) -> None:
    """Texts of more than 65,535 bytes stand in the library, and so do all behind them, to keep their order."""
    path = wma()
    writing.write(path, ["x" * 40_000, "Rock"])
    assert attributes(path)[EXTENDED] == listed()
    assert tags.read(path) == ("x" * 40_000, "Rock")


def test_places(wma: Callable[..., Path]) -> None:
    """The genre and its number are listed; the number counts where it stands alone, and goes with a write."""
    path = wma([short("WM/GenreID", wide("(17)")), short("WM/Genre", b"\1\0\0\0", 3)])
    number = Place("ASF", "WM/GenreID", ("(17)",))
    assert tags.places(path) == ("ASF (WMA)", (number,))
    assert tags.read(path) == ("Rock",)
    writing.write(path, ["Rock", "Pop"])
    assert tags.places(path) == ("ASF (WMA)", (Place("ASF", "WM/Genre", ("Rock", "Pop")),))


def test_other_fields_have_names_of_their_own(wma: Callable[..., Path]) -> None:
    """Style, grouping and the user's own names are attributes; the genre and its number are left alone."""
    number = short("WM/GenreID", wide("(17)"))
    path = wma([short("mOOd", wide("calm")), number])
    own = fields.Field("MOOD", custom=True)
    wanted = {fields.STYLE: ["Bop"], fields.GROUPING: ["Set"], own: ["wild", "loud"]}
    assert writing.write(path, more=wanted)
    assert {field: tags.read(path, field) for field in wanted} == {k: tuple(v) for k, v in wanted.items()}
    expected = [short("mOOd", wide("wild")), number, short("WM/Style", wide("Bop"))]
    assert attributes(path)[EXTENDED] == listed(*expected, short("WM/ContentGroupDescription", wide("Set")))
    assert attributes(path)[LIBRARY] == listed(long("mOOd", wide("loud")))


def test_padding_is_used_and_sizes_are_right(wma: Callable[..., Path]) -> None:
    """Within the padding the file keeps its size; beyond, it says its new one, and its data is found behind."""
    path = wma()
    n_bytes = path.stat().st_size
    for n_letters in (1, 100, 200, 3):
        writing.write(path, ["x" * n_letters])
        assert path.stat().st_size == n_bytes
    writing.write(path, ["x" * 1000])
    properties = dict(more_cases.asf_parts(path)[1])[more_cases.FILE_PROPERTIES]
    assert path.stat().st_size == int.from_bytes(properties[16:24], "little") > n_bytes


def test_a_signed_header_is_not_changed(wma: Callable[..., Path]) -> None:
    """A header with a digital signature, which any change would break, is refused."""
    path = wma()
    signature = bytes.fromhex("fcb3112223bdd211b4b700a0c955fc6e")
    path.write_bytes(path.read_bytes().replace(more_cases.PADDING, signature))
    before = path.read_bytes()
    with pytest.raises(errors.UntaggableError, match="signed"):
        writing.write(path, ["Rock"])
    assert path.read_bytes() == before
