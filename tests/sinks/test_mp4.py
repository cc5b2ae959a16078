"""Genres in MP4: which items change, where the room comes from, and what points into the file."""

import struct
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import mutagen.mp4
import pytest

from tagger import errors
from tagger.sinks import tags
from tagger.sinks.tags import fields
from tagger.sinks.tags.interface import Place
from tests.sinks import more_cases, writing
from tests.sinks.more_cases import ITEMS, box, free_form, split, text


@pytest.fixture
def m4a(encoded: Callable[[str], bytes], tmp_path: Path) -> Callable[..., Path]:
    """Makes an MP4 file with items."""

    def make(*items: bytes, room: int = 0, tail: bytes = b"") -> Path:
        path = tmp_path / "a.m4a"
        path.write_bytes(encoded("MP4"))
        more_cases.with_items(*items, room=room, tail=tail)(path)
        return path

    return make


def child(data: bytes, *way: bytes) -> bytes:
    """What is in a box, found along a way of names."""
    for name in way:
        data = dict(split(data))[name][4 if name == b"meta" else 0 :]
    return data


def items(path: Path) -> list[bytes]:
    """The items of a file, as bytes."""
    return [box(*each) for each in split(child(path.read_bytes(), b"moov", b"udta", b"meta", b"ilst"))]


def test_items_keep_their_bytes_and_order(m4a: Callable[..., Path]) -> None:
    """The genre takes the place of the first item that names one; `gnre` goes, and all others are as before."""
    path = m4a(*ITEMS)
    assert tags.read(path) == ("Old", "Older")
    writing.write(path, ["New", "Newer"])
    expected = [each for each in ITEMS if each[4:8] != b"\xa9gen"]
    assert items(path) == [
        box(b"\xa9gen", text("New", "Newer")) if b"gnre" in each else each for each in expected
    ]
    assert mutagen.mp4.MP4(path)["\xa9gen"] == ["New", "Newer"]


def gnre(number: int) -> bytes:
    """The item with a number of ID3v1, and one more."""
    return box(b"gnre", box(b"data", bytes(8), struct.pack(">H", number)))


@pytest.mark.parametrize(
    ("inside", "genres", "places"),
    [
        ([], (), []),
        ([gnre(18)], ("Rock",), [("gnre", ("18",))]),
        ([gnre(0)], (), [("gnre", ("0",))]),
        ([gnre(999)], (), [("gnre", ("999",))]),
        ([gnre(18), box(b"\xa9gen", text("", " "))], ("Rock",), [("gnre", ("18",))]),
        ([gnre(18), box(b"\xa9gen", text("Jazz"))], ("Jazz",), [("\xa9gen", ("Jazz",)), ("gnre", ("18",))]),
        ([box(b"\xa9gen", text("Jazz", kind=0))], ("Jazz",), [("\xa9gen", ("Jazz",))]),
        ([box(b"\xa9gen", box(b"data", b"\0\0\0\2" + bytes(4) + b"\x04\x16"))], ("Ж",), [("\xa9gen", ("Ж",))]),
        ([box(b"\xa9gen", text("A")), box(b"\xa9gen", text("B"))], ("A", "B"), [("\xa9gen", ("A", "B"))]),
    ],
)
def test_every_way_to_name_a_genre_is_read(
    m4a: Callable[..., Path], inside: Sequence[bytes], genres: tuple[str, ...], places: list[tuple[str, ...]]
) -> None:
    """Texts of any encoding count first, then ID3v1's number by its name; both are listed as places."""
    path = m4a(*inside)
    assert tags.read(path) == genres
    assert tags.places(path) == ("MP4", tuple(Place("MP4", *place) for place in places))


def test_numbers_of_other_programs_go(encoded: Callable[[str], bytes], tmp_path: Path) -> None:
    """A genre that AtomicParsley wrote as a number is read by its name, and does not stay behind another."""
    path = tmp_path / "a.m4a"
    path.write_bytes(encoded("MP4"))
    more_cases.run("AtomicParsley", path, "--genre", "Rock", "--title", "One", "--overWrite")
    assert tags.places(path)[1] == (Place("MP4", "gnre", ("18",)),)
    assert tags.read(path) == ("Rock",)
    writing.write(path, ["Jazz"])
    assert tags.places(path)[1] == (Place("MP4", "\xa9gen", ("Jazz",)),)


def test_other_fields_have_items_of_their_own(m4a: Callable[..., Path]) -> None:
    """Style and names of the user's own are free-form items; a spelling that is there stays."""
    path = m4a(
        free_form("mOOd", text("calm"), flags=b"\0\0\0\1"), free_form("Mood", text("x"), mean="org.example")
    )
    own = fields.Field("MOOD", custom=True)
    wanted = {fields.STYLE: ["Bop"], fields.GROUPING: ["Set", "Box"], own: ["wild", "loud"]}
    assert writing.write(path, more=wanted)
    assert {field: tags.read(path, field) for field in wanted} == {k: tuple(v) for k, v in wanted.items()}
    assert not writing.write(path, more=wanted)
    assert items(path) == [
        free_form("mOOd", text("wild", "loud"), flags=b"\0\0\0\1"),
        free_form("Mood", text("x"), mean="org.example"),
        free_form("STYLE", text("Bop")),
        box(b"\xa9grp", text("Set", "Box")),
    ]


@pytest.mark.parametrize("case", ["MP4, with room", "MP4, moov first, with room"])
def test_room_is_used(sample: Callable[[str], Path], case: str) -> None:
    """Free space beside the items, or between `moov` and the audio, is used, and nothing behind it moves."""
    path = sample(case)
    before = path.read_bytes()
    audio = before.index(b"mdat")
    for n_letters in (1, 300, 500, 3):
        writing.write(path, ["x" * n_letters])
        assert len(path.read_bytes()) == len(before)
        assert path.read_bytes().index(b"mdat") == audio
    writing.write(path, ["x" * 5000])
    assert len(path.read_bytes()) > len(before)


@pytest.mark.parametrize("n_letters", range(12))
def test_any_remainder_of_room_is_well(m4a: Callable[..., Path], n_letters: int) -> None:
    """Room of which fewer bytes would be left than a box needs is not used; the boxes always fit together."""
    path = m4a(box(b"\xa9gen", text("x" * 10)), tail=bytes(4))
    writing.write(path, ["y" * n_letters or "z"])
    assert child(path.read_bytes(), b"moov", b"udta", b"XTRA") == b"\x01\xff"
    assert path.read_bytes().endswith(bytes(4))


def with_wide_offsets(path: Path) -> None:
    """Give a file a table of 64-bit chunk offsets, and `moov` a 64-bit size."""
    data = path.read_bytes()
    moov_at, stco_at = data.index(b"moov") - 4, data.index(b"stco") - 4
    (n_chunks,) = struct.unpack_from(">I", data, stco_at + 12)
    offsets = struct.unpack_from(f">{n_chunks}I", data, stco_at + 16)
    growth = 4 * n_chunks + 8
    table = struct.pack(">II", 0, n_chunks) + struct.pack(f">{n_chunks}Q", *(each + growth for each in offsets))
    patched = bytearray(data[:stco_at] + box(b"co64", table) + data[stco_at + 16 + 4 * n_chunks :])
    for name in (b"trak", b"mdia", b"minf", b"stbl"):
        at = patched.index(name) - 4
        patched[at : at + 4] = struct.pack(">I", int.from_bytes(patched[at : at + 4], "big") + 4 * n_chunks)
    size = int.from_bytes(patched[moov_at : moov_at + 4], "big") + growth
    patched[moov_at : moov_at + 8] = struct.pack(">I4sQ", 1, b"moov", size)
    path.write_bytes(patched)


def test_wide_offsets_and_sizes(sample: Callable[[str], Path], audio_hash: Callable[[Path], str]) -> None:
    """Chunk offsets and sizes of 64 bits are corrected as those of 32 are."""
    path = sample("MP4, moov first")
    before = audio_hash(path)
    with_wide_offsets(path)
    assert audio_hash(path) == before
    writing.write(path, ["x" * 5000])
    assert audio_hash(path) == before
    assert tags.read(path) == ("x" * 5000,)


def test_the_index_of_fragments_stays_right(sample: Callable[[str], Path]) -> None:
    """Where fragments move, the base of their offsets and their index move with them."""
    path = sample("MP4, fragmented")
    writing.write(path, ["x" * 5000])
    data = path.read_bytes()
    tfra = child(data, b"mfra", b"tfra")
    width, n_entries = 8 if tfra[0] else 4, int.from_bytes(tfra[12:16], "big")
    n_entry = (len(tfra) - 16) // n_entries
    starts = [tfra[16 + n * n_entry :][width : 2 * width] for n in range(n_entries)]
    assert n_entries > 1
    assert all(data[int.from_bytes(start, "big") + 4 :].startswith(b"moof") for start in starts)


def test_a_foreign_tag_at_the_end_stays(m4a: Callable[..., Path]) -> None:
    """What stands behind the last box, such as an ID3v1 tag, is kept."""
    path = m4a(*ITEMS)
    path.write_bytes(path.read_bytes() + more_cases.V1 + b"\1")
    writing.write(path, ["Rock"])
    assert path.read_bytes().endswith(more_cases.V1 + b"\1")


def test_items_are_found_in_second_user_data(m4a: Callable[..., Path]) -> None:
    """Where other user data comes first, the items are changed where they are."""
    path = m4a(*ITEMS)
    *others, (name, moov) = split(path.read_bytes())
    inside = [box(*each) for each in split(moov)]
    moov = b"".join([*inside[:-1], box(b"udta", box(b"loci", b"here")), inside[-1]])
    path.write_bytes(b"".join(box(*each) for each in others) + box(name, moov))
    before = more_cases.mp4_others(path)
    writing.write_unproven(path, ["x" * 5000])
    assert tags.read(path) == ("x" * 5000,)
    assert more_cases.mp4_others(path) == before
    assert path.read_bytes().count(b"ilst") == 1


def quicktime(path: Path) -> None:
    """User data of QuickTime."""
    more_cases.ffmpeg(path, "-map", "0:a", "-c", "copy", "-metadata", "genre=Old", suffix="mov")
    path.write_bytes(path.read_bytes().replace(b"ftypqt  ", b"ftypM4A ", 1))


def keyed(path: Path) -> None:
    """Metadata of QuickTime, with names of its own."""
    *others, (name, moov) = split(path.read_bytes())
    keys = box(b"keys", struct.pack(">II", 0, 1), box(b"mdta", b"com.apple.quicktime.genre"))
    meta = box(b"meta", box(b"hdlr", bytes(8), b"mdta", bytes(13)), keys)
    path.write_bytes(b"".join(box(*each) for each in others) + box(name, moov, meta))


def listed_twice(path: Path) -> None:
    """A second list of items, in `moov` itself."""
    *others, (name, moov) = split(path.read_bytes())
    meta = box(b"meta", bytes(4), box(b"hdlr", bytes(8), b"mdir", bytes(13)), box(b"ilst", gnre(18)))
    path.write_bytes(b"".join(box(*each) for each in others) + box(name, moov, meta))


def foreign(path: Path) -> None:
    """Metadata of another handler."""
    path.write_bytes(path.read_bytes().replace(b"mdirappl", b"ID32appl"))


def pointed_at(path: Path) -> None:
    """An index of offsets that nothing here knows how to correct."""
    path.write_bytes(path.read_bytes().replace(b"stsz", b"saio", 1))


def nearly_full(path: Path) -> None:
    """A chunk at the end of what 32 bits can tell."""
    data = path.read_bytes()
    at = data.index(b"stco") + 12
    path.write_bytes(data[:at] + b"\xff\xff\xff\xf0" + data[at + 4 :])


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (quicktime, "QuickTime or 3GPP"),
        (keyed, "QuickTime metadata"),
        (listed_twice, "second list"),
        (foreign, "not of the kind"),
        (pointed_at, "cannot be corrected"),
        (nearly_full, "too large"),
    ],
)
def test_what_cannot_be_kept_right_is_refused(
    sample: Callable[[str], Path], damage: Callable[[Path], None], reason: str
) -> None:
    """A file in which a genre, or a pointer to the audio, would be left wrong is not changed."""
    path = sample("MP4, tagged")
    damage(path)
    before = path.read_bytes()
    with pytest.raises(errors.UntaggableError, match=reason):
        writing.write(path, ["x" * 5000])
    assert path.read_bytes() == before


def test_films_and_chapters_stay(ffmpeg: str, tmp_path: Path) -> None:
    """Packets of all streams are the same before and after, and so are the chapters, which are a stream too."""
    path, chapters = tmp_path / "a.mp4", tmp_path / "chapters.txt"
    marks = [
        "[CHAPTER]\nTIMEBASE=1/10\nSTART=0\nEND=4\ntitle=A",
        "[CHAPTER]\nTIMEBASE=1/10\nSTART=4\nEND=9\ntitle=B",
    ]
    chapters.write_text("\n".join([";FFMETADATA1", *marks]))
    sources = ["-f", "lavfi", "-i", "testsrc=d=1:s=64x64:r=10", "-f", "lavfi", "-i", "sine=d=1"]
    options = [
        "-i",
        str(chapters),
        "-map_chapters",
        "2",
        "-c:v",
        "mpeg4",
        "-movflags",
        "+faststart",
        "-bitexact",
    ]
    subprocess.run([ffmpeg, "-v", "error", *sources, *options, path], check=True)
    packets = [ffmpeg, "-v", "error", "-i", path, "-map", "0", "-c", "copy", "-f", "streamhash", "-"]
    titles = ["ffprobe", "-v", "error", "-show_chapters", path]

    def shown() -> list[bytes]:
        return [subprocess.run(each, check=True, capture_output=True).stdout for each in (packets, titles)]

    before = shown()
    assert b"title=B" in before[1]
    writing.write(path, ["x" * 5000])
    assert shown() == before
