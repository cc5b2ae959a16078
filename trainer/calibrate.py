"""The temperature that makes the probabilities of tracks mean what they say."""

from __future__ import annotations

import numpy as np
import scipy.optimize
from numpy.typing import NDArray

from tagger.inference import calibrate
from tagger.inference.card import Calibration
from tagger.inference.frontend import Array
from trainer import metrics
from trainer.metrics import Floats, Indices

_LEAST, _MOST = 0.05, 20.0


def fit(logits: Array, tracks: NDArray[np.intp], y_true: Indices) -> Calibration:
    """Fit the temperature of windows so that the mean probabilities of tracks have the lowest cross-entropy.

    Args:
        logits: Of validation windows, shape (n_windows, n_genres).
        tracks: Index of the track of each window, shape (n_windows,), ascending, each track once at least.
        y_true: Genre of each track, shape (n_tracks,).
    """

    def loss(log_temperature: float) -> float:
        calibration = Calibration(temperature=float(np.exp(log_temperature)))
        return metrics.cross_entropy(y_true, track_probabilities(logits, tracks, calibration))

    bounds = (np.log(_LEAST), np.log(_MOST))
    best = scipy.optimize.minimize_scalar(loss, bounds=bounds, method="bounded")
    return Calibration(temperature=float(np.exp(best.x)))


def track_probabilities(logits: Array, tracks: NDArray[np.intp], calibration: Calibration) -> Floats:
    """Mean of the windows' probabilities, shape (n_tracks, n_genres): the soft vote.

    Args:
        logits: Shape (n_windows, n_genres).
        tracks: Index of the track of each window, shape (n_windows,), ascending, each track once at least.
        calibration: How logits become probabilities.
    """
    probabilities = calibrate.probabilities(logits, calibration)
    starts = np.flatnonzero(np.diff(tracks, prepend=-1))
    counts = np.diff(np.append(starts, len(tracks)))
    return np.add.reduceat(probabilities, starts, axis=0) / counts[:, None]
