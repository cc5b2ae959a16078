"""The two custom CNNs of Vukotić, *Mel-spectrogram music classification research* (2025)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import layers

from tagger.inference.frontend import FrontEnd
from trainer.network import head, image


def sequential(
    front_end: FrontEnd,
    window_frames: int,
    n_genres: int,
    *,
    size: int = 124,
    colour: image.Colour = "grey",
    jitter: Mapping[str, float] | None = None,
    channels: Sequence[int] = (84, 144, 160, 172, 194, 264),
    n_convolutions: Sequence[int] = (1, 1, 1, 1, 2, 2),
    block_dropout: float = 0.2,
    units: Sequence[int] = (128, 224),
    dropout: float = 0.5,
    l2: float = 1e-4,
) -> Any:
    """Blocks of convolutions, batch normalisation, dropout and a pool; their mean; dense layers.

    The paper lists the filters, and says 2 to 2.5 M parameters; two convolutions in each of the last two blocks
    give 2.4 M. The dropout of blocks is ours.

    Args:
        front_end: Gives the windows.
        window_frames: Length of a window, in frames.
        n_genres: Number of logits.
        size: Width and height of the image, in pixels; 224, 124 and 72 in the paper.
        colour: Of the image; grey has one channel.
        jitter: How images are changed in training, see `image.jittered`.
        channels: Of each block.
        n_convolutions: Of each block.
        block_dropout: Share dropped in each block, 0 to 1.
        units: Of the dense layers.
        dropout: Share dropped after the last of them, 0 to 1.
        l2: Weight of the squared weights in the loss.

    Returns:
        See `head.model`.
    """
    windows, x = image.prepare(front_end, window_frames, size=size, colour=colour, jitter=jitter)
    decay = keras.regularizers.L2(l2)
    for block, (n_channels, n) in enumerate(zip(channels, n_convolutions, strict=True), start=1):
        for number in range(1, n + 1):
            name = f"block{block}_conv{number}"
            x = layers.Conv2D(n_channels, 3, padding="same", kernel_regularizer=decay, name=name)(x)
            x = _normed(x, name)
        x = layers.MaxPooling2D(2, padding="same", name=f"block{block}_pool")(x)
        x = layers.Dropout(block_dropout, name=f"block{block}_dropout")(x)
    dropouts = [0.0] * (len(units) - 1) + [dropout]
    x = head.dense(head.pooled(x), units, dropouts=dropouts, l2=l2)
    return head.model(windows, x, n_genres, "vukotic_sequential")


def residual(
    front_end: FrontEnd,
    window_frames: int,
    n_genres: int,
    *,
    size: int = 224,
    colour: image.Colour = "grey",
    jitter: Mapping[str, float] | None = None,
    channels: Sequence[int] = (32, 64, 96),
    dropout: float = 0.4,
    l2: float = 1e-4,
) -> Any:
    """A small CNN of residual blocks, for experiments with sampling and fewer classes.

    The paper gives its size, 200 to 250 thousand parameters, and no other number.

    Args:
        front_end: Gives the windows.
        window_frames: Length of a window, in frames.
        n_genres: Number of logits.
        size: Width and height of the image, in pixels.
        colour: Of the image; grey has one channel.
        jitter: How images are changed in training, see `image.jittered`.
        channels: Of each residual block.
        dropout: Share dropped before the logits, 0 to 1.
        l2: Weight of the squared weights in the loss.

    Returns:
        See `head.model`.
    """
    windows, x = image.prepare(front_end, window_frames, size=size, colour=colour, jitter=jitter)
    x = layers.Conv2D(channels[0], 5, strides=2, padding="same", use_bias=False, name="stem")(x)
    x = _normed(x, "stem")
    for number, n_channels in enumerate(channels, start=1):
        x = _residual(x, n_channels, l2, f"block{number}")
    x = layers.Dropout(dropout, name="head_dropout")(head.pooled(x))
    return head.model(windows, x, n_genres, "vukotic_residual")


def _residual(x: Any, n_channels: int, l2: float, name: str) -> Any:
    """Half the size by two convolutions, beside a shortcut."""
    decay = keras.regularizers.L2(l2)
    shortcut = layers.Conv2D(n_channels, 1, strides=2, use_bias=False, name=f"{name}_shortcut")(x)
    conv1, conv2 = (
        layers.Conv2D(
            n_channels,
            3,
            strides=strides,
            padding="same",
            use_bias=False,
            kernel_regularizer=decay,
            name=f"{name}_conv{number}",
        )
        for number, strides in ((1, 2), (2, 1))
    )
    x = layers.BatchNormalization(name=f"{name}_norm")(conv2(_normed(conv1(x), f"{name}_conv1")))
    return layers.Activation("relu", name=f"{name}_relu")(layers.Add(name=f"{name}_sum")([x, shortcut]))


def _normed(x: Any, name: str) -> Any:
    x = layers.BatchNormalization(name=f"{name}_norm")(x)
    return layers.Activation("relu", name=f"{name}_relu")(x)
