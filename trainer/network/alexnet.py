"""AlexNet as Li, Karimli, Maddhuri and Randev (2025) fine-tune it, ending with any of its dense layers."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from tagger.inference.frontend import FrontEnd
from trainer.network import head, image, pretrained

# Filters, kernel, stride, padding, and whether a pool follows: Krizhevsky, One weird trick for parallelizing
# convolutional neural networks (2014), as in torchvision.
_CONVOLUTIONS = (
    (64, 11, 4, 2, True),
    (192, 5, 1, 2, True),
    (384, 3, 1, 1, False),
    (256, 3, 1, 1, False),
    (256, 3, 1, 1, True),
)
_POINTS = 6


def build(
    front_end: FrontEnd,
    window_frames: int,
    n_genres: int,
    *,
    weights: str = "none",
    size: int = 128,
    colour: image.Colour = "magma",
    last_layer: head.LastLayer = "fc8",
    width: float = 1.0,
    n_units: int = 4096,
    dropout: float = 0.5,
) -> Any:
    """Five convolutions and up to three fully connected layers: 61,100,840 parameters for 1,000 classes.

    Keras has no weights of ImageNet for it; torchvision's file, alexnet-owt-7be5be79.pth, holds them.

    Args:
        front_end: Gives the windows.
        window_frames: Length of a window, in frames.
        n_genres: Number of logits.
        weights: See `pretrained.fill`; of the network before the layer that gives the logits.
        size: Width and height of the image, in pixels; at least 63.
        colour: Of the image's three channels.
        last_layer: Which of the fully connected layers gives the logits.
        width: Factor on the filters of each convolution.
        n_units: Of the first two fully connected layers.
        dropout: Share dropped before each of them, 0 to 1.

    Returns:
        See `head.model`.

    Raises:
        SettingsError: The weights cannot be had.
    """
    windows, x = image.prepare(
        front_end, window_frames, size=size, colour=colour, channels=3, scaling="imagenet"
    )
    below = trunk(size, last_layer=last_layer, width=width, n_units=n_units, dropout=dropout)
    pretrained.fill(below, weights, {})
    return head.model(windows, below.call(x), n_genres, "alexnet")


def trunk(size: int, *, last_layer: head.LastLayer, width: float, n_units: int, dropout: float) -> Any:
    """Everything before the layer that gives the logits; see `build`."""
    photograph = x = keras.Input((size, size, 3))
    for number, (n_channels, kernel, strides, padding, pool) in enumerate(_CONVOLUTIONS, start=1):
        x = layers.ZeroPadding2D(padding, name=f"conv{number}_pad")(x)
        x = layers.Conv2D(
            round(width * n_channels), kernel, strides=strides, activation="relu", name=f"conv{number}"
        )(x)
        if pool:
            x = layers.MaxPooling2D(3, strides=2, name=f"pool{number}")(x)
    x = head.fully_connected(x, _POINTS, last_layer, ("fc6", "fc7"), n_units=n_units, dropout=dropout)
    return keras.Model(photograph, x, name="alexnet")
