"""Keras on a device: any number of windows, and less memory than a batch needs."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tagger.errors import ModelError
from tagger.inference import runtime
from tagger.inference.artefact import Artefact
from tagger.inference.device import KerasRuntime

LOAD = """
from tagger.errors import ModelError
from tagger.inference import artefact, runtime
try:
    runtime.load(artefact.load(artefact.BUNDLED / "default"), "keras")
except ModelError as error:
    print(error.message, error.hint, sep="\\n")
"""
NOT_ENOUGH = 2**50
"""Values of float32 that no memory holds."""


class TorchOutOfMemoryError(RuntimeError):
    """Stands for PyTorch's, which is not installed."""


TorchOutOfMemoryError.__name__ = "OutOfMemoryError"


def by_tensorflow() -> None:
    """Ask TensorFlow's own allocator for more than there is."""
    import tensorflow

    tensorflow.zeros([NOT_ENOUGH])


def by_jax() -> None:
    """Say what JAX says."""
    raise RuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate 1024 bytes.")


def by_torch() -> None:
    """Raise what PyTorch raises."""
    raise TorchOutOfMemoryError("CUDA out of memory.")


def holding(keras: KerasRuntime, most: int, overflow: Callable[[], None]) -> list[int]:
    """Let a device hold so many windows and no more; give the sizes of the batches that it is asked for."""
    inner, sizes = keras._call, []

    def call(windows: np.ndarray) -> list[np.ndarray]:
        sizes.append(len(windows))
        if len(windows) > most:
            overflow()
        return inner(windows)

    keras._call = call
    return sizes


def windows(bundled: Artefact, n_windows: int) -> np.ndarray:
    """Noise in the shape of windows."""
    shape = n_windows, bundled.card.window.frames, bundled.card.front_end.n_mels
    return np.random.default_rng(n_windows).normal(-40, 15, shape).astype(np.float32)


@pytest.fixture
def notices() -> list[str]:
    """What the user was told."""
    return []


@pytest.fixture
def keras(bundled: Artefact, notices: list[str]) -> KerasRuntime:
    """The bundled network in Keras."""
    return KerasRuntime(bundled, notices.append)


def test_any_number_of_windows(bundled: Artefact, keras: KerasRuntime) -> None:
    """Keras is called with few different numbers of windows, and gives ONNX Runtime's numbers for all."""
    onnx, sizes = runtime.load(bundled, "onnx"), holding(keras, NOT_ENOUGH, by_jax)
    for n_windows in range(1, 40, 3):
        some = windows(bundled, n_windows)
        for ours, theirs in zip(keras.outputs(some), onnx.outputs(some), strict=True):
            assert ours.shape == theirs.shape
            np.testing.assert_allclose(ours, theirs, atol=1e-4)
    assert set(sizes) == {1, 4, 8, 16, 32, 64}


@pytest.mark.parametrize("overflow", [by_tensorflow, by_jax, by_torch])
def test_a_batch_that_does_not_fit_is_halved(
    bundled: Artefact, keras: KerasRuntime, notices: list[str], overflow: Callable[[], None]
) -> None:
    """The same numbers come out in smaller batches, the user is told once, no large batch is tried again."""
    some = windows(bundled, 21)
    expected = keras.logits(some)
    sizes = holding(keras, 4, overflow)
    np.testing.assert_allclose(keras.logits(some), expected, atol=1e-5)
    assert sizes == [32, 16, 8, 4, 4, 4, 4, 4, 1]
    assert len(notices) == 1
    assert "out of memory" in notices[0]
    sizes.clear()
    keras.logits(some)
    assert sizes == [4, 4, 4, 4, 4, 1]
    assert len(notices) == 1


def test_a_device_without_room_for_a_window(bundled: Artefact, keras: KerasRuntime) -> None:
    """Where not even one window fits, an error says so."""
    holding(keras, 0, by_jax)
    with pytest.raises(ModelError, match="out of memory with a single window"):
        keras.logits(windows(bundled, 3))


@pytest.mark.parametrize(("backend", "name"), [("tensorflow", "TensorFlow"), ("jax", "jax")])
def test_a_backend_that_cannot_be_loaded(tmp_path: Path, backend: str, name: str) -> None:
    """The error names what is broken, in the library's first line of words."""
    (tmp_path / f"{backend}.py").write_text("raise ImportError('too old\\nby far')")
    environ = os.environ | {"PYTHONPATH": str(tmp_path), "KERAS_BACKEND": backend}
    run = subprocess.run([sys.executable, "-c", LOAD], env=environ, capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[0] == f"Keras with {name} cannot be loaded: too old"
    assert f"keras {backend}`" in run.stdout


def test_other_errors_are_not_taken_for_a_lack_of_memory(bundled: Artefact, keras: KerasRuntime) -> None:
    """An error of another kind passes, and no batch is halved for it."""

    def overflow() -> None:
        raise ValueError("a defect")

    sizes = holding(keras, 0, overflow)
    with pytest.raises(ValueError, match="a defect"):
        keras.logits(windows(bundled, 8))
    assert sizes == [8]
