"""A folder whose sub-folders are named after genres.

GENRE/track.mp3            a track whose artist is not known
GENRE/ARTIST/…/track.mp3   a track of that artist, whose tracks stay on one side of a split
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tagger import paths
from tagger.errors import CorpusError
from tagger.records import Failed, Track
from tagger.sources import discover
from trainer.corpora.interface import Corpus, Example


def load(argument: str) -> Corpus:
    """Read a folder of folders.

    Args:
        argument: Its path.

    Raises:
        CorpusError: The folder is missing, or fewer than two of its sub-folders hold audio.
    """
    root = paths.expanded(argument)
    if not root.is_dir():
        raise CorpusError(
            f"{root}: not a folder" if root.exists() else f"{root}: no such folder",
            hint="give a folder that has a sub-folder for each genre; csv:FILE reads a table",
        )
    genre_folders = sorted(
        place for place in root.iterdir() if place.is_dir() and not place.name.startswith(".")
    )
    for place in genre_folders:
        try:
            place.name.encode()
        except UnicodeEncodeError as error:
            raise CorpusError(
                f"{place}: the folder's name is a genre, and not in UTF-8",
                hint="rename the folder: tags could not hold such a genre",
            ) from error
    found = list(discover.audio_files(genre_folders))
    problems = tuple(
        f"{one.track.path.relative_to(root)}: {one.reason}" for one in found if isinstance(one, Failed)
    )
    examples = tuple(_examples(root, [one for one in found if isinstance(one, Track)]))
    if len({example.labels for example in examples}) < 2:
        raise CorpusError(
            f"{root}: fewer than two of its {len(genre_folders)} sub-folders hold audio files",
            hint="name a sub-folder after each genre and put audio files into it",
        )
    artists_known = all(example.group != str(example.path) for example in examples)
    return Corpus(
        root.resolve().name,
        examples,
        artists_known,
        names_are_genres=True,
        licence="not known",
        problems=problems,
    )


def _examples(root: Path, tracks: list[Track]) -> Iterator[Example]:
    for track in tracks:
        genre, *between, _ = track.path.relative_to(root).parts
        group = between[0].casefold() if between else str(track.path)
        yield Example(track.path, (genre,), group, corpus=root.resolve().name)
