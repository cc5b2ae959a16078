"""A file told by another: the old version as "copy this from the new one", with what the new one lacks.

Tags are small and audio is large, so that the old bytes of a tagged file fit into a few hundred bytes, pictures
and audio included, wherever the change has moved them to.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

_STRETCH_BYTES = 1 << 20
_BLOCK_BYTES = 1 << 12
_PROBE_BYTES = 32
_SEARCH_BYTES = 1 << 21
_MOST_SHIFTS = 8
_LEAST_COPY = 24  # a copy takes 16 bytes to tell
_OPERATION = struct.Struct("<qQ")
_LITERAL = -(1 << 62)
_FORMAT = b"\x01"


class DamagedError(Exception):
    """Raised when a delta is not whole, or does not belong to the file."""


@dataclass
class _Script:
    """The old file so far: operations (shift or `_LITERAL`, length), and the bytes of all literals."""

    operations: list[list[int]] = field(default_factory=list)
    literals: bytearray = field(default_factory=bytearray)

    def add(self, shift: int, data: bytes) -> None:
        if not data:
            return
        if self.operations and self.operations[-1][0] == shift:
            self.operations[-1][1] += len(data)
        else:
            self.operations.append([shift, len(data)])
        if shift == _LITERAL:
            self.literals += data

    def packed(self) -> bytes:
        head = b"".join(_OPERATION.pack(*operation) for operation in self.operations)
        return _FORMAT + zlib.compress(struct.pack("<Q", len(self.operations)) + head + bytes(self.literals), 6)


def encode(old: BinaryIO, new: BinaryIO) -> bytes:
    """Tell `old` by `new`.

    Args:
        old: The file to be told, open for reading.
        new: The file that will be there when it is wanted back.

    Returns:
        What `decode` needs; small where the files share long stretches, in whatever places.
    """
    old_size, new_size = old.seek(0, io.SEEK_END), new.seek(0, io.SEEK_END)
    script = _Script()
    shifts = list(dict.fromkeys([0, new_size - old_size]))
    for place in range(0, old_size, _STRETCH_BYTES):
        stretch = _read(old, place, min(_STRETCH_BYTES, old_size - place))
        shift = next((s for s in shifts if _read(new, place + s, len(stretch)) == stretch), None)
        if shift is not None:
            script.add(shift, stretch)
        else:
            _encode_blocks(stretch, place, new, shifts, script)
    return script.packed()


def decode(new: BinaryIO, delta: bytes) -> Iterator[bytes]:
    """Give the old file, part by part.

    Raises:
        DamagedError: The delta is not whole, or tells of bytes that `new` does not have.
    """
    try:
        if delta[:1] != _FORMAT:
            raise DamagedError("unknown format")
        unpacked = zlib.decompress(delta[1:])
        (n_operations,) = struct.unpack_from("<Q", unpacked)
        literal = 8 + n_operations * _OPERATION.size
        operations = list(_OPERATION.iter_unpack(unpacked[8:literal]))
    except (zlib.error, struct.error) as exc:
        raise DamagedError(str(exc)) from exc
    place = 0
    for shift, n in operations:
        if shift == _LITERAL:
            yield unpacked[literal : literal + n]
            literal += n
        else:
            for part in range(place, place + n, _STRETCH_BYTES):
                wanted = min(_STRETCH_BYTES, place + n - part)
                data = _read(new, part + shift, wanted)
                if len(data) < wanted:
                    raise DamagedError("the file is too short")
                yield data
        place += n


def _encode_blocks(stretch: bytes, place: int, new: BinaryIO, shifts: list[int], script: _Script) -> None:
    """Tell a stretch block by block, each by the shift that explains most of it."""
    for start in range(0, len(stretch), _BLOCK_BYTES):
        block, here = stretch[start : start + _BLOCK_BYTES], place + start
        views = {shift: _read(new, here + shift, len(block)) for shift in shifts}
        exact = next((shift for shift in shifts if views[shift] == block), None)
        if exact is None and (found := _found(block, here, new)) is not None:
            views[found] = _read(new, here + found, len(block))
            exact = found if views[found] == block else None
            if exact is not None and found not in shifts:
                shifts[2:] = [found, *shifts[2 : _MOST_SHIFTS - 1]]
        if exact is not None:
            script.add(exact, block)
        else:
            _encode_bytes(block, views, script)


def _found(block: bytes, here: int, new: BinaryIO) -> int | None:
    """The shift at which the middle of a block stands in the new file, if it is near."""
    middle = len(block) // 2
    probe = block[middle : middle + _PROBE_BYTES]
    first = max(0, here + middle - _SEARCH_BYTES // 2)
    place = _read(new, first, _SEARCH_BYTES).find(probe) if len(set(probe)) > 1 else -1
    return None if place < 0 else first + place - (here + middle)


def _encode_bytes(block: bytes, views: dict[int, bytes], script: _Script) -> None:
    """Tell a block by runs that some shift explains, and literals between."""
    place = first_untold = 0
    while place < len(block):
        runs = {shift: _n_alike(block, view, place) for shift, view in views.items()}
        shift, n = max(runs.items(), key=lambda run: run[1])
        if n >= _LEAST_COPY:
            script.add(_LITERAL, block[first_untold:place])
            script.add(shift, block[place : place + n])
            first_untold = place + n
        place += max(1, n)
    script.add(_LITERAL, block[first_untold:])


def _n_alike(block: bytes, view: bytes, place: int) -> int:
    """How many bytes from `place` on are the same in both."""
    end = min(len(block), len(view))
    n = 0
    step = _PROBE_BYTES
    while (
        place + n < end and block[place + n : place + n + step] == view[place + n : min(end, place + n + step)]
    ):
        n += step
    n = min(n, max(0, end - place))
    while place + n < end and block[place + n] == view[place + n]:
        n += 1
    return n


def _read(file: BinaryIO, place: int, n: int) -> bytes:
    """Up to `n` bytes; none where the place is before the start."""
    if place < 0:
        return b""
    file.seek(place)
    return file.read(n)
