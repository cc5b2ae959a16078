"""ID3v2 at the start of a file: in MP3, where it belongs, and where careless programs have put it."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import BinaryIO

from tagger.sinks.tags import id3frames, id3v2, splice
from tagger.sinks.tags.fields import GENRE, Field
from tagger.sinks.tags.interface import Manner, Place, Values


def values(file: BinaryIO, field: Field) -> tuple[str, ...]:
    """Read a field; empty if there is none, or no tag."""
    data = id3v2.load(file, 0)
    return id3frames.values(id3v2.parse(data), field) if data else ()


def prefix_places(file: BinaryIO) -> tuple[Place, ...]:
    """List the genres of the tag."""
    data = id3v2.load(file, 0)
    return id3frames.places(id3v2.parse(data)) if data else ()


def sync_prefix(file: BinaryIO, genres: tuple[str, ...], manner: Manner) -> None:
    """Keep the tag in step, if it names a genre; no tag and no genre is created.

    Raises:
        NotKeepableError: The rest of the tag would be damaged; nothing was written.
        NotStorableError: A genre would not read back as it was given; nothing was written.
    """
    if prefix_places(file):
        splice.apply(file, [change(file, {GENRE: genres}, manner, bytes)])


def change(file: BinaryIO, values: Values, manner: Manner, new: Callable[[], bytes]) -> splice.Splice:
    """What to do to the start of a file, which is only read, to replace fields.

    Args:
        file: Its tag is at the start, or is to be.
        values: What is to stand in fields.
        manner: How, where the version leaves a choice.
        new: Makes the tag to begin with if there is none.
    """
    old = id3v2.load(file, 0) or b""
    n_behind = file.seek(0, io.SEEK_END) - len(old)
    return 0, len(old), id3frames.updated(old or new(), values, manner, n_room=len(old), n_behind=n_behind)
