"""A compact CNN on 3-second log-mel windows that begins with random weights: the first model of tagger.

Data      any corpus of labelled clips; artists are kept apart where the corpus names them
Window    128 frames of 512 samples at 22,050 Hz: 2.97 s, every 1.49 s
Command   tagger train --dataset csv:FILE --recipe cnn
Time      8 minutes on two CPU cores for 814 training clips (7 hours of audio), spectrograms included
Score     62.8 % of 258 test tracks (53.9 to 70.5), macro F1 53.7 % (46.7 to 59.1), on the bundled model's
          corpora; logistic regression on mean MFCCs reaches 44.2 % and 36.5 % there
"""

from __future__ import annotations

from trainer.recipe import Fitting, Recipe
from trainer.sampling import Augmentation, Sampling

RECIPE = Recipe(
    name="cnn",
    smoke_parameters={"stem_channels": 8, "channels": (8, 16), "embedding": 16},
    sampling=Sampling(windows_per_epoch=4096),
    fitting=Fitting(epochs=60, patience=20, learning_rate=3e-3, weight_decay=0.02),
    augmentation=Augmentation(
        repeat_share=0.3,
        stretch=0.1,
        pitch_bands=2.0,
        equaliser_db=5.0,
        low_pass_share=0.15,
        gain_db=6.0,
        floor_share=0.5,
        noise_db=0.5,
        time_masks=1,
        time_mask_frames=16,
        band_masks=1,
        band_mask_bands=10,
    ),
)

RECIPES = (RECIPE,)
