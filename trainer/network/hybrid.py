"""A CNN for details, a transformer to join them over time: the hybrid that Sanjeev (2025) plans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import layers

from tagger.inference.frontend import FrontEnd
from trainer.network import head, image, sanjeev


def build(
    front_end: FrontEnd,
    window_frames: int,
    n_genres: int,
    *,
    size: int = 256,
    channels: Sequence[int] = (32, 64, 128, 256),
    width: int = 192,
    n_heads: int = 4,
    n_layers: int = 3,
    dropout: float = 0.3,
) -> Any:
    """Blocks of Sanjeev's CNN, then encoder layers over the columns of the image.

    The paper names the idea and gives no numbers; these are ours. The order of columns enters by a depthwise
    convolution (Baevski et al., wav2vec 2.0, 2020), layers are normalised first (Xiong et al., On layer
    normalization in the transformer architecture, 2020).

    Args:
        front_end: Gives the windows.
        window_frames: Length of a window, in frames.
        n_genres: Number of logits.
        size: Width and height of the image, in pixels.
        channels: Of each block of the CNN.
        width: Length of the vector that stands for a column.
        n_heads: Attention heads.
        n_layers: Encoder layers.
        dropout: Share dropped in the encoder and before the logits, 0 to 1.

    Returns:
        See `head.model`.
    """
    windows, x = image.prepare(front_end, window_frames, size=size)
    for number, n_channels in enumerate(channels, start=1):
        x = sanjeev.block(x, n_channels, f"block{number}", batch_norm=True)
    x = layers.Dense(width, name="column")(columns(x))
    order = layers.DepthwiseConv1D(min(15, x.shape[1]), padding="same", activation="relu", name="order")(x)
    x = layers.Add(name="ordered")([x, order])
    for number in range(1, n_layers + 1):
        x = _encoder(x, width, n_heads, dropout, f"encoder{number}")
    x = layers.GlobalAveragePooling1D(name="head_pool")(layers.LayerNormalization(name="head_norm")(x))
    return head.model(windows, layers.Dropout(dropout, name="head_dropout")(x), n_genres, "hybrid")


def columns(x: Any) -> Any:
    """A feature map, (n_windows, height, width, channels), as a sequence of columns from left to right.

    Returns:
        Shape (n_windows, width, height × channels).
    """
    _, height, width, n_channels = x.shape
    x = layers.Permute((2, 1, 3), name="columns_first")(x)
    return layers.Reshape((width, height * n_channels), name="columns")(x)


def _encoder(x: Any, width: int, n_heads: int, dropout: float, name: str) -> Any:
    """Attention among columns, then two dense layers on each, both beside a shortcut."""
    y = layers.LayerNormalization(name=f"{name}_norm1")(x)
    attention = layers.MultiHeadAttention(n_heads, width // n_heads, dropout=dropout, name=f"{name}_attention")
    x = layers.Add(name=f"{name}_sum1")([x, attention(y, y)])
    y = layers.LayerNormalization(name=f"{name}_norm2")(x)
    y = layers.Dense(2 * width, activation="relu", name=f"{name}_dense1")(y)
    y = layers.Dense(width, name=f"{name}_dense2")(layers.Dropout(dropout, name=f"{name}_dropout")(y))
    return layers.Add(name=f"{name}_sum2")([x, y])
