"""Scores and curves are plain data, complete and in keeping with each other."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import sklearn.metrics

from tests.trainer import judged
from trainer import answers, comparison, evaluate

SAID = judged.answers(3, n=400)
SCORES = evaluate.of_answers(SAID)


def test_scores_are_plain_data_with_intervals():
    """JSON holds them; each that has a title has a value between its ends."""
    assert json.loads(json.dumps(SCORES)) == SCORES
    for name in comparison.TITLES:
        one = SCORES[name]
        assert one["low"] <= one["value"] <= one["high"] or name == "expected_calibration_error"
    assert SCORES["n"] == 400
    assert SCORES["n_groups"] == 15
    assert np.sum(SCORES["confusion_matrix"]) == 400


def test_any_label_counts_as_right_where_tracks_have_several():
    """It is never worse than the first label alone, and absent where no track has two."""
    right = [SAID.accepted[row, answer] for row, answer in enumerate(SAID.y_pred)]
    assert SCORES["any_label_accuracy"]["value"] == pytest.approx(np.mean(right))
    assert SCORES["any_label_accuracy"]["value"] >= SCORES["accuracy"]["value"]
    single = dataclasses.replace(SAID, accepted=np.eye(3, dtype=bool)[SAID.y_true])
    assert "any_label_accuracy" not in evaluate.of_answers(single)


def test_corpora_share_the_accuracy_out():
    """Weighted by their numbers they give the whole."""
    parts = SCORES["accuracy_by_corpus"].values()
    total = sum(one["accuracy"] * one["n"] for one in parts)
    assert total / 400 == pytest.approx(SCORES["accuracy"]["value"])
    assert all(one["low"] < one["accuracy"] < one["high"] for one in parts)


def test_macro_f1_of_a_corpus_is_over_the_genres_that_it_holds():
    """What a model knows beside them only shows in what it takes for them; the rows of others do not."""
    rows = (SAID.corpora == "one") & (SAID.y_true != 2) | (SAID.corpora == "two")
    kept = {name: getattr(SAID, name)[rows] for name in (*answers._TRUTHS, "y_prob")}
    said = dataclasses.replace(SAID, **kept)
    found, own = evaluate.by_corpus(said)["macro_f1_by_corpus"], said.corpora == "one"
    expected = sklearn.metrics.f1_score(said.y_true[own], said.y_pred[own], labels=[0, 1], average="macro")
    assert found["one"]["macro_f1"] == pytest.approx(expected)
    assert found["one"]["low"] < expected < found["one"]["high"]
    assert {name: one["n_genres"] for name, one in found.items()} == {"one": 2, "two": 3}


def test_curves_are_thin_and_keep_their_ends():
    """At most 101 points, from 0 to 1; the area is that of the whole curve."""
    curves = evaluate.curves(SAID)
    assert json.loads(json.dumps(curves)) == curves
    assert set(curves["roc"]) == set(judged.GENRES)
    for curve in curves["roc"].values():
        for rate in ("false_positive_rate", "true_positive_rate"):
            assert len(curve[rate]) <= 101
            assert (curve[rate][0], curve[rate][-1]) == (0, 1)
    assert np.mean([curve["area"] for curve in curves["roc"].values()]) == pytest.approx(
        SCORES["roc_auc"]["value"]
    )
    assert curves["selection"]["coverage"][-1] == 1
    assert curves["selection"]["accuracy"][-1] == pytest.approx(SCORES["accuracy"]["value"], abs=1e-4)


def test_the_surest_mistakes_come_first():
    """None of them is right."""
    mistakes = evaluate.curves(SAID)["mistakes"]
    assert 0 < len(mistakes) <= 12
    assert all(one["truth"] != one["answer"] for one in mistakes)
    confidences = [one["confidence"] for one in mistakes]
    assert confidences == sorted(confidences, reverse=True)


def test_confusions_come_by_number():
    """The diagonal is none of them; the share is of the true genre's rows."""
    found = evaluate.confusions([[5, 3, 0], [1, 0, 0], [0, 0, 2]], judged.GENRES)
    assert [(one["truth"], one["answer"], one["n"]) for one in found] == [
        ("Blues", "Drum & Bass", 3),
        ("Drum & Bass", "Blues", 1),
    ]
    assert [one["share"] for one in found] == [3 / 8, 1]
