"""What follows the trunk of a network: pooling, dense layers, logits; layers are named `head_…`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import keras
import numpy as np
from keras import layers, ops

from trainer.network import transform

Norm = Literal["none", "batch", "layer"]
LastLayer = Literal["fc6", "fc7", "fc8"]


def pooled(x: Any, pooling: Literal["gap", "flatten"] = "gap") -> Any:
    """A feature map, (n_windows, height, width, channels), as one row a window: its mean, or all of it."""
    if pooling == "gap":
        return layers.GlobalAveragePooling2D(name="head_pool")(x)
    return layers.Flatten(name="head_flatten")(x)


def dense(
    x: Any, units: Sequence[int], *, dropouts: Sequence[float] = (), norm: Norm = "none", l2: float = 0.0
) -> Any:
    """Dense layers with ReLU, each with its normalisation and its dropout.

    Args:
        x: Shape (n_windows, n_features).
        units: Of each layer.
        dropouts: Share that is dropped after each layer, 0 to 1; layers beyond these have none.
        norm: After each layer.
        l2: Weight of the squared weights in the loss.
    """
    for number, n_units in enumerate(units, start=1):
        decay = keras.regularizers.L2(l2) if l2 else None
        x = layers.Dense(n_units, activation="relu", kernel_regularizer=decay, name=f"head_dense{number}")(x)
        if norm != "none":
            kind = layers.BatchNormalization if norm == "batch" else layers.LayerNormalization
            x = kind(name=f"head_norm{number}")(x)
        if number <= len(dropouts) and dropouts[number - 1]:
            x = layers.Dropout(dropouts[number - 1], name=f"head_dropout{number}")(x)
    return x


def adaptive(x: Any, size: int) -> Any:
    """A feature map averaged, or repeated, to size × size points, as torchvision's `AdaptiveAvgPool2d` does."""
    height, width = x.shape[1:3]
    if (height, width) == (size, size):
        return x
    x = transform.fixed(ops.transpose(x, (0, 3, 1, 2)), _shares(width, size), "head_adapt_width")
    x = transform.fixed(ops.transpose(x, (0, 1, 3, 2)), _shares(height, size), "head_adapt_height")
    return ops.transpose(x, (0, 3, 2, 1))


def _shares(n_before: int, n_after: int) -> Any:
    """How much of each point before goes into each point after, shape (n_before, n_after)."""
    shares = np.zeros((n_before, n_after), np.float32)
    for n in range(n_after):
        first, last = n * n_before // n_after, math.ceil((n + 1) * n_before / n_after)
        shares[first:last, n] = 1 / (last - first)
    return shares


def fully_connected(
    x: Any, size: int, last_layer: LastLayer, names: Sequence[str], *, n_units: int, dropout: float
) -> Any:
    """The layers between the feature map of AlexNet or VGG16 and the one that gives the logits.

    Args:
        x: Feature map, brought to `size` × `size` points.
        size: What the first of the layers was made for.
        last_layer: Which of the three gives the logits: those after it are left out.
        names: Of the first two layers.
        n_units: Of each layer.
        dropout: Share dropped before the first and the second layer, 0 to 1.
    """
    x = layers.Flatten(name="head_flatten")(adaptive(x, size))
    n_before = ("fc6", "fc7", "fc8").index(last_layer)
    for number, name in enumerate(names):
        if number <= n_before:
            x = layers.Dropout(dropout, name=f"head_dropout{number + 1}")(x)
        if number < n_before:
            x = layers.Dense(n_units, activation="relu", name=name)(x)
    return x


def model(windows: Any, x: Any, n_genres: int, name: str, *, l2: float = 0.0) -> Any:
    """The finished network.

    Args:
        windows: Its input.
        x: What the last dense layer sees, shape (n_windows, k).
        n_genres: Number of logits.
        name: Of the network.
        l2: Weight of the last layer's squared weights in the loss.

    Returns:
        A `keras.Model` from "windows" to a dict of "logits", shape (n_windows, n_genres), and "embedding",
        shape (n_windows, k), both float32 under any policy of precision.
    """
    decay = keras.regularizers.L2(l2) if l2 else None
    x = layers.Activation("linear", dtype="float32", name="head_embedding")(x)
    logits = layers.Dense(n_genres, kernel_regularizer=decay, dtype="float32", name="head_logits")(x)
    finished = flattened(keras.Model(windows, {"logits": logits, "embedding": x}, name=name))
    finished(ops.zeros((1, *windows.shape[1:])))  # Keras exports only what was called
    return finished


def flattened(built: Any) -> Any:
    """The same network of layers that are called once each, as those of an inlined backbone are not."""
    clone = keras.models.clone_model(built, clone_function=_exportable)
    for old, new in zip(built.layers, clone.layers, strict=True):
        if not isinstance(old, layers.Normalization):
            new.set_weights(old.get_weights())
    return clone


def _exportable(layer: Any) -> Any:
    """A layer of the same kind; but `Normalization`, whose numbers ONNX takes for inputs, becomes scaling."""
    if isinstance(layer, layers.Normalization):
        mean, variance = (np.ravel(ops.convert_to_numpy(weight)) for weight in layer.weights[:2])
        deviation = np.maximum(np.sqrt(variance), 1e-7)
        return layers.Rescaling((1 / deviation).tolist(), (-mean / deviation).tolist(), name=layer.name)
    return layer.__class__.from_config(layer.get_config())
