"""Evidence for promises on errors is made of answers, and promises are checked on what they do not rest on."""

import dataclasses

import numpy as np
import pytest

from tagger.inference import abstain as promising
from tagger.inference import card as cards
from tagger.inference.artefact import Artefact
from tests.trainer.judged import GENRES, answers
from trainer import abstain
from trainer.answers import Answers


def lopsided(n: int, bias: float, seed: int = 0) -> Answers:
    """Answers with calibrated confidence, but the first genre is wrong more often than it says."""
    rng = np.random.default_rng(seed)
    odds = np.exp(2.5 * rng.normal(size=(n, len(GENRES))))
    y_prob = odds / odds.sum(axis=1, keepdims=True)
    y_pred, sure = y_prob.argmax(axis=1), y_prob.max(axis=1)
    chance = 1 / (1 + np.exp(-np.log(sure / (1 - sure)) + bias * (y_pred == 0)))
    y_true = np.where(rng.random(n) < chance, y_pred, (y_pred + 1) % len(GENRES))
    groups = np.array([f"artist {number}" for number in rng.integers(0, n, n)], object)
    base = answers(seed, n)
    accepted = np.eye(len(GENRES), dtype=bool)[y_true]
    return dataclasses.replace(base, y_true=y_true, y_prob=y_prob, groups=groups, accepted=accepted)


def test_offsets_find_the_genre_that_is_too_sure() -> None:
    """A genre's excess of confidence is found from many tracks, and hardly from a few."""
    for n, low, high in ((6000, 0.8, 1.2), (12, -0.2, 0.5)):
        found = abstain.fit_offsets(lopsided(n, 1.0))
        assert low < np.mean([found[genre] for genre in GENRES[1:]]) - found[GENRES[0]] < high


def test_offsets_of_calibrated_answers_are_small() -> None:
    """Where all genres mean what they say there is nothing to add; all right or all wrong is no trouble."""
    found = abstain.fit_offsets(lopsided(6000, 0.0))
    assert max(map(abs, found.values())) < 0.2
    for y_true in (lopsided(30, 0.0).y_pred, (lopsided(30, 0.0).y_pred + 1) % 3):
        found = abstain.fit_offsets(dataclasses.replace(lopsided(30, 0.0), y_true=y_true))
        assert max(map(abs, found.values())) < 5


def test_evidence_fits_a_card(bundled: Artefact) -> None:
    """A card holds what was made of answers: each track's genre, confidence, and whether it was right."""
    said, others = abstain.parted(lopsided(200, 1.0))
    found = abstain.held_out(said, others, "two of three corpora")
    assert found.genre == tuple(said.y_pred)
    np.testing.assert_allclose(found.confidence, said.y_prob.max(axis=1), atol=1e-6)
    assert found.right == tuple((said.y_pred == said.y_true).astype(int))
    fields = {"genres": GENRES, "thresholds": dict.fromkeys(GENRES, 0.5), "held_out": found}
    card = dataclasses.replace(bundled.card, **fields)
    assert cards.loads(cards.dumps(card), "here").held_out == found


def test_any_label_can_count() -> None:
    """Where further labels count, a verdict that one of them names is right."""
    said, others = abstain.parted(answers(0, 200))
    strict, kind = (abstain.held_out(said, others, "x", any_label=flag).right for flag in (False, True))
    named = said.accepted[np.arange(len(said)), said.y_pred]
    assert kind == tuple(named.astype(int))
    assert sum(kind) > sum(strict)


def test_evidence_and_scale_share_no_artist() -> None:
    """Evidence that its own scale was fitted on is refused; parting keeps artists whole and loses no row."""
    said = answers(3, 200)
    with pytest.raises(ValueError, match="groups are in the evidence"):
        abstain.held_out(said, said, "x")
    for share in (0.01, 0.3, 0.99):
        first, second = abstain.parted(said, share)
        assert len(first) + len(second) == len(said)
        assert not set(first.groups) & set(second.groups)
        assert min(len(first), len(second)) > 0


def test_selection_counts() -> None:
    """Coverage and error are those of the tracks that reach the threshold of their genre."""
    said = answers(1, 400)
    thresholds = dict(zip(GENRES, (0.5, 0.7, 1.1), strict=True))
    named = said.y_prob.max(axis=1) >= np.array(list(thresholds.values()))[said.y_pred]
    found = abstain.selection(said, thresholds)
    assert found["n_named"] == named.sum()
    assert found["coverage"]["value"] == pytest.approx(named.mean())
    assert found["error"]["value"] == pytest.approx((said.y_pred != said.y_true)[named].mean())
    assert found["error"]["low"] < found["error"]["value"] < found["error"]["high"]
    assert 2 not in said.y_pred[named]


def test_no_error_is_no_proof() -> None:
    """Where nothing named is wrong the interval is as wide as so few tracks make it; none tell nothing."""
    right = lopsided(60, 0.0)
    right = dataclasses.replace(right, y_true=right.y_pred)
    found = abstain.selection(right, dict.fromkeys(GENRES, 0.0))["error"]
    assert (found["value"], found["low"]) == (0, 0)
    assert 1 - (1 - found["high"]) ** 60 == pytest.approx(0.975)
    assert abstain.selection(right, dict.fromkeys(GENRES, 2.0))["error"] == {"value": 0, "low": 0, "high": 1}


def test_promises_are_checked_on_other_artists() -> None:
    """On folds that they do not rest on promises hold within the interval, and looser ones name more."""
    found = abstain.cross_checked(lopsided(3000, 1.0, seed=2))
    assert list(found) == ["0.05", "0.1", "0.25"]
    for level, reached in found.items():
        assert reached["n_promised"] == 5
        assert 0 < reached["error"]["low"] <= float(level)
    covered = [reached["coverage"]["value"] for reached in found.values()]
    assert covered == sorted(covered)
    assert covered[0] > 0.02


def test_no_promise_names_nothing() -> None:
    """Where the evidence is too little for any promise, nothing is named and that is told."""
    for reached in abstain.cross_checked(answers(2, 60)).values():
        assert (reached["n_promised"], reached["n_named"], reached["coverage"]["value"]) == (0, 0, 0)


def test_thresholds_come_from_the_evidence() -> None:
    """A genre that is too sure must be surer than the others to be named."""
    evidence = abstain.held_out(*abstain.parted(lopsided(4000, 1.0)), "made up")
    found = promising.thresholds(evidence, GENRES, 0.1)
    assert found is not None
    assert found[GENRES[0]] > max(found[genre] for genre in GENRES[1:])
