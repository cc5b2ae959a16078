"""95 % intervals by the percentile bootstrap: whole groups are drawn, all scores from the same draws.

Rows of one artist tell less than as many of different artists: so artists are drawn, not rows (Efron &
Tibshirani, An Introduction to the Bootstrap, 1993). A draw only changes how often each group counts, and nearly
all scores follow from sums over rows: so a thousand draws are a product of matrices, not a thousand rounds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer import confusion, metrics
from trainer.metrics import Floats, Indices

TOP = (2, 3)
"""The k of top-k accuracy; k = 1 is accuracy."""

_DRAWS_AT_A_TIME = 100
_LOW, _HIGH = 2.5, 97.5


@dataclass(frozen=True, slots=True)
class Interval:
    """A score with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


class Draws:
    """How often each group counts: first all of them once, as they are, then drawn with replacement.

    Args:
        groups: The group of each row, shape (n,).
        n_rounds: Number of draws.
        seed: Of the draws.
    """

    def __init__(self, groups: NDArray[Any], *, n_rounds: int = 1000, seed: int = 0) -> None:
        names, self._owner = np.unique(groups, return_inverse=True)
        n_groups = len(names)
        drawn = np.random.default_rng(seed).multinomial(n_groups, np.full(n_groups, 1 / n_groups), n_rounds)
        self._counts = np.vstack([np.ones((1, n_groups)), drawn])

    def sums(self, rows: NDArray[Any]) -> Floats:
        """Sum of the rows in each draw.

        Args:
            rows: Shape (n,) or (n, n_columns).

        Returns:
            Shape (1 + n_rounds,) or (1 + n_rounds, n_columns).
        """
        of_groups = np.zeros((self._counts.shape[1], *rows.shape[1:]))
        np.add.at(of_groups, self._owner, rows)
        return self._counts @ of_groups

    def means(self, rows: NDArray[Any]) -> Floats:
        """Mean of the rows, shape (n,), in each draw, shape (1 + n_rounds,)."""
        return self.sums(rows) / self.sums(np.ones(len(rows)))

    def weights(self, rows: Indices) -> Iterator[NDArray[np.float32]]:
        """How often each of the rows counts, shape (n_draws, n_rows), a part of the draws at a time."""
        for start in range(0, len(self._counts), _DRAWS_AT_A_TIME):
            part = self._counts[start : start + _DRAWS_AT_A_TIME].astype(np.float32)
            yield part[:, self._owner[rows]]


def of_scores(y_true: Indices, y_prob: Floats, draws: Draws) -> dict[str, Interval]:
    """The scores of answers, each with its interval."""
    matrix = confusion_matrices(y_true, y_prob, draws)
    place, rank = metrics.bins(y_prob), metrics.ranks(y_true, y_prob)
    gaps = (y_prob.max(axis=1) - (y_prob.argmax(axis=1) == y_true))[:, None] * np.eye(metrics.N_BINS)[place]
    found = {
        "accuracy": confusion.accuracy(matrix),
        "balanced_accuracy": confusion.balanced_accuracy(matrix),
        "macro_f1": confusion.macro_f1(matrix),
        "weighted_f1": confusion.weighted_f1(matrix),
        "macro_precision": confusion.macro_precision(matrix),
        **{f"top_{k}_accuracy": draws.means(rank < k) for k in TOP},
        "roc_auc": roc_auc(y_true, y_prob, draws),
        "expected_calibration_error": np.abs(draws.sums(gaps)).sum(axis=1) / draws.sums(np.ones(len(y_true))),
        "brier_score": draws.means(metrics.squared_errors(y_true, y_prob)),
        "cross_entropy": draws.means(metrics.surprises(y_true, y_prob)),
    }
    return {name: interval(values) for name, values in found.items()}


def of_selection(y_true: Indices, y_prob: Floats, thresholds: Floats, draws: Draws) -> dict[str, Interval]:
    """Coverage, and accuracy of what is covered, at thresholds of shape (n_genres,): see `metrics.coverage`."""
    sure = metrics.is_sure(y_prob, thresholds)
    n_sure, n_right = draws.sums(sure), draws.sums(sure & (y_prob.argmax(axis=1) == y_true))
    right = np.divide(n_right, n_sure, out=np.ones(len(n_sure)), where=n_sure > 0)
    return {"coverage": interval(draws.means(sure)), "accuracy": interval(right)}


def confusion_matrices(y_true: Indices, y_prob: Floats, draws: Draws) -> Floats:
    """Confusion matrix of each draw, shape (1 + n_rounds, n_genres, n_genres)."""
    n_genres = y_prob.shape[1]
    cells = np.zeros((len(y_true), n_genres**2))
    cells[np.arange(len(y_true)), np.asarray(y_true) * n_genres + y_prob.argmax(axis=1)] = 1
    return draws.sums(cells).reshape(-1, n_genres, n_genres)


def roc_auc(y_true: Indices, y_prob: Floats, draws: Draws) -> Floats:
    """Mean area under the genres' ROC curves in each draw, shape (1 + n_rounds,): see `metrics.roc_auc`."""
    areas = np.array([_areas(y_true == genre, y_prob[:, genre], draws) for genre in np.unique(y_true)])
    known = np.isfinite(areas)
    n_known = known.sum(axis=0)
    total = np.where(known, areas, 0).sum(axis=0)
    return np.divide(total, n_known, out=np.full(len(total), 0.5), where=n_known > 0)


def interval(values: Floats) -> Interval:
    """The first of the values, and between which the middle 95 % of the others lie."""
    low, high = np.percentile(values[1:], [_LOW, _HIGH])
    return Interval(float(values[0]), float(low), float(high))


def _areas(is_genre: NDArray[np.bool_], probability: Floats, draws: Draws) -> Floats:
    """Area under one genre's curve in each draw, by the Mann–Whitney count; NaN where it or the rest is absent.

    Args:
        is_genre: Whether each row has the genre, shape (n,).
        probability: What it was given, shape (n,).
        draws: How often each row counts.
    """
    order = np.argsort(probability, kind="stable")
    ordered, positive = probability[order], np.flatnonzero(is_genre[order])
    among_positive = ordered[positive]
    parts = []
    for weights in draws.weights(order):
        own = weights[:, positive]
        below = _counts_below(weights, ordered, among_positive) - _counts_below(
            own, among_positive, among_positive
        )
        pairs = own.sum(axis=1, dtype=np.float64) * (weights.sum(axis=1) - own.sum(axis=1))
        n_won = (own * below).sum(axis=1, dtype=np.float64)
        parts.append(np.divide(n_won, pairs, out=np.full(len(pairs), np.nan), where=pairs > 0))
    return np.concatenate(parts)


def _counts_below(weights: NDArray[np.float32], values: Floats, limits: Floats) -> NDArray[np.floating]:
    """Sum of the weights of the values, which ascend, below each limit; of equal ones by half."""
    sums = np.zeros((len(weights), weights.shape[1] + 1), np.float32)  # whole numbers: exact
    np.cumsum(weights, axis=1, out=sums[:, 1:])
    first, last = (np.searchsorted(values, limits, side=side) for side in ("left", "right"))
    return 0.5 * (sums[:, first] + sums[:, last])
