"""The architectures have the shapes and the numbers of parameters that their papers publish."""

from __future__ import annotations

import math

import keras
import numpy as np
import pytest

from tagger.errors import SettingsError
from tagger.inference.frontend import FrontEnd
from tests.trainer.network import contract
from trainer.network import (
    alexnet,
    arrigo,
    head,
    hybrid,
    li,
    sanjeev,
    spectral,
    transfer,
    vector,
    vgg16,
    vukotic,
    yolov4,
    yolov8,
)

MEL = FrontEnd(n_mels=128)
DESCRIPTORS = FrontEnd(kind="descriptors", hop_length=661_500)


def count(layers, *, trained=True):
    """Number of parameters, colour tables and feature matrices left out."""
    weights = [
        weight
        for layer in layers
        if not layer.name.startswith(("image_", "head_adapt"))
        for weight in (layer.trainable_weights if trained else layer.weights)
    ]
    return sum(math.prod(weight.shape) for weight in weights)


def test_sanjeev_has_the_shapes_of_the_paper():
    """Pools leave 127, 62, 30, 14 and 6 points; 18,432 numbers are flattened; 26.8 M parameters in all."""
    model = sanjeev.build(MEL, 344, 10)
    pools = [model.get_layer(f"block{number}_pool").output.shape[1:] for number in range(1, 6)]
    assert pools == [(127, 127, 32), (62, 62, 64), (30, 30, 128), (14, 14, 256), (6, 6, 512)]
    assert model.get_layer("head_flatten").output.shape[1] == 18_432
    convolutions = [(1, 32), (32, 32), (32, 64), (64, 64), (64, 128), (128, 128)]
    convolutions += [(128, 256), (256, 256), (256, 512), (512, 512)]
    expected = sum(9 * before * after + after for before, after in convolutions)
    assert count(model.layers) == expected + (18_432 + 1) * 1200 + (1200 + 1) * 10 == 26_843_258


def test_the_networks_on_descriptors_have_the_parameters_of_appendix_b():
    """The dense network has 207,802 parameters, of which 205,850 are trained; the LSTM has 305,994."""
    dense = vector.dense(DESCRIPTORS, 1, 10)
    assert dense.count_params() == 207_802
    assert count(dense.layers) == 205_850
    assert vector.lstm(DESCRIPTORS, 1, 10).count_params() == 305_994


def test_descriptors_are_standardised_by_what_is_given(rng):
    """Mean and scale given to the builder act as if the descriptors had been standardised before."""
    mean, scale = rng.normal(0, 100, 58), rng.uniform(0.1, 50, 58)
    plain = vector.dense(DESCRIPTORS, 1, 3, units=(4,))
    scaled = vector.dense(DESCRIPTORS, 1, 3, units=(4,), mean=mean.tolist(), scale=scale.tolist())
    scaled.set_weights(plain.get_weights())
    windows = rng.normal(0, 1, (5, 1, 58)).astype(np.float32)
    raw = (windows * scale + mean).astype(np.float32)
    expected = plain.predict(windows, verbose=0)["logits"]
    assert scaled.predict(raw, verbose=0)["logits"] == pytest.approx(expected, abs=1e-3)


def test_networks_on_descriptors_refuse_spectrograms():
    """A spectrogram given to a network on descriptors is an error of the settings."""
    with pytest.raises(SettingsError, match="log_mel"):
        vector.dense(MEL, 1, 10)


@pytest.mark.slow
def test_alexnet_is_that_of_torchvision():
    """With 1,000 classes it has 61,100,840 parameters."""
    assert count(alexnet.build(MEL, 130, 1000, size=224).layers) == 61_100_840


@pytest.mark.slow
def test_vgg16_is_that_of_the_library():
    """With 1,000 classes it has 138,357,544 parameters."""
    assert count(vgg16.build(MEL, 130, 1000, weights="none", size=224).layers) == 138_357_544


@pytest.mark.parametrize(("last_layer", "n_embedding"), [("fc6", 9216), ("fc7", 4096), ("fc8", 4096)])
def test_the_last_layer_of_alexnet_is_chosen(last_layer, n_embedding):
    """With the first fully connected layer as the last, it sees the feature map itself."""
    model = alexnet.build(MEL, 130, 10, size=128, last_layer=last_layer)
    assert model.output["embedding"].shape[1] == n_embedding
    assert len([layer for layer in model.layers if layer.name in ("fc6", "fc7")]) == int(last_layer[2]) - 6


PUBLISHED = {"resnet50v2": 25_613_800, "efficientnetb0": 5_330_571, "efficientnetv2s": 21_612_360}


@pytest.mark.parametrize("backbone", PUBLISHED)
def test_backbones_are_those_of_keras_applications(backbone):
    """With a layer for 1,000 classes they have the parameters that Keras publishes."""
    trunk = transfer.BACKBONES[backbone].make(64)
    assert trunk.count_params() + (trunk.output.shape[-1] + 1) * 1000 == PUBLISHED[backbone]


def test_resnet18_is_that_of_torchvision():
    """With a layer for 1,000 classes it has 11,689,512 trained parameters."""
    assert count(transfer.BACKBONES["resnet18"].make(64).layers) + 513 * 1000 == 11_689_512


def test_csp_darknet53_is_that_of_timm():
    """With a layer for 1,000 classes it has 27,642,184 trained parameters."""
    assert count(yolov4.backbone(64).layers) + 1025 * 1000 == 27_642_184


KERAS_CV = {"xs": 1_277_680, "s": 5_089_760, "m": 11_872_464, "l": 19_831_744, "xl": 30_972_080}


@pytest.mark.parametrize("variant", KERAS_CV)
def test_the_backbone_of_yolov8_is_that_of_keras_cv(variant):
    """Every size has the parameters that KerasCV publishes, and ends at a 32nd of the image."""
    trunk = yolov8.backbone(64, *yolov8.SIZES[variant])
    assert trunk.count_params() == KERAS_CV[variant]
    assert trunk.output.shape[1:3] == (2, 2)


@pytest.mark.parametrize(
    ("builder", "least", "most"),
    [
        (vukotic.sequential, 2_000_000, 2_500_000),
        (vukotic.residual, 200_000, 250_000),
        (li.cnn, 1_000_000, 6_000_000),
        (li.crnn, 500_000, 3_000_000),
        (hybrid.build, 1_000_000, 4_000_000),
        (spectral.build, 500_000, 6_000_000),
        (arrigo.build, 22_000_000, 23_000_000),
    ],
)
def test_other_networks_have_the_size_that_is_said(builder, least, most):
    """Where a paper gives a range, the network lies in it; the others are of the size of their kind."""
    assert least <= count(builder(MEL, 130, 10).layers) <= most


@pytest.mark.parametrize(("before", "after"), [(4, 7), (3, 6), (13, 6), (7, 7)])
def test_adaptive_pooling_is_that_of_torch(rng, before, after):
    """A map of any size is averaged or repeated as torchvision does it."""
    torch = pytest.importorskip("torch")
    x = rng.normal(size=(2, before, before + 1, 3)).astype(np.float32)
    inputs = keras.Input(x.shape[1:])
    got = keras.Model(inputs, head.adaptive(inputs, after)).predict(x, verbose=0)
    expected = torch.nn.AdaptiveAvgPool2d(after)(torch.tensor(x).permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
    assert got == pytest.approx(expected.numpy(), abs=1e-5)


def test_drop_block_drops_blocks_in_training_alone():
    """Zeros come in whole blocks, about as many as asked; the mean stays; in use nothing changes."""
    keras.utils.set_random_seed(3)
    x = np.ones((8, 24, 24, 16), np.float32)
    inputs = keras.Input(x.shape[1:])
    model = keras.Model(inputs, yolov4.drop_block(inputs, 0.1, 5, "drop"))
    assert np.array_equal(model.predict(x, verbose=0), x)
    dropped = keras.ops.convert_to_numpy(model(x, training=True))
    zeros = dropped == 0
    assert 0.07 < zeros.mean() < 0.13
    assert dropped.mean(axis=(1, 2, 3)) == pytest.approx(1, abs=1e-4)
    inner = zeros[:, 2:-2, 2:-2]
    beside = np.stack([np.roll(zeros, shift, axis=1)[:, 2:-2, 2:-2] for shift in (-1, 1)]).any(axis=0)
    assert beside[inner].all()


def test_tables_and_matrices_never_train():
    """Whatever prepares the image, or adapts the map, is not among the trained weights."""
    for name in ("sanjeev fusion", "alexnet", "vgg16"):
        trained = {weight.path.split("/")[0] for weight in contract.build(name).trainable_weights}
        assert not [name for name in trained if name.startswith(("image_", "head_adapt"))]


def test_the_normalisation_of_efficientnet_survives_its_new_form(rng):
    """Scaling that stands for a layer of normalisation gives what that layer gave."""
    inputs = keras.Input((4, 4, 3))
    normalise = keras.layers.Normalization()
    built = keras.Model(inputs, normalise(inputs))
    normalise.adapt(rng.normal(3, 7, (50, 4, 4, 3)).astype(np.float32))
    x = rng.normal(3, 7, (2, 4, 4, 3)).astype(np.float32)
    assert head.flattened(built).predict(x, verbose=0) == pytest.approx(built.predict(x, verbose=0), abs=1e-5)
