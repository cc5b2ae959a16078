"""Files made of chunks, RIFF and IFF: taken apart strictly, and put together with other chunks."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Literal, NamedTuple

from tagger.sinks.tags.interface import NotKeepableError
from tagger.sinks.tags.splice import Splice

_HEADER_BYTES = 8
_FORM_BYTES = 12
_UNKNOWN_SIZE = 0xFFFFFFFF
_MOST_CHUNKS = 4096  # more are made by nobody in good faith
_NAME = re.compile(rb"[\x20-\x7e]{4}")


class Chunk(NamedTuple):
    """A chunk of a file.

    Attributes:
        name: Four letters.
        place: Offset of its data, behind name and size.
        size: Bytes of data, without the one that makes it even.
    """

    name: bytes
    place: int
    size: int


@dataclass(frozen=True, slots=True)
class Form:
    """A file taken apart.

    Attributes:
        order: Of the bytes in numbers.
        chunks: All there are, without a gap between them.
        end: Length of the file, where the next chunk would begin.
    """

    order: Literal["little", "big"]
    chunks: tuple[Chunk, ...]
    end: int


def parse(file: BinaryIO, outer: bytes) -> Form:
    """Take a file apart; nothing is guessed.

    Sources: Multimedia Programming Interface and Data Specifications 1.0, chapter 2 (RIFF); EA IFF 85.

    Args:
        file: Open for reading.
        outer: b"RIFF" or b"FORM", which is what the file has to begin with.

    Raises:
        NotKeepableError: Sizes do not fit together.
    """
    name = outer.decode()
    order: Literal["little", "big"] = "little" if outer == b"RIFF" else "big"
    length = file.seek(0, io.SEEK_END)
    file.seek(0)
    header = file.read(_FORM_BYTES)
    if len(header) < _FORM_BYTES or not header.startswith(outer):
        raise NotKeepableError(f"it does not begin with {name}")
    size = int.from_bytes(header[4:8], order)
    if size in {0, _UNKNOWN_SIZE}:
        raise NotKeepableError(f"its {name} header states no size, as in a stream")
    if length not in {_HEADER_BYTES + size, _HEADER_BYTES + size + size % 2}:
        raise NotKeepableError(f"its {name} header states a size that it does not have")
    found: list[Chunk] = []
    start = _FORM_BYTES
    while start < _HEADER_BYTES + size and len(found) < _MOST_CHUNKS:
        chunk = _chunk(file, start, order)
        found.append(chunk)
        start = chunk.place + chunk.size + chunk.size % 2
    if start != length:
        raise NotKeepableError(f"its last chunk does not end where the {name} header states it")
    return Form(order, tuple(found), length)


def packed(order: Literal["little", "big"], name: bytes, data: bytes) -> bytes:
    """A chunk with its header, and with the byte that makes it even."""
    return name + len(data).to_bytes(4, order) + data + bytes(len(data) % 2)


def rewritten(form: Form, changed: Mapping[Chunk, bytes], added: Sequence[tuple[bytes, bytes]]) -> list[Splice]:
    """What to do to a file so that chunks hold other data, and others stand behind them.

    Raises:
        NotKeepableError: It would grow past 4 GiB.
    """
    splices = [_replaced(form, chunk, data) for chunk, data in changed.items()]
    splices.append((form.end, 0, b"".join(packed(form.order, name, data) for name, data in added)))
    size = form.end + sum(len(new) - n_old for _, n_old, new in splices) - _HEADER_BYTES
    if size >= _UNKNOWN_SIZE:
        raise NotKeepableError("it would grow past 4 GiB")
    return (
        [*splices, (4, 4, size.to_bytes(4, form.order))]
        if any(n != len(new) for _, n, new in splices)
        else splices
    )


def _chunk(file: BinaryIO, start: int, order: Literal["little", "big"]) -> Chunk:
    file.seek(start)
    header = file.read(_HEADER_BYTES)
    if len(header) < _HEADER_BYTES or not _NAME.fullmatch(header[:4]):
        raise NotKeepableError(f"there is no chunk where one should begin, at byte {start}")
    return Chunk(header[:4], start + _HEADER_BYTES, int.from_bytes(header[4:], order))


def _replaced(form: Form, chunk: Chunk, data: bytes) -> Splice:
    n_old = _HEADER_BYTES + chunk.size + chunk.size % 2
    return chunk.place - _HEADER_BYTES, n_old, packed(form.order, chunk.name, data)
