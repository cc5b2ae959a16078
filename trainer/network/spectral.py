"""SpectralCNN of Singh and Gupta, *Empirical analysis of music genre classification using CNNs* (2024)."""

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
    size: int = 224,
    features: image.Features = "spectrogram",
    n_mfcc: int = 20,
    channels: Sequence[int] = (16, 32, 64, 128, 256),
    units: Sequence[int] = (256, 128),
    block_dropout: float = 0.2,
    dropout: float = 0.5,
) -> Any:
    """Five convolutions and three dense layers, the last of which gives the logits, with batch normalisation.

    The paper's text gives the numbers of layers; their sizes stand in a figure, and those here are ours.

    Args:
        front_end: Gives the windows: mel bands, or a plain spectrogram.
        window_frames: Length of a window, in frames.
        n_genres: Number of logits.
        size: Width and height of the image, in pixels.
        features: The windows themselves, or MFCC of mel bands.
        n_mfcc: Coefficients of MFCC.
        channels: Of each convolution.
        units: Of the dense layers before the logits.
        block_dropout: Share dropped after each convolution, 0 to 1.
        dropout: Share dropped after each dense layer, 0 to 1.

    Returns:
        See `head.model`.
    """
    windows, x = image.prepare(front_end, window_frames, size=size, features=features, n_mfcc=n_mfcc)
    for number, n_channels in enumerate(channels, start=1):
        x = layers.Conv2D(n_channels, 3, padding="same", use_bias=False, name=f"block{number}_conv")(x)
        x = layers.BatchNormalization(name=f"block{number}_norm")(x)
        x = layers.Activation("relu", name=f"block{number}_relu")(x)
        x = layers.MaxPooling2D(2, name=f"block{number}_pool")(x)
        x = layers.Dropout(block_dropout, name=f"block{number}_dropout")(x)
    x = head.dense(head.pooled(x, "flatten"), units, dropouts=[dropout] * len(units), norm="batch")
    return head.model(windows, x, n_genres, "spectral")
