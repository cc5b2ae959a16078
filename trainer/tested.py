"""What a run answered to each test track, kept in its folder, and what one run gained over another.

tracks-corpora.csv, named after the protocol: file, corpus, group, genre, said, and a column for each genre.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tagger.errors import OutputError, SettingsError
from trainer import comparison, confusion, intervals
from trainer.answers import Answers
from trainer.intervals import Draws, Interval
from trainer.runs import Run

_FACTS = ("file", "corpus", "group", "genre", "said")


class _Track(NamedTuple):
    """Which track a row is of, but for namesakes."""

    file: str
    corpus: str
    group: str


class _Answer(NamedTuple):
    genre: str
    said: str


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
    writer = csv.writer(text)
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


def gains(compared: Sequence[Run]) -> dict[str, list[Gain | None]]:
    """By protocol, what each run but the first gained over the first, on the tracks that both were tested on.

    Raises:
        SettingsError: The scores of a run, or what it answered, are damaged.
    """
    protocols = dict.fromkeys(protocol for run in compared for protocol in comparison.reached(run))
    found = {protocol: [gain(run, compared[0], protocol) for run in compared[1:]] for protocol in protocols}
    return {protocol: row for protocol, row in found.items() if any(row)}


def gain(run: Run, over: Run, protocol: str) -> Gain | None:
    """What a run gained over another; None where either has no answers, or they share no track.

    Files of one name, corpus and group are told apart by their order, and left out where a run lacks some.
    Intervals are those of `intervals`: artists are drawn, and each draw counts the same tracks of both.

    Raises:
        SettingsError: What was kept is damaged.
    """
    before, after = _read(over, protocol), _read(run, protocol)
    both = [track for track in before if len(before[track]) == len(after.get(track, ()))]
    pairs = [
        (track, *pair)
        for track in both
        for pair in zip(before[track], after[track], strict=True)
        if pair[0].genre == pair[1].genre
    ]
    if not pairs:
        return None
    genres = sorted({genre for _, *pair in pairs for one in pair for genre in one})
    number = {genre: index for index, genre in enumerate(genres)}
    y_true = np.array([number[old.genre] for _, old, _ in pairs])
    draws = Draws(np.array([track.group for track, _, _ in pairs]))
    matrices = [
        intervals.confusion_matrices(y_true, np.eye(len(genres))[[number[one.said] for one in said]], draws)
        for said in ([new for *_, new in pairs], [old for _, old, _ in pairs])
    ]
    accuracy, macro_f1 = (
        intervals.interval(score(matrices[0]) - score(matrices[1]))
        for score in (confusion.accuracy, confusion.macro_f1)
    )
    return Gain(len(pairs), accuracy, macro_f1)


def _read(run: Run, protocol: str) -> Mapping[_Track, Sequence[_Answer]]:
    """What was said of each track, of namesakes in their order; empty where nothing was kept."""
    file = run.folder / _file(protocol)
    if not file.exists():
        return {}
    found: dict[_Track, list[_Answer]] = defaultdict(list)
    try:
        with file.open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
            rows = csv.reader(stream, strict=True)
            if tuple(next(rows, ())[: len(_FACTS)]) != _FACTS:
                raise ValueError("another table")
            for name, corpus, group, genre, said, *_ in rows:
                found[_Track(name, corpus, group)].append(_Answer(genre, said))
    except (OSError, ValueError, csv.Error) as error:
        raise SettingsError(f"{file}: damaged", hint="compare other runs, or remove this file") from error
    return found


def _file(protocol: str) -> str:
    return f"tracks-{protocol.replace(':', '-')}.csv"
