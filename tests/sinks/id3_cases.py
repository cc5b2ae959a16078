"""Files to write genres into: those with ID3 tags."""

import io
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import mutagen.apev2
import numpy as np

from tests.sinks.id3_bytes import full_id3, id3_frame, id3_tag, id3v1, parsed_id3

CODECS: dict[str, tuple[str, str, list[str]]] = {
    "MP3": ("libmp3lame", "mp3", ["-id3v2_version", "0"]),
    "True Audio": ("tta", "tta", []),
    "AIFF": ("pcm_s16be", "aiff", []),
    "WAV": ("pcm_s16le", "wav", []),
}

INFO_ITEMS = [(b"INAM", b"T\xedtle\0"), (b"IGNR", b"OldInfo\0"), (b"ICMT", b"odd\0 one")]
EXTRA_CHUNKS = [
    (b"bext", b"broadcast".ljust(602, b"\0") + b"A=PCM\r\n"),
    (b"cue ", struct.pack("<I", 1) + struct.pack("<II4sIII", 1, 0, b"data", 0, 0, 9)),
    (b"LIST", b"adtl" + b"labl" + struct.pack("<I", 9) + struct.pack("<I", 1) + b"Mark\0" + b"\0"),
    (b"smpl", bytes(36)),
    (b"junk", b"odd"),
]


def dsd(folder: Path) -> bytes:
    """A DSF file with a tone of 0.2 s in one channel, by a sigma-delta modulator of second order."""
    sample_rate, block_bytes = 64 * 44_100, 4096
    y = 0.4 * np.sin(2 * np.pi * 440 * np.arange(sample_rate // 5) / sample_rate)
    bits, first, second = np.zeros(len(y), np.uint8), 0.0, 0.0
    for place, sample in enumerate(y.tolist()):
        bit = 1.0 if second >= 0 else -1.0
        first += sample - bit
        second += first - bit
        bits[place] = bit > 0
    audio = np.packbits(bits, bitorder="little").tobytes()
    audio += bytes(-len(audio) % block_bytes)
    sizes = struct.pack("<IIIIIIQII", 1, 0, 1, 1, sample_rate, 1, len(y), block_bytes, 0)
    chunks = b"fmt " + struct.pack("<Q", 52) + sizes + b"data" + struct.pack("<Q", 12 + len(audio)) + audio
    return b"DSD " + struct.pack("<QQQ", 28, 28 + len(chunks), 0) + chunks


MAKERS: dict[str, Callable[[Path], bytes]] = {"DSF": dsd}


def chunk(name: bytes, data: bytes, order: Literal["little", "big"] = "little") -> bytes:
    """A chunk of RIFF or IFF."""
    return name + len(data).to_bytes(4, order) + data + bytes(len(data) % 2)


def info(*items: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    """A chunk of texts."""
    return b"LIST", b"INFO" + b"".join(chunk(*item) for item in items)


def with_chunks(
    in_front: list[tuple[bytes, bytes]], behind: list[tuple[bytes, bytes]]
) -> Callable[[Path], None]:
    """Puts chunks in front of and behind the chunk of audio, which is the last one of an untagged file."""

    def tag(path: Path) -> None:
        parts = chunks(path.read_bytes())
        assemble(path, [*parts[:-1], *in_front, parts[-1], *behind])

    return tag


def assemble(path: Path, parts: list[tuple[bytes, bytes]]) -> None:
    """Makes a file anew from chunks."""
    head = path.read_bytes()[:12]
    order: Literal["little", "big"] = "little" if head.startswith(b"RIFF") else "big"
    body = head[8:] + b"".join(chunk(*part, order) for part in parts)
    path.write_bytes(head[:4] + len(body).to_bytes(4, order) + body)


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """Names and contents of the chunks of a file; it fails if they do not fill the file exactly."""
    order: Literal["little", "big"] = "little" if data.startswith(b"RIFF") else "big"
    assert int.from_bytes(data[4:8], order) == len(data) - 8
    return list(_parts(data[12:], order))


def _parts(data: bytes, order: Literal["little", "big"] = "little") -> Iterator[tuple[bytes, bytes]]:
    while data:
        size = int.from_bytes(data[4:8], order)
        assert len(data) >= 8 + size + size % 2
        yield data[:4], data[8 : 8 + size]
        data = data[8 + size + size % 2 :]


def items(data: bytes) -> list[tuple[bytes, bytes]]:
    """Names and contents of the texts in all chunks INFO of a file."""
    lists = [content for name, content in chunks(data) if name == b"LIST" and content.startswith(b"INFO")]
    return [item for content in lists for item in _parts(content[4:])]


def other_frames(tag: bytes) -> Any:
    """All frames of a tag but the genre, and its version if there are any."""
    version, frames = parsed_id3(tag) if tag else (0, [])
    others = [frame for frame in frames if frame[0] not in {"TCON", "TCO"}]
    return others and (version, others)


def _prefixed(path: Path) -> Any:
    data = path.read_bytes()
    try:
        ape = sorted((key, bytes(value)) for key, value in mutagen.apev2.APEv2(io.BytesIO(data)).items())
    except mutagen.apev2.APENoHeaderError:
        ape = []
    tag = data if data.startswith(b"ID3") else b""
    v1 = data[-128:-1] if data[-128:-125] == b"TAG" else b""
    return other_frames(tag), v1, [item for item in ape if item[0] != "Genre"]


def _chunked(path: Path) -> Any:
    data = path.read_bytes()
    tags = [content for name, content in chunks(data) if name in {b"ID3 ", b"id3 "}]
    others = [
        (name, content)
        for name, content in chunks(data)
        if name not in {b"ID3 ", b"id3 "} and not content.startswith(b"INFO")
    ]
    texts = [item for item in items(data) if item[0] != b"IGNR"] if data.startswith(b"RIFF") else []
    return others, texts, [other_frames(tag) for tag in tags if other_frames(tag)]


def _dsf(path: Path) -> Any:
    data = path.read_bytes()
    length, place = struct.unpack("<QQ", data[12:28])
    assert length == len(data)
    return data[28 : place or length], other_frames(data[place:] if place else b"")


OTHERS: dict[str, Callable[[Path], Any]] = {
    "MP3": _prefixed,
    "True Audio": _prefixed,
    "AIFF": _chunked,
    "WAV": _chunked,
    "DSF": _dsf,
}


def nothing(path: Path) -> None:
    """Leave a file without tags as it is."""


def around(in_front: bytes = b"", behind: bytes = b"") -> Callable[[Path], None]:
    """Puts bytes in front of and behind a file."""
    return lambda path: path.write_bytes(in_front + path.read_bytes() + behind) and None


def _ape(path: Path) -> None:
    tags = mutagen.apev2.APEv2()
    tags["Genre"], tags["Title"], tags["Cover Art (Front)"] = "Blues", "Títle", bytes(range(256))
    tags.save(path)


def _three_tags(path: Path) -> None:
    _ape(path)
    around(full_id3(4), id3v1(0))(path)


def _in_dsf(path: Path) -> None:
    data, tag = path.read_bytes(), full_id3(3)
    path.write_bytes(data[:12] + struct.pack("<QQ", len(data) + len(tag), len(data)) + data[28:] + tag)


CASES: dict[str, tuple[str, Callable[[Path], None]]] = {
    "MP3": ("MP3", nothing),
    "MP3, ID3v2.2": ("MP3", around(full_id3(2))),
    "MP3, ID3v2.3": ("MP3", around(full_id3(3))),
    "MP3, ID3v2.4": ("MP3", around(full_id3(4))),
    "MP3, ID3v2.4 with room": ("MP3", around(id3_tag(4, id3_frame(4, "TCON", b"\0Old"), padding=500))),
    "MP3, ID3v2.2 and ID3v1": ("MP3", around(full_id3(2), id3v1(0))),
    "MP3, ID3v2.3 and ID3v1": ("MP3", around(full_id3(3), id3v1(0))),
    "MP3, ID3v1": ("MP3", around(behind=id3v1(0))),
    "MP3, APEv2": ("MP3", _ape),
    "MP3, ID3v2.4, APEv2 and ID3v1": ("MP3", _three_tags),
    "True Audio": ("True Audio", nothing),
    "True Audio, ID3v2.3": ("True Audio", around(full_id3(3))),
    "True Audio, ID3v1": ("True Audio", around(behind=id3v1(0))),
    "AIFF": ("AIFF", nothing),
    "AIFF, ID3v2.2": ("AIFF", with_chunks([], [(b"ID3 ", full_id3(2))])),
    "AIFF, ID3v2.4 in front": ("AIFF", with_chunks([(b"ID3 ", full_id3(4))], [])),
    "AIFF, odd chunks": ("AIFF", with_chunks([(b"NAME", b"odd")], [(b"ANNO", b"odd"), (b"ID3 ", full_id3(3))])),
    "WAV": ("WAV", nothing),
    "WAV, id3": ("WAV", with_chunks([], [(b"id3 ", full_id3(3))])),
    "WAV, INFO": ("WAV", with_chunks([], [info(*INFO_ITEMS)])),
    "WAV, INFO without genre": ("WAV", with_chunks([info(INFO_ITEMS[0])], [])),
    "WAV, id3 and INFO": ("WAV", with_chunks([info(*INFO_ITEMS)], [(b"ID3 ", full_id3(4))])),
    "WAV, crowded": ("WAV", with_chunks(EXTRA_CHUNKS[:2], [*EXTRA_CHUNKS[2:], (b"id3 ", full_id3(3))])),
    "DSF": ("DSF", nothing),
    "DSF, ID3v2.3": ("DSF", _in_dsf),
}
"""In those that end in ", ID3v1", that is the only tag, and a new one takes over what it says."""
