"""Scores equal scikit-learn's or those worked out by hand."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger.inference import vote
from tagger.inference.card import Calibration
from trainer import calibrate, metrics

ANSWERS = st.integers(1, 60).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(0, 3), min_size=n, max_size=n), st.lists(st.integers(0, 3), min_size=n, max_size=n)
    )
)


@settings(deadline=None)
@given(ANSWERS)
def test_scores_equal_scikit_learn(answers):
    """Accuracy, balanced accuracy and the confusion matrix are the library's."""
    y_true, y_pred = map(np.array, answers)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library warns of genres that were predicted and are not there
        expected = sklearn.metrics.balanced_accuracy_score(y_true, y_pred)
    assert metrics.balanced_accuracy(y_true, y_pred) == pytest.approx(expected)
    assert metrics.accuracy(y_true, y_pred) == pytest.approx(np.mean(y_true == y_pred))
    matrix = metrics.confusion_matrix(y_true, y_pred, 4)
    assert matrix.sum() == len(y_true)
    assert np.trace(matrix) == (y_true == y_pred).sum()


@settings(deadline=None)
@given(ANSWERS)
def test_per_genre_scores_agree_with_the_confusion_matrix(answers):
    """Recall is the diagonal over the row, precision over the column, support the row."""
    y_true, y_pred = map(np.array, answers)
    matrix = metrics.confusion_matrix(y_true, y_pred, 4)
    for index, one in enumerate(metrics.per_genre(y_true, y_pred, 4)):
        row, column = matrix[index].sum(), matrix[:, index].sum()
        assert one["support"] == row
        assert one["recall"] == pytest.approx(matrix[index, index] / row if row else 0)
        assert one["precision"] == pytest.approx(matrix[index, index] / column if column else 0)


def test_macro_f1_by_hand():
    """F1 of 2/3 and 0: a genre that is there and never named counts, one that is not there does not."""
    assert metrics.macro_f1(np.array([0, 0, 1]), np.array([0, 2, 2])) == pytest.approx((2 / 3 + 0) / 2)


@pytest.mark.parametrize(("k", "expected"), [(1, 1 / 3), (2, 2 / 3), (3, 1.0)])
def test_top_k_accuracy_by_hand(k, expected):
    """The right genre is first, second and third."""
    y_prob = np.array([[0.6, 0.3, 0.1], [0.6, 0.3, 0.1], [0.6, 0.3, 0.1]])
    assert metrics.top_k_accuracy(np.array([0, 1, 2]), y_prob, k) == pytest.approx(expected)


def test_cross_entropy_equals_scikit_learn(rng):
    """The mean negative logarithm, in nats."""
    y_prob = rng.dirichlet(np.ones(4), 50)
    y_true = rng.integers(0, 4, 50)
    expected = sklearn.metrics.log_loss(y_true, y_prob, labels=range(4))
    assert metrics.cross_entropy(y_true, y_prob) == pytest.approx(expected)


def test_cross_entropy_of_an_impossible_answer_is_finite():
    """A probability of zero costs much, not infinitely much."""
    assert np.isfinite(metrics.cross_entropy(np.array([1]), np.array([[1.0, 0.0]])))


def test_expected_calibration_error_by_hand():
    """Ten answers of confidence 0.8 of which half are right are off by 0.3."""
    y_prob = np.tile([0.8, 0.2], (10, 1))
    assert metrics.expected_calibration_error(np.array([0, 1] * 5), y_prob) == pytest.approx(0.3)


def test_sure_and_right_is_calibrated():
    """A confidence of one lies in the last bin."""
    assert metrics.expected_calibration_error(np.array([0, 1]), np.eye(2)) == 0


def test_the_interval_holds_the_score_and_is_seeded(rng):
    """The same seed gives the same interval, around the score."""
    y_true, y_pred = rng.integers(0, 2, (2, 100))
    groups = np.arange(100)
    first, again = (metrics.interval(metrics.accuracy, y_true, y_pred, groups=groups, seed=4) for _ in range(2))
    assert first == again
    assert first.low < first.value < first.high
    assert first.high - first.low == pytest.approx(2 * 1.96 * 0.05, rel=0.2)


def test_groups_widen_the_interval(rng):
    """Answers that are right or wrong by whole artists tell less than as many of independent tracks."""
    right = np.repeat(np.array([1, 0] * 5), 10)
    y_true, artists = np.ones(100, int), np.repeat(np.arange(10), 10)
    by_artist = metrics.interval(metrics.accuracy, y_true, right, groups=artists)
    by_track = metrics.interval(metrics.accuracy, y_true, right, groups=np.arange(100))
    assert by_artist.high - by_artist.low > 2 * (by_track.high - by_track.low)


def test_track_probabilities_are_the_soft_vote(rng):
    """They are what tagger's own vote says of the same windows."""
    logits, tracks = rng.normal(0, 2, (9, 4)).astype(np.float32), np.array([0, 0, 0, 0, 1, 2, 2, 2, 2])
    ours = calibrate.track_probabilities(logits, tracks, Calibration(temperature=1.5))
    windows = np.exp(logits / 1.5) / np.exp(logits / 1.5).sum(axis=1, keepdims=True)
    for track in range(3):
        mine = windows[tracks == track]
        assert ours[track] == pytest.approx(vote.soft(mine, np.zeros(len(mine))), abs=1e-6)


@pytest.mark.parametrize("factor", [0.4, 1.0, 3.0])
def test_the_temperature_undoes_a_scaling_of_the_logits(rng, factor):
    """Logits that were scaled by a factor ask for a temperature of that factor."""
    logits = rng.normal(0, 2, (4000, 3))
    y_prob = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    y_true = (rng.random((4000, 1)) > y_prob.cumsum(axis=1)).sum(axis=1)
    fitted = calibrate.fit((factor * logits).astype(np.float32), np.arange(4000), y_true)
    assert fitted.method == "temperature"
    assert fitted.temperature == pytest.approx(factor, rel=0.1)


def test_selective_accuracy_counts_what_is_sure():
    """Only answers that reach their genre's threshold count; without any, nothing wrong was said."""
    y_true = np.array([0, 0, 1, 1])
    y_prob = np.array([[0.9, 0.1], [0.45, 0.55], [0.2, 0.8], [0.6, 0.4]])
    half, strict = np.array([0.5, 0.5]), np.array([0.7, 0.7])
    assert metrics.coverage(y_prob, half) == 1
    assert (
        metrics.selective_accuracy(y_true, y_prob, half)
        == metrics.accuracy(y_true, y_prob.argmax(axis=1))
        == 0.5
    )
    assert metrics.coverage(y_prob, strict) == 0.5
    assert metrics.selective_accuracy(y_true, y_prob, strict) == 1
    assert metrics.coverage(y_prob, np.array([0.95, 0.7])) == 0.25
    assert metrics.coverage(y_prob, np.ones(2)) == 0
    assert metrics.selective_accuracy(y_true, y_prob, np.ones(2)) == 1
