"""A model folder is data: it is checked before it is used, and a bad one is one clear sentence."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tagger.errors import ModelError
from tagger.inference import artefact, card, runtime
from tagger.inference.artefact import Artefact

Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the bundled model's folder."""
    return Path(shutil.copytree(artefact.BUNDLED / "default", tmp_path / "my model"))


def change_card(folder: Path, change: Change) -> None:
    """Edit a card as somebody with a text editor would."""
    path = folder / artefact.CARD
    content = json.loads(path.read_text("utf-8"))
    change(content)
    path.write_text(json.dumps(content), "utf-8")


def refresh_checksums(folder: Path) -> None:
    """Make the card's checksums fit the files again, as a forger would."""
    sums = {name: artefact.checksum(folder / name) for name in (artefact.KERAS, artefact.ONNX)}
    change_card(folder, lambda content: content.update(checksums=sums))


def test_the_bundled_model_loads(bundled: Artefact) -> None:
    """The model that comes with the program is whole, and its card is complete."""
    assert bundled.card.name == "default"
    assert len(bundled.card.genres) >= 8
    assert bundled.card.corpora
    assert all(corpus["licences"] for corpus in bundled.card.corpora)
    assert bundled.card.scores
    assert (bundled.folder / artefact.README).is_file()


def test_cards_round_trip(bundled: Artefact) -> None:
    """A card that is written is read back equal."""
    text = card.dumps(bundled.card)
    assert card.loads(text, "here") == bundled.card
    assert card.dumps(card.loads(text, "here")) == text


def test_models_are_found_by_name_and_by_path(folder: Path) -> None:
    """A name means a folder among the installed ones, a path means itself."""
    assert artefact.find("default", [artefact.BUNDLED]) == artefact.BUNDLED / "default"
    assert artefact.find("my model", [folder.parent, artefact.BUNDLED]) == folder
    assert artefact.find(str(folder), [artefact.BUNDLED]) == folder
    with pytest.raises(ModelError, match="nowhere: no such model"):
        artefact.find("nowhere", [artefact.BUNDLED])


def test_own_models_come_first(folder: Path) -> None:
    """A user's model hides a bundled one of the same name, and each name is listed once."""
    own = folder.rename(folder.with_name("default"))
    assert artefact.find("default", [own.parent, artefact.BUNDLED]) == own
    listed = [place.name for place in artefact.installed([own.parent, artefact.BUNDLED])]
    assert listed.count("default") == 1


@pytest.mark.parametrize("name", [artefact.KERAS, artefact.ONNX])
def test_a_flipped_bit_is_noticed(folder: Path, name: str) -> None:
    """Damage to a network is noticed by its checksum before anything reads it."""
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(ModelError, match=rf"{name}: damaged: its checksum differs"):
        artefact.load(folder)


@pytest.mark.parametrize("name", [artefact.KERAS, artefact.ONNX])
def test_a_missing_network_is_noticed(folder: Path, name: str) -> None:
    """A folder without one of its networks is refused."""
    (folder / name).unlink()
    with pytest.raises(ModelError, match=rf"{name}: missing from the model folder"):
        artefact.load(folder)


def test_a_model_that_is_no_network_runs_by_onnx_alone(folder: Path) -> None:
    """A folder whose card names no file for Keras loads, and only ONNX Runtime takes it."""
    (folder / artefact.KERAS).unlink()
    content = json.loads((folder / artefact.CARD).read_text())
    del content["checksums"][artefact.KERAS]
    (folder / artefact.CARD).write_text(json.dumps(content))
    loaded = artefact.load(folder)
    assert not loaded.has_keras
    assert runtime.load(loaded, "auto").name == "onnx"
    with pytest.raises(ModelError, match="Keras cannot run this model"):
        runtime.load(loaded, "keras")


@pytest.mark.parametrize("name", ["../secret", "/etc/hostname", "a/b"])
def test_a_card_names_only_its_own_files(folder: Path, name: str) -> None:
    """A card that points out of its folder is refused before anything is read there."""
    content = json.loads((folder / artefact.CARD).read_text())
    content["checksums"][name] = "sha256:0"
    (folder / artefact.CARD).write_text(json.dumps(content))
    with pytest.raises(ModelError, match="is no file of a model folder"):
        artefact.load(folder)


def test_a_foreign_folder_is_refused(tmp_path: Path) -> None:
    """A folder without a card, and a card of something else, are named as what they are."""
    with pytest.raises(ModelError, match=r"not a model folder: it holds no card\.json"):
        artefact.load(tmp_path)
    with pytest.raises(ModelError, match="not a model folder"):
        artefact.load(artefact.find(str(tmp_path), []))
    (tmp_path / "card.json").write_text('{"format": "cookery"}')
    with pytest.raises(ModelError, match="not the card of a tagger model"):
        artefact.load(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.update(format_version=99),
        lambda content: content.pop("genres"),
        lambda content: content.update(genres=[]),
        lambda content: content.update(genres=["Rock", "Rock"]),
        lambda content: content.update(genres=[1, 2]),
        lambda content: content["front_end"].update(n_fft=-1),
        lambda content: content["front_end"].update(gain=2),
        lambda content: content["window"].update(hop_frames=0),
        lambda content: content["window"].update(hop_frames=content["window"]["frames"] + 1),
        lambda content: content["window"].update(frames="many"),
        lambda content: content["calibration"].update(temperature=0),
        lambda content: content["calibration"].update(method="magic"),
        lambda content: content["thresholds"].clear(),
        lambda content: content["thresholds"].update({content["genres"][0]: 1.5}),
        lambda content: content["thresholds"].update({content["genres"][0]: "high"}),
        lambda content: content.update(checksums={}),
        lambda content: content.update(checksums={"model.onnx": 1, "model.keras": 2}),
        lambda content: content.update(window=None),
        lambda content: content["window"].update(seconds="long"),
        lambda content: content["window"].update(hop_seconds=-1),
        lambda content: content["window"].update(variable="no"),
        lambda content: content["window"].pop("variable"),
        lambda content: content["front_end"].update(sample_rate="x"),
        lambda content: content["front_end"].update(n_mels=95.5),
        lambda content: content["front_end"].update(amin=float("inf")),
        lambda content: content["calibration"].update(temperature=1e-300),
        lambda content: content["calibration"].update(temperature=1e300),
        lambda content: content["calibration"].update(temperature=True),
        lambda content: content.update(name=None),
        lambda content: content.update(name=" "),
        lambda content: content.update(description={}),
        lambda content: content.update(checksums=[]),
        lambda content: content.update(thresholds=[]),
        lambda content: content.update(split=None),
        lambda content: content.update(scores=[]),
        lambda content: content.update(recipe=7),
        lambda content: content.update(corpora=7),
        lambda content: content.update(corpora=[{}]),
        lambda content: content["held_out"].update(genre=3),
        lambda content: content["held_out"].update(scale=[]),
        lambda content: content["held_out"]["confidence"].__setitem__(0, "x"),
        lambda content: content["held_out"]["confidence"].__setitem__(0, 10**400),
        lambda content: content["network"].update(parameters=float("nan")),
    ],
)
def test_a_nonsensical_card_is_one_sentence(folder: Path, change: Change) -> None:
    """Whatever is wrong in a card, the answer is one sentence of ours with the card's path, and a hint."""
    change_card(folder, change)
    with pytest.raises(ModelError) as caught:
        artefact.load(folder)
    assert str(caught.value).startswith(str(folder))
    assert "\n" not in str(caught.value)
    assert not re.search("__init__|not supported|object is not|has no attribute|convert", str(caught.value))
    assert caught.value.hint


@pytest.mark.parametrize("content", [b"", b"{", b"[1, 2]", b"[" * 100_000, b"\xff\xfe\x00", b"null"])
def test_a_card_of_any_bytes_is_one_sentence(folder: Path, content: bytes) -> None:
    """A card that is no card is refused."""
    (folder / artefact.CARD).write_bytes(content)
    with pytest.raises(ModelError, match=r"card\.json"):
        artefact.load(folder)


def test_forged_networks_are_refused(folder: Path) -> None:
    """Files that are no networks, with fitting checksums, end in a sentence from either runtime."""
    (folder / artefact.ONNX).write_bytes(b"not a network")
    (folder / artefact.KERAS).write_bytes(b"not a network either")
    refresh_checksums(folder)
    loaded = artefact.load(folder)
    for choice in ("onnx", "keras"):
        with pytest.raises(ModelError, match="cannot be used"):
            runtime.load(loaded, choice)


def test_a_card_that_does_not_fit_its_network_is_refused(folder: Path) -> None:
    """A card with a genre too many does not fit the network's outputs."""

    def add_genre(content: dict[str, Any]) -> None:
        content["genres"].append("Skiffle")
        content["thresholds"]["Skiffle"] = 0.5
        content["held_out"] = None

    change_card(folder, add_genre)
    for choice in ("onnx", "keras"):
        with pytest.raises(ModelError, match="do not fit the card"):
            runtime.load(artefact.load(folder), choice)


def fixed(folder: Path, n_frames: int) -> None:
    """Put networks into a folder that take windows of one length only."""
    import onnx

    network = onnx.load(folder / artefact.ONNX)
    length = network.graph.input[0].type.tensor_type.shape.dim[1]
    length.Clear()
    length.dim_value = n_frames
    onnx.save(network, folder / artefact.ONNX)
    refresh_checksums(folder)


@pytest.mark.parametrize("variable", [True, False])
def test_windows_that_the_network_cannot_take_are_refused(folder: Path, variable: bool) -> None:
    """A card that names another length than the only one of its network does not fit it."""
    n_frames = json.loads((folder / artefact.CARD).read_text())["window"]["frames"]
    fixed(folder, n_frames)
    change_card(folder, lambda content: content["window"].update(variable=False))
    assert runtime.load(artefact.load(folder), "onnx").name == "onnx"
    frames = n_frames if variable else 999
    change_card(folder, lambda content: content["window"].update(variable=variable, frames=frames))
    with pytest.raises(ModelError, match=f"windows of {n_frames} frames do not fit the card"):
        runtime.load(artefact.load(folder), "onnx")


def test_what_a_network_cannot_compute_is_one_sentence(bundled: Artefact) -> None:
    """Windows that only turn out to be unusable when they are heard end in a sentence too."""
    windows = np.zeros((1, 0, bundled.card.front_end.n_bands), np.float32)
    with pytest.raises(ModelError, match="cannot hear windows of 0 frames") as caught:
        runtime.load(bundled, "onnx")._run(windows)
    assert "\n" not in caught.value.message


def test_code_in_a_network_is_not_run(folder: Path, tmp_path: Path) -> None:
    """A Keras archive with a Lambda layer, Python bytecode inside, is refused and not run."""
    import keras

    witness = tmp_path / "witness"
    name = str(witness)
    inputs = keras.Input((4, 96))
    lambda_layer = keras.layers.Lambda(lambda x: (open(name, "w").close(), x)[1])  # noqa: PTH123
    keras.Model(inputs, lambda_layer(inputs)).save(folder / artefact.KERAS)
    witness.unlink(missing_ok=True)
    refresh_checksums(folder)
    with pytest.raises(ModelError, match="cannot be used"):
        runtime.load(artefact.load(folder), "keras")
    assert not witness.exists()


def test_both_runtimes_give_the_same_numbers(bundled: Artefact, rng: np.random.Generator) -> None:
    """Keras and ONNX Runtime agree to 1e-4 on noise, silence and a ramp, at two window lengths."""
    shape = bundled.card.window.frames, bundled.card.front_end.n_mels
    onnx, keras = runtime.load(bundled, "onnx"), runtime.load(bundled, "keras")
    for n_frames in {shape[0], shape[0] * 2 if bundled.card.window.variable else shape[0]}:
        batch = rng.normal(-40, 15, (5, n_frames, shape[1])).astype(np.float32)
        batch[1] = -100
        batch[2] = np.linspace(-80, 0, shape[1])
        one, other = onnx.logits(batch), keras.logits(batch)
        assert one.shape == other.shape == (5, len(bundled.card.genres))
        np.testing.assert_allclose(one, other, atol=1e-4)


def test_auto_takes_onnx_where_there_is_no_gpu(bundled: Artefact) -> None:
    """Without a GPU's driver, TensorFlow is not asked."""
    if Path("/proc/driver/nvidia/version").exists():
        pytest.skip("this machine has the driver of a GPU")
    assert runtime.load(bundled).name == "onnx"


def test_a_window_does_not_depend_on_its_batch(bundled: Artefact, rng: np.random.Generator) -> None:
    """The company a window keeps in its batch does not change its logits."""
    shape = bundled.card.window.frames, bundled.card.front_end.n_mels
    batch = rng.normal(-40, 15, (8, *shape)).astype(np.float32)
    onnx = runtime.load(bundled, "onnx")
    padded = np.zeros_like(batch)
    padded[:2] = batch[:2]
    np.testing.assert_allclose(onnx.logits(batch)[:2], onnx.logits(padded)[:2], atol=1e-5)
