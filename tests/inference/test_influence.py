"""What each window did for the lead is what the vote loses without it."""

import numpy as np
import pytest

from tagger.inference import influence, vote


@pytest.mark.parametrize("method", vote.METHODS)
def test_a_window_did_what_the_vote_loses_without_it(rng: np.random.Generator, method: str) -> None:
    """By every vote, leaving a window out changes the lead by what is told of it."""
    probabilities, loudness_db = rng.dirichlet(np.ones(4), 9), rng.uniform(-40, 0, 9)
    told = influence.leads(probabilities, loudness_db, method, 2, 1)
    whole = vote.METHODS[method](probabilities, loudness_db)
    for number in range(9):
        rest = np.delete(np.arange(9), number)
        without = vote.METHODS[method](probabilities[rest], loudness_db[rest])
        lost = (whole[2] - whole[1]) - (without[2] - without[1])
        assert told[number] == pytest.approx(lost, abs=1e-12)


def test_the_only_window_did_all() -> None:
    """A track of one window owes its lead to that."""
    told = influence.leads(np.array([[0.7, 0.3]]), np.array([-20.0]), "soft", 0, 1)
    assert told == pytest.approx([0.4])
