"""What each window did for a verdict: what the vote says without it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tagger.inference import vote

Floats = NDArray[np.float64]


def leads(probabilities: Floats, loudness_db: Floats, method: str, winner: int, runner_up: int) -> Floats:
    """How much of the winner's lead over the runner-up goes with each window, when it is left out of the vote.

    Cook, Detection of Influential Observation in Linear Regression, Technometrics 19, 1977, leaves out
    observations one by one for the same end. A track of a single window loses all of its lead.

    Args:
        probabilities: Of the windows, shape (n_windows, n_genres), each row summing to 1.
        loudness_db: Level of each window, shape (n_windows,).
        method: A key of `vote.METHODS`.
        winner: Index of the genre.
        runner_up: Index of the other.

    Returns:
        Shape (n_windows,); less than 0 where the winner leads by more without the window.
    """

    def lead(track: Floats) -> Floats:
        return track[..., winner] - track[..., runner_up]

    n_windows = len(probabilities)
    whole = lead(vote.METHODS[method](probabilities, loudness_db))
    if n_windows == 1:
        return np.array([whole])
    if method == "soft":  # the mean of all others, without taking it for each window anew
        own = lead(probabilities)
        return (own - whole) / (n_windows - 1)
    others = (np.arange(n_windows) != left_out for left_out in range(n_windows))
    without = [lead(vote.METHODS[method](probabilities[kept], loudness_db[kept])) for kept in others]
    return whole - np.array(without)
