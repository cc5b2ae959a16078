"""Networks by name; the only folder of the trainer that imports Keras."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

# Both are read when Keras is imported, which the next line does.
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from trainer.network import cnn

NETWORKS: dict[str, Callable[..., Any]] = {"cnn": cnn.build}
