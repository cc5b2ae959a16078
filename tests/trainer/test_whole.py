"""The model that is kept learns from all examples, and tells what others reached."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tagger.inference import abstain
from tests.trainer import material
from tests.trainer.test_train import NEIGHBOURS, RECIPE
from trainer import corpora, runs, sides, train
from trainer.corpora.interface import Corpus
from trainer.data import splits

N_CLIPS = 44


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Corpus:
    """Enough tracks of three genres that no one can confuse."""
    root = tmp_path_factory.mktemp("whole")
    folder = material.folder(root / "music", np.random.default_rng(5), n_clips=N_CLIPS)
    return corpora.load(f"folder:{folder}", data=None, cache=root / "cache")


def trained(corpus, root, recipe, *, all_data):
    """A run of three folds."""
    run = runs.create(root / "runs", dataset="", recipe="", recipe_numbers={}, protocol="", seed=0)
    return train.run(
        corpus,
        recipe,
        root / f"model-{all_data}",
        run=run,
        cache=root / "cache",
        protocols=("kfold:3",),
        all_data=all_data,
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
    assert whole.split["how"].startswith("all examples train; the scores are those of 3 models")


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
    """Its epochs are their mean, and its temperature the geometric mean of theirs."""
    fitting = dataclasses.replace(RECIPE.fitting, epochs=3, patience=1)
    made = trained(corpus, tmp_path, dataclasses.replace(RECIPE, fitting=fitting), all_data=True)
    (state,) = (tmp_path / "runs").glob("*/checkpoint")
    logs = {place.name: (place / runs.LOG).read_text("ascii").splitlines() for place in state.iterdir()}
    n_best = [max(n for n, line in enumerate(lines, 1) if '"best": true' in line) for lines in logs.values()]
    assert len(logs["all"]) == round(float(np.mean(n_best[:3])))
    assert made.card.recipe["fitting"]["epochs"] == len(logs["all"])
