"""Bytes at places of a file: how a write in place is done, and kept so that it can be taken back."""

from __future__ import annotations

import struct
import zlib
from typing import BinaryIO

from tagger.sinks import files
from tagger.sinks.draft import Edit

_EDIT = struct.Struct("<QQ")


def pack(edits: list[Edit]) -> bytes:
    """The old bytes of edits, as the journal keeps them."""
    return zlib.compress(b"".join(_EDIT.pack(place, len(old)) + old for place, old, _ in edits))


def unpack(packed: bytes) -> list[tuple[int, bytes]]:
    """What `pack` was given: places and old bytes."""
    data, found, place = zlib.decompress(packed), [], 0
    while place < len(data):
        where, n = _EDIT.unpack_from(data, place)
        place += _EDIT.size
        found.append((where, data[place : place + n]))
        place += n
    return found


def put(file: BinaryIO, parts: list[tuple[int, bytes]]) -> None:
    """Write bytes at places of an open file, to the disk."""
    for place, data in parts:
        file.seek(place)
        left = memoryview(data)
        while left:
            left = left[file.write(left) :]
    files.sync(file)
