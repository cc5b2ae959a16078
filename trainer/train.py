"""START HERE. One training run: seed · data · model · fit · best weights · calibrate · export · evaluate."""

from __future__ import annotations

import dataclasses
import itertools
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.errors import CorpusError
from tagger.inference.artefact import Artefact
from tagger.inference.card import Calibration, Card
from trainer import (
    answers,
    baseline,
    calibrate,
    cards,
    export,
    judge,
    learners,
    parts,
    runs,
    tested,
    trials,
    whole,
)
from trainer.answers import Answers, Truth
from trainer.corpora.interface import Corpus
from trainer.data import folds, inputs, kept, material
from trainer.data.drawing import Clip
from trainer.data.inputs import Training
from trainer.data.material import Material
from trainer.learner import Learner
from trainer.parts import Part
from trainer.progress import Progress, Quiet
from trainer.recipe import Recipe
from trainer.runs import Run

_N_CHECKED = 16
# From the leaky to the strictest: the last one's model is kept.
_ORDER = ("windows", "tracks", "official", "artists", "kfold", "corpora")


@dataclass(frozen=True)
class Trained:
    """What a run made.

    Attributes:
        folder: The model folder: that of the run if it was interrupted and a finished model was to be replaced.
        card: What it says of itself.
        finished: Whether training ran to its end; False if the user interrupted it.
        scores: What each protocol gives; see `runs.read_scores`.
    """

    folder: Path
    card: Card
    finished: bool
    scores: dict[str, Any]


def run(
    corpus: Corpus,
    recipe: Recipe,
    out: Path,
    *,
    run: Run,
    cache: Path,
    protocols: Sequence[str] = ("",),
    allow_leaks: bool = False,
    all_data: bool = False,
    studies: Mapping[str, int] | None = None,
    progress: Progress | None = None,
    jobs: int = 0,
) -> Trained:
    """Train a model, test it on music it never heard, and write its folder.

    Ctrl-C ends the fitting; the best weights so far are then tested and written; in the training on all data it
    leaves the first of the tested models. Where other splits are still to be trained it ends the run, and
    nothing is written. A run that was stopped goes on from its last epoch when it is run again.

    Args:
        corpus: What to learn from.
        recipe: Every number that shapes the model.
        out: The model folder; an older model there is replaced once the new one is whole, but no finished one
            by one whose training was interrupted.
        run: The folder where scores, log and state are kept.
        cache: Where frames and fingerprints are kept from run to run.
        protocols: How examples are split, see `splits.splits`; of several, each is trained and judged, and the
            model of the strictest is kept.
        allow_leaks: Whether the same audio may be on two sides.
        all_data: Whether the model that is kept learns from all examples once those judged are done.
        studies: Number of rounds of the further trainings of `trials.run`, by name.
        progress: Told how the run goes.
        jobs: Processes that read clips; 0 means one for each core.

    Raises:
        CorpusError: The corpus supports no training.
        KeyboardInterrupt: The user interrupted it before the last of several trainings, or before any epoch.
        OutputError: The folder cannot be written.
    """
    progress = progress or Quiet()
    export.check_free(out)
    learners.check(recipe)
    made: list[Part] = []
    scores: dict[str, Any] = {"protocols": {}}
    # All of them first, so that what cannot be trained is refused before anything is.
    in_order = [
        material.prepare(corpus, recipe, cache, progress, protocol=one, allow_leaks=allow_leaks, jobs=jobs)
        for one in sorted(protocols, key=_strictness)
    ]
    if all_data:
        whole.check(in_order[-1])
    for data in itertools.chain.from_iterable(in_order):
        _inner_folds(data)
    trials.check([name for name, n_rounds in (studies or {}).items() if n_rounds], in_order[-1][0])
    for note in in_order[0][0].told:
        progress.say(note)
    for prepared in in_order:
        state = run.folder / runs.CHECKPOINT
        places = [state / f"{data.split.protocol}-{number}" for number, data in enumerate(prepared)]
        last_of_all = in_order[-1][-1]
        made = [
            _part(corpus, data, place, cache, progress, jobs, is_last=data is last_of_all)
            for data, place in zip(prepared, places, strict=True)
        ]
        scores["protocols"][prepared[0].split.protocol] = parts.scores(made)
        tested.write(run, prepared[0].split.protocol, answers.joined([part.tracks for part in made]))
        if made[0].yardstick is not None:
            scores["baseline"] = parts.yardstick(made, recipe)
        runs.write_scores(run, scores)
    last = whole.made(corpus, made, scores, state / "all" / "model", progress) if all_data else None
    finished = all(part.finished for part in made) and (last is not None or not all_data)
    if last is None:
        first = made[0].artefact
        last = export.rewrite_card(parts.scored(first.card, made, scores), first.folder)
    if not finished and export.holds_finished(out):
        progress.say(f"{out}: the finished model there stays, and the interrupted one is in the run folder")
        out = last.folder
    else:
        export.place(last, out)
    shutil.copyfile(places[0] / runs.LOG, run.folder / runs.LOG)
    for name, n_rounds in (studies if finished and studies else {}).items():
        for outcome in trials.run(name, made[0].data, n_rounds, run.folder, progress) if n_rounds else ():
            scores.setdefault(name, []).append(outcome)
            runs.write_scores(run, scores)
    return Trained(out, last.card, finished, scores)


def _strictness(protocol: str) -> int:
    name = protocol.partition(":")[0]
    return _ORDER.index(name) if name in _ORDER else _ORDER.index("artists")


def _part(
    corpus: Corpus, data: Material, place: Path, cache: Path, progress: Progress, jobs: int, *, is_last: bool
) -> Part:
    """Train, export and test a model on one split, unless an earlier run came so far."""
    _keep_data(data, place)
    artefact = export.done(place / "model") or _made(corpus, data, place, progress, is_last=is_last)
    finished = bool(artefact.card.split["finished"])
    if finished:
        _clear_states(place)
    progress.stage("Testing" if data.split.is_too_high else "Testing on music it never heard")
    windows, tracks = _answers(artefact, data)
    yardstick = None if data.split.leaky else baseline.answered(data, kept.frames(cache), progress, jobs)
    return Part(data, artefact, finished, windows, tracks, yardstick)


def _keep_data(data: Material, place: Path) -> None:
    """Note what a part learns from, so that it only ever goes on with the same.

    Raises:
        CorpusError: An earlier run began it with other data.
    """
    place.mkdir(parents=True, exist_ok=True)
    noted = place / "data.sha256"
    if not noted.exists():
        noted.write_text(data.digest, "ascii")
    elif noted.read_text("ascii") != data.digest:
        raise CorpusError(
            f"{data.split.protocol}: files, labels or sides are not those that this run began with",
            hint="train it anew, without --resume",
        )


def _made(corpus: Corpus, data: Material, place: Path, progress: Progress, *, is_last: bool) -> Artefact:
    """Train the model of a part and write its folder, whole or not at all.

    Raises:
        KeyboardInterrupt: The user interrupted it, and others would follow, which are not wanted either.
    """
    learner, calibration, finished = _fitted(data, place, progress)
    if not finished and not is_last:
        progress.say("the trainings that were still to come are left out, and no model is written")
        raise KeyboardInterrupt
    progress.stage("Writing and checking the model")
    checked = inputs.cut(data.side("validation")[:_N_CHECKED], data.recipe, most=1)
    card = cards.of(corpus, data, calibration, learner.describe(), finished=finished)
    return export.write(learner, card, place / "model", checked.frames, data.side_of)


def _clear_states(place: Path) -> None:
    """Remove what only an interrupted training needs, several times as large as its model."""
    for state in place.rglob("state"):
        shutil.rmtree(state, ignore_errors=True)


def _fitted(data: Material, place: Path, progress: Progress) -> tuple[Learner, Calibration, bool]:
    """The trained model, its calibration, and whether training ran to its end."""
    if (inner := _inner_folds(data)) is not None:
        return _fitted_in_folds(data, *inner, place, progress)
    learner, validation, finished = _fit(
        data.recipe, data, data.to_learn(), data.side("validation"), place, progress
    )
    logits, tracks = judge.answered(learner, data.side("validation"), data.recipe)
    return learner, calibrate.fit(logits, tracks, validation.y_true), finished


def _fit(
    recipe: Recipe, data: Material, train: list[Clip], validation: list[Clip], place: Path, progress: Progress
) -> tuple[Learner, judge.Validation, bool]:
    learner = learners.make(recipe, len(data.genres), train)
    supply = Training(train, len(data.genres), recipe)
    place.mkdir(parents=True, exist_ok=True)
    validated = judge.Validation(learner, validation, recipe, progress, place / runs.LOG)
    progress.stage("Training", sum(phase.epochs for phase in recipe.fitting.all_phases))
    finished = learner.fit(supply, validated, place / "state")
    if not finished:
        progress.say("interrupted: the best weights so far are kept")
    return learner, validated, finished


def _inner_folds(data: Material) -> tuple[NDArray[np.intp], NDArray[np.intp]] | None:
    """The examples of the training and validation sides and their inner folds; None if it has none.

    Raises:
        CorpusError: There are too few artists or examples.
    """
    n_folds = data.recipe.fitting.inner_folds
    if not n_folds or data.split.leaky:
        return None
    pool = np.append(data.split.train, data.split.validation)
    groups, targets = [data.clips[i].group for i in pool], [data.clips[i].target for i in pool]
    return pool, np.array(folds.drawn(groups, targets, n_folds, data.recipe.seed))


def _fitted_in_folds(
    data: Material, pool: NDArray[np.intp], fold_of: NDArray[np.intp], place: Path, progress: Progress
) -> tuple[Learner, Calibration, bool]:
    """Train on all but one fold in turn, then on all of them for as many epochs as were best on average.

    Arrigo 2025, section 4.8. The calibration comes from the folds that each model did not hear.
    """
    recipe = data.recipe
    logits, owners, n_epochs = [], [], []
    for fold in range(recipe.fitting.inner_folds):
        left_out = [data.clips[index] for index in pool[fold_of == fold]]
        train = data.to_learn(pool[fold_of != fold])
        learner, validation, finished = _fit(recipe, data, train, left_out, place / f"fold{fold}", progress)
        said, clips = judge.answered(learner, left_out, recipe)
        logits.append(said)
        owners.append(pool[fold_of == fold][clips])
        n_epochs.append(validation.best_epoch)
        if not finished:
            raise KeyboardInterrupt
    order = np.argsort(np.concatenate(owners), kind="stable")
    tracks = np.unique(np.concatenate(owners)[order], return_inverse=True)[1]
    y_true = np.array([data.clips[index].target for index in sorted(pool)], np.intp)
    calibration = calibrate.fit(np.concatenate(logits)[order], tracks, y_true)
    last = dataclasses.replace(
        recipe.fitting,
        epochs=max(1, round(float(np.mean(n_epochs)))),
        patience=10**9,
        least_score=np.inf,
        inner_folds=0,
    )
    final = dataclasses.replace(recipe, fitting=last)
    learner, _, finished = _fit(final, data, data.to_learn(pool), data.side("validation"), place, progress)
    return learner, calibration, finished


def _answers(artefact: Artefact, data: Material) -> tuple[Answers, Answers]:
    """What the model answers to the test side, per window and per track."""
    test = data.side("test")
    windows = answers.of_kept_windows(artefact, test, data.recipe)
    if data.split.leaky:
        return windows, answers.voted(windows)
    truths = [
        Truth(data.examples[index].path, clip.target, clip.group, clip.corpus, clip.also)
        for index, clip in zip(data.split.test, test, strict=True)
    ]
    return windows, answers.of_tracks(artefact, truths)
