"""ID3v2 at the end of DSF, where a pointer in the header leads."""

from __future__ import annotations

import io
import struct
from typing import BinaryIO, NamedTuple

from tagger.sinks.tags import id3frames, id3v2, splice
from tagger.sinks.tags.fields import Field
from tagger.sinks.tags.interface import Manner, NotKeepableError, Place, Values

# DSF File Format Specification 1.01 (Sony, 2005): "DSD " chunk, "fmt " chunk, "data" chunk, then ID3v2.
_HEADER = struct.Struct("<4sQQQ")
_CHUNK = struct.Struct("<4sQ")
_FORMAT_BYTES = 52
_SIZES_PLACE = 12


class _Layout(NamedTuple):
    length: int
    tag_place: int
    tag: bytes


class Dsf:
    """The tag behind the audio; it has no other place."""

    def read(self, file: BinaryIO, field: Field) -> tuple[str, ...]:
        """Read a field."""
        tag = _layout(file).tag
        return id3frames.values(id3v2.parse(tag), field) if tag else ()

    def write(self, file: BinaryIO, values: Values, manner: Manner) -> None:
        """Replace fields; the header states the new length."""
        length, place, old = _layout(file)
        new = id3frames.updated(
            old or id3v2.empty(manner.id3_version), values, manner, n_room=len(old), n_behind=0
        )
        sizes = struct.pack("<QQ", length + len(new) - len(old), place)
        splice.apply(file, [(place, len(old), new), (_SIZES_PLACE, len(sizes), sizes)])

    def places(self, file: BinaryIO) -> tuple[Place, ...]:
        """List the genres of ID3v2."""
        tag = _layout(file).tag
        return id3frames.places(id3v2.parse(tag)) if tag else ()


def _layout(file: BinaryIO) -> _Layout:
    """Where the tag is, or is to be.

    Raises:
        NotKeepableError: The header states what is not so.
    """
    length = file.seek(0, io.SEEK_END)
    file.seek(0)
    _, n_header, total, tag_place = _HEADER.unpack(_whole(file, _HEADER.size))
    _, n_format = _CHUNK.unpack(_whole(file, _CHUNK.size))
    file.seek(_HEADER.size + _FORMAT_BYTES)
    name, n_data = _CHUNK.unpack(_whole(file, _CHUNK.size))
    end_of_audio = _HEADER.size + _FORMAT_BYTES + n_data
    is_usual = (n_header, n_format, total, name) == (_HEADER.size, _FORMAT_BYTES, length, b"data")
    if not is_usual or not end_of_audio <= (tag_place or length) <= length:
        raise NotKeepableError("its header states sizes that it does not have")
    tag = id3v2.load(file, tag_place) if tag_place else b""
    if tag is None:
        raise NotKeepableError("its header leads to something else than an ID3 tag")
    return _Layout(length, tag_place or length, tag)


def _whole(file: BinaryIO, n_bytes: int) -> bytes:
    data = file.read(n_bytes)
    if len(data) < n_bytes:
        raise EOFError("its header is cut off")
    return data
