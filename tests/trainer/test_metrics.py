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


def test_the_area_under_the_curves_equals_scikit_learn(rng):
    """Each genre against the rest; a genre that no row has is left out."""
    y_prob = np.round(rng.dirichlet(np.ones(5), 80), 1)
    y_true = rng.choice([0, 1, 4], 80)
    areas = [sklearn.metrics.roc_auc_score(y_true == genre, y_prob[:, genre]) for genre in (0, 1, 4)]
    assert metrics.roc_auc(y_true, y_prob) == pytest.approx(np.mean(areas))
    curves = metrics.roc_curves(y_true, y_prob)
    assert [curves[genre].area for genre in (0, 1, 4)] == pytest.approx(areas)
    assert set(curves) == {0, 1, 4}


def test_the_brier_score_by_hand():
    """Sure and right costs nothing, sure and wrong 2, undecided between two a half."""
    y_prob = np.array([[1.0, 0.0], [1.0, 0.0], [0.5, 0.5]])
    assert metrics.brier_score(np.array([0, 1, 1]), y_prob) == pytest.approx((0 + 2 + 0.5) / 3)


def test_the_bins_of_the_diagram_give_the_calibration_error(rng):
    """The gaps of its bins, weighted by their numbers, are the error; no answer is lost."""
    y_prob = rng.dirichlet(np.ones(3), 200)
    y_true = rng.integers(0, 3, 200)
    found = metrics.reliability(y_true, y_prob)
    gaps = sum(abs(one["confidence"] - one["accuracy"]) * one["n"] for one in found) / 200
    assert gaps == pytest.approx(metrics.expected_calibration_error(y_true, y_prob))
    assert sum(one["n"] for one in found) == 200


def test_the_selective_curve_is_what_each_threshold_does(rng):
    """Every point is the coverage and the accuracy at its threshold; the last answers everything."""
    y_prob = np.round(rng.dirichlet(np.ones(3), 60), 1)
    y_true = rng.integers(0, 3, 60)
    coverage, accuracy, threshold = metrics.selective_curve(y_true, y_prob)
    for place, least in enumerate(threshold):
        assert coverage[place] == pytest.approx(metrics.coverage(y_prob, np.full(3, least)))
        assert accuracy[place] == pytest.approx(metrics.selective_accuracy(y_true, y_prob, np.full(3, least)))
    assert coverage[-1] == 1
    assert (np.diff(coverage) > 0).all()


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
