"""The custom CNN and CRNN of Li, Karimli, Maddhuri and Randev, *Genre classification of music audio* (2025).

The paper gives the input and the kinds of layers, and what was tuned, but no numbers; those here are ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import layers

from tagger.inference.frontend import FrontEnd
from trainer.network import head, hybrid, image


def cnn(
    front_end: FrontEnd,
    window_frames: int,
    n_genres: int,
    *,
    size: int = 128,
    colour: image.Colour = "magma",
    channels: Sequence[int] = (32, 64, 128),
    units: int = 128,
    dropout: float = 0.5,
) -> Any:
    """Blocks of a convolution, batch normalisation and a pool, then a dense layer on all that is left.

    Args:
        front_end: Gives the windows.
        window_frames: Length of a window, in frames.
        n_genres: Number of logits.
        size: Width and height of the image, in pixels.
        colour: Of the image's three channels.
        channels: Of each block.
        units: Of the dense layer.
        dropout: Share dropped after the dense layer, 0 to 1.

    Returns:
        See `head.model`.
    """
    windows, x = image.prepare(front_end, window_frames, size=size, colour=colour, channels=3)
    x = _blocks(x, channels)
    x = head.dense(head.pooled(x, "flatten"), (units,), dropouts=(dropout,))
    return head.model(windows, x, n_genres, "li_cnn")


def crnn(
    front_end: FrontEnd,
    window_frames: int,
    n_genres: int,
    *,
    size: int = 128,
    colour: image.Colour = "magma",
    channels: Sequence[int] = (32, 64, 128),
    units: int = 128,
    bidirectional: bool = False,
    dropout: float = 0.5,
) -> Any:
    """The same blocks, then an LSTM over the columns of the image as the last layer before the logits.

    Args:
        front_end: Gives the windows.
        window_frames: Length of a window, in frames.
        n_genres: Number of logits.
        size: Width and height of the image, in pixels.
        colour: Of the image's three channels.
        channels: Of each block.
        units: Of the LSTM, in each direction.
        bidirectional: Whether it also runs backwards in time.
        dropout: Share dropped after the LSTM, 0 to 1.

    Returns:
        See `head.model`.
    """
    windows, x = image.prepare(front_end, window_frames, size=size, colour=colour, channels=3)
    lstm = layers.LSTM(units, name="lstm")
    x = (layers.Bidirectional(lstm, name="lstm_both") if bidirectional else lstm)(
        hybrid.columns(_blocks(x, channels))
    )
    return head.model(windows, layers.Dropout(dropout, name="head_dropout")(x), n_genres, "li_crnn")


def _blocks(x: Any, channels: Sequence[int]) -> Any:
    for number, n_channels in enumerate(channels, start=1):
        x = layers.Conv2D(n_channels, 3, padding="same", name=f"block{number}_conv")(x)
        # Of hundreds of clips an epoch has so few batches that statistics of 0.99 would lag behind the weights.
        x = layers.BatchNormalization(momentum=0.9, name=f"block{number}_norm")(x)
        x = layers.Activation("relu", name=f"block{number}_relu")(x)
        x = layers.MaxPooling2D(2, name=f"block{number}_pool")(x)
    return x
