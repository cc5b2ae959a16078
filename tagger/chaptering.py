"""A recording is cut into chapters of one genre each: a long mix, a radio programme, a concert."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
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


def divide(
    path: Path,
    plan: engine.Plan,
    *,
    least_seconds: float = LEAST_SECONDS,
    on_heard: Callable[[float], None] | None = None,
) -> tuple[Chapter, ...]:
    """Cut a recording into chapters; the first begins at 0, each next one where the last ends.

    A chapter is named as `tagger scan` would name its windows; neighbours with the same name are one. Silence
    is a chapter where it is as long as one; music shorter than a chapter that stands between such silences, or
    before or after one, belongs to the silence.

    Args:
        path: The file.
        plan: How to listen: see `pipeline.prepare`; all is heard.
        least_seconds: Length of the shortest chapter, > 0.
        on_heard: Called after each window with the seconds that were heard so far.

    Raises:
        DecodeError: It cannot be decoded.
        NothingToHearError: It holds no audio, or no window is loud enough to have a vote.
    """
    heard = whole.hear(path, plan, on_heard=on_heard)
    hop_seconds = plan.hop_frames / plan.artefact.card.front_end.frames_per_second
    n_least = max(1, math.ceil(least_seconds / hop_seconds))
    runs = [
        (title, np.concatenate([numbers for _, numbers in same]))
        for title, same in itertools.groupby(_pieces(heard, n_least), key=lambda piece: piece[0])
    ]
    starts = [0.0, *(float(heard.places[numbers[0], 0]) for _, numbers in runs[1:])]
    ends = [*starts[1:], heard.duration_seconds]
    return tuple(
        Chapter(start, end, SILENT, None, 0.0) if title == SILENT else _chapter(heard, numbers, start, end)
        for (title, numbers), start, end in zip(runs, starts, ends, strict=True)
    )


def _pieces(heard: Whole, n_least: int) -> Iterator[tuple[str, NDArray[np.intp]]]:
    """What each piece is called, and its windows; silent ones within a piece, and around it, belong to it."""
    for is_silent, numbers in _stretches(heard.is_audible, n_least):
        if is_silent:
            yield SILENT, numbers
            continue
        audible = numbers[heard.is_audible[numbers]]
        rows = heard.by_window[audible]
        places = [int(audible[cut]) - int(numbers[0]) for cut in segmentation.cuts(rows, n_least)]
        for piece in np.split(numbers, places):
            yield _chapter(heard, piece, 0.0, 0.0).title, piece


def _stretches(is_audible: NDArray[np.bool_], n_least: int) -> Iterator[tuple[bool, NDArray[np.intp]]]:
    """Windows between silences that are long enough to be chapters, and these; in order, all long enough.

    What is heard between them and is too short belongs to the silence: else a chapter would be too short, or
    named after what is heard in the least of it. Without a long silence there is one stretch.
    """
    runs = [
        list(run) for _, run in itertools.groupby(range(len(is_audible)), key=lambda n: bool(is_audible[n]))
    ]
    is_long_silence = np.zeros(len(is_audible), bool)
    for run in runs:
        is_long_silence[run] = not is_audible[run[0]] and len(run) >= n_least
    has_silence = bool(is_long_silence.any())
    between = [
        (is_silent, np.array(list(run)))
        for is_silent, run in itertools.groupby(range(len(is_audible)), key=lambda n: bool(is_long_silence[n]))
    ]
    named = [(is_silent or (has_silence and len(run) < n_least), run) for is_silent, run in between]
    for is_silent, same in itertools.groupby(named, key=lambda stretch: stretch[0]):
        yield is_silent, np.concatenate([run for _, run in same])


def _chapter(heard: Whole, numbers: NDArray[np.intp], start: float, end: float) -> Chapter:
    audible = heard.is_audible[numbers]
    rows = np.searchsorted(np.flatnonzero(heard.is_audible), numbers[audible])
    ranking = conclusion.ranked(heard.logits[rows], heard.loudness_db[numbers[audible]], heard.plan)
    verdict = conclusion.verdict(Track(heard.path), ranking, heard.plan, end - start, len(rows))
    probability = verdict.confidence if verdict.genre else 0.0
    return Chapter(start, end, verdict.genre or DONT_KNOW, verdict.genre, probability)
