"""The model that is kept in the end: it learns from every example, once others have shown what to expect."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tagger.inference.artefact import Artefact
from tagger.inference.card import Calibration
from trainer import cards, export, judge, learners, parts, progress, runs
from trainer.corpora.interface import Corpus
from trainer.data import inputs
from trainer.data.inputs import Training
from trainer.data.material import Material
from trainer.data.splits import Split
from trainer.parts import Part
from trainer.progress import Progress
from trainer.recipe import Recipe

_N_CHECKED = 16
_NO_ONE = np.array([], np.intp)


def made(
    corpus: Corpus, judged: Sequence[Part], scores: Mapping[str, Any], folder: Path, told: Progress
) -> tuple[Artefact, bool]:
    """Train a model on all examples of the models that were judged, and write its folder with their scores.

    It learns for as many epochs as were best for these on average, where a recipe has one phase; its
    temperature is the geometric mean of theirs. Nothing is left to choose by.

    Args:
        corpus: What all learn from.
        judged: The models of the last protocol.
        scores: Those of all protocols.
        folder: Where to; its state is kept beside it.
        told: How training goes.

    Returns:
        The model, and whether training ran to its end.

    Raises:
        OutputError: The folder cannot be written.
    """
    data = _of_all(judged)
    recipe = _without_choice(data.recipe, judged)
    clips = data.to_learn()
    learner = learners.make(recipe, len(data.genres), clips)
    place = folder.parent
    place.mkdir(parents=True, exist_ok=True)
    watched = judge.Validation(learner, judged[0].data.side("validation"), recipe, told, place / runs.LOG)
    told.stage("Training on all examples", sum(phase.epochs for phase in recipe.fitting.all_phases))
    finished = learner.fit(Training(clips, len(data.genres), recipe), watched, place / "state")
    told.stage("Writing and checking the model")
    card = cards.of(corpus, data, _calibration(judged), learner.describe(), finished=finished)
    checked = inputs.cut(list(data.clips[:_N_CHECKED]), recipe, most=1)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    artefact = export.write(learner, parts.scored(card, judged, scores), folder, checked.frames, data.side_of)
    if finished:
        shutil.rmtree(place / "state", ignore_errors=True)
    return artefact, finished


def _of_all(judged: Sequence[Part]) -> Material:
    data, protocol = judged[0].data, judged[0].data.split.protocol
    how = (
        f"all examples train; the scores are those of {len(judged)} models of the same recipe, "
        f"split by the protocol {protocol}"
    )
    everything = Split(np.arange(len(data.examples)), _NO_ONE, _NO_ONE, protocol, how)
    return dataclasses.replace(data, split=everything)


def _without_choice(recipe: Recipe, judged: Sequence[Part]) -> Recipe:
    n_epochs = [_best_epoch(part) for part in judged]
    fitting = dataclasses.replace(
        recipe.fitting,
        epochs=max(1, round(float(np.mean(n_epochs)))),
        patience=10**9,
        least_score=np.inf,
        inner_folds=0,
    )
    return dataclasses.replace(recipe, fitting=fitting)


def _best_epoch(part: Part) -> int:
    log = progress.read_log(part.artefact.folder.parent / runs.LOG)
    return max((epoch["number"] for epoch in log if epoch["best"]), default=1)


def _calibration(judged: Sequence[Part]) -> Calibration:
    temperatures = [part.artefact.card.calibration.temperature for part in judged]
    return Calibration(temperature=float(np.exp(np.mean(np.log(temperatures)))))
