"""The boxes of an MP4 file (ISO/IEC 14496-12): found, and changed in size with all offsets kept right.

mutagen does the same, but forgets the offsets in all fragments but the first and in their index, and takes the
zeros that end QuickTime's user data for damage.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import BinaryIO

from mutagen._util import resize_bytes

from tagger.sinks.tags.interface import NotKeepableError

_PARENTS: Mapping[bytes, frozenset[bytes]] = MappingProxyType(
    {
        b"": frozenset({b"moov", b"moof", b"mfra", b"meta"}),
        b"moov": frozenset({b"trak", b"udta", b"meta"}),
        b"udta": frozenset({b"meta"}),
        b"meta": frozenset({b"ilst"}),
        b"trak": frozenset({b"mdia"}),
        b"mdia": frozenset({b"minf"}),
        b"minf": frozenset({b"stbl"}),
        b"moof": frozenset({b"traf"}),
    }
)
"""Which boxes are opened, by what they stand in; "" is the file."""
_INNERMOST = frozenset({b"stbl", b"traf", b"mfra", b"ilst"})
_MAX_32 = 0xFFFFFFFF
_BASE_DATA_OFFSET = 1


@dataclass(frozen=True, slots=True)
class Box:
    """One box.

    Attributes:
        name: Its four bytes; empty for the file as a whole.
        start: Offset of its header in the file.
        body: Offset of its content, for `meta` after version and flags.
        end: Offset behind it.
        children: The boxes in it, where `_PARENTS` opens it.
    """

    name: bytes
    start: int
    body: int
    end: int
    children: tuple[Box, ...] = ()

    def ways(self, *names: bytes) -> Iterator[list[Box]]:
        """Find every way along names, from the child inwards."""
        if not names:
            yield []
            return
        for child in self.children:
            if child.name == names[0]:
                yield from ([child, *way] for way in child.ways(*names[1:]))

    def all(self, *names: bytes) -> Iterator[Box]:
        """Find every box at the end of a way along names."""
        return (way[-1] for way in self.ways(*names))

    def first(self, *names: bytes) -> Box | None:
        """Find the first box at the end of a way along names."""
        return next(self.all(*names), None)

    def below(self) -> Iterator[Box]:
        """Give all boxes in it, at any depth."""
        for child in self.children:
            yield child
            yield from child.below()


def tree(file: BinaryIO) -> Box:
    """Read the headers of the boxes of a file.

    Raises:
        ValueError: A box does not fit into the one around it.
    """
    end = file.seek(0, io.SEEK_END)
    return Box(b"", 0, 0, end, _children(file, b"", 0, end))


def content(file: BinaryIO, box: Box) -> bytes:
    """Read what is in a box.

    Raises:
        ValueError: The file ends before it.
    """
    file.seek(box.body)
    data = file.read(box.end - box.body)
    if len(data) != box.end - box.body:
        raise ValueError(f"the box {box.name!r} is cut off")
    return data


def rendered(name: bytes, data: bytes) -> bytes:
    """Put content into a box."""
    return struct.pack(">I4s", len(data) + 8, name) + data


def splice(file: BinaryIO, root: Box, parents: list[Box], start: int, end: int, data: bytes) -> None:
    """Replace the bytes from `start` to `end` in the innermost of `parents`, all of them in `moov`.

    Where the bytes get more, a `free` box behind `moov` gives the room if it has it; otherwise all that
    follows moves, and what points there is corrected.

    Args:
        file: Open for reading and writing.
        root: Its `tree`.
        parents: From `moov` inwards.
        start: Offset of the first byte to replace.
        end: Offset behind the last.
        data: What is to stand there.

    Raises:
        NotKeepableError: Something points behind the change that cannot be corrected; nothing was written.
    """
    growth = len(data) - (end - start)
    if growth:
        behind = _free_behind(root, parents[0])
        if fits(behind.end - behind.start - growth):
            file.seek(end)
            data += file.read(behind.start - end) + free(behind.end - behind.start - growth)
            end = behind.end
        patches = [_resized(file, box, growth) for box in parents]
        if len(data) != end - start:
            patches += _corrected(file, root, end, growth)
        for place, patch in filter(None, patches):
            file.seek(place)
            file.write(patch)
    resize_bytes(file, end - start, len(data), start)
    file.seek(start)
    file.write(data)


def n_room_behind(root: Box, moov: Box) -> int:
    """Count the bytes of a `free` box right behind `moov`, header included."""
    behind = _free_behind(root, moov)
    return behind.end - behind.start


def free(n_bytes: int) -> bytes:
    """Make an empty box of a size, header included; of no size, no box."""
    return rendered(b"free", bytes(n_bytes - 8)) if n_bytes else b""


def fits(n_bytes: int) -> bool:
    """Whether so many bytes can be left to a `free` box, or to none."""
    return n_bytes == 0 or n_bytes >= 8


def _free_behind(root: Box, moov: Box) -> Box:
    """The `free` box right behind `moov`; one of no size if there is none."""
    none = Box(b"free", moov.end, moov.end, moov.end)
    return next((box for box in root.children if box.start == moov.end and box.name == b"free"), none)


def _children(file: BinaryIO, parent: bytes, place: int, end: int) -> tuple[Box, ...]:
    boxes = []
    while place + 8 <= end:
        file.seek(place)
        header = file.read(16)
        size, name = struct.unpack(">I4s", header[:8])
        body = place + 8
        if size == 1 and len(header) == 16:
            size, body = int.from_bytes(header[8:], "big"), place + 16
        elif size == 0 and not parent:
            size = end - place
        elif size == 0:
            break  # zeros end the user data of QuickTime
        if size < body - place or place + size > end:
            if parent or name in _PARENTS[b""]:
                raise ValueError(f"the box {name!r} does not fit into its place")
            size = end - place  # audio that is cut off, or a foreign tag at the end
        boxes.append(_opened(file, Box(name, place, body, place + size), parent))
        place += size
    return tuple(boxes)


def _opened(file: BinaryIO, box: Box, parent: bytes) -> Box:
    inside = _PARENTS.get(parent, frozenset())
    if box.name not in inside and box.name not in _INNERMOST:
        return box
    body = box.body
    if box.name == b"meta":
        file.seek(body + 4)
        body += 0 if file.read(4) == b"hdlr" else 4  # QuickTime has no version and flags here
    return Box(box.name, box.start, body, box.end, _children(file, box.name, body, box.end))


def _resized(file: BinaryIO, box: Box, growth: int) -> tuple[int, bytes] | None:
    """What to write where, so that a box says its new size; nothing for one that lasts to the file's end."""
    size = box.end - box.start + growth
    file.seek(box.start)
    said = int.from_bytes(file.read(4), "big")
    if said == 1:
        return box.start + 8, struct.pack(">Q", size)
    return (box.start, _packed(">I", size)) if said else None


def _corrected(file: BinaryIO, root: Box, place: int, growth: int) -> list[tuple[int, bytes] | None]:
    """What to write where, so that offsets of bytes from `place` on lead there once these have moved."""
    _check_movable(root, place)
    patches: list[tuple[int, bytes] | None] = []
    for stbl in root.all(b"moov", b"trak", b"mdia", b"minf", b"stbl"):
        for box in stbl.children:
            if box.name in {b"stco", b"co64"}:
                patches.append(_moved_table(file, box, place, growth))
    for tfhd in root.all(b"moof", b"traf", b"tfhd"):
        patches.append(_moved_fragment(file, tfhd, place, growth))
    for tfra in root.all(b"mfra", b"tfra"):
        patches.append(_moved_index(file, tfra, place, growth))
    return patches


def _check_movable(root: Box, place: int) -> None:
    names = {box.name for box in root.below()}
    sidx = root.first(b"sidx")
    if names & {b"saio", b"iloc", b"cmov"} or (sidx is not None and sidx.end <= place):
        raise NotKeepableError(
            "its audio would have to move, and something that points there cannot be corrected",
            hint="copy it with `ffmpeg -i FILE -c copy NEW` first",
        )


def _moved_table(file: BinaryIO, box: Box, place: int, growth: int) -> tuple[int, bytes]:
    """Chunk offsets; ISO/IEC 14496-12, 8.7.5."""
    data = content(file, box)
    code, width = ("I", 4) if box.name == b"stco" else ("Q", 8)
    n_offsets = int.from_bytes(data[4:8], "big")
    if len(data) < 8 + n_offsets * width:
        raise ValueError("a table of chunk offsets is cut off")
    offsets = struct.unpack_from(f">{n_offsets}{code}", data, 8)
    moved = [offset + growth if offset >= place else offset for offset in offsets]
    return box.body + 8, _packed(f">{n_offsets}{code}", *moved)


def _moved_fragment(file: BinaryIO, box: Box, place: int, growth: int) -> tuple[int, bytes] | None:
    """The base of a fragment's offsets, if it has one; ISO/IEC 14496-12, 8.8.7."""
    data = content(file, box)
    if len(data) < 16 or not data[3] & _BASE_DATA_OFFSET:
        return None
    offset = int.from_bytes(data[8:16], "big")
    return (box.body + 8, struct.pack(">Q", offset + growth)) if offset >= place else None


def _moved_index(file: BinaryIO, box: Box, place: int, growth: int) -> tuple[int, bytes]:
    """The index of fragments; ISO/IEC 14496-12, 8.8.10."""
    data = bytearray(content(file, box))
    if len(data) < 16:
        raise ValueError("the index of fragments is cut off")
    code, width = (">Q", 8) if data[0] else (">I", 4)
    # The lengths, less one, of three numbers that follow each time and offset, two bits each.
    n_extra = sum((data[11] >> shift & 3) + 1 for shift in (4, 2, 0))
    for entry in range(int.from_bytes(data[12:16], "big")):
        at = 16 + entry * (2 * width + n_extra) + width
        if at + width > len(data):
            raise ValueError("the index of fragments is cut off")
        offset = int.from_bytes(data[at : at + width], "big")
        data[at : at + width] = _packed(code, offset + growth if offset >= place else offset)
    return box.body, bytes(data)


def _packed(code: str, *numbers: int) -> bytes:
    try:
        return struct.pack(code, *numbers)
    except struct.error as exc:
        raise NotKeepableError("it is too large for its 32-bit offsets, once its audio has moved") from exc
