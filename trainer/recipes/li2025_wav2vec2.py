"""Li, Karimli, Maddhuri & Randev 2025: Wav2Vec2, which learned from unlabelled speech, on waveforms.

J. Li, J. Karimli, J. Maddhuri and R. Randev, Genre Classification of Music Audio Using Deep Learning: A
Comparison of Model Training Using Spectrograms and Waveforms, 2025. Experiment 3.

Data      GTZAN at 16 kHz, windows of 10 s
Command   tagger train --dataset gtzan --data DIR --recipe li2025-wav2vec2 --protocol tracks
Time      not known at full size
Score     the paper, on 200 clips: 61 % with the encoder frozen, 68 % with progressive unfreezing
"""

from __future__ import annotations

import dataclasses
from typing import Any

from tagger.inference.frontend import FrontEnd
from trainer.recipe import Phase, Recipe, Reported
from trainer.recipes.published import PLAIN, WINDOWS

_NOTES = (
    "The length of a window is ours, 10 s; the paper does not say how much of a clip is heard",
    "A tenth of the tracks validates; the paper has no validation set",
)
_TINY: dict[str, Any] = {
    "weights": "none",
    "encoder": {
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 16,
        "conv_dim": (8, 8, 8, 8, 8, 8, 8),
        "num_conv_pos_embeddings": 16,
        "num_conv_pos_embedding_groups": 2,
    },
}


def _recipe(name: str, system: str, accuracy: float, **more: Any) -> Recipe:
    return Recipe(
        name=f"li2025-{name}",
        description=system,
        notes=_NOTES,
        reported=Reported(
            "Li et al. 2025",
            "GTZAN",
            "tracks drawn at random, artists not kept apart",
            {"accuracy": accuracy},
            "tracks",
        ),
        front_end=FrontEnd(kind="waveform", sample_rate=16000, hop_length=160, fmax=8000),
        window_frames=1000,
        hop_frames=1000,
        learner="wav2vec2",
        smoke_parameters=_TINY,
        shares=(0.7, 0.1, 0.2),
        sampling=WINDOWS,
        validation_windows=3,
        **more,
    )


RECIPES = (
    _recipe(
        "wav2vec2",
        "Wav2Vec2-base, frozen, with a head of 768-128",
        0.61,
        network="frozen",
        network_parameters={"weights": "facebook/wav2vec2-base", "units": (128,), "dropouts": (0.3,)},
        fitting=dataclasses.replace(PLAIN, batch_size=16, epochs=10, learning_rate=1e-3),
    ),
    _recipe(
        "wav2vec2-unfrozen",
        "Wav2Vec2-base with a head of 768-256-128, the encoder learning after 5 epochs",
        0.68,
        network="progressive",
        network_parameters={
            "weights": "facebook/wav2vec2-base",
            "units": (256, 128),
            "dropouts": (0.3, 0.2),
            "norm": "batch",
            "encoder_rate": 0.1,
        },
        fitting=dataclasses.replace(
            PLAIN,
            batch_size=16,
            schedule="plateau",
            phases=(Phase(5, 1e-4, "head"), Phase(10, 1e-4)),
        ),
    ),
)
