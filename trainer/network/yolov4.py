"""YOLOv4 as a classifier: Arrigo (2025), models 2 and 3 of table 2, after Bochkovskiy, Wang and Liao (2020)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers, ops

from tagger.inference.frontend import FrontEnd
from trainer.network import head, image, pretrained

# CSPDarknet53: Wang et al., CSPNet (2020); every stage halves the size.
_CHANNELS = (64, 128, 256, 512, 1024)
_DEPTH = (1, 2, 8, 8, 4)
_PRESET = "csp_darknet_53_ra_imagenet"


def build(
    front_end: FrontEnd,
    window_frames: int,
    n_genres: int,
    *,
    weights: str = "none",
    size: int = 416,
    colour: image.Colour = "magma",
    width: float = 1.0,
    depth: Sequence[int] = _DEPTH,
    drop_share: float = 0.1,
    drop_size: int = 7,
    units: Sequence[int] = (256, 64),
    dropout: float = 0.3,
) -> Any:
    """CSPDarknet53 with Mish, spatial pyramid pooling, a path aggregation network with DropBlock, then a head.

    The paper says that its dense layers are two, with one dropout, and does not give their sizes.

    Args:
        front_end: Gives the windows.
        window_frames: Length of a window, in frames.
        n_genres: Number of logits.
        weights: See `pretrained.fill`; "imagenet" was trained with leaky ReLU where this network has Mish.
        size: Width and height of the image, in pixels; a multiple of 32.
        colour: Of the image's three channels.
        width: Factor on the number of channels.
        depth: Blocks in each stage of the backbone.
        drop_share: Share that each DropBlock drops, 0 to 1.
        drop_size: Width and height of a dropped block.
        units: Of the dense layers before the logits.
        dropout: Share dropped before the logits, 0 to 1.

    Returns:
        See `head.model`.

    Raises:
        SettingsError: The weights cannot be had, or a package is missing.
    """
    windows, x = image.prepare(
        front_end, window_frames, size=size, colour=colour, channels=3, scaling="imagenet"
    )
    channels = [round(width * n_channels) for n_channels in _CHANNELS]
    trunk = backbone(size, channels, depth)
    pretrained.fill(trunk, weights, {"imagenet": lambda: pretrained.preset(_PRESET)})
    levels = [trunk.pyramid_outputs[level] for level in ("P4", "P5", "P6")]
    maps = keras.Model(trunk.input, levels, name=trunk.name).call(x)
    x = _path_aggregation(*maps, drop_share=drop_share, drop_size=drop_size)
    dropouts = [0.0] * (len(units) - 1) + [dropout]
    x = head.dense(head.pooled(x), units, dropouts=dropouts)
    return head.model(windows, x, n_genres, "yolov4")


def backbone(
    size: int, channels: Sequence[int] = _CHANNELS, depth: Sequence[int] = _DEPTH, activation: str = "mish"
) -> Any:
    """CSPDarknet53 of keras-hub, 27,642,184 trained parameters with a layer for 1,000 classes.

    Args:
        size: Width and height of the image, in pixels.
        channels: Of each stage.
        depth: Blocks in each stage.
        activation: After each convolution.
    """
    n = len(channels)
    return pretrained.hub().models.CSPNetBackbone(
        stem_filters=channels[0] // 2,
        stem_kernel_size=3,
        stem_strides=1,
        stem_padding="same",
        stackwise_num_filters=list(channels),
        stackwise_depth=list(depth),
        stackwise_strides=[2] * n,
        block_type="dark_block",
        stage_type="csp",
        activation=activation,
        bottle_ratio=[0.5] + [1.0] * (n - 1),
        block_ratio=[1.0] + [0.5] * (n - 1),
        expand_ratio=[2.0] + [1.0] * (n - 1),
        down_growth=True,
        image_shape=(size, size, 3),
        name="csp_darknet53",
    )


def drop_block(x: Any, share: float, size: int, name: str) -> Any:
    """Drop square blocks of each channel in training: Ghiasi, Lin and Le, DropBlock (2018).

    Dropout of a map of ones says where blocks are centred, a pool makes them blocks, and what is left is scaled
    up. In use, nothing is dropped.

    Args:
        x: Shape (n_windows, height, width, channels).
        share: Share of the points that is dropped, 0 to 1.
        size: Width and height of a block, in points.
        name: Of its layers.
    """
    if not share:
        return x
    size = min(size, *x.shape[1:3])
    centres = layers.Dropout(share / size**2, name=f"{name}_centres")(ops.ones_like(x))
    blocks = layers.MaxPooling2D(size, strides=1, padding="same", name=f"{name}_blocks")
    kept = 1 - blocks(1 - ops.minimum(centres, 1))
    return x * kept / ops.maximum(ops.mean(kept, axis=(1, 2, 3), keepdims=True), 1e-3)


def _path_aggregation(c3: Any, c4: Any, c5: Any, *, drop_share: float, drop_size: int) -> Any:
    """Spatial pyramid pooling of the smallest map, the way to the largest and back: the last map of that.

    Args:
        c3: Map of an 8th of the image's size, shape (n_windows, height, width, channels).
        c4: Of a 16th.
        c5: Of a 32nd.
        drop_share: Share that each DropBlock drops, 0 to 1.
        drop_size: Width and height of a dropped block.
    """
    n = c5.shape[-1]

    def joined(x: Any, y: Any, n_channels: int, name: str) -> Any:
        merged = layers.Concatenate(name=f"{name}_concat")([x, y])
        return drop_block(_five(merged, n_channels, name), drop_share, drop_size, f"{name}_drop")

    p5 = _pyramid(c5, n // 2)
    p4 = joined(_conv(c4, n // 4, 1, "pan_c4"), _enlarged(p5, n // 4, "pan_up4"), n // 4, "pan_p4")
    p3 = joined(_conv(c3, n // 8, 1, "pan_c3"), _enlarged(p4, n // 8, "pan_up3"), n // 8, "pan_p3")
    n4 = joined(_conv(p3, n // 4, 3, "pan_down4", strides=2), p4, n // 4, "pan_n4")
    n5 = joined(_conv(n4, n // 2, 3, "pan_down5", strides=2), p5, n // 2, "pan_n5")
    return _conv(n5, n, 3, "pan_output")


def _pyramid(x: Any, n_channels: int) -> Any:
    """Spatial pyramid pooling: the map beside its greatest values over 5, 9 and 13 points."""
    x = _conv(
        _conv(_conv(x, n_channels, 1, "spp_pre1"), 2 * n_channels, 3, "spp_pre2"), n_channels, 1, "spp_pre3"
    )
    pools = [
        layers.MaxPooling2D(points, strides=1, padding="same", name=f"spp_pool{points}")(x)
        for points in (13, 9, 5)
    ]
    x = layers.Concatenate(name="spp_concat")([*pools, x])
    x = _conv(_conv(x, n_channels, 1, "spp_post1"), 2 * n_channels, 3, "spp_post2")
    return _conv(x, n_channels, 1, "spp_post3")


def _enlarged(x: Any, n_channels: int, name: str) -> Any:
    return layers.UpSampling2D(2, name=f"{name}_upsample")(_conv(x, n_channels, 1, name))


def _five(x: Any, n_channels: int, name: str) -> Any:
    """Five convolutions, narrow and wide in turn."""
    for number in range(1, 6):
        wide = number % 2 == 0
        x = _conv(x, n_channels * (1 + wide), 3 if wide else 1, f"{name}_conv{number}")
    return x


def _conv(x: Any, n_channels: int, kernel: int, name: str, *, strides: int = 1) -> Any:
    if strides > 1:
        x = layers.ZeroPadding2D(kernel // 2, name=f"{name}_pad")(x)
    padding = "valid" if strides > 1 else "same"
    x = layers.Conv2D(
        n_channels, kernel, strides=strides, padding=padding, use_bias=False, name=f"{name}_conv"
    )(x)
    x = layers.BatchNormalization(name=f"{name}_bn")(x)
    return layers.LeakyReLU(negative_slope=0.1, name=name)(x)
