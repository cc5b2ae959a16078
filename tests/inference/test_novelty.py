"""Change points: found where pieces meet, and not within one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger.inference.novelty import ChangePoints, hellinger

HOP = 2.85


def alarms(windows: np.ndarray, seconds: float = HOP) -> list[int]:
    """The windows at which another piece is certain."""
    changes = ChangePoints()
    return [number for number, window in enumerate(windows) if changes.hear(window, seconds)]


def piece(rng: np.random.Generator, genre: int, n_windows: int, n_genres: int = 14) -> np.ndarray:
    """A piece's probabilities, which vary around a genre."""
    weights = np.full(n_genres, 0.4)
    weights[genre] = 12.0
    return rng.dirichlet(weights, n_windows)


def test_a_change_is_found_within_two_windows(rng: np.random.Generator) -> None:
    """Every meeting of two unlike pieces gives one alarm, soon."""
    pieces = [piece(rng, genre, 30) for genre in (0, 5, 9, 2, 7)]
    assert [alarm // 30 for alarm in alarms(np.concatenate(pieces))] == [1, 2, 3, 4]
    assert all(alarm % 30 < 2 for alarm in alarms(np.concatenate(pieces)))


def test_one_piece_gives_no_alarm(rng: np.random.Generator) -> None:
    """An hour of one piece is one piece."""
    assert alarms(piece(rng, 3, 1263)) == []


def test_a_single_odd_window_is_not_a_piece_where_windows_overlap(rng: np.random.Generator) -> None:
    """What differs for a fraction of a second adds up to less than the bound."""
    windows = piece(rng, 3, 400)
    windows[200:202] = piece(rng, 4, 2)
    assert alarms(windows, 0.3) == []


def test_suspicion_begins_with_the_change() -> None:
    """The windows that are suspicious without a break before an alarm are those of the new piece."""
    changes = ChangePoints()
    old, new = np.array([0.8, 0.1, 0.1]), np.array([0.1, 0.8, 0.1])
    for _ in range(10):
        assert not changes.hear(old, 1.0)
        assert not changes.is_suspicious
    told = []
    for _ in range(10):
        if changes.hear(new, 1.0):
            break
        told.append(changes.is_suspicious)
    assert told
    assert len(told) < 8
    assert all(told)
    assert not changes.hear(new, 1.0)
    assert not changes.is_suspicious


@given(st.integers(0, 2**32 - 1), st.integers(2, 20))
def test_hellinger_is_a_distance(seed: int, n_genres: int) -> None:
    """It is 0 to itself, the same both ways, within 0 to 1, and 1 where nothing is shared."""
    first, second = np.random.default_rng(seed).dirichlet(np.ones(n_genres), 2)
    assert hellinger(first, first) == pytest.approx(0, abs=1e-12)
    assert 0 <= hellinger(first, second) <= 1
    assert hellinger(first, second) == pytest.approx(hellinger(second, first))
    assert hellinger(np.eye(n_genres)[0], np.eye(n_genres)[1]) == 1
