"""MP3 and True Audio: ID3v2 in front, and what else programs have put behind the audio: APEv2 and ID3v1."""

from __future__ import annotations

import io
from typing import BinaryIO

import mutagen.id3

from tagger.sinks.tags import apev2, id3, id3v1, id3v2, splice
from tagger.sinks.tags.fields import GENRE, Field
from tagger.sinks.tags.interface import Manner, Place, Values


class Mp3:
    """ID3v2 counts; the others are never created, and where they name a genre they are kept in step."""

    def read(self, file: BinaryIO, field: Field) -> tuple[str, ...]:
        """Read a field of ID3v2; where that has no genre, it is the one of APEv2, or that of ID3v1."""
        found = id3.values(file, field)
        if found or field != GENRE:
            return found
        stray = tuple(text for place in apev2.places(file) for text in place.values)
        return stray or id3v1.genres(file)

    def write(self, file: BinaryIO, values: Values, manner: Manner) -> None:
        """Replace fields; a new tag takes over what ID3v1 says, since players stop at ID3v2."""
        change = id3.change(file, values, manner, lambda: _from_v1(file, manner.id3_version))
        if GENRE in values:
            apev2.sync(file, values[GENRE], manner)
            id3v1.sync(file, values[GENRE][0])
        splice.apply(file, [change])

    def places(self, file: BinaryIO) -> tuple[Place, ...]:
        """List the genres of ID3v2, of APEv2 and of ID3v1."""
        return id3.prefix_places(file) + apev2.places(file) + id3v1.places(file)


def _from_v1(file: BinaryIO, version: int) -> bytes:
    """A tag with the fields of ID3v1."""
    file.seek(0)
    try:
        tag = mutagen.id3.ID3(file, v2_version=version)
    except mutagen.id3.ID3NoHeaderError:
        return id3v2.empty(version)
    for comment in tag.getall("COMM"):
        # mutagen's description would hide it from players, which look for the one without.
        comment.desc = ""
        tag.setall("COMM", [comment])
    out = io.BytesIO()
    tag.save(out, v2_version=version, padding=lambda _: 0)
    return out.getvalue()
