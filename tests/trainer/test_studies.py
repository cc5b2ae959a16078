"""Studies draw training examples as they say, and train nothing themselves."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from trainer import studies

TRAIN = np.arange(100, 160)
GENRES = [0] * 30 + [1] * 20 + [2] * 10
ARTISTS = [f"artist{number // 4}" for number in range(60)]


class Noting:
    """A score that notes what would be learned."""

    def __init__(self):
        self.drawn = []

    def __call__(self, indices):
        """The mean of the indices."""
        self.drawn.append(indices)
        return {"mean": float(indices.mean())}


def test_a_bootstrap_draws_as_many_examples_with_replacement():
    """All are training examples, as many as there are; about 63 % of them come at all."""
    score = Noting()
    outcomes = list(studies.bootstrap(score, TRAIN, n_rounds=50))
    assert [outcome.number for outcome in outcomes] == list(range(1, 51))
    assert all(set(drawn) <= set(TRAIN) and len(drawn) == len(TRAIN) for drawn in score.drawn)
    shares = [len(set(drawn)) / len(TRAIN) for drawn in score.drawn]
    assert np.mean(shares) == pytest.approx(1 - 1 / np.e, abs=0.03)


def test_a_bootstrap_of_groups_draws_them_whole():
    """Every example of an artist comes as often as the artist."""
    score = Noting()
    list(studies.bootstrap(score, TRAIN, groups=ARTISTS, n_rounds=20))
    for drawn in score.drawn:
        counts = Counter(drawn)
        assert len(drawn) == len(TRAIN)
        for first in range(0, 60, 4):
            assert len({counts[TRAIN[first + place]] for place in range(4)}) == 1


@pytest.mark.parametrize("share", studies.SHARES)
def test_each_share_holds_as_much_of_every_genre(share):
    """A share of all is that share of each genre, and no example comes twice."""
    score = Noting()
    outcomes = list(studies.learning_curve(score, TRAIN, GENRES, shares=[share]))
    (drawn,) = score.drawn
    assert len(set(drawn)) == len(drawn) == outcomes[0].n_examples
    counts = Counter(GENRES[index - 100] for index in drawn)
    assert counts == {0: round(30 * share), 1: round(20 * share), 2: round(10 * share)}


def test_shares_grow_and_each_holds_the_one_before():
    """Nine sizes, however they are ordered; the last is everything; another round takes another order."""
    score = Noting()
    shares = studies.SHARES[::-1]
    outcomes = list(studies.learning_curve(score, TRAIN, GENRES, shares=shares, n_rounds=2))
    assert [outcome.share for outcome in outcomes[:9]] == sorted(shares)
    for smaller, larger in itertools.pairwise(score.drawn[:9]):
        assert set(smaller) < set(larger)
    assert np.array_equal(score.drawn[8], TRAIN)
    assert not np.array_equal(score.drawn[0], score.drawn[9])


def test_the_rarest_genre_is_never_lost():
    """Of a genre with one example that one is always there."""
    score = Noting()
    list(studies.learning_curve(score, np.arange(51), [0] * 50 + [1], shares=[0.02, 0.1]))
    assert all(50 in drawn for drawn in score.drawn)


@pytest.mark.parametrize("study", ["bootstrap", "learning_curve"])
def test_the_seed_decides_the_draws_and_results_come_one_by_one(study):
    """The same seed draws the same examples, another one others; nothing is trained before it is asked for."""

    def start(seed):
        score = Noting()
        if study == "bootstrap":
            return score, studies.bootstrap(score, TRAIN, seed=seed)
        return score, studies.learning_curve(score, TRAIN, GENRES, seed=seed)

    (one, first), (two, second), (three, third) = start(1), start(1), start(2)
    assert not one.drawn
    assert next(first) == next(second)
    next(third)
    assert len(one.drawn) == 1
    assert np.array_equal(one.drawn[0], two.drawn[0])
    assert not np.array_equal(one.drawn[0], three.drawn[0])


@pytest.mark.parametrize("share", [0.0, -0.5, 1.1, float("nan")])
def test_a_share_that_is_none_is_refused(share):
    """Nothing, less than nothing and more than everything."""
    with pytest.raises(ValueError, match="above 0 and up to 1"):
        list(studies.learning_curve(Noting(), TRAIN, GENRES, shares=[0.5, share]))


def test_quartiles_are_those_of_each_share_and_score():
    """The middle of three rounds and what lies halfway around it."""
    outcomes = [
        studies.Outcome(number, share, 10, {"accuracy": share + number, "macro_f1": 0.5})
        for number in (3, 1, 2)
        for share in (1.0, 0.5)
    ]
    found = studies.quartiles(iter(outcomes))
    assert list(found) == [0.5, 1.0]
    assert found[0.5]["accuracy"] == studies.Quartiles(2.0, 2.5, 3.0)
    assert found[1.0]["macro_f1"] == studies.Quartiles(0.5, 0.5, 0.5)
    assert studies.quartiles([]) == {}


def test_more_examples_of_a_real_task_help(rng):
    """The curve of a real model rises from its smallest share to its largest."""
    X = rng.normal(0, 1, (400, 20))
    y = (X[:, :3].sum(axis=1) + rng.normal(0, 0.3, 400) > 0).astype(int)

    def score(indices):
        model = LogisticRegression().fit(X[indices], y[indices])
        return {"accuracy": model.score(X[200:], y[200:])}

    curve = studies.learning_curve(score, np.arange(200), y[:200], shares=(0.05, 1.0), n_rounds=9)
    found = studies.quartiles(curve)
    assert found[1.0]["accuracy"].median > found[0.05]["accuracy"].median + 0.05
