"""Scores as pure functions on arrays; scikit-learn's own where it has them.

`y_true` and `y_pred` are indices of genres, shape (n,); `y_prob` are probabilities, shape (n, n_genres).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import sklearn.metrics
from numpy.typing import NDArray

Indices = NDArray[np.intp]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """A score with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


def accuracy(y_true: Indices, y_pred: Indices) -> float:
    """Share of right answers."""
    return float(sklearn.metrics.accuracy_score(y_true, y_pred))


def balanced_accuracy(y_true: Indices, y_pred: Indices) -> float:
    """Mean recall of the genres that occur in `y_true`."""
    present = np.unique(y_true)
    recalls = sklearn.metrics.recall_score(y_true, y_pred, labels=present, average=None, zero_division=0)
    return float(np.mean(recalls))


def macro_f1(y_true: Indices, y_pred: Indices) -> float:
    """Mean F1 of the genres that occur in `y_true`; a genre never predicted has 0."""
    present = np.unique(y_true)
    return float(sklearn.metrics.f1_score(y_true, y_pred, labels=present, average="macro", zero_division=0))


def top_k_accuracy(y_true: Indices, y_prob: Floats, k: int) -> float:
    """Share of answers whose genre is among the `k` most probable."""
    strongest = np.argsort(-y_prob, axis=1, kind="stable")[:, :k]
    return float(np.mean((strongest == np.asarray(y_true)[:, None]).any(axis=1)))


def cross_entropy(y_true: Indices, y_prob: Floats) -> float:
    """Mean negative logarithm of the right genre's probability, in nats."""
    chosen = y_prob[np.arange(len(y_true)), y_true]
    return float(-np.mean(np.log(np.maximum(chosen, np.finfo(np.float64).tiny))))


def confusion_matrix(y_true: Indices, y_pred: Indices, n_genres: int) -> NDArray[np.int64]:
    """Counts, shape (n_genres, n_genres): true genres down, answers across."""
    return sklearn.metrics.confusion_matrix(y_true, y_pred, labels=np.arange(n_genres))


def per_genre(y_true: Indices, y_pred: Indices, n_genres: int) -> list[dict[str, float]]:
    """Precision, recall, F1 and number of examples of each genre."""
    columns = sklearn.metrics.precision_recall_fscore_support(
        y_true, y_pred, labels=np.arange(n_genres), zero_division=0
    )
    names = ("precision", "recall", "f1", "support")
    return [dict(zip(names, map(float, row), strict=True)) for row in zip(*columns, strict=True)]


def expected_calibration_error(y_true: Indices, y_prob: Floats, n_bins: int = 10) -> float:
    """Mean gap between confidence and accuracy over bins of equal width, weighted by their number of answers.

    Guo, Pleiss, Sun & Weinberger, On Calibration of Modern Neural Networks, ICML 2017.
    """
    confidence = y_prob.max(axis=1)
    right = y_prob.argmax(axis=1) == y_true
    bins = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    gaps = np.bincount(bins, confidence - right, minlength=n_bins)
    return float(np.abs(gaps).sum() / len(y_true))


def coverage(y_prob: Floats, thresholds: Floats) -> float:
    """Share of answers whose confidence reaches the threshold of their genre, shape (n_genres,)."""
    return float(np.mean(_sure(y_prob, thresholds)))


def selective_accuracy(y_true: Indices, y_prob: Floats, thresholds: Floats) -> float:
    """Share of right answers among those whose confidence reaches the threshold of their genre; 1 if none does.

    El-Yaniv & Wiener, On the Foundations of Noise-free Selective Classification, JMLR 2010.
    """
    sure = _sure(y_prob, thresholds)
    return accuracy(y_true[sure], y_prob[sure].argmax(axis=1)) if sure.any() else 1.0


def _sure(y_prob: Floats, thresholds: Floats) -> NDArray[np.bool_]:
    return y_prob.max(axis=1) >= thresholds[y_prob.argmax(axis=1)]


def interval(
    score: Callable[..., float],
    *arrays: NDArray[Any],
    groups: NDArray[Any],
    n_rounds: int = 1000,
    seed: int = 0,
) -> Interval:
    """A score with its 95 % percentile bootstrap interval, whole groups being drawn.

    Args:
        score: Takes the arrays.
        arrays: Arrays of equal length.
        groups: The group of each row; rows of one artist tell less than as many of different artists.
        n_rounds: Number of draws.
        seed: Of the draws.
    """
    rng = np.random.default_rng(seed)
    _, owner = np.unique(groups, return_inverse=True)
    members = np.split(np.argsort(owner, kind="stable"), np.cumsum(np.bincount(owner))[:-1])
    values = []
    for _ in range(n_rounds):
        rows = np.concatenate([members[one] for one in rng.integers(0, len(members), len(members))])
        values.append(score(*(array[rows] for array in arrays)))
    low, high = np.percentile(values, [2.5, 97.5])
    return Interval(score(*arrays), float(low), float(high))
