"""VGG16 as Li, Karimli, Maddhuri and Randev (2025) fine-tune it, ending with any of its dense layers."""

from __future__ import annotations

from typing import Any

import keras
from keras import applications

from tagger.inference.frontend import FrontEnd
from trainer.network import head, image, pretrained, transfer

_POINTS = 7


def build(
    front_end: FrontEnd,
    window_frames: int,
    n_genres: int,
    *,
    weights: str = "imagenet",
    size: int = 128,
    colour: image.Colour = "magma",
    last_layer: head.LastLayer = "fc8",
    n_units: int = 4096,
    dropout: float = 0.5,
    until: str = "",
) -> Any:
    """Thirteen convolutions and up to three fully connected layers: 138,357,544 parameters for 1,000 classes.

    Args:
        front_end: Gives the windows.
        window_frames: Length of a window, in frames.
        n_genres: Number of logits.
        weights: See `pretrained.fill`; of the network before the layer that gives the logits.
        size: Width and height of the image, in pixels; the feature map is brought to the 7 × 7 points that an
            image of 224 has, as torchvision does.
        colour: Of the image's three channels.
        last_layer: Which of the fully connected layers gives the logits.
        n_units: Of the first two of them.
        dropout: Share dropped before each of them, 0 to 1.
        until: Name of the last layer that is taken of the convolutions; empty takes all.

    Returns:
        See `head.model`.

    Raises:
        SettingsError: The weights cannot be had.
    """
    windows, x = image.prepare(front_end, window_frames, size=size, colour=colour, channels=3, scaling="caffe")
    photograph = keras.Input((size, size, 3))
    convolutions = applications.VGG16(include_top=False, weights=None, input_shape=(size, size, 3))
    y = transfer.cut(convolutions, until).call(photograph)
    y = head.fully_connected(y, _POINTS, last_layer, ("fc1", "fc2"), n_units=n_units, dropout=dropout)
    trunk = keras.Model(photograph, y, name="vgg16")
    pretrained.fill(trunk, weights, {"imagenet": lambda: applications.VGG16(weights="imagenet")})
    return head.model(windows, trunk.call(x), n_genres, "vgg16")
