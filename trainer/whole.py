"""The model that is kept in the end: it learns from every example, once others have shown what to expect."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tagger.errors import CorpusError
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


def check(data: Sequence[Material]) -> None:
    """Make sure that what is tested says something about a model of all data.

    Raises:
        CorpusError: Recordings are on two sides.
    """
    if any(one.split.is_too_high for one in data):
        raise CorpusError(
            f"{data[0].split.protocol}: recordings are on two sides: no test of a model of all data",
            hint="leave out --all-data, or choose another --protocol",
        )


def made(
    corpus: Corpus, judged: Sequence[Part], scores: Mapping[str, Any], folder: Path, told: Progress
) -> Artefact | None:
    """Train a model on all examples of the models that were judged, and write its folder with their scores.

    It learns for as many epochs as were best for these on average, where a recipe has one phase; its
    temperature is the geometric mean of theirs. Nothing is left to choose by: a rate that falls with the score
    falls on a plan of its own here. Changed copies are those of the judged models.

    Args:
        corpus: What all learn from.
        judged: The models of the last protocol.
        scores: Those of all protocols.
        folder: Where to; its state is kept beside it.
        told: How training goes.

    Returns:
        The model; None if it, or one of those judged, was interrupted.

    Raises:
        OutputError: The folder cannot be written.
    """
    if not all(part.finished for part in judged):
        told.say("no model of all data was trained, for one of those to be tested was interrupted")
        return None
    data = _of_all(judged)
    artefact = export.done(folder) or _trained(corpus, judged, data, folder, told)
    if artefact is None:
        told.say("interrupted: the model that is kept did not learn from all data")
        return None
    return export.rewrite_card(parts.scored(artefact.card, judged, scores), folder)


def _trained(
    corpus: Corpus, judged: Sequence[Part], data: Material, folder: Path, told: Progress
) -> Artefact | None:
    """Fit and write; None if the user interrupted it, who loses nothing by that: its state is kept."""
    clips, recipe, place = data.to_learn(), _to_the_end(data.recipe), folder.parent
    learner = learners.make(recipe, len(data.genres), clips)
    place.mkdir(parents=True, exist_ok=True)
    watched = judge.Validation(learner, judged[0].data.side("validation"), recipe, told, place / runs.LOG)
    told.stage("Training on all data", sum(phase.epochs for phase in recipe.fitting.all_phases))
    told.say("of all data, validation tracks are learned too: their scores are too high from here on")
    try:
        finished = learner.fit(Training(clips, len(data.genres), recipe), watched, place / "state")
    except KeyboardInterrupt:
        finished = False
    if not finished:
        return None
    told.stage("Writing and checking the model")
    card = cards.of(corpus, data, _calibration(judged), learner.describe(), finished=True)
    checked = inputs.cut(list(data.clips[:_N_CHECKED]), recipe, most=1)
    artefact = export.write(learner, card, folder, checked.frames, data.side_of)
    shutil.rmtree(place / "state", ignore_errors=True)
    return artefact


def _of_all(judged: Sequence[Part]) -> Material:
    data, protocol = judged[0].data, judged[0].data.split.protocol
    how = (
        f"all data train; the scores are of {len(judged)} models of the same recipe, tested by the protocol "
        f"{protocol}"
    )
    everything = Split(np.arange(len(data.examples)), _NO_ONE, _NO_ONE, protocol, how)
    return dataclasses.replace(data, split=everything, recipe=_without_choice(data.recipe, judged))


def _without_choice(recipe: Recipe, judged: Sequence[Part]) -> Recipe:
    n_epochs = max(1, round(float(np.mean([_best_epoch(part) for part in judged]))))
    phases = recipe.fitting.phases
    if len(phases) == 1:
        phases = (dataclasses.replace(phases[0], epochs=n_epochs),)
    elif phases:
        n_epochs = recipe.fitting.epochs  # each phase has its own
    fitting = dataclasses.replace(recipe.fitting, epochs=n_epochs, phases=phases, inner_folds=0)
    return dataclasses.replace(recipe, fitting=fitting)


def _to_the_end(recipe: Recipe) -> Recipe:
    """The recipe whose last weights are kept."""
    fitting = dataclasses.replace(recipe.fitting, patience=10**9, least_score=np.inf)
    return dataclasses.replace(recipe, fitting=fitting)


def _best_epoch(part: Part) -> int:
    log = progress.read_log(part.artefact.folder.parent / runs.LOG)
    return max((epoch["number"] for epoch in log if epoch["best"]), default=1)


def _calibration(judged: Sequence[Part]) -> Calibration:
    temperatures = [part.artefact.card.calibration.temperature for part in judged]
    return Calibration(temperature=float(np.exp(np.mean(np.log(temperatures)))))
