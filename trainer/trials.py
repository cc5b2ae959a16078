"""A recipe trained again and again on other training tracks, and what it reaches on the same test tracks."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tagger.errors import SettingsError
from tagger.inference.card import Calibration
from tagger.inference.frontend import Array
from trainer import calibrate, learners, metrics, studies
from trainer.data.inputs import Training
from trainer.data.material import Material
from trainer.judge import Validation, answered, targets
from trainer.metrics import Indices
from trainer.progress import Progress, Quiet
from trainer.studies import Outcome


def run(name: str, data: Material, n_rounds: int, folder: Path, progress: Progress) -> Iterator[dict[str, Any]]:
    """The outcomes of a study as they come, as plain data: see `studies.Outcome`.

    Args:
        name: "bootstrap" or "learning_curve".
        data: What the recipe learns from, see `check`.
        n_rounds: How often.
        folder: Where trainings keep their state while they last.
        progress: Told of each training.
    """
    n_trainings = n_rounds * (len(studies.SHARES) if name == "learning_curve" else 1)
    progress.stage(name.replace("_", " ").capitalize(), n_trainings)
    return _told(_outcomes(name, data, n_rounds, folder), progress)


def check(names: Iterable[str], data: Material) -> None:
    """Make sure that studies of these names mean something.

    Raises:
        SettingsError: Windows of one track are on both sides, where a training track means nothing.
    """
    for name in names if data.split.leaky else ():
        raise SettingsError(
            f"no {name.replace('_', ' ')} where windows of one track are on all sides",
            hint="choose another --protocol",
        )


def _told(outcomes: Iterator[Outcome], progress: Progress) -> Iterator[dict[str, Any]]:
    for outcome in outcomes:
        progress.advance()
        yield dataclasses.asdict(outcome)


def _outcomes(name: str, data: Material, n_rounds: int, folder: Path) -> Iterator[Outcome]:
    train, seed = data.split.train, data.recipe.seed
    y_true = targets(data.side("test"))

    def score(indices: Indices) -> dict[str, float]:
        logits, owners = _answered(data, indices, folder)
        y_prob = calibrate.track_probabilities(logits, owners, Calibration())
        y_pred = y_prob.argmax(axis=1)
        return {
            "accuracy": metrics.accuracy(y_true, y_pred),
            "macro_f1": metrics.macro_f1(y_true, y_pred),
        }

    if name == "bootstrap":
        return studies.bootstrap(score, train, n_rounds=n_rounds, seed=seed)
    genres = [data.clips[index].target for index in train]
    return studies.learning_curve(score, train, genres, n_rounds=n_rounds, seed=seed)


def _answered(data: Material, indices: Indices, folder: Path) -> tuple[Array, Indices]:
    """What a model that learned from these tracks, some perhaps several times, says of the test windows."""
    clips = data.to_learn(np.asarray(indices))
    learner = learners.make(data.recipe, len(data.genres), clips)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".trial-") as place:
        log = Path(place, "log")
        validation = Validation(learner, data.side("validation"), data.recipe, Quiet(), log)
        if not learner.fit(Training(clips, len(data.genres), data.recipe), validation, Path(place, "state")):
            raise KeyboardInterrupt
    return answered(learner, data.side("test"), data.recipe)
