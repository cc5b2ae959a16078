"""Who made a recording and what it appeared on, as the file's own tags say; read only."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import mutagen

from tagger.sinks import tags

# In ID3, MP4, ASF, and in Vorbis comments and APEv2, which take any case.
_ARTIST = ("TPE1", "\xa9ART", "Author", "artist")
_ALBUM_ARTIST = ("TPE2", "aART", "WM/AlbumArtist", "albumartist", "album artist")
_ALBUM = ("TALB", "\xa9alb", "WM/AlbumTitle", "album")


@dataclass(frozen=True, slots=True)
class Credits:
    """What stands in the tags of a file; empty where they say nothing, the first of several values.

    Attributes:
        artist: Who plays.
        album_artist: Whose album it is.
        album: Its title.
    """

    artist: str = ""
    album_artist: str = ""
    album: str = ""


def read(path: str | os.PathLike[str]) -> Credits:
    """Read them, whatever kind of file and tag it is; nothing where mutagen knows neither.

    Raises:
        TagError: The file cannot be opened, or its tags are damaged.
    """
    with tags.ours(path), tags.opened(path) as file:
        found = mutagen.File(file)
        texts = {} if found is None or found.tags is None else _texts(found.tags)
        return Credits(*(_first(texts, names) for names in (_ARTIST, _ALBUM_ARTIST, _ALBUM)))


def _texts(found: Any) -> Mapping[str, Any]:
    """The values of tags by their names in lower case."""
    return {str(name).lower(): found[name] for name in found.keys()}  # noqa: SIM118 - tags iterate over pairs


def _first(texts: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """The first value that is there under one of these names; a single frame counts as several."""
    for name in names:
        value = texts.get(name.lower())
        values = getattr(value, "text", value) if value is not None else ()
        for one in [values] if isinstance(values, str) else values:
            if text := str(one).strip():
                return text
    return ""
