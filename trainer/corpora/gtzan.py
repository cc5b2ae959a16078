"""GTZAN: ten genres of a hundred clips of 30 seconds each.

Any local copy will do: `genres_original/blues/blues.00000.wav` (Kaggle), `genres/blues/blues.00000.au` (the
first release), all clips in one folder, or an archive `.tar`, `.tar.gz`, `.zip` of one of these.

Its official split are the fault-filtered lists, which leave out 70 clips that repeat others, or are distorted
or wrongly labelled, and keep artists apart as far as they were known then: 24 clips were since found to share
an artist with another side. `jazz.00054` is on the training side, and unreadable in most copies.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import MappingProxyType

from tagger.errors import CorpusError
from trainer.corpora import local
from trainer.corpora.interface import Corpus, Example

GENRES = ("blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock")
N_CLIPS = 100

LICENCE = (
    "none: its author never had the permission of the recordings' owners; research use only, "
    "and not to be handed on"
)
CITATION = (
    "G. Tzanetakis and P. Cook, Musical genre classification of audio signals, "
    "IEEE Transactions on Speech and Audio Processing 10(5), 2002. Its repetitions, wrong labels and "
    "distortions: B. L. Sturm, The GTZAN dataset, arXiv:1306.1461, 2013. Its fault-filtered split: "
    "C. Kereliuk, B. L. Sturm and J. Larsen, Deep learning and music adversaries, IEEE Transactions on "
    "Multimedia 17(11), 2015"
)
HINT = "get a copy, for instance from Kaggle, and give its folder or archive with --data"
_NO_ARTISTS = "artists are not known: scores are per track, artists not kept apart, and so come out too high"

_CLIP = re.compile(rf"({'|'.join(GENRES)})\.(\d{{5}})\.(?:wav|au|mp3|ogg|flac)", re.IGNORECASE)

# Numbers of the clips in the order of GENRES, as published with Kereliuk, Sturm and Larsen 2015.
_OFFICIAL = {
    "train": (
        "29-49 73-97",
        "30-33 43-48 50-67 80-99",
        "19-26 28-29 65-99",
        "5 15-20 22-37 39-45 47 49 53-54 56-57 59 61 70 73-74 89",
        "2-25 28-29 31-38 41-42 55-61 77-80",
        "0-1 11-24 41 47-72",
        "2-3 5 21 24 35 46-57 59-66 69 71-72 79-80 84 86 89-99",
        "2-9 11-12 16-20 23-29 31-36 38-42 44 46 49-50 80 97-99",
        "0-2 4 6 9 11-12 14-32 42-45 49-51 54-60 63 69",
        "0-9 16-26 57-70 91-99",
    ),
    "validation": (
        "0-11 50-60",
        "0-10 68-76",
        "0-7 9-18 27 41-42 45 49",
        "0 2-4 6-14 46 48 52 67-68 72 75 90 95",
        "81-98",
        "2-10 25-32",
        "0-1 6-11 16-20 36-37 68 76-77 81-82",
        "10 53 55 58-62 81 83-86",
        "61-62 70 72 74 76-78 85 92-99",
        "38 49-56 71-85",
    ),
    "test": (
        "12-28 61-72 98-99",
        "11-29 34-41 49 77-79",
        "30-40 43-44 46-48 50-51 53-64",
        "1 21 58 62-66 69 76-88 91-94 96-97 99",
        "0 26-27 30 40 43-45 51-54 62-75 99",
        "73-99",
        "12-15 22-23 25-33 38-39 67 70 73-75 78 83 85 87-88",
        "0-1 13-14 43 63-66 69-79 82 88-96",
        "34-40 46-48 52-53 64-68 71 79 82-84 87-90",
        "10-15 27-37 39-48 86-90",
    ),
}


def _official() -> Iterator[tuple[str, str]]:
    """Each clip of the fault-filtered lists, by names like `blues.00000`, and its side."""
    for side, of_genres in _OFFICIAL.items():
        for genre, numbers in zip(GENRES, of_genres, strict=True):
            for part in numbers.split():
                first, _, last = part.partition("-")
                for number in range(int(first), int(last or first) + 1):
                    yield f"{genre}.{number:05}", side


SPLIT = MappingProxyType(dict(_official()))
"""The fault-filtered lists: clip → side."""


def load(argument: str, data: Path | None, cache: Path) -> Corpus:
    """Find the clips of a local copy.

    Args:
        argument: Path of the copy, a folder or an archive; empty takes `data`.
        data: The same, given apart.
        cache: Folder that archives are unpacked into, once.

    Raises:
        CorpusError: There is no copy, or it cannot be read.
    """
    root = local.copy("gtzan", argument, data, cache, hint=HINT, wanted=lambda path: _is_clip(path.name))
    clips = _clips(root.rglob("*"))
    if not clips:
        raise CorpusError(
            f"{argument or data}: no clip of GTZAN in it",
            hint="clips are named genre.number.suffix, like blues.00000.wav",
        )
    examples = tuple(
        Example(
            path, (stem.partition(".")[0],), f"gtzan:{stem}", "gtzan", split=SPLIT.get(stem), licence=LICENCE
        )
        for stem, path in clips.items()
    )
    problems = (*_missing(clips), _NO_ARTISTS)
    return Corpus("gtzan", examples, artists_known=False, licence=LICENCE, citation=CITATION, problems=problems)


def _is_clip(name: str) -> bool:
    return _CLIP.fullmatch(name) is not None


def _clips(files: Iterable[Path]) -> dict[str, Path]:
    """The clips among files, each once, by names like `blues.00000`, in order."""
    clips: dict[str, Path] = {}
    for file in sorted(files):
        if (match := _CLIP.fullmatch(file.name)) and file.is_file():
            clips.setdefault(f"{match[1].lower()}.{match[2]}", file)
    return dict(sorted(clips.items()))


def _missing(clips: Iterable[str]) -> Iterator[str]:
    """A sentence on each genre that has fewer clips than it should."""
    counts = Counter(stem.partition(".")[0] for stem in clips)
    for genre in GENRES:
        if counts[genre] < N_CLIPS:
            yield f"{genre}: {N_CLIPS - counts[genre]} of {N_CLIPS} clips are missing"
