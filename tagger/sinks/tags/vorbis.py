"""Genres in Vorbis comments: one comment GENRE per genre, in FLAC and in the codecs that live in Ogg.

Padding is used where it suffices. In Ogg FLAC mutagen neither finds nor makes any: the file's size changes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

import mutagen
import mutagen.flac
import mutagen.ogg
import mutagen.oggvorbis

from tagger.sinks.tags import fields, id3, id3v2
from tagger.sinks.tags.fields import Field
from tagger.sinks.tags.interface import Manner, NotKeepableError, Place, Values


@dataclass(frozen=True)
class Comments:
    """Vorbis comments of one codec.

    Attributes:
        parse: mutagen's class for files of this codec.
    """

    parse: Callable[[BinaryIO], Any]

    def read(self, file: BinaryIO, field: Field) -> tuple[str, ...]:
        """Read the comments of a field, in whatever case the name is written."""
        return tuple(value for _, value in self._comments(file, _name(field)) if value.strip())

    def write(self, file: BinaryIO, values: Values, manner: Manner) -> None:
        """Replace comments where the first one stands; the order and spelling of all others stay.

        A genre in an ID3v2 tag in front, which some programs put before FLAC, is kept in step.
        """
        file.seek(0)
        audio = self.parse(file)
        if isinstance(audio, mutagen.flac.FLAC):
            _check_blocks(file, audio)
        elif isinstance(audio, mutagen.oggvorbis.OggVorbis):
            _check_stream(file, audio)
        if audio.tags is None:
            audio.add_tags()
        else:
            _check_keepable(audio)
        for field, texts in values.items():
            joined = (manner.separator.join(texts),) if manner.joined else texts
            audio.tags[:] = _replaced(list(audio.tags), _name(field), joined)
        if fields.GENRE in values:
            id3.sync_prefix(file, values[fields.GENRE], manner)
        file.seek(0)
        audio.save(file, padding=_padding)

    def places(self, file: BinaryIO) -> tuple[Place, ...]:
        """List the comments GENRE as one place, and the genres of an ID3v2 tag in front."""
        comments = self._comments(file, _name(fields.GENRE))
        texts = tuple(value for _, value in comments)
        found = (Place("Vorbis comment", comments[0][0], texts),) if any(map(str.strip, texts)) else ()
        return found + id3.prefix_places(file)

    def _comments(self, file: BinaryIO, wanted: str) -> list[tuple[str, str]]:
        file.seek(0)
        tags = self.parse(file).tags
        return [(name, value) for name, value in tags or () if name.upper() == wanted]


def _name(field: Field) -> str:
    return field.name.upper()


def _replaced(comments: list[tuple[str, str]], wanted: str, texts: tuple[str, ...]) -> list[tuple[str, str]]:
    others = [(name, text) for name, text in comments if name.upper() != wanted]
    places = [(place, name) for place, (name, _) in enumerate(comments) if name.upper() == wanted]
    place, spelling = places[0] if places else (len(others), wanted)
    return [*others[:place], *((spelling, text) for text in texts), *others[place:]]


def _padding(info: mutagen.PaddingInfo) -> int:
    """Of padding that is there, all that is left; unlike mutagen, which takes some away where it finds much."""
    return info.padding if info.padding >= 0 else info.get_default_padding()


def _check_blocks(file: BinaryIO, audio: Any) -> None:
    """Refuse FLAC files with a metadata block that mutagen would write otherwise than it read it."""
    others = [block for block in audio.metadata_blocks if block is not audio.tags]
    n_bytes = len(id3v2.load(file, 0) or b"") + sum(len(block.write()) + 4 for block in audio.metadata_blocks)
    file.seek(0)
    head = file.read(n_bytes + 4)
    kept = [block for block in others if not isinstance(block, mutagen.flac.Padding)]
    if any(isinstance(block, mutagen.flac.VCFLACDict) or block.write() not in head for block in kept):
        raise NotKeepableError("it holds a metadata block that cannot be kept as it is")


def _check_stream(file: BinaryIO, audio: Any) -> None:
    """Refuse files in which the comments of a second stream come first: mutagen would write there."""
    file.seek(0)
    page = mutagen.ogg.OggPage(file)
    while not page.packets[0].startswith(b"\x03vorbis"):
        page = mutagen.ogg.OggPage(file)
    if page.serial != audio.info.serial:
        raise NotKeepableError("it holds two streams, and the comments of the second come first")


def _check_keepable(audio: Any) -> None:
    """Refuse comments that mutagen would write otherwise than it read them.

    It replaces what is not UTF-8 or not ASCII in a name, names the nameless and drops the misnamed: the length
    tells, or the replacement ("?" in names) where both happen to be equally long.
    """
    # One byte more is the framing bit of Ogg Vorbis.
    n_bytes_lost = audio.tags._size - len(audio.tags.write(framing=False))
    texts = [audio.tags.vendor, *(value for _, value in audio.tags)]
    texts += [text for picture in getattr(audio, "pictures", ()) for text in (picture.mime, picture.desc)]
    is_replaced = any("\ufffd" in text for text in texts) or any("?" in name for name, _ in audio.tags)
    if is_replaced or n_bytes_lost not in {0, 1}:
        raise NotKeepableError("it holds a comment that is not UTF-8 text and would be lost")
