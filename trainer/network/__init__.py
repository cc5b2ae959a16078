"""Networks by name; the only folder of the trainer that imports Keras."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import Any

# All are read when Keras is imported, which the next line does; see `device.prepare_tensorflow`.
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

from trainer.network import (
    alexnet,
    arrigo,
    cnn,
    hybrid,
    li,
    musicnn,
    sanjeev,
    spectral,
    transfer,
    two_heads,
    two_trunks,
    vector,
    vgg16,
    vukotic,
    yolov4,
    yolov8,
)

logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it warns that a second network is traced anew

# Each takes a front-end, the length of a window in frames, the number of genres, and parameters of its own.
NETWORKS: dict[str, Callable[..., Any]] = {
    "cnn": cnn.build,
    "two-heads": two_heads.build,
    "two-trunks": two_trunks.build,
    "vukotic-sequential": vukotic.sequential,
    "vukotic-residual": vukotic.residual,
    "sanjeev": sanjeev.build,
    "hybrid": hybrid.build,
    "li-cnn": li.cnn,
    "li-crnn": li.crnn,
    "musicnn": musicnn.build,
    "alexnet": alexnet.build,
    "vgg16": vgg16.build,
    "backbone": transfer.build,
    "vector-dense": vector.dense,
    "vector-lstm": vector.lstm,
    "arrigo": arrigo.build,
    "yolov4": yolov4.build,
    "yolov8": yolov8.build,
    "spectral": spectral.build,
}
