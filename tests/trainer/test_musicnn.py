"""What is left of musicnn hears what the whole published network hears, and costs what may be spent."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile

import numpy as np
import pytest
import soundfile
import tensorflow as tf

from tagger.errors import SettingsError
from tagger.inference import frontend
from tagger.inference.frontend import FrontEnd
from trainer import recipes
from trainer.network import cost, fitting, live_filters, musicnn

RECIPE = recipes.find("musicnn")
N_FRAMES = RECIPE.window_frames


class Whole:
    """The published network up to its embedding, every filter of it, dead ones too."""

    def __init__(self, wheel, folder):
        with zipfile.ZipFile(wheel) as archive:
            for kind in ("index", "data-00000-of-00001"):
                (folder / f"whole.{kind}").write_bytes(archive.read(f"musicnn/MSD_musicnn/.{kind}"))
        self._read = tf.train.load_checkpoint(str(folder / "whole")).get_tensor

    def embedding(self, frames):
        """What the layer before the tags gives, shape (n_windows, 200), for compressed frames."""
        x = self._normed(frames[..., None], 0)
        timbre = [self._convolved(self._padded(x), index, "VALID") for index in (0, 1)]
        rhythm = [self._convolved(x, index, "SAME") for index in (2, 3, 4)]
        layers = [tf.concat([tf.reduce_max(one, axis=2) for one in timbre + rhythm], axis=2)]
        assert layers[0].shape[2] == 561
        for index in (5, 6, 7):
            x = self._convolved(self._padded(layers[-1][..., None]), index, "VALID")[:, :, 0]
            layers.append(x if index == 5 else x + layers[-1])
        x = tf.concat(layers, axis=2)
        pooled = tf.stack([tf.reduce_max(x, axis=1), tf.reduce_mean(x, axis=1)], axis=2)
        x = self._normed(tf.reshape(pooled, (len(frames), -1)), 9)
        x = tf.nn.relu(x @ self._read("dense/kernel") + self._read("dense/bias"))
        return self._normed(x, 10).numpy()

    def _padded(self, x):
        return tf.pad(x, [[0, 0], [3, 3], [0, 0], [0, 0]])

    def _convolved(self, x, index, padding):
        name = f"conv2d_{index}" if index else "conv2d"
        x = tf.nn.conv2d(x, self._read(f"{name}/kernel"), 1, padding) + self._read(f"{name}/bias")
        return self._normed(tf.nn.relu(x), index + 1)

    def _normed(self, x, index):
        name = f"batch_normalization_{index}" if index else "batch_normalization"
        gamma, beta, mean, variance = (
            self._read(f"{name}/{value}") for value in ("gamma", "beta", "moving_mean", "moving_variance")
        )
        return tf.nn.batch_normalization(x, mean, variance, beta, gamma, 1e-3)


@pytest.fixture(scope="session")
def wheel():
    """The published package."""
    return live_filters.PACKAGE.fetched()


@pytest.fixture(scope="module")
def whole(wheel, tmp_path_factory):
    """All of the published network."""
    return Whole(wheel, tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module")
def networks():
    """What is left of it, by its band stride."""
    return {stride: musicnn.build(RECIPE.front_end, N_FRAMES, 3, band_stride=stride) for stride in (1, 2)}


@pytest.fixture(params=["noise", "tones", "tune"])
def windows(request, rng, tune, tmp_path):
    """Two windows of log-mel frames, in dB: of independent points, of steady tones with a beat, of a tune."""
    if request.param == "noise":
        return rng.normal(-30, 15, (2, N_FRAMES, 96)).astype(np.float32)
    if request.param == "tones":
        values = np.full((2, N_FRAMES, 96), -70, np.float32)
        values[0, :, [10, 20, 31]] = values[1, :, [5, 60, 61]] = -5
        values[:, ::20] += 20
        return values
    songs = (tune(tmp_path / f"{seed}.wav", sample_rate=16000, seed=seed) for seed in (0, 1))
    heard = (frontend.analyse(soundfile.read(song, dtype="float32")[0], RECIPE.front_end) for song in songs)
    return np.stack([frames.values[:N_FRAMES] for frames in heard])


def compressed(windows):
    """Their power, its mean brought to -3 dB, as musicnn wants it."""
    power = 10 ** (windows.astype(np.float64) / 10)
    power *= 10**-0.3 / power.mean(axis=(1, 2), keepdims=True)
    return np.log10(1 + 10_000 * power).astype(np.float32)


def outputs(network, windows):
    """What it says of windows."""
    return network.predict(windows, verbose=0)


@pytest.mark.parametrize("n_frames", [N_FRAMES, 40])
def test_the_live_filters_hear_what_all_of_them_hear(networks, whole, windows, n_frames):
    """The embedding of 3 s is that of the published network, to 0.05 % of its largest value.

    They differ at the ends of a window only, and more the shorter it is: what dead filters add to the second
    dense convolution goes on there, where the published network sees zeros.
    """
    windows = windows[:, :n_frames]
    expected = whole.embedding(compressed(windows))
    got = outputs(networks[1], windows)["embedding"]
    assert np.abs(got - expected).max() < 0.1 / n_frames * np.abs(expected).max()


def test_every_other_band_is_nearly_enough(networks, windows):
    """A band stride of 2 costs about half; its embedding is much like that of every band."""
    every, other = (outputs(networks[stride], windows)["embedding"] for stride in (1, 2))
    for one, same in zip(every, other, strict=True):
        assert np.corrcoef(one, same)[0, 1] > 0.75
    assert cost.flops(networks[2], N_FRAMES) < 0.55 * cost.flops(networks[1], N_FRAMES)


@pytest.mark.parametrize("gain_db", [-40, -6, 20])
def test_gain_changes_nothing(networks, windows, gain_db):
    """A window that is louder or softer gives the same logits, as long as it is no silence of -100 dB."""
    for network in networks.values():
        expected = outputs(network, windows)["logits"]
        assert outputs(network, windows + np.float32(gain_db))["logits"] == pytest.approx(expected, abs=1e-4)


def test_a_package_at_hand_gives_the_same_weights(networks, wheel):
    """`--weights FILE` takes the file that would be fetched."""
    read = musicnn.build(RECIPE.front_end, N_FRAMES, 3, weights=str(wheel))
    for one, same in zip(networks[2].layers, read.layers, strict=True):
        for expected, got in zip(one.get_weights(), same.get_weights(), strict=True):
            assert one.name == "head_logits" or np.array_equal(got, expected)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere.whl", "nowhere.whl: cannot be read: No such file"),
        ("folder.whl", "folder.whl: cannot be read"),
        ("text.whl", "text.whl: not the package musicnn 0.1.0"),
        ("other.whl", "other.whl: not the package musicnn 0.1.0"),
    ],
)
def test_another_file_is_refused(name, message, tmp_path):
    """By its name, with how to get the right one."""
    (tmp_path / "folder.whl").mkdir()
    (tmp_path / "text.whl").write_text("no archive")
    with zipfile.ZipFile(tmp_path / "other.whl", "w") as archive:
        archive.writestr("musicnn/MSD_musicnn/.index", b"of another network")
    with pytest.raises(SettingsError, match=message) as caught:
        musicnn.build(RECIPE.front_end, N_FRAMES, 3, weights=str(tmp_path / name))
    assert "pip download musicnn==0.1.0" in caught.value.hint


def test_weights_of_others_are_refused():
    """Nobody offers musicnn with weights of ImageNet; those that are offered are named."""
    with pytest.raises(SettingsError, match="for musicnn; it offers musicnn"):
        musicnn.build(RECIPE.front_end, N_FRAMES, 3, weights="imagenet")


def test_another_number_of_bands_is_refused():
    """The published filters are made for 96."""
    with pytest.raises(ValueError, match="96 bands, not 128"):
        musicnn.build(FrontEnd(n_mels=128), N_FRAMES, 3, weights="none")


def test_its_recipe_stays_small():
    """At most 750,000 parameters, 3 MB, and 60 million operations for a second of audio."""
    described = fitting.Network(RECIPE, 16, weights="none").describe()
    assert described["parameters"] <= 750_000
    assert described["flops_per_second_of_audio"] <= 60e6
    assert described["takes_any_length"]


OFFLINE = """
import dataclasses
import sys
from tagger.errors import SettingsError
from tagger.inference.frontend import FrontEnd
from trainer.network import live_filters, musicnn
live_filters.PACKAGE = dataclasses.replace(live_filters.PACKAGE, url=sys.argv[1])
try:
    musicnn.build(FrontEnd(n_mels=96), 187, 3)
except SettingsError as error:
    print(error.message, error.hint, sep="\\n")
"""


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/musicnn.whl", "{folder}/musicnn.whl"])
def test_weights_that_cannot_be_fetched_are_one_clear_sentence(address, tmp_path):
    """Without a connection, or where another file stands at the address; progress does not mix with data."""
    (tmp_path / "musicnn.whl").write_text("another file")
    (tmp_path / "keras").mkdir()
    address = address.format(folder=tmp_path.as_uri())
    home = {"KERAS_HOME": str(tmp_path / "keras"), "no_proxy": "*"}
    ran = subprocess.run(
        [sys.executable, "-c", OFFLINE, address],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | home,
    )
    message, hint = ran.stdout.splitlines()
    assert message.startswith("musicnn: the weights could not be fetched: ")
    assert "--weights FILE" in hint
    assert "Downloading data" in ran.stderr
