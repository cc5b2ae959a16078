"""Files to write genres into: MP4, ASF and APEv2, made by hand where no program makes what must stay."""

import base64
import shutil
import struct
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8 + b"\xff\x00\xff\xe0"
TONE = ["-f", "lavfi", "-i", "aevalsrc=sin(440*2*PI*t)*0.5+random(0)*0.1:s=44100:d=0.5", "-bitexact"]


def run(*command: str | Path) -> None:
    """Run a program, or skip the test where it is not installed."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    subprocess.run(command, check=True, capture_output=True)


def ffmpeg(path: Path, *options: str, suffix: str = "m4a") -> None:
    """Replace a file by what ffmpeg makes of it."""
    made = path.with_name(f"made.{suffix}")
    run("ffmpeg", "-v", "error", "-y", "-i", path, "-bitexact", *options, made)
    made.replace(path)


# MP4

CONTAINER_BOXES = {b"moov", b"udta", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf", b"meta", b"ilst"}


def box(name: bytes, *data: bytes) -> bytes:
    """A box of MP4 around data."""
    return struct.pack(">I4s", sum(map(len, data)) + 8, name) + b"".join(data)


def text(*values: str, kind: int = 1) -> bytes:
    """Boxes `data` with texts."""
    return b"".join(box(b"data", struct.pack(">II", kind, 0), value.encode()) for value in values)


def split(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Names and contents of the boxes in data, one after the other."""
    while len(data) >= 8:
        size, name = struct.unpack(">I4s", data[:8])
        size = size or len(data)
        yield name, data[8:size]
        data = data[size:]


def free_form(name: str, *data: bytes, mean: str = "com.apple.iTunes", flags: bytes = bytes(4)) -> bytes:
    """A free-form item of MP4."""
    return box(b"----", box(b"mean", flags, mean.encode()), box(b"name", flags, name.encode()), *data)


ITEMS = [
    box(b"\xa9nam", text("Títle")),
    box(b"\xa9ART", text("One", "Two")),
    box(b"\xa9day", text("1999")),
    box(b"\xa9day", text("2001", kind=0)),
    box(b"gnre", box(b"data", bytes(8), b"\0\x12")),
    box(b"trkn", box(b"data", bytes(8), struct.pack(">4H", 0, 3, 9, 7))),
    box(b"disk", box(b"data", bytes(8), struct.pack(">3H", 0, 1, 2))),
    box(b"tmpo", box(b"data", struct.pack(">II", 21, 0), b"\0\0\0\x80")),
    box(b"covr", box(b"data", struct.pack(">II", 14, 0), PICTURE), box(b"name", b"a.png"), text("", kind=27)),
    box(b"\xa9gen", text("Old", "Older")),
    free_form("MOOD", text("calm"), box(b"data", struct.pack(">II", 0, 5), b"\xff\x00")),
    free_form("private", text("mine"), mean="org.example", flags=b"\0\0\0\x07"),
    box(b"xyz ", b"\xff\xfe not boxes at all"),
    box(b"aART", text("Both"), box(b"data", struct.pack(">II", 2, 0), "Both".encode("utf-16-be"))),
]
CHAPTERS = box(b"chpl", struct.pack(">IIB", 1, 0, 1), struct.pack(">QB", 0, 5), b"Start")


def with_items(*items: bytes, room: int = 0, tail: bytes = b"") -> Callable[[Path], None]:
    """Give a file whose `moov` is its last box new user data: items, room beside them, and other things."""

    def tag(path: Path) -> None:
        *others, (name, moov) = split(path.read_bytes())
        assert name == b"moov"
        hdlr = box(b"hdlr", bytes(8), b"mdirappl", bytes(9))
        meta = box(b"meta", bytes(4), hdlr, box(b"ilst", *items), box(b"free", bytes(room)) if room else b"")
        udta = box(b"udta", CHAPTERS, meta, box(b"XTRA", b"\x01\xff"), tail)
        kept = [box(*each) for each in split(moov) if each[0] != b"udta"]
        path.write_bytes(b"".join(box(*each) for each in others) + box(b"moov", *kept, udta))

    return tag


def moov_first(room: int = 0) -> Callable[[Path], None]:
    """Put `moov` with all items before the audio, and room between them."""

    def tag(path: Path) -> None:
        with_items(*ITEMS)(path)
        *others, (_, moov) = split(path.read_bytes())
        moved = len(moov) + 8 + (room + 8 if room else 0)
        place = moov.index(b"stco") + 4
        n_chunks = int.from_bytes(moov[place + 4 : place + 8], "big")
        offsets = struct.unpack_from(f">{n_chunks}I", moov, place + 8)
        table = struct.pack(f">{n_chunks}I", *(offset + moved for offset in offsets))
        moov = moov[: place + 8] + table + moov[place + 8 + len(table) :]
        ftyp, *rest = (box(*each) for each in others)
        path.write_bytes(
            ftyp + box(b"moov", moov) + (box(b"free", bytes(room)) if room else b"") + b"".join(rest)
        )

    return tag


def mp4_others(path: Path) -> Any:
    """All boxes and items but genres, free space, audio, offsets into it, and the handler that items need."""

    def leaves(data: bytes, way: tuple[bytes, ...]) -> Iterator[tuple[tuple[bytes, ...], bytes]]:
        for name, inside in split(data):
            if name in {b"free", b"mdat", b"stco", b"mfra", b"\xa9gen", b"gnre"} or b"mdir" in inside[8:12]:
                continue
            if name in CONTAINER_BOXES:
                yield from leaves(inside[4:] if name == b"meta" else inside, (*way, name))
            else:
                yield (*way, name), inside[:8] if name == b"tfhd" else inside

    return list(leaves(path.read_bytes(), ()))


# ASF

HEADER = UUID("75b22630-668e-11cf-a6d9-00aa0062ce6c").bytes_le
FILE_PROPERTIES = UUID("8cabdca1-a947-11cf-8ee4-00c00c205365").bytes_le
EXTENSION = UUID("5fbf03b5-a92e-11cf-8ee3-00c00c205365").bytes_le
EXTENDED = UUID("d2d0a440-e307-11d2-97f0-00a0c95ea850").bytes_le
METADATA = UUID("c5f8cbea-5baf-4877-8467-aa8c44fa4cca").bytes_le
LIBRARY = UUID("44231c94-9498-49d1-a141-1d134e457054").bytes_le
PADDING = UUID("1806d474-cadf-4509-a4ba-9aabcb96aae8").bytes_le


def asf_object(guid: bytes, data: bytes) -> bytes:
    """An object of ASF."""
    return guid + struct.pack("<Q", len(data) + 24) + data


def asf_split(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The objects in data."""
    while data:
        size = int.from_bytes(data[16:24], "little")
        yield data[:16], data[24:size]
        data = data[size:]


def short(name: str, value: bytes, kind: int = 0) -> bytes:
    """An attribute of the Extended Content Description."""
    wide = name.encode("utf-16-le") + b"\0\0"
    return struct.pack("<H", len(wide)) + wide + struct.pack("<HH", kind, len(value)) + value


def long(name: str, value: bytes, kind: int = 0, language: int = 0, stream: int = 0) -> bytes:
    """An attribute of the Metadata object or the Metadata Library."""
    wide = name.encode("utf-16-le") + b"\0\0"
    return struct.pack("<HHHHI", language, stream, len(wide), kind, len(value)) + wide + value


def wide(value: str) -> bytes:
    """A text in an attribute."""
    return value.encode("utf-16-le") + b"\0\0"


def listed(*attributes: bytes) -> bytes:
    """The content of an object that holds attributes."""
    return struct.pack("<H", len(attributes)) + b"".join(attributes)


SHORT = [
    short("WM/AlbumTitle", wide("Álbum")),
    short("wm/genre", wide("Old")),
    short("WM/Picture", b"\x03" + struct.pack("<I", len(PICTURE)) + wide("image/png") + wide("") + PICTURE, 1),
    short("IsVBR", struct.pack("<I", 5), 2),
    short("Unended", "text".encode("utf-16-le")),
    short("WM/AlbumArtist", wide("One")),
    short("WM/AlbumArtist", wide("Two")),
    short("Odd", b"\x01\x02\x03", 9),
]
DEVICE = long("DeviceConformance", wide("L1"), stream=1)
LONG = [
    long("WM/Genre", wide("Older")),
    long("Title", wide("Titel"), language=1),
    long("WM/MediaClassID", bytes(range(16)), 6),
]


def asf_tagged(room: int = 0, attributes: dict[bytes, bytes] | None = None) -> Callable[[Path], None]:
    """Give a file attributes, of every sort if none are given, and padding in the two places for it."""
    contents = attributes or {EXTENDED: listed(*SHORT), METADATA: listed(DEVICE), LIBRARY: listed(*LONG)}

    def tag(path: Path) -> None:
        head, objects, audio = asf_parts(path)
        room_inside = asf_object(PADDING, bytes(30))
        inside = [asf_object(METADATA, contents[METADATA]), room_inside, asf_object(LIBRARY, contents[LIBRARY])]
        extension = next(data for guid, data in objects if guid == EXTENSION)[:18]
        extension += struct.pack("<I", sum(map(len, inside))) + b"".join(inside)
        new = [asf_object(*each) for each in objects if each[0] not in {EXTENSION, EXTENDED, PADDING}]
        new[1:1] = [asf_object(EXTENSION, extension), asf_object(EXTENDED, contents[EXTENDED])]
        new += [asf_object(PADDING, bytes(room))] if room else []
        size = 30 + sum(map(len, new))
        inner = b"".join(new).replace(
            struct.pack("<Q", path.stat().st_size), struct.pack("<Q", size + len(audio))
        )
        path.write_bytes(head[:16] + struct.pack("<QI", size, len(new)) + b"\x01\x02" + inner + audio)

    return tag


def asf_parts(path: Path) -> tuple[bytes, list[tuple[bytes, bytes]], bytes]:
    """The header's first bytes, its objects, and all behind it."""
    data = path.read_bytes()
    size = int.from_bytes(data[16:24], "little")
    return data[:30], list(asf_split(data[30:size])), data[size:]


def asf_others(path: Path) -> Any:
    """All objects and attributes but genres, padding, the file's size, and objects without attributes."""

    def thinned(guid: bytes, data: bytes) -> Any:
        if guid == FILE_PROPERTIES:
            return data[:16] + data[24:]
        if guid == EXTENSION:
            return data[:18], [
                (inner, left) for inner, each in asf_split(data[22:]) if (left := thinned(inner, each))
            ]
        return asf_attributes(guid, data) if guid in {EXTENDED, METADATA, LIBRARY} else data

    parts = asf_parts(path)
    objects = [(guid, thinned(guid, data)) for guid, data in parts[1] if guid != PADDING]
    return [each for each in objects if each[1]]


def asf_attributes(guid: bytes, data: bytes) -> list[bytes]:
    """Attributes as bytes, without genres."""
    found, place = [], 2
    for _ in range(int.from_bytes(data[:2], "little")):
        head = "<H" if guid == EXTENDED else "<HHHHI"
        fields = struct.unpack_from(head, data, place)
        name_at = place + struct.calcsize(head)
        n_name = fields[0] if guid == EXTENDED else fields[2]
        end = name_at + n_name
        end += 4 + int.from_bytes(data[end + 2 : end + 4], "little") if guid == EXTENDED else fields[4]
        name = data[name_at : name_at + n_name].decode("utf-16-le").strip("\0").lower()
        found += [data[place:end]] if not name.startswith("wm/genre") else []
        place = end
    return found


# APEv2

# A fiftieth of a second, made by JMAC 1.74, since no packaged program encodes Monkey's Audio.
MONKEY = base64.b64decode(
    "TUFDIJYPAAA0AAAAGAAAAAQAAAAsAAAAYAEAAAAAAAAAAAAAhp+4IL+SawPteG+61u9GN9AHAAAAIAEAoAAAAAEAAAAQAAEAQB8AAHwAAABS"
    "SUZGZAEAAFdBVkVmbXQgEAAAAAEAAQBAHwAAgD4AAAIAEABkYXRhQAEAAOdLoGI1JgAAq5OjyO1q0+sZxybQc8VG+wDOolrV46wNqOA+hFdR"
    "XJuqLTcnyKXqkvlQuwGJr0ctIOHERMkP7Mdag/D0512Q40u62Ji8eaKg2e9skM1Qv4EY1eQwePEtRRGu1Lt0+SW43+w5+jwYP7mBLGiMbMeM"
    "gFC4JCpUUCDPpFKH8ofVO3ksVWION9KCSAkJ84QUUt/T631RxyUMpPKmCoGzJzJZIR4asccjDQvqkymWMhSqJff+3Q4dO+QcCSN/aDnnZgI0"
    "ZbgbtAOQZ5+ev/5eQjPsOH62P8X6+BMmwC9q05C7WZB1PjWCPmArEkKP+qHRBZY3LynlpNXufbJFtN4JmsW6URBTK8KdTPt4nzlAVPt72l4c"
    "7zOPmaPOzANmcxt7uLhUKcnRrNxRn21ZLzOd2XDBjUQRzxwX/WDzqG8XmS1jpu8ju9nXIKY4sIkjdDUOamdCAAAA5gAAAAA="
)
# One frame whose header is right, and whose music is made up.
MUSEPACK_7 = (
    b"MP+\x07" + struct.pack("<I", 1) + bytes(16) + struct.pack("<I", 4068 << 4) + bytes(range(256)) * 2
)
V1 = b"TAG" + b"Old title".ljust(30, b"\0") + b"Old artist".ljust(30, b"\0") + bytes(30) + b"1987" + bytes(30)


def ape_item(key: str, value: bytes, flags: int = 0) -> bytes:
    """An item of APEv2."""
    return struct.pack("<II", len(value), flags) + key.encode() + b"\0" + value


def ape_tag(*items: bytes, has_header: bool = True, version: int = 2000, flags: int = 0) -> bytes:
    """A tag of APEv2, or of APEv1."""
    body, flags = b"".join(items), flags | (has_header << 31)
    head = b"APETAGEX" + struct.pack("<III", version, len(body) + 32, len(items))
    header = head + struct.pack("<IQ", flags | 1 << 29, 0)
    return (header if has_header else b"") + body + head + struct.pack("<IQ", flags, 0)


APE_ITEMS = [
    ape_item("title", "Títle".encode()),
    ape_item("Artist", b"One\0Two"),
    ape_item("GENRE", b"Old\0Older"),
    ape_item("Cover Art (Front)", b"front.png\0" + PICTURE, 2),
    ape_item("ISRC", b"read-only", 1),
    ape_item("Related", b"http://example.org/", 4),
    ape_item("Comment", b"\xe9 not UTF-8"),
    ape_item("Zz", b""),
]
LYRICS = b"LYRICSBEGININD0000200LYR00003abc"
LYRICS += b"%06dLYRICS200" % len(LYRICS)


def behind(*data: bytes) -> Callable[[Path], None]:
    """Append to a file."""
    return lambda path: path.write_bytes(path.read_bytes() + b"".join(data)) and None


def ape_others(path: Path) -> Any:
    """All items but genres, with flags, in their order, and what else stands behind the audio."""
    data, items = path.read_bytes(), []
    end = data.rfind(b"APETAGEX")
    if end < 0:
        return [], b""
    n_body = int.from_bytes(data[end + 12 : end + 16], "little") - 32
    body = data[end - n_body : end]
    while body:
        n_bytes = body.index(b"\0", 8) + 1 + int.from_bytes(body[:4], "little")
        items += [body[:n_bytes]] if not body[8:].lower().startswith(b"genre\0") else []
        body = body[n_bytes:]
    behind_it = data[end + 32 :]
    return items, behind_it[:-1] if behind_it[-128:].startswith(b"TAG") else behind_it


def musepack(folder: Path) -> bytes:
    """Encode with mpcenc, stream version 8."""
    run("ffmpeg", "-v", "error", *TONE, folder / "a.wav")
    run("mpcenc", "--silent", "--overwrite", folder / "a.wav", folder / "a.mpc")
    return (folder / "a.mpc").read_bytes()


def wavpack(*options: str) -> Callable[[Path], None]:
    """Encode with the reference program, which keeps the header of the WAV file."""

    def make(path: Path) -> None:
        wav = path.with_name("a.wav")
        run("ffmpeg", "-v", "error", "-y", *TONE, wav)
        run("wavpack", "-q", "-y", *options, wav, "-o", path.with_name("a.wv"))
        path.with_name("a.wv").replace(path)

    return make


def _nothing(path: Path) -> None:
    """Leave a file without tags as it is."""


def _sv7(path: Path) -> None:
    path.write_bytes(MUSEPACK_7 + ape_tag(*APE_ITEMS))


def _alac(path: Path) -> None:
    ffmpeg(path, "-c:a", "alac", "-metadata", "title=One", "-metadata", "genre=Old")


def _fragmented(path: Path) -> None:
    ffmpeg(path, "-c", "copy", "-movflags", "frag_keyframe+empty_moov", "-frag_duration", "200000")


CODECS: dict[str, tuple[str, str, list[str]]] = {
    "MP4": ("aac", "m4a", []),
    "ASF (WMA)": ("wmav2", "wma", []),
    "WavPack": ("wavpack", "wv", []),
}
MAKERS: dict[str, Callable[[Path], bytes]] = {
    "Monkey's Audio": lambda folder: MONKEY,
    "Musepack": musepack,
}
CASES: dict[str, tuple[str, Callable[[Path], None]]] = {
    "MP4": ("MP4", _nothing),
    "MP4, tagged": ("MP4", with_items(*ITEMS)),
    "MP4, with room": ("MP4", with_items(*ITEMS, room=900, tail=bytes(4))),
    "MP4, moov first": ("MP4", moov_first()),
    "MP4, moov first, with room": ("MP4", moov_first(room=800)),
    "MP4, fragmented": ("MP4", _fragmented),
    "MP4, ALAC": ("MP4", _alac),
    "ASF": ("ASF (WMA)", _nothing),
    "ASF, tagged": ("ASF (WMA)", asf_tagged()),
    "ASF, with room": ("ASF (WMA)", asf_tagged(room=900)),
    **{kind: (kind, _nothing) for kind in ("Monkey's Audio", "WavPack", "Musepack")},
    **{
        f"{kind}, tagged": (kind, behind(ape_tag(*APE_ITEMS)))
        for kind in ("Monkey's Audio", "WavPack", "Musepack")
    },
    "Musepack SV7, tagged": ("Musepack", _sv7),
    "WavPack, no header, ID3v1": ("WavPack", behind(ape_tag(*APE_ITEMS, has_header=False), V1, b"\1")),
    "Monkey's Audio, Lyrics3 and ID3v1": ("Monkey's Audio", behind(ape_tag(*APE_ITEMS), LYRICS, V1, b"\1")),
    "WavPack, RIFF header": ("WavPack", wavpack()),
    "WavPack, hybrid": ("WavPack", wavpack("-b256", "-c")),
}
NOT_FOR_FFPROBE = frozenset({"WavPack, no header, ID3v1", "Monkey's Audio, Lyrics3 and ID3v1"})
"""Cases whose APEv2 tag ffprobe does not see, since it looks for it at the very end only."""
OTHERS: dict[str, Callable[[Path], Any]] = {
    "MP4": mp4_others,
    "ASF (WMA)": asf_others,
    **dict.fromkeys(("Monkey's Audio", "WavPack", "Musepack"), ape_others),
}
