"""A music library: its files, with the genres that stand in their own tags.

Artists come from the tags too, so that a split keeps them apart; a file that names none goes with its album, or
with its folder.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tagger import paths
from tagger.errors import CorpusError, TagError
from tagger.records import Track
from tagger.sinks import tags
from tagger.sinks.tags import spelling
from tagger.sources import discover
from trainer.corpora import owners
from trainer.corpora.interface import Corpus, Example

_NO_GENRE = "name no genre in their tags"


def load(argument: str) -> Corpus:
    """Read the tags of all audio files of a folder and the folders below.

    Args:
        argument: Its path.

    Raises:
        CorpusError: The folder is missing, or its files name fewer than two genres.
    """
    root = paths.expanded(argument)
    if not root.is_dir():
        raise CorpusError(f"{root}: no such folder", hint="give the folder that your music is in")
    reasons: Counter[str] = Counter()
    examples = tuple(_examples(root, reasons))
    if len({label for example in examples for label in example.labels}) < 2:
        raise CorpusError(
            f"{root}: the tags of its files name fewer than two genres",
            hint="`tagger show FILE` prints what is read from a file",
        )
    return Corpus(
        root.resolve().name,
        examples,
        artists_known=all(example.group.startswith(owners.ARTIST) for example in examples),
        names_are_genres=True,
        licence="not known",
        problems=tuple(f"{count} files left out: {reason}" for reason, count in reasons.most_common()),
    )


def _examples(root: Path, reasons: Counter[str]) -> Iterator[Example]:
    """An example for each file that names a genre; why the others do not is counted."""
    for found in discover.audio_files([root]):
        if not isinstance(found, Track):
            reasons[found.reason] += 1
            continue
        try:
            genres = tags.read(found.path)
        except TagError as error:
            reasons[error.reason] += 1
            continue
        labels = tuple(genre.strip() for genre in genres if not spelling.says_nothing(genre))
        if not labels:
            reasons[_NO_GENRE] += 1
            continue
        group = owners.group(found.path) or f"folder:{found.path.parent}"
        yield Example(found.path, labels, group, corpus=root.resolve().name)
