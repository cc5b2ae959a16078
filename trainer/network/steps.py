"""What a training step learns from: windows, or what a layer that does not learn says of them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from tagger.errors import SettingsError
from tagger.inference.frontend import Array
from trainer.data import augment
from trainer.learner import Drawn, Supply
from trainer.recipe import Phase

# Batches are made beside the network that learns from them; a GPU leaves the processor to this.
_N_MAKERS = max(2, min(8, (os.cpu_count() or 2) // 2))
_N_READY = 2 * _N_MAKERS
_HEARD_AT_A_TIME = 64

Step = tuple[Array, Array, Array]
"""What is heard, targets, weights."""


def check(model: Any, fixed: frozenset[str], phase: Phase) -> None:
    """Make sure that a phase can be trained, and that it does what it says.

    Args:
        model: The network.
        fixed: Names of the layers that never learn.
        phase: To be checked.

    Raises:
        SettingsError: It cannot.
    """
    heard, seen = heard_by(model, phase), seen_by_loss(model, phase.output)
    for is_wrong, problem, hint in (
        (phase.judged_every < 1, f"judged_every={phase.judged_every}: out of range", "it must be at least 1"),
        (
            phase.mixup and not phase.above,
            f"mixup={phase.mixup}: a phase that learns from windows mixes them by `augmentation.mixup`",
            "leave `mixup` of the phase 0, or name a layer that it learns above",
        ),
        (
            phase.changed and phase.above,
            f"above={phase.above}: what it says of windows is computed once, so that these cannot change",
            "set `changed` of the phase to false",
        ),
        (
            phase.settle_norms and not phase.above,
            "settle_norms: only what is computed once has statistics that stay",
            "leave `settle_norms` of the phase false, or name a layer that it learns above",
        ),
        (
            phase.settle_norms and phase.freeze_norms,
            "settle_norms: freeze_norms keeps the statistics as they are",
            "set one of the two to false",
        ),
        (
            phase.settle_norms and not _norms(model, fixed, phase),
            "settle_norms: no layer that the phase trains is a batch normalisation",
            "leave `settle_norms` of the phase false, or change `trainable`",
        ),
        (
            phase.prune and phase.above,
            f"above={phase.above}: what it says of windows is computed once, so that nothing can be pruned",
            "prune in a phase of its own",
        ),
    ):
        if is_wrong:
            raise SettingsError(problem, hint=hint)
    if not phase.above:
        return
    below = {layer.name for layer in keras.Model(model.input, heard).layers if layer.weights} - fixed
    if learning := sorted(name for name in below if re.match(phase.trainable, name)):
        raise SettingsError(
            f"above={phase.above}: {learning[0]} lies below it and would learn",
            hint="change `trainable` of the phase, or name a layer before those that learn",
        )
    try:
        keras.Model(heard, seen)
    except ValueError as error:
        raise SettingsError(
            f"output={phase.output}: does not follow from {phase.above}",
            hint="change `output` or `above` of the recipe's phases",
        ) from error


def heard_by(model: Any, phase: Phase) -> Any:
    """What a phase learns from: windows, or what a layer says of them.

    Raises:
        SettingsError: There is no such layer.
    """
    return layer_of(model, phase.above).output if phase.above else model.input


def seen_by_loss(model: Any, output: str) -> Any:
    """See `Phase.output`.

    Raises:
        SettingsError: There is no such layer.
    """
    return model.output["logits"] if output == "logits" else layer_of(model, output).output


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
        self._values: Array = np.zeros(0, np.float32)
        self._is_known = np.zeros(supply.n_windows, bool)

    def __getitem__(self, numbers: NDArray[np.intp]) -> Array:
        return self._values[numbers]

    def of_genres(self, epoch: int) -> Array:
        """Of each window of a genre that an epoch draws, as often as it does; all must have been computed."""
        batches = self._drawn(epoch)
        return self._values[np.concatenate([one.numbers[one.targets.any(axis=1)] for one in batches])]

    def hear(self, epoch: int) -> None:
        """Compute what an epoch draws and no other drew before."""
        wanted = np.unique(np.concatenate([one.numbers for one in self._drawn(epoch)]))
        wanted = wanted[~self._is_known[wanted]]
        for first in range(0, len(wanted), _HEARD_AT_A_TIME):
            numbers = wanted[first : first + _HEARD_AT_A_TIME]
            filled = np.resize(numbers, _HEARD_AT_A_TIME)  # batches of one size are compiled once
            answers = self._below.predict_on_batch(self._supply.windows(filled))
            if not len(self._values):
                self._values = np.zeros((self._supply.n_windows, *answers.shape[1:]), np.float32)
            self._values[numbers] = answers[: len(numbers)]
        self._is_known[wanted] = True

    def _drawn(self, epoch: int) -> list[Drawn]:
        return [self._supply.drawn(epoch, number) for number in range(self._supply.n_batches)]


def settle(model: Any, fixed: frozenset[str], phase: Phase, features: Features, epoch: int) -> None:
    """Set the statistics of a phase's batch normalisation: see `Phase.settle_norms`.

    Args:
        model: The network, whose weights it changes.
        fixed: Names of the layers that never learn.
        phase: Tells which layers, and what these see.
        features: What is heard of the windows that the epoch draws.
        epoch: From 0.
    """
    heard = features.of_genres(epoch)
    for layer in _norms(model, fixed, phase):
        given = keras.Model(heard_by(model, phase), layer.input).predict(heard, verbose=0)
        exact = given.astype(np.float64)  # sums of numbers in half precision come to a halt
        axes = tuple(range(exact.ndim - 1))
        layer.moving_mean.assign(exact.mean(axis=axes))
        layer.moving_variance.assign(exact.var(axis=axes))


def _norms(model: Any, fixed: frozenset[str], phase: Phase) -> list[Any]:
    """Batch normalisation among the layers of a phase."""
    asked = [layer for layer in model.layers if re.match(phase.trainable, layer.name)]
    kind = keras.layers.BatchNormalization
    return [layer for layer in asked if isinstance(layer, kind) and layer.name not in fixed]


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
        heard, taught = augment.mix(heard, taught, mixup, drawn.rng)
        targets, weights = taught[:, :-1], taught[:, -1]
    return heard, targets, weights
