"""Two networks on the same windows: what musicnn heard in other music, and what a compact CNN learns from ours.

The first carries over to collections it never met, the second knows those it learned from, and what is no
music; the answer is the mean of their probabilities. Hansen & Salamon, Neural Network Ensembles, IEEE
Transactions on Pattern Analysis and Machine Intelligence, 1990.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from tagger.inference.frontend import FrontEnd
from trainer.network import cnn, head, musicnn, transform

_LEAST = 1e-9  # of a probability, whose logarithm is a logit


def build(
    front_end: FrontEnd,
    window_frames: int,
    n_genres: int,
    *,
    weights: str = "musicnn",
    band_stride: int = 2,
    l2: float = 0.0,
    share: float = 0.25,
    pooled_frames: int = 2,
    stem_channels: int = 16,
    channels: Sequence[int] = (24, 48, 96, 128),
    embedding: int = 128,
    dropout: float = 0.3,
    norm_momentum: float = 0.95,
) -> Any:
    """The two, to be trained apart: the layer "head_logits", and "cnn_classes" with one class more: no music.

    All layers of the CNN are named `cnn_...`, those of musicnn's head `head_...`.

    Args:
        front_end: See `musicnn.build`.
        window_frames: Length of the windows that it will learn from; it takes any.
        n_genres: Number of logits.
        weights: See `musicnn.build`.
        band_stride: See `musicnn.build`.
        l2: See `musicnn.build`.
        share: Of the CNN in the mean of the probabilities, 0 to 1.
        pooled_frames: Number of frames whose mean is one of those that the CNN sees.
        stem_channels: See `cnn.build`, as for all that follow.
        channels: Of each stage.
        embedding: Length of the CNN's own embedding.
        dropout: Share that is dropped in the CNN.
        norm_momentum: Of batch normalisation in the CNN.

    Returns:
        See `head.model`; the embedding is musicnn's, and the logits are logarithms of probabilities.

    Raises:
        SettingsError: The weights cannot be had.
        ValueError: The front-end has another number of bands, or the share is out of range.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share={share}: the CNN's share must be from 0 to 1")
    windows = keras.Input((None, front_end.n_bands), name="windows")
    _, x = musicnn.heard(windows, weights=weights, band_stride=band_stride)
    carried_over = musicnn.judged(x, n_genres, l2=l2, dropout=0.0)
    frames = layers.AveragePooling1D(pooled_frames, name="cnn_frames")(windows)
    own = cnn.heard(
        frames,
        stem_channels=stem_channels,
        channels=channels,
        embedding=embedding,
        dropout=dropout,
        norm_momentum=norm_momentum,
        prefix="cnn_",
    )
    classes = layers.Dense(n_genres + 1, name="cnn_classes")(layers.Dropout(dropout, name="cnn_last")(own))
    outputs = {"logits": mean(carried_over, classes, n_genres, share), "embedding": x}
    model = head.flattened(keras.Model(windows, outputs, name="ensemble"))
    model(ops.zeros((1, window_frames, front_end.n_bands)))
    return model


def mean(carried_over: Any, classes: Any, n_genres: int, share: float) -> Any:
    """Logarithms of the mean of the probabilities of two; as far as one hears no music, all genres are alike.

    What is no music lies far from all that musicnn learned from, and what was learned above it may be certain
    of anything there: the one that has learned what is none judges for both.

    Args:
        carried_over: Logits of the genres by one, shape (n_windows, n_genres).
        classes: Logits by the one that knows what is no music, which is its last column.
        n_genres: Number of genres.
        share: Of the second in the mean, 0 to 1.
    """
    first, second = ops.softmax(carried_over), ops.softmax(classes)
    genres, last = np.eye(n_genres + 1, n_genres), np.eye(n_genres + 1)[:, -1:]
    # Matrices, for Keras adds a column to as many rows as there are columns as if it were a row.
    own = transform.fixed(second, genres.astype(np.float32), "own_genres")
    is_music = transform.fixed(second, np.repeat(1 - last, n_genres, axis=1).astype(np.float32), "is_music")
    is_none = transform.fixed(
        second, np.repeat(last / n_genres, n_genres, axis=1).astype(np.float32), "is_none"
    )
    found = (1 - share) * first * is_music + share * own + is_none
    return ops.log(ops.maximum(found, _LEAST))
