"""Arrigo 2025: a vanilla CNN, a classifier made of YOLOv4, and YOLOv8 with the heads of table 2.

M. Arrigo, Using CNN Networks for Music Genre Classification, Politecnico di Milano, 2025. After Y.-H. Cheng and
C.-N. Kuo, Machine Learning for Music Genre Classification Using Visual Mel Spectrum, Mathematics 10, 2022.

Data      GTZAN, a mel spectrogram of each clip: version 1 has 64 bands as an image of 416 × 416, version 2 has
          128 and 640 × 640
Command   tagger train --dataset gtzan --data DIR --recipe arrigo2025-yolov8-18 --protocol tracks
Time      the paper: up to 5 minutes an epoch for YOLOv4 on a Tesla P100
Score     the paper, on 100 clips: macro precision 80.3 %, accuracy 80 % (model 18); artists not kept apart
"""

from __future__ import annotations

import dataclasses
from typing import Any

from tagger.inference.frontend import FrontEnd
from trainer.recipe import Fitting, Recipe, Reported
from trainer.recipes.published import PLAIN, WINDOWS, frames
from trainer.sampling import Sampling

VERSION_1 = FrontEnd(n_fft=4096, win_length=1024, hop_length=512, n_mels=64)
VERSION_2 = FrontEnd(n_fft=4096, win_length=1024, hop_length=256, n_mels=128)

_NOTES = (
    "Rates of dropout are ours; the paper gives none",
    "What the paper calls mAP is the mean of the genres' precisions, here macro precision",
)
_SPLIT_1, _SPLIT_2 = (0.7, 0.1, 0.2), (0.8, 0.1, 0.1)
_FITTING: Fitting = dataclasses.replace(
    PLAIN, batch_size=8, epochs=2000, learning_rate=1e-4, patience=30, monitor="macro_precision"
)
_ADAMW: Fitting = dataclasses.replace(_FITTING, optimizer="adamw", weight_decay=1e-4)
_SLOW: Fitting = dataclasses.replace(_ADAMW, learning_rate=1e-5, patience=100)
_WEIGHTED: Sampling = dataclasses.replace(WINDOWS, class_weights=True)
_SMALL = {"weights": "none", "size": 64, "channels": (8, 8, 8, 8), "depth": (1, 1, 1, 1)}


def _recipe(number: int, system: str, precision: float, accuracy: float, **more: Any) -> Recipe:
    front_end = more.pop("front_end", VERSION_1)
    options: dict[str, Any] = {"shares": _SPLIT_2, "sampling": WINDOWS} | more
    return Recipe(
        description=f"{system} (model {number} of table 2)",
        notes=_NOTES,
        reported=Reported(
            "Arrigo 2025",
            "GTZAN",
            "tracks drawn at random, artists not kept apart",
            {"macro_precision": precision, "accuracy": accuracy},
            "tracks",
        ),
        front_end=front_end,
        window_frames=frames(30, front_end),
        hop_frames=frames(30, front_end),
        **options,
    )


def _yolov4(number: int, precision: float, accuracy: float, dropout: float, fitting: Fitting) -> Recipe:
    return _recipe(
        number,
        "YOLOv4's backbone and neck with a head of two dense layers",
        precision,
        accuracy,
        name=f"arrigo2025-yolov4-{number}",
        network="yolov4",
        network_parameters={"size": 416, "units": (256, 64), "dropout": dropout},
        smoke_parameters={"size": 64, "width": 0.0625, "depth": (1, 1, 1, 1, 1), "units": (8,)},
        shares=_SPLIT_1,
        fitting=fitting,
    )


def _yolov8(
    number: int,
    precision: float,
    accuracy: float,
    units: tuple[int, ...],
    dropouts: tuple[float, ...],
    *,
    norm: str = "none",
    pooling: str = "gap",
    before_pooling: float = 0.0,
    fitting: Fitting = _ADAMW,
    **more: Any,
) -> Recipe:
    size = 640 if more.get("front_end") is VERSION_2 else 416
    widths = "-".join(map(str, units))
    return _recipe(
        number,
        f"YOLOv8 on images of {size} × {size}, {pooling} and a head of {widths}, norm {norm}",
        precision,
        accuracy,
        name=f"arrigo2025-yolov8-{number}",
        network="yolov8",
        network_parameters={
            "weights": "coco",
            "size": size,
            "pooling": pooling,
            "units": units,
            "norm": norm,
            "dropouts": dropouts,
            "dropout_before_pooling": before_pooling,
        },
        smoke_parameters=_SMALL,
        fitting=fitting,
        **more,
    )


_HEAD, _WIDE = (256, 128, 64), (256, 128, 128, 64)
_OLD: dict[str, Any] = {"shares": _SPLIT_1}
_PATIENT: Fitting = dataclasses.replace(_ADAMW, patience=100)
_NEW: dict[str, Any] = {"front_end": VERSION_2, "norm": "layer", "sampling": _WEIGHTED}
_MODEL_18: dict[str, Any] = {**_NEW, "before_pooling": 0.3}


def _in_folds(patience: int) -> Fitting:
    return dataclasses.replace(_SLOW, patience=patience, inner_folds=5)


RECIPES = (
    _recipe(
        1,
        "Vanilla CNN of four convolutions, 32 to 256 filters",
        0.554,
        0.535,
        name="arrigo2025-cnn",
        network="arrigo",
        network_parameters={"size": 416},
        smoke_parameters={"size": 32, "channels": (4, 8), "units": 8},
        shares=_SPLIT_1,
        fitting=dataclasses.replace(_FITTING, patience=100),
    ),
    _yolov4(2, 0.668, 0.61, 0.3, dataclasses.replace(_FITTING, epochs=100, patience=15)),
    _yolov4(3, 0.6401, 0.61, 0.4, dataclasses.replace(_FITTING, epochs=200, patience=15)),
    _yolov8(4, 0.5681, 0.51, (256, 64), (0.4, 0.4), **_OLD),
    _yolov8(5, 0.6658, 0.66, (256, 64), (0.3,), **_OLD),
    _yolov8(6, 0.6574, 0.66, _HEAD, (0.3, 0.3), **_OLD),
    _yolov8(7, 0.5907, 0.59, _HEAD, (0.3, 0.3)),
    _yolov8(8, 0.5114, 0.49, _HEAD, (0.3, 0.3), norm="batch", pooling="flatten"),
    _yolov8(9, 0.5114, 0.49, (128, 64), (0.3,), norm="batch", pooling="flatten"),
    _yolov8(10, 0.3546, 0.28, _WIDE, (0.3, 0.3), norm="batch", pooling="flatten"),
    _yolov8(11, 0.7126, 0.70, _HEAD, (0.2, 0.2), fitting=_PATIENT),
    _yolov8(12, 0.5162, 0.46, _WIDE, (0.2, 0.2), fitting=_PATIENT),
    _yolov8(13, 0.4939, 0.48, (256, 128, 64, 64), (0.2, 0.2), fitting=_PATIENT),
    _yolov8(14, 0.6165, 0.63, _HEAD, (0.2, 0.2), norm="batch", fitting=_PATIENT),
    _yolov8(15, 0.7401, 0.71, _HEAD, (0.2, 0.2), norm="layer", fitting=_PATIENT),
    _yolov8(16, 0.784, 0.78, _HEAD, (0.2, 0.2), fitting=_PATIENT, front_end=VERSION_2, norm="layer"),
    _yolov8(17, 0.727, 0.69, _WIDE, (0.2, 0.2), fitting=_PATIENT, front_end=VERSION_2, norm="layer"),
    _yolov8(18, 0.8031, 0.80, _HEAD, (0.5, 0.4), fitting=_SLOW, **_MODEL_18),
    _yolov8(19, 0.6427, 0.55, _HEAD, (0.5, 0.4), fitting=_in_folds(0), **_MODEL_18),
    _yolov8(20, 0.806, 0.80, _HEAD, (0.5, 0.4), fitting=_in_folds(30), **_MODEL_18),
)
