"""Transfer: what musicnn heard in 200,000 songs, and genres learned from few.

Data      any corpus of labelled clips; artists are kept apart where the corpus names them
Window    187 frames of 256 samples at 16,000 Hz: 2.99 s, every 2.50 s
Command   tagger train --dataset csv:FILE --recipe musicnn
"""

from __future__ import annotations

from tagger.inference.frontend import FrontEnd
from trainer.recipe import Augmentation, Fitting, Phase, Recipe, Sampling

RECIPE = Recipe(
    name="musicnn",
    description="Genre of a piece of music from its sound, by musicnn's filters and a classifier of our own",
    front_end=FrontEnd(sample_rate=16000, n_fft=512, hop_length=256, n_mels=96, fmax=8000.0),
    window_frames=187,
    hop_frames=156,
    network="musicnn",
    network_parameters={"weights": "musicnn"},
    smoke_parameters={"weights": "none"},
    sampling=Sampling(windows_per_epoch=2048, partial=True),
    fitting=Fitting(
        loss="partial",
        phases=(
            Phase(epochs=10, learning_rate=2e-3, trainable="head_"),
            Phase(epochs=14, learning_rate=3e-4, trainable="head_|dense|heard", freeze_norms=True),
        ),
        patience=8,
        weight_decay=0.1,
        label_smoothing=0.1,
        ema_momentum=0.98,
    ),
    augmentation=Augmentation(
        repeat_share=0.3,
        stretch=0.1,
        pitch_bands=1.5,
        equaliser_db=6.0,
        low_pass_share=0.25,
        low_pass_slope_db=8.0,
        floor_share=0.3,
        dynamic_range=0.1,
    ),
)

RECIPES = (RECIPE,)
