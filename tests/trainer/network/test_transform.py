"""Features computed inside a network are librosa's."""

from __future__ import annotations

import keras
import librosa
import numpy as np
import pytest

from tagger.errors import SettingsError
from tagger.inference import frontend
from tagger.inference.frontend import FrontEnd
from trainer.network import transform

RATE = 22050
LINEAR = FrontEnd(kind="log_spectrogram", sample_rate=RATE, n_fft=2048, hop_length=512)
MEL = FrontEnd(sample_rate=RATE, n_fft=2048, hop_length=512, n_mels=64)


@pytest.fixture
def y(tune, tmp_path):
    """Two seconds of a generated tune."""
    return librosa.load(tune(tmp_path / "tune.wav", seconds=2), sr=RATE)[0]


def computed(feature, windows):
    """A feature of windows by a network, shape (n_bands, n_frames)."""
    inputs = keras.Input(windows.shape[1:])
    return keras.Model(inputs, feature(inputs)).predict(windows, verbose=0)[0].T


@pytest.fixture
def spectrogram(y):
    """A window of power in dB, shape (1, n_frames, n_bins)."""
    return frontend.analyse(y, LINEAR).values[None]


@pytest.mark.parametrize("n_mfcc", [13, 20])
def test_mfcc_is_that_of_librosa(y, n_mfcc):
    """A matrix on the mel bands gives librosa's coefficients to 0.01 dB."""
    windows = frontend.analyse(y, MEL).values[None]
    expected = librosa.feature.mfcc(S=windows[0].T, n_mfcc=n_mfcc)
    assert computed(lambda x: transform.mfcc(x, n_mfcc), windows) == pytest.approx(expected, abs=1e-2)


@pytest.mark.parametrize(("length", "hop_length"), [(512, 256), (400, 160), (300, 300), (512, 100)])
def test_spectra_of_samples_are_those_of_librosa(y, length, hop_length):
    """Power under a Hann window from the first sample on, to a millionth of the greatest."""
    samples = y[:5000][None]
    padded = np.pad(samples[0], (0, 512 - length))  # librosa wants whole transforms
    framed = librosa.util.frame(padded, frame_length=512, hop_length=hop_length).T.copy()
    framed[:, length:] = 0
    window = np.pad(librosa.filters.get_window("hann", length), (0, 512 - length))
    expected = np.abs(np.fft.rfft(framed * window)) ** 2
    inputs = keras.Input((5000,))
    network = keras.Model(inputs, transform.spectra(inputs, length, hop_length, 512, "spectra"))
    (got,) = network.predict(samples, verbose=0)
    assert got == pytest.approx(expected, abs=1e-6 * expected.max())


def test_mel_bands_are_those_of_librosa(spectrogram):
    """Mel bands of the spectrogram are librosa's to 0.01 dB."""
    S = librosa.db_to_power(spectrogram[0].T)
    expected = librosa.power_to_db(
        librosa.feature.melspectrogram(S=S, sr=RATE, n_mels=96, fmax=11025), top_db=None
    )
    got = computed(lambda x: transform.log_mel(transform.power(x), LINEAR, 96), spectrogram)
    assert got == pytest.approx(expected, abs=1e-2)


def test_chroma_is_that_of_librosa(y, spectrogram):
    """Pitch classes are those that librosa computes from the waveform, to 0.001."""
    expected = librosa.feature.chroma_stft(y=y, sr=RATE, n_fft=2048, hop_length=512, tuning=0)
    got = computed(lambda x: transform.chroma(transform.power(x), LINEAR), spectrogram)
    assert got == pytest.approx(expected, abs=1e-3)


def test_contrast_is_that_of_librosa(y, spectrogram):
    """Spectral contrast is what librosa computes from the waveform, to 0.05 dB."""
    expected = librosa.feature.spectral_contrast(y=y, sr=RATE, n_fft=2048, hop_length=512)
    got = computed(lambda x: transform.contrast(transform.power(x), LINEAR), spectrogram)
    assert got == pytest.approx(expected, abs=0.05)


def test_silence_has_finite_features():
    """A window at the floor divides by nothing."""
    windows = np.full((1, 5, LINEAR.n_bands), -100, np.float32)
    for feature in (transform.chroma, transform.contrast):
        assert np.isfinite(computed(lambda x, f=feature: f(transform.power(x), LINEAR), windows)).all()


def test_fixed_matrices_do_not_train():
    """A feature's matrix is among the weights, but not among those that train."""
    inputs = keras.Input((5, 8))
    model = keras.Model(inputs, transform.mfcc(inputs, 3))
    assert len(model.weights) == 1
    assert not model.trainable_weights


def test_a_foreign_front_end_is_refused():
    """MFCC of anything but mel bands is an error of the settings, with a way out."""
    with pytest.raises(SettingsError, match="gives log_spectrogram") as caught:
        transform.require(LINEAR, "log_mel", "MFCC")
    assert "log_mel" in caught.value.hint


def test_contrast_needs_six_octaves():
    """At 8 kHz the highest band would be empty."""
    front_end = FrontEnd(kind="log_spectrogram", sample_rate=8000, n_fft=512, hop_length=128, fmax=4000)
    with pytest.raises(SettingsError, match="12800 Hz"):
        computed(lambda x: transform.contrast(x, front_end), np.zeros((1, 4, front_end.n_bands), np.float32))
