"""What beside the audio itself decides how a file is decoded: the format as the container describes it.

Where programs that copy audio unchanged write one description in several ways, these come to the same.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import BinaryIO
from uuid import UUID

from mutagen.ogg import OggPage

from tagger.sinks.tags import boxes, chunks, sniff, tracks

_MD5_BYTES = 16

_WAVE = struct.Struct("<HHIIHH")  # WAVEFORMATEX without the size of what follows
_WAVE_EXTENSIBLE = struct.Struct("<HI16s")
_EXTENSIBLE, _LINEAR = 0xFFFE, frozenset({1, 3})
_WAVE_GUID = UUID("00000000-0000-0010-8000-00aa00389b71").bytes_le[2:]
_AIFF_COMMON_BYTES = 18
_DSF_FORMAT = slice(28, 80)

_ASF_HEADER = struct.Struct("<16sQ")
_ASF_FIRST, _ASF_EXTENSION_BYTES = 30, 46  # before the objects in the header, and in its extension
_ASF_STREAM = UUID("b7dc0791-a9b7-11cf-8ee6-00c00c205365").bytes_le
_ASF_EXTENSION = UUID("5fbf03b5-a92e-11cf-8ee3-00c00c205365").bytes_le
_ASF_STREAM_MORE = UUID("14e6a5cb-c672-4332-8399-a96952065b5a").bytes_le
_ASF_FILE = UUID("8cabdca1-a947-11cf-8ee4-00c00c205365").bytes_le
_ASF_PACKET_SIZES = slice(92, 100)

_HEADER_GRANULES = frozenset({0, -1})  # of pages on which nothing that sounds ends; RFC 3533, 6


def described(file: BinaryIO, kind: str) -> Iterator[bytes]:
    """Give the parts of the description; none where the audio describes itself.

    Args:
        file: Open for reading.
        kind: As named by `sniff.kind`.

    Raises:
        NotKeepableError, MutagenError, ValueError, EOFError, struct.error: The file is damaged.
    """
    if kind in _DESCRIBED:
        yield from _DESCRIBED[kind](file)


def _of_flac(file: BinaryIO) -> Iterator[bytes]:
    """The samples' format, and their number and MD5 where the encoder knew them; RFC 9639, 8.2."""
    file.seek(sniff.after_id3(file))
    head = file.read(42)
    if len(head) < 42 or head[4] & 0x7F != 0:
        raise EOFError("there is no STREAMINFO where it should be")
    yield head[18:] if any(head[-_MD5_BYTES:]) else head[18:21] + bytes([head[21] & 0xF0])


def _of_wave(file: BinaryIO) -> Iterator[bytes]:
    """The chunks "fmt ", which programs write in several ways for the same."""
    for data in _chunks(file, b"RIFF", b"fmt "):
        code, n_channels, rate, _, n_align, n_bits = _WAVE.unpack_from(data)
        more = b"" if code in _LINEAR else data[_WAVE.size :]
        if code == _EXTENSIBLE and len(data) >= _WAVE.size + 2 + _WAVE_EXTENSIBLE.size:
            n_valid, speakers, guid = _WAVE_EXTENSIBLE.unpack_from(data, _WAVE.size + 2)
            code = int.from_bytes(guid[:2], "little")
            is_plain = guid[2:] == _WAVE_GUID and n_valid == n_bits and n_channels <= 2 and code in _LINEAR
            more = b"" if is_plain else guid + struct.pack("<HI", n_valid, speakers)
        yield repr((code, n_channels, rate, n_align, n_bits, more)).encode()


def _of_aiff(file: BinaryIO) -> Iterator[bytes]:
    """The chunk COMM, without the name of the codec in words; AIFF-C, draft of 1991, section 3."""
    for data in _chunks(file, b"FORM", b"COMM"):
        file.seek(8)
        codec = data[_AIFF_COMMON_BYTES:][:4] if file.read(4) == b"AIFC" else b"NONE"
        yield data[:_AIFF_COMMON_BYTES] + codec


def _chunks(file: BinaryIO, outer: bytes, name: bytes) -> Iterator[bytes]:
    for chunk in chunks.parse(file, outer).chunks:
        if chunk.name == name:
            file.seek(chunk.place)
            yield file.read(chunk.size)


def _of_dsf(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    yield file.read(_DSF_FORMAT.stop)[_DSF_FORMAT]


def _of_boxes(file: BinaryIO) -> Iterator[bytes]:
    return tracks.described(file, boxes.tree(file))


def _of_asf(file: BinaryIO) -> Iterator[bytes]:
    """The properties of the streams, and the sizes of packets; ASF specification, 3.2, 3.3 and 4.1."""
    length = file.seek(0, io.SEEK_END)
    file.seek(0)
    _, size = _ASF_HEADER.unpack(file.read(_ASF_HEADER.size))
    file.seek(0)
    yield from _of_objects(file.read(min(size, length)), _ASF_FIRST)


def _of_objects(data: bytes, first: int) -> Iterator[bytes]:
    place = first
    while place + _ASF_HEADER.size <= len(data):
        guid, size = _ASF_HEADER.unpack_from(data, place)
        if size < _ASF_HEADER.size:
            raise ValueError("an object in its header has no size")
        each = data[place : place + size]
        if guid == _ASF_EXTENSION and first == _ASF_FIRST:
            yield from _of_objects(each, _ASF_EXTENSION_BYTES)
        elif guid in {_ASF_STREAM, _ASF_STREAM_MORE}:
            yield each
        elif guid == _ASF_FILE:
            yield each[_ASF_PACKET_SIZES]
        place += size


def _of_ogg(file: BinaryIO) -> Iterator[bytes]:
    """The headers of each stream but its comments; of Ogg FLAC without their number, which tags change."""
    streams: dict[int, list[OggPage]] = {}
    file.seek(0)
    while (page := OggPage(file)).position in _HEADER_GRANULES:
        streams.setdefault(page.serial, []).append(page)
    for pages in streams.values():
        first, *others = OggPage.to_packets(pages)
        yield first[:7] + first[9:] if first.startswith(b"\x7fFLAC") else first
        yield from (packet for packet in others if packet.startswith(b"\x05vorbis"))


_DESCRIBED: Mapping[str, Callable[[BinaryIO], Iterator[bytes]]] = MappingProxyType(
    {
        **dict.fromkeys(("Ogg Vorbis", "Ogg Opus", "Ogg FLAC", "Ogg Speex", "Ogg"), _of_ogg),
        "FLAC": _of_flac,
        "WAV": _of_wave,
        "AIFF": _of_aiff,
        "DSF": _of_dsf,
        "MP4": _of_boxes,
        "ASF (WMA)": _of_asf,
    }
)
