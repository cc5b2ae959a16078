"""The genre byte of an ID3v1 tag, the last of the last 128 bytes of a file; the tag is never created."""

from __future__ import annotations

import io
from typing import BinaryIO

import mutagen.id3

from tagger.sinks.tags import spelling
from tagger.sinks.tags.interface import Place

_TAG_BYTES = 128
_NO_GENRE = 255
_NAMES = tuple(mutagen.id3.TCON.GENRES)


def genres(file: BinaryIO) -> tuple[str, ...]:
    """Read the genre by its name; nothing if the byte is no genre, or there is no tag."""
    return _NAMES[_byte(file) : _byte(file) + 1]


def places(file: BinaryIO) -> tuple[Place, ...]:
    """List the byte as a number."""
    byte = _byte(file)
    return () if byte == _NO_GENRE else (Place("ID3v1", "genre byte", (str(byte),)),)


def sync(file: BinaryIO, genre: str) -> None:
    """Make the byte that of a genre in any spelling, or 255 if it has none; without a tag, nothing is done."""
    if not _has_tag(file):
        return
    wanted = spelling.key(genre)
    byte = next((number for number, name in enumerate(_NAMES) if spelling.key(name) == wanted), _NO_GENRE)
    if byte != _byte(file):
        file.seek(-1, io.SEEK_END)
        file.write(bytes([byte]))


def _byte(file: BinaryIO) -> int:
    if not _has_tag(file):
        return _NO_GENRE
    file.seek(-1, io.SEEK_END)
    return file.read(1)[0]


def _has_tag(file: BinaryIO) -> bool:
    end = file.seek(0, io.SEEK_END)
    file.seek(max(0, end - _TAG_BYTES - len("APE")))
    tail = file.read()
    # The footer of APEv2, "APETAGEX", holds the three letters that ID3v1 begins with.
    return (
        tail[-_TAG_BYTES:].startswith(b"TAG") and not tail.startswith(b"APETAGEX") and len(tail) >= _TAG_BYTES
    )
