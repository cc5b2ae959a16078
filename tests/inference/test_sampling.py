"""Which windows are heard first, and when a track has been heard enough."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger.inference import sampling


@given(st.integers(0, 3000))
def test_every_window_comes_once(n_windows: int) -> None:
    """The order leaves nothing out and repeats nothing."""
    assert sorted(sampling.order(n_windows)) == list(range(n_windows))


@given(st.integers(24, 3000), st.integers(1, 12))
def test_windows_are_spread_wherever_one_stops(n_windows: int, n_rounds: int) -> None:
    """After any round, no stretch of the track is longer than twice its share without a window."""
    heard = sorted(
        itertools.islice(sampling.order(n_windows), sampling.FIRST_ROUND + n_rounds * sampling.ROUND)
    )
    gaps = np.diff([-1, *heard, n_windows])
    assert gaps.max() <= 2 * n_windows / len(heard) + 2


@given(st.integers(24, 3000), st.integers(0, 12))
def test_no_part_of_a_track_is_preferred(n_windows: int, n_rounds: int) -> None:
    """After any round, the windows lie around the middle of the track."""
    n_heard = sampling.FIRST_ROUND + n_rounds * sampling.ROUND
    heard = list(itertools.islice(sampling.order(n_windows), n_heard))
    assert abs(np.mean(heard) / (n_windows - 1) - 0.5) < 0.07


def shares(rng: np.random.Generator, lead: float, n_windows: int) -> np.ndarray:
    """Windows of a track in which the first of three genres leads the second by `lead` in the mean."""
    first = rng.normal(0.4 + lead / 2, 0.15, n_windows)
    second = rng.normal(0.4 - lead / 2, 0.15, n_windows)
    return np.clip(np.stack([first, second, np.full(n_windows, 0.1)], axis=1), 0.001, 1)


def heard_until_told(track: np.ndarray) -> tuple[int, sampling.Outlook]:
    """How many windows of a track are heard, in rounds, and what ends it."""
    for n in range(sampling.FIRST_ROUND, len(track), sampling.ROUND):
        outlook = sampling.outlook(track[:n], len(track))
        if outlook != sampling.Outlook.OPEN:
            return n, outlook
    return len(track), sampling.Outlook.CLOSE


def test_clear_tracks_are_decided_early_and_close_ones_given_up(rng: np.random.Generator) -> None:
    """The clearer a lead, the fewer windows and the more decisions; ties are soon given up."""
    counts, decided = [], []
    for lead in (0.5, 0.15, 0.0):
        ends = [heard_until_told(shares(rng, lead, 200)) for _ in range(100)]
        counts.append(np.mean([n for n, _ in ends]))
        decided.append(np.mean([outlook == sampling.Outlook.DECIDED for _, outlook in ends]))
    assert counts[0] < 9 < counts[1]
    assert decided[0] == 1
    assert decided[0] > decided[1] > decided[2]
    assert counts[2] < 60


def test_decisions_are_rarely_wrong(rng: np.random.Generator) -> None:
    """Of tracks that are heard until they are decided, few have another leader as a whole."""
    wrong = n_decided = 0
    for _ in range(400):
        track = shares(rng, abs(rng.normal(0, 0.2)), 120)
        n, outlook = heard_until_told(track)
        if outlook == sampling.Outlook.DECIDED:
            n_decided += 1
            wrong += np.argmax(track[:n].mean(axis=0)) != np.argmax(track.mean(axis=0))
    assert n_decided > 200
    assert wrong <= 16


def test_alike_windows_prove_no_certainty() -> None:
    """A tiny lead without any spread is not taken for certain, a large one is, and a whole track is decided."""
    tiny, large = np.tile([0.34, 0.33, 0.33], (8, 1)), np.tile([0.9, 0.05, 0.05], (8, 1))
    assert sampling.outlook(tiny, 200) != sampling.Outlook.DECIDED
    assert sampling.outlook(large, 200) == sampling.Outlook.DECIDED
    assert sampling.outlook(tiny, 8) == sampling.Outlook.DECIDED


@given(st.permutations(range(3)))
def test_the_order_of_genres_does_not_matter(order: list[int]) -> None:
    """Genres have no rank of their own."""
    track = shares(np.random.default_rng(1), 0.2, 16)
    assert sampling.outlook(track, 100) == sampling.outlook(track[:, order], 100)


def test_rounds_are_few_windows() -> None:
    """A track that is decided at once is heard for a fraction of what makes it worth seeking."""
    assert sampling.ROUND <= sampling.FIRST_ROUND <= sampling.LEAST_WINDOWS / 3


def test_what_is_near_its_threshold_is_heard_longer(rng: np.random.Generator) -> None:
    """A clear leader that may end on either side of it is not decided; far from it nothing changes."""
    track = np.clip(shares(rng, 0.3, 60), 0.001, 1)
    heard, mean = track[:10], track[:10, 0].mean()
    assert sampling.outlook(heard, 60) == sampling.Outlook.DECIDED
    near, far = np.full(3, mean + 0.01), np.full(3, mean - 0.3)
    assert sampling.outlook(heard, 60, near) != sampling.Outlook.DECIDED
    assert sampling.outlook(heard, 60, far) == sampling.Outlook.DECIDED
    assert sampling.outlook(heard, 10, near) == sampling.Outlook.DECIDED


@given(st.integers(0, 1000), st.floats(-0.1, 0.5), st.integers(6, 40))
def test_what_luck_added_is_taken_from_the_leader(seed: int, lead: float, n_heard: int) -> None:
    """Probabilities stay probabilities and the leader leads; of a whole track there was no luck."""
    heard = shares(np.random.default_rng(seed), lead, n_heard)
    heard /= heard.sum(axis=1, keepdims=True)
    track = heard.mean(axis=0)
    found = sampling.unbiased(track, heard, 100)
    leader = np.argmax(track)
    assert found.sum() == pytest.approx(1)
    assert found[leader] < track[leader]
    assert found[leader] >= np.delete(found, leader).max() - 1e-12
    np.testing.assert_allclose(sampling.unbiased(track, heard, n_heard), track)
