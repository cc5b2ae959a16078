"""What follows from a confusion matrix is what scikit-learn computes from the rows."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.metrics

from trainer import confusion, metrics


@pytest.fixture
def rows(rng):
    """True genres, of which one is absent, and answers, which never name another."""
    return rng.choice([0, 1, 3, 4], 200), rng.choice([0, 1, 2, 3], 200)


@pytest.mark.parametrize(
    ("ours", "theirs", "average"),
    [
        (confusion.balanced_accuracy, sklearn.metrics.recall_score, "macro"),
        (confusion.macro_precision, sklearn.metrics.precision_score, "macro"),
        (confusion.macro_f1, sklearn.metrics.f1_score, "macro"),
        (confusion.weighted_f1, sklearn.metrics.f1_score, "weighted"),
    ],
)
def test_means_are_taken_over_the_genres_that_occur(ours, theirs, average, rows):
    """They are the library's, told which genres occur."""
    y_true, y_pred = rows
    expected = theirs(y_true, y_pred, labels=np.unique(y_true), average=average, zero_division=0)
    assert ours(metrics.confusion_matrix(y_true, y_pred, 6)) == pytest.approx(expected)


def test_a_stack_of_matrices_gives_the_score_of_each(rng):
    """No matrix changes another's score."""
    stack = rng.integers(0, 9, (5, 2, 4, 4))
    for score in (confusion.accuracy, confusion.macro_f1, confusion.weighted_f1, confusion.macro_precision):
        together = score(stack)
        assert together.shape == (5, 2)
        assert together[3, 1] == pytest.approx(float(score(stack[3, 1])))


def test_nothing_answered_is_nothing_right():
    """An empty matrix has scores of 0, without a division by zero."""
    for score in (confusion.accuracy, confusion.balanced_accuracy, confusion.weighted_f1):
        assert score(np.zeros((3, 3), int)) == 0
