"""What people said of recordings in the review of `tagger ui`: the last word on each that is still there.

A file is taken where it was when it was looked at, if its audio is still the same; what somebody did not know
either teaches nothing.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator

from tagger import paths
from tagger.errors import CorpusError, OutputError, TagError
from tagger.settings import home_folder
from tagger.sinks.corrections import KEPT, Correction, Corrections
from tagger.sinks.tags import payload, spelling
from trainer.corpora import owners
from trainer.corpora.interface import Corpus, Example

NAME = "corrections"

_FOLDER = "corrections"
_HINT = "look through a library in `tagger ui --share-library DIR`"


def load(argument: str) -> Corpus:
    """Read what was said.

    Args:
        argument: Folder of the corrections; empty for the user's own.

    Raises:
        CorpusError: Nothing was said, or fewer than two genres, or it cannot be read.
    """
    folder = paths.expanded(argument) if argument else home_folder("data") / _FOLDER
    if not folder.is_dir():
        raise CorpusError(f"{folder}: no corrections yet", hint=_HINT)
    try:
        with contextlib.closing(Corrections(folder)) as kept:
            said = list(kept.latest())
    except OutputError as error:
        raise CorpusError(error.message, hint=error.hint) from error
    reasons: Counter[str] = Counter()
    examples = tuple(_examples(said, reasons))
    if len({label for example in examples for label in example.labels}) < 2:
        raise CorpusError(f"{folder}: corrections to fewer than two genres", hint=_HINT)
    return Corpus(
        NAME,
        examples,
        artists_known=all(example.group.startswith(owners.ARTIST) for example in examples),
        names_are_genres=True,
        licence="not known",
        problems=tuple(f"{count} recordings left out: {reason}" for reason, count in reasons.most_common()),
    )


def _examples(said: list[Correction], reasons: Counter[str]) -> Iterator[Example]:
    """An example for each recording that has a genre and is still there; why the others do not is counted."""
    for one in said:
        if one.genre is None:
            reasons["somebody did not know them either"] += 1
            continue
        try:
            is_same = payload.identity(one.path) == one.recording
        except TagError:
            is_same = False
        if not is_same:
            reasons["not where they were any more"] += 1
            continue
        group = owners.group(one.path) or f"folder:{one.path.parent}"
        kept = tuple(genre for genre in one.tags if not spelling.says_nothing(genre))
        yield Example(one.path, kept if one.state == KEPT else (one.genre,), group, corpus=NAME)
