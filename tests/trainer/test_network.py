"""The compact CNN keeps its promises, and networks learn what is easy."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
import pytest

from tagger.errors import SettingsError
from tests.trainer import easy
from trainer import recipes
from trainer.network import cost, fitting


@pytest.fixture(scope="module")
def network():
    """A small compact CNN, for three genres."""
    return fitting.Network(easy.SMALL, 3)


def logits(network, windows):
    """What it says of windows."""
    return network.outputs(windows)["logits"]


def test_outputs_are_logits_and_embedding(network, rng):
    """Any number of frames gives one row of logits and one embedding for each window."""
    for n_frames in (16, 37):
        out = network.outputs(rng.normal(-30, 10, (5, n_frames, 16)).astype(np.float32))
        assert out["logits"].shape == (5, 3)
        assert out["embedding"].shape == (5, 6)
        assert np.isfinite(out["logits"]).all()


def test_gain_and_contrast_change_nothing(network, rng):
    """A window that is louder, or that was compressed, gives the same logits."""
    windows = rng.normal(-30, 10, (4, 16, 16)).astype(np.float32)
    expected = logits(network, windows)
    assert logits(network, windows + 17) == pytest.approx(expected, abs=1e-3)
    assert logits(network, windows * 0.8) == pytest.approx(expected, abs=1e-3)


def test_silence_has_finite_logits(network):
    """A window without any contrast does not divide by zero."""
    assert np.isfinite(logits(network, np.full((1, 16, 16), -100, np.float32))).all()


def test_only_built_in_layers_are_used(network):
    """The saved network is data: no layer of ours, no lambda."""
    assert all(type(layer).__module__.startswith("keras.") for layer in network.model.layers)
    assert all(type(layer).__name__ != "Lambda" for layer in network.model.layers)


def test_the_same_seed_gives_the_same_weights(rng):
    """Initial weights are a function of the seed."""
    windows = rng.normal(-30, 10, (2, 16, 16)).astype(np.float32)
    first, again, other = (
        logits(fitting.Network(dataclasses.replace(easy.SMALL, seed=seed), 3), windows) for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_compact_cnn_stays_small():
    """At most 700,000 parameters, and 60 million operations for a second of audio."""
    described = fitting.Network(recipes.find("cnn"), 14).describe()
    assert described["parameters"] <= 700_000
    assert described["flops_per_second_of_audio"] <= 60e6
    assert described["takes_any_length"]


def test_a_network_is_described_as_it_is(network):
    """Its cost is that of `cost.flops`; the hop, not the window, decides what a second costs."""
    described = network.describe()
    assert described["architecture"] == "cnn"
    assert described["embedding"] == 6
    assert described["flops_per_window"] == cost.flops(network.model, 16)
    windows_per_second = easy.SMALL.front_end.frames_per_second / 8
    assert described["flops_per_second_of_audio"] == pytest.approx(
        described["flops_per_window"] * windows_per_second, abs=1
    )


def test_flops_by_hand():
    """Convolutions of 3×3×1→2 over 5×4 points and of 3×4→2 over 5 frames, a dense layer of 4→3 on 5 rows."""
    log_mel = keras.Input((None, 4))
    x = keras.layers.Conv2D(2, 3, padding="same")(keras.layers.Reshape((-1, 4, 1))(log_mel))
    y = keras.layers.DepthwiseConv2D(3, padding="same")(x)
    z = keras.layers.Dense(3)(log_mel)
    u = keras.layers.Conv1D(2, 3, padding="same")(log_mel)
    model = keras.Model(log_mel, [x, y, z, u])
    convolutions = 2 * (5 * 4 * 2 * 9) + 2 * (5 * 4 * 2 * 9) + 2 * (5 * 2 * 3 * 4)
    assert cost.flops(model, 5) == convolutions + 2 * (5 * 3 * 4)


@pytest.mark.parametrize("settings", [{"ema_momentum": 0.0}, {"ema_momentum": 0.5}, {"optimizer": "adam"}])
def test_fitting_learns_an_easy_task(tmp_path, settings):
    """Two genres that differ in one thing are told apart after a few steps."""
    assert easy.accuracy(easy.fitted(easy.recipe(**settings), tmp_path)) == 1


def test_half_precision_learns_and_answers_in_single_precision(tmp_path, rng):
    """Layers compute in halves while they learn; what is judged later, saved or exported is in singles."""
    learner = fitting.Network(easy.recipe(mixed_precision=True), 2)
    assert learner.model.get_layer("stem").compute_dtype == "float16"
    assert learner.fit(easy.Supply(), easy.rising, tmp_path)
    assert easy.accuracy(learner) == 1
    assert {layer.compute_dtype for layer in learner.model.layers} == {"float32"}
    assert keras.config.dtype_policy().name == "float32"


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("default", {"colour": "green"}), ("sanjeev2025-vgg", {"size": 16}), ("li2025-cnn", {"units": -1})],
)
def test_numbers_of_which_no_network_can_be_made_are_refused(name, parameters):
    """In one sentence with the recipe's name, whether a number is unknown, too small or senseless."""
    with pytest.raises(SettingsError, match=name) as caught:
        fitting.Network(recipes.find(name), 3, **parameters)
    assert "network_parameters" in caught.value.hint
    assert "\n" not in caught.value.message
