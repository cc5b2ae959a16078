"""Logits → probabilities that mean what they say."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tagger.inference.card import Calibration


def probabilities(logits: NDArray[np.floating], calibration: Calibration) -> NDArray[np.float64]:
    """Temperature scaling: Guo, Pleiss, Sun & Weinberger, On Calibration of Modern Neural Networks, ICML 2017.

    Args:
        logits: Shape (n_windows, n_genres).
        calibration: The model's temperature.

    Returns:
        Shape (n_windows, n_genres); each row sums to 1.
    """
    scaled = np.asarray(logits, np.float64) / calibration.temperature
    odds = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return odds / odds.sum(axis=-1, keepdims=True)
