"""Weights of others arrive whole, or the run ends with a clear sentence."""

from __future__ import annotations

import os
from pathlib import Path

import keras
import numpy as np
import pytest

from tagger.errors import SettingsError
from tests.trainer.network import contract
from trainer.network import alexnet, pretrained, transfer, yolov8

SMALL = ((8, 8, 8, 8), (1, 1, 1, 1))


def weights(model):
    """All weights in one row."""
    return np.concatenate([np.ravel(values) for values in model.get_weights()])


@pytest.fixture
def trained():
    """A small backbone whose weights stand for somebody's training."""
    keras.utils.set_random_seed(7)
    model = yolov8.backbone(64, *SMALL)
    model.set_weights([values + 0.25 for values in model.get_weights()])
    return model


@pytest.mark.parametrize("name", ["yolo.weights.h5", "yolo.keras"])
def test_a_file_gives_its_weights(trained, tmp_path, name):
    """A backbone has other weights before, and exactly those of the file afterwards."""
    if name.endswith(".keras"):
        trained.save(tmp_path / name)
    else:
        trained.save_weights(tmp_path / name)
    backbone = yolov8.backbone(64, *SMALL)
    assert not np.array_equal(weights(backbone), weights(trained))
    pretrained.fill(backbone, str(tmp_path / name), {})
    assert np.array_equal(weights(backbone), weights(trained))


def test_a_file_reaches_the_finished_network(trained, tmp_path):
    """The builder's network holds the file's weights, layer by layer; its head does not come from it."""
    trained.save_weights(tmp_path / "yolo.weights.h5")
    builder, front_end, frames, parameters = contract.SMOKE["yolov8"]
    model = builder(front_end, frames, 3, **{**parameters, "weights": str(tmp_path / "yolo.weights.h5")})
    for layer in trained.layers:
        for expected, got in zip(
            layer.get_weights(), model.get_layer(layer.name).get_weights() if layer.weights else [], strict=True
        ):
            assert np.array_equal(got, expected)


def test_a_donor_may_have_more_layers(trained):
    """What a donor has beyond the backbone, such as its own head, is left out."""
    longer = keras.Model(trained.input, keras.layers.Dense(5)(trained.output))
    backbone = yolov8.backbone(64, *SMALL)
    pretrained.fill(backbone, "imagenet", {"imagenet": lambda: longer})
    assert np.array_equal(weights(backbone), weights(trained))


def test_none_leaves_what_is_there(trained):
    """Random weights are taken when they are asked for."""
    before = weights(trained)
    pretrained.fill(trained, "none", {})
    assert np.array_equal(weights(trained), before)


def test_weights_of_another_network_are_refused(trained, tmp_path):
    """A file of other shapes, and one that holds no weights, are errors that name it."""
    other = yolov8.backbone(64, (16, 16, 16, 16), (1, 1, 1, 1))
    for name in ("other.keras", "other.weights.h5"):
        (other.save if name.endswith(".keras") else other.save_weights)(tmp_path / name)
        with pytest.raises(SettingsError, match=name):
            pretrained.fill(trained, str(tmp_path / name), {})
    (tmp_path / "text.weights.h5").write_text("no weights")
    with pytest.raises(SettingsError, match="text"):
        pretrained.fill(trained, str(tmp_path / "text.weights.h5"), {})


def test_a_missing_file_is_said_to_be_missing(trained, tmp_path):
    """A wrong path gives one sentence, and what else may be done."""
    with pytest.raises(SettingsError, match="no such file") as caught:
        pretrained.fill(trained, str(tmp_path / "nowhere.weights.h5"), {})
    assert "--weights none" in caught.value.hint


def test_alexnet_is_that_of_torchvision(tmp_path, rng):
    """With the weights of layers of PyTorch, read from a file, the network sees what they see."""
    torch = pytest.importorskip("torch")
    nn = torch.nn
    torch.manual_seed(1)
    shapes = [
        (3, 64, 11, 4, 2),
        (64, 192, 5, 1, 2),
        (192, 384, 3, 1, 1),
        (384, 256, 3, 1, 1),
        (256, 256, 3, 1, 1),
    ]
    features = nn.Sequential()
    for number, (before, after, kernel, stride, padding) in enumerate(shapes, start=1):
        features.extend([nn.Conv2d(before, after, kernel, stride, padding), nn.ReLU()])
        if number in (1, 2, 5):
            features.append(nn.MaxPool2d(3, 2))
    classifier = nn.Sequential(nn.Linear(9216, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 5))
    state = {f"1.{name}": values for name, values in features.state_dict().items()}
    state |= {f"2.{name}": values for name, values in classifier.state_dict().items()}
    torch.save(state, tmp_path / "alexnet.pth")
    below = alexnet.trunk(128, last_layer="fc8", width=1, n_units=32, dropout=0.5)
    pretrained.fill(below, str(tmp_path / "alexnet.pth"), {})
    photographs = rng.normal(0, 1, (2, 128, 128, 3)).astype(np.float32)
    maps = nn.AdaptiveAvgPool2d(6)(features(torch.tensor(photographs).permute(0, 3, 1, 2)))
    expected = classifier[:4](maps.flatten(1)).detach().numpy()
    assert below.predict(photographs, verbose=0) == pytest.approx(expected, abs=1e-5)
    assert expected.std() > 0.01


def test_weights_that_nobody_offers_are_refused():
    """AlexNet has no weights of ImageNet in Keras' world, and says so."""
    with pytest.raises(SettingsError, match="no maintained library") as caught:
        alexnet.build(contract.MEL, 20, 3, weights="imagenet", size=64, width=0.05, n_units=8)
    assert "FILE" in caught.value.hint


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """No way to the network: every address is behind a proxy that is not there."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("NO_PROXY", "")
    # urllib asks for proxies once, and would go on in later tests as it did in these.
    monkeypatch.setattr("urllib.request._opener", None)
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path))
    kept = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras")) / "models"
    if list(kept.glob("efficientnetb0*")):
        pytest.skip(f"{kept} holds the weights that this test wants to miss")


@pytest.mark.parametrize(
    ("backbone", "wanted"),
    [
        ("efficientnetb0", "imagenet"),
        ("resnet18", "imagenet"),
        ("resnet18", "resnet_34_nowhere"),
        ("resnet18", "kaggle://keras/resnetv1/keras/resnet_18_imagenet/3"),
    ],
)
def test_offline_is_one_clear_sentence(offline, backbone, wanted):
    """Weights that cannot be fetched end the run; it never starts from random ones instead."""
    with pytest.raises(SettingsError, match=f"{wanted}: the weights could not be fetched") as caught:
        transfer.build(contract.MEL, 20, 3, backbone=backbone, weights=wanted, size=32)
    assert "\n" not in caught.value.message
    assert "Errno" not in caught.value.message
    assert "--weights none" in caught.value.hint


def test_coco_offline_is_one_clear_sentence(offline):
    """The weights of COCO come from Kaggle, or not at all."""
    with pytest.raises(SettingsError, match="coco: the weights could not be fetched"):
        yolov8.build(contract.MEL, 20, 3, variant="xs", size=64)
