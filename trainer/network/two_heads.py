"""Two heads on what musicnn heard: one that travels to other collections, one that knows ours, and no music.

The first is a layer on the 200 numbers of musicnn's penultimate layer, held back strongly; the second a small
network on all that musicnn pools over time, which learns more of the collections at hand, and a class of its
own for what is no music. The answer is the mean of their probabilities. Hansen & Salamon, Neural Network
Ensembles, IEEE Transactions on Pattern Analysis and Machine Intelligence, 1990.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from tagger.inference.frontend import FrontEnd
from trainer.network import head, musicnn, transform

_LEAST = 1e-9  # of a probability, whose logarithm is a logit


def build(
    front_end: FrontEnd,
    window_frames: int,
    n_genres: int,
    *,
    weights: str = "musicnn",
    band_stride: int = 2,
    l2: float = 0.0,
    share: float = 0.5,
    units: int = 512,
    dropout: float = 0.5,
) -> Any:
    """The two, to be trained apart: the layer "head_logits", and "deep_classes" with one class more.

    All layers of the second head are named `deep_...`.

    Args:
        front_end: See `musicnn.build`.
        window_frames: Length of the windows that it will learn from; it takes any.
        n_genres: Number of logits.
        weights: See `musicnn.build`.
        band_stride: See `musicnn.build`.
        l2: See `musicnn.build`.
        share: Of the second head in the mean of the probabilities, 0 to 1.
        units: Of its hidden layer.
        dropout: Share of the hidden layer that is dropped in training, 0 to 1; of what it sees, half as much.

    Returns:
        See `head.model`; the embedding is musicnn's, and the logits are logarithms of probabilities.

    Raises:
        SettingsError: The weights cannot be had.
        ValueError: The front-end has another number of bands, or the share is out of range.
    """
    check(share)
    windows = keras.Input((None, front_end.n_bands), name="windows")
    pooled, x = musicnn.heard(windows, weights=weights, band_stride=band_stride)
    travelling = musicnn.judged(x, n_genres, l2=l2, dropout=0.0)
    classes = own_classes(pooled, n_genres, units=units, dropout=dropout)
    outputs = {"logits": mean(travelling, classes, n_genres, share), "embedding": x}
    model = head.flattened(keras.Model(windows, outputs, name="two_heads"))
    model(ops.zeros((1, window_frames, front_end.n_bands)))
    return model


def check(share: float) -> None:
    """Make sure that the second head's share can be one.

    Raises:
        ValueError: It cannot.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share={share}: the second head's share must be from 0 to 1")


def own_classes(heard: Any, n_genres: int, *, units: int, dropout: float) -> Any:
    """Logits of the second head, whose last is that of no music; all its layers are named `deep_...`.

    Args:
        heard: What it sees, shape (n_windows, n_features).
        n_genres: Number of genres.
        units: See `build`.
        dropout: See `build`.
    """
    own = layers.BatchNormalization(center=False, scale=False, name="deep_norm")(heard)
    own = layers.Dropout(dropout / 2, name="deep_dropout")(own)
    own = layers.Dense(units, activation="relu", name="deep_units")(own)
    own = layers.Dropout(dropout, name="deep_last")(own)
    return layers.Dense(n_genres + 1, name="deep_classes")(own)


def mean(travelling: Any, classes: Any, n_genres: int, share: float) -> Any:
    """Logarithms of the mean of the probabilities of both; as far as one hears no music, all genres are alike.

    What is no music lies far from all that musicnn learned from, and what was learned above it may be certain
    of anything there: the one that has learned what is none judges for both.

    Args:
        travelling: Logits of the genres by the first head, shape (n_windows, n_genres).
        classes: Logits by the second, whose last column is no music.
        n_genres: Number of genres.
        share: Of the second in the mean, 0 to 1.
    """
    first, second = ops.softmax(travelling), ops.softmax(classes)
    genres, last = np.eye(n_genres + 1, n_genres), np.eye(n_genres + 1)[:, -1:]
    # Matrices, for Keras adds a column to as many rows as there are columns as if it were a row.
    own = transform.fixed(second, genres.astype(np.float32), "own_genres")
    is_music = transform.fixed(second, np.repeat(1 - last, n_genres, axis=1).astype(np.float32), "is_music")
    is_none = transform.fixed(
        second, np.repeat(last / n_genres, n_genres, axis=1).astype(np.float32), "is_none"
    )
    found = (1 - share) * first * is_music + share * own + is_none
    return ops.log(ops.maximum(found, _LEAST))
