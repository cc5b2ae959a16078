"""Sanjeev 2025: ten convolutions on mel spectrograms of 4 seconds, and what the study names as future work.

S. Sanjeev, Deep Learning Approach for Automatic Music Genre Classification Using Mel Spectrograms, 2025.

Data      GTZAN; windows of 4 s every 2 s, at the files' own rate, as images of 256 × 256
Command   tagger train --dataset gtzan --data DIR --recipe sanjeev2025-vgg --protocol windows
Time      not known at full size, for which two CPU cores are too few; --set network_parameters.size=96 helps
Score     the paper: 94.2 % of 2,995 test windows, which are a fifth of all 14,975 windows drawn at random: the
          tracks of the test were learned
"""

from __future__ import annotations

import dataclasses

from trainer.data.variants import SANJEEV2025_FUTURE
from trainer.recipe import Fitting, Phase, Recipe, Reported
from trainer.recipes.published import MEL_128, PLAIN, WINDOWS, frames

REPORTED = Reported(
    "Sanjeev 2025",
    "GTZAN",
    "windows drawn at random: leaky",
    {"accuracy": 0.9422, "train accuracy": 0.9835},
    "windows",
)
FITTING: Fitting = dataclasses.replace(
    PLAIN, batch_size=32, epochs=30, learning_rate=1e-4, patience=30, monitor="accuracy", least_score=0.9
)

VGG = Recipe(
    name="sanjeev2025-vgg",
    description="Ten convolutions of 32 to 512 filters and a dense layer of 1,200 on mel spectrograms of 4 s",
    notes=(
        "The paper reads files at their own rate, 22,050 Hz in GTZAN; the recipe takes that of most files",
        "Weights are kept from the epoch with the best validation accuracy above 90 %, as in the paper; where "
        "none gets there the last ones stay",
        "The paper tells of batch normalisation in its text and shows none in its list of layers; "
        "network_parameters.batch_norm=true adds it",
        "A tenth of all windows or tracks validates; the paper lets its test set validate",
        "The paper speaks of 800 tracks for training and 200 for the test, but tests 2,995 of 14,975 windows, "
        "a fifth to the last one: we take it that windows were drawn",
    ),
    reported=REPORTED,
    front_end=MEL_128,
    native_rate=True,
    window_frames=frames(4),
    hop_frames=frames(2),
    network="sanjeev",
    network_parameters={"size": 256, "batch_norm": False},
    smoke_parameters={"size": 64, "channels": (4, 4, 8), "units": 16},
    shares=(0.7, 0.1, 0.2),
    sampling=WINDOWS,
    fitting=FITTING,
)

AUGMENTED = dataclasses.replace(
    VGG,
    name="sanjeev2025-vgg-augmented",
    description="sanjeev2025-vgg, learning changed copies as well: other pitch, other tempo, noise",
    notes=(*VGG.notes, "Future work in the paper: how far clips are changed is ours"),
    reported=None,
    variants=SANJEEV2025_FUTURE[1:],
)

PRUNED = dataclasses.replace(
    VGG,
    name="sanjeev2025-vgg-pruned",
    description="sanjeev2025-vgg, half of its weights set to zero and the rest trained on",
    notes=(*VGG.notes, "Future work in the paper: share, order and length of the phases are ours"),
    reported=None,
    fitting=dataclasses.replace(FITTING, phases=(Phase(30, 1e-4), Phase(5, 1e-5, prune=0.5))),
)

QUANTISED = dataclasses.replace(
    VGG,
    name="sanjeev2025-vgg-int8",
    description="sanjeev2025-vgg, its weights stored as whole numbers of 8 bits",
    notes=(
        *VGG.notes,
        "Future work in the paper: the kind of quantisation is ours, ONNX Runtime's static one",
    ),
    reported=None,
    quantise="int8",
)

FUSION = dataclasses.replace(
    VGG,
    name="sanjeev2025-fusion",
    description="sanjeev2025-vgg on four channels: mel spectrogram, MFCC, chroma and spectral contrast",
    notes=(*VGG.notes, "Future work in the paper: how features become channels is ours"),
    reported=None,
    front_end=dataclasses.replace(MEL_128, kind="log_spectrogram"),
    network_parameters={**VGG.network_parameters, "features": "fusion"},
)

HYBRID = dataclasses.replace(
    VGG,
    name="sanjeev2025-transformer",
    description="The first eight convolutions, then a transformer's encoder over the columns of the image",
    notes=(*VGG.notes, "Future work in the paper: the encoder's numbers are ours"),
    reported=None,
    network="hybrid",
    network_parameters={"size": 256},
    smoke_parameters={"size": 64, "channels": (4, 4, 8), "width": 16, "n_heads": 2, "n_layers": 1},
)

RECIPES = (VGG, AUGMENTED, FUSION, HYBRID, PRUNED, QUANTISED)
