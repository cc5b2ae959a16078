"""The backbone of YOLOv8 with a head for genres: Arrigo (2025), models 4 to 20 of table 2."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import keras
from keras import layers, ops

from tagger.inference.frontend import FrontEnd
from trainer.network import head, image, pretrained

# Channels and depth of each stage, as KerasCV has them; what Ultralytics calls n is xs here, and x is xl.
SIZES: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "xs": ((32, 64, 128, 256), (1, 2, 2, 1)),
    "s": ((64, 128, 256, 512), (1, 2, 2, 1)),
    "m": ((96, 192, 384, 576), (2, 4, 4, 2)),
    "l": ((128, 256, 512, 512), (3, 6, 6, 3)),
    "xl": ((160, 320, 640, 640), (3, 6, 6, 3)),
}


def build(
    front_end: FrontEnd,
    window_frames: int,
    n_genres: int,
    *,
    variant: str = "m",
    weights: str = "coco",
    size: int = 640,
    colour: image.Colour = "magma",
    pooling: Literal["gap", "flatten"] = "gap",
    units: Sequence[int] = (256, 128, 64),
    norm: head.Norm = "layer",
    dropouts: Sequence[float] = (0.5, 0.4),
    dropout_before_pooling: float = 0.3,
    channels: Sequence[int] = (),
    depth: Sequence[int] = (),
) -> Any:
    """C2f stages and spatial pyramid pooling, then what table 2 varies; the defaults are model 18.

    The paper does not say which size of backbone it took, nor how much was dropped.

    Args:
        front_end: Gives the windows.
        window_frames: Length of a window, in frames.
        n_genres: Number of logits.
        variant: A key of `SIZES`.
        weights: See `pretrained.fill`; "coco" fetches what KerasCV, no longer maintained, has published.
        size: Width and height of the image, in pixels: 416 in version 1 of the paper's data, 640 in version 2.
        colour: Of the image's three channels.
        pooling: The mean of the feature map, or all of it.
        units: Of the dense layers before the logits.
        norm: After each dense layer.
        dropouts: Share dropped after each dense layer, 0 to 1; the last stands before the logits.
        dropout_before_pooling: Share dropped of the feature map, 0 to 1.
        channels: Of each stage, in place of the variant's.
        depth: Of each stage, in place of the variant's.

    Returns:
        See `head.model`.

    Raises:
        SettingsError: The weights cannot be had.
    """
    windows, x = image.prepare(front_end, window_frames, size=size, colour=colour, channels=3)
    trunk = backbone(size, channels or SIZES[variant][0], depth or SIZES[variant][1])
    coco = f"keras/yolov8/keras/yolo_v8_{variant}_backbone_coco/2"
    pretrained.fill(
        trunk, weights, {"coco": lambda: pretrained.published(backbone(size, *SIZES[variant]), coco)}
    )
    x = layers.Dropout(dropout_before_pooling, name="head_dropout0")(trunk.call(x))
    x = head.dense(head.pooled(x, pooling), units, dropouts=dropouts, norm=norm)
    return head.model(windows, x, n_genres, "yolov8")


def backbone(size: int, channels: Sequence[int], depth: Sequence[int]) -> Any:
    """The feature map of an image, a 32nd of its size.

    Layers, names and their order are those of KerasCV's `YOLOV8Backbone`, so that its weights fit.

    Args:
        size: Width and height of the image, in pixels.
        channels: Of each stage.
        depth: Pairs of convolutions in each stage.
    """
    photograph = keras.Input((size, size, 3))
    x = _conv(photograph, channels[0] // 2, 3, "stem_1", strides=2)
    x = _conv(x, channels[0], 3, "stem_2", strides=2)
    for stage, (n_channels, n_pairs) in enumerate(zip(channels, depth, strict=True), start=1):
        if stage > 1:
            x = _conv(x, n_channels, 3, f"stack{stage}_downsample", strides=2)
        x = _c2f(x, n_pairs, f"stack{stage}_c2f")
    x = _sppf(x, f"stack{len(channels)}_spp_fast")
    return keras.Model(photograph, x, name="yolov8")


def _conv(x: Any, n_channels: int, kernel: int, name: str, *, strides: int = 1) -> Any:
    if kernel > 1:
        x = layers.ZeroPadding2D(kernel // 2, name=f"{name}_pad")(x)
    x = layers.Conv2D(n_channels, kernel, strides=strides, use_bias=False, name=f"{name}_conv")(x)
    x = layers.BatchNormalization(momentum=0.97, epsilon=1e-3, name=f"{name}_bn")(x)
    return layers.Activation("swish", name=name)(x)


def _c2f(x: Any, n_pairs: int, name: str) -> Any:
    """Cross-stage partial fusion: every pair of convolutions adds to the last, and all of them are joined."""
    n_channels = x.shape[-1]
    halves = ops.split(_conv(x, n_channels, 1, f"{name}_pre"), 2, axis=-1)
    for pair in range(n_pairs):
        y = _conv(halves[-1], n_channels // 2, 3, f"{name}_pre_{pair}_1")
        y = _conv(y, n_channels // 2, 3, f"{name}_pre_{pair}_2")
        halves.append(halves[-1] + y)
    return _conv(ops.concatenate(halves, axis=-1), n_channels, 1, f"{name}_output")


def _sppf(x: Any, name: str) -> Any:
    """Fast spatial pyramid pooling: one pool three times over sees as far as three of growing size."""
    n_channels = x.shape[-1]
    scales = [_conv(x, n_channels // 2, 1, f"{name}_pre")]
    for number in (1, 2, 3):
        pool = layers.MaxPooling2D(5, strides=1, padding="same", name=f"{name}_pool{number}")
        scales.append(pool(scales[-1]))
    return _conv(ops.concatenate(scales, axis=-1), n_channels, 1, f"{name}_output")
