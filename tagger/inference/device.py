"""The network on a GPU, by Keras; all that knows of devices is here, and TensorFlow is met nowhere else."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tagger.errors import ModelError
from tagger.inference.artefact import Artefact
from tagger.inference.network import (
    EMBEDDING,
    LOGITS,
    Array,
    check_fit,
    first_line,
    pair,
    unloadable,
    unusable,
)

DRIVER = Path("/proc/driver/nvidia/version")
_WITH_CUDA = "`pip install .[cuda]` installs TensorFlow with CUDA's libraries"
_MOST_WINDOWS = 2**16


class KerasRuntime:
    """The network in Keras, on TensorFlow's first GPU if there is one.

    The device's memory is a limit that only trying tells: a batch that does not fit is halved, for good.

    Args:
        artefact: The model folder.
        on_notice: Told, once, in a sentence, when a batch does not fit.

    Raises:
        ModelError: Keras cannot be loaded, does not accept the file in safe mode, or it does not fit the card.
    """

    name = "keras"

    def __init__(self, artefact: Artefact, on_notice: Callable[[str], None] = lambda notice: None) -> None:
        model, backend = keras_model(artefact)
        names = [name for name in (LOGITS, EMBEDDING) if name in model.output]
        self._call: Callable[[Array], list[Array]] = lambda windows: [
            model.predict_on_batch(windows)[name] for name in names
        ]
        self.device = _device(backend)
        self._most, self._on_notice = _MOST_WINDOWS, on_notice

    def outputs(self, windows: Array) -> tuple[Array, Array]:
        """See `Runtime.outputs`.

        Raises:
            ModelError: Not even a single window fits into the device's memory.
        """
        found: list[list[Array]] = []
        n_done = 0
        while n_done < len(windows):
            part = windows[n_done : n_done + self._most]
            try:
                found.append(self._padded(part))
            except Exception as error:  # every backend has exceptions of its own
                if not _is_out_of_memory(error):
                    raise
                self._halve(len(part), error)
                continue
            n_done += len(part)
        return pair([np.concatenate(parts) for parts in zip(*found, strict=True)])

    def logits(self, windows: Array) -> Array:
        """See `Runtime.logits`."""
        return self.outputs(windows)[0]

    def _padded(self, windows: Array) -> list[Array]:
        """Run the network on one of few numbers of windows: it is traced anew for each."""
        n_rows = min(self._most, 1 << (len(windows) - 1).bit_length())
        rows = np.zeros((n_rows, *windows.shape[1:]), np.float32)
        rows[: len(windows)] = windows
        return [np.asarray(output)[: len(windows)] for output in self._call(rows)]

    def _halve(self, n_windows: int, error: Exception) -> None:
        if n_windows == 1:
            raise ModelError(
                f"{self.device}: out of memory with a single window",
                hint="`--runtime onnx` needs little memory",
            ) from error
        if self._most == _MOST_WINDOWS:
            self._on_notice(f"{self.device}: out of memory, so fewer windows are taken at a time")
        self._most = 1 << ((n_windows - 1).bit_length() - 1)


def _is_out_of_memory(error: Exception) -> bool:
    """Whether this is how TensorFlow, JAX or PyTorch say that memory is used up."""
    names = {kind.__name__ for kind in type(error).__mro__}
    told = names & {"MemoryError", "ResourceExhaustedError", "OutOfMemoryError"}
    return bool(told) or "RESOURCE_EXHAUSTED" in str(error)


def _device(backend: str) -> str:
    """What a backend computes on, for people."""
    if backend != "tensorflow":
        return backend
    import tensorflow

    gpus = tensorflow.config.list_physical_devices("GPU")
    return f"GPU {gpus[0].name}" if gpus else "CPU"


def keras_model(artefact: Artefact) -> tuple[Any, str]:
    """The network of a model folder in Keras, which takes seconds to load, and the name of Keras' backend.

    Raises:
        ModelError: Keras cannot be loaded, does not accept the file in safe mode, or it does not fit the card.
    """
    prepare_tensorflow()
    try:
        import keras
    except Exception as error:  # the libraries below it raise all sorts where their versions do not fit
        below = os.environ.get("KERAS_BACKEND", "tensorflow")
        name = {"tensorflow": "TensorFlow"}.get(below, below)
        raise unloadable(f"Keras with {name}", f"keras {below}", "onnx", error) from error

    try:
        model = keras.saving.load_model(artefact.keras_file, compile=False, safe_mode=True)
        (n_frames, n_bands), n_genres = model.input.shape[1:], model.output[LOGITS].shape[-1]
    except Exception as error:  # Keras lets errors of zip, JSON, HDF5 and its own layers through
        raise unusable(artefact.keras_file, error) from error
    check_fit(artefact, artefact.keras_file, n_frames, n_bands, n_genres)
    return model, str(keras.backend.backend())


def prepare_tensorflow() -> None:
    """Set what TensorFlow reads when it is imported, unless the user has.

    It keeps its log to itself, and uses oneDNN: on processors without AVX-512 it would not, and convolutions on
    an AVX2 processor took four times as long.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")


def gpu(driver: Path = DRIVER) -> tuple[str, str, str]:
    """TensorFlow's first GPU, for people, or nothing; why that is so; and what helps."""
    if not driver.exists():
        return "", "there is no driver of an NVIDIA GPU", ""
    prepare_tensorflow()
    try:
        import tensorflow
    except Exception as error:  # its own libraries raise all sorts where their versions do not fit
        return "", f"TensorFlow, which uses GPUs, cannot be loaded: {first_line(error)}", _WITH_CUDA

    gpus = tensorflow.config.list_physical_devices("GPU")
    if not gpus:
        return "", *_unseen(tensorflow)
    details = tensorflow.config.experimental.get_device_details(gpus[0])
    return f"GPU {details.get('device_name', gpus[0].name)}", "TensorFlow sees it", ""


def _unseen(tensorflow: Any) -> tuple[str, str]:
    """Why TensorFlow may see no GPU though a driver is there, and what helps."""
    if os.environ.get("CUDA_VISIBLE_DEVICES", "0").strip() in {"", "-1"}:
        return "CUDA_VISIBLE_DEVICES hides every GPU", ""
    if not any(Path("/dev").glob("nvidia[0-9]*")):
        return (
            "a driver of an NVIDIA GPU is there, but no device /dev/nvidia0",
            "give the container the GPU, as with `docker run --gpus all`",
        )
    if not tensorflow.test.is_built_with_cuda():
        return "this TensorFlow is built without CUDA", _WITH_CUDA
    cuda = tensorflow.sysconfig.get_build_info().get("cuda_version", "")
    return (
        f"TensorFlow sees no GPU: CUDA {cuda} is not installed, or newer than the GPU's driver",
        f"{_WITH_CUDA}, or install a newer driver",
    )
