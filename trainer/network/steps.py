"""What a training step learns from: windows, or what a layer that does not learn says of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from tagger.errors import SettingsError
from tagger.inference.frontend import Array
from trainer.data import augment
from trainer.learner import Supply
from trainer.recipe import Phase

# Batches are made beside the network that learns from them; a GPU leaves the processor to this.
_N_MAKERS = max(2, min(8, (os.cpu_count() or 2) // 2))
_N_READY = 2 * _N_MAKERS
_HEARD_AT_A_TIME = 64

Step = tuple[Array, Array, Array]
"""What is heard, targets, weights."""


def heard_by(model: Any, phase: Phase) -> Any:
    """What a phase learns from: windows, or what a layer says of them.

    Raises:
        SettingsError: There is no such layer, or nothing that the phase could change or mix.
    """
    if not phase.above:
        if phase.mixup:
            raise SettingsError(
                f"mixup={phase.mixup}: a phase that learns from windows mixes them by `augmentation.mixup`",
                hint="leave `mixup` of the phase 0, or name a layer that it learns above",
            )
        return model.input
    if phase.changed:
        raise SettingsError(
            f"above={phase.above}: what a layer says of windows is computed once, so that these cannot change",
            hint="set `changed` of the phase to false",
        )
    return layer_of(model, phase.above).output


def layer_of(model: Any, name: str) -> Any:
    """A layer of a network.

    Raises:
        SettingsError: There is no such layer.
    """
    if name not in {layer.name for layer in model.layers}:
        raise SettingsError(
            f"{name}: the network {model.name} has no such layer",
            hint="change `output` or `above` of the recipe's phases",
        )
    return model.get_layer(name)


class Epoch(keras.utils.PyDataset):
    """The batches of an epoch, made ahead of time in threads beside the one that trains."""

    def __init__(self, n_batches: int, make: Callable[[int], Step]) -> None:
        super().__init__(workers=_N_MAKERS, use_multiprocessing=False, max_queue_size=_N_READY)
        self._n_batches, self._make = n_batches, make

    def __len__(self) -> int:
        return self._n_batches

    def __getitem__(self, number: int) -> Step:
        return self._make(number)


class Features:
    """What a layer that does not learn says of windows, computed once for each window that is drawn.

    Args:
        model: The network.
        phase: Tells which layer.
        supply: What the windows come from.
    """

    def __init__(self, model: Any, phase: Phase, supply: Supply) -> None:
        self._below = keras.Model(model.input, heard_by(model, phase))
        self._supply = supply
        self._values = np.zeros((supply.n_windows, *self._below.output.shape[1:]), np.float32)
        self._is_known = np.zeros(supply.n_windows, bool)

    def __getitem__(self, numbers: NDArray[np.intp]) -> Array:
        return self._values[numbers]

    def hear(self, epoch: int) -> None:
        """Compute what an epoch draws and no other drew before."""
        drawn = [self._supply.drawn(epoch, number).numbers for number in range(self._supply.n_batches)]
        wanted = np.unique(np.concatenate(drawn))
        wanted = wanted[~self._is_known[wanted]]
        for first in range(0, len(wanted), _HEARD_AT_A_TIME):
            numbers = wanted[first : first + _HEARD_AT_A_TIME]
            filled = np.resize(numbers, _HEARD_AT_A_TIME)  # batches of one size are compiled once
            answers = self._below.predict_on_batch(self._supply.windows(filled))
            self._values[numbers] = answers[: len(numbers)]
        self._is_known[wanted] = True


def of_windows(supply: Supply, epoch: int, changed: bool, number: int) -> Step:
    """Windows of a batch, see `Supply.batch`."""
    batch = supply.batch(epoch, number, changed=changed)
    return batch.windows, batch.targets, batch.weights


def of_features(features: Features, supply: Supply, epoch: int, mixup: float, number: int) -> Step:
    """What a layer says of the windows of a batch.

    Args:
        features: What it says of windows, by their numbers.
        supply: Tells which windows the batch is made of.
        epoch: From 0.
        mixup: See `Phase.mixup`.
        number: Of the batch, from 0.
    """
    drawn = supply.drawn(epoch, number)
    heard, targets, weights = features[drawn.numbers], drawn.targets, drawn.weights
    if mixup:
        taught = np.column_stack([targets, weights])
        heard, taught = augment.mix(heard, taught, mixup, np.random.default_rng([epoch, number]))
        targets, weights = taught[:, :-1], taught[:, -1]
    return heard, targets, weights
