"""Genres in MP4 files: the item `©gen` of iTunes' metadata, one `data` box per genre.

The items are those of the QuickTime File Format's metadata as iTunes keeps them, in `moov.udta.meta.ilst`; only
those of the fields to write are parsed, since mutagen sorts and renders anew all it knows.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

import mutagen
import mutagen.id3

from tagger.sinks.tags import boxes, fields
from tagger.sinks.tags.boxes import Box
from tagger.sinks.tags.fields import Field
from tagger.sinks.tags.interface import Manner, NotKeepableError, Place, Values

_WAY = (b"moov", b"udta", b"meta", b"ilst")
_GENRE = b"\xa9gen"
_NUMBER = b"gnre"
_FREE_FORM = b"----"
_ITUNES = "com.apple.iTunes"
_ITEMS = {fields.GENRE: _GENRE, fields.GROUPING: b"\xa9grp"}
_UTF8, _UTF16 = 1, 2
_ENCODINGS = {0: "utf-8", _UTF8: "utf-8", _UTF16: "utf-16-be"}
_HANDLER = boxes.rendered(b"hdlr", bytes(8) + b"mdirappl" + bytes(9))


@dataclass(frozen=True, slots=True)
class _Item:
    """One item of the list: its name, its content, and the boxes in it by name."""

    name: bytes
    data: bytes
    inside: tuple[tuple[bytes, bytes], ...]

    def texts(self) -> tuple[str, ...]:
        """The texts of the `data` boxes; those of another type are none."""
        payloads = [(data[:4], data[8:]) for name, data in self.inside if name == b"data"]
        kinds = [(int.from_bytes(kind, "big"), payload) for kind, payload in payloads]
        return tuple(
            payload.decode(_ENCODINGS[kind], "replace") for kind, payload in kinds if kind in _ENCODINGS
        )

    def is_of(self, field: Field) -> bool:
        """Whether it holds a field; free-form names are told apart without regard to case."""
        if field in _ITEMS:
            return self.name == _ITEMS[field]
        if self.name != _FREE_FORM:
            return False
        said = [data[4:].decode("utf-8", "replace").lower() for name, data in self.inside if name != b"data"]
        return said == [_ITUNES.lower(), _free_name(field).lower()]


class Mp4:
    """iTunes' metadata; every other item, and every other box, stays byte for byte."""

    def read(self, file: BinaryIO, field: Field) -> tuple[str, ...]:
        """Read an item's texts; of the genre, where there are none, the name of ID3v1's number in `gnre`."""
        items = _items(file, boxes.tree(file))
        texts = _texts([item for item in items if item.is_of(field)])
        if texts or field != fields.GENRE:
            return texts
        # The number is ID3v1's and one more.
        names = [mutagen.id3.TCON.GENRES[number - 1 : number] for number in _numbers(items) if number]
        return tuple(name for found in names for name in found)

    def write(self, file: BinaryIO, values: Values, manner: Manner) -> None:
        """Replace items where the first one stands, and take `gnre` out once `©gen` says the genre.

        Free space beside the list or behind `moov` is used; where it does not suffice, all that follows moves.
        """
        root = boxes.tree(file)
        _check_keepable(file, root)
        items = list(_items(file, root))
        for field, texts in values.items():
            items = _replaced(items, field, (manner.separator.join(texts),) if manner.joined else texts)
        _put(
            file,
            root,
            boxes.rendered(b"ilst", b"".join(boxes.rendered(item.name, item.data) for item in items)),
        )

    def places(self, file: BinaryIO) -> tuple[Place, ...]:
        """List `©gen` and `gnre`."""
        items = _items(file, boxes.tree(file))
        texts = _texts([item for item in items if item.is_of(fields.GENRE)])
        numbers = tuple(map(str, _numbers(items)))
        found = ((_GENRE, texts), (_NUMBER, numbers))
        return tuple(Place("MP4", name.decode("latin-1"), said) for name, said in found if said)


def _items(file: BinaryIO, root: Box) -> tuple[_Item, ...]:
    if root.first(b"moov") is None:
        raise ValueError("it has no box moov")
    ilst = root.first(*_WAY)
    if ilst is None:
        return ()
    data = [(child.name, boxes.content(file, child)) for child in ilst.children]
    if sum(len(content) + 8 for _, content in data) != ilst.end - ilst.body:
        raise ValueError("the list of metadata items is damaged")
    return tuple(_Item(name, content, _inside(content)) for name, content in data)


def _inside(data: bytes) -> tuple[tuple[bytes, bytes], ...]:
    """The boxes in an item; nothing if it is not made of boxes."""
    found, place = [], 0
    while place + 8 <= len(data):
        size, name = struct.unpack_from(">I4s", data, place)
        if size < 8 or place + size > len(data):
            return ()
        found.append((name, data[place + 8 : place + size]))
        place += size
    return tuple(found)


def _texts(items: list[_Item]) -> tuple[str, ...]:
    return tuple(text for item in items for text in item.texts() if text.strip())


def _numbers(items: tuple[_Item, ...]) -> list[int]:
    found = [
        data[8:] for item in items if item.name == _NUMBER for name, data in item.inside if name == b"data"
    ]
    return [int.from_bytes(number, "big") for number in found]


def _free_name(field: Field) -> str:
    return field.name if field.custom else field.name.upper()


def _replaced(items: list[_Item], field: Field, texts: tuple[str, ...]) -> list[_Item]:
    old = [item for item in items if item.is_of(field) or (field == fields.GENRE and item.name == _NUMBER)]
    place = items.index(old[0]) if old else len(items)
    name = _ITEMS.get(field, _FREE_FORM)
    head = b"" if name != _FREE_FORM else _head(field, old)
    texts_in_boxes = [boxes.rendered(b"data", struct.pack(">II", _UTF8, 0) + text.encode()) for text in texts]
    data = head + b"".join(texts_in_boxes)
    return [
        *items[:place],
        _Item(name, data, _inside(data)),
        *(item for item in items[place:] if item not in old),
    ]


def _head(field: Field, old: list[_Item]) -> bytes:
    """The boxes `mean` and `name` of a free-form item, as they are spelled where there is one."""
    spelled = [(name, data) for name, data in old[0].inside if name != b"data"] if old else []
    if not spelled:
        spelled = [(b"mean", bytes(4) + _ITUNES.encode()), (b"name", bytes(4) + _free_name(field).encode())]
    return b"".join(boxes.rendered(name, data) for name, data in spelled)


def _put(file: BinaryIO, root: Box, data: bytes) -> None:
    """Put the list of items where it is, or where it belongs."""
    parents = next(way for n in range(len(_WAY), 0, -1) for way in root.ways(*_WAY[:n]))
    if len(parents) == len(_WAY):
        ilst, meta = parents.pop(), parents[-1]
        place = meta.children.index(ilst)
        start, end = _with_free(meta.children, place)
    else:
        start = end = _end_of_children(parents[-1])
    boxes.splice(file, root, parents, start, end, _fitted(root, parents, data, end - start))


def _fitted(root: Box, parents: list[Box], data: bytes, n_room: int) -> bytes:
    """Put the list into the boxes that are missing, with free space: what is left of the room, or new."""
    wrapped = _wrapped(data, parents)
    growth = len(wrapped) - n_room
    if boxes.fits(-growth):
        return wrapped + boxes.free(-growth)
    if boxes.fits(boxes.n_room_behind(root, parents[0]) - growth):
        return wrapped
    padding = mutagen.PaddingInfo(-1, root.end - parents[-1].end).get_default_padding()
    return _wrapped(data + boxes.free(padding), parents)


def _wrapped(data: bytes, parents: list[Box]) -> bytes:
    if len(parents) < 3:
        data = boxes.rendered(b"meta", bytes(4) + _HANDLER + data)
    return boxes.rendered(b"udta", data) if len(parents) < 2 else data


def _with_free(siblings: tuple[Box, ...], place: int) -> tuple[int, int]:
    """The bytes of a box and of free space on both its sides."""
    first = place - 1 if place and siblings[place - 1].name == b"free" else place
    last = place + 1 if place + 1 < len(siblings) and siblings[place + 1].name == b"free" else place
    return siblings[first].start, siblings[last].end


def _end_of_children(box: Box) -> int:
    return box.children[-1].end if box.children else box.body


def _check_keepable(file: BinaryIO, root: Box) -> None:
    """Refuse files whose genre would stay behind elsewhere, or whose metadata is of another kind."""
    if any(child.name in {_GENRE, _NUMBER} for udta in root.all(b"moov", b"udta") for child in udta.children):
        raise NotKeepableError("it names its genre as QuickTime or 3GPP user data, which cannot be changed")
    lists = [ilst for ilst in root.below() if ilst.name == b"ilst"]
    others = [ilst for ilst in lists if ilst is not root.first(*_WAY)]
    if any(child.name in {_GENRE, _NUMBER} for ilst in others for child in ilst.children):
        raise NotKeepableError("it names its genre in a second list of metadata, which cannot be changed")
    for keys in root.all(b"moov", b"meta", b"keys"):
        if b"genre" in boxes.content(file, keys).lower():
            raise NotKeepableError("it names its genre in QuickTime metadata, which cannot be changed")
    for meta in root.all(b"moov", b"udta", b"meta"):
        hdlr = meta.first(b"hdlr")
        if hdlr is not None and boxes.content(file, hdlr)[8:12] != b"mdir":
            raise NotKeepableError("its metadata is not of the kind that iTunes keeps")
