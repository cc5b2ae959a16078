"""What decides which bytes of an MP4 file (ISO/IEC 14496-12) are decoded as its audio, and how.

Said so that neither a tag that moves the audio nor a program that copies its packets unchanged says otherwise:
places count from the start of the audio data, times are in seconds, neighbouring chunks are one.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from fractions import Fraction
from typing import BinaryIO, TypeAlias

import numpy as np
import numpy.typing as npt

from tagger.sinks.tags import boxes
from tagger.sinks.tags.boxes import Box

_SOUND = b"soun"
_BASE_DATA_OFFSET = 1
_ENTRY_BYTES = 28  # of a sample entry for audio, before the boxes in it; 12.2.3
_ES, _DECODER_CONFIG, _DECODER_SPECIFIC = 3, 4, 5  # ISO/IEC 14496-1, 7.2.2
_RATE_1 = 1 << 16

_Integers: TypeAlias = npt.NDArray[np.int64]


def described(file: BinaryIO, root: Box) -> Iterator[bytes]:
    """Describe the audio tracks in their order, and the fragments; neither dates nor names count.

    Args:
        file: Open for reading.
        root: Its `boxes.tree`.

    Raises:
        ValueError: A table is cut off, or does not fit the others.
    """
    moov = root.first(b"moov")
    if moov is not None:
        movie_scale, _ = _clock(_content(file, moov, b"mvhd"))
        for track in moov.all(b"trak"):
            if _content(file, track, b"mdia", b"hdlr")[8:12] == _SOUND:
                yield from _track(file, root, track, movie_scale)
        yield _content(file, moov, b"mvex")
    for traf in root.all(b"moof", b"traf"):
        yield from _fragment(file, traf)


def _track(file: BinaryIO, root: Box, track: Box, movie_scale: int) -> Iterator[bytes]:
    def table(name: bytes) -> bytes:
        return _content(file, track, b"mdia", b"minf", b"stbl", name)

    scale, duration = _clock(_content(file, track, b"mdia", b"mdhd"))
    total = Fraction(duration, scale)
    is_enabled = int.from_bytes(_content(file, track, b"tkhd")[:4], "big") & 1
    yield bytes([is_enabled])
    yield _sample_entries(table(b"stsd"))
    yield _edits(dict(_inside(_content(file, track, b"edts"))).get(b"elst", b""), movie_scale, scale, total)
    yield _times(table(b"stts"), scale)
    sizes = table(b"stsz")
    yield table(b"stz2")
    if sizes:
        uniform, each = _sizes(sizes)
        yield repr((uniform, int.from_bytes(sizes[8:12], "big"))).encode() + each.tobytes()
        is_wide = bool(table(b"co64"))
        offsets = _numbers(table(b"co64" if is_wide else b"stco"), 4, ">u8" if is_wide else ">u4")
        yield _runs(offsets, table(b"stsc"), uniform, each, list(root.all(b"mdat")))


def _content(file: BinaryIO, box: Box, *names: bytes) -> bytes:
    found = box.first(*names)
    return boxes.content(file, found) if found else b""


def _inside(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Names and contents of the boxes in data."""
    place = 0
    while place + 8 <= len(data):
        size, name = struct.unpack_from(">I4s", data, place)
        if size < 8 or place + size > len(data):
            raise ValueError(f"the box {name!r} does not fit into its place")
        yield name, data[place + 8 : place + size]
        place += size


def _clock(data: bytes) -> tuple[int, int]:
    """Units in a second, and duration in these; 8.2.2 and 8.4.2."""
    is_wide = data[:1] == b"\1"
    if len(data) < (32 if is_wide else 20):
        raise ValueError("a header that states a time scale is cut off")
    scale, duration = struct.unpack_from(">IQ" if is_wide else ">II", data, 20 if is_wide else 12)
    if not scale:
        raise ValueError("a time scale is zero")
    return scale, duration


def _numbers(data: bytes, at: int, kind: str, n_columns: int = 1) -> _Integers:
    """A table behind the number of its rows."""
    count = int.from_bytes(data[at : at + 4], "big") * n_columns
    if len(data) < at + 4 + count * np.dtype(kind).itemsize:
        raise ValueError("a table is cut off")
    return np.frombuffer(data, kind, count, at + 4).astype(np.int64)


def _edits(data: bytes, movie_scale: int, scale: int, total: Fraction) -> bytes:
    """The edit list in seconds; nothing for one that plays all, as for none; 8.6.6."""
    row = struct.Struct(">QqI" if data[:1] == b"\1" else ">IiI")
    count = int.from_bytes(data[4:8], "big")
    rows = list(row.iter_unpack(data[8 : 8 + count * row.size]))
    edits = [(Fraction(length, movie_scale), Fraction(start, scale), rate) for length, start, rate in rows]
    is_all = len(edits) == 1 and edits[0][0] >= total and edits[0][1] == 0 and edits[0][2] == _RATE_1
    return b"" if is_all or not edits else repr(edits).encode()


def _times(data: bytes, scale: int) -> bytes:
    """How long samples last, in seconds, but the last one, for which programs put what they like; 8.6.1.2."""
    table = _numbers(data, 4, ">u4", 2).reshape(-1, 2)
    table[-1:, 0] -= 1
    counts, ticks = table[table[:, 0] > 0].T
    common = int(np.gcd.reduce(ticks, initial=scale))
    return repr(scale // common).encode() + counts.tobytes() + (ticks // common).tobytes()


def _sizes(data: bytes) -> tuple[int, _Integers]:
    """The size of all samples, or zero and that of each; 8.7.3.2."""
    if uniform := int.from_bytes(data[4:8], "big"):
        return uniform, np.zeros(0, np.int64)
    each = _numbers(data, 8, ">u4")
    is_uniform = len(each) > 0 and bool((each == each[0]).all())
    return (int(each[0]), each[:0]) if is_uniform else (0, each)


def _runs(offsets: _Integers, chunks: bytes, uniform: int, each: _Integers, data: list[Box]) -> bytes:
    """Where in the audio data samples stand together: place, first sample and its description; 8.7.4, 8.7.5."""
    table = _numbers(chunks, 4, ">u4", 3).reshape(-1, 3)
    n_chunks = len(offsets)
    firsts = np.minimum(np.append(table[:, 0], n_chunks + 1), n_chunks + 1)
    in_chunk, entry = (np.repeat(table[:, column], np.diff(firsts)) for column in (1, 2))
    samples = np.append(0, np.cumsum(in_chunk))
    if len(in_chunk) != n_chunks:
        raise ValueError("not every chunk has samples")
    ends = samples * uniform if uniform else np.append(0, np.cumsum(each))[np.minimum(samples, len(each))]
    begins = np.ones(n_chunks, bool)
    begins[1:] = (offsets[1:] != (offsets + np.diff(ends))[:-1]) | (entry[1:] != entry[:-1])
    bodies = np.array([box.body for box in data], np.int64)
    before = np.append(0, np.cumsum([box.end - box.body for box in data]))
    if n_chunks and not data:
        raise ValueError("it has no box mdat")
    held = np.maximum(np.searchsorted(bodies, offsets, "right") - 1, 0)
    places = offsets - bodies[held] + before[held] if n_chunks else offsets
    return b"".join(column[begins].tobytes() for column in (places, samples[:-1], entry))


def _sample_entries(data: bytes) -> bytes:
    return b"".join(_framed(name) + _framed(_sample_entry(entry)) for name, entry in _inside(data[8:]))


def _sample_entry(data: bytes) -> bytes:
    """What a decoder is told, but bit rates, and channels and sample rate where `esds` overrules them."""
    if data[8:10] != b"\0\0":  # QuickTime's own versions hold more before the boxes
        return data
    try:
        inside = [(name, each) for name, each in _inside(data[_ENTRY_BYTES:]) if name != b"btrt"]
        parts = [name + _framed(_decoder(each) if name == b"esds" else each) for name, each in inside]
        is_told = any(name == b"esds" and len(_decoder(each)) > 1 for name, each in inside)
    except (ValueError, IndexError):
        return data
    return (b"" if is_told else data[16:_ENTRY_BYTES]) + b"".join(parts)


def _decoder(data: bytes) -> bytes:
    """The codec in a box esds, and what it is told: ISO/IEC 14496-1, 7.2.6.5 and 7.2.6.6."""
    place, _ = _descriptor(data, 4, _ES)
    flags = data[place + 2]
    place += 3 + 2 * (flags >> 7) + 2 * (flags >> 5 & 1)
    if flags & 0x40:
        place += 1 + data[place]
    start, end = _descriptor(data, place, _DECODER_CONFIG)
    told = slice(*_descriptor(data, start + 13, _DECODER_SPECIFIC)) if end > start + 13 else slice(0)
    return data[start : start + 1] + data[told]


def _descriptor(data: bytes, place: int, wanted: int) -> tuple[int, int]:
    """Where the content of a descriptor begins and ends."""
    if data[place] != wanted:
        raise ValueError("the description of a codec is not understood")
    size = 0
    while True:
        place += 1
        size = size << 7 | data[place] & 0x7F
        if not data[place] & 0x80:
            return place + 1, place + 1 + size


def _framed(data: bytes) -> bytes:
    return struct.pack("<Q", len(data)) + data


def _fragment(file: BinaryIO, traf: Box) -> Iterator[bytes]:
    """A fragment's samples; of its header all but the base of its offsets, which tags move; 8.8.7."""
    for box in traf.children:
        data = boxes.content(file, box) if box.name in {b"tfhd", b"tfdt", b"trun"} else b""
        if box.name == b"tfhd" and data[3:4] and data[3] & _BASE_DATA_OFFSET:
            data = data[:8] + data[16:]
        if data:
            yield box.name + data
