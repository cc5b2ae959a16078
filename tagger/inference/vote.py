"""The windows' probabilities → one verdict."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tagger.records import Window

Floats = NDArray[np.float64]

# Lead-ins, gaps between movements and dithered silence lie below; the quietest music lies above.
SILENT_DB = -60.0


def has_vote(window: Window) -> bool:
    """Whether a window is loud enough to say anything; near-silent windows carry no vote."""
    return window.loudness_db >= SILENT_DB


def cast(probabilities: Floats, loudness_db: Floats, method: str) -> tuple[Floats, NDArray[np.intp]]:
    """Combine the votes of a track's windows. The order of the windows does not matter, to the last bit.

    Args:
        probabilities: Shape (n_windows, n_genres), each row summing to 1; one row at least.
        loudness_db: Level of each window, shape (n_windows,).
        method: A key of `METHODS`.

    Returns:
        The track's probabilities, shape (n_genres,), summing to 1, and the genres' indices, strongest first;
        ties go to the larger mean probability, then to the genre that comes first in the model's list.
    """
    combined = METHODS[method](probabilities, loudness_db)
    mean = soft(probabilities, loudness_db)
    order = np.lexsort((np.arange(len(mean)), -mean, -combined))
    return combined, order


def soft(probabilities: Floats, loudness_db: Floats) -> Floats:
    """Mean of the windows' probabilities."""
    return _sum(probabilities) / len(probabilities)


def weighted(probabilities: Floats, loudness_db: Floats) -> Floats:
    """Mean of the windows' probabilities, each weighted by the window's RMS amplitude."""
    amplitude = 10 ** ((loudness_db - np.max(loudness_db)) / 20)
    total = _sum(probabilities * amplitude[:, None])
    return total / total.sum()


def majority(probabilities: Floats, loudness_db: Floats) -> Floats:
    """Share of the windows in which each genre is the strongest."""
    winners = np.argmax(probabilities, axis=1)
    return np.bincount(winners, minlength=probabilities.shape[1]) / len(probabilities)


def median(probabilities: Floats, loudness_db: Floats) -> Floats:
    """Median of the windows' probabilities, genre by genre, scaled to sum 1."""
    middle = np.median(probabilities, axis=0)
    return middle / middle.sum() if middle.any() else soft(probabilities, loudness_db)


METHODS: dict[str, Callable[[Floats, Floats], Floats]] = {
    "soft": soft,
    "weighted": weighted,
    "majority": majority,
    "median": median,
}


def _sum(values: Floats) -> Floats:
    """Sum over windows in an order of its own, so that rounding does not depend on theirs."""
    return np.sort(values, axis=0).sum(axis=0)
