"""Which runtime computes a network: Keras on a GPU, or ONNX Runtime on the CPU; their numbers are the same."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tagger.errors import ModelError
from tagger.inference.artefact import Artefact
from tagger.inference.device import DRIVER, KerasRuntime, gpu
from tagger.inference.network import EMBEDDING, LOGITS, Array, Runtime
from tagger.inference.onnx import OnnxRuntime

__all__ = ["DRIVER", "EMBEDDING", "LOGITS", "RUNTIMES", "Choice", "Lazy", "Runtime", "choose", "load"]

RUNTIMES = ("keras", "onnx")


def _ignore(notice: str) -> None:
    """Take no notice."""


class Lazy:
    """A runtime that is loaded when it is first used: a scan that finds all in its cache needs none.

    Args:
        artefact: The model folder.
        choice: See `load`.
        threads: See `load`.
        on_notice: See `load`.
    """

    def __init__(
        self,
        artefact: Artefact,
        choice: str = "auto",
        threads: int = 0,
        on_notice: Callable[[str], None] = _ignore,
    ) -> None:
        self._load = functools.partial(load, artefact, choice, threads, on_notice)

    @functools.cached_property
    def loaded(self) -> Runtime:
        """The runtime itself."""
        return self._load()

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


def load(
    artefact: Artefact, choice: str = "auto", threads: int = 0, on_notice: Callable[[str], None] = _ignore
) -> Runtime:
    """The runtime of a model.

    Args:
        artefact: The model folder.
        choice: One of `RUNTIMES`, or "auto": Keras where TensorFlow sees a GPU and can run the model, else ONNX
            Runtime.
        threads: Threads for one batch on the CPU; 0 takes one for each core.
        on_notice: Told, in a sentence, what the user should know: a GPU is there that cannot be used, or its
            memory is too small for a batch.

    Raises:
        ModelError: The runtime does not accept the model.
    """
    if choice == "keras" and not artefact.has_keras:
        raise ModelError(f"{artefact.folder}: Keras cannot run this model", hint="leave `--runtime keras` out")
    if choice == "auto":
        chosen = choose(has_keras=artefact.has_keras)
        choice = chosen.name
        if chosen.hint:
            on_notice(f"the CPU is used: {chosen.reason}; {chosen.hint}")
    if choice == "keras":
        return KerasRuntime(artefact, on_notice)
    return OnnxRuntime(artefact, threads=threads)


@dataclass(frozen=True, slots=True)
class Choice:
    """The runtime that `load` takes, told without loading it.

    Attributes:
        name: One of `RUNTIMES`.
        device: What it runs on, for people.
        reason: Why there.
        hint: What helps where a GPU is there that cannot be used; else empty.
    """

    name: str
    device: str
    reason: str
    hint: str = ""


def choose(choice: str = "auto", driver: Path = DRIVER, *, has_keras: bool = True) -> Choice:
    """Tell which runtime `load` takes, and why.

    Args:
        choice: See `load`.
        driver: File that is there where a GPU's driver is. TensorFlow, which takes seconds to import, is loaded
            only then, and never for "onnx".
        has_keras: Whether Keras can run the model; where it was asked for in vain, that is the reason.
    """
    if choice == "onnx":
        return Choice("onnx", "CPU", "ONNX Runtime uses no GPU here")
    if not has_keras:
        return Choice("keras" if choice == "keras" else "onnx", "CPU", "Keras cannot run this model")
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    if choice == "keras" and backend != "tensorflow":
        return Choice("keras", backend, f"KERAS_BACKEND is {backend}")
    name, reason, hint = gpu(driver)
    if choice == "auto" and not name:
        return Choice("onnx", "CPU", reason, hint)
    return Choice("keras", name or "CPU", reason, hint)
