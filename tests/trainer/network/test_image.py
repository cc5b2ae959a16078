"""Windows become images with time from left to right and low frequencies at the bottom."""

from __future__ import annotations

import keras
import matplotlib
import numpy as np
import pytest

from tagger.errors import SettingsError
from tagger.inference.frontend import FrontEnd
from trainer.network import image

FRAMES, BANDS = 12, 8
MEL = FrontEnd(n_mels=BANDS, n_fft=256, hop_length=64)
LINEAR = FrontEnd(kind="log_spectrogram", n_fft=512, hop_length=256)


def drawn(windows, front_end=MEL, **options):
    """The image that a network makes of windows."""
    inputs, picture = image.prepare(front_end, windows.shape[1], **options)
    return keras.Model(inputs, picture).predict(windows, verbose=0)


@pytest.fixture
def windows(rng):
    """Two windows of noise in dB."""
    return rng.normal(-40, 15, (2, FRAMES, BANDS)).astype(np.float32)


def test_low_frequencies_are_at_the_bottom_and_time_runs_right():
    """A loud low band early in the window lights the lower left corner alone."""
    windows = np.full((1, 8, 8), -90, np.float32)
    windows[0, :4, :4] = 0
    grey = drawn(windows, size=8)[0, :, :, 0]
    assert (grey[4:, :4] == 1).all()
    assert grey.sum() == 16


def test_levels_are_relative_to_the_peak_and_cut_off(windows):
    """The loudest point is 1, `top_db` below it is 0, and a gain changes nothing."""
    grey = drawn(windows, size=16, top_db=30)
    assert grey.min() == 0
    assert drawn(windows + 25, size=16, top_db=30) == pytest.approx(grey, abs=1e-5)
    inputs = keras.Input((2, 2))
    levels = keras.Model(inputs, image.levels(inputs)).predict(np.array([[[0, -20], [-80, -99]]]), verbose=0)
    assert levels == pytest.approx(np.array([[[1, 0.75], [0, 0]]]))


@pytest.mark.parametrize("size", [1, 7, 16, 31, 90])
def test_images_are_resized_bilinearly(windows, size):
    """As `keras.ops.image.resize` does it, wider or narrower."""
    values = keras.ops.convert_to_tensor(windows)
    upright = keras.ops.flip(keras.ops.transpose(values, (0, 2, 1)), axis=1)[..., None]
    expected = keras.ops.image.resize(upright, (size, size), interpolation="bilinear")
    assert np.asarray(image.draw(values, size)) == pytest.approx(np.asarray(expected), abs=1e-4)


@pytest.mark.parametrize("options", [{"features": "mfcc", "n_mfcc": 5}, {}, {"features": "fusion"}])
def test_silence_gives_a_finite_image(options):
    """A constant window does not divide by zero."""
    front_end = LINEAR if options.get("features") == "fusion" else MEL
    silence = np.full((1, FRAMES, front_end.n_bands), -100, np.float32)
    assert np.isfinite(drawn(silence, front_end, size=8, **options)).all()


def test_magma_is_that_of_matplotlib(windows):
    """Each pixel has the colour that matplotlib gives its grey value."""
    grey = drawn(windows, size=16)[..., 0]
    table = matplotlib.colormaps["magma"](np.arange(256))[:, :3]
    expected = np.stack([np.interp(grey * 255, np.arange(256), one) for one in table.T], axis=-1)
    assert drawn(windows, size=16, colour="magma") == pytest.approx(expected, abs=1e-6)


def test_green_and_grey_hold_the_same_values(windows):
    """Three grey channels are equal; green has the values in the second alone."""
    grey = drawn(windows, size=16)
    assert (drawn(windows, size=16, channels=3) == grey).all()
    green = drawn(windows, size=16, colour="green")
    assert (green[..., 1:2] == grey).all()
    assert not green[..., ::2].any()


PREPROCESSED = {
    "signed": lambda x: keras.applications.resnet_v2.preprocess_input(x),
    "caffe": lambda x: keras.applications.vgg16.preprocess_input(x),
    "imagenet": lambda x: keras.applications.imagenet_utils.preprocess_input(x, mode="torch"),
    "bytes": lambda x: keras.applications.efficientnet.preprocess_input(x),
}


@pytest.mark.parametrize("scaling", PREPROCESSED)
def test_scaling_is_that_of_the_library(windows, scaling):
    """A scaled image is what the library's own function makes of bytes."""
    in_bytes = 255 * drawn(windows, size=16, colour="magma")
    expected = PREPROCESSED[scaling](in_bytes.copy())
    assert drawn(windows, size=16, colour="magma", scaling=scaling) == pytest.approx(expected, abs=1e-3)


def test_fusion_has_a_channel_for_each_feature(rng):
    """Mel bands, MFCC, chroma and contrast share an image, each within [0, 1] and none empty."""
    windows = rng.normal(-40, 15, (2, FRAMES, LINEAR.n_bands)).astype(np.float32)
    fused = drawn(windows, LINEAR, size=16, features="fusion", n_mels=20, n_mfcc=13)
    assert fused.shape == (2, 16, 16, 4)
    assert fused.min() >= 0
    assert fused.max() <= 1
    assert (fused.std(axis=(1, 2)) > 0).all()


@pytest.mark.parametrize(("features", "front_end"), [("mfcc", LINEAR), ("fusion", MEL)])
def test_features_of_a_foreign_front_end_are_refused(features, front_end):
    """Features that cannot be computed from the windows are an error of the settings."""
    with pytest.raises(SettingsError, match="front-end gives"):
        image.prepare(front_end, FRAMES, size=8, features=features)
