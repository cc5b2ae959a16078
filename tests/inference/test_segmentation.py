"""Cuts lie where another kind of music begins, and nowhere else."""

import itertools

import numpy as np
import pytest

from tagger.inference import segmentation

Floats = np.ndarray


def cost(roots: Floats, cuts: tuple[int, ...], price: float) -> float:
    """What a way of cutting costs, taken from its definition."""
    edges = [0, *cuts, len(roots)]
    pieces = [roots[start:end] for start, end in itertools.pairwise(edges)]
    return price * len(cuts) + sum(float(np.square(one - one.mean(axis=0)).sum()) for one in pieces)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("n_least", [1, 2, 3])
def test_no_way_of_cutting_is_cheaper(seed: int, n_least: int) -> None:
    """Of all ways to cut a short sequence into pieces that are long enough, the cheapest is found."""
    rng = np.random.default_rng(seed)
    rows = rng.dirichlet(np.full(3, 0.3), 10)
    found = tuple(segmentation.cuts(rows, n_least, 0.4))
    ways = itertools.chain.from_iterable(itertools.combinations(range(1, 10), n) for n in range(10))
    long_enough = [way for way in ways if np.diff([0, *way, 10]).min() >= n_least]
    cheapest = min(cost(np.sqrt(rows), way, 0.4) for way in long_enough)
    assert found in long_enough
    assert cost(np.sqrt(rows), found, 0.4) == pytest.approx(cheapest)


def test_cuts_lie_at_the_changes(rng: np.random.Generator) -> None:
    """Pieces of different music are told apart to the window; a single odd window is no piece."""
    kinds = [np.array([40.0, 4, 4]), np.array([4.0, 40, 4]), np.array([4.0, 4, 40])]
    rows = np.concatenate([rng.dirichlet(kinds[n], 30) for n in (0, 1, 2, 0)])
    rows[15] = kinds[2] / 48
    assert segmentation.cuts(rows, 8) == [30, 60, 90]


def test_music_that_stays_the_same_is_not_cut(rng: np.random.Generator) -> None:
    """An hour of one kind of music is one piece, however its windows differ by chance."""
    assert segmentation.cuts(rng.dirichlet([6.0, 3, 2, 1], 1264), 8) == []


def test_what_is_shorter_than_two_pieces_is_not_cut() -> None:
    """Where two pieces have no room there is one, and of nothing there is none."""
    rows = np.repeat(np.eye(2), [5, 4], axis=0)
    assert segmentation.cuts(rows, 5) == []
    assert segmentation.cuts(rows, 4) == [5]
    assert segmentation.cuts(rows[:0], 4) == []


def test_nonsense_is_refused() -> None:
    """A piece has a window at least, and a cut has a price."""
    with pytest.raises(ValueError, match="n_least=0"):
        segmentation.cuts(np.eye(2), 0)
    with pytest.raises(ValueError, match="price=0"):
        segmentation.cuts(np.eye(2), 1, 0)
