"""The model that comes with tagger: musicnn, which heard 200,000 songs, beside a compact CNN of our own.

Data      any corpus of labelled clips; artists are kept apart where the corpus names them
Window    187 frames of 256 samples at 16,000 Hz: 2.99 s, every 2.85 s
Command   tagger train --dataset csv:FILE --recipe default --background DIR --protocol corpora --all-data
Time      25 minutes on two CPU cores for the four trainings of that command, of 800 to 1,500 clips each
Score     58.4 % of 1,085 test tracks (54.1 to 62.2) whose corpus was left out, macro F1 60.1 % (56.2 to 63.2),
          on the bundled model's corpora; logistic regression on mean MFCCs reaches 21.2 % and 22.1 % there
Background
          DIR holds the English and the Spanish prompts of Asterisk's core sounds 1.6.1, of Debian's packages
          asterisk-core-sounds-en-g722 and -es-g722, joined by examples/join_recordings.py

musicnn's part learns first, its last layer alone and from windows as they are; then the CNN, from changed ones.
Of the share of the CNN more than a quarter cost accuracy on corpora that were left out, in trials.
"""

from __future__ import annotations

import dataclasses

from trainer.recipe import Fitting, Phase, Recipe
from trainer.recipes import compact_cnn, musicnn_transfer
from trainer.sampling import Sampling

RECIPE = Recipe(
    name="default",
    description="Genre of a piece of music from its sound, by musicnn's filters and a compact CNN",
    notes=musicnn_transfer.RECIPE.notes,
    front_end=musicnn_transfer.RECIPE.front_end,
    window_frames=187,
    hop_frames=178,
    network="ensemble",
    network_parameters={"weights": "musicnn", "l2": 0.05, "share": 0.2},
    smoke_parameters={"weights": "none", "stem_channels": 4, "channels": (8, 8), "embedding": 8},
    sampling=Sampling(windows_per_epoch=4096, partial=True, background_share=0.08),
    fitting=Fitting(
        loss="partial",
        phases=(
            Phase(epochs=8, learning_rate=5e-3, trainable="head_", output="head_logits", changed=False),
            Phase(epochs=24, learning_rate=4e-3, trainable="cnn_", output="cnn_classes"),
        ),
        warmup_epochs=1,
        weight_decay=0.02,
        patience=24,
        least_score=1.0,  # out of reach, so the last weights stay: the mean is at its best before the CNN is
    ),
    augmentation=dataclasses.replace(compact_cnn.RECIPE.augmentation, time_mask_frames=32),
)

RECIPES = (RECIPE,)
