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
_AT_A_TIME = 16
_HALF_ERROR = 2**-10  # of the greatest weight: a bit more than half precision has, within its range


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
        kind: "float16"; or "int8", ONNX Runtime's static quantisation of convolutions and dense layers. (Its
            dynamic one takes its scales from a batch, so that what is heard of a window depends on the others.)
        examples: Windows that the ranges of values are taken from, shape (n_windows, n_frames, n_bands).

    Attributes:
        content: The smaller ONNX file.

    Raises:
        SettingsError: A package is missing.
    """

    def __init__(self, content: bytes, kind: Literal["float16", "int8"], examples: Array) -> None:
        self.content = _in_halves(content) if kind == "float16" else _in_bytes(content, examples)
        import onnxruntime

        self._session = onnxruntime.InferenceSession(self.content, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name

    def __call__(self, windows: Array) -> Mapping[str, Array]:
        """Outputs for windows, shape (n_windows, n_frames, n_bands), by name."""
        batches = (windows[start : start + _AT_A_TIME] for start in range(0, len(windows), _AT_A_TIME))
        parts = [self._session.run(list(_OUTPUTS), {self._input: batch}) for batch in batches]
        return {
            name: np.concatenate(part) for name, part in zip(_OUTPUTS, zip(*parts, strict=True), strict=True)
        }


def _in_halves(content: bytes) -> bytes:
    """Weights in half precision, widened when the file is read: what is computed is so in single precision.

    Vectors stay as they are, for they cost little and may be scales; so do matrices beyond half's range.
    """
    model = _loaded(content)
    import onnx

    graph, widened = model.graph, []
    for one in graph.initializer:
        if one.data_type != onnx.TensorProto.FLOAT or len(one.dims) < 2:
            continue
        values, name = onnx.numpy_helper.to_array(one), one.name
        with np.errstate(over="ignore"):
            halved = values.astype(np.float16)
        if not np.abs(halved - values).max(initial=0) <= _HALF_ERROR * np.abs(values).max(initial=0):
            continue
        one.CopyFrom(onnx.numpy_helper.from_array(halved, f"{name}_half"))
        widened.append(onnx.helper.make_node("Cast", [one.name], [name], to=onnx.TensorProto.FLOAT))
    nodes = [*widened, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    halves: bytes = model.SerializeToString()
    return halves


def _in_bytes(content: bytes, examples: Array) -> bytes:
    graph = _loaded(content).graph
    name = graph.input[0].name
    from onnxruntime import quantization

    class Reader(quantization.CalibrationDataReader):
        """Gives the quantiser one window after the other."""

        def __init__(self) -> None:
            self._rest = iter(examples)

        def get_next(self) -> dict[str, Array] | None:
            window = next(self._rest, None)
            return None if window is None else {name: window[None]}

    with tempfile.TemporaryDirectory() as folder, _quiet():
        single, bytes_ = Path(folder, "single.onnx"), Path(folder, "bytes.onnx")
        single.write_bytes(content)
        quantization.quantize_static(
            single,
            bytes_,
            Reader(),
            op_types_to_quantize=["Conv", "Gemm", "MatMul"],
            # Powers of spectra span ten decades, of which eight bits would leave nothing.
            nodes_to_exclude=[node.name for node in graph.node if "/image_" in node.name],
            per_channel=True,
            reduce_range=True,  # else sums of products overflow on processors without VNNI
            weight_type=quantization.QuantType.QInt8,
        )
        return bytes_.read_bytes()


def _loaded(content: bytes) -> Any:
    try:
        import onnx
    except ImportError as error:
        raise SettingsError(
            "weights in fewer bits need the package onnx", hint="pip install 'audio-genre-tagger[train]'"
        ) from error
    return onnx.load_from_string(content)


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
