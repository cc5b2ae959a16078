"""What two heads say is the mean of both, one of which can say that there is no music."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
import pytest

from tests.trainer import easy
from trainer import recipes
from trainer.network import cost, fitting


@pytest.fixture(scope="module")
def recipe():
    """The recipe of both, beginning with random weights."""
    chosen = recipes.find("default")
    numbers = {**chosen.network_parameters, "weights": "none", "share": 0.3}
    return dataclasses.replace(chosen, network_parameters=numbers)


@pytest.fixture(scope="module")
def learner(recipe):
    """Both with random weights."""
    return fitting.Network(recipe, 5)


def windows(n, rng=None):
    """Random frames in dB."""
    n_frames = recipes.find("default").window_frames
    return (rng or np.random.default_rng(0)).normal(-30, 10, (n, n_frames, 96)).astype(np.float32)


def part(learner, name, heard):
    """What softmax makes of a layer's numbers."""
    model = keras.Model(learner.model.input, learner.model.get_layer(name).output)
    logits = np.asarray(model.predict(heard, verbose=0), np.float64)
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


@pytest.mark.parametrize("n_windows", [1, 5, 7])
def test_probabilities_are_the_mean_of_both(learner, n_windows):
    """Weighed by the share; where the second hears no music, neither says anything."""
    heard = windows(n_windows)
    probabilities = np.exp(learner.outputs(heard)["logits"].astype(np.float64))
    classes = part(learner, "deep_classes", heard)
    none = classes[:, -1:]
    mean = 0.7 * (1 - none) * part(learner, "head_logits", heard) + 0.3 * classes[:, :-1] + none / 5
    assert probabilities == pytest.approx(mean, abs=1e-5)
    assert probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_what_the_second_takes_for_no_music_has_no_genre(learner):
    """However certain the first is of one."""
    classes = learner.model.get_layer("deep_classes")
    before = classes.get_weights()
    classes.set_weights([before[0], before[1] + 50 * np.eye(6, dtype=np.float32)[5]])
    probabilities = np.exp(learner.outputs(windows(2))["logits"])
    classes.set_weights(before)
    assert probabilities == pytest.approx(np.full((2, 5), 0.2), abs=1e-5)


def test_the_embedding_is_what_musicnn_heard(learner):
    """200 numbers that what learns has no part in."""
    before = learner.outputs(windows(2))
    for layer in learner.model.layers:
        if layer.name.startswith(("deep_", "head_logits")):
            layer.set_weights([weight * 0.5 for weight in layer.get_weights()])
    after = learner.outputs(windows(2))
    assert before["embedding"].shape == (2, 200)
    assert np.array_equal(before["embedding"], after["embedding"])
    assert not np.allclose(before["logits"], after["logits"])


def test_each_phase_leaves_the_other_head_alone(recipe, tmp_path):
    """The first learns, then the second; musicnn's own layers never do."""
    small = recipe.smoke()
    for number, (phase, own) in enumerate(zip(small.fitting.phases, ("head_", "deep_"), strict=True)):
        fit = dataclasses.replace(small.fitting, phases=(phase,))
        network = fitting.Network(dataclasses.replace(small, fitting=fit), 2)
        supply = easy.Noise(lambda n, seed: windows(n, np.random.default_rng(seed)), n_batches=2)
        changed = easy.learned(network, supply, tmp_path / str(number))
        assert changed
        assert all(name.startswith(own) for name in changed), changed


def test_the_recipe_keeps_within_the_budget(recipe):
    """60 million operations a second of audio at its own hop, and 3 MB in single precision."""
    model = fitting.Network(recipe, 14).model
    hop_seconds = recipe.hop_frames / recipe.front_end.frames_per_second
    assert cost.flops(model, recipe.window_frames) / hop_seconds <= 60e6
    assert model.count_params() * 4 <= 3e6
    assert recipe.hop_frames < recipe.window_frames
