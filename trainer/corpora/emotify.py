"""Emotify: four genres of a hundred recordings of the label Magnatune, an excerpt of a minute each.

emotifymusic/classical/1.mp3 … 100.mp3     likewise electronic, pop, rock; a folder, or `emotifymusic.zip`

The table of emotions beside it, `data.csv`, is not needed. Artists come from the files' own tags.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tagger.errors import CorpusError
from trainer.corpora import local, owners
from trainer.corpora.interface import Corpus, Example

GENRES = ("classical", "electronic", "pop", "rock")
N_CLIPS = 100

LICENCE = "none stated for the dataset; the recordings are Magnatune's, usually CC BY-NC-SA"
CITATION = (
    "A. Aljanaki, F. Wiering and R. C. Veltkamp, Studying emotion induced by music through a crowdsourcing "
    "game, Information Processing and Management 52(1), 2016"
)
HINT = (
    "get emotifymusic.zip from www2.projects.science.uu.nl/memotion/emotifydata and give it, or its folder, "
    "with --data"
)

_SUFFIXES = (".mp3", ".ogg", ".wav", ".flac")


def load(argument: str, data: Path | None, cache: Path) -> Corpus:
    """Find the excerpts of a local copy.

    Args:
        argument: Path of the copy, a folder or an archive; empty takes `data`.
        data: The same, given apart.
        cache: Folder that archives are unpacked into, once.

    Raises:
        CorpusError: There is no copy, or no excerpt in it.
    """
    root = local.copy("emotify", argument, data, cache, hint=HINT, wanted=_is_clip)
    clips = sorted(path for path in root.rglob("*") if _is_clip(path) and path.is_file())
    if not clips:
        raise CorpusError(f"{argument or data}: no excerpt of Emotify in it", hint=HINT)
    groups = {path: owners.group(path) for path in clips}
    examples = tuple(
        Example(path, (path.parent.name,), groups[path] or str(path), "emotify", licence=LICENCE)
        for path in clips
    )
    counts = Counter(path.parent.name for path in clips)
    problems = [
        f"{genre}: {N_CLIPS - counts[genre]} of {N_CLIPS} excerpts are missing"
        for genre in GENRES
        if counts[genre] < N_CLIPS
    ]
    if unknown := sum(not group.startswith(owners.ARTIST) for group in groups.values()):
        problems.append(f"{unknown} of {len(clips)} excerpts name no artist in their tags")
    return Corpus(
        "emotify",
        examples,
        artists_known=not unknown,
        licence=LICENCE,
        citation=CITATION,
        problems=tuple(problems),
    )


def _is_clip(path: Path) -> bool:
    return path.parent.name in GENRES and path.suffix.lower() in _SUFFIXES and not path.name.startswith(".")
