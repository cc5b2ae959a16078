"""Scores as pure functions on arrays.

`y_true` and `y_pred` are indices of genres, shape (n,); `y_prob` are probabilities, shape (n, n_genres). Rows
are windows or tracks: the caller says which.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import sklearn.metrics
from numpy.typing import NDArray

from trainer import confusion

Indices = NDArray[np.intp]
Floats = NDArray[np.float64]

N_BINS = 10
"""Bins of confidence."""


def accuracy(y_true: Indices, y_pred: Indices) -> float:
    """Share of right answers."""
    return float(np.mean(y_true == y_pred))


def balanced_accuracy(y_true: Indices, y_pred: Indices) -> float:
    """See `confusion.balanced_accuracy`."""
    return float(confusion.balanced_accuracy(confusion_matrix(y_true, y_pred)))


def macro_f1(y_true: Indices, y_pred: Indices) -> float:
    """See `confusion.macro_f1`."""
    return float(confusion.macro_f1(confusion_matrix(y_true, y_pred)))


def weighted_f1(y_true: Indices, y_pred: Indices) -> float:
    """See `confusion.weighted_f1`."""
    return float(confusion.weighted_f1(confusion_matrix(y_true, y_pred)))


def macro_precision(y_true: Indices, y_pred: Indices) -> float:
    """See `confusion.macro_precision`."""
    return float(confusion.macro_precision(confusion_matrix(y_true, y_pred)))


def confusion_matrix(y_true: Indices, y_pred: Indices, n_genres: int = 0) -> NDArray[np.int64]:
    """Counts, shape (n_genres, n_genres): true genres down, answers across.

    Args:
        y_true: True genres.
        y_pred: Answers.
        n_genres: Number of genres; 0 takes as many as occur.
    """
    n_genres = n_genres or 1 + int(max(np.max(y_true), np.max(y_pred)))
    cells = np.bincount(np.asarray(y_true) * n_genres + y_pred, minlength=n_genres**2)
    return cells.reshape(n_genres, n_genres)


def per_genre(y_true: Indices, y_pred: Indices, n_genres: int) -> list[dict[str, float]]:
    """Precision, recall, F1 and number of examples ("support") of each genre."""
    matrix = confusion_matrix(y_true, y_pred, n_genres)
    parts = (confusion.precision(matrix), confusion.recall(matrix), confusion.f1(matrix), matrix.sum(axis=1))
    names = ("precision", "recall", "f1", "support")
    return [dict(zip(names, map(float, row), strict=True)) for row in zip(*parts, strict=True)]


def ranks(y_true: Indices, y_prob: Floats) -> Indices:
    """Place of the right genre among the answers, 0 for the first, shape (n,); ties go to the earlier genre."""
    order = np.argsort(-y_prob, axis=1, kind="stable")
    return np.argmax(order == np.asarray(y_true)[:, None], axis=1)


def top_k_accuracy(y_true: Indices, y_prob: Floats, k: int) -> float:
    """Share of answers whose genre is among the `k` most probable."""
    return float(np.mean(ranks(y_true, y_prob) < k))


def surprises(y_true: Indices, y_prob: Floats) -> Floats:
    """Negative logarithm of the right genre's probability, in nats, shape (n,); finite."""
    chosen = y_prob[np.arange(len(y_true)), y_true]
    return -np.log(np.maximum(chosen, np.finfo(np.float64).tiny))


def cross_entropy(y_true: Indices, y_prob: Floats) -> float:
    """Mean negative logarithm of the right genre's probability, in nats."""
    return float(np.mean(surprises(y_true, y_prob)))


def squared_errors(y_true: Indices, y_prob: Floats) -> Floats:
    """Sum over genres of the squared difference between probability and truth, shape (n,), 0 to 2."""
    return np.square(y_prob - np.eye(y_prob.shape[1])[y_true]).sum(axis=1)


def brier_score(y_true: Indices, y_prob: Floats) -> float:
    """Mean squared error of the probabilities, 0 to 2: Brier, Verification of Forecasts, 1950."""
    return float(np.mean(squared_errors(y_true, y_prob)))


@dataclass(frozen=True, eq=False)
class RocCurve:
    """How many of a genre's examples are found at the price of how many others.

    Attributes:
        false_positive_rate: Shape (n_points,), ascending from 0 to 1.
        true_positive_rate: Shape (n_points,), ascending from 0 to 1.
    """

    false_positive_rate: Floats
    true_positive_rate: Floats

    @property
    def area(self) -> float:
        """Area under the curve, 0 to 1; a half for chance."""
        return float(np.trapezoid(self.true_positive_rate, self.false_positive_rate))


def roc_curves(y_true: Indices, y_prob: Floats) -> dict[int, RocCurve]:
    """The curve of each genre against the rest; genres that no row has, or all rows have, are left out."""
    found = {}
    for genre in np.unique(y_true):
        is_genre = np.asarray(y_true) == genre
        if not is_genre.all():
            false_rate, true_rate, _ = sklearn.metrics.roc_curve(is_genre, y_prob[:, genre])
            found[int(genre)] = RocCurve(false_rate, true_rate)
    return found


def roc_auc(y_true: Indices, y_prob: Floats) -> float:
    """Mean area under the curves of `roc_curves`; a half where there are none."""
    areas = [curve.area for curve in roc_curves(y_true, y_prob).values()]
    return float(np.mean(areas)) if areas else 0.5


def bins(y_prob: Floats, n_bins: int = N_BINS) -> Indices:
    """Bin of each row's confidence, of bins of equal width, shape (n,)."""
    return np.minimum((y_prob.max(axis=1) * n_bins).astype(int), n_bins - 1)


def expected_calibration_error(y_true: Indices, y_prob: Floats, n_bins: int = N_BINS) -> float:
    """Mean gap between confidence and accuracy over bins of equal width, weighted by their number of answers.

    Guo, Pleiss, Sun & Weinberger, On Calibration of Modern Neural Networks, ICML 2017.
    """
    gaps = np.bincount(bins(y_prob, n_bins), y_prob.max(axis=1) - _is_right(y_true, y_prob), minlength=n_bins)
    return float(np.abs(gaps).sum() / len(y_true))


def reliability(y_true: Indices, y_prob: Floats, n_bins: int = N_BINS) -> list[dict[str, float]]:
    """Mean confidence, accuracy and number of answers of each bin that holds any, from unsure to sure."""
    place, right = bins(y_prob, n_bins), _is_right(y_true, y_prob)
    return [
        {
            "confidence": float(y_prob[place == one].max(axis=1).mean()),
            "accuracy": float(right[place == one].mean()),
            "n": int((place == one).sum()),
        }
        for one in np.unique(place)
    ]


def coverage(y_prob: Floats, thresholds: Floats) -> float:
    """Share of answers whose confidence reaches the threshold of their genre, shape (n_genres,)."""
    return float(np.mean(is_sure(y_prob, thresholds)))


def selective_accuracy(y_true: Indices, y_prob: Floats, thresholds: Floats) -> float:
    """Share of right answers among those whose confidence reaches the threshold of their genre; 1 if none does.

    El-Yaniv & Wiener, On the Foundations of Noise-free Selective Classification, JMLR 2010.
    """
    sure = is_sure(y_prob, thresholds)
    return accuracy(y_true[sure], y_prob[sure].argmax(axis=1)) if sure.any() else 1.0


def is_sure(y_prob: Floats, thresholds: Floats) -> NDArray[np.bool_]:
    """Whether each answer reaches the threshold of its genre, shape (n,)."""
    return y_prob.max(axis=1) >= thresholds[y_prob.argmax(axis=1)]


def selective_curve(y_true: Indices, y_prob: Floats) -> tuple[Floats, Floats, Floats]:
    """What a common threshold would do, from the strictest to none.

    Returns:
        Share of answers that are given, share of these that are right, and the threshold; each of shape
        (n_thresholds,), the first ascending to 1.
    """
    confidence = y_prob.max(axis=1)
    order = np.argsort(-confidence, kind="stable")
    ends = np.append(
        np.flatnonzero(np.diff(confidence[order])), len(order) - 1
    )  # equal ones stand or fall together
    n_right = np.cumsum(_is_right(y_true, y_prob)[order])[ends]
    return (ends + 1) / len(order), n_right / (ends + 1), confidence[order][ends]


def _is_right(y_true: Indices, y_prob: Floats) -> NDArray[np.bool_]:
    return y_prob.argmax(axis=1) == y_true
