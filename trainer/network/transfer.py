"""Networks that see: backbones made for photographs, with a head for genres.

ResNet50V2 and EfficientNetB0 are those of Vukotić (2025), ResNet-18 of Li et al. (2025) and of Singh and Gupta
(2024), EfficientNetV2-S of the latter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
from keras import applications

from tagger.inference.frontend import FrontEnd
from trainer.network import head, image, pretrained


@dataclass(frozen=True)
class Backbone:
    """A library's network without its head.

    Attributes:
        make: Builds it with random weights for images of a size in pixels.
        scaling: What it expects of its images.
        donors: Weights by name.
    """

    make: Callable[[int], Any]
    scaling: image.Scaling
    donors: Mapping[str, pretrained.Donor] = field(default_factory=dict)


def _resnet18(size: int) -> Any:
    return pretrained.hub().models.ResNetBackbone(
        input_conv_filters=[64],
        input_conv_kernel_sizes=[7],
        stackwise_num_filters=[64, 128, 256, 512],
        stackwise_num_blocks=[2, 2, 2, 2],
        stackwise_num_strides=[1, 2, 2, 2],
        block_type="basic_block",
        image_shape=(size, size, 3),
        name="resnet18",
    )


def _application(make: Callable[..., Any], scaling: image.Scaling) -> Backbone:
    """A backbone of keras.applications."""
    return Backbone(
        lambda size: make(include_top=False, weights=None, input_shape=(size, size, 3)),
        scaling,
        {"imagenet": lambda: make(include_top=False, weights="imagenet")},
    )


BACKBONES: dict[str, Backbone] = {
    "resnet50v2": _application(applications.ResNet50V2, "signed"),
    "efficientnetb0": _application(applications.EfficientNetB0, "bytes"),
    "efficientnetv2s": _application(applications.EfficientNetV2S, "bytes"),
    "resnet18": Backbone(_resnet18, "imagenet", {"imagenet": lambda: pretrained.preset("resnet_18_imagenet")}),
}


def build(
    front_end: FrontEnd,
    window_frames: int,
    n_genres: int,
    *,
    backbone: str = "resnet50v2",
    weights: str = "imagenet",
    size: int = 224,
    features: image.Features = "spectrogram",
    n_mfcc: int = 20,
    colour: image.Colour = "grey",
    jitter: Mapping[str, float] | None = None,
    units: Sequence[int] = (256,),
    dropout: float = 0.4,
    l2: float = 1e-4,
    until: str = "",
) -> Any:
    """A backbone, the mean of its feature map, and dense layers.

    The head's defaults are Vukotić's; Li et al. and Singh and Gupta put the logits right after the mean.

    Args:
        front_end: Gives the windows.
        window_frames: Length of a window, in frames.
        n_genres: Number of logits.
        backbone: A key of `BACKBONES`.
        weights: See `pretrained.fill`.
        size: Width and height of the image, in pixels.
        features: What is drawn: the windows themselves, or MFCC.
        n_mfcc: Coefficients of MFCC.
        colour: Of the image's three channels.
        jitter: How images are changed in training, see `image.jittered`.
        units: Of the dense layers before the logits.
        dropout: Share dropped before the logits, 0 to 1.
        l2: Weight of the head's squared weights in the loss.
        until: Name of the backbone's layer that is its last; empty takes all.

    Returns:
        See `head.model`.

    Raises:
        SettingsError: The weights cannot be had, or a package is missing.
    """
    chosen = BACKBONES[backbone]
    windows, x = image.prepare(
        front_end,
        window_frames,
        size=size,
        features=features,
        n_mfcc=n_mfcc,
        colour=colour,
        channels=3,
        scaling=chosen.scaling,
        jitter=jitter,
    )
    trunk = chosen.make(size)
    pretrained.fill(trunk, weights, chosen.donors)
    x = head.pooled(cut(trunk, until).call(x))
    dropouts = [0.0] * (len(units) - 1) + [dropout]
    x = head.dense(x, units, dropouts=dropouts, l2=l2)
    return head.model(windows, x, n_genres, backbone, l2=l2)


def cut(trunk: Any, until: str) -> Any:
    """A backbone that ends at a layer of this name; all of it, if the name is empty."""
    return keras.Model(trunk.input, trunk.get_layer(until).output, name=trunk.name) if until else trunk
