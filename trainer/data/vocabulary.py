"""Our genres, and what the labels of corpora mean by them, with the reason for every merge and every omission.

The names are those of GTZAN, of Emotify, of AllMusic (as in 4Q/TAFFC), of FMA's top genres and of common
folders, in lower case without spaces, hyphens, slashes, ampersands and apostrophes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a corpus' label means to us.

    Attributes:
        genres: The genres that it may stand for; none if it is left out.
        reason: Why it is merged, left open or left out; empty if it is only another spelling.
        is_music: Whether it may name music at all.
    """

    genres: tuple[str, ...]
    reason: str = ""
    is_music: bool = True

    @property
    def genre(self) -> str | None:
        """The genre, if it can only be one."""
        return self.genres[0] if len(self.genres) == 1 else None

    @property
    def ambiguous(self) -> bool:
        """Whether it leaves several genres open: it says that one of them is right, and not which."""
        return len(self.genres) > 1


GENRES = (
    "Blues",
    "Classical",
    "Country",
    "Disco",
    "Electronic",
    "Folk",
    "Hip-Hop",
    "Jazz",
    "Latin",
    "Metal",
    "Pop",
    "R&B",
    "Reggae",
    "Rock",
)

_NOT_SOUND = "names an occasion or a use, not how the music sounds"
_TOO_WIDE = "covers music of many genres"
_JAZZ_OR_POP = "shades into Jazz and Pop"

_ONE: dict[str, tuple[str, str]] = {
    "classic": ("Classical", ""),
    "electronica": ("Electronic", ""),
    "dance": ("Electronic", "dance music made by machines; disco keeps its own label"),
    "rap": ("Hip-Hop", "rapping over beats; corpora use both words for the same records"),
    "rnb": ("R&B", ""),
    "soul": ("R&B", "AllMusic and most shops file soul under R&B"),
    "rhythmandblues": ("R&B", ""),
    "soulrnb": ("R&B", "FMA's one shelf for both"),
    "heavymetal": ("Metal", ""),
    "punk": ("Rock", "a style of rock in AllMusic's tree"),
    "rocknroll": ("Rock", "a style of rock in AllMusic's tree"),
}

_SEVERAL: dict[str, tuple[tuple[str, ...], str]] = {
    "poprock": (("Pop", "Rock", "Metal"), "AllMusic's Pop/Rock holds pop, rock and metal alike"),
}

_LEFT_OUT = {
    "international": "says where the music comes from, not how it sounds",
    "newage": "too few artists, and it shades into Electronic and Classical",
    "avantgarde": _TOO_WIDE,
    "experimental": _TOO_WIDE,
    "instrumental": "says that nobody sings, not how the music sounds",
    "oldtimehistoric": "says when it was recorded: blues, country, jazz and vaudeville alike",
    "children": _NOT_SOUND,
    "childrens": _NOT_SOUND,
    "comedyspoken": "songs that are meant to be funny, sketches and speech alike",
    "easylistening": "shades into Jazz, Pop and Classical",
    "holiday": _NOT_SOUND,
    "popstandards": _JAZZ_OR_POP,
    "religious": _NOT_SOUND,
    "soundtrack": _NOT_SOUND,
    "stagescreen": _NOT_SOUND,
    "vocal": _JAZZ_OR_POP,
}

# Noise is not among them, for there is music of that name.
_NO_MUSIC = {"spoken": "speech", "speech": "speech"}


def key(label: str) -> str:
    """A label without what corpora spell differently: a key of `MEANINGS`."""
    return re.sub(r"[\W_]", "", label).lower()


MEANINGS: dict[str, Meaning] = {
    **{key(genre): Meaning((genre,)) for genre in GENRES},
    **{label: Meaning((genre,), reason) for label, (genre, reason) in _ONE.items()},
    **{label: Meaning(genres, reason) for label, (genres, reason) in _SEVERAL.items()},
    **{label: Meaning((), reason) for label, reason in _LEFT_OUT.items()},
    **{label: Meaning((), reason, is_music=False) for label, reason in _NO_MUSIC.items()},
}
