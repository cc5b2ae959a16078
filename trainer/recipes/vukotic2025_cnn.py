"""Vukotić 2025: a sequential CNN on images of mel spectrograms.

M. Vukotić, Mel-Spectrogram Music Classification Research, University of Novi Sad, 2025.

Data      FMA large, its official top genres; segments of 3 s without overlap, quiet and padded ones left out
Command   tagger train --dataset fma-large --data DIR --recipe vukotic2025-cnn
Time      not known for FMA large
Score     the paper: accuracy between 30 % and 50 %, one genre guessed for most
"""

from __future__ import annotations

import dataclasses

from trainer.recipe import Fitting, Recipe, Reported
from trainer.recipes.published import MEL_128, PLAIN, WINDOWS, frames
from trainer.sampling import Augmentation, Sampling

REPORTED = Reported(
    "Vukotić 2025",
    "FMA large",
    "images split 80/10/10 or 85/15: leaky",
    {"least accuracy": 0.3, "greatest accuracy": 0.5},
    "windows",
)

SAMPLING: Sampling = dataclasses.replace(WINDOWS, class_weights=True, quiet_db=40.0, keep_short=False)
AUGMENTATION = Augmentation(zoom=0.1, roll=True, dynamic_range=0.2)
FITTING: Fitting = dataclasses.replace(
    PLAIN,
    batch_size=100,
    epochs=100,
    optimizer="adamw",
    schedule="plateau",
    weight_decay=1e-4,
    patience=10,
    plateau_patience=4,
    mixed_precision=True,
)
# The paper's ±20 %, drawn evenly, have this standard deviation; the noise is ours.
JITTER = {"contrast": 0.115, "brightness": 0.115, "noise": 0.02}

NOTES = (
    "How much quieter a segment must be to be left out is ours: its peak lies 40 dB below its track's",
    "The learning rate and the patience are ours; the paper gives no numbers",
)

CNN = Recipe(
    name="vukotic2025-cnn",
    description="Sequential CNN of 84 to 264 filters on mel images of 124 × 124, 2.5 million parameters",
    notes=NOTES,
    reported=REPORTED,
    front_end=MEL_128,
    window_frames=frames(3),
    hop_frames=frames(3),
    network="vukotic-sequential",
    network_parameters={"size": 124, "colour": "magma", "jitter": JITTER},
    smoke_parameters={"size": 64, "channels": (4, 8), "n_convolutions": (1, 1), "units": (8, 8)},
    shares=(0.8, 0.1, 0.1),
    sampling=SAMPLING,
    augmentation=AUGMENTATION,
    fitting=FITTING,
)

COSINE = dataclasses.replace(
    CNN,
    name="vukotic2025-cnn-cosine",
    description="Sequential CNN of 84 to 264 filters on green images of 72 × 72, its rate falling as a cosine",
    network_parameters={**CNN.network_parameters, "size": 72, "colour": "green"},
    fitting=dataclasses.replace(FITTING, schedule="cosine", warmup_epochs=2),
)

RECIPES = (CNN, COSINE)
