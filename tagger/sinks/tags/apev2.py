"""Genres in APEv2 tags, which end several kinds of files: the item `Genre`, its values parted by zero bytes.

The layout is that of the APEv2 specification at wiki.hydrogenaud.io. mutagen's writer sorts the items, drops
their flags, and overwrites an ID3v1 tag behind them.
"""

from __future__ import annotations

import io
import re
import struct
from dataclasses import dataclass, replace
from typing import BinaryIO

import mutagen.id3

from tagger import tails
from tagger.sinks.tags import fields, id3, id3v1, splice
from tagger.sinks.tags.fields import Field
from tagger.sinks.tags.interface import Manner, NotKeepableError, NotStorableError, Place, Values

_V2 = 2000
_IS_HEADER, _READ_ONLY, _KIND = 1 << 29, 1, 6
_KEY = re.compile(rb"[\x20-\x7e]{2,255}")
_RESERVED_KEYS = frozenset({"id3", "tag", "oggs", "mp+"})
_FROM_V1 = {
    "TIT2": "Title",
    "TPE1": "Artist",
    "TALB": "Album",
    "TDRC": "Year",
    "COMM": "Comment",
    "TRCK": "Track",
}


@dataclass(frozen=True, slots=True)
class _Item:
    """One item.

    Attributes:
        key: As it is spelled.
        flags: Bit 0 for read-only, bits 1 and 2 for the kind: 0 is UTF-8 text.
        value: Its bytes.
    """

    key: str
    flags: int
    value: bytes

    def texts(self) -> tuple[str, ...]:
        """The values of a text item; none of another kind."""
        texts = () if self.flags & _KIND else self.value.decode("utf-8", "replace").split("\0")
        return tuple(text for text in texts if text.strip())

    def rendered(self) -> bytes:
        """All its bytes."""
        return struct.pack("<II", len(self.value), self.flags) + self.key.encode() + b"\0" + self.value


@dataclass(frozen=True, slots=True)
class _Tag:
    """A tag.

    Attributes:
        start: Its offset in the file.
        size: All its bytes, header and footer included; 0 if it is not there yet.
        version: 1000 or 2000.
        flags: Those in its footer.
        items: In their order.
    """

    start: int
    size: int
    version: int
    flags: int
    items: tuple[_Item, ...]

    def rendered(self) -> bytes:
        """All its bytes, with a header if its flags say so."""
        body = b"".join(item.rendered() for item in self.items)
        head = struct.pack("<III", self.version, len(body) + tails.APE_EDGE_BYTES, len(self.items))
        footer = tails.APE_MAGIC + head + struct.pack("<I", self.flags) + bytes(8)
        header = tails.APE_MAGIC + head + struct.pack("<I", self.flags | _IS_HEADER) + bytes(8)
        return (header if self.flags & tails.APE_HAS_HEADER else b"") + body + footer


class Ape:
    """An APEv2 tag at the end, before ID3v1 and Lyrics3; ID3v1 and ID3v2 are kept in step where they are."""

    def read(self, file: BinaryIO, field: Field) -> tuple[str, ...]:
        """Read an item's values; of the genre, where there are none, that of ID3v1."""
        tag = _load(file)
        found = _texts(tag, field) if tag else ()
        return found or (id3v1.genres(file) if field == fields.GENRE else ())

    def write(self, file: BinaryIO, values: Values, manner: Manner) -> None:
        """Replace items where the first one stands; a new tag takes over what ID3v1 says."""
        tag = _load(file) or _new(file)
        _check_keepable(tag)
        new = tag
        for field, texts in values.items():
            new = _replaced(new, field, (manner.separator.join(texts),) if manner.joined else texts)
        n_behind = file.seek(0, io.SEEK_END) - tag.start
        if fields.GENRE in values:
            id3.sync_prefix(file, values[fields.GENRE], manner)
            id3v1.sync(file, values[fields.GENRE][0])
        splice.apply(file, [(file.seek(0, io.SEEK_END) - n_behind, tag.size, new.rendered())])

    def places(self, file: BinaryIO) -> tuple[Place, ...]:
        """List the item `Genre`, and the genres of ID3v1 and of ID3v2 in front."""
        return places(file) + id3v1.places(file) + id3.prefix_places(file)


def places(file: BinaryIO) -> tuple[Place, ...]:
    """List the items `Genre` of an APE tag in any file."""
    tag = _load(file)
    named = [item for item in tag.items if _is_of(item, fields.GENRE)] if tag else []
    return tuple(Place(_system(tag), item.key, item.texts()) for item in named if tag and item.texts())


def end_of_audio(file: BinaryIO) -> int:
    """Where the tags begin that end a file: an APE tag, Lyrics3, ID3v1; the file's length if there is none.

    Raises:
        ValueError: An APE tag is damaged.
    """
    tag = _load(file)
    return tag.start if tag else tails.behind_ape(file)


def sync(file: BinaryIO, genres: tuple[str, ...], manner: Manner) -> None:
    """Keep an APE tag at the end of any file in step, if it names a genre; no tag and no item is created.

    Raises:
        NotKeepableError: The tag cannot be changed without loss; nothing was written.
    """
    tag = _load(file)
    if tag and _texts(tag, fields.GENRE):
        _check_keepable(tag)
        new = _replaced(tag, fields.GENRE, (manner.separator.join(genres),) if manner.joined else genres)
        splice.apply(file, [(tag.start, tag.size, new.rendered())])


def _load(file: BinaryIO) -> _Tag | None:
    end = tails.behind_ape(file)
    file.seek(max(0, end - tails.APE_EDGE_BYTES))
    footer = file.read(min(end, tails.APE_EDGE_BYTES))
    if not footer.startswith(tails.APE_MAGIC):
        return None
    version, size, _, flags = struct.unpack_from("<IIII", footer, len(tails.APE_MAGIC))
    n_header = tails.APE_EDGE_BYTES if flags & tails.APE_HAS_HEADER else 0
    start = tails.end_of_audio(file)
    file.seek(start)
    if n_header and file.read(n_header)[: len(tails.APE_MAGIC)] != tails.APE_MAGIC:
        raise ValueError("an APE tag has no header where it should be")
    return _Tag(start, size + n_header, version, flags, _items(file.read(size - tails.APE_EDGE_BYTES)))


def _items(data: bytes) -> tuple[_Item, ...]:
    """Take items apart; their number in the footer is not trusted, since some programs write it wrong."""
    items, place = [], 0
    while place < len(data):
        at = data.find(b"\0", place + 8)
        size, flags = struct.unpack_from("<II", data[place : place + 8].ljust(8, b"\xff"))
        if at < 0 or at + 1 + size > len(data) or not _KEY.fullmatch(data, place + 8, at):
            raise ValueError("an item of an APE tag is damaged")
        items.append(_Item(data[place + 8 : at].decode(), flags, data[at + 1 : at + 1 + size]))
        place = at + 1 + size
    return tuple(items)


def _new(file: BinaryIO) -> _Tag:
    """A tag with the fields of ID3v1, which most players ignore once there is an APEv2 tag."""
    end, file_end = tails.behind_ape(file), file.seek(0, io.SEEK_END)
    file.seek(max(0, file_end - tails.V1_BYTES))
    frames = (mutagen.id3.ParseID3v1(file.read()) if end < file_end else None) or {}
    texts = [(key, str(frames[name][0])) for name, key in _FROM_V1.items() if name in frames]
    items = tuple(_Item(key, 0, text.encode()) for key, text in texts if text)
    return _Tag(end, 0, _V2, tails.APE_HAS_HEADER, items)


def _texts(tag: _Tag, field: Field) -> tuple[str, ...]:
    return tuple(text for item in tag.items if _is_of(item, field) for text in item.texts())


def _is_of(item: _Item, field: Field) -> bool:
    return item.key.lower() == field.name.lower()


def _replaced(tag: _Tag, field: Field, texts: tuple[str, ...]) -> _Tag:
    old = [item for item in tag.items if _is_of(item, field)]
    if any(item.flags & _READ_ONLY for item in old):
        raise NotKeepableError(f"its {field} is marked as not to be changed")
    key = old[0].key if old else field.name if field.custom else field.name.capitalize()
    if not _KEY.fullmatch(key.encode()) or key.lower() in _RESERVED_KEYS:
        raise NotStorableError(f"an APEv2 tag can have no item {key!r}")
    place = tag.items.index(old[0]) if old else len(tag.items)
    others = [item for item in tag.items[place:] if item not in old]
    new = _Item(key, 0, "\0".join(texts).encode())
    return replace(tag, items=(*tag.items[:place], new, *others))


def _system(tag: _Tag | None) -> str:
    return f"APEv{tag.version // 1000}" if tag else ""


def _check_keepable(tag: _Tag) -> None:
    if tag.version != _V2:
        raise NotKeepableError("its APEv1 tag knows no Unicode", hint="convert the tag to APEv2 first")
    if tag.flags & _READ_ONLY:
        raise NotKeepableError("its APEv2 tag is marked as not to be changed")
