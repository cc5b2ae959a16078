"""Intervals come from draws of whole groups, and each draw's scores are those of its rows."""

from __future__ import annotations

import time

import numpy as np
import pytest

from trainer import intervals, metrics
from trainer.intervals import Draws


def answers(rng, n=120, n_genres=4):
    """True genres and probabilities that lean towards them, with ties."""
    y_true = rng.integers(0, n_genres, n)
    y_prob = rng.dirichlet(np.ones(n_genres), n) + 0.3 * np.eye(n_genres)[y_true]
    y_prob = np.round(y_prob / y_prob.sum(axis=1, keepdims=True), 2)
    return y_true, y_prob / y_prob.sum(axis=1, keepdims=True)


SCORES = {
    "accuracy": lambda t, p: metrics.accuracy(t, p.argmax(axis=1)),
    "balanced_accuracy": lambda t, p: metrics.balanced_accuracy(t, p.argmax(axis=1)),
    "macro_f1": lambda t, p: metrics.macro_f1(t, p.argmax(axis=1)),
    "weighted_f1": lambda t, p: metrics.weighted_f1(t, p.argmax(axis=1)),
    "macro_precision": lambda t, p: metrics.macro_precision(t, p.argmax(axis=1)),
    "top_2_accuracy": lambda t, p: metrics.top_k_accuracy(t, p, 2),
    "top_3_accuracy": lambda t, p: metrics.top_k_accuracy(t, p, 3),
    "roc_auc": metrics.roc_auc,
    "expected_calibration_error": metrics.expected_calibration_error,
    "brier_score": metrics.brier_score,
    "cross_entropy": metrics.cross_entropy,
}


def test_each_score_is_that_of_the_rows(rng):
    """The value beside an interval is what the plain function says of all rows."""
    y_true, y_prob = answers(rng)
    found = intervals.of_scores(y_true, y_prob, Draws(rng.integers(0, 30, 120), n_rounds=20))
    assert set(found) == set(SCORES)
    for name, score in SCORES.items():
        assert found[name].value == pytest.approx(score(y_true, y_prob)), name
        assert found[name].low <= found[name].high


@pytest.mark.parametrize("name", SCORES)
def test_a_draw_is_its_rows_repeated(name, rng):
    """What a draw scores is the score of its rows, each repeated as often as its group was drawn."""
    y_true, y_prob = answers(rng)
    groups = rng.integers(0, 12, 120)
    draws = Draws(groups, n_rounds=2, seed=3)
    counts = np.concatenate(list(draws.weights(np.arange(120))))[1:]
    scores = [
        SCORES[name](*(np.repeat(one, own.astype(int), axis=0) for one in (y_true, y_prob))) for own in counts
    ]
    expected = np.percentile(scores, [2.5, 97.5])
    found = intervals.of_scores(y_true, y_prob, draws)[name]
    assert [found.low, found.high] == pytest.approx(list(expected), rel=1e-5)


def test_the_interval_is_seeded_and_holds_the_score(rng):
    """The same seed gives the same interval; of independent rows its width is what statistics says."""
    right = rng.integers(0, 2, 100)
    first, again = (intervals.interval(Draws(np.arange(100), seed=4).means(right)) for _ in range(2))
    assert first == again
    assert first.low < first.value < first.high
    assert first.high - first.low == pytest.approx(2 * 1.96 * 0.05, rel=0.2)


def test_groups_widen_the_interval():
    """Answers that are right or wrong by whole artists tell less than as many of independent tracks."""
    right = np.repeat(np.array([1, 0] * 5), 10)
    widths = []
    for groups in (np.repeat(np.arange(10), 10), np.arange(100)):
        found = intervals.interval(Draws(groups).means(right))
        widths.append(found.high - found.low)
    assert widths[0] > 2 * widths[1]


def test_a_selection_is_scored_as_by_hand(rng):
    """Coverage and accuracy are those of the plain functions; where nothing is sure, nothing wrong was said."""
    y_true, y_prob = answers(rng)
    draws = Draws(np.arange(120), n_rounds=50)
    for thresholds in (np.full(4, 0.6), np.array([0.3, 0.9, 0.5, 0.5]), np.ones(4)):
        found = intervals.of_selection(y_true, y_prob, thresholds, draws)
        assert found["coverage"].value == pytest.approx(metrics.coverage(y_prob, thresholds))
        assert found["accuracy"].value == pytest.approx(metrics.selective_accuracy(y_true, y_prob, thresholds))


def test_a_thousand_draws_of_three_thousand_windows_take_seconds(rng):
    """All scores together; scoring each draw by itself takes minutes."""
    y_true, y_prob = answers(rng, n=3000, n_genres=14)
    began = time.monotonic()
    intervals.of_scores(y_true, y_prob, Draws(rng.integers(0, 250, 3000)))
    assert time.monotonic() - began < 10


def test_one_genre_alone_has_no_curve(rng):
    """Its area is that of chance, in every draw."""
    _, y_prob = answers(rng, n=10)
    found = intervals.of_scores(np.zeros(10, int), y_prob, Draws(np.arange(10), n_rounds=5))
    assert found["roc_auc"] == intervals.Interval(0.5, 0.5, 0.5)
