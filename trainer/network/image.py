"""Windows → images, as the papers draw them: low frequencies at the bottom, time from left to right.

Everything is made of built-in layers and `keras.ops`; layers are named `image_…`, and none of them trains.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import keras
import numpy as np
from keras import layers, ops

from tagger.errors import SettingsError
from tagger.inference.frontend import Array, FrontEnd
from trainer.network import transform

Colour = Literal["grey", "magma", "green"]
Features = Literal["spectrogram", "mfcc", "fusion"]
Scaling = Literal["unit", "signed", "bytes", "imagenet", "caffe"]

_N_COLOURS = 256
# A range of values below this is that of a constant window, and is not divided by.
_LEAST_RANGE = 1e-6

# Scale and offset of red, green and blue in [0, 1], for what each family of pretrained networks was trained on.
_IMAGENET_MEAN, _IMAGENET_STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
_CAFFE_BGR_MEAN = (103.939, 116.779, 123.68)


def prepare(
    front_end: FrontEnd,
    window_frames: int,
    *,
    size: int,
    features: Features = "spectrogram",
    colour: Colour = "grey",
    channels: Literal[1, 3] = 1,
    scaling: Scaling = "unit",
    top_db: float = 80.0,
    n_mels: int = 128,
    n_mfcc: int = 20,
    jitter: Mapping[str, float] | None = None,
) -> tuple[Any, Any]:
    """The input of a network, and the image it sees.

    Args:
        front_end: Gives the windows: log_mel or log_spectrogram.
        window_frames: Length of a window, in frames.
        size: Width and height of the image, in pixels.
        features: What is drawn: "spectrogram", the windows themselves; "mfcc", of log_mel windows; "fusion", of
            log_spectrogram windows, has a channel each for mel bands, MFCC, chroma and spectral contrast.
        colour: Of one feature: "grey"; "magma", matplotlib's table; "green", from black.
        channels: Of a grey image: 1, or 3 equal ones.
        scaling: Of the values, see `scaled`.
        top_db: Levels are cut off this far below the window's loudest point.
        n_mels: Mel bands of the fusion.
        n_mfcc: Coefficients of MFCC.
        jitter: How images are changed in training, see `jittered`.

    Returns:
        "windows", shape (n_windows, window_frames, n_bands), and the image, (n_windows, size, size, channels).

    Raises:
        SettingsError: The front-end does not give what `features` needs, or a package is missing.
    """
    windows = keras.Input((window_frames, front_end.n_bands), name="windows")
    if features == "fusion":
        return windows, scaled(_fusion(windows, front_end, size, top_db, n_mels, n_mfcc), scaling)
    if features == "mfcc":
        transform.require(front_end, "log_mel", "MFCC")
        drawn = draw(stretched(transform.mfcc(windows, n_mfcc)), size)
    else:
        drawn = draw(levels(windows, top_db), size)
    painted = jittered(coloured(drawn, colour, channels), **(jitter or {}))
    return windows, scaled(painted, scaling)


def painter(front_end: FrontEnd, window_frames: int, **parameters: Any) -> Callable[[Array], Array]:
    """A function from windows to the images that networks see, in [0, 1]; parameters are those of `prepare`."""
    windows, image = prepare(front_end, window_frames, **parameters)
    model = keras.Model(windows, image)
    return lambda values: model.predict(values, verbose=0)


def levels(spectrogram: Any, top_db: float = 80.0) -> Any:
    """A spectrogram in dB → [0, 1]: 1 is the window's loudest point, 0 is `top_db` below it or lower.

    A constant window is all 1.
    """
    below = spectrogram - ops.max(spectrogram, axis=(1, 2), keepdims=True)
    return ops.clip(below, -top_db, 0) / top_db + 1


def stretched(values: Any) -> Any:
    """Any values → [0, 1], from the window's least to its greatest; a constant window is all 0."""
    least = ops.min(values, axis=(1, 2), keepdims=True)
    extent = ops.max(values, axis=(1, 2), keepdims=True) - least
    return (values - least) / ops.maximum(extent, _LEAST_RANGE)


def draw(values: Any, size: int) -> Any:
    """Values of shape (n_windows, n_frames, n_bands) → (n_windows, size, size, 1), resized bilinearly.

    As in the papers, there is no smoothing before an image is made smaller.
    """
    high_first = ops.flip(ops.transpose(values, (0, 2, 1)), axis=1)
    return ops.expand_dims(_resized(_resized(high_first, size, axis=1), size, axis=2), -1)


def _resized(values: Any, size: int, axis: int) -> Any:
    """An axis of a tensor interpolated to another length, pixels counted from their centres.

    Neither by the layer `Resizing`, which counts as training unless told otherwise, and so would all layers
    after it, nor by `ops.image.resize`, whose ONNX form may round the new length down.
    """
    n_values = values.shape[axis]
    place = np.clip((np.arange(size) + 0.5) * n_values / size - 0.5, 0, n_values - 1)
    lower = np.minimum(place.astype(np.int32), max(0, n_values - 2))
    share = np.expand_dims((place - lower).astype(np.float32), axis=tuple({0, 1, 2} - {axis}))
    below, above = (ops.take(values, np.minimum(lower + i, n_values - 1), axis=axis) for i in (0, 1))
    return below + (above - below) * share


def coloured(image: Any, colour: Colour, channels: int = 1) -> Any:
    """A grey image in [0, 1] → as many channels as wanted, or three of a colour, in [0, 1]."""
    if colour == "magma":
        # Between two colours of the table: a jump to the nearest would make much of the last bits of a level.
        place = ops.cast(image, "float32") * (_N_COLOURS - 1)
        lower = ops.clip(ops.floor(place), 0, _N_COLOURS - 2)
        index = ops.cast(lower[..., 0], "int32")
        table = layers.Embedding(_N_COLOURS, 3, trainable=False, dtype="float32", name="image_magma")
        # The converter to ONNX loses the size of what is looked up, and pads convolutions wrongly without it.
        sized = layers.Reshape((*image.shape[1:3], 3), name="image_size")
        below, above = sized(table(index)), sized(table(index + 1))
        table.set_weights([_magma()])
        return below + (place - lower) * (above - below)
    if colour == "green":
        black = ops.zeros_like(image)
        return layers.Concatenate(name="image_green")([black, image, black])
    return image if channels == 1 else layers.Concatenate(name="image_grey")([image] * channels)


def jittered(image: Any, *, contrast: float = 0, brightness: float = 0, noise: float = 0) -> Any:
    """Images in [0, 1], each changed at random in training and left alone otherwise.

    Not by Keras' own layers for images: they count as training unless told otherwise.

    Args:
        image: Shape (n_windows, height, width, channels).
        contrast: Standard deviation of the factor of the distances from the mean.
        brightness: Standard deviation of what is added to all values.
        noise: Standard deviation of noise on every value.
    """
    if not (contrast or brightness or noise):
        return image
    of_image = ops.zeros_like(image[:, :1, :1, :1])
    mean = ops.mean(image, axis=(1, 2, 3), keepdims=True)
    factor = layers.GaussianNoise(contrast, name="image_contrast")(of_image) + 1
    offset = layers.GaussianNoise(brightness, name="image_brightness")(of_image)
    changed = (image - mean) * factor + mean + offset
    return ops.clip(layers.GaussianNoise(noise, name="image_noise")(changed), 0, 1)


def scaled(image: Any, scaling: Scaling) -> Any:
    """An image in [0, 1] → the range that a network expects.

    Args:
        image: Shape (n_windows, height, width, channels).
        scaling: What the values become. "unit": [0, 1] as they are. "signed": [-1, 1], for ResNetV2 of
            keras.applications. "bytes": [0, 255], for its EfficientNet, which scales by itself. "imagenet": the
            mean of ImageNet's colours taken away, then divided by their deviation, for timm, torchvision and
            keras-hub. "caffe": bytes in the order blue, green, red, less ImageNet's mean, for VGG.
    """
    if scaling == "unit":
        return image
    if scaling == "caffe":
        image = ops.flip(image, axis=-1)
    scale, offset = {
        "signed": (2.0, -1.0),
        "bytes": (255.0, 0.0),
        "imagenet": ((1 / _IMAGENET_STD).tolist(), (-_IMAGENET_MEAN / _IMAGENET_STD).tolist()),
        "caffe": (255.0, [-mean for mean in _CAFFE_BGR_MEAN]),
    }[scaling]
    return layers.Rescaling(scale, offset, dtype="float32", name="image_scale")(image)


def _fusion(windows: Any, front_end: FrontEnd, size: int, top_db: float, n_mels: int, n_mfcc: int) -> Any:
    """Mel bands, MFCC, chroma and spectral contrast, a channel each in [0, 1]."""
    transform.require(front_end, "log_spectrogram", "a fusion of features")
    S = transform.power(windows)
    mel = transform.log_mel(S, front_end, n_mels)
    drawn = [
        draw(levels(mel, top_db), size),
        draw(stretched(transform.mfcc(mel, n_mfcc)), size),
        draw(transform.chroma(S, front_end), size),
        draw(stretched(transform.contrast(S, front_end)), size),
    ]
    return layers.Concatenate(name="image_fusion")(drawn)


def _magma() -> Array:
    """Red, green and blue of matplotlib's colour map, shape (256, 3), in [0, 1]."""
    try:
        import matplotlib
    except ImportError as error:
        raise SettingsError(
            "the colours of magma need the package matplotlib",
            hint="`pip install matplotlib`",
        ) from error
    return matplotlib.colormaps["magma"](np.arange(_N_COLOURS))[:, :3].astype(np.float32)
