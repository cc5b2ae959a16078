"""What every kind of model can do, whatever library it is made with: learn from windows, answer, be written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tagger.inference.frontend import Array


@dataclass(frozen=True, eq=False)
class Batch:
    """Windows of one training step.

    Attributes:
        windows: Shape (n_windows, n_frames, n_bands), float32.
        targets: Shares of the genres, shape (n_windows, n_genres), float32, each row summing to 1, but for
            what is no music: 0; where a network's loss is "partial" there are as many columns again, see
            `drawing.targets`.
        weights: How much each window counts, shape (n_windows,), float32, 1 on average.
    """

    windows: Array
    targets: Array
    weights: Array


@dataclass(frozen=True, eq=False)
class Drawn:
    """Which windows a training step is made of, where they are those that inference cuts.

    Attributes:
        numbers: Of the windows, see `Supply.windows`, shape (n_windows,).
        targets: See `Batch`.
        weights: See `Batch`.
        rng: Of what else is random in the step.
    """

    numbers: NDArray[np.intp]
    targets: Array
    weights: Array
    rng: np.random.Generator


class Supply(Protocol):
    """What a model learns from."""

    @property
    def n_batches(self) -> int:
        """Number of batches in an epoch."""

    def batches(self, epoch: int) -> Iterator[Batch]:
        """The batches of an epoch, counted from 0; the same epoch of the same supply gives the same batches."""

    def batch(self, epoch: int, number: int, *, changed: bool = True) -> Batch:
        """One of them, counted from 0; `changed` says whether its windows are changed as the recipe asks."""

    @property
    def n_windows(self) -> int:
        """Number of windows that inference cuts from what is learned from, and that may be learned."""

    def windows(self, numbers: NDArray[np.intp]) -> Array:
        """Some of these windows, unchanged, by their numbers, from 0 to `n_windows` - 1."""

    def drawn(self, epoch: int, number: int) -> Drawn:
        """A batch of these windows, counted from 0, as often of each genre as in `batch`."""

    def everything(self) -> tuple[Array, NDArray[np.intp], Array]:
        """All windows unchanged, their genres and their weights, for models that learn from all at once."""


@dataclass(frozen=True)
class EpochEnd:
    """What is known of an epoch when it ends.

    Attributes:
        number: From 1.
        loss: On training windows.
        learning_rate: At its end.
        seconds: Time since training began, or since the last end that was told.
    """

    number: int
    loss: float
    learning_rate: float
    seconds: float


# Judges a model after an epoch: a score, higher is better. It asks the learner's `outputs`.
Judge = Callable[[EpochEnd], float]


class Learner(Protocol):
    """A model that learns."""

    def fit(self, supply: Supply, judge: Judge, checkpoint: Path) -> bool:
        """Learn, and end with the weights that `judge` liked best.

        Args:
            supply: What to learn from.
            judge: Called after each epoch; a model that learns at once calls it once.
            checkpoint: A folder of its own; if it holds the state of an interrupted run, that run goes on.

        Returns:
            Whether training ran to its end; False if the user interrupted it.

        Raises:
            KeyboardInterrupt: The user interrupted it before anything was learned.
        """

    def outputs(self, windows: Array) -> Mapping[str, Array]:
        """Answers to windows, shape (n_windows, n_frames, n_bands): "logits", and "embedding" if it has one."""

    def save(self, folder: Path) -> tuple[str, ...]:
        """Write the model's files into a model folder, and return their names; `model.onnx` is among them."""

    def describe(self) -> dict[str, Any]:
        """Architecture and size for the card: at least "architecture" and "parameters"."""
