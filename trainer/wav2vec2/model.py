"""The learner: an encoder of waveforms and a head, trained in phases and written as ONNX."""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import transformers
from torch.utils.flop_counter import FlopCounterMode

from tagger.errors import SettingsError
from tagger.inference.frontend import Array
from trainer.learner import Judge, Supply
from trainer.recipe import Recipe
from trainer.wav2vec2 import encoder, network, training
from trainer.wav2vec2.network import Hearing, Network

ONNX = "model.onnx"
_OPSET = 18


class SpeechModel:
    """A `trainer.learner.Learner`: the encoder, the mean of its output over time, dense layers.

    A phase of the recipe trains the parts, "head" and "encoder", that its `trainable` matches; a frozen encoder
    never learns. Until the encoder learns it is asked but once for each different window. The convolutions in
    front of its transformer stay as they are, as is usual; its dropouts are those of its configuration, without
    SpecAugment, which transformers draws from NumPy's global generator.

    Args:
        n_genres: Number of logits.
        recipe: Its front-end, windows and fitting; `recipe.network` is a key of `NETWORKS`.
        parameters: Of `Architecture`, where they differ from those in `NETWORKS`.

    Raises:
        SettingsError: The weights cannot be had, or a parameter makes no sense.
    """

    def __init__(self, n_genres: int, recipe: Recipe, **parameters: Any) -> None:
        self._recipe = recipe
        self._architecture = network.architecture(recipe.network, parameters)
        training.check(recipe.fitting, self._architecture)
        torch.manual_seed(recipe.seed)
        built = Network(encoder.load(self._architecture), self._architecture, n_genres)
        n_samples = recipe.window_frames * recipe.front_end.n_bands
        if recipe.front_end.kind != "waveform" or n_samples < built.least_samples:
            raise SettingsError(
                f"Wav2Vec2 hears waveforms of {built.least_samples} samples or more; the recipe gives it "
                f"{n_samples} values of kind {recipe.front_end.kind}"
            )
        self._hearing = Hearing(built.to("cuda" if torch.cuda.is_available() else "cpu"))

    def fit(self, supply: Supply, judge: Judge, checkpoint: Path) -> bool:
        """See `Learner.fit`; the same recipe and supply give the same weights, however often interrupted."""
        return training.Training(
            self._hearing, supply, self._recipe, self._architecture, judge, checkpoint
        ).run()

    def outputs(self, windows: Array) -> Mapping[str, Array]:
        """See `Learner.outputs`."""
        built = self._hearing.network.eval()
        with torch.inference_mode():
            logits, embedding = built.classify(self._hearing.pooled(windows))
        return {"logits": logits.cpu().numpy(), "embedding": embedding.cpu().numpy()}

    def save(self, folder: Path) -> tuple[str, ...]:
        """See `Learner.save`."""
        with encoder.quietly():
            torch.onnx.export(
                copy.deepcopy(self._hearing.network).cpu().eval(),
                (torch.zeros(2, *self._window_shape),),
                os.fspath(folder / ONNX),
                input_names=["windows"],
                output_names=["logits", "embedding"],
                dynamic_axes={name: {0: "n"} for name in ("windows", "logits", "embedding")},
                opset_version=_OPSET,
                dynamo=False,  # the newer exporter needs one package more
            )
        return (ONNX,)

    def describe(self) -> dict[str, Any]:
        """See `Learner.describe`; operations are those of convolutions and dense layers."""
        built = self._hearing.network.eval()
        # In inference mode the counter loses the normalised weights of a convolution.
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            built(torch.zeros(1, *self._window_shape, device=built.device))
        counts = counter.get_flop_counts()["Global"]
        flops = sum(counts[operation] for operation in (torch.ops.aten.convolution, torch.ops.aten.addmm))
        hop_seconds = self._recipe.hop_frames / self._recipe.front_end.frames_per_second
        return {
            "architecture": f"wav2vec2-{self._recipe.network}",
            "weights": Path(self._architecture.weights).name,
            "parameters": sum(parameter.numel() for parameter in built.parameters()),
            "flops_per_window": flops,
            "flops_per_second_of_audio": round(flops / hop_seconds),
            "embedding": built.head["logits"].in_features,
            "torch": str(torch.__version__),
            "transformers": transformers.__version__,
        }

    @property
    def _window_shape(self) -> tuple[int, int]:
        return self._recipe.window_frames, self._recipe.front_end.n_bands
