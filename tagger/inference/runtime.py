"""Windows → logits, by Keras or by ONNX Runtime, with the same numbers."""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tagger.errors import ModelError
from tagger.inference.artefact import Artefact

Array = NDArray[np.float32]

LOGITS, EMBEDDING = "logits", "embedding"

DRIVER = Path("/proc/driver/nvidia/version")
_WITH_CUDA = "`pip install .[cuda]` installs TensorFlow with CUDA's libraries"


class Runtime(Protocol):
    """What computes a network."""

    @property
    def name(self) -> str:
        """Its key in `RUNTIMES`."""

    @property
    def device(self) -> str:
        """What it runs on, for people."""

    def outputs(self, windows: Array) -> tuple[Array, Array]:
        """Run the network on a batch of windows, shape (batch_size, n_frames, n_mels).

        Returns:
            Logits, shape (batch_size, n_genres), and embeddings, shape (batch_size, n_values), n_values being 0
            for networks without.
        """

    def logits(self, windows: Array) -> Array:
        """The logits alone."""


class OnnxRuntime:
    """The network in ONNX Runtime, on the CPU.

    Args:
        artefact: The model folder.
        threads: Threads for one batch; 0 takes one for each core.

    Raises:
        ModelError: ONNX Runtime does not accept the file, or it does not fit the card.
    """

    name = "onnx"
    device = "CPU"

    def __init__(self, artefact: Artefact, *, threads: int = 0) -> None:
        import onnxruntime  # 0.1 s, and a scan that finds everything in its cache needs none

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 4
        # Threads that wait for work by spinning take a quarter of the processor from those that decode.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(
                os.fspath(artefact.onnx_file), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # the library's own exceptions share no base class but this
            raise _unusable(artefact.onnx_file, error) from error
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        shapes = {output.name: output.shape for output in outputs}
        if len(inputs) != 1 or len(inputs[0].shape) != 3 or LOGITS not in shapes:
            raise ModelError(f"{artefact.onnx_file}: not a network from windows to logits")
        _fit(artefact, artefact.onnx_file, inputs[0].shape[-1], shapes[LOGITS][-1])
        self._input = inputs[0].name
        self._outputs = [name for name in (LOGITS, EMBEDDING) if name in shapes]

    def outputs(self, windows: Array) -> tuple[Array, Array]:
        """See `Runtime.outputs`."""
        return _pair(self._session.run(self._outputs, {self._input: windows}))

    def logits(self, windows: Array) -> Array:
        """See `Runtime.logits`."""
        return self._session.run([LOGITS], {self._input: windows})[0]


class KerasRuntime:
    """The network in Keras, on TensorFlow's first GPU if there is one.

    Args:
        artefact: The model folder.

    Raises:
        ModelError: Keras does not accept the file in safe mode, or it does not fit the card.
    """

    name = "keras"

    def __init__(self, artefact: Artefact) -> None:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        import keras  # takes seconds, and only this runtime needs it

        try:
            model = keras.saving.load_model(artefact.keras_file, compile=False, safe_mode=True)
            n_mels, n_genres = model.input.shape[-1], model.output[LOGITS].shape[-1]
        except Exception as error:  # Keras lets errors of zip, JSON, HDF5 and its own layers through
            raise _unusable(artefact.keras_file, error) from error
        _fit(artefact, artefact.keras_file, n_mels, n_genres)
        self._call, self.device = _compiled(model, keras.backend.backend())

    def outputs(self, windows: Array) -> tuple[Array, Array]:
        """See `Runtime.outputs`."""
        return _pair([np.asarray(output) for output in self._call(windows)])

    def logits(self, windows: Array) -> Array:
        """See `Runtime.logits`."""
        return self.outputs(windows)[0]


class Lazy:
    """A runtime that is loaded when it is first used: a scan that finds all in its cache needs none.

    Args:
        artefact: The model folder.
        choice: See `load`.
    """

    def __init__(self, artefact: Artefact, choice: str = "auto") -> None:
        self._artefact, self._choice = artefact, choice

    @functools.cached_property
    def loaded(self) -> Runtime:
        """The runtime itself."""
        return load(self._artefact, self._choice)

    @property
    def name(self) -> str:
        """See `Runtime`."""
        return self.loaded.name

    @property
    def device(self) -> str:
        """See `Runtime`."""
        return self.loaded.device

    def outputs(self, windows: Array) -> tuple[Array, Array]:
        """See `Runtime.outputs`."""
        return self.loaded.outputs(windows)

    def logits(self, windows: Array) -> Array:
        """See `Runtime.logits`."""
        return self.loaded.logits(windows)


RUNTIMES = {"keras": KerasRuntime, "onnx": OnnxRuntime}


def load(artefact: Artefact, choice: str = "auto") -> Runtime:
    """The runtime of a model.

    Args:
        artefact: The model folder.
        choice: A key of `RUNTIMES`, or "auto": Keras where TensorFlow sees a GPU, else ONNX Runtime.

    Raises:
        ModelError: The runtime does not accept the model.
    """
    return RUNTIMES[choose().name if choice == "auto" else choice](artefact)


@dataclass(frozen=True, slots=True)
class Choice:
    """The runtime that `load` takes, told without loading it.

    Attributes:
        name: A key of `RUNTIMES`.
        device: What it runs on, for people.
        reason: Why there.
        hint: What helps where a GPU is there that cannot be used; else empty.
    """

    name: str
    device: str
    reason: str
    hint: str = ""


def choose(choice: str = "auto", driver: Path = DRIVER) -> Choice:
    """Tell which runtime `load` takes, and why.

    Args:
        choice: See `load`.
        driver: File that is there where a GPU's driver is. TensorFlow, which takes seconds to import, is loaded
            only then, and never for "onnx".
    """
    if choice == "onnx":
        return Choice("onnx", "CPU", "ONNX Runtime uses no GPU here")
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    if choice == "keras" and backend != "tensorflow":
        return Choice("keras", backend, f"KERAS_BACKEND is {backend}")
    gpu, reason, hint = _gpu(driver)
    if choice == "auto" and not gpu:
        return Choice("onnx", "CPU", reason, hint)
    return Choice("keras", gpu or "CPU", reason, hint)


def _compiled(model: Any, backend: str) -> tuple[Any, str]:
    """The forward pass from an array to logits and embeddings, and the device it runs on."""
    names = [name for name in (LOGITS, EMBEDDING) if name in model.output]

    def forward(windows: Any) -> list[Any]:
        found = model(windows, training=False)
        return [found[name] for name in names]

    if backend != "tensorflow":
        return forward, backend
    import tensorflow

    gpus = tensorflow.config.list_physical_devices("GPU")
    return tensorflow.function(forward), f"GPU {gpus[0].name}" if gpus else "CPU"


def _pair(outputs: Sequence[Array]) -> tuple[Array, Array]:
    """Logits and embeddings, the latter empty where the network has none."""
    logits = outputs[0]
    return logits, outputs[1] if len(outputs) > 1 else np.empty((len(logits), 0), np.float32)


def _gpu(driver: Path) -> tuple[str, str, str]:
    """TensorFlow's first GPU, for people, or nothing; why that is so; and what helps."""
    if not driver.exists():
        return "", "there is no driver of an NVIDIA GPU", ""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        import tensorflow
    except Exception as error:  # its own libraries raise all sorts where their versions do not fit
        return "", f"TensorFlow, which uses GPUs, cannot be loaded: {error}", _WITH_CUDA

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


def _fit(artefact: Artefact, file: Path, n_mels: Any, n_genres: Any) -> None:
    card = artefact.card
    if (n_mels, n_genres) != (card.front_end.n_mels, len(card.genres)):
        raise ModelError(
            f"{file}: {n_mels} bands in and {n_genres} genres out do not fit the card, "
            f"which has {card.front_end.n_mels} and {len(card.genres)}"
        )


def _unusable(file: Path, error: Exception) -> ModelError:
    first_line = next(iter(str(error).strip().splitlines()), type(error).__name__)
    return ModelError(f"{file}: cannot be used: {first_line}")
