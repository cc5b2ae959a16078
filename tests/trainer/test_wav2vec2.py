"""Wav2Vec2 learns from waveforms in phases, starts only from whole encoders, and says the same as ONNX."""

from __future__ import annotations

import dataclasses
import importlib
import sys

import numpy as np
import pytest

from tagger.errors import OutputError, SettingsError
from tagger.inference.frontend import FrontEnd
from tagger.inference.onnx import OnnxRuntime
from trainer.learner import Batch
from trainer.recipe import Fitting, Phase, Recipe

# Nothing is tested where the extra `wav2vec2` is not installed.
wav2vec2 = pytest.importorskip("trainer.wav2vec2", exc_type=SettingsError)
torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

TINY = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "conv_dim": (16,) * 7,
    "num_conv_pos_embeddings": 8,
    "num_conv_pos_embedding_groups": 2,
}
N_FRAMES, HOP = 20, 100
FROZEN = Fitting(
    batch_size=8,
    optimizer="adam",
    schedule="constant",
    label_smoothing=0,
    ema_momentum=0,
    phases=(Phase(6, 3e-2, "head"),),
)
PROGRESSIVE = dataclasses.replace(
    FROZEN, schedule="plateau", plateau_patience=1, phases=(Phase(2, 1e-2, "head"), Phase(2, 1e-3))
)
RECIPE = Recipe(
    front_end=FrontEnd(kind="waveform", sample_rate=16000, hop_length=HOP, fmax=8000),
    window_frames=N_FRAMES,
    hop_frames=N_FRAMES,
    learner="wav2vec2",
    network="progressive",
    fitting=FROZEN,
)


def model(fitting=FROZEN, n_genres=2, **parameters):
    """A tiny one with random weights, or with those of a folder."""
    given = {"weights": "none", "encoder": TINY} | parameters
    recipe = dataclasses.replace(RECIPE, network=given.pop("network", "progressive"), fitting=fitting)
    return wav2vec2.SpeechModel(n_genres, recipe, **given)


def windows_of(genres, seed=0):
    """Noise that is rough for genre 0 and smooth for genre 1."""
    rng = np.random.default_rng(seed)
    y = rng.standard_normal((len(genres), N_FRAMES * HOP)).astype(np.float32)
    smooth = np.cumsum(y, axis=1) / 10
    return np.where(np.array(genres)[:, None] == 1, smooth, y).reshape(-1, N_FRAMES, HOP) * np.float32(0.1)


class Windows:
    """A supply of the same four batches in every epoch."""

    n_batches = 4
    genres = np.arange(32) % 2
    windows = windows_of(genres)

    def batches(self, epoch):
        """The batches, one after the other."""
        for part in np.split(np.arange(32), 4):
            yield Batch(
                self.windows[part], np.eye(2, dtype=np.float32)[self.genres[part]], np.ones(8, np.float32)
            )


def weights_of(learner):
    """All weights of the network, by name, as they are now."""
    return {name: values.clone() for name, values in learner._hearing.network.state_dict().items()}


def changed(before, after):
    """Names of the weights that are not the same."""
    return {name for name in before if not torch.equal(before[name], after[name])}


@pytest.fixture(params=sorted(wav2vec2.NETWORKS))
def either(request):
    """Both networks of the study, tiny."""
    return model(network=request.param)


def test_outputs_are_logits_and_embedding(either):
    """Every window has a row of logits, and what the last layer sees; silence has finite ones."""
    out = either.outputs(np.concatenate([windows_of([0, 1]), np.zeros((1, N_FRAMES, HOP), np.float32)]))
    assert out["logits"].shape == (3, 2)
    assert out["embedding"].shape == (3, 128)
    assert all(values.dtype == np.float32 and np.isfinite(values).all() for values in out.values())


def test_level_and_offset_change_nothing(either):
    """A window is scaled to mean 0 and variance 1 first."""
    windows = windows_of([0, 1])
    expected = either.outputs(windows)["logits"]
    assert either.outputs(windows * 0.3 + 0.2)["logits"] == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    ("name", "n_parameters"),
    [
        ("frozen", 768 * 128 + 128 + 128 * 10 + 10),
        ("progressive", 768 * 256 + 256 * 128 + 128 * 10 + 256 + 128 + 10 + 2 * (256 + 128)),
    ],
)
def test_networks_have_the_sizes_of_the_study(name, n_parameters):
    """The encoder is wav2vec2-base of 94.4 million, heads are 768→128→10 and 768→256→128→10."""
    with torch.device("meta"):
        encoder = transformers.Wav2Vec2Model(transformers.Wav2Vec2Config())
        built = wav2vec2.network.Network(encoder, wav2vec2.NETWORKS[name], 10)
    assert sum(values.numel() for values in built.encoder.parameters()) == 94_371_712
    assert sum(values.numel() for values in built.head.parameters()) == n_parameters
    assert built.least_samples == 400


def test_a_description_counts(either):
    """Parameters and operations are there; of one dense layer more there are more."""
    described = either.describe()
    assert described["parameters"] == sum(values.numel() for values in either._hearing.network.parameters())
    assert described["embedding"] == 128
    plain, more = (model(units=units).describe()["flops_per_window"] for units in ((8,), (8, 8)))
    assert more - plain == 2 * 8 * 8


@pytest.mark.parametrize(
    ("network", "trainable"), [("frozen", ""), ("progressive", "head")], ids=["for ever", "in its phase"]
)
def test_a_frozen_encoder_teaches_its_head_and_is_asked_once(network, trainable, tmp_path):
    """Easy genres are learned; no weight of the encoder moves; each window is encoded once in all epochs."""
    fitting = dataclasses.replace(FROZEN, phases=(Phase(6, 3e-2, trainable),))
    learner, supply, n_heard = model(fitting, network=network, norm="none"), Windows(), []
    before = weights_of(learner)
    learner._hearing.network.encoder.register_forward_hook(lambda _, given, __: n_heard.append(len(given[0])))

    def judge(end):
        return float((learner.outputs(supply.windows)["logits"].argmax(axis=1) == supply.genres).mean())

    assert learner.fit(supply, judge, tmp_path)
    assert judge(None) > 0.9
    assert sum(n_heard) == 32
    assert all(name.startswith("head.") for name in changed(before, weights_of(learner)))


def test_progressive_training_frees_the_encoder_but_for_its_convolutions(tmp_path):
    """The transformer learns in the second phase alone, a tenth as fast as the head."""
    learner = model(PROGRESSIVE)
    stages = [weights_of(learner)]
    assert learner.fit(Windows(), lambda end: stages.append(weights_of(learner)) or end.number, tmp_path)
    assert all(name.startswith("head.") for name in changed(stages[0], stages[2]))
    freed = {name.split(".")[1] for name in changed(stages[2], stages[4]) if name.startswith("encoder.")}
    assert freed == {"encoder", "feature_projection"}
    start = stages[2]["encoder.encoder.layers.0.attention.k_proj.weight"]
    moved = (stages[3]["encoder.encoder.layers.0.attention.k_proj.weight"] - start).abs().max()
    assert 0 < moved <= 4 * 1.1e-4  # four steps of Adam, none much longer than its rate


@pytest.mark.parametrize("best", [1, 2, 3])
def test_the_best_weights_are_kept(tmp_path, best):
    """The model ends with what the judge liked best, be that from before the encoder was freed or after."""
    learner, heard = model(PROGRESSIVE), {}

    def judge(end):
        heard[end.number] = learner.outputs(Windows.windows)["logits"]
        return 0.9 if end.number == best else 0.1

    assert learner.fit(Windows(), judge, tmp_path)
    assert sorted(heard) == [1, 2, 3, 4]
    assert learner.outputs(Windows.windows)["logits"] == pytest.approx(heard[best], abs=1e-6)


def test_a_plateau_slows_down_and_patience_ends_it(tmp_path):
    """The rate is halved when the score does not rise, and a phase ends after that many epochs without."""
    fitting = dataclasses.replace(PROGRESSIVE, patience=2, phases=(Phase(9, 1e-2, "head"),))
    ends = []
    assert model(fitting).fit(Windows(), lambda end: ends.append(end) or 0.0, tmp_path)
    assert [end.number for end in ends] == [1, 2, 3]
    assert [end.learning_rate for end in ends] == [1e-2, 1e-2, 5e-3]
    assert ends[2].loss < ends[0].loss


def test_ctrl_c_keeps_the_best_weights_so_far(tmp_path):
    """An interrupt after the first epoch leaves its weights; one before it is passed on."""
    learner, heard = model(), []

    def judge(end):
        if end.number == 2:
            raise KeyboardInterrupt
        heard.append(learner.outputs(Windows.windows)["logits"])
        return 0.5

    assert not learner.fit(Windows(), judge, tmp_path / "one")
    assert np.array_equal(learner.outputs(Windows.windows)["logits"], heard[0])

    def impatient(end):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model().fit(Windows(), impatient, tmp_path / "two")


@pytest.mark.parametrize("interrupted_in", [2, 3, 4])
def test_an_interrupted_training_goes_on(tmp_path, interrupted_in):
    """A new process that finds the checkpoint ends with the very weights of a training without interrupt."""
    whole = model(PROGRESSIVE)
    whole.fit(Windows(), lambda end: end.number, tmp_path / "whole")

    def interrupt(end):
        if end.number == interrupted_in:
            raise KeyboardInterrupt
        return end.number

    assert not model(PROGRESSIVE).fit(Windows(), interrupt, tmp_path / "parts")
    resumed, numbers = model(PROGRESSIVE), []
    assert resumed.fit(Windows(), lambda end: numbers.append(end.number) or end.number, tmp_path / "parts")
    assert numbers == list(range(interrupted_in, 5))
    assert not changed(weights_of(whole), weights_of(resumed))


def test_a_damaged_checkpoint_is_one_sentence(tmp_path):
    """It is named, and not taken for a new training."""
    (tmp_path / "training.pt").write_bytes(b"PK but no more")
    with pytest.raises(OutputError, match=r"training\.pt: not the state of a training"):
        model().fit(Windows(), lambda end: 0.0, tmp_path)


def test_memory_changes_nothing(tmp_path, monkeypatch):
    """Heard piece by piece, a batch teaches the same."""
    calm = TINY | {"layerdrop": 0.0, "hidden_dropout": 0.0, "attention_dropout": 0.0, "activation_dropout": 0.0}
    fitting = dataclasses.replace(PROGRESSIVE, phases=(Phase(1, 1e-3),))
    learned = []
    for n_windows in (8, 3):
        monkeypatch.setattr(wav2vec2.network, "_SAMPLES_AT_A_TIME", n_windows * N_FRAMES * HOP)
        learner = model(fitting, encoder=calm, dropouts=(), norm="none")
        learner.fit(Windows(), lambda end: 0.0, tmp_path / str(n_windows))
        learned.append(learner.outputs(Windows.windows)["logits"])
    assert learned[0] == pytest.approx(learned[1], abs=1e-4)
    assert np.abs(learned[0] - model(encoder=calm, norm="none").outputs(Windows.windows)["logits"]).max() > 1e-3


@pytest.mark.parametrize("fitting", [FROZEN, PROGRESSIVE], ids=["frozen", "progressive"])
def test_answers_have_full_precision(tmp_path, fitting):
    """Whatever it was trained in, and though windows of the training are remembered."""
    learner = model(dataclasses.replace(fitting, mixed_precision=True))
    before = weights_of(learner)
    assert learner.fit(Windows(), lambda end: end.number, tmp_path)
    assert changed(before, weights_of(learner))
    answers = learner.outputs(Windows.windows)["logits"]
    learner._hearing.forget()
    assert learner.outputs(Windows.windows)["logits"] == pytest.approx(answers, abs=1e-6)


def test_weights_of_windows_count(tmp_path):
    """Windows without weight teach nothing."""

    class Weightless(Windows):
        def batches(self, epoch):
            for batch in super().batches(epoch):
                yield dataclasses.replace(batch, weights=np.zeros_like(batch.weights))

    learner = model(norm="none")
    before = weights_of(learner)
    learner.fit(Weightless(), lambda end: 0.0, tmp_path)
    assert not changed(before, weights_of(learner))


def test_tagger_hears_the_same_from_onnx(either, bundled, tmp_path, capfd):
    """Within 1e-4 for batches of any size, after the encoder has learned; nothing is said aloud."""
    either.fit(Windows(), lambda end: 0.0, tmp_path)
    assert either.save(tmp_path) == ("model.onnx",)
    assert capfd.readouterr() == ("", "")
    window = dataclasses.replace(bundled.card.window, frames=N_FRAMES, variable=False)
    card = dataclasses.replace(bundled.card, genres=("a", "b"), front_end=RECIPE.front_end, window=window)
    runtime = OnnxRuntime(dataclasses.replace(bundled, folder=tmp_path, card=card))
    for windows in (Windows.windows, windows_of([1], 7), np.zeros((3, N_FRAMES, HOP), np.float32)):
        logits, embedding = runtime.outputs(windows)
        expected = either.outputs(windows)
        assert logits == pytest.approx(expected["logits"], abs=1e-4)
        assert embedding == pytest.approx(expected["embedding"], abs=1e-4)


def write_encoder(folder, kind=None):
    """An encoder as transformers writes it, and its weights."""
    torch.manual_seed(99)
    written = (kind or transformers.Wav2Vec2Model)(transformers.Wav2Vec2Config(**TINY))
    written.save_pretrained(folder)
    return written


def loaded(folder):
    """The weights that a model takes from a folder."""
    return model(weights=str(folder), encoder={})._hearing.network.encoder.state_dict()


def test_a_folder_gives_its_weights(tmp_path, capfd):
    """They are the file's, to the bit; nothing is said aloud, and the card does not say where they lay."""
    expected = write_encoder(tmp_path / "mine").state_dict()
    capfd.readouterr()
    assert not changed(expected, loaded(tmp_path / "mine"))
    assert capfd.readouterr() == ("", "")
    assert model(weights=str(tmp_path / "mine"), encoder={}).describe()["weights"] == "mine"


def test_the_files_of_the_published_model_are_understood(tmp_path):
    """It was saved for pre-training, by torch, when weight normalisation had other names."""
    folder = tmp_path / "published"
    expected = write_encoder(folder, transformers.Wav2Vec2ForPreTraining).state_dict()
    old = {"original0": "weight_g", "original1": "weight_v"}
    renamed = {name: values for name, values in expected.items() if "parametrizations" not in name}
    for new, former in old.items():
        own = f"wav2vec2.encoder.pos_conv_embed.conv.parametrizations.weight.{new}"
        renamed[f"wav2vec2.encoder.pos_conv_embed.conv.{former}"] = expected[own]
    (folder / "model.safetensors").unlink()
    torch.save(renamed, folder / "pytorch_model.bin")
    got = loaded(folder)
    assert not changed(got, {name: expected[f"wav2vec2.{name}"] for name in got})


def test_an_encoder_that_is_not_whole_is_refused(tmp_path):
    """Nothing is filled up at random: not a missing weight, and not another model's."""
    weights = write_encoder(tmp_path).state_dict()
    del weights["encoder.layers.1.attention.out_proj.weight"]
    transformers.Wav2Vec2Model(transformers.Wav2Vec2Config(**TINY)).save_pretrained(
        tmp_path, state_dict=weights
    )
    with pytest.raises(SettingsError, match=r"lacks 1 of .*encoder\.layers\.1\.attention\.out_proj\.weight"):
        loaded(tmp_path)


@pytest.mark.parametrize("spoil", ["empty", "weights", "config"])
def test_a_folder_that_cannot_be_read_is_one_sentence(tmp_path, spoil, capfd):
    """It begins with the folder and has a hint."""
    write_encoder(tmp_path)
    if spoil != "config":
        (tmp_path / "model.safetensors").unlink()
    if spoil == "weights":
        (tmp_path / "model.safetensors").write_bytes(b"no weights")
    if spoil == "config":
        (tmp_path / "config.json").write_text("{")
    capfd.readouterr()
    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path)
    assert caught.value.message.startswith(f"{tmp_path}: the weights could not be had: ")
    assert "\n" not in caught.value.message
    assert "--weights none" in caught.value.hint
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("weights", ["facebook/wav2vec2-base", "/nowhere/at/all", "no id"])
def test_without_the_internet_there_is_one_sentence(weights, monkeypatch, tmp_path):
    """A model that is not at hand is never replaced by random weights."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(SettingsError) as caught:
        loaded(weights)
    assert caught.value.message.startswith(f"{weights}: the weights could not be had: ")
    assert "--weights none" in caught.value.hint


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"network": "cnn"}, "`cnn` is no network of Wav2Vec2"),
        ({"unit": (3,)}, "there is no parameter `unit`"),
        ({"norm": "group"}, "no normalisation `group`"),
        ({"encoder": TINY | {"num_attention_heads": 3}}, "none: the weights could not be had"),
        ({"fitting": Fitting(ema_momentum=0)}, "a cosine schedule"),
        ({"fitting": dataclasses.replace(FROZEN, ema_momentum=0.9)}, "a running mean"),
        ({"fitting": dataclasses.replace(FROZEN, phases=(Phase(1, 1.0, "tail"),))}, "trains nothing"),
        ({"fitting": dataclasses.replace(FROZEN, phases=(Phase(1, 1.0, "enc"),)), "frozen": True}, "nothing"),
        ({"fitting": dataclasses.replace(FROZEN, phases=(Phase(1, 1.0, output="head"),))}, "logits of a part"),
        ({"fitting": dataclasses.replace(FROZEN, phases=(Phase(1, 1.0, changed=False),))}, "unchanged windows"),
        ({"fitting": dataclasses.replace(FROZEN, phases=(Phase(1, 1.0, above="head"),))}, "above a layer"),
        ({"fitting": dataclasses.replace(FROZEN, phases=(Phase(1, 1.0, mixup=0.4),))}, "mixing above"),
        ({"fitting": dataclasses.replace(FROZEN, phases=(Phase(2, 1.0, judged_every=2),))}, "are not judged"),
        ({"fitting": dataclasses.replace(FROZEN, phases=(Phase(1, 1.0, prune=0.5),))}, "pruning"),
        ({"fitting": dataclasses.replace(FROZEN, batch_size=1), "norm": "batch"}, "needs two windows"),
    ],
)
def test_senseless_settings_are_refused(parameters, message):
    """Before anything is loaded or learned."""
    with pytest.raises(SettingsError, match=message):
        model(**parameters)


@pytest.mark.parametrize("wrong", [{"window_frames": 3}, {"front_end": FrontEnd(kind="log_mel")}])
def test_only_waveforms_that_are_long_enough_are_taken(wrong):
    """The encoder makes its first frame of 400 samples."""
    with pytest.raises(SettingsError, match="waveforms of 400 samples or more"):
        wav2vec2.SpeechModel(2, dataclasses.replace(RECIPE, **wrong), weights="none", encoder=TINY)


def test_the_same_seed_gives_the_same_weights():
    """Initial weights are a function of the seed."""
    first, again = (weights_of(model()) for _ in range(2))
    other = wav2vec2.SpeechModel(2, dataclasses.replace(RECIPE, seed=1), weights="none", encoder=TINY)
    assert not changed(first, again)
    assert changed(first, weights_of(other))


@pytest.mark.parametrize("package", ["torch", "transformers"])
def test_a_missing_package_is_one_sentence(package, monkeypatch):
    """The hint says which extra brings it."""
    for name in [name for name in sys.modules if name.startswith("trainer.wav2vec2")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(SettingsError, match="a package that Wav2Vec2 needs") as caught:
        importlib.import_module("trainer.wav2vec2")
    assert "audio-genre-tagger[wav2vec2]" in caught.value.hint
