"""Training a network: every call of Keras' training loop is here."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np

from trainer.learner import EpochEnd, Judge, Supply
from trainer.network import checkpoint, compress, steps
from trainer.network.checkpoint import State
from trainer.network.partial_labels import PartialLabels
from trainer.recipe import Fitting, Phase


class Training:
    """One training, from its start or from where it was interrupted.

    Args:
        model: The network, whose weights it changes.
        fixed: Names of the layers that never learn.
        supply: What it learns from.
        settings: How.
        judge: Called after each epoch that is judged, while the network holds the weights that would be kept.
        folder: Where its state is kept.
    """

    def __init__(
        self,
        model: Any,
        fixed: frozenset[str],
        supply: Supply,
        settings: Fitting,
        judge: Judge,
        folder: Path,
    ) -> None:
        self._model, self._fixed = model, fixed
        self._supply, self._settings = supply, settings
        self._judge, self._folder = judge, folder
        for phase in settings.all_phases:
            steps.check(model, fixed, phase)  # what cannot be trained shall not be found after hours
        self._features: dict[str, steps.Features] = {}
        self._state = checkpoint.load(folder) or State()

    def run(self) -> bool:
        """Train all phases; see `Learner.fit`."""
        state, phases = self._state, self._settings.all_phases
        try:
            while state.phase < len(phases):
                self._run_phase(phases[state.phase])
                state.phase, state.phase_epoch, state.n_worse = state.phase + 1, 0, 0
                state.optimizer, state.mean, state.n_steps = [], [], 0
                self._restore_best()
                self._save()
            self._restore_best()
        except KeyboardInterrupt:
            if not state.best:
                raise
            self._restore_best()
            return False
        return True

    def _run_phase(self, phase: Phase) -> None:
        """Train one phase until its epochs are over or its score no longer rises."""
        state = self._state
        _freeze(self._model, self._fixed, phase)
        learner = compiled(self._model, self._settings, phase, self._supply.n_batches)
        learner.optimizer.build(learner.trainable_variables)
        _assign(self._model.variables, state.variables)
        if phase.settle_norms and state.phase_epoch == 0:
            steps.settle(self._model, self._fixed, phase, self._heard(phase, state.epoch), state.epoch)
        _assign(learner.optimizer.variables, state.optimizer)
        averager = _Averager(self._settings.ema_momentum, state)
        callbacks = [averager] if self._settings.ema_momentum else []
        if phase.prune:
            callbacks.insert(0, compress.Pruner(self._model, phase.prune))  # before the mean is taken
        start = time.monotonic()
        while state.phase_epoch < phase.epochs and state.n_worse < max(1, self._settings.patience):
            epoch = steps.Epoch(self._supply.n_batches, self._batches(phase, state.epoch))
            logs = learner.fit(epoch, epochs=1, shuffle=False, verbose=0, callbacks=callbacks).history
            state.epoch, state.phase_epoch = state.epoch + 1, state.phase_epoch + 1
            with averager.kept():
                if state.phase_epoch % phase.judged_every == 0 or state.phase_epoch == phase.epochs:
                    self._judged(learner, float(logs["loss"][-1]), time.monotonic() - start)
                    start = time.monotonic()
                if state.best_score == -np.inf:
                    state.best = self._model.get_weights()
            state.optimizer = _values(learner.optimizer.variables)
            self._save()

    def _batches(self, phase: Phase, epoch: int) -> Callable[[int], steps.Step]:
        """What gives the batches of an epoch, by their number."""
        if not phase.above:
            self._features.clear()  # of layers that may learn now
            return partial(steps.of_windows, self._supply, epoch, phase.changed)
        return partial(steps.of_features, self._heard(phase, epoch), self._supply, epoch, phase.mixup)

    def _heard(self, phase: Phase, epoch: int) -> steps.Features:
        """What the layer that a phase learns above says of the windows that an epoch draws."""
        if phase.above not in self._features:
            self._features[phase.above] = steps.Features(self._model, phase, self._supply)
        features = self._features[phase.above]
        features.hear(epoch)
        return features

    def _judged(self, learner: Any, loss: float, seconds: float) -> None:
        """Judge the weights, remember the best, and slow down if they get no better."""
        state, settings = self._state, self._settings
        rate = learner.optimizer.learning_rate
        end = EpochEnd(state.epoch, loss, float(keras.ops.convert_to_numpy(rate)), seconds)
        score = self._judge(end)
        is_enough = settings.least_score is None or score >= settings.least_score
        if is_enough and score > state.best_score:
            state.best_score, state.best_epoch, state.n_worse = score, state.epoch, 0
            state.best = self._model.get_weights()
            return
        state.n_worse += 1
        if settings.schedule == "plateau" and state.n_worse % settings.plateau_patience == 0:
            learner.optimizer.learning_rate = rate * settings.plateau_factor

    def _restore_best(self) -> None:
        if self._state.best:
            self._model.set_weights(self._state.best)

    def _save(self) -> None:
        self._state.variables = _values(self._model.variables)
        checkpoint.save(self._state, self._folder)


def compiled(model: Any, settings: Fitting, phase: Phase, n_batches: int) -> Any:
    """The network with its loss and its optimiser, sharing the weights of the one that gives all outputs."""
    rate: Any = phase.learning_rate
    if settings.schedule == "cosine":
        rate = _cosine(phase, settings.warmup_epochs, n_batches)
    if settings.optimizer == "adam":
        optimizer = keras.optimizers.Adam(rate)
    else:
        optimizer = keras.optimizers.AdamW(rate, weight_decay=settings.weight_decay)
    if settings.loss == "partial":
        loss: Any = PartialLabels(settings.label_smoothing)
    else:
        loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=settings.label_smoothing)
    learner = keras.Model(steps.heard_by(model, phase), steps.seen_by_loss(model, phase.output))
    learner.compile(
        optimizer=optimizer,
        loss=loss,
        jit_compile=False,  # XLA takes longer to compile than it saves on networks of this size
    )
    return learner


class _Averager(keras.callbacks.Callback):
    """Keeps a running mean of all weights, which the network holds while an epoch is judged.

    Keras' own average leaves out the statistics of batch normalisation, which then do not fit the weights.
    """

    def __init__(self, momentum: float, state: State) -> None:
        super().__init__()
        self._momentum, self._state = momentum, state

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        weights, state = self.model.get_weights(), self._state
        # At first the mean is of few weights, and forgets the random ones quickly.
        momentum = min(self._momentum, state.n_steps / (state.n_steps + 10))
        state.n_steps += 1
        state.mean = [
            momentum * mean + (1 - momentum) * new
            for mean, new in zip(state.mean or weights, weights, strict=True)
        ]

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Hold the mean, if there is one, while the body runs."""
        if not self._state.mean:
            yield
            return
        latest = self.model.get_weights()
        self.model.set_weights(self._state.mean)
        try:
            yield
        finally:
            self.model.set_weights(latest)


def _freeze(model: Any, fixed: frozenset[str], phase: Phase) -> None:
    """Let the layers of a phase learn, and no others."""
    for layer in model.layers:
        has_statistics = isinstance(layer, keras.layers.BatchNormalization)
        is_held = has_statistics and (phase.freeze_norms or phase.settle_norms)
        is_asked = re.match(phase.trainable, layer.name) is not None
        layer.trainable = is_asked and not is_held and layer.name not in fixed


def _cosine(phase: Phase, warmup_epochs: int, n_batches: int) -> Any:
    n_warmup = min(warmup_epochs, phase.epochs - 1) * n_batches
    return keras.optimizers.schedules.CosineDecay(
        phase.learning_rate / 100 if n_warmup else phase.learning_rate,
        max(1, phase.epochs * n_batches - n_warmup),
        alpha=0.01,
        warmup_target=phase.learning_rate if n_warmup else None,
        warmup_steps=n_warmup,
    )


def _values(variables: list[Any]) -> list[Any]:
    return [keras.ops.convert_to_numpy(variable) for variable in variables]


def _assign(variables: list[Any], values: list[Any]) -> None:
    """Give variables their values, if there are any."""
    for variable, value in zip(variables, values, strict=False):
        variable.assign(value)
