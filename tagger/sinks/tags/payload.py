"""The identity of a recording: a digest of its audio, which no change of tags, name or place changes.

What decides how the audio is decoded counts whole: the length of the audio, and what the container says of its
format. Of the audio itself, up to a mebibyte all counts; of more, blocks of 32 KiB spread evenly over it, the
first and the last bytes among them: 2 % of it, but no fewer than 32 blocks and no more than 1024 (so less than
2 % beyond 1.6 GB). A change that keeps the length and lies between the blocks is not seen.
"""

from __future__ import annotations

import bisect
import hashlib
import io
import itertools
import os
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, TypeAlias

import mutagen

from tagger.errors import TagError
from tagger.sinks.tags import apev2, boxes, chunks, formats, sniff
from tagger.sinks.tags.interface import NotKeepableError

_BLOCK_BYTES = 1 << 15
_MIN_BLOCKS, _MAX_BLOCKS = 32, 1024
_SHARE = 50  # one byte of so many counts

_ASF_HEADER = struct.Struct("<16sQ")
_OGG_PAGE = struct.Struct("<4sBBqIIIB")
_HEADER_GRANULES = frozenset({0, -1})  # of pages on which nothing that sounds ends; RFC 3533, 6

FORMAT = 2
"""Of what is digested; no identity of one format is an identity of another."""

_Ranges: TypeAlias = list[tuple[int, int]]
"""Offset and length of parts of a file, in their order."""


def identity(path: str | os.PathLike[str]) -> bytes:
    """Digest the audio of a file, without reading all of it.

    Where a container is not known or is damaged, the whole file counts as audio.

    Returns:
        A BLAKE2b of 16 bytes.

    Raises:
        TagError: The file cannot be read.
    """
    try:
        with Path(path).open("rb") as file:
            kind = sniff.kind(file)
            digest = hashlib.blake2b(kind.encode(), digest_size=16, person=FORMAT.to_bytes(2, "little"))
            for part in _parts(file, kind):
                digest.update(part)
            return digest.digest()
    except OSError as exc:
        raise TagError(path, exc.strerror or str(exc)) from exc


def _parts(file: BinaryIO, kind: str) -> Iterator[bytes]:
    """What is digested: how to decode, each part with its length, and the length and blocks of the audio."""
    try:
        ranges = _RANGES.get(kind, _whole)(file)
        described = list(formats.described(file, kind)) if ranges else []
    except (NotKeepableError, mutagen.MutagenError, ValueError, EOFError, IndexError, struct.error):
        ranges, described = [], []
    ranges = ranges or _whole(file)
    for part in described:
        yield len(part).to_bytes(8, "little")
        yield part
    ends = list(itertools.accumulate(length for _, length in ranges))
    yield ends[-1].to_bytes(8, "little")
    for start in _starts(ends[-1]):
        yield _block(file, ranges, ends, start)


def _starts(total: int) -> Iterable[int]:
    """Where blocks begin: one behind the other in what is short, else evenly spread up to the end."""
    if total <= _MIN_BLOCKS * _BLOCK_BYTES:
        return range(0, total, _BLOCK_BYTES)
    n_blocks = min(max(_MIN_BLOCKS, -(-total // (_SHARE * _BLOCK_BYTES))), _MAX_BLOCKS)
    return ((total - _BLOCK_BYTES) * n // (n_blocks - 1) for n in range(n_blocks))


def _block(file: BinaryIO, ranges: _Ranges, ends: list[int], start: int) -> bytes:
    """A block of the parts as if they were joined."""
    data = b""
    index = bisect.bisect_right(ends, start)
    while index < len(ranges) and len(data) < _BLOCK_BYTES:
        place, length = ranges[index]
        skipped = max(0, start - (ends[index] - length))
        file.seek(place + skipped)
        data += file.read(min(length - skipped, _BLOCK_BYTES - len(data)))
        index += 1
    return data


def _whole(file: BinaryIO) -> _Ranges:
    return [(0, file.seek(0, io.SEEK_END))]


def _between_tags(file: BinaryIO) -> _Ranges:
    """From behind ID3v2 to before APE tags and ID3v1."""
    start, end = sniff.after_id3(file), apev2.end_of_audio(file)
    return [(start, max(0, end - start))]


def _behind_flac_blocks(file: BinaryIO) -> _Ranges:
    start = sniff.after_id3(file) + 4
    while True:
        file.seek(start)
        header = file.read(4)
        if len(header) < 4:
            raise EOFError("a metadata block is cut off")
        start += 4 + int.from_bytes(header[1:], "big")
        if header[0] & 0x80:
            return [(start, max(0, apev2.end_of_audio(file) - start))]


def _in_chunk(outer: bytes, name: bytes) -> Callable[[BinaryIO], _Ranges]:
    def ranges(file: BinaryIO) -> _Ranges:
        form = chunks.parse(file, outer)
        return [(chunk.place, chunk.size) for chunk in form.chunks if chunk.name == name]

    return ranges


def _in_dsf(file: BinaryIO) -> _Ranges:
    """The chunk "data", behind "DSD " and "fmt "."""
    file.seek(80)
    name, size = struct.unpack("<4sQ", file.read(12))
    if name != b"data" or not 12 <= size <= file.seek(0, io.SEEK_END) - 80:
        raise ValueError("there is no audio where it should be")
    return [(92, size - 12)]


def _in_boxes(file: BinaryIO) -> _Ranges:
    found = [(box.body, box.end - box.body) for box in boxes.tree(file).children if box.name == b"mdat"]
    if not found:
        raise ValueError("it has no box mdat")
    return found


def _behind_asf_header(file: BinaryIO) -> _Ranges:
    file.seek(0)
    _, size = _ASF_HEADER.unpack(file.read(_ASF_HEADER.size))
    return [(size, max(0, file.seek(0, io.SEEK_END) - size))]


def _in_ogg_pages(file: BinaryIO) -> _Ranges:
    """What the pages hold, from the first on which something that sounds ends; their headers count pages."""
    found: _Ranges = []
    place = 0
    while True:
        file.seek(place)
        head = file.read(_OGG_PAGE.size + 255)
        if len(head) < _OGG_PAGE.size or not head.startswith(b"OggS"):
            return found
        _, _, _, granule, *_, n_segments = _OGG_PAGE.unpack_from(head)
        start = place + _OGG_PAGE.size + n_segments
        length = sum(head[_OGG_PAGE.size : _OGG_PAGE.size + n_segments])
        if found or granule not in _HEADER_GRANULES:
            found.append((start, length))
        place = start + length


_RANGES: Mapping[str, Callable[[BinaryIO], _Ranges]] = MappingProxyType(
    {
        **dict.fromkeys(("MP3", "AAC", "AC-3", "True Audio", "TAK"), _between_tags),
        **dict.fromkeys(("Monkey's Audio", "WavPack", "Musepack"), _between_tags),
        **dict.fromkeys(("Ogg Vorbis", "Ogg Opus", "Ogg FLAC", "Ogg Speex", "Ogg"), _in_ogg_pages),
        "FLAC": _behind_flac_blocks,
        "WAV": _in_chunk(b"RIFF", b"data"),
        "AIFF": _in_chunk(b"FORM", b"SSND"),
        "DSF": _in_dsf,
        "MP4": _in_boxes,
        "ASF (WMA)": _behind_asf_header,
    }
)
"""Where the audio lies in a file of a kind, as named by `sniff.kind`."""
