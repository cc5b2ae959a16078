"""The honest yardstick: logistic regression on a track's mean MFCCs, over the same split.

The MFCCs are the first coefficients of the orthonormal DCT-II of the log-mel frames (`scipy.fft.dct`), which is
what librosa's `mfcc` computes.
"""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import scipy.fft
import sklearn.exceptions
import sklearn.linear_model
import sklearn.pipeline
import sklearn.preprocessing

from tagger.inference.frontend import FrontEnd
from trainer import answers
from trainer.answers import Answers, Truth
from trainer.data import features
from trainer.data.drawing import Clip
from trainer.data.material import Material
from trainer.metrics import Floats
from trainer.progress import Progress

_MOST_ITERATIONS = 2000


def answered(data: Material, cache: Path, progress: Progress, jobs: int = 0) -> Answers:
    """What it answers to the test side of a split that parts no track."""
    train, test = clips(data, cache, progress, jobs)
    y_prob = track_probabilities(train, test, data.recipe.baseline_coefficients, len(data.genres))
    truths = [Truth(clip.file, clip.target, clip.group, clip.corpus, clip.also) for clip in test]
    return answers.together(data.genres, truths, list(y_prob[:, None]))


def clips(data: Material, cache: Path, progress: Progress, jobs: int = 0) -> tuple[list[Clip], list[Clip]]:
    """The train and the test side of a split, heard by a log-mel front-end whatever the recipe's own is."""
    if data.recipe.front_end.kind == "log_mel":
        return data.side("train"), data.side("test")
    paths = [one.path for one in data.examples]
    heard = features.build(paths, FrontEnd(), cache, progress, jobs=jobs).files
    train, test = (
        [dataclasses.replace(data.clips[index], file=heard[paths[index]]) for index in side]
        for side in (data.split.train, data.split.test)
    )
    return train, test


def track_probabilities(
    train: Sequence[Clip], test: Sequence[Clip], n_coefficients: int, n_genres: int
) -> Floats:
    """Probabilities of the test tracks, shape (n_tracks, n_genres), by a model that learned from the others.

    Args:
        train: Tracks to learn from.
        test: Tracks to name.
        n_coefficients: Number of MFCCs.
        n_genres: Number of genres; those that `train` lacks have probability 0.
    """
    model = sklearn.pipeline.make_pipeline(
        sklearn.preprocessing.StandardScaler(),
        sklearn.linear_model.LogisticRegression(class_weight="balanced", max_iter=_MOST_ITERATIONS),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sklearn.exceptions.ConvergenceWarning)
        model.fit(mean_mfcc(train, n_coefficients), [clip.target for clip in train])
    probabilities = np.zeros((len(test), n_genres))
    probabilities[:, model.classes_] = model.predict_proba(mean_mfcc(test, n_coefficients))
    return probabilities


def mean_mfcc(clips: Sequence[Clip], n_coefficients: int) -> Floats:
    """Mean over time of each clip's MFCCs, shape (n_clips, n_coefficients)."""
    means = np.stack([features.load(clip.file).mean(axis=0, dtype=np.float64) for clip in clips])
    # The transform is linear: that of the mean is the mean of those of the frames.
    return scipy.fft.dct(means, axis=1, norm="ortho")[:, :n_coefficients]
