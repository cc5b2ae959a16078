"""A recording is cut into chapters of one genre each: a long mix, a radio programme, a concert."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tagger import engine
from tagger.engine import conclusion, whole
from tagger.engine.whole import Whole
from tagger.inference import segmentation
from tagger.records import DONT_KNOW, SILENT, Track
from tagger.sinks.chapters import Chapter

LEAST_SECONDS = 20.0
"""What is shorter is no chapter, unless told otherwise."""


def divide(path: Path, plan: engine.Plan, *, least_seconds: float = LEAST_SECONDS) -> tuple[Chapter, ...]:
    """Cut a recording into chapters; the first begins at 0, each next one where the last ends.

    A chapter is named as `tagger scan` would name its windows; neighbours with the same name are one. Silence
    is a chapter where it is as long as one.

    Args:
        path: The file.
        plan: How to listen: see `pipeline.prepare`; all is heard.
        least_seconds: Length of the shortest chapter, > 0.

    Raises:
        DecodeError: It cannot be decoded.
        NothingToHearError: It holds no audio, or no window is loud enough to have a vote.
    """
    heard = whole.hear(path, plan)
    hop_seconds = plan.hop_frames / plan.artefact.card.front_end.frames_per_second
    n_least = max(1, math.ceil(least_seconds / hop_seconds))
    pieces = [_named(heard, numbers) for numbers in _pieces(heard, n_least)]
    joined = [list(same) for _, same in itertools.groupby(pieces, key=lambda piece: piece[0])]
    runs = [np.concatenate([numbers for _, numbers in same]) for same in joined]
    starts = [0.0, *(float(heard.places[run[0], 0]) for run in runs[1:])]
    ends = [*starts[1:], heard.duration_seconds]
    return tuple(_chapter(heard, *place) for place in zip(runs, starts, ends, strict=True))


def _pieces(heard: Whole, n_least: int) -> Iterator[NDArray[np.intp]]:
    """Numbers of the windows of each piece; silent windows within a piece, and around it, belong to it."""
    for is_silent, numbers in _stretches(heard.is_audible, n_least):
        if is_silent:
            yield numbers
            continue
        audible = numbers[heard.is_audible[numbers]]
        rows = heard.by_window[audible]
        places = [int(audible[cut]) - int(numbers[0]) for cut in segmentation.cuts(rows, n_least)]
        yield from np.split(numbers, places)


def _stretches(is_audible: NDArray[np.bool_], n_least: int) -> Iterator[tuple[bool, NDArray[np.intp]]]:
    """Windows between silences that are long enough to be chapters, and these; in order, none is empty."""
    waiting: list[int] = []
    for audible, run in itertools.groupby(range(len(is_audible)), key=lambda number: bool(is_audible[number])):
        numbers = list(run)
        if audible or len(numbers) < n_least:
            waiting += numbers
            continue
        if waiting:
            yield False, np.array(waiting)
        waiting = []
        yield True, np.array(numbers)
    if waiting:
        yield False, np.array(waiting)


def _named(heard: Whole, numbers: NDArray[np.intp]) -> tuple[str, NDArray[np.intp]]:
    """What a piece is called, and its windows."""
    return _chapter(heard, numbers, 0.0, 0.0).title, numbers


def _chapter(heard: Whole, numbers: NDArray[np.intp], start: float, end: float) -> Chapter:
    audible = heard.is_audible[numbers]
    if not audible.any():
        return Chapter(start, end, SILENT, None, 0.0)
    rows = np.searchsorted(np.flatnonzero(heard.is_audible), numbers[audible])
    ranking = conclusion.ranked(heard.logits[rows], heard.loudness_db[numbers[audible]], heard.plan)
    verdict = conclusion.verdict(Track(heard.path), ranking, heard.plan, end - start, len(rows))
    probability = verdict.confidence if verdict.genre else 0.0
    return Chapter(start, end, verdict.genre or DONT_KNOW, verdict.genre, probability)
