"""What weights are chosen by: the answers of a model to the validation windows after each epoch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tagger.inference.frontend import Array
from trainer import calibrate, metrics
from trainer.data import inputs
from trainer.data.drawing import Clip
from trainer.learner import EpochEnd, Learner
from trainer.metrics import Floats, Indices
from trainer.progress import Epoch, Progress, read_log, write_log
from trainer.recipe import Monitor, Recipe

_CLIPS_AT_A_TIME = 256


class Validation:
    """A `trainer.learner.Judge` that also notes every epoch.

    Args:
        learner: The model.
        clips: What it is judged by.
        recipe: By which score, and from how many windows of a clip.
        progress: Told of every epoch.
        log: File that every epoch is written into, as a line of JSON.

    Attributes:
        best_epoch: The epoch with the best score so far, from 1; 0 before the first.
        y_true: Genre of each clip, shape (n_clips,).
    """

    def __init__(
        self, learner: Learner, clips: Sequence[Clip], recipe: Recipe, progress: Progress, log: Path
    ) -> None:
        self._learner, self._recipe, self._progress, self._log = learner, recipe, progress, log
        self._clips = clips
        self.y_true = targets(clips)
        self._best, self.best_epoch = _best_of(log)

    def __call__(self, end: EpochEnd) -> float:
        """Judge the model as it is now."""
        logits, owners = answered(
            self._learner, self._clips, self._recipe, most=self._recipe.validation_windows
        )
        calibration = calibrate.fit(logits, owners, self.y_true)
        y_prob = calibrate.track_probabilities(logits, owners, calibration)
        loss, y_pred = metrics.cross_entropy(self.y_true, y_prob), y_prob.argmax(axis=1)
        score = -loss
        if self._recipe.fitting.monitor != "track_cross_entropy":
            score = _of_windows(self._recipe.fitting.monitor, self.y_true[owners], logits)
        epoch = Epoch(
            number=end.number,
            of=sum(phase.epochs for phase in self._recipe.fitting.all_phases),
            loss=end.loss,
            validation_loss=loss,
            validation_accuracy=metrics.accuracy(self.y_true, y_pred),
            validation_macro_f1=metrics.macro_f1(self.y_true, y_pred),
            learning_rate=end.learning_rate,
            seconds=end.seconds,
            best=score > self._best or end.number == self.best_epoch,  # a resumed one may come twice
            score=score,
        )
        if epoch.best:
            self._best, self.best_epoch = score, end.number
        write_log(self._log, epoch)
        self._progress.epoch(epoch)
        return score


def targets(clips: Sequence[Clip]) -> Indices:
    """The genre of each clip, shape (n_clips,)."""
    return np.array([clip.target for clip in clips], np.intp)


def answered(
    learner: Learner, clips: Sequence[Clip], recipe: Recipe, *, most: int | None = None
) -> tuple[Array, Indices]:
    """What a model says of the windows of clips, some clips at a time, so that memory holds no more.

    Args:
        learner: The model.
        clips: At least one.
        recipe: Length and distance of windows.
        most: Most windows of a clip; None takes all.

    Returns:
        Logits, shape (n_windows, n_genres), and the index of the clip of each window, shape (n_windows,).
    """
    logits, owners = [], []
    for first in range(0, len(clips), _CLIPS_AT_A_TIME):
        heard = inputs.cut(clips[first : first + _CLIPS_AT_A_TIME], recipe, most=most)
        logits.append(learner.outputs(heard.frames)["logits"])
        owners.append(heard.clips + first)
    return np.concatenate(logits), np.concatenate(owners)


def _best_of(log: Path) -> tuple[float, int]:
    """The best score in a log that an interrupted run left, and its epoch."""
    score, number = max(((one["score"], -one["number"]) for one in read_log(log)), default=(-np.inf, 0))
    return score, -number


def _of_windows(monitor: Monitor, y_true: Indices, logits: Array) -> float:
    """A score of windows, higher being better."""
    y_pred = logits.argmax(axis=1)
    if monitor == "accuracy":
        return metrics.accuracy(y_true, y_pred)
    if monitor == "macro_precision":
        return metrics.macro_precision(y_true, y_pred)
    shifted: Floats = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    y_prob = np.exp(shifted)
    return -metrics.cross_entropy(y_true, y_prob / y_prob.sum(axis=1, keepdims=True))
