"""The colour of each genre, the same wherever it is shown: in a terminal, a picture or a page."""

from __future__ import annotations

from collections.abc import Sequence

# Of the 256 colours of terminals, those that are told apart, and read on black and on white; in this order,
# genres that are neighbours in the alphabet differ.
PALETTE = (27, 136, 131, 201, 129, 28, 69, 133, 198, 65, 163, 99, 31, 160)

_FIRST_OF_CUBE = 16
_LEVELS = (0, 95, 135, 175, 215, 255)


def number(genre: str, genres: Sequence[str]) -> int | None:
    """Of a genre's colour among the 256 of a terminal; None for what is none of the model's genres."""
    return PALETTE[genres.index(genre) % len(PALETTE)] if genre in genres else None


def css(genre: str, genres: Sequence[str]) -> str:
    """The same colour as #rrggbb, as xterm draws it; a middle grey for what is none of the model's genres."""
    of_terminal = number(genre, genres)
    if of_terminal is None:
        return "#808080"
    place = of_terminal - _FIRST_OF_CUBE
    return "#" + "".join(f"{_LEVELS[place // size % 6]:02x}" for size in (36, 6, 1))
