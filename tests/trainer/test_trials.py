"""Further trainings learn from what they draw, and are judged by the same test tracks."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from tagger.errors import SettingsError
from tagger.inference.frontend import FrontEnd
from tests.trainer import material as music
from trainer import corpora, studies, trials
from trainer.data import material
from trainer.progress import Quiet
from trainer.recipe import Recipe
from trainer.sampling import Sampling

RECIPE = Recipe(
    front_end=FrontEnd(n_mels=12),
    window_frames=43,
    hop_frames=43,
    learner="classical",
    network="knn",
    network_parameters={"n_neighbors": 3},
    min_examples=3,
    min_groups=3,
    sampling=Sampling(mode="windows", windows_per_epoch=0),
)
LEARNERS = {"knn": {"n_neighbors": 3}, "xgboost": {"n_estimators": 3}}


class Counting(Quiet):
    """Counts what it is told."""

    def __init__(self):
        self.stages, self.n_steps = [], 0

    def stage(self, name, total=0):
        """Remember."""
        self.stages.append((name, total))

    def advance(self):
        """Count."""
        self.n_steps += 1


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Gives three genres that no one can confuse, for a kind of model, split."""
    root = tmp_path_factory.mktemp("trials")
    folder = music.folder(root / "music", np.random.default_rng(5), n_clips=10)
    corpus = corpora.load(f"folder:{folder}", data=None, cache=root / "cache")

    def prepared(kind="knn", protocol="", **numbers):
        recipe = dataclasses.replace(RECIPE, network=kind, network_parameters=LEARNERS[kind], **numbers)
        (found,) = material.prepare(corpus, recipe, root / "cache", Quiet(), protocol=protocol, jobs=1)
        return found

    return prepared


@pytest.mark.parametrize("kind", LEARNERS)
def test_a_bootstrap_trains_as_often_as_asked_for(data, tmp_path, kind):
    """Each time on as many tracks as there are; outcomes are plain data, and nothing else is left."""
    progress, found = Counting(), data(kind)
    outcomes = list(trials.run("bootstrap", found, 4, tmp_path, progress))
    assert [one["number"] for one in outcomes] == [1, 2, 3, 4]
    assert {(one["share"], one["n_examples"]) for one in outcomes} == {(1.0, len(found.split.train))}
    assert all(0 <= score <= 1 for one in outcomes for score in one["scores"].values())
    assert {tuple(one["scores"]) for one in outcomes} == {("accuracy", "macro_f1")}
    assert json.loads(json.dumps(outcomes)) == outcomes
    assert (progress.stages[-1], progress.n_steps) == (("Bootstrap", 4), 4)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", LEARNERS)
def test_a_learning_curve_grows_to_all_tracks(data, tmp_path, kind):
    """Nine shares a round; what no one can confuse is told apart with all, no worse than with few."""
    progress, found = Counting(), data(kind)
    outcomes = list(trials.run("learning_curve", found, 2, tmp_path, progress))
    assert [one["number"] for one in outcomes] == [1] * 9 + [2] * 9
    assert [one["share"] for one in outcomes] == list(studies.SHARES) * 2
    for curve in (outcomes[:9], outcomes[9:]):
        sizes = [one["n_examples"] for one in curve]
        assert sizes == sorted(sizes)
        assert 3 <= sizes[0] < sizes[-1] == len(found.split.train)
        assert curve[-1]["scores"]["accuracy"] >= curve[0]["scores"]["accuracy"]
        assert curve[-1]["scores"]["accuracy"] > 0.6
    assert outcomes[8]["scores"] == outcomes[17]["scores"]  # all tracks are all tracks in any order
    assert (progress.stages[-1], progress.n_steps) == (("Learning curve", 18), 18)
    assert list(tmp_path.iterdir()) == []


def test_outcomes_can_be_had_again(data, tmp_path):
    """The same recipe gives the same outcomes."""
    first, again = (list(trials.run("bootstrap", data("xgboost"), 3, tmp_path, Quiet())) for _ in range(2))
    assert first == again


@pytest.mark.parametrize(("name", "called"), [("bootstrap", "bootstrap"), ("learning_curve", "learning curve")])
def test_where_windows_are_parted_there_are_no_trials(data, tmp_path, name, called):
    """A training track means nothing there."""
    with pytest.raises(SettingsError, match=f"no {called} where windows of one track are on all sides"):
        trials.check([name], data(protocol="windows"))


def test_ctrl_c_ends_all_trials(data, tmp_path, monkeypatch):
    """A training that was cut short gives no outcome, though it has weights, and leaves nothing."""

    def interrupted(validation, end):
        raise KeyboardInterrupt

    monkeypatch.setattr(trials.Validation, "__call__", interrupted)
    progress = Counting()
    with pytest.raises(KeyboardInterrupt):
        list(trials.run("bootstrap", data(), 3, tmp_path, progress))
    assert progress.n_steps == 0
    assert list(tmp_path.iterdir()) == []
