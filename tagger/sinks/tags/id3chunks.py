"""ID3v2 in a chunk of its own: in AIFF, and in WAV, which looks there before it looks elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from tagger.sinks.tags import chunks, id3frames, id3v2, splice
from tagger.sinks.tags.chunks import Chunk, Form
from tagger.sinks.tags.fields import Field
from tagger.sinks.tags.id3v2 import Tag
from tagger.sinks.tags.interface import Manner, NotKeepableError, Place, Values

_NAMES = {b"ID3 ", b"id3 "}


class Aiff:
    """AIFF and AIFF-C with a chunk "ID3 ", whatever is inside."""

    def read(self, file: BinaryIO, field: Field) -> tuple[str, ...]:
        """Read a field of the first tag that has it."""
        return values(file, chunks.parse(file, b"FORM"), field)

    def write(self, file: BinaryIO, values: Values, manner: Manner) -> None:
        """Replace fields; a new chunk goes to the end."""
        form = chunks.parse(file, b"FORM")
        splice.apply(file, chunks.rewritten(form, *changes(file, form, values, manner, b"ID3 ")))

    def places(self, file: BinaryIO) -> tuple[Place, ...]:
        """List the genres of ID3v2."""
        return places(file, chunks.parse(file, b"FORM"))


def values(file: BinaryIO, form: Form, field: Field) -> tuple[str, ...]:
    """Read a field of the first tag that has it."""
    found = (id3frames.values(tag, field) for tag in _tags(file, form))
    return next(filter(None, found), ())


def places(file: BinaryIO, form: Form) -> tuple[Place, ...]:
    """List the genres of all tags."""
    return tuple(place for tag in _tags(file, form) for place in id3frames.places(tag))


def has_others(file: BinaryIO, form: Form) -> bool:
    """Whether a tag says more than the genre."""
    return any(len(tag.frames) > len(id3frames.places(tag)) for tag in _tags(file, form))


def changes(
    file: BinaryIO, form: Form, values: Values, manner: Manner, new_name: bytes
) -> tuple[dict[Chunk, bytes], list[tuple[bytes, bytes]]]:
    """What all chunks with a tag are to hold, and a new one if there is none.

    Raises:
        NotKeepableError: A chunk holds something else.
        NotStorableError: A value would not read back as it was given.
    """
    changed = {}
    for chunk in _id3(form):
        old = _tag(file, chunk) or id3v2.empty(manner.id3_version)
        n_behind = form.end - chunk.place - chunk.size
        changed[chunk] = id3frames.updated(old, values, manner, n_room=chunk.size, n_behind=n_behind)
    if changed:
        return changed, []
    data = id3frames.updated(id3v2.empty(manner.id3_version), values, manner, n_room=0, n_behind=0)
    return {}, [(new_name, data)]


def _id3(form: Form) -> Iterator[Chunk]:
    return (chunk for chunk in form.chunks if chunk.name in _NAMES)


def _tags(file: BinaryIO, form: Form) -> Iterator[Tag]:
    return (id3v2.parse(data) for data in (_tag(file, chunk) for chunk in _id3(form)) if data)


def _tag(file: BinaryIO, chunk: Chunk) -> bytes:
    """The tag in a chunk, without the zeros that may be behind it; nothing in an empty chunk."""
    if not chunk.size:
        return b""
    tag = id3v2.load(file, chunk.place)
    file.seek(chunk.place)
    data = file.read(chunk.size)
    if tag is None or len(tag) > chunk.size or data[len(tag) :].strip(b"\0"):
        raise NotKeepableError("its ID3 chunk holds something else than an ID3 tag")
    return tag
