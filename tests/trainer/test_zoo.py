"""Every recipe, made small: it trains for two steps, is written, is read back, and scans a file."""

import json
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import pytest

from tagger import cli
from tagger.inference import artefact as artefacts
from tests.trainer import material
from trainer import corpora, recipes, runs, train
from trainer.corpora.interface import Corpus
from trainer.recipe import Recipe


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for everything, so that clips are heard once for all recipes that hear them alike."""
    return tmp_path_factory.mktemp("zoo")


@pytest.fixture(scope="module")
def corpus(root: Path) -> Corpus:
    """Three genres that no one can confuse."""
    music = material.folder(root / "music", np.random.default_rng(5), n_clips=10)
    return corpora.load(f"folder:{music}", data=None, cache=root / "cache")


@pytest.fixture(autouse=True)
def _forget_networks() -> Iterator[None]:
    """Keras remembers every network it has built until it is told to forget."""
    yield
    keras.utils.clear_session()


def trained(recipe: Recipe, corpus: Corpus, root: Path) -> train.Trained:
    """A run of a recipe as it is."""
    run = runs.create(
        root / "runs",
        dataset="folder",
        recipe=recipe.name,
        recipe_numbers=recipe.as_dict(),
        protocol="",
        seed=recipe.seed,
    )
    return train.run(corpus, recipe, root / "models" / recipe.name, run=run, cache=root / "cache", jobs=1)


@pytest.mark.parametrize("name", recipes.RECIPES)
def test_every_recipe_makes_a_model_that_scans(
    name: str, root: Path, corpus: Corpus, capsys: pytest.CaptureFixture[str]
) -> None:
    """It trains, its folder loads and gives the same logits, and `tagger scan` names a file by it."""
    recipe = recipes.find(name).smoke()
    if recipe.learner == "wav2vec2":
        pytest.importorskip("transformers")
    made = trained(recipe, corpus, root)
    assert made.finished
    card = artefacts.load(made.folder).card
    assert card.genres == ("Clicks", "Noise", "Tones")
    assert card.scores["per_track"]["n"] > 0
    song = next((root / "music" / "tones").rglob("*.wav"))
    capsys.readouterr()
    assert cli.run(["scan", "--model", str(made.folder), "--no-cache", "--json", str(song)]) == 0
    row = json.loads(capsys.readouterr().out.splitlines()[0])
    assert row["genre"] in card.genres
    assert sum(score["probability"] for score in row["genres"]) == pytest.approx(1, abs=1e-3)
