"""The yardstick is what it says it is."""

from __future__ import annotations

import dataclasses

import librosa
import numpy as np
import pytest

from trainer import baseline
from trainer.data.drawing import Clip


@pytest.fixture
def clips(tmp_path, rng):
    """Twenty clips of two genres that differ in their tilt."""
    made = []
    for index in range(20):
        tilt = np.linspace(0, 30 * (index % 2), 24)
        np.save(tmp_path / f"{index}.npy", (rng.normal(-30, 3, (30, 24)) + tilt).astype(np.float16))
        made.append(Clip(tmp_path / f"{index}.npy", index % 2, "made", str(index)))
    return made


def test_mean_mfccs_are_those_of_librosa(clips):
    """Thirteen coefficients of the mean equal the mean of librosa's."""
    ours = baseline.mean_mfcc(clips, 13)
    S = np.load(clips[0].file).astype(np.float64).T
    assert ours.shape == (20, 13)
    assert ours[0] == pytest.approx(librosa.feature.mfcc(S=S, n_mfcc=13).mean(axis=1), abs=1e-6)


def test_it_tells_easy_genres_apart(clips):
    """Genres that differ in tilt are named rightly; a genre it never met has probability zero."""
    y_prob = baseline.track_probabilities(clips[:14], clips[14:], 13, 3)
    assert y_prob.sum(axis=1) == pytest.approx(1)
    assert list(y_prob.argmax(axis=1)) == [clip.target for clip in clips[14:]]
    assert (y_prob[:, 2] == 0).all()


def test_genres_may_have_gaps_in_training(clips):
    """The columns belong to the genres, whichever of them are there to learn from."""
    renamed = [dataclasses.replace(clip, target=2 * clip.target) for clip in clips]
    y_prob = baseline.track_probabilities(renamed[:14], renamed[14:], 13, 3)
    assert list(y_prob.argmax(axis=1)) == [clip.target for clip in renamed[14:]]
