"""Genres in ASF files (WMA): the attribute `WM/Genre`, one per genre.

Names of objects and their layout are those of the Advanced Systems Format specification, revision 1.20.05. The
first genre stands in the Extended Content Description and further ones in the Metadata Library, as in files by
mutagen and TagLib. mutagen itself also moves, dedupes and renders anew everything else.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO
from uuid import UUID

import mutagen
from mutagen._util import resize_bytes

from tagger.sinks.tags import fields
from tagger.sinks.tags.fields import Field
from tagger.sinks.tags.interface import Manner, NotKeepableError, Place, Values

_HEADER = UUID("75b22630-668e-11cf-a6d9-00aa0062ce6c").bytes_le
_FILE_PROPERTIES = UUID("8cabdca1-a947-11cf-8ee4-00c00c205365").bytes_le
_EXTENSION = UUID("5fbf03b5-a92e-11cf-8ee3-00c00c205365").bytes_le
_EXTENDED = UUID("d2d0a440-e307-11d2-97f0-00a0c95ea850").bytes_le
_METADATA = UUID("c5f8cbea-5baf-4877-8467-aa8c44fa4cca").bytes_le
_LIBRARY = UUID("44231c94-9498-49d1-a141-1d134e457054").bytes_le
_PADDING = UUID("1806d474-cadf-4509-a4ba-9aabcb96aae8").bytes_le
_SIGNATURE = UUID("2211b3fc-bd23-11d2-b4b7-00a0c955fc6e").bytes_le

_NAMES = {fields.GENRE: "WM/Genre", fields.STYLE: "WM/Style", fields.GROUPING: "WM/ContentGroupDescription"}
_NUMBER = "WM/GenreID"
_UNICODE = 0
_MAX_EXTENDED_BYTES = 0xFFFF
_HEADER_BYTES = 30
_OBJECT_BYTES = 24
_EXTENSION_BYTES = 22  # before the objects in it: a GUID, a number, their size

_Object = tuple[bytes, bytes]  # GUID, content


@dataclass(frozen=True, slots=True)
class _Attribute:
    """One attribute.

    Attributes:
        name: Without the zero at its end.
        kind: Type of its value; 0 is text in UTF-16.
        value: Its bytes.
        raw: All its bytes, header included.
    """

    name: str
    kind: int
    value: bytes
    raw: bytes

    def is_named(self, name: str) -> bool:
        """Whether it has a name; case does not matter."""
        return self.name.lower() == name.lower()


class Asf:
    """ASF's attributes; all but those to write stay byte for byte, wherever they are."""

    def read(self, file: BinaryIO, field: Field) -> tuple[str, ...]:
        """Read the texts of a field, those in the Extended Content Description first."""
        return tuple(text for text in _texts(_objects(file), _name(field)) if text.strip())

    def write(self, file: BinaryIO, values: Values, manner: Manner) -> None:
        """Replace a field's attributes.

        `WM/GenreID`, a number of ID3v1, goes once `WM/Genre` is there: it could only say less, or contradict.
        A padding object in the header is used as far as it suffices.
        """
        objects = _objects(file)
        if any(guid == _SIGNATURE for guid, _ in objects):
            raise NotKeepableError("its header is signed, and the signature would not be valid any more")
        for field, texts in values.items():
            joined = (manner.separator.join(texts),) if manner.joined else texts
            objects = _with_texts(objects, _name(field), joined)
        if fields.GENRE in values:
            objects = _without(objects, _NUMBER)
        _put(file, objects)

    def places(self, file: BinaryIO) -> tuple[Place, ...]:
        """List `WM/Genre` and `WM/GenreID`."""
        objects = _objects(file)
        found = [(name, _texts(objects, name)) for name in (_NAMES[fields.GENRE], _NUMBER)]
        return tuple(Place("ASF", name, texts) for name, texts in found if any(map(str.strip, texts)))


def _name(field: Field) -> str:
    return _NAMES.get(field, field.name)


def _objects(file: BinaryIO) -> list[_Object]:
    """The objects in the header, those in its extension not yet taken apart."""
    file.seek(0)
    head = file.read(_HEADER_BYTES)
    if len(head) < _HEADER_BYTES or not head.startswith(_HEADER):
        raise ValueError("its header is cut off")
    size, n_objects = struct.unpack_from("<QI", head, 16)
    if size > file.seek(0, io.SEEK_END):
        raise ValueError("its header is cut off")
    file.seek(_HEADER_BYTES)
    objects = _apart(file.read(size - _HEADER_BYTES) if size > _HEADER_BYTES else b"")
    if len(objects) != n_objects:
        raise ValueError(f"its header holds {len(objects)} objects, not {n_objects}")
    return objects


def _apart(data: bytes) -> list[_Object]:
    objects, place = [], 0
    while place < len(data):
        guid = data[place : place + 16]
        size = int.from_bytes(data[place + 16 : place + _OBJECT_BYTES], "little")
        if size < _OBJECT_BYTES or place + size > len(data):
            raise ValueError("an object in its header does not fit into its place")
        objects.append((guid, data[place + _OBJECT_BYTES : place + size]))
        place += size
    return objects


def _together(objects: list[_Object]) -> bytes:
    return b"".join(guid + struct.pack("<Q", len(data) + _OBJECT_BYTES) + data for guid, data in objects)


def _extension(objects: list[_Object]) -> list[_Object]:
    """The objects in the header's extension, which every file must have (3.4)."""
    data = next((data for guid, data in objects if guid == _EXTENSION), b"")
    size = int.from_bytes(data[18:_EXTENSION_BYTES], "little")
    if len(data) < _EXTENSION_BYTES or size != len(data) - _EXTENSION_BYTES:
        raise ValueError("its header has no whole extension")
    return _apart(data[_EXTENSION_BYTES:])


def _with_extension(objects: list[_Object], inside: list[_Object]) -> list[_Object]:
    data = _together(inside)

    def renewed(old: bytes) -> bytes:
        return old[:18] + struct.pack("<I", len(data)) + data

    return [(guid, renewed(old) if guid == _EXTENSION else old) for guid, old in objects]


def _attributes(guid: bytes, data: bytes) -> list[_Attribute]:
    """The attributes of one object; 3.11 for the Extended Content Description, 4.7 and 4.8 for the others."""
    found, place = [], 2
    for _ in range(int.from_bytes(data[:2], "little")):
        start = place
        if guid == _EXTENDED:
            n_name = int.from_bytes(data[place : place + 2], "little")
            name_at, place = place + 2, place + 2 + n_name
            kind, n_value = struct.unpack_from("<HH", data[place : place + 4].ljust(4, b"\xff"))
            place += 4
        else:
            _, _, n_name, kind, n_value = struct.unpack_from(
                "<HHHHI", data[place : place + 12].ljust(12, b"\xff")
            )
            name_at, place = place + 12, place + 12 + n_name
        end = place + n_value
        if end > len(data):
            raise ValueError("an attribute in its header does not fit into its place")
        name = data[name_at : name_at + n_name].decode("utf-16-le", "replace").rstrip("\0")
        found.append(_Attribute(name, kind, data[place:end], data[start:end]))
        place = end
    if place != max(2, len(data)):
        raise ValueError("there is more in its header than attributes")
    return found


def _holding(objects: list[_Object]) -> Iterator[tuple[bytes, list[_Attribute]]]:
    """The objects that hold attributes, in the order in which players look."""
    inside = _extension(objects)
    for wanted in (_EXTENDED, _METADATA, _LIBRARY):
        for guid, data in objects if wanted == _EXTENDED else inside:
            if guid == wanted:
                yield guid, _attributes(guid, data)


def _texts(objects: list[_Object], name: str) -> tuple[str, ...]:
    named = [each for _, found in _holding(objects) for each in found if each.is_named(name)]
    return tuple(
        each.value.decode("utf-16-le", "replace").rstrip("\0") for each in named if each.kind == _UNICODE
    )


def _without(objects: list[_Object], name: str) -> list[_Object]:
    """Take out all attributes of a name; objects without any are kept byte for byte."""

    def thinned(guid: bytes, data: bytes) -> bytes:
        if guid not in {_EXTENDED, _METADATA, _LIBRARY}:
            return data
        found = _attributes(guid, data)
        left = [each for each in found if not each.is_named(name)]
        return data if len(left) == len(found) else _rendered(left)

    inside = [(guid, thinned(guid, data)) for guid, data in _extension(objects)]
    return [(guid, thinned(guid, data)) for guid, data in _with_extension(objects, inside)]


def _with_texts(objects: list[_Object], name: str, texts: tuple[str, ...]) -> list[_Object]:
    """Put texts where the first one stands: the first in the Extended Content Description, if it fits there."""
    old = [each for _, found in _holding(objects) for each in found if each.is_named(name)]
    spelling = old[0].name if old else name
    new = [_Attribute(spelling, _UNICODE, text.encode("utf-16-le") + b"\0\0", b"") for text in texts]
    n_extended = int(len(new[0].value) <= _MAX_EXTENDED_BYTES)
    outer = _replaced(objects, _EXTENDED, name, [_rendered_short(each) for each in new[:n_extended]])
    inner = _replaced(_extension(outer), _METADATA, name, [])
    inner = _replaced(inner, _LIBRARY, name, [_rendered_long(each) for each in new[n_extended:]])
    return _with_extension(outer, inner)


def _replaced(objects: list[_Object], wanted: bytes, name: str, new: list[_Attribute]) -> list[_Object]:
    """Replace the attributes of a name in one kind of object, which is added if it is needed."""
    if new and wanted not in dict(objects):
        objects = [*objects, (wanted, _rendered([]))]
    changed = []
    for guid, data in objects:
        if guid == wanted:
            found = _attributes(guid, data)
            place = next((n for n, each in enumerate(found) if each.is_named(name)), len(found))
            if new or place < len(found):
                others = [each for each in found[place:] if not each.is_named(name)]
                data, new = _rendered([*found[:place], *new, *others]), []
        changed.append((guid, data))
    return changed


def _rendered(attributes: list[_Attribute]) -> bytes:
    return struct.pack("<H", len(attributes)) + b"".join(each.raw for each in attributes)


def _rendered_short(each: _Attribute) -> _Attribute:
    name = each.name.encode("utf-16-le") + b"\0\0"
    head = struct.pack("<H", len(name)) + name + struct.pack("<HH", each.kind, len(each.value))
    return replace(each, raw=head + each.value)


def _rendered_long(each: _Attribute) -> _Attribute:
    name = each.name.encode("utf-16-le") + b"\0\0"
    head = struct.pack("<HHHHI", 0, 0, len(name), each.kind, len(each.value)) + name
    return replace(each, raw=head + each.value)


def _put(file: BinaryIO, objects: list[_Object]) -> None:
    """Write the header: of the old size if its padding allows for it, else with new padding."""
    file.seek(0)
    head = file.read(_HEADER_BYTES)
    old_size = int.from_bytes(head[16:24], "little")
    file_size = file.seek(0, io.SEEK_END)
    if len(_padded(objects, 0)) + _HEADER_BYTES > old_size:
        room = mutagen.PaddingInfo(-1, file_size - old_size).get_default_padding()
    else:
        room = old_size - _HEADER_BYTES - len(_padded(objects, 0))
    growth = len(_padded(objects, room)) + _HEADER_BYTES - old_size
    if growth:
        objects = [_with_file_size(each, file_size, file_size + growth) for each in objects]
    data = _padded(objects, room)
    n_objects = len(_apart(data))
    resize_bytes(file, old_size, old_size + growth, 0)
    file.seek(0)
    file.write(head[:16] + struct.pack("<QI", len(data) + _HEADER_BYTES, n_objects) + head[28:] + data)


def _padded(objects: list[_Object], n_bytes: int) -> bytes:
    """Render objects with one padding object of so many bytes, where the first one stands, or at the end."""
    places = [place for place, (guid, _) in enumerate(objects) if guid == _PADDING] or [len(objects)]
    others = [each for each in objects[places[0] :] if each[0] != _PADDING]
    return _together([*objects[: places[0]], (_PADDING, bytes(n_bytes)), *others])


def _with_file_size(each: _Object, old: int, new: int) -> _Object:
    """Keep the file's size in its properties (3.2) right, where it was right."""
    guid, data = each
    if guid == _FILE_PROPERTIES and data[16:24] == struct.pack("<Q", old):
        return guid, data[:16] + struct.pack("<Q", new) + data[24:]
    return each
