"""Scores that follow from a confusion matrix; a stack of matrices gives as many scores.

A matrix has shape (…, n_genres, n_genres): true genres down, answers across. Means over genres are taken over
those that occur, whose row is not empty: a score must not change with genres that nobody asked for.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Matrix = NDArray[Any]


def accuracy(matrix: Matrix) -> Floats:
    """Share of right answers."""
    return _ratio(_right(matrix).sum(axis=-1), matrix.sum(axis=(-2, -1)))


def balanced_accuracy(matrix: Matrix) -> Floats:
    """Mean recall of the genres: the same as macro recall."""
    return _mean(recall(matrix), _support(matrix) > 0)


def macro_precision(matrix: Matrix) -> Floats:
    """Mean precision of the genres that some example has, 0 for one of them that is never named.

    Arrigo (2025) calls it mAP; it is not the mean average precision of rankings that commonly has this name.
    """
    return _mean(precision(matrix), _support(matrix) > 0)


def macro_f1(matrix: Matrix) -> Floats:
    """Mean F1 of the genres that some example has, 0 for one of them that is never named.

    Scikit-learn also counts, as 0, genres that were only answered, which lowers the mean where a model knows
    more genres than the corpus it is judged on holds.
    """
    return _mean(f1(matrix), _support(matrix) > 0)


def weighted_f1(matrix: Matrix) -> Floats:
    """Mean F1 of the genres, each weighted by its number of examples."""
    return _mean(f1(matrix), _support(matrix))


def recall(matrix: Matrix) -> Floats:
    """Share of each genre's examples that got its name, shape (…, n_genres); 0 where there is none."""
    return _ratio(_right(matrix), _support(matrix))


def precision(matrix: Matrix) -> Floats:
    """Share of each genre's answers that are right, shape (…, n_genres); 0 where there is none."""
    return _ratio(_right(matrix), matrix.sum(axis=-2))


def f1(matrix: Matrix) -> Floats:
    """Harmonic mean of precision and recall of each genre, shape (…, n_genres)."""
    return _ratio(2 * _right(matrix), _support(matrix) + matrix.sum(axis=-2))


def _right(matrix: Matrix) -> Matrix:
    return np.diagonal(matrix, axis1=-2, axis2=-1)


def _support(matrix: Matrix) -> Matrix:
    return matrix.sum(axis=-1)


def _mean(values: Floats, weights: Matrix) -> Floats:
    return _ratio((values * weights).sum(axis=-1), weights.sum(axis=-1))


def _ratio(part: Matrix, whole: Matrix) -> Floats:
    """Their ratio, 0 where the whole is 0."""
    return np.divide(part, whole, out=np.zeros(np.shape(part)), where=np.asarray(whole) > 0)
