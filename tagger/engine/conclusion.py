"""What all windows of a track say together: the same for a file that is scanned and for one that is played."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tagger.engine.plan import Plan
from tagger.inference import calibrate, sampling, vote
from tagger.records import Score, Track, Verdict

SILENT = f"silent: no window reaches {vote.SILENT_DB:g} dB"
"""Why there is no verdict where no window had a vote."""


def ranked(
    logits: NDArray[np.float32], loudness_db: NDArray[np.float64], plan: Plan, n_windows_in_all: int = 0
) -> list[tuple[int, float]]:
    """Let windows vote.

    Args:
        logits: Shape (n_windows, n_genres); one window at least.
        loudness_db: Level of each, shape (n_windows,).
        plan: How to listen.
        n_windows_in_all: How many windows the track has, where only some of them were heard, else 0.

    Returns:
        The genres, by their number in the model's list, and their probabilities, strongest first.
    """
    windows = calibrate.probabilities(logits, plan.artefact.card.calibration)
    track, order = vote.cast(windows, loudness_db, plan.vote)
    if n_windows_in_all:
        track = sampling.unbiased(track, windows, n_windows_in_all)
    return [(int(index), float(track[index])) for index in order]


def verdict(
    track: Track, ranking: Sequence[tuple[int, float]], plan: Plan, duration_seconds: float, n_windows: int
) -> Verdict:
    """What the user is told, from what `ranked` gave: the strongest genre, if the plan's rule names it."""
    genres = plan.artefact.card.genres
    genre, confidence = genres[ranking[0][0]], ranking[0][1]
    refusal = plan.rule.refusal([genre], confidence)
    return Verdict(
        track=track,
        scores=tuple(Score(genres[index], probability) for index, probability in ranking),
        genre=None if refusal else genre,
        duration_seconds=duration_seconds,
        n_windows=n_windows,
        model=plan.artefact.card.name,
        reason=refusal,
    )
