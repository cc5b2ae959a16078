"""musicnn and YAMNet beside each other: what knows songs, and what knows sounds; two heads on both.

They learned from other music, by other names, and look at it in other ways: their errors differ, which is what
an ensemble lives on (Hansen & Salamon, Neural Network Ensembles, IEEE Transactions on Pattern Analysis and
Machine Intelligence, 1990). Each has spectra of its own, of the same samples. The heads are those of
`two_heads`.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops
from librosa.filters import mel as mel_filters

from tagger.inference.frontend import FrontEnd
from trainer.network import head, musicnn, pretrained, transform, two_heads, yamnet

_RATE_HZ = 16000
_LENGTH, _HOP = 512, 256  # of musicnn's frames, in samples
_LEAST_POWER = 1e-10


def build(
    front_end: FrontEnd,
    window_frames: int,
    n_genres: int,
    *,
    weights: str = "musicnn",
    sounds: str = "yamnet",
    band_stride: int = 2,
    width: float = 1.0,
    l2: float = 0.0,
    share: float = 0.5,
    units: int = 512,
    dropout: float = 0.5,
) -> Any:
    """Both trunks on the same samples, and two heads, to be trained apart above the layer "all_heard".

    Args:
        front_end: Samples at 16,000 Hz.
        window_frames: Length of the windows, the only one that it takes; 1.94 s are two of YAMNet's patches.
        n_genres: Number of logits.
        weights: Of musicnn, see `musicnn.build`; "none" makes those of YAMNet random too.
        sounds: Weights of YAMNet, see `yamnet.heard`.
        band_stride: See `musicnn.build`.
        width: Of YAMNet's published number of channels.
        l2: Weight of the squared weights of the first head in the loss.
        share: See `two_heads.build`.
        units: See `two_heads.build`.
        dropout: See `two_heads.build`.

    Returns:
        See `head.model`; the embedding is what the first head sees, and the logits are logarithms of
        probabilities.

    Raises:
        SettingsError: The weights cannot be had, or the front-end gives no samples.
        ValueError: The share or the width is out of range, the rate is another, or a window holds less than a
            frame.
    """
    two_heads.check(share)
    transform.require(front_end, "waveform", "what two trunks hear")
    if front_end.sample_rate != _RATE_HZ:
        raise ValueError(f"sample_rate={front_end.sample_rate}: two trunks hear samples at {_RATE_HZ} Hz")
    if (n_samples := window_frames * front_end.n_bands) < _LENGTH:
        raise ValueError(f"two trunks hear windows of at least {_LENGTH} samples, not {n_samples}")
    windows = keras.Input((window_frames, front_end.n_bands), name="windows")
    samples = ops.reshape(windows, (-1, n_samples))
    filters = mel_filters(sr=front_end.sample_rate, n_fft=_LENGTH, n_mels=musicnn.N_BANDS)
    bands = transform.fixed(
        transform.spectra(samples, _LENGTH, _HOP, _LENGTH, "image_song_spectra"), filters.T, "image_song_bands"
    )
    pooled, embedding = musicnn.heard(transform.decibels(bands), weights=weights, band_stride=band_stride)
    level = ops.mean(bands, axis=(1, 2), keepdims=True) + _LEAST_POWER
    sounds = pretrained.NONE if weights == pretrained.NONE else sounds
    heard = yamnet.heard(samples, _RATE_HZ, level, weights=sounds, width=width)
    everything = layers.Concatenate(name="all_heard")([embedding, heard, pooled])
    seen = everything[:, : embedding.shape[1] + heard.shape[1]]
    scaled = layers.BatchNormalization(center=False, scale=False, dtype="float32", name="head_norm")(seen)
    travelling = musicnn.judged(scaled, n_genres, l2=l2, dropout=0.0)
    classes = two_heads.own_classes(everything, n_genres, units=units, dropout=dropout)
    outputs = {"logits": two_heads.mean(travelling, classes, n_genres, share), "embedding": scaled}
    model = head.flattened(keras.Model(windows, outputs, name="two_trunks"))
    model(ops.zeros((1, window_frames, front_end.n_bands)))
    return model
