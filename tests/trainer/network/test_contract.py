"""Every network keeps the contract of the model folder."""

from __future__ import annotations

import warnings

import keras
import numpy as np
import onnxruntime
import pytest

from tests.trainer.network import contract


@pytest.fixture(scope="module", params=contract.SMOKE)
def named(request):
    """A small network, with its name."""
    keras.utils.set_random_seed(1)
    return request.param, contract.build(request.param)


def test_windows_give_logits_and_an_embedding(named, rng):
    """The embedding is what the last dense layer sees; silence has finite answers too."""
    name, model = named
    windows = contract.windows(name, rng)
    for given in (windows, np.zeros_like(windows), np.full_like(windows, -100)):
        out = model.predict(given, verbose=0)
        assert set(out) == {"logits", "embedding"}
        assert out["logits"].shape == (2, 3)
        assert np.isfinite(out["logits"]).all()
    kernel, bias = model.get_layer("head_logits").get_weights()
    assert out["embedding"] @ kernel + bias == pytest.approx(out["logits"], abs=1e-4)


def test_a_saved_network_is_data(named, rng, tmp_path):
    """It has built-in layers only, loads in safe mode without code of ours, and gives the same logits."""
    name, model = named
    assert all(type(layer).__module__.startswith("keras.") for layer in model.layers)
    assert all(type(layer).__name__ != "Lambda" for layer in model.layers)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    windows = contract.windows(name, rng)
    expected = model.predict(windows, verbose=0)["logits"]
    assert loaded.predict(windows, verbose=0)["logits"] == pytest.approx(expected, abs=1e-5)


def test_onnx_gives_the_same(named, rng, tmp_path):
    """ONNX Runtime takes one array of any number of windows, and agrees with Keras to 1e-4."""
    name, model = named
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the converter speaks of its own dependencies' futures
        model.export(tmp_path / "model.onnx", format="onnx", verbose=False)
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    (given,) = session.get_inputs()
    assert not isinstance(given.shape[0], int)
    for n in (1, 3):
        windows = contract.windows(name, rng, n)
        expected = model.predict(windows, verbose=0)
        got = dict(zip(expected, session.run(list(expected), {given.name: windows}), strict=True))
        for key, values in expected.items():
            assert got[key] == pytest.approx(values, abs=1e-4)


def test_layers_are_called_once(named):
    """Every layer has one output, so that the cost of each can be counted."""
    _, model = named
    assert all(layer.output is not None for layer in model.layers)


def test_a_step_of_training_changes_what_should_train(named, rng):
    """After one step the logits differ, and what prepares the image does not."""
    name, model = named
    model = keras.models.clone_model(model)
    prepared = {layer.name: layer.get_weights() for layer in model.layers if layer.name.startswith("image_")}
    windows = contract.windows(name, rng, 4)
    before = model.predict(windows, verbose=0)["logits"]
    learner = keras.Model(model.input, model.output["logits"])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    learner.compile("adam", loss, run_eagerly=True)  # compiling takes longer than a step
    history = learner.fit(windows, np.array([0, 1, 2, 0]), batch_size=4, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    assert not np.allclose(model.predict(windows, verbose=0)["logits"], before)
    for layer_name, weights in prepared.items():
        for old, new in zip(weights, model.get_layer(layer_name).get_weights(), strict=True):
            assert np.array_equal(old, new)


@pytest.mark.parametrize("name", ["sanjeev fusion", "efficientnetb0", "yolov4"])
def test_half_precision_reaches_neither_features_nor_logits(name, rng):
    """Trained in mixed precision, a network prepares its image and gives its logits in single precision."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = contract.build(name)
    finally:
        keras.config.set_dtype_policy(before)
    assert model.get_layer("head_logits").compute_dtype == "float32"
    assert any(layer.compute_dtype == "float16" for layer in model.layers)
    prepared = [layer for layer in model.layers if layer.name.startswith("image_") and layer.weights]
    assert all(layer.compute_dtype == "float32" for layer in prepared)
    assert np.isfinite(model.predict(contract.windows(name, rng), verbose=0)["logits"]).all()
