"""A network as a learner: built, trained, heard and written."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np

from tagger.errors import SettingsError
from tagger.inference.frontend import Array
from trainer import network
from trainer.learner import Judge, Supply
from trainer.network import compress, cost
from trainer.network.training import Training
from trainer.recipe import Recipe

KERAS, ONNX = "model.keras", "model.onnx"

_PREDICT_BYTES = 64 * 2**20
_MOST_PREDICTED = 128
_BATCHES_OF_EXAMPLES = 4


class Network:
    """A `trainer.learner.Learner`: a network of Keras.

    Args:
        recipe: Its architecture, and how its weights are found.
        n_genres: Number of logits.
        parameters: More keyword arguments for its builder.

    Attributes:
        model: From windows, shape (n_windows, n_frames, n_bands), to "logits" and "embedding".

    Raises:
        SettingsError: There is no such parameter, or no network of such numbers.
    """

    def __init__(self, recipe: Recipe, n_genres: int, **parameters: Any) -> None:
        self._recipe = recipe
        keras.utils.set_random_seed(recipe.seed)

        def build(**more: Any) -> Any:
            builder = network.NETWORKS[recipe.network]
            own = {**recipe.network_parameters, **parameters, **more}
            try:
                return builder(recipe.front_end, recipe.window_frames, n_genres, **own)
            except (TypeError, ValueError) as error:
                raise SettingsError(
                    f"{recipe.name}: no network can be built of these numbers: {str(error).splitlines()[0]}",
                    hint="change network_parameters, window_frames or front_end of the recipe",
                ) from error

        self._build = build
        with _policy("mixed_float16" if recipe.fitting.mixed_precision else "float32"):
            self.model = build()
        self._stored: compress.Stored | None = None
        # Tables and filters that an architecture holds fixed, whatever else learns.
        self._fixed = frozenset(layer.name for layer in self.model.layers if not layer.trainable)

    def fit(self, supply: Supply, judge: Judge, checkpoint: Path) -> bool:
        """See `Learner.fit`; what was trained in half precision computes in single precision afterwards."""
        training = Training(self.model, self._fixed, supply, self._recipe.fitting, judge, checkpoint)
        finished = training.run()
        if self._recipe.fitting.mixed_precision:
            begun = {"weights": "none"} if "weights" in self._recipe.network_parameters else {}
            trained, self.model = self.model, self._build(**begun)
            self.model.set_weights(trained.get_weights())
        if self._recipe.quantise != "none":
            batches = range(min(supply.n_batches, _BATCHES_OF_EXAMPLES))
            examples = np.concatenate([supply.batch(0, number).windows for number in batches])
            self._stored = compress.Stored(self._onnx(), self._recipe.quantise, examples)
        return finished

    def outputs(self, windows: Array) -> Mapping[str, Array]:
        """See `Learner.outputs`."""
        if self._stored is not None:
            return self._stored(windows)
        size = max(1, min(_MOST_PREDICTED, _PREDICT_BYTES // max(1, windows[:1].nbytes)))
        return self.model.predict(windows, batch_size=size, verbose=0)

    def save(self, folder: Path) -> tuple[str, ...]:
        """See `Learner.save`."""
        if self._stored is not None:
            (folder / ONNX).write_bytes(self._stored.content)
            return (ONNX,)
        self.model.save(folder / KERAS)
        _export(self.model, folder / ONNX)
        return KERAS, ONNX

    def _onnx(self) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, ONNX)
            _export(self.model, file)
            return file.read_bytes()

    def describe(self) -> dict[str, Any]:
        """See `Learner.describe`; operations are those of convolutions and dense layers."""
        flops = cost.flops(self.model, self._recipe.window_frames)
        hop_seconds = self._recipe.hop_frames / self._recipe.front_end.frames_per_second
        return {
            "architecture": self._recipe.network,
            "parameters": int(self.model.count_params()),
            "flops_per_window": flops,
            "flops_per_second_of_audio": round(flops / hop_seconds),
            "embedding": int(self.model.output["embedding"].shape[-1]),
            "takes_any_length": self.model.input.shape[1] is None,
            "keras": keras.__version__,
        }


def _export(model: Any, file: Path) -> None:
    """Write a network for ONNX Runtime."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the converter speaks of its own dependencies' futures
        model.export(file, format="onnx", verbose=False)


@contextmanager
def _policy(name: str) -> Iterator[None]:
    """Build layers with a policy of precision."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
