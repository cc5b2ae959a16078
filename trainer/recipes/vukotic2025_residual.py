"""Vukotić 2025: a small residual CNN on balanced samples, and on the four largest genres.

M. Vukotić, Mel-Spectrogram Music Classification Research, University of Novi Sad, 2025.

Data      FMA large, as for vukotic2025-cnn: 200 examples of each of 15 genres, 1,000 of each of 11, 4,000 of
          each of 8, or all of the four largest
Command   tagger train --dataset fma-large --data DIR --recipe vukotic2025-residual-four
Time      not known for FMA large
Score     the paper, four genres: accuracy 68.8 % in validation, macro F1 24.6 % in test
"""

from __future__ import annotations

import dataclasses

from trainer.recipe import Recipe, Reported
from trainer.recipes.published import MEL_128, frames
from trainer.recipes.vukotic2025_cnn import AUGMENTATION, FITTING, JITTER, NOTES, SAMPLING
from trainer.sampling import Selection

_SAMPLED = "The paper draws so many images of each genre; here so many tracks are drawn"

FOUR = Recipe(
    name="vukotic2025-residual-four",
    description="Small residual CNN, 200 to 250 thousand parameters, on the four genres with most tracks",
    notes=NOTES,
    reported=Reported(
        "Vukotić 2025",
        "FMA large, 4 genres",
        "images split 80/10/10 or 85/15: leaky",
        {"macro_f1": 0.2456, "weighted_f1": 0.344, "balanced_accuracy": 0.2521, "top_3_accuracy": 0.9016},
        "windows",
    ),
    front_end=MEL_128,
    window_frames=frames(3),
    hop_frames=frames(3),
    network="vukotic-residual",
    network_parameters={"size": 224, "colour": "magma", "jitter": JITTER},
    smoke_parameters={"size": 32, "channels": (4, 8)},
    selection=Selection(n_genres=4),
    shares=(0.8, 0.1, 0.1),
    sampling=SAMPLING,
    augmentation=AUGMENTATION,
    fitting=dataclasses.replace(FITTING, batch_size=8, epochs=200),
)


def _sampled(n_examples: int) -> Recipe:
    """The same on so many tracks of each genre that has them."""
    least = n_examples if n_examples >= 1000 else 0
    return dataclasses.replace(
        FOUR,
        name=f"vukotic2025-residual-{n_examples}",
        description=f"Small residual CNN on {n_examples:,} tracks of each genre",
        notes=(*NOTES, _SAMPLED),
        reported=None,
        selection=Selection(most=n_examples, least=least),
        sampling=dataclasses.replace(SAMPLING, class_weights=False),
    )


RECIPES = (FOUR, *(_sampled(n_examples) for n_examples in (200, 1000, 4000)))
