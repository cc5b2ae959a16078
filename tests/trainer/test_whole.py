"""The model that is kept learns from all examples, and tells what others reached."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tagger.errors import CorpusError
from tagger.inference import abstain
from tagger.inference import artefact as artefacts
from tests.trainer import material
from tests.trainer.test_train import NEIGHBOURS, RECIPE
from trainer import corpora, progress, runs, sides, train
from trainer.corpora.interface import Corpus
from trainer.data import splits
from trainer.progress import Quiet
from trainer.recipe import Phase

N_CLIPS = 50


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Corpus:
    """Enough artists, each of one track, of three genres that no one can confuse."""
    root = tmp_path_factory.mktemp("whole")
    folder = material.folder(root / "music", np.random.default_rng(5), n_clips=N_CLIPS)
    found = corpora.load(f"folder:{folder}", data=None, cache=root / "cache")
    alone = tuple(dataclasses.replace(one, group=str(one.path)) for one in found.examples)
    return dataclasses.replace(found, examples=alone)


class Stopping(Quiet):
    """Stops the training on all data at the end of an epoch."""

    def __init__(self, epoch):
        self._epoch, self._is_last = epoch, False

    def stage(self, name, total=0):
        """Note the last stage."""
        self._is_last = name == "Training on all data"

    def epoch(self, epoch):
        """Stop."""
        if self._is_last and epoch.number >= self._epoch:
            raise KeyboardInterrupt


def trained(corpus, root, recipe, *, all_data, protocol="kfold:3", run=None, told=None):
    """A run, of three folds as a rule."""
    new = {"dataset": "", "recipe": "", "recipe_numbers": {}, "protocol": "", "seed": 0}
    return train.run(
        corpus,
        recipe,
        root / f"model-{all_data}",
        run=run or runs.create(root / "runs", **new),
        cache=root / "cache",
        protocols=(protocol,),
        all_data=all_data,
        progress=told,
        jobs=1,
    )


@pytest.fixture(scope="module")
def made(corpus, tmp_path_factory):
    """The same order, with a model of all data and without."""
    root = tmp_path_factory.mktemp("run")
    return [trained(corpus, root, NEIGHBOURS, all_data=all_data) for all_data in (False, True)]


def test_it_learns_from_every_example(made, corpus):
    """Every recording is on its train side, none is left to judge it by."""
    first, whole = (one.card.split for one in made)
    n_all = len(corpus.examples)
    assert (whole["train"], whole["validation"], whole["test"]) == (n_all, 0, 0)
    assert first["train"] < n_all
    told = (made[1].folder / sides.FILE).read_text("ascii").split()
    assert told[1::2] == ["train"] * n_all
    assert set((made[0].folder / sides.FILE).read_text("ascii").split()[1::2]) == set(splits.SIDES)


def test_its_scores_are_those_of_models_that_left_the_track_out(made):
    """They are the protocol's, whichever model is kept, and the card says so."""
    first, whole = (one.card for one in made)
    assert whole.scores == first.scores
    assert whole.scores["per_track"]["n"] == 3 * N_CLIPS
    assert whole.split["how"].startswith("all data train; the scores are of 3 models of the same recipe")
    page = (made[1].folder / "README.md").read_text("utf-8")
    assert f"{3 * N_CLIPS} clips trained it, none is left to test it by (all data train" in page
    assert "each by one of 3 models of the same recipe that never heard it; this model learned from all" in page


def test_promises_rest_on_tracks_that_no_judged_model_heard(made):
    """The evidence is a part of the test tracks; easy music lets even a strict promise name something."""
    for one in made:
        held_out = one.card.held_out
        assert "kfold:3" in held_out.source
        assert 0 < len(held_out.genre) < 3 * N_CLIPS
        assert abstain.thresholds(held_out, one.card.genres, 0.25)


def test_few_tracks_are_no_evidence(corpus, tmp_path):
    """With fewer than 120 no promise is made."""
    few = dataclasses.replace(corpus, examples=corpus.examples[::2])
    assert trained(few, tmp_path, NEIGHBOURS, all_data=False).card.held_out is None


def test_a_network_ends_where_the_judged_ones_were_best_on_average(corpus, tmp_path):
    """Its epochs are their mean, also where a phase counts them; its temperature is their geometric mean."""
    phase = Phase(epochs=6, learning_rate=RECIPE.fitting.learning_rate)
    fitting = dataclasses.replace(RECIPE.fitting, monitor="accuracy", patience=6, phases=(phase,))
    made = trained(corpus, tmp_path, dataclasses.replace(RECIPE, fitting=fitting), all_data=True)
    (state,) = (tmp_path / "runs").glob("*/checkpoint")
    logs = {place.name: progress.read_log(place / runs.LOG) for place in state.iterdir()}
    n_best = [max(one["number"] for one in logs[f"kfold:3-{fold}"] if one["best"]) for fold in range(3)]
    expected = round(float(np.mean(n_best)))
    assert len(logs["all"]) == expected < 6
    assert made.card.recipe["fitting"]["phases"][0]["epochs"] == expected
    judged = [artefacts.load(state / f"kfold:3-{fold}" / "model").card for fold in range(3)]
    logs_of_temperatures = np.log([one.calibration.temperature for one in judged])
    assert np.log(made.card.calibration.temperature) == pytest.approx(logs_of_temperatures.mean())


def test_an_interrupted_one_leaves_a_tested_model(corpus, tmp_path):
    """What is kept then claims nothing of all data; resumed, the run ends as if it had never stopped."""
    fitting = dataclasses.replace(RECIPE.fitting, epochs=2, patience=10)
    recipe = dataclasses.replace(RECIPE, fitting=fitting)
    run = runs.create(tmp_path / "runs", dataset="", recipe="", recipe_numbers={}, protocol="", seed=0)
    stopped = trained(corpus, tmp_path, recipe, all_data=True, run=run, told=Stopping(1))
    assert not stopped.finished
    assert stopped.card.split["test"] > 0
    whole = trained(corpus, tmp_path, recipe, all_data=True, run=run)
    assert whole.finished
    assert whole.card.split["test"] == 0
    again = trained(corpus, tmp_path, recipe, all_data=True, run=run, told=Stopping(1))
    assert again.card.checksums == whole.card.checksums


def test_leaky_protocols_say_nothing_of_all_data(corpus, tmp_path):
    """They are refused before anything is trained."""
    with pytest.raises(CorpusError, match="windows: recordings are on two sides"):
        trained(corpus, tmp_path, NEIGHBOURS, all_data=True, protocol="windows")
    assert not list(tmp_path.glob("runs/*/checkpoint/*"))
