"""The vanilla CNN of Arrigo, *Using CNN networks for music genre classification* (2025): model 1 of table 2."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import layers

from tagger.inference.frontend import FrontEnd
from trainer.network import head, image


def build(
    front_end: FrontEnd,
    window_frames: int,
    n_genres: int,
    *,
    size: int = 416,
    colour: image.Colour = "magma",
    channels: Sequence[int] = (32, 64, 128, 256),
    units: int = 128,
) -> Any:
    """Four convolutions, each with a pool, then a dense layer on all that is left.

    Args:
        front_end: Gives the windows.
        window_frames: Length of a window, in frames.
        n_genres: Number of logits.
        size: Width and height of the image, in pixels; 416 and 640 in the paper.
        colour: Of the image's three channels.
        channels: Of each convolution.
        units: Of the dense layer.

    Returns:
        See `head.model`.
    """
    windows, x = image.prepare(front_end, window_frames, size=size, colour=colour, channels=3)
    for number, n_channels in enumerate(channels, start=1):
        x = layers.Conv2D(n_channels, 3, padding="same", activation="relu", name=f"block{number}_conv")(x)
        x = layers.MaxPooling2D(2, name=f"block{number}_pool")(x)
    x = head.dense(head.pooled(x, "flatten"), (units,))
    return head.model(windows, x, n_genres, "arrigo")
