"""The networks keep the contract of the model folder."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tagger.inference.frontend import FrontEnd
from trainer import network
from trainer.network import cost, fitting
from trainer.recipe import Recipe
from trainer.recipes import RECIPES

SMALL = Recipe(
    front_end=FrontEnd(n_mels=16),
    window_frames=16,
    network_parameters={"stem_channels": 4, "channels": (4, 8), "embedding": 6},
    batch_size=8,
    crops_per_epoch=64,
    epochs=4,
    warmup_epochs=1,
    learning_rate=1e-2,
    patience=10,
)


@pytest.fixture(scope="module", params=sorted(network.NETWORKS))
def model(request):
    """A small network of each family."""
    return fitting.build(dataclasses.replace(SMALL, network=request.param), 3)


def easy_batches(seed=0):
    """Two genres: the energy is in the low or in the high bands."""
    rng = np.random.default_rng(seed)
    while True:
        targets = rng.integers(0, 2, 8)
        windows = rng.normal(-40, 3, (8, 16, 16)).astype(np.float32)
        windows[targets == 0, :, :8] += 20
        windows[targets == 1, :, 8:] += 20
        yield windows, np.eye(2, dtype=np.float32)[targets]


def test_outputs_are_logits_and_embedding(model, rng):
    """Any number of frames gives one row of logits and one embedding for each window."""
    for n_frames in (16, 37):
        out = fitting.outputs(model, rng.normal(-30, 10, (5, n_frames, 16)).astype(np.float32))
        assert out["logits"].shape == (5, 3)
        assert out["embedding"].shape == (5, 6)
        assert np.isfinite(out["logits"]).all()


def test_gain_and_contrast_change_nothing(model, rng):
    """A window that is louder, or that was compressed, gives the same logits."""
    windows = rng.normal(-30, 10, (4, 16, 16)).astype(np.float32)
    expected = fitting.logits(model, windows)
    assert fitting.logits(model, windows + 17) == pytest.approx(expected, abs=1e-3)
    assert fitting.logits(model, windows * 0.8) == pytest.approx(expected, abs=1e-3)


def test_silence_has_finite_logits(model):
    """A window without any contrast does not divide by zero."""
    assert np.isfinite(fitting.logits(model, np.full((1, 16, 16), -100, np.float32))).all()


def test_only_built_in_layers_are_used(model):
    """The saved network is data: no layer of ours, no lambda."""
    assert all(type(layer).__module__.startswith("keras.") for layer in model.layers)
    assert all(type(layer).__name__ != "Lambda" for layer in model.layers)


def test_the_same_seed_gives_the_same_weights(rng):
    """Initial weights are a function of the seed."""
    windows = rng.normal(-30, 10, (2, 16, 16)).astype(np.float32)
    first, again, other = (
        fitting.logits(fitting.build(dataclasses.replace(SMALL, seed=seed), 3), windows) for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("name", RECIPES)
def test_the_networks_of_the_recipes_stay_small(name):
    """At most 700,000 parameters, and 60 million operations for a second of audio."""
    described = fitting.describe(fitting.build(RECIPES[name], 14), RECIPES[name])
    assert described["parameters"] <= 700_000
    assert described["flops_per_second_of_audio"] <= 60e6


def test_flops_by_hand():
    """A convolution of 3×3×1→2 over 5×4 points and a dense layer of 4→3 on 5 rows."""
    import keras

    log_mel = keras.Input((None, 4))
    x = keras.layers.Conv2D(2, 3, padding="same")(keras.layers.Reshape((-1, 4, 1))(log_mel))
    y = keras.layers.DepthwiseConv2D(3, padding="same")(x)
    z = keras.layers.Dense(3)(log_mel)
    model = keras.Model(log_mel, [x, y, z])
    assert cost.flops(model, 5) == 2 * (5 * 4 * 2 * 9) + 2 * (5 * 4 * 2 * 9) + 2 * (5 * 3 * 4)


@pytest.mark.parametrize("ema_momentum", [0.0, 0.5])
def test_fitting_learns_an_easy_task(ema_momentum):
    """Two genres that differ in one thing are told apart after a few steps."""
    recipe = dataclasses.replace(SMALL, ema_momentum=ema_momentum)
    model = fitting.build(recipe, 2)
    windows, targets = next(easy_batches(99))

    def judge(end):
        return float((fitting.logits(model, windows).argmax(axis=1) == targets.argmax(axis=1)).mean())

    assert fitting.fit(model, easy_batches(), recipe, judge)
    assert judge(None) == 1


def test_the_best_weights_are_kept_and_patience_ends_training(rng):
    """The network ends with the weights of the epoch that the judge liked best."""
    recipe = dataclasses.replace(SMALL, epochs=9, patience=2)
    model, windows, heard = fitting.build(recipe, 2), rng.normal(-30, 9, (4, 16, 16)).astype(np.float32), []

    def judge(end):
        heard.append(fitting.logits(model, windows))
        return [0.1, 0.9, 0.5, 0.5, 0.5][end.number - 1]

    assert fitting.fit(model, easy_batches(), recipe, judge)
    assert len(heard) == 4
    assert fitting.logits(model, windows) == pytest.approx(heard[1], abs=1e-6)


def test_ctrl_c_keeps_the_best_weights_so_far(rng):
    """An interrupt after the first epoch leaves its weights; one before it is passed on."""
    model, windows, heard = fitting.build(SMALL, 2), rng.normal(-30, 9, (4, 16, 16)).astype(np.float32), []

    def judge(end):
        if end.number == 2:
            raise KeyboardInterrupt
        heard.append(fitting.logits(model, windows))
        return 0.5

    assert not fitting.fit(model, easy_batches(), SMALL, judge)
    assert fitting.logits(model, windows) == pytest.approx(heard[0], abs=1e-6)

    def impatient(end):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fitting.fit(model, easy_batches(), SMALL, impatient)
