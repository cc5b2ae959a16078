"""A recipe gets the learner it asks for, and no library that it does not need."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import keras
import numpy as np
import pytest

from tagger.errors import SettingsError
from tests.trainer import easy
from trainer import classical, learners, recipes
from trainer.data.drawing import Clip
from trainer.network.fitting import Network
from trainer.recipe import Recipe


@pytest.fixture
def clips(tmp_path, rng):
    """Two clips of different lengths and loudness, kept as spectrograms are; one band is constant."""
    made = []
    for index, (length, mean) in enumerate([(50, -40), (200, 10)]):
        values = rng.normal(mean, 5, (length, 16)).astype(np.float16)
        values[:, 3] = -100
        np.save(tmp_path / f"{index}.npy", values)
        made.append(Clip(tmp_path / f"{index}.npy", index, "made", f"artist{index}"))
    return made


@pytest.mark.parametrize("kind", classical.KINDS)
def test_classical_recipes_get_feature_models(kind, clips):
    """Of the kind they name, with their parameters and their seed."""
    parameters = {"knn": {"n_neighbors": 7}, "random_forest": {"n_estimators": 7}, "xgboost": {"max_depth": 7}}[
        kind
    ]
    recipe = Recipe(learner="classical", network=kind, network_parameters=parameters, seed=3)
    model = learners.make(recipe, 2, clips)
    assert isinstance(model, classical.FeatureModel)
    made = model._model.get_params()
    assert {name: made[name] for name in parameters} == parameters
    assert made.get("random_state", 3) == 3


def test_other_recipes_get_networks(clips):
    """With as many logits as there are genres; the seed gives the weights."""
    first, again, other = (
        learners.make(dataclasses.replace(easy.SMALL, seed=seed), 5, clips) for seed in (1, 1, 2)
    )
    assert isinstance(first, Network)
    assert first.model.output["logits"].shape == (None, 5)
    weights = [learner.model.get_layer("logits").get_weights()[0] for learner in (first, again, other)]
    assert np.array_equal(weights[0], weights[1])
    assert not np.array_equal(weights[0], weights[2])


def test_statistics_are_those_of_all_frames(clips):
    """Every frame counts alike, whichever clip it is of; what is constant is not divided by nothing."""
    values = np.concatenate([np.load(clip.file) for clip in clips]).astype(np.float64)
    found = learners.statistics(clips)
    assert found["mean"] == pytest.approx(values.mean(axis=0))
    expected = values.std(axis=0)
    expected[3] = 1
    assert found["scale"] == pytest.approx(expected)
    assert all(type(value) is float for one in found.values() for value in one)


def test_recipes_that_standardise_learn_the_scale_of_their_clips(tmp_path, rng):
    """In the network, descriptors of the clips have mean 0 and variance 1, whatever they had before."""
    values = rng.normal(rng.normal(0, 1000, 58), rng.uniform(1, 1000, 58), (40, 58)).astype(np.float32)
    np.save(tmp_path / "clip.npy", values)
    recipe = recipes.find("li2025-nn").smoke()
    model = learners.make(recipe, 2, [Clip(tmp_path / "clip.npy", 0, "made", "artist")]).model
    scaled = keras.ops.convert_to_numpy(model.get_layer("standardised")(values[:, None]))[:, 0]
    assert scaled.mean(axis=0) == pytest.approx(np.zeros(58), abs=1e-3)
    assert scaled.std(axis=0) == pytest.approx(np.ones(58), abs=1e-3)


@pytest.mark.parametrize(
    ("recipe", "missing", "message"),
    [
        ("li2025-xgboost", "xgboost", "xgboost"),
        ("li2025-knn", "skl2onnx", "skl2onnx"),
        ("li2025-wav2vec2", "transformers", "transformers"),
        ("li2025-wav2vec2", "torch", "torch"),
        ("li2025-resnet18", "keras_hub", "keras-hub"),
    ],
)
def test_a_missing_package_is_one_sentence(recipe, missing, message):
    """It names the package, and the hint says how to get it."""
    program = f"""
import sys
sys.modules[{missing!r}] = None
from tagger.errors import SettingsError
from trainer import learners, recipes
try:
    learners.make(recipes.find({recipe!r}).smoke(), 3, [])
except SettingsError as error:
    print(error.message)
    print(error.hint)
else:
    print("made")
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    said, hint = ran.stdout.splitlines() or [ran.stderr, ""]
    assert message in said
    assert "pip install 'audio-genre-tagger[" in hint


def test_a_parameter_that_makes_no_sense_is_one_sentence(clips):
    """It is said with those that there are."""
    recipe = Recipe(learner="classical", network="knn", network_parameters={"colour": "green"})
    with pytest.raises(SettingsError, match="there is no parameter `colour`"):
        learners.make(recipe, 2, clips)
    with pytest.raises(SettingsError, match="is no feature model"):
        learners.make(dataclasses.replace(recipe, network="svm"), 2, clips)
