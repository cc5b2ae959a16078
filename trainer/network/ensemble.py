"""Two networks on the same windows: what musicnn heard in other music, and what a compact CNN learns from ours.

The first carries over to collections it never met, the second knows those it learned from; the mean of their
probabilities is right more often than either (measured: see the recipe that uses it). Hansen & Salamon, Neural
Network Ensembles, IEEE Trans. PAMI 1990.
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
    """The two, each with logits of its own, to be trained apart: layers "head_logits" and "cnn_logits".

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
        ValueError: The front-end has another number of bands.
    """
    windows = keras.Input((None, front_end.n_bands), name="windows")
    x = musicnn.heard(windows, weights=weights, band_stride=band_stride)
    carried_over = musicnn.judged(x, n_genres, l2=l2, dropout=0.0, knows_background=True)
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
    learned = head.spread(classes, n_genres, "cnn_logits")
    mean = (1 - share) * _as_far_as_music(carried_over, classes, n_genres) + share * ops.softmax(learned)
    outputs = {"logits": ops.log(ops.maximum(mean, _LEAST)), "embedding": x}
    model = head.flattened(keras.Model(windows, outputs, name="ensemble"))
    model(ops.zeros((1, window_frames, front_end.n_bands)))
    return model


def _as_far_as_music(logits: Any, classes: Any, n_genres: int) -> Any:
    """Probabilities by logits, as far as the last of some classes is not believed; else all genres alike.

    What is no music lies far from all that musicnn learned from, and it may be certain of anything there: the
    CNN, which has learned what is none, judges for both.
    """
    believed = ops.softmax(classes)
    all_but_last, last = np.ones((n_genres + 1, n_genres)), np.zeros((n_genres + 1, n_genres))
    all_but_last[-1], last[-1] = 0, 1 / n_genres
    is_music = transform.fixed(believed, all_but_last.astype(np.float32), "is_music")
    is_none = transform.fixed(believed, last.astype(np.float32), "is_no_music")
    return ops.softmax(logits) * is_music + is_none
