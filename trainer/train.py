"""START HERE. One training run: seed · data · model · fit · best weights · calibrate · export · evaluate."""

from __future__ import annotations

import dataclasses
import datetime
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tagger import __version__
from tagger.inference.artefact import Artefact
from tagger.inference.card import Calibration, Card, WindowShape
from trainer import baseline, calibrate, evaluate, export, metrics
from trainer.corpora.interface import Corpus
from trainer.data import inputs, material
from trainer.data.material import Material
from trainer.network import fitting
from trainer.network.fitting import EpochEnd, Judge
from trainer.progress import Epoch, Progress, Quiet
from trainer.recipe import Recipe

LOG = "training.jsonl"

_LICENCE = "none stated; the terms of the corpora that it learned from may bind its use"
_N_CHECKED = 16


@dataclass(frozen=True)
class Trained:
    """What a run made.

    Attributes:
        folder: The model folder.
        card: What it says of itself.
        finished: Whether training ran to its end; False if the user interrupted it.
    """

    folder: Path
    card: Card
    finished: bool


def run(
    corpus: Corpus, recipe: Recipe, out: Path, *, cache: Path, progress: Progress | None = None, jobs: int = 0
) -> Trained:
    """Train a model, test it on music it never heard, and write its folder.

    Ctrl-C ends the fitting; the best weights so far are then tested and written.

    Args:
        corpus: What to learn from.
        recipe: Every number that shapes the model.
        out: The model folder; an older model there is replaced once the new one is whole.
        cache: Where spectrograms are kept from run to run.
        progress: Told how the run goes.
        jobs: Processes that read clips; 0 means one for each core.

    Raises:
        CorpusError: The corpus supports no training.
        OutputError: The folder cannot be written.
    """
    progress = progress or Quiet()
    export.check_free(out)
    data = material.prepare(corpus, recipe, cache, progress, jobs=jobs)
    for note in data.notes:
        progress.say(note)
    train, validation = data.side(data.split.train), data.side(data.split.validation)
    with export.staging(out) as folder:
        model = fitting.build(recipe, len(data.genres))
        batches = inputs.batches(train, len(data.genres), recipe, np.random.default_rng(recipe.seed))
        progress.stage("Training", recipe.epochs)
        finished = fitting.fit(
            model, batches, recipe, _judge(model, validation, recipe, progress, folder / LOG)
        )
        if not finished:
            progress.say("interrupted: the best weights so far are kept")

        heard = inputs.cut(validation, recipe)
        calibration = calibrate.fit(fitting.logits(model, heard.frames), heard.clips, _targets(validation))
        progress.stage("Writing and checking the model")
        card = _card(corpus, recipe, data, calibration, fitting.describe(model, recipe))
        artefact = export.write(model, card, folder, heard.frames[:_N_CHECKED])
        progress.stage("Testing on music it never heard")
        scores = _scores(artefact, data, recipe) | {"finished": finished}
        card = export.rewrite_card(dataclasses.replace(artefact.card, scores=scores), folder).card
    return Trained(out, card, finished)


def _judge(model: Any, validation: list[inputs.Clip], recipe: Recipe, progress: Progress, log: Path) -> Judge:
    """What an epoch is judged by: the cross-entropy of the validation tracks at its best temperature."""
    heard = inputs.cut(validation, recipe, most=recipe.validation_windows)
    y_true = _targets(validation)
    best = -np.inf

    def judge(end: EpochEnd) -> float:
        nonlocal best
        logits = fitting.logits(model, heard.frames)
        y_prob = calibrate.track_probabilities(logits, heard.clips, calibrate.fit(logits, heard.clips, y_true))
        loss, y_pred = metrics.cross_entropy(y_true, y_prob), y_prob.argmax(axis=1)
        done = Epoch(
            number=end.number,
            of=recipe.epochs,
            loss=end.loss,
            validation_loss=loss,
            validation_accuracy=metrics.accuracy(y_true, y_pred),
            validation_macro_f1=metrics.macro_f1(y_true, y_pred),
            learning_rate=end.learning_rate,
            seconds=end.seconds,
            best=-loss > best,
        )
        best = max(best, -loss)
        with log.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(dataclasses.asdict(done)) + "\n")
        progress.epoch(done)
        return -loss

    return judge


def _scores(artefact: Artefact, data: Material, recipe: Recipe) -> dict[str, Any]:
    """All scores of the card, on the test side."""
    train, test = data.side(data.split.train), data.side(data.split.test)
    y_prob = baseline.track_probabilities(train, test, recipe.baseline_coefficients, len(data.genres))
    groups = np.array([clip.group for clip in test])
    return {
        "per_track": evaluate.tracks(artefact, [data.examples[index].path for index in data.split.test], test),
        "per_window": evaluate.windows(artefact, test, recipe),
        "baseline": {
            "model": f"logistic regression on the mean of {recipe.baseline_coefficients} MFCCs",
            "per_track": evaluate.scores(_targets(test), y_prob, groups, data.genres),
        },
    }


def _card(
    corpus: Corpus, recipe: Recipe, data: Material, calibration: Calibration, network: Mapping[str, Any]
) -> Card:
    """The card, without scores and checksums."""
    rate = recipe.front_end.frames_per_second
    return Card(
        name=recipe.name,
        description=recipe.description,
        licence=_LICENCE,
        created=datetime.datetime.now(datetime.UTC).date().isoformat(),
        tagger_version=__version__,
        genres=data.genres,
        front_end=recipe.front_end,
        window=WindowShape(
            recipe.window_frames,
            recipe.hop_frames,
            recipe.window_frames / rate,
            recipe.hop_frames / rate,
            variable=True,
        ),
        calibration=calibration,
        thresholds=dict.fromkeys(data.genres, recipe.threshold),
        network=network,
        recipe=recipe.as_dict(),
        corpora=_corpora(corpus, data),
        split={side: len(getattr(data.split, side)) for side in ("train", "validation", "test")}
        | {
            "protocol": data.split.protocol,
            "artists": "No artist or source track is on two sides"
            if corpus.artists_known
            else "No track is on two sides; artists are not known and not kept apart",
            "notes": list(data.notes),
        },
    )


def _corpora(corpus: Corpus, data: Material) -> tuple[dict[str, Any], ...]:
    licences: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for example in data.examples:
        licences[example.corpus][example.licence or corpus.licence] += 1
    return tuple(
        {
            "name": name,
            "examples": sum(counts.values()),
            "licences": dict(counts),
            "citation": corpus.citation,
        }
        for name, counts in sorted(licences.items())
    )


def _targets(clips: list[inputs.Clip]) -> metrics.Indices:
    return np.array([clip.target for clip in clips], np.intp)
