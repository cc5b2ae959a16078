"""Which windows are heard first, and when a track has been heard enough."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger.inference import sampling


@given(st.integers(1, 3000))
def test_every_window_comes_once(n_windows: int) -> None:
    """The order leaves nothing out and repeats nothing."""
    assert sorted(sampling.order(n_windows)) == list(range(n_windows))


@given(st.integers(24, 3000), st.integers(1, 12))
def test_windows_are_spread_wherever_one_stops(n_windows: int, n_rounds: int) -> None:
    """After any round, no stretch of the track is longer than four times its share without a window."""
    heard = sorted(itertools.islice(sampling.order(n_windows), n_rounds * sampling.ROUND))
    gaps = np.diff([-1, *heard, n_windows])
    assert gaps.max() <= 4 * n_windows / len(heard) + 2


def shares(rng: np.random.Generator, lead: float, n_windows: int) -> np.ndarray:
    """Windows of a track in which the first of three genres leads the second by `lead` in the mean."""
    first = rng.normal(0.4 + lead / 2, 0.15, n_windows)
    second = rng.normal(0.4 - lead / 2, 0.15, n_windows)
    return np.clip(np.stack([first, second, np.full(n_windows, 0.1)], axis=1), 0.001, 1)


def test_clear_tracks_are_decided_early_and_close_ones_late(rng: np.random.Generator) -> None:
    """The closer two genres are, the more windows are asked for; where they are equal, most of all."""
    needed = []
    for lead in (0.5, 0.1, 0.0):
        counts = []
        for _ in range(50):
            track = shares(rng, lead, 200)
            enough = (n for n in range(8, 201, 8) if sampling.is_decided(track[:n], 200))
            counts.append(next(enough, 200))
        needed.append(np.mean(counts))
    assert needed[0] < 10 < needed[1] < needed[2]


def test_decisions_are_rarely_wrong(rng: np.random.Generator) -> None:
    """Of tracks that are heard until they are decided, few have another leader as a whole."""
    wrong = 0
    for _ in range(400):
        track = shares(rng, abs(rng.normal(0, 0.2)), 120)
        n = next((n for n in range(8, 121, 8) if sampling.is_decided(track[:n], 120)), 120)
        wrong += np.argmax(track[:n].mean(axis=0)) != np.argmax(track.mean(axis=0))
    assert wrong <= 16


def test_alike_windows_prove_no_certainty() -> None:
    """A tiny lead without any spread is not taken for certain, a large one is, and a whole track is decided."""
    tiny, large = np.tile([0.34, 0.33, 0.33], (8, 1)), np.tile([0.9, 0.05, 0.05], (8, 1))
    assert not sampling.is_decided(tiny, 200)
    assert sampling.is_decided(large, 200)
    assert sampling.is_decided(tiny, 8)


@given(st.permutations(range(3)))
def test_the_order_of_genres_does_not_matter(order: list[int]) -> None:
    """Genres have no rank of their own."""
    track = shares(np.random.default_rng(1), 0.2, 16)
    assert sampling.is_decided(track, 100) == sampling.is_decided(track[:, order], 100)


def test_rounds_are_few_windows() -> None:
    """A track that is decided at once is heard for a fraction of what makes it worth seeking."""
    assert sampling.ROUND * 3 <= sampling.LEAST_WINDOWS == pytest.approx(24)
