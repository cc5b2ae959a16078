"""Li, Karimli, Maddhuri & Randev 2025: models of 58 descriptors, from neighbours to XGBoost and two networks.

J. Li, J. Karimli, J. Maddhuri and R. Randev, Genre Classification of Music Audio Using Deep Learning: A
Comparison of Model Training Using Spectrograms and Waveforms, 2025. Experiments 3 and 4, appendices B and C.

Data      GTZAN, 58 numbers of each clip of 30 s
Command   tagger train --dataset gtzan --data DIR --recipe li2025-xgboost-tuned --protocol tracks
Time      0.3 s of one core for the descriptors of a clip, once; 3 s for XGBoost, tuned
Score     the paper, on 200 clips: XGBoost, tuned, 79 %; artists not kept apart. Here, on 1,312 tracks of
          14 genres in five folds by artist: 50.5 % (46.8 to 54.2), macro F1 43.3 % (40.2 to 46.1)
"""

from __future__ import annotations

import dataclasses
from typing import Any

from tagger.inference.frontend import FrontEnd
from trainer.recipe import Fitting, Recipe, Reported
from trainer.recipes.published import PLAIN, RATE, WINDOWS

_STUDY, _PROTOCOL = "Li et al. 2025", "tracks drawn at random, artists not kept apart"
_DEFAULTS = "The paper gives no parameters: they are the library's defaults"
_FITTING: Fitting = dataclasses.replace(PLAIN, batch_size=32, epochs=200, patience=30)
_AT_ONCE: Fitting = dataclasses.replace(PLAIN, epochs=1)
_DESCRIPTORS = FrontEnd(kind="descriptors", sample_rate=RATE, hop_length=30 * RATE, fmax=RATE / 2)


def _recipe(name: str, system: str, accuracy: float, network: str, **more: Any) -> Recipe:
    return Recipe(
        name=f"li2025-{name}",
        description=f"{system} on 58 descriptors of 30 s",
        reported=Reported(_STUDY, "GTZAN", _PROTOCOL, {"accuracy": accuracy}, "tracks"),
        front_end=_DESCRIPTORS,
        window_frames=1,
        hop_frames=1,
        network=network,
        shares=(0.7, 0.1, 0.2),
        sampling=WINDOWS,
        fitting=_AT_ONCE if more.get("learner") == "classical" else _FITTING,
        **more,
    )


_TUNED = {
    "subsample": 0.6,
    "reg_lambda": 1.5,
    "reg_alpha": 0.1,
    "n_estimators": 1000,
    "max_depth": 9,
    "learning_rate": 0.05,
    "gamma": 0,
    "colsample_bytree": 0.6,
}
_LAYERS = "Dropout, learning rate and number of epochs are ours; the paper gives none"

RECIPES = (
    _recipe("knn", "k nearest neighbours", 0.645, "knn", learner="classical", notes=(_DEFAULTS,)),
    _recipe(
        "random-forest",
        "Random forest",
        0.755,
        "random_forest",
        learner="classical",
        notes=(_DEFAULTS,),
        smoke_parameters={"n_estimators": 5},
    ),
    _recipe(
        "xgboost",
        "XGBoost",
        0.775,
        "xgboost",
        learner="classical",
        notes=(_DEFAULTS,),
        smoke_parameters={"n_estimators": 3},
    ),
    _recipe(
        "xgboost-tuned",
        "XGBoost with the parameters of appendix C",
        0.79,
        "xgboost",
        learner="classical",
        network_parameters=_TUNED,
        smoke_parameters={"n_estimators": 3},
    ),
    _recipe(
        "nn",
        "Dense network of appendix B, 207,802 parameters,",
        0.755,
        "vector-dense",
        standardise=True,
        notes=(_LAYERS,),
        smoke_parameters={"units": (8,)},
    ),
    _recipe(
        "lstm",
        "LSTM network of appendix B, 305,994 parameters,",
        0.54,
        "vector-lstm",
        standardise=True,
        notes=(_LAYERS,),
        smoke_parameters={"lstm_units": 4, "units": (8,)},
    ),
)
