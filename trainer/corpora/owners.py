"""Whose a recording is, by the file's own tags."""

from __future__ import annotations

from pathlib import Path

from tagger.errors import TagError
from tagger.sinks.tags import credits

ARTIST = "artist:"

_NOBODY = frozenset({"", "various", "various artists", "va", "unknown", "unknown artist", "<unknown>"})


def group(path: Path) -> str:
    """What a file goes with: the artist of its album, its own artist, or its album; empty if none is known.

    The album's artist comes first, so that guests do not part an album, but not on compilations.
    """
    try:
        found = credits.read(path)
    except TagError:
        return ""
    for name in (found.album_artist, found.artist):
        if (key := _key(name)) not in _NOBODY:
            return f"{ARTIST}{key}"
    return f"album:{_key(found.album)}" if found.album else ""


def _key(name: str) -> str:
    return " ".join(name.casefold().split())
