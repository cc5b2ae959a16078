"""The ten-layer CNN of Sanjeev, *Deep learning approach for automatic music genre classification* (2025)."""

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
    size: int = 256,
    features: image.Features = "spectrogram",
    channels: Sequence[int] = (32, 64, 128, 256, 512),
    block_dropout: float = 0.3,
    units: int = 1200,
    dropout: float = 0.45,
    batch_norm: bool = False,
) -> Any:
    """Five blocks of two 3×3 convolutions and a pool, then a dense layer.

    At 256 pixels the pools leave 127, 62, 30, 14 and 6 points a side, and the dense layer sees 18,432 numbers.

    Args:
        front_end: Gives the windows.
        window_frames: Length of a window, in frames.
        n_genres: Number of logits.
        size: Width and height of the image, in pixels.
        features: What is drawn; "fusion" is the paper's plan to stack mel bands, MFCC, chroma and contrast.
        channels: Of each block.
        block_dropout: Share dropped after the third and after the last block, 0 to 1.
        units: Of the dense layer.
        dropout: Share dropped after the dense layer, 0 to 1.
        batch_norm: Whether each convolution is normalised: named in the paper's text, absent from its table.

    Returns:
        See `head.model`.
    """
    windows, x = image.prepare(front_end, window_frames, size=size, features=features)
    for number, n_channels in enumerate(channels, start=1):
        x = block(x, n_channels, f"block{number}", batch_norm=batch_norm)
        if number in (3, len(channels)):
            x = layers.Dropout(block_dropout, name=f"block{number}_dropout")(x)
    x = head.dense(head.pooled(x, "flatten"), (units,), dropouts=(dropout,))
    return head.model(windows, x, n_genres, "sanjeev")


def block(x: Any, n_channels: int, name: str, *, batch_norm: bool) -> Any:
    """Two convolutions, the first keeping the size and the second without padding, then half the size."""
    for number, padding in enumerate(("same", "valid"), start=1):
        x = layers.Conv2D(n_channels, 3, padding=padding, use_bias=not batch_norm, name=f"{name}_conv{number}")(
            x
        )
        if batch_norm:
            x = layers.BatchNormalization(name=f"{name}_norm{number}")(x)
        x = layers.Activation("relu", name=f"{name}_relu{number}")(x)
    return layers.MaxPooling2D(2, name=f"{name}_pool")(x)
