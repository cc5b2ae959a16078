"""Frames of ID3v2: which of them hold a field, what they say, and new ones; mutagen knows their insides."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Iterator
from typing import Any

import mutagen
import mutagen.id3
from mutagen.id3._util import BitPaddedInt

from tagger.sinks.tags import id3v2
from tagger.sinks.tags.fields import GENRE, GROUPING, Field
from tagger.sinks.tags.id3v2 import Tag
from tagger.sinks.tags.interface import Manner, NotKeepableError, NotStorableError, Place, Values

_SEPARATOR = "; "
_NAMES = {GENRE: (b"TCON", b"TCO"), GROUPING: (b"TIT1", b"TT1")}
_CUSTOM_NAMES = (b"TXXX", b"TXX")
_PICTURES = (b"APIC", b"PIC")


def values(tag: Tag, field: Field) -> tuple[str, ...]:
    """Read a field: genres that are numbers by name, and texts of 2.3 and older parted by "; ".

    Nothing else parts them: genres such as "R&B/Soul" and "Folk, World, & Country" hold what others use.
    """
    found = [
        value for frame in _fields(tag, field) for value in (frame.genres if field == GENRE else frame.text)
    ]
    if tag.version < 4:
        found = [part for value in found for part in parted(value)]
    return tuple(value for value in found if value.strip())


def parted(text: str) -> tuple[str, ...]:
    """Part the values of one text, as where only one is possible."""
    return tuple(value for value in text.split(_SEPARATOR) if value.strip())


def places(tag: Tag) -> tuple[Place, ...]:
    """List the frames that name genres."""
    name = _NAMES[GENRE][tag.version == 2].decode()
    texts = [tuple(map(str, frame.text)) for frame in _fields(tag, GENRE)]
    return tuple(Place(f"ID3v2.{tag.version}", name, each) for each in texts if any(map(str.strip, each)))


def updated(old: bytes, values: Values, manner: Manner, *, n_room: int, n_behind: int) -> bytes:
    """Put new values into fields of a tag, in its room if that suffices.

    Args:
        old: The tag.
        values: What is to stand in fields.
        manner: How, where the version leaves a choice.
        n_room: As `id3v2.rendered` takes it.
        n_behind: As `id3v2.rendered` takes it.

    Raises:
        NotKeepableError: The rest of the tag would be damaged.
        NotStorableError: A value would not read back as it was given.
    """
    return id3v2.rendered(_replaced(id3v2.parse(old), values, manner), n_room, n_behind)


def _replaced(tag: Tag, wanted: Values, manner: Manner) -> Tag:
    """Each field where its first frame stood, or in front of pictures, since some readers stop early."""
    if tag.unkeepable:
        raise NotKeepableError(tag.unkeepable)
    frames = list(tag.frames)
    for field, texts in wanted.items():
        old = [place for place, raw in enumerate(frames) if _is_of(tag, raw, field)]
        pictures = [place for place, raw in enumerate(frames) if raw.startswith(_PICTURES)]
        place = [*old, *pictures, len(frames)][0]
        new = _frame(tag, field, texts, manner)
        frames = [raw for number, raw in enumerate(frames) if number not in old]
        frames.insert(place, new)
    return dataclasses.replace(tag, frames=tuple(frames))


def _fields(tag: Tag, field: Field) -> Iterator[Any]:
    return (frame for raw in tag.frames if _is_of(tag, raw, field) for frame in _parsed(tag, raw))


def _is_of(tag: Tag, raw: bytes, field: Field) -> bool:
    name = raw[: 3 if tag.version == 2 else 4].rstrip(b"\0 ")
    if field in _NAMES:
        return name in _NAMES[field]
    wanted = _description(field).casefold()
    return name in _CUSTOM_NAMES and any(frame.desc.casefold() == wanted for frame in _parsed(tag, raw))


def _description(field: Field) -> str:
    return field.name if field.custom else field.name.upper()


def _parsed(tag: Tag, raw: bytes) -> list[Any]:
    """The frame as mutagen understands it; nothing if it does not: encrypted, or without sense."""
    if tag.version == 4:
        raw = raw[:4] + BitPaddedInt.to_str(len(raw) - 10) + raw[8:]
    flags = tag.flags & id3v2.UNSYNCHRONISED if tag.version == 4 else 0
    alone = Tag(tag.version, flags=flags, frames=(raw,))
    file = io.BytesIO(id3v2.rendered(alone, len(raw) + id3v2.HEADER_BYTES, 0))
    try:
        return list(mutagen.id3.ID3(file, translate=False, load_v1=False).values())
    except (mutagen.MutagenError, ValueError):
        return []


def _frame(tag: Tag, field: Field, texts: tuple[str, ...], manner: Manner) -> bytes:
    """A new frame, in the version and in the spelling of sizes of its tag."""
    is_joined = tag.version < 4 or manner.joined
    _check_separable(tag, texts, manner)
    joined = [manner.separator.join(texts)] if is_joined else list(texts)
    wide = mutagen.id3.Encoding.UTF8 if tag.version == 4 else mutagen.id3.Encoding.UTF16
    encoding = mutagen.id3.Encoding.LATIN1 if all(map(str.isascii, [*texts, _description(field)])) else wide
    if field == GENRE:
        frame = mutagen.id3.TCON(encoding=encoding, text=joined)
        if frame.genres != joined:
            raise NotStorableError(f"ID3 readers would take a genre for a number: {'; '.join(texts)!r}")
    elif field == GROUPING:
        frame = mutagen.id3.TIT1(encoding=encoding, text=joined)
    else:
        frame = mutagen.id3.TXXX(encoding=encoding, desc=_description(field), text=joined)
    alone = mutagen.id3.ID3()
    alone.add(frame)
    file = io.BytesIO()
    alone.save(file, v2_version=max(tag.version, 3), v23_sep=None, padding=lambda _: 0)
    raw = file.getvalue()[id3v2.HEADER_BYTES :]
    name, content = raw[:4], raw[10:]
    if tag.version == 2:
        short = next(names[1] for names in (*_NAMES.values(), _CUSTOM_NAMES) if names[0] == name)
        return short + len(content).to_bytes(3, "big") + content
    return name + len(content).to_bytes(4, "big") + raw[8:] if tag.has_plain_sizes else raw


def _check_separable(tag: Tag, texts: tuple[str, ...], manner: Manner) -> None:
    separators = (
        {_SEPARATOR, manner.separator} if tag.version < 4 else {manner.separator} if manner.joined else set()
    )
    for separator in sorted(separators):
        if any(separator in text for text in texts):
            raise NotStorableError(
                f"a genre with {separator!r} cannot be written to an ID3v2.{tag.version} tag"
            )
