"""What every corpus becomes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Example:
    """A training item.

    Attributes:
        path: The sound file.
        labels: The corpus' own labels, strongest first; one at least.
        group: What must not be on two sides of a split: the artist where known, else the source track.
        corpus: Where it comes from.
        fold: Fold given by the corpus.
        split: "train", "validation" or "test", given by the corpus.
        licence: Licence of the audio; empty if the corpus states none.
    """

    path: Path
    labels: tuple[str, ...]
    group: str
    corpus: str
    fold: int | None = None
    split: str | None = None
    licence: str = ""


@dataclass(frozen=True)
class Corpus:
    """A corpus that was found on disk.

    Attributes:
        name: Its name.
        examples: Its items, in a stable order.
        artists_known: Whether groups are artists; else each recording is a group of its own.
        names_are_genres: Whether all labels become genres: the user's own names, or a corpus made for them.
        licence: What is known about the licence as a whole.
        citation: How its authors ask to be cited; empty if unknown.
        problems: What is missing or was left out, each a sentence.
        background: Sound files beside it that hold no music: speech, noise.
    """

    name: str
    examples: tuple[Example, ...]
    artists_known: bool
    names_are_genres: bool = False
    licence: str = ""
    citation: str = ""
    problems: tuple[str, ...] = ()
    background: tuple[Path, ...] = ()
