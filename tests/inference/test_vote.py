"""The laws of voting."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tagger.inference import calibrate, vote
from tagger.inference.card import Calibration
from tagger.records import Window

METHODS = list(vote.METHODS)


@st.composite
def elections(draw: st.DrawFn) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Probabilities of some windows, and their levels."""
    n_windows, n_genres = draw(st.integers(1, 20)), draw(st.integers(2, 6))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    sharpness = draw(st.sampled_from([0.05, 1.0, 10.0]))
    return rng.dirichlet(np.full(n_genres, sharpness) + 1e-3, n_windows), rng.uniform(-60, 0, n_windows)


@pytest.mark.parametrize("method", METHODS)
@given(election=elections(), seed=st.integers(0, 2**32))
def test_order_of_windows_does_not_matter(method: str, election: tuple, seed: int) -> None:
    """Permuting the windows changes nothing, to the last bit."""
    probabilities, loudness_db = election
    order = np.random.default_rng(seed).permutation(len(probabilities))
    for one, other in zip(
        vote.cast(probabilities, loudness_db, method),
        vote.cast(probabilities[order], loudness_db[order], method),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("method", METHODS)
@given(election=elections())
def test_probabilities_stay_probabilities(method: str, election: tuple) -> None:
    """The track's probabilities are within 0 to 1 and sum to 1, strongest first."""
    combined, order = vote.cast(*election, method)
    assert combined.min() >= 0
    assert combined.sum() == pytest.approx(1)
    assert np.all(np.diff(combined[order]) <= 0)
    assert sorted(order) == list(range(len(combined)))


@pytest.mark.parametrize("method", ["soft", "weighted", "median"])
@given(election=elections())
def test_one_window_votes_for_itself(method: str, election: tuple) -> None:
    """With one window the track has its probabilities."""
    probabilities, loudness_db = election
    np.testing.assert_allclose(vote.cast(probabilities[:1], loudness_db[:1], method)[0], probabilities[0])


@pytest.mark.parametrize("method", METHODS)
@given(election=elections())
def test_one_window_decides_alone(method: str, election: tuple) -> None:
    """With one window the track has its genre, by every method."""
    probabilities, loudness_db = election
    _, order = vote.cast(probabilities[:1], loudness_db[:1], method)
    assert order[0] == np.argmax(probabilities[0])


@pytest.mark.parametrize("method", METHODS)
def test_unanimous_windows_win(method: str) -> None:
    """What all windows say is the verdict, at any levels."""
    probabilities = np.tile([0.1, 0.2, 0.7], (5, 1))
    _, order = vote.cast(probabilities, np.array([-50.0, -40, -30, -20, -1]), method)
    assert list(order) == [2, 1, 0]


def test_methods_differ_where_they_should() -> None:
    """One loud and certain window against four quiet, slightly other-minded ones."""
    probabilities = np.array([[0.99, 0.01]] + [[0.45, 0.55]] * 4)
    loudness_db = np.array([-6.0, -40, -40, -40, -40])
    winners = {method: int(vote.cast(probabilities, loudness_db, method)[1][0]) for method in METHODS}
    assert winners == {"soft": 0, "weighted": 0, "majority": 1, "median": 1}
    weighted = vote.weighted(probabilities, loudness_db)
    soft = vote.soft(probabilities, loudness_db)
    assert weighted[0] > soft[0]


def test_ties_go_to_the_larger_mean_and_then_to_the_first() -> None:
    """Equal shares are settled by the mean probability, equal means by the model's order of genres."""
    probabilities = np.array([[0.6, 0.4, 0.0], [0.1, 0.9, 0.0]])
    assert vote.cast(probabilities, np.zeros(2), "majority")[1][0] == 1
    assert list(vote.cast(np.full((3, 4), 0.25), np.zeros(3), "soft")[1]) == [0, 1, 2, 3]


@pytest.mark.parametrize(("level_db", "votes"), [(-59.9, True), (-60.1, False), (-150.0, False), (0.0, True)])
def test_near_silent_windows_have_no_vote(level_db: float, votes: bool) -> None:
    """A window below the threshold says nothing."""
    assert vote.has_vote(Window(np.zeros((1, 1), np.float32), level_db)) is votes


@given(election=elections(), temperature=st.floats(0.2, 5))
def test_temperature_keeps_the_order(election: tuple, temperature: float) -> None:
    """Calibration changes how sure a window is, never what it says."""
    logits = np.log(election[0] + 1e-9)
    plain = calibrate.probabilities(logits, Calibration())
    tempered = calibrate.probabilities(logits, Calibration(temperature=temperature))
    np.testing.assert_allclose(plain.sum(axis=1), 1)
    np.testing.assert_array_equal(plain.argmax(axis=1), tempered.argmax(axis=1))
    if temperature > 1:
        assert np.all(tempered.max(axis=1) <= plain.max(axis=1) + 1e-12)
