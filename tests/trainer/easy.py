"""Windows of two genres that no network can confuse, and a network that learns them in seconds."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.inference.frontend import FrontEnd
from trainer.learner import Batch, Drawn, EpochEnd, Judge
from trainer.network.fitting import Network
from trainer.recipe import Fitting, Recipe

SMALL = Recipe(
    front_end=FrontEnd(n_mels=16),
    window_frames=16,
    hop_frames=8,
    network_parameters={"stem_channels": 4, "channels": (4, 8), "embedding": 6},
    fitting=Fitting(batch_size=8, epochs=4, warmup_epochs=1, learning_rate=1e-2, patience=10),
)


def windows(rng: np.random.Generator, n: int = 8) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """Windows and their genres: the energy is in the low or in the high bands."""
    genres = rng.integers(0, 2, n)
    values = rng.normal(-40, 3, (n, 16, 16)).astype(np.float32)
    values[genres == 0, :, :8] += 20
    values[genres == 1, :, 8:] += 20
    return values, genres


@dataclass
class Supply:
    """A `trainer.learner.Supply` of such windows.

    Attributes:
        n_batches: In an epoch.
        swapped: Share of windows whose genre is told wrongly.
        weight_of_swapped: How much these count.
    """

    n_batches: int = 6
    swapped: float = 0.0
    weight_of_swapped: float = 1.0

    def batch(self, epoch: int, number: int, *, changed: bool = True) -> Batch:
        """The same numbers for the same epoch and number, however they are asked for."""
        rng = np.random.default_rng([epoch, number])
        values, genres = windows(rng)
        is_swapped = rng.permutation(8) < 8 * self.swapped
        weights = np.where(is_swapped, self.weight_of_swapped, 1).astype(np.float32)
        return Batch(values, np.eye(2, dtype=np.float32)[np.where(is_swapped, 1 - genres, genres)], weights)

    def batches(self, epoch: int) -> Iterator[Batch]:
        """All of an epoch."""
        return (self.batch(epoch, number) for number in range(self.n_batches))

    @property
    def n_windows(self) -> int:
        """Those of the first epoch."""
        return 8 * self.n_batches

    def windows(self, numbers: NDArray[np.intp]) -> NDArray[np.float32]:
        """Some of these."""
        return self.everything()[0][numbers]

    def drawn(self, epoch: int, number: int) -> Drawn:
        """Eight of them, others in every batch."""
        _, genres, weights = self.everything()
        rng = np.random.default_rng([epoch, number])
        numbers = rng.integers(0, len(genres), 8)
        return Drawn(numbers, np.eye(2, dtype=np.float32)[genres[numbers]], weights[numbers], rng)

    def everything(self) -> tuple[NDArray[np.float32], NDArray[np.intp], NDArray[np.float32]]:
        """Those of the first epoch."""
        batches = list(self.batches(0))
        return (
            np.concatenate([one.windows for one in batches]),
            np.concatenate([one.targets for one in batches]).argmax(axis=1),
            np.concatenate([one.weights for one in batches]),
        )


class Noise(Supply):
    """Random windows of another size, of genres that nothing tells apart: weights change all the same.

    Args:
        draw: Gives so many windows, by a seed.
        n_batches: In an epoch.
    """

    def __init__(self, draw: Callable[[int, Any], NDArray[np.float32]], n_batches: int) -> None:
        super().__init__(n_batches)
        self._draw = draw

    def batch(self, epoch: int, number: int, *, changed: bool = True) -> Batch:
        """Others in every batch."""
        one = super().batch(epoch, number)
        return dataclasses.replace(one, windows=self._draw(len(one.targets), [epoch, number]))

    def windows(self, numbers: NDArray[np.intp]) -> NDArray[np.float32]:
        """Always the same."""
        return self._draw(self.n_windows, 0)[numbers]


def recipe(**settings: object) -> Recipe:
    """The small recipe, its weights found in another way."""
    return dataclasses.replace(SMALL, fitting=dataclasses.replace(SMALL.fitting, **settings))


def learned(network: Network, supply: Supply, folder: Path) -> set[str]:
    """Names of the layers whose weights a training changes."""
    before = {layer.name: layer.get_weights() for layer in network.model.layers}
    assert network.fit(supply, rising, folder)
    return {
        layer.name
        for layer in network.model.layers
        if not all(map(np.array_equal, layer.get_weights(), before[layer.name]))
    }


def rising(end: EpochEnd) -> float:
    """A judge that likes each epoch better than the one before."""
    return float(end.number)


def fitted(recipe: Recipe, folder: Path, judge: Judge = rising, supply: Supply | None = None) -> Network:
    """A network that has learned."""
    learner = Network(recipe, 2)
    assert learner.fit(supply or Supply(), judge, folder)
    return learner


def accuracy(learner: Network) -> float:
    """Share of 64 windows it never learned from that it names rightly."""
    values, genres = windows(np.random.default_rng(99), 64)
    return float((learner.outputs(values)["logits"].argmax(axis=1) == genres).mean())
