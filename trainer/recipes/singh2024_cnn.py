"""Singh & Gupta: SpectralCNN, ResNet-18 and EfficientNetV2-S on mel spectrograms, spectrograms and MFCC.

A. V. Singh and S. Gupta, Empirical Analysis of Music Genre Classification using CNNs, University of
Massachusetts Amherst; undated, here called 2024.

Data      GTZAN without its unreadable clip; their scores are shares of 290, the size of the test list of the
          fault-filtered split
Command   tagger train --dataset gtzan --data DIR --recipe singh2024-spectralcnn-mel --protocol official
Time      not known at full size
Score     the paper: between 44.8 % (EfficientNetV2-S, MFCC) and 57.6 % (ResNet-18, mel spectrogram)
"""

from __future__ import annotations

import dataclasses
from typing import Any

from trainer.recipe import Fitting, Recipe, Reported
from trainer.recipes.published import MEL_128, PLAIN, WINDOWS, frames

_NOTES = (
    "Batches of 32, 50 epochs and Adam at 0.001 are the paper's; what part of a clip an image shows is not "
    "told: here it is 30 s",
    "Filters, dense layers and dropout of SpectralCNN are ours: the paper shows them in a figure only",
)
_FITTING: Fitting = dataclasses.replace(PLAIN, batch_size=32, epochs=50, learning_rate=1e-3, patience=50)
_INPUTS = ("mel", "spectrogram", "mfcc")
# Accuracy, precision, recall and F1 for each of these inputs: tables 1 to 3.
_SCORES = {
    "spectralcnn": (
        (0.4552, 0.5522, 0.4585, 0.4379),
        (0.5069, 0.5342, 0.5063, 0.4959),
        (0.4724, 0.5242, 0.4782, 0.4646),
    ),
    "resnet18": (
        (0.5759, 0.5328, 0.5839, 0.5472),
        (0.4793, 0.5030, 0.4857, 0.4850),
        (0.5345, 0.5394, 0.5384, 0.5332),
    ),
    "efficientnetv2s": (
        (0.4759, 0.4677, 0.4850, 0.4618),
        (0.4828, 0.4611, 0.4920, 0.4639),
        (0.4483, 0.4390, 0.4485, 0.4315),
    ),
}
_SYSTEMS = {"spectralcnn": "SpectralCNN", "resnet18": "ResNet-18", "efficientnetv2s": "EfficientNetV2-S"}
_DRAWN = {"mel": "mel spectrograms", "spectrogram": "spectrograms", "mfcc": "MFCC"}
_SMALL = {
    "spectralcnn": {"size": 32, "channels": (4, 4, 8, 8, 8), "units": (8,)},
    "resnet18": {"weights": "none", "size": 32, "until": "stack0_block1_out"},
    "efficientnetv2s": {"weights": "none", "size": 32, "until": "block1b_add"},
}


def _recipe(system: str, drawn: str, scores: tuple[float, ...]) -> Recipe:
    parameters: dict[str, Any] = {"size": 224, "features": "mfcc" if drawn == "mfcc" else "spectrogram"}
    if system != "spectralcnn":
        parameters |= {"backbone": system, "weights": "imagenet", "units": (), "dropout": 0.0, "l2": 0.0}
    kind: Any = "log_spectrogram" if drawn == "spectrogram" else "log_mel"
    return Recipe(
        name=f"singh2024-{system}-{drawn}",
        description=f"{_SYSTEMS[system]} on {_DRAWN[drawn]} of 30 s",
        notes=_NOTES,
        reported=Reported(
            "Singh & Gupta 2024",
            "GTZAN",
            "not told; 290 test clips, as in the fault-filtered split",
            dict(zip(("accuracy", "macro_precision", "balanced_accuracy", "macro_f1"), scores, strict=True)),
            "official",
        ),
        front_end=dataclasses.replace(MEL_128, kind=kind),
        window_frames=frames(30),
        hop_frames=frames(30),
        network="spectral" if system == "spectralcnn" else "backbone",
        network_parameters=parameters,
        smoke_parameters=_SMALL[system],
        sampling=WINDOWS,
        fitting=_FITTING,
    )


RECIPES = tuple(
    _recipe(system, drawn, scores)
    for system, of_inputs in _SCORES.items()
    for drawn, scores in zip(_INPUTS, of_inputs, strict=True)
)
