"""Training a network, and hearing what it says; every call of Keras' training loop is here."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from tagger.inference.frontend import Array
from trainer import network
from trainer.network import cost
from trainer.recipe import Recipe

_PREDICT_BATCH = 128


@dataclass(frozen=True)
class EpochEnd:
    """What Keras reports of an epoch.

    Attributes:
        number: From 1.
        loss: On training windows.
        learning_rate: At its end.
        seconds: Time it took.
    """

    number: int
    loss: float
    learning_rate: float
    seconds: float


# Judges the network after an epoch: a score, higher is better.
Judge = Callable[[EpochEnd], float]


def build(recipe: Recipe, n_genres: int) -> Any:
    """An untrained network, seeded."""
    keras.utils.set_random_seed(recipe.seed)
    builder = network.NETWORKS[recipe.network]
    return builder(recipe.front_end.n_mels, n_genres, **recipe.network_parameters)


def fit(model: Any, batches: Iterator[tuple[Array, Array]], recipe: Recipe, judge: Judge) -> bool:
    """Train with AdamW, and leave the network with the weights that `judge` liked best.

    Args:
        model: From `build`.
        batches: Windows and targets, without end.
        recipe: How long and how fast.
        judge: Called after each epoch, while the network holds the weights that would be kept.

    Returns:
        Whether training ran to its end; False if the user interrupted it.

    Raises:
        KeyboardInterrupt: The user interrupted it before the first epoch was done.
    """
    steps = recipe.crops_per_epoch // recipe.batch_size
    learner = keras.Model(model.input, model.output["logits"])
    learner.compile(
        optimizer=_optimizer(recipe, steps),
        loss=keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=recipe.label_smoothing),
        jit_compile=False,  # XLA takes longer to compile than it saves on networks of this size
    )
    keeper = _Keeper(judge, recipe.patience)
    callbacks = [_Averager(recipe.ema_momentum)] if recipe.ema_momentum else []
    try:
        learner.fit(
            batches,
            steps_per_epoch=steps,
            epochs=recipe.epochs,
            callbacks=[*callbacks, keeper],
            shuffle=False,
            verbose=0,
        )
        finished = True
    except KeyboardInterrupt:
        if keeper.weights is None:
            raise
        finished = False
    keeper.restore()
    return finished


def logits(model: Any, windows: Array) -> Array:
    """Logits, shape (n_windows, n_genres), of windows, shape (n_windows, n_frames, n_mels)."""
    return outputs(model, windows)["logits"]


def outputs(model: Any, windows: Array) -> dict[str, Array]:
    """Everything the network gives for windows, by name."""
    return model.predict(windows, batch_size=_PREDICT_BATCH, verbose=0)


def describe(model: Any, recipe: Recipe) -> dict[str, Any]:
    """Architecture and cost, for the card."""
    flops = cost.flops(model, recipe.window_frames)
    hop_seconds = recipe.hop_frames / recipe.front_end.frames_per_second
    return {
        "architecture": recipe.network,
        "parameters": int(model.count_params()),
        "flops_per_window": flops,
        "flops_per_second_of_audio": round(flops / hop_seconds),
        "embedding": int(model.output["embedding"].shape[-1]),
        "keras": keras.__version__,
    }


def save(model: Any, file: Path) -> None:
    """Write the network as Keras' own archive."""
    model.save(file)


def export_onnx(model: Any, file: Path) -> None:
    """Write the network for ONNX Runtime."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the converter speaks of its own dependencies' futures
        model.export(file, format="onnx", verbose=False)


def _optimizer(recipe: Recipe, steps: int) -> Any:
    n_warmup = recipe.warmup_epochs * steps
    n_decay = max(1, recipe.epochs * steps - n_warmup)
    schedule = keras.optimizers.schedules.CosineDecay(
        recipe.learning_rate / 100 if n_warmup else recipe.learning_rate,
        n_decay,
        alpha=0.01,
        warmup_target=recipe.learning_rate if n_warmup else None,
        warmup_steps=n_warmup,
    )
    return keras.optimizers.AdamW(schedule, weight_decay=recipe.weight_decay)


class _Averager(keras.callbacks.Callback):
    """Keeps a running mean of all weights, which the network holds while an epoch is judged.

    Keras' own average leaves out the statistics of batch normalisation, which then do not fit the weights.
    """

    def __init__(self, momentum: float) -> None:
        super().__init__()
        self._momentum = momentum
        self._mean: list[Any] = []
        self._latest: list[Any] = []
        self._n_seen = 0

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        weights = self.model.get_weights()
        # At first the mean is of few weights, and forgets the random ones quickly.
        momentum = min(self._momentum, self._n_seen / (self._n_seen + 10))
        self._n_seen += 1
        if not self._mean:
            self._mean = weights
        self._mean = [
            momentum * mean + (1 - momentum) * new for mean, new in zip(self._mean, weights, strict=True)
        ]

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._latest = self.model.get_weights()
        self.model.set_weights(self._mean)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self._latest:
            self.model.set_weights(self._latest)


class _Keeper(keras.callbacks.Callback):
    """Judges every epoch, remembers the best weights, and ends training when they stay best for too long."""

    def __init__(self, judge: Judge, patience: int) -> None:
        super().__init__()
        self._judge = judge
        self._patience = patience
        self._best = -np.inf
        self.weights: list[Any] | None = None
        self._n_worse = 0
        self._began = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._began = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        end = EpochEnd(
            number=epoch + 1,
            loss=float((logs or {})["loss"]),
            learning_rate=float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)),
            seconds=time.monotonic() - self._began,
        )
        score = self._judge(end)
        if score > self._best:
            self._best, self.weights, self._n_worse = score, self.model.get_weights(), 0
            return
        self._n_worse += 1
        if self._n_worse >= self._patience:
            self.model.stop_training = True

    def restore(self) -> None:
        """Give the network its best weights."""
        if self.weights is not None:
            self.model.set_weights(self.weights)
