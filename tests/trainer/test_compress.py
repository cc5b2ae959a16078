"""Smaller networks are smaller, answer as they do when users run them, and say nearly the same."""

from __future__ import annotations

import dataclasses
import sys

import keras
import numpy as np
import onnx
import pytest

from tagger.errors import SettingsError
from tagger.inference import artefact as artefacts
from tagger.inference import runtime
from tagger.inference.card import Calibration, Card, WindowShape
from tests.trainer import easy
from trainer import export
from trainer.network import compress, fitting
from trainer.recipe import Phase

WIDE = dataclasses.replace(
    easy.recipe(epochs=2), network_parameters={"stem_channels": 8, "channels": (48, 96), "embedding": 64}
)
"""Large enough for its weights to outweigh the rest of the file."""

KINDS = ("float16", "int8")


@pytest.fixture(scope="module")
def single(tmp_path_factory):
    """A network that learned, in single precision."""
    return easy.fitted(WIDE, tmp_path_factory.mktemp("single"))


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Gives the network that learned alike and is stored as asked for, and the model folder it makes."""
    made = {}

    def write(kind):
        if kind not in made:
            folder = tmp_path_factory.mktemp(kind)
            learner = easy.fitted(dataclasses.replace(WIDE, quantise=kind), folder / "state")
            names = learner.save(folder)
            sums = {name: artefacts.checksum(folder / name) for name in names}
            made[kind] = learner, export.rewrite_card(card(learner, checksums=sums), folder)
        return made[kind]

    return write


def card(learner, **more):
    """The least that a model folder says."""
    return Card(
        name="small",
        description="",
        licence="",
        created="2025-11-21",
        tagger_version="0",
        genres=("High", "Low"),
        front_end=WIDE.front_end,
        window=WindowShape(16, 8, 0.37, 0.19, variable=True),
        calibration=Calibration(),
        thresholds={"High": 0.5, "Low": 0.5},
        network=learner.describe(),
        recipe=WIDE.as_dict(),
        corpora=(),
        split={"train": 1, "validation": 1, "test": 1, "protocol": "artists", "artists": "", "notes": []},
        **more,
    )


@pytest.mark.parametrize(("kind", "least", "most"), [("float16", 0.4, 0.65), ("int8", 0.2, 0.5)])
def test_the_file_is_smaller(single, written, tmp_path, kind, least, most):
    """By nearly as much as its weights; there is no other file, since Keras cannot run it."""
    learner, artefact = written(kind)
    assert single.save(tmp_path) == ("model.keras", "model.onnx")
    size = artefact.onnx_file.stat().st_size / (tmp_path / "model.onnx").stat().st_size
    assert least < size < most
    assert not artefact.has_keras
    assert not (artefact.folder / "model.keras").exists()
    assert learner.describe()["parameters"] == single.describe()["parameters"]


@pytest.mark.parametrize(
    ("kind", "n_windows"),
    [("float16", 1), ("float16", 40), ("int8", 1), ("int8", 40)],
)
def test_users_get_the_answers_that_it_was_judged_by(written, kind, n_windows):
    """However many windows are asked at a time, logits and embeddings are those of the learner."""
    learner, artefact = written(kind)
    windows = easy.windows(np.random.default_rng(7), n_windows)[0]
    expected = learner.outputs(windows)
    logits, embedding = runtime.load(artefact, "onnx").outputs(windows)
    assert logits == pytest.approx(expected["logits"], abs=1e-3)
    assert embedding == pytest.approx(expected["embedding"], abs=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_it_can_be_written_as_a_model(written, tmp_path, kind):
    """It passes the check that every model has to pass."""
    learner, _ = written(kind)
    real = easy.windows(np.random.default_rng(1), 16)[0]
    assert export.write(learner, card(learner), tmp_path, real).card.genres == ("High", "Low")


@pytest.mark.parametrize("kind", KINDS)
def test_it_says_what_the_larger_one_says(single, written, kind):
    """The same genre for nearly every window, and logits that are close."""
    learner, _ = written(kind)
    windows = easy.windows(np.random.default_rng(3), 200)[0]
    small, large = (one.outputs(windows)["logits"] for one in (learner, single))
    assert (small.argmax(axis=1) == large.argmax(axis=1)).mean() > 0.95
    assert np.abs(small - large).max() < 0.1 * np.abs(large).max()
    assert not np.array_equal(small, large)
    assert easy.accuracy(learner) == 1


def test_half_precision_is_of_weights_alone(single, written):
    """What is computed has the range of single precision: windows beyond that of half have answers too."""
    learner, artefact = written("float16")
    windows = 1e6 * easy.windows(np.random.default_rng(3), 20)[0]
    small, large = (one.outputs(windows)["logits"] for one in (learner, single))
    assert np.abs(windows).max() > np.finfo(np.float16).max
    assert small == pytest.approx(large, rel=0.02, abs=0.02 * float(np.abs(large).max()))
    stored = onnx.load(artefact.onnx_file).graph.initializer
    kinds = {one.data_type for one in stored if np.prod(one.dims) >= 100}
    assert onnx.TensorProto.FLOAT16 in kinds
    assert onnx.TensorProto.FLOAT not in kinds


@pytest.mark.parametrize("scale", [1e-9, 1e-6, 1e6, 1e9])
def test_scales_beyond_half_precision_stay_single(scale):
    """Networks that standardise what they see have such numbers."""
    network = fitting.Network(WIDE, 2)
    inputs = keras.Input((4,))
    x = keras.layers.Rescaling([scale, 1.0, 1.0, 1.0], [0.0, 1e5, 0.0, 0.0])(inputs)
    x = keras.layers.Dense(3)(x)
    network.model = keras.Model(inputs, {"logits": x, "embedding": keras.layers.Identity()(x)})
    values = np.random.default_rng(0).normal(0, 1, (5, 4)) / [scale, 1, 1, 1] - [0, 1e5, 0, 0]
    values = values.astype(np.float32)
    expected = network.model.predict(values, verbose=0)["logits"]
    network.model(values)  # Keras exports only what was called
    stored = compress.Stored(network._onnx(), "float16", values)
    assert stored(values)["logits"] == pytest.approx(expected, rel=5e-3, abs=5e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_package_is_one_sentence(monkeypatch, kind):
    """With how to get it."""
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(SettingsError, match="fewer bits need the package onnx") as caught:
        compress.Stored(b"", kind, np.zeros((1, 16, 16), np.float32))
    assert "audio-genre-tagger[train]" in caught.value.hint


def kernels(model):
    """The weights of convolutions and dense layers, one after the other."""
    kinds = (keras.layers.Conv2D, keras.layers.Dense)
    found = [keras.ops.convert_to_numpy(one.kernel) for one in model.layers if isinstance(one, kinds)]
    return np.concatenate([kernel.ravel() for kernel in found])


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_the_smallest_weights_become_zero(share):
    """As many as asked for, of the whole network; all others keep every bit."""
    model = fitting.Network(WIDE, 2).model
    before = kernels(model)
    compress.Pruner(model, share)
    after = kernels(model)
    assert (after == 0).mean() == pytest.approx(share, abs=0.01)
    assert np.array_equal(after[after != 0], before[after != 0])
    assert np.abs(before[after == 0]).max() <= np.abs(before[after != 0]).min()


@pytest.mark.parametrize("ema_momentum", [0.0, 0.5])
def test_pruned_weights_stay_zero_while_the_others_learn(tmp_path, ema_momentum):
    """In the weights that are kept too, be they the last ones or a mean of weights."""
    phases = (Phase(1, 1e-2), Phase(2, 1e-2, prune=0.6))
    states = []

    def judge(end):
        states.append(kernels(learner.model))
        return end.number

    learner = fitting.Network(easy.recipe(phases=phases, ema_momentum=ema_momentum), 2)
    assert learner.fit(easy.Supply(), judge, tmp_path)
    first, second, third = states
    assert (first == 0).mean() < 0.1
    assert (second == 0).mean() == pytest.approx(0.6, abs=0.02)
    assert np.array_equal(second == 0, third == 0)
    assert not np.array_equal(second, third)
    assert np.array_equal(kernels(learner.model), third)
    assert easy.accuracy(learner) == 1


def test_a_second_pruning_counts_what_is_zero_already(tmp_path):
    """Shares of phases do not add up: the larger one holds."""
    phases = (Phase(1, 1e-2, prune=0.5), Phase(1, 1e-2, prune=0.7))
    learner = easy.fitted(easy.recipe(phases=phases, ema_momentum=0.0), tmp_path)
    assert (kernels(learner.model) == 0).mean() == pytest.approx(0.7, abs=0.02)
