"""Vukotić 2025: ResNet50V2 and EfficientNetB0, made for photographs, on images of mel spectrograms.

M. Vukotić, Mel-Spectrogram Music Classification Research, University of Novi Sad, 2025.

Data      FMA large, as for vukotic2025-cnn
Command   tagger train --dataset fma-large --data DIR --recipe vukotic2025-resnet50v2-transfer
Time      the paper: 2 hours an epoch for ResNet50V2 and 9 minutes for EfficientNetB0 on an RTX 4070
Score     the paper, EfficientNetB0: macro F1 3.1 %, balanced accuracy 32.8 %, top-3 accuracy 76.9 %
"""

from __future__ import annotations

import dataclasses

from trainer.recipe import Phase, Recipe, Reported
from trainer.recipes.published import MEL_128, frames
from trainer.recipes.vukotic2025_cnn import AUGMENTATION, FITTING, JITTER, NOTES, SAMPLING

_PROTOCOL = "images split 80/10/10 or 85/15: leaky"
_HEAD = "head_"
_TOP = r"head_|conv5_|post_"

TRANSFER = Recipe(
    name="vukotic2025-resnet50v2-transfer",
    description="ResNet50V2 with ImageNet's weights: frozen at first, then its last stage fine-tuned",
    notes=(
        *NOTES,
        "The paper names the learning rate of neither phase, nor where its fine-tuning begins; here it is the "
        "last of the four stages",
    ),
    front_end=MEL_128,
    window_frames=frames(3),
    hop_frames=frames(3),
    network="backbone",
    network_parameters={
        "backbone": "resnet50v2",
        "weights": "imagenet",
        "size": 124,
        "colour": "magma",
        "jitter": JITTER,
    },
    smoke_parameters={"weights": "none", "size": 32, "until": "conv2_block1_out"},
    shares=(0.8, 0.1, 0.1),
    sampling=SAMPLING,
    augmentation=AUGMENTATION,
    fitting=dataclasses.replace(
        FITTING,
        batch_size=32,
        phases=(Phase(20, 1e-3, _HEAD, freeze_norms=True), Phase(30, 1e-5, _TOP, freeze_norms=True)),
    ),
)

SCRATCH = dataclasses.replace(
    TRANSFER,
    name="vukotic2025-resnet50v2-scratch",
    description="ResNet50V2 from random weights",
    notes=NOTES,
    network_parameters={**TRANSFER.network_parameters, "weights": "none"},
    fitting=dataclasses.replace(FITTING, batch_size=4),
)

EFFICIENTNET = dataclasses.replace(
    SCRATCH,
    name="vukotic2025-efficientnetb0",
    description="EfficientNetB0 from random weights",
    reported=Reported(
        "Vukotić 2025",
        "FMA large",
        _PROTOCOL,
        {"macro_f1": 0.0309, "weighted_f1": 0.1624, "balanced_accuracy": 0.328, "top_3_accuracy": 0.7689},
        "windows",
    ),
    network_parameters={**SCRATCH.network_parameters, "backbone": "efficientnetb0", "size": 224},
    smoke_parameters={"size": 32, "until": "block2a_project_bn"},
    fitting=dataclasses.replace(FITTING, batch_size=200),
)

RECIPES = (TRANSFER, SCRATCH, EFFICIENTNET)
