"""How a score depends on the training examples: the bootstrap and the learning curve.

Li, Karimli, Maddhuri & Randev 2025, Experiment 4. What is trained, and how, is the caller's: both ask for the
scores of a model that learned from the examples they draw, and yield them as they come.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainer.metrics import Indices

# Trains on the examples with these indices, some of them perhaps several times, and scores on others.
Score = Callable[[Indices], Mapping[str, float]]

SHARES = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True)
class Outcome:
    """What one training reached.

    Attributes:
        number: Of the round, from 1.
        share: Of the training examples, above 0 and up to 1.
        n_examples: How many it learned from; in a bootstrap some count several times.
        scores: By name.
    """

    number: int
    share: float
    n_examples: int
    scores: Mapping[str, float]


@dataclass(frozen=True)
class Quartiles:
    """Where the middle half of the scores lies."""

    lower: float
    median: float
    upper: float


def bootstrap(
    score: Score,
    train: Indices,
    *,
    groups: Sequence[str] | None = None,
    n_rounds: int = 100,
    seed: int = 0,
) -> Iterator[Outcome]:
    """Train on as many examples as there are, drawn with replacement, again and again.

    Args:
        score: Trains and scores.
        train: Indices of the training examples, shape (n_examples,).
        groups: The group of each of them: whole groups are drawn, which shows what other artists would have
            changed. None draws single examples, as the paper does, and shows less.
        n_rounds: How often.
        seed: Of the draws.
    """
    rng = np.random.default_rng(seed)
    members = [train[places] for places in _places(groups if groups is not None else range(len(train)))]
    for number in range(1, n_rounds + 1):
        drawn = np.concatenate([members[one] for one in rng.integers(0, len(members), len(members))])
        yield Outcome(number, 1.0, len(drawn), score(drawn))


def learning_curve(
    score: Score,
    train: Indices,
    targets: Sequence[int],
    *,
    shares: Sequence[float] = SHARES,
    n_rounds: int = 1,
    seed: int = 0,
) -> Iterator[Outcome]:
    """Train on growing shares of the examples, each of which holds the one before, and as much of every genre.

    Args:
        score: Trains and scores.
        train: Indices of the training examples, shape (n_examples,).
        targets: The genre of each of them; one example at least is taken of each.
        shares: Above 0 and up to 1.
        n_rounds: How often, each time in another random order.
        seed: Of the orders.

    Raises:
        ValueError: A share is out of range.
    """
    if not all(0 < share <= 1 for share in shares):
        raise ValueError(f"shares of the training examples are above 0 and up to 1, not {shares}")
    rng = np.random.default_rng(seed)
    of_genre = _places(targets)
    for number in range(1, n_rounds + 1):
        orders = [rng.permutation(places) for places in of_genre]
        for share in sorted(shares):
            places = np.concatenate([order[: max(1, round(share * len(order)))] for order in orders])
            yield Outcome(number, share, len(places), score(train[np.sort(places)]))


def quartiles(outcomes: Iterable[Outcome]) -> dict[float, dict[str, Quartiles]]:
    """Median and quartiles over the rounds, for each share and score."""
    values: dict[float, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for outcome in outcomes:
        for name, value in outcome.scores.items():
            values[outcome.share][name].append(value)
    return {
        share: {
            name: Quartiles(*map(float, np.percentile(of_name, [25, 50, 75])))
            for name, of_name in of_share.items()
        }
        for share, of_share in sorted(values.items())
    }


def _places(keys: Iterable[object]) -> list[NDArray[np.intp]]:
    """The places of each key, keys in order of their first place."""
    places: dict[object, list[int]] = defaultdict(list)
    for place, key in enumerate(keys):
        places[key].append(place)
    return [np.array(of_key, np.intp) for of_key in places.values()]
