"""Each corpus tests a model that learned from the others, and people are told so wherever scores stand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tagger.inference import artefact as artefacts
from tests.trainer import material
from tests.trainer.test_train import NEIGHBOURS
from trainer import comparison, readme, report, runs, sides, summary, train
from trainer.corpora.interface import Corpus, Example
from trainer.data import left_out
from trainer.progress import Quiet

N_CLIPS = {"ours": 54, "theirs": 52, "few": 2}
"""Of two genres in turn."""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Short clips of two large corpora, one of which has a genre alone, and of a small one."""
    root, rng = tmp_path_factory.mktemp("corpora"), np.random.default_rng(3)
    examples = []
    for name, number in itertools.chain(*(zip(itertools.repeat(one), range(n)) for one, n in N_CLIPS.items())):
        genre = ("noise", "tones")[number % 2]
        path = material.write(root / name / f"{name}{number}.wav", genre, rng, seconds=1.0)
        told = ("pop", "rock") if genre == "noise" else (genre,)
        examples.append(Example(path, told, f"{name} {number // 4}", name))
    for number in range(4):
        path = material.write(root / "ours" / f"alone{number}.wav", "noise", rng, seconds=1.0)
        examples.append(Example(path, ("jazz",), f"alone {number}", "ours"))
    return Corpus("all", tuple(examples), artists_known=True)


@pytest.fixture(scope="module")
def made(corpus, tmp_path_factory):
    """The run, and what it made."""
    root = tmp_path_factory.mktemp("run")
    run = runs.create(root / "runs", dataset="", recipe="knn", recipe_numbers={}, protocol="corpora", seed=0)
    cache = root / "cache"
    trained = train.run(
        corpus,
        NEIGHBOURS,
        root / "model",
        run=run,
        cache=cache,
        protocols=("corpora",),
        progress=Quiet(),
        jobs=1,
    )
    return run, trained


def test_each_corpus_is_tested_once_by_what_the_others_taught(made):
    """Large ones, but for the genre that no other holds; their numbers and the rule are told."""
    scores = made[1].scores["protocols"]["corpora"]
    track = scores["per_track"]
    assert track["n"] == N_CLIPS["ours"] + N_CLIPS["theirs"]
    assert {name: one["n"] for name, one in track["accuracy_by_corpus"].items()} == {
        name: n for name, n in N_CLIPS.items() if n >= left_out.LEAST_TESTED
    }
    assert track["per_genre"]["Jazz"]["support"] == 0
    assert scores["how"].count("the other corpora train") == 2
    assert "4 of its 58 tracks not tested" in scores["how"]
    assert not scores["leaky"]
    assert made[1].scores["baseline"]["per_track"]["n"] == track["n"]


def test_the_model_that_is_kept_never_met_the_first_corpus(made, corpus):
    """Its folder tells that all of its test side is of that corpus, and nothing else is."""
    _, trained = made
    met = sides.of(artefacts.load(trained.folder), [one.path for one in corpus.examples])
    sides_of = {name: {met.get(one.path) for one in corpus.examples if one.corpus == name} for name in N_CLIPS}
    assert sides_of["ours"] == {"test", None}  # the genre that no other holds is on no side
    assert sides_of["theirs"] == {"train", "validation"}
    assert sides_of["few"] <= {"train", "validation"}


def test_people_are_told_what_each_corpus_gives(made):
    """In the model's card, in its report, beside other runs, and when the run ends."""
    run, trained = made
    card, page = readme.text(trained.card), report.text(report.Subject("", "", {}), trained.scores)
    assert "each by a model that learned from other corpora only; this is the first of these 2" in card
    assert "| corpus | accuracy | macro F1 of its genres | genres | tracks |" in card
    assert "By corpus in per cent, per track, corpora" in page
    shown = comparison.side_by_side([run])
    for name in ("ours", "theirs"):
        track = trained.scores["protocols"]["corpora"]["per_track"]
        (alone,) = shown[f"corpora, {name} alone", "per_track"]
        assert alone["accuracy"]["value"] == track["accuracy_by_corpus"][name]["accuracy"]
        assert alone["macro_f1"]["value"] == track["macro_f1_by_corpus"][name]["macro_f1"]
        assert comparison.shown("accuracy", alone["accuracy"]["value"]) in card
        assert any(line.startswith(f"{name} left out: accuracy ") for line in summary.of_run(trained))
