"""Networks on the 58 descriptors of a segment: Li, Karimli, Maddhuri and Randev (2025), appendix B."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import layers

from tagger.inference.frontend import FrontEnd
from trainer.network import head, transform


def dense(
    front_end: FrontEnd,
    window_frames: int,
    n_genres: int,
    *,
    mean: Sequence[float] = (),
    scale: Sequence[float] = (),
    units: Sequence[int] = (512, 256, 128, 64, 16),
    dropout: float = 0.3,
) -> Any:
    """Dense layers, each followed by dropout and batch normalisation: 207,802 parameters for ten genres.

    The text of the appendix has two layers of 512; its table, whose sum is that number, has one.

    Args:
        front_end: Gives the windows: descriptors.
        window_frames: Number of segments in a window.
        n_genres: Number of logits.
        mean: Of each descriptor in the training set; none leaves them where they are.
        scale: Deviation of each in the training set; none leaves them as they are.
        units: Of each layer.
        dropout: Share dropped after each layer, 0 to 1; the appendix does not give it.

    Returns:
        See `head.model`.
    """
    windows, x = _standardised(front_end, window_frames, mean, scale)
    for number, n_units in enumerate(units, start=1):
        x = layers.Dense(n_units, activation="relu", name=f"dense{number}")(x)
        x = layers.Dropout(dropout, name=f"dropout{number}")(x)
        x = layers.BatchNormalization(name=f"norm{number}")(x)
    return head.model(windows, x, n_genres, "vector_dense")


def lstm(
    front_end: FrontEnd,
    window_frames: int,
    n_genres: int,
    *,
    mean: Sequence[float] = (),
    scale: Sequence[float] = (),
    lstm_units: int = 256,
    units: Sequence[int] = (128, 64),
    dropout: float = 0.3,
) -> Any:
    """An LSTM over the descriptors, then dense layers: 305,994 parameters for ten genres.

    Args:
        front_end: Gives the windows: descriptors.
        window_frames: Number of segments in a window.
        n_genres: Number of logits.
        mean: Of each descriptor in the training set; none leaves them where they are.
        scale: Deviation of each in the training set; none leaves them as they are.
        lstm_units: Of the LSTM.
        units: Of each dense layer.
        dropout: Share dropped after each layer, 0 to 1; the appendix does not give it.

    Returns:
        See `head.model`.
    """
    windows, x = _standardised(front_end, window_frames, mean, scale)
    x = layers.LSTM(lstm_units, name="lstm")(layers.Reshape((-1, 1), name="steps")(x))
    x = layers.Dropout(dropout, name="lstm_dropout")(x)
    x = head.dense(x, units, dropouts=[dropout] * len(units))
    return head.model(windows, x, n_genres, "vector_lstm")


def _standardised(
    front_end: FrontEnd, window_frames: int, mean: Sequence[float], scale: Sequence[float]
) -> tuple[Any, Any]:
    """The input, and its descriptors, less their mean and divided by their deviation, in a row a window."""
    transform.require(front_end, "descriptors", "this network")
    windows = keras.Input((window_frames, front_end.n_bands), name="windows")
    centre = np.asarray(mean if len(mean) else np.zeros(front_end.n_bands), float)
    spread = np.asarray(scale if len(scale) else np.ones(front_end.n_bands), float)
    spread = np.where(spread > 0, spread, 1)
    standardise = layers.Rescaling(
        (1 / spread).tolist(), (-centre / spread).tolist(), dtype="float32", name="standardised"
    )
    return windows, layers.Flatten(name="descriptors")(standardise(windows))
