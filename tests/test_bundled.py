"""Both models that come with the program: whole, small, of one vocabulary, and worth their size."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tagger import pipeline
from tagger.inference import artefact
from trainer import answers, readme

NAMES = ("accurate", "default")
EXAMPLES = Path(__file__).resolve().parents[1] / "examples" / "music"


@pytest.fixture(params=NAMES)
def model(request: pytest.FixtureRequest) -> artefact.Artefact:
    """Each of them."""
    return artefact.load(artefact.BUNDLED / request.param)


def test_these_two_are_bundled():
    """And found by their names."""
    assert [path.name for path in artefact.installed([artefact.BUNDLED])] == list(NAMES)
    assert artefact.find("accurate", pipeline.model_folders()) == artefact.BUNDLED / "accurate"


def test_they_are_small():
    """Together at most 15 MB, the larger at most 12, the usual one at most 3 MB and 60 million operations."""
    size = {name: sum(one.stat().st_size for one in (artefact.BUNDLED / name).iterdir()) for name in NAMES}
    assert sum(size.values()) <= 15e6
    assert size["accurate"] <= 12e6
    usual = artefact.load(artefact.BUNDLED / "default")
    assert (usual.folder / artefact.ONNX).stat().st_size <= 3e6
    assert usual.card.network["flops_per_second_of_audio"] <= 60e6


def test_they_name_the_same_genres():
    """So that either can be used where the other was."""
    first, second = (artefact.load(artefact.BUNDLED / name).card.genres for name in NAMES)
    assert first == second


def test_the_larger_one_is_more_often_right():
    """Where the corpus was left out, and among other artists of the same corpora, by the same protocols."""
    protocols = [artefact.load(artefact.BUNDLED / name).card.scores["protocols"] for name in NAMES]
    for protocol in ("corpora", "kfold:5"):
        for metric in ("accuracy", "macro_f1"):
            larger, usual = (one[protocol]["per_track"][metric]["value"] for one in protocols)
            assert larger > usual + 0.02


def test_people_read_what_the_card_says(model):
    """The text beside a model is made from its card."""
    assert (model.folder / "README.md").read_text("utf-8") == readme.text(model.card)


def test_the_licence_of_foreign_filters_is_beside_them():
    """Both ask for copies of themselves, one also for a word on changes; the ISC licence is in the cards."""
    text = (artefact.BUNDLED / "accurate" / "LICENSE-YAMNet.txt").read_text("utf-8")
    assert "Copyright 2016 The TensorFlow Authors" in text
    assert "They were changed" in text
    assert "MIT License\n\nCopyright (c) 2021 Haochen" in text
    assert "Version 2.0, January 2004" in text
    notes = " ".join(artefact.load(artefact.BUNDLED / "accurate").card.recipe["notes"])
    assert "The TensorFlow Authors" in notes
    assert "ISC licence" in notes


def test_a_scan_says_what_the_trainer_says(model):
    """The verdict of the program is that of the tests behind the scores, to the last digit that it prints."""
    pieces = sorted(path for path in EXAMPLES.iterdir() if path.suffix in {".ogg", ".flac", ".m4a"})
    options = ["--model", model.card.name, "--effort", "full", "--no-cache", "--json"]
    command = [sys.executable, "-m", "tagger", "scan", *options, *pieces]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    said = {Path(one["path"]): one for one in map(json.loads, done.stdout.splitlines())}
    expected = answers.verdicts(model, pieces)
    assert len(expected) >= 4
    for path, verdict in expected.items():
        assert said[path]["model"] == model.card.name
        assert said[path]["genre"] == verdict.scores[0].genre
        assert said[path]["confidence"] == round(verdict.scores[0].probability, 4)
