"""Li, Karimli, Maddhuri & Randev 2025: CNN, CRNN and networks made for photographs, on images of 30 seconds.

J. Li, J. Karimli, J. Maddhuri and R. Randev, Genre Classification of Music Audio Using Deep Learning: A
Comparison of Model Training Using Spectrograms and Waveforms, 2025. Experiments 1 and 2, appendix A.

Data      GTZAN, a mel spectrogram of each clip as an image of 128 × 128 × 3; augmented, six of each
Command   tagger train --dataset gtzan --data DIR --recipe li2025-vgg16-augmented --protocol tracks
Time      9 to 17 s an epoch of 814 images on two CPU cores for the CNN and the CRNN; the others not known
Score     the paper, on 200 clips: VGG16 76 %, augmented 84 %; CNN 55 % and 66 %, CRNN 45.5 % and 54.5 %;
          artists not kept apart. Here, on 258 tracks of 14 genres by other artists, 30 epochs: CNN 42.6 %
          (35.1 to 49.7), CRNN 51.6 % (43.6 to 60.0)
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from trainer.data.variants import LI2025
from trainer.recipe import Fitting, Phase, Recipe, Reported
from trainer.recipes.published import MEL_128, PLAIN, WINDOWS, frames

_STUDY, _PROTOCOL = "Li et al. 2025", "tracks drawn at random, artists not kept apart"
_NOTES = (
    "Learning rates, batch size and number of epochs are ours; the paper gives none",
    "A tenth of the tracks validates; the paper has no validation set",
)
_FITTING: Fitting = dataclasses.replace(PLAIN, batch_size=32, epochs=50, patience=10)
_TUNING: Fitting = dataclasses.replace(_FITTING, learning_rate=1e-4, epochs=30)


def _recipe(name: str, system: str, accuracy: float, network: str, fitting: Fitting, **more: Any) -> Recipe:
    return Recipe(
        name=f"li2025-{name}",
        description=f"{system} on mel images of 30 s, 128 × 128 × 3",
        notes=_NOTES,
        reported=Reported(_STUDY, "GTZAN", _PROTOCOL, {"accuracy": accuracy}, "tracks"),
        front_end=MEL_128,
        window_frames=frames(30),
        hop_frames=frames(30),
        network=network,
        shares=(0.7, 0.1, 0.2),
        sampling=WINDOWS,
        fitting=fitting,
        **more,
    )


def _last_layers(
    name: str, system: str, network: str, scores: Mapping[str, float], **more: Any
) -> Iterator[Recipe]:
    """A network whose first, second or third fully connected layer is the last, and the only one to learn."""
    parameters = more.pop("network_parameters")
    for layer, accuracy in scores.items():
        yield _recipe(
            f"{name}-{layer}",
            f"{system} that ends at {layer}, the only layer that learns,",
            accuracy,
            network,
            dataclasses.replace(_FITTING, phases=(Phase(30, 1e-3, "head_"),)),
            network_parameters={**parameters, "last_layer": layer},
            **more,
        )


def _augmented(recipe: Recipe, accuracy: float) -> Recipe:
    """The same, learning five changed copies of each clip as well, made after the split."""
    return dataclasses.replace(
        recipe,
        name=f"{recipe.name}-augmented",
        description=f"{recipe.description}, sixfold: four tempos and a shift by 5 s",
        reported=Reported(_STUDY, "GTZAN", _PROTOCOL, {"accuracy": accuracy}, "tracks"),
        variants=LI2025[1:],
    )


_SMALL_CNN = {"size": 32, "channels": (4, 8), "units": 8}
_ALEXNET: dict[str, Any] = {
    "network_parameters": {"weights": "none", "size": 128},
    "smoke_parameters": {"size": 64, "width": 0.1, "n_units": 16},
}
_VGG16: dict[str, Any] = {
    "network_parameters": {"weights": "imagenet", "size": 128},
    "smoke_parameters": {"weights": "none", "size": 32, "n_units": 16, "until": "block2_pool"},
}

# Adam's usual rate moves the sum of 32,768 inputs so far in a step that the dense layer dies.
_SLOW: Fitting = dataclasses.replace(_FITTING, learning_rate=1e-4)
CNN = _recipe("cnn", "CNN", 0.55, "li-cnn", _SLOW, smoke_parameters=_SMALL_CNN)
CRNN = _recipe("crnn", "CRNN with an LSTM at its end", 0.455, "li-crnn", _FITTING, smoke_parameters=_SMALL_CNN)
ALEXNET = dataclasses.replace(
    _recipe("alexnet", "AlexNet, all layers learning,", 0.67, "alexnet", _TUNING, **_ALEXNET),
    notes=(*_NOTES, "No maintained library has ImageNet's weights for Keras: --weights takes a file of them"),
)
VGG16 = _recipe("vgg16", "VGG16, all layers learning,", 0.76, "vgg16", _TUNING, **_VGG16)
RESNET18 = _recipe(
    "resnet18",
    "ResNet-18, its last layer learning first, then all of them,",
    0.59,
    "backbone",
    dataclasses.replace(_TUNING, phases=(Phase(5, 1e-3, "head_"), Phase(25, 1e-4))),
    network_parameters={
        "backbone": "resnet18",
        "weights": "imagenet",
        "size": 128,
        "colour": "magma",
        "units": (),
        "dropout": 0.0,
        "l2": 0.0,
    },
    smoke_parameters={"weights": "none", "size": 32, "until": "stack0_block1_out"},
)

RECIPES = (
    CNN,
    CRNN,
    *_last_layers("alexnet", "AlexNet", "alexnet", {"fc6": 0.57, "fc7": 0.595, "fc8": 0.585}, **_ALEXNET),
    ALEXNET,
    *_last_layers("vgg16", "VGG16", "vgg16", {"fc6": 0.62, "fc7": 0.62, "fc8": 0.635}, **_VGG16),
    VGG16,
    RESNET18,
    _augmented(CNN, 0.66),
    _augmented(CRNN, 0.545),
    _augmented(ALEXNET, 0.735),
    _augmented(VGG16, 0.84),
    _augmented(RESNET18, 0.67),
)
