"""Smaller networks: weights set to zero while they train, and weights stored in fewer bits."""

from __future__ import annotations

import contextlib
import logging
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np

from tagger.errors import SettingsError
from tagger.inference.frontend import Array

_OUTPUTS = ("logits", "embedding")


class Pruner(keras.callbacks.Callback):
    """Sets the smallest weights of convolutions and dense layers to zero, and keeps them there.

    Han, Pool, Tran & Dally, Learning both weights and connections for efficient neural networks, NeurIPS 2015;
    the threshold is one for the whole network.

    Args:
        model: The network; weights that are zero already stay so and count.
        share: Share of these weights, 0 to 1.
    """

    def __init__(self, model: Any, share: float) -> None:
        super().__init__()
        kinds = (keras.layers.Conv2D, keras.layers.Dense)
        self._kernels = [layer.kernel for layer in model.layers if isinstance(layer, kinds)]
        sizes = [np.abs(keras.ops.convert_to_numpy(kernel)) for kernel in self._kernels]
        least = np.quantile(np.concatenate([size.ravel() for size in sizes]), share)
        self._kept = [(size > least).astype(np.float32) for size in sizes]
        self._apply()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Undo what a step did to weights that are zero."""
        self._apply()

    def _apply(self) -> None:
        for kernel, kept in zip(self._kernels, self._kept, strict=True):
            kernel.assign(kernel * kept)


class Stored:
    """A network as ONNX with its weights in fewer bits; calling it gives its outputs by name.

    Args:
        content: The network in single precision, an ONNX file.
        kind: "float16"; or "int8", ONNX Runtime's dynamic quantisation of convolutions and dense layers.

    Attributes:
        content: The smaller ONNX file.

    Raises:
        SettingsError: A package is missing.
    """

    def __init__(self, content: bytes, kind: Literal["float16", "int8"]) -> None:
        self.content = _in_halves(content) if kind == "float16" else _in_bytes(content)
        import onnxruntime

        self._session = onnxruntime.InferenceSession(self.content, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name

    def __call__(self, windows: Array) -> Mapping[str, Array]:
        """Outputs for windows, shape (n_windows, n_frames, n_bands), by name."""
        parts = [self._session.run(list(_OUTPUTS), {self._input: window[None]}) for window in windows]
        return {
            name: np.concatenate(part) for name, part in zip(_OUTPUTS, zip(*parts, strict=True), strict=True)
        }


def _in_halves(content: bytes) -> bytes:
    try:
        import onnx
        from onnxconverter_common import float16
    except ImportError as error:
        raise SettingsError(
            "half precision needs the package onnxmltools", hint="pip install 'audio-genre-tagger[train]'"
        ) from error
    return float16.convert_float_to_float16(
        onnx.load_from_string(content), keep_io_types=True
    ).SerializeToString()


def _in_bytes(content: bytes) -> bytes:
    from onnxruntime import quantization

    with tempfile.TemporaryDirectory() as folder, _quiet():
        single, bytes_ = Path(folder, "single.onnx"), Path(folder, "bytes.onnx")
        single.write_bytes(content)
        quantization.quantize_dynamic(single, bytes_)
        return bytes_.read_bytes()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the quantiser's advice to the user of its own command line from ours."""
    logger = logging.getLogger()
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
