"""What a run answered to each test track, kept in its folder, and what one run gained over another.

tracks-corpora.csv, named after the protocol: file, corpus, group, genre, said, and a column for each genre.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from tagger.errors import OutputError, SettingsError
from trainer import confusion, intervals
from trainer.answers import Answers
from trainer.intervals import Draws, Interval
from trainer.runs import Run

_FACTS = ("file", "corpus", "group", "genre", "said")

# Which track a row is of; a number tells namesakes apart.
_Key = tuple[str, str, str, int]


@dataclass(frozen=True)
class Gain:
    """What a run gained over another, on the tracks that both were tested on.

    Attributes:
        n_tracks: Number of these.
        accuracy: Difference of the accuracies, -1 to 1.
        macro_f1: Difference of the macro F1, -1 to 1.
    """

    n_tracks: int
    accuracy: Interval
    macro_f1: Interval


def write(run: Run, protocol: str, tracks: Answers) -> None:
    """Keep what was answered to the test tracks of a protocol, one row for each.

    Raises:
        OutputError: The folder cannot be written.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*_FACTS, *tracks.genres])
    rows = zip(tracks.names, tracks.corpora, tracks.groups, tracks.y_true, tracks.y_pred, strict=True)
    for (name, corpus, group, true, said), probabilities in zip(rows, tracks.y_prob, strict=True):
        facts = [name, corpus, group, tracks.genres[true], tracks.genres[said]]
        writer.writerow([*facts, *(f"{one:.6f}" for one in probabilities)])
    file = run.folder / _file(protocol)
    try:
        file.write_text(text.getvalue(), "utf-8", errors="surrogateescape", newline="")
    except OSError as error:
        raise OutputError(f"{file}: {error.strerror}") from error


def gain(run: Run, over: Run, protocol: str) -> Gain | None:
    """What a run gained over another; None where either has no answers, or they share no track.

    Intervals are those of `intervals`: artists are drawn, and each draw counts the same tracks of both.

    Raises:
        SettingsError: What was kept is damaged.
    """
    before, after = _read(over, protocol), _read(run, protocol)
    shared = [key for key, (genre, _) in before.items() if after.get(key, ("",))[0] == genre]
    if not shared:
        return None
    genres = sorted({genre for said in (before, after) for key in shared for genre in said[key]})
    number = {genre: index for index, genre in enumerate(genres)}
    y_true = np.array([number[before[key][0]] for key in shared])
    draws = Draws(np.array([f"{corpus}/{group}" for _, corpus, group, _ in shared]))
    matrices = [
        intervals.confusion_matrices(
            y_true, np.eye(len(genres))[[number[said[key][1]] for key in shared]], draws
        )
        for said in (after, before)
    ]
    accuracy, macro_f1 = (
        intervals.interval(score(matrices[0]) - score(matrices[1]))
        for score in (confusion.accuracy, confusion.macro_f1)
    )
    return Gain(len(shared), accuracy, macro_f1)


def _read(run: Run, protocol: str) -> Mapping[_Key, tuple[str, str]]:
    """The true genre of each track, and what was said; empty where nothing was kept."""
    file = run.folder / _file(protocol)
    if not file.exists():
        return {}
    try:
        with file.open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
            return dict(_rows(stream))
    except (OSError, ValueError, KeyError) as error:
        raise SettingsError(f"{file}: damaged", hint="compare other runs, or remove this file") from error


def _rows(lines: Iterable[str]) -> Iterator[tuple[_Key, tuple[str, str]]]:
    seen: Counter[tuple[str, str, str]] = Counter()
    for row in csv.DictReader(lines):
        track = (row["file"], row["corpus"], row["group"])
        if None in (*track, row["genre"], row["said"]):
            raise ValueError("a row that ends too early")
        seen[track] += 1
        yield (*track, seen[track]), (row["genre"], row["said"])


def _file(protocol: str) -> str:
    return f"tracks-{protocol.replace(':', '-')}.csv"
