"""The laws of the rolling vote: it forgets, it does not flicker, and it says when it does not know."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger.inference.abstain import Rule
from tagger.inference.rolling import SILENT, Rolling

GENRES = ("Blues", "Jazz", "Rock")
HOP = 3.0


def rolling(hold_seconds: float = 20.0, **rule: float) -> Rolling:
    """A rolling vote over three genres."""
    return Rolling(GENRES, Rule(**rule), hold_seconds)


def said(*probabilities: float) -> np.ndarray:
    """A window's probabilities."""
    return np.array(probabilities) / np.sum(probabilities)


BLUES, JAZZ, ROCK = said(9, 1, 1), said(1, 9, 1), said(1, 1, 9)


def of(state, genre: str) -> float:
    """The probability of a genre."""
    return next(score.probability for score in state.scores if score.genre == genre)


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=30), st.sampled_from([1.0, 7.0, 1e9]))
@settings(deadline=None)
def test_scores_are_probabilities_in_order(seeds: list[int], hold_seconds: float) -> None:
    """Whatever comes, the scores are every genre's, sum to 1, and come strongest first."""
    vote = rolling(hold_seconds)
    for seed in seeds:
        state = vote.hear(np.random.default_rng(seed).dirichlet(np.ones(3)), HOP)
        shares = [score.probability for score in state.scores]
        assert sum(shares) == pytest.approx(1)
        assert shares == sorted(shares, reverse=True)
        assert {score.genre for score in state.scores} == set(GENRES)
        assert state.genre in GENRES
        assert not state.reason


def test_forgetting_is_exponential() -> None:
    """After the hold time a window weighs 1/e of a fresh one."""
    first, second = said(5, 4, 3), said(4, 5, 3)
    vote = rolling(20.0)
    vote.hear(first, HOP)
    state = vote.hear(second, 20.0)
    weight = 1 / math.e
    expected = (weight * first + second) / (weight + 1)
    assert [of(state, genre) for genre in GENRES] == pytest.approx(list(expected))


def test_without_forgetting_it_is_the_mean(rng: np.random.Generator) -> None:
    """A hold that never ends gives the soft vote of all windows of a piece."""
    windows = said(5, 4, 4) + 0.02 * rng.standard_normal((40, 3))
    vote = rolling(1e12)
    for window in windows:
        state = vote.hear(window / window.sum(), HOP)
    expected = np.mean([window / window.sum() for window in windows], axis=0)
    assert [of(state, genre) for genre in GENRES] == pytest.approx(list(expected))


def test_it_does_not_flicker(rng: np.random.Generator) -> None:
    """Two genres that are as good as equal do not take turns."""
    vote = rolling(3.0)
    shown = [vote.hear(said(4, 4 + rng.uniform(-0.6, 0.6), 2), HOP).genre for _ in range(200)]
    assert sum(one != other for one, other in itertools.pairwise(shown)) <= 2


def test_a_single_odd_window_changes_nothing() -> None:
    """A challenger must lead for more than one window."""
    vote = rolling(1.0)
    for _ in range(5):
        vote.hear(said(5, 3, 3), HOP)
    assert vote.hear(said(3, 4.5, 3), HOP).genre == "Blues"
    assert vote.hear(said(5, 3, 3), HOP).genre == "Blues"
    assert [vote.hear(said(3, 4.5, 3), HOP).genre for _ in range(3)][-1] == "Jazz"


def test_another_piece_is_shown_at_once() -> None:
    """A change point drops the past: two windows after it nothing of the old piece is left."""
    vote = rolling(1000.0)
    before = [vote.hear(BLUES, HOP) for _ in range(30)]
    after = [vote.hear(ROCK, HOP) for _ in range(3)]
    assert [state.is_new for state in before] == [True] + [False] * 29
    assert [state.is_new for state in after].count(True) == 1
    assert after[1].genre == "Rock"
    assert of(after[2], "Rock") == pytest.approx(ROCK[2])


def test_a_slow_change_of_genre_is_a_beginning_once() -> None:
    """A transition too slow for a change point is told when another genre leads clearly."""
    vote = rolling(15.0)
    states = [vote.hear(said(6 - 5 * t, 1 + 5 * t, 2), HOP) for t in np.linspace(0, 1, 60)]
    assert states[0].genre == "Blues"
    assert states[-1].genre == "Jazz"
    assert [state.is_new for state in states[1:]].count(True) == 1


def test_not_knowing_is_a_state() -> None:
    """Below the rule's confidence there is no genre, and the reason says so; the scores stay."""
    vote = rolling(min_confidence=0.6)
    state = vote.hear(said(4, 3, 3), HOP)
    assert state.genre is None
    assert state.reason == "confidence 40 % is below 60 %"
    assert len(state.scores) == 3


def test_naming_again_takes_patience() -> None:
    """What is too unsure is dropped at once, and named again only when it is sure for some windows."""
    vote = rolling(0.5, min_confidence=0.5)
    assert vote.hear(said(6, 2, 2), HOP).genre == "Blues"
    assert vote.hear(said(4.5, 3, 2.5), HOP).genre is None
    again = vote.hear(said(6, 2, 2), HOP)
    assert (again.genre, again.reason) == (None, "not sure for long enough")
    assert vote.hear(said(6, 2, 2), HOP).genre == "Blues"


def test_silence_has_no_genre_and_no_vote() -> None:
    """A silent window is told as such, and leaves the scores as they are."""
    vote = rolling()
    assert vote.rest(HOP).scores == ()
    heard = vote.hear(BLUES, HOP)
    silent = vote.rest(HOP)
    assert (silent.genre, silent.reason) == (None, SILENT)
    assert [of(silent, genre) for genre in GENRES] == pytest.approx([of(heard, genre) for genre in GENRES])
    assert vote.hear(BLUES, HOP).genre == "Blues"


def test_silence_makes_the_past_fade() -> None:
    """After a long pause the first window decides almost alone."""
    vote = rolling(10.0)
    for _ in range(20):
        vote.hear(said(5, 4, 3), HOP)
    vote.rest(100.0)
    assert of(vote.hear(said(4, 5, 3), HOP), "Jazz") == pytest.approx(5 / 12, abs=1e-3)


@pytest.mark.parametrize("hold_seconds", [0.0, -1.0, math.nan])
def test_a_hold_that_makes_no_sense_is_refused(hold_seconds: float) -> None:
    """Forgetting takes some time."""
    with pytest.raises(ValueError, match="hold_seconds"):
        rolling(hold_seconds)
