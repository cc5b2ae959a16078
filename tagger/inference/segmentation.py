"""A recording that is known to its end, cut where it becomes another kind of music.

Optimal partitioning: of all ways to cut a sequence, the one whose pieces differ least in themselves, each cut
having its price. Jackson et al., An Algorithm for Optimal Partitioning of Data on an Interval, IEEE Signal
Processing Letters 12, 2005. The time grows with the square of the length: half a second for two hours.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PRICE = 1.0
"""Of a cut, in the sum of squared Hellinger distances, of which a window has 1 at most."""


def cuts(probabilities: Floats, n_least: int, price: float = PRICE) -> list[int]:
    """Where other pieces begin.

    A piece costs the sum of the squared distances of the square roots of its windows' probabilities from their
    mean; such distances are Hellinger's.

    Args:
        probabilities: Of consecutive windows, shape (n_windows, n_genres), each row summing to 1.
        n_least: Number of windows of the shortest piece, > 0.
        price: What a cut costs, > 0; a larger one gives fewer cuts.

    Returns:
        The first window of each piece but the first, in order.

    Raises:
        ValueError: A number is out of range.
    """
    if n_least < 1 or not price > 0:
        raise ValueError(f"there must be windows in a piece, and a price. Received: {n_least=}, {price=}")
    roots = np.sqrt(probabilities)
    n_windows = len(roots)
    sums = np.concatenate([np.zeros((1, roots.shape[1])), np.cumsum(roots, axis=0)])
    squares = np.concatenate([[0.0], np.cumsum(np.square(roots).sum(axis=1))])
    best = np.full(n_windows + 1, np.inf)  # of all ways to cut what is before a window
    best[0] = -price
    came_from = np.zeros(n_windows + 1, np.intp)
    for end in range(n_least, n_windows + 1):
        starts = np.arange(end - n_least + 1)
        costs = best[starts] + squares[end] - squares[starts]
        costs -= np.square(sums[end] - sums[starts]).sum(axis=1) / (end - starts)
        came_from[end] = np.argmin(costs)
        best[end] = costs[came_from[end]] + price
    found, end = [], n_windows
    while n_windows >= n_least and (end := int(came_from[end])) > 0:
        found.append(end)
    return found[::-1]
