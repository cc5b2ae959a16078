"""What is in a file, and whether it could be written: looked at, never changed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from tagger.errors import TagError, UntaggableError
from tagger.sinks import tags
from tagger.sinks.rehearsing import Rehearsal
from tagger.sinks.tags import fields, sniff
from tagger.sinks.tags.interface import Place

_TRIAL = ("A genre that no file has",)


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found in a file.

    Attributes:
        path: The file.
        container: Its kind; empty if it is not known.
        places: Every place in it that names genres.
        genres: What we read from these.
        problem: Why it cannot be written; empty if it can.
        hint: What the user may do about that; empty if nothing is known to help.
    """

    path: Path
    container: str
    places: tuple[Place, ...] = ()
    genres: tuple[str, ...] = ()
    problem: str = ""
    hint: str = ""


def inspect(path: str | os.PathLike[str]) -> Inspection:
    """Look into a file, and try on a draft whether a genre could be written.

    Raises:
        TagError: The file cannot be opened, or its tags are damaged.
    """
    path = Path(path)
    try:
        container, places = tags.places(path)
        genres = tags.read(path)
    except UntaggableError as error:
        with tags.ours(path), tags.opened(path) as file:
            return Inspection(path, sniff.kind(file), problem=error.reason, hint=error.hint)
    problem, hint = _problem(path)
    return Inspection(path, container, places, genres, problem, hint)


def _problem(path: Path) -> tuple[str, str]:
    """Why a file cannot be written, and what helps; two empty texts if it can."""
    try:
        trial = Rehearsal(hardlinks="skip")
        trial.rewrite(path, lambda file: tags.apply(path, file, {fields.GENRE: _TRIAL}))
    except TagError as error:
        return error.reason, error.hint
    return "", ""
