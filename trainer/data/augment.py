"""Random changes of log-mel windows that a genre survives, on whole batches.

Every function takes windows of shape (n_windows, n_frames, n_mels) in dB, float32, and gives new ones of that
shape.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tagger.inference.frontend import Array
from trainer.sampling import Augmentation

_DB_PER_NEPER = 10 / np.log(10)
_NO_FLOOR_DB = -300.0


def apply(windows: Array, settings: Augmentation, rng: np.random.Generator) -> Array:
    """All changes but mixing, in the order in which they happen to a recording; masks come last."""
    if settings.zoom:
        windows = zoom(windows, settings.zoom, rng)
    if settings.roll:
        windows = roll(windows, rng)
    if settings.pitch_bands:
        windows = shift_pitch(windows, settings.pitch_bands, rng)
    if settings.equaliser_db:
        windows = equalise(windows, settings.equaliser_db, settings.equaliser_knots, rng)
    if settings.low_pass_share:
        windows = low_pass(windows, settings, rng)
    if settings.dynamic_range:
        windows = scale_range(windows, settings.dynamic_range, rng)
    if settings.gain_db:
        windows = windows + _uniform(rng, settings.gain_db, (len(windows), 1, 1))
    if settings.floor_share:
        windows = raise_floor(windows, settings, rng)
    if settings.noise_db:
        windows = windows + settings.noise_db * rng.standard_normal(windows.shape, np.float32)
    if settings.time_masks or settings.band_masks:
        windows = mask(windows, settings, rng)
    return windows


def zoom(windows: Array, most: float, rng: np.random.Generator) -> Array:
    """Stretch each window about its middle by a factor of 1 ± `most` at most, along time and along bands apart.

    What lies beyond its edges is like the edges.
    """
    for axis in (1, 2):
        middle = (windows.shape[axis] - 1) / 2
        factors = 1 + _uniform(rng, most, (len(windows), 1))
        places = middle + (np.arange(windows.shape[axis], dtype=np.float32) - middle) / factors
        windows = _resampled(windows.swapaxes(1, axis), places).swapaxes(1, axis)
    return windows


def roll(windows: Array, rng: np.random.Generator) -> Array:
    """Turn each window round in time by a random number of frames."""
    n_windows, n_frames, _ = windows.shape
    places = (np.arange(n_frames) + rng.integers(0, n_frames, (n_windows, 1))) % n_frames
    return windows[np.arange(n_windows)[:, None], places]


def scale_range(windows: Array, most: float, rng: np.random.Generator) -> Array:
    """Scale the distances of each window's values from its peak by a factor of 1 ± `most` at most."""
    peak = windows.max(axis=(1, 2), keepdims=True)
    return peak + (windows - peak) * (1 + _uniform(rng, most, (len(windows), 1, 1)))


def shift_pitch(windows: Array, most_bands: float, rng: np.random.Generator) -> Array:
    """Move each window along the mel axis by up to `most_bands`; the edge band fills what becomes free."""
    shifts = _uniform(rng, most_bands, (len(windows), 1))
    places = np.arange(windows.shape[2], dtype=np.float32) - shifts
    return _resampled(windows.swapaxes(1, 2), places).swapaxes(1, 2)


def equalise(windows: Array, most_db: float, n_knots: int, rng: np.random.Generator) -> Array:
    """Add a smooth gain curve within ±`most_db`, linear between random knots."""
    n_mels = windows.shape[2]
    knots = _uniform(rng, most_db, (len(windows), n_knots))
    position = np.linspace(0, n_knots - 1, n_mels)
    basis = np.maximum(0, 1 - np.abs(position - np.arange(n_knots)[:, None])).astype(np.float32)
    return windows + (knots @ basis)[:, None, :]


def low_pass(windows: Array, settings: Augmentation, rng: np.random.Generator) -> Array:
    """Cut the bands above a random one steeply, in some windows, down to the lowest value of the window."""
    n_windows, _, n_mels = windows.shape
    edges = rng.uniform(settings.low_pass_least, 1, (n_windows, 1)) * n_mels
    edges[rng.random((n_windows, 1)) >= settings.low_pass_share] = n_mels
    loss = np.maximum(0, np.arange(n_mels) - edges) * settings.low_pass_slope_db
    lowest = windows.min(axis=(1, 2), keepdims=True)
    return np.maximum(windows - loss[:, None, :].astype(np.float32), lowest)


def raise_floor(windows: Array, settings: Augmentation, rng: np.random.Generator) -> Array:
    """Add the power of a steady noise to some of the windows, at a random level below their peak."""
    peak = windows.max(axis=(1, 2), keepdims=True)
    floor = peak + rng.uniform(*settings.floor_db, peak.shape).astype(np.float32)
    floor[rng.random(len(windows)) >= settings.floor_share] = _NO_FLOOR_DB
    above = (windows - floor) / np.float32(_DB_PER_NEPER)
    return (floor + np.float32(_DB_PER_NEPER) * np.logaddexp(above, np.float32(0))).astype(np.float32)


def mask(windows: Array, settings: Augmentation, rng: np.random.Generator) -> Array:
    """Replace random stretches of time and of bands by the window's mean.

    Park et al., SpecAugment, Interspeech 2019.
    """
    n_windows, n_frames, n_mels = windows.shape
    frames = _stretches(n_windows, n_frames, settings.time_masks, settings.time_mask_frames, rng)
    bands = _stretches(n_windows, n_mels, settings.band_masks, settings.band_mask_bands, rng)
    masked = frames[:, :, None] | bands[:, None, :]
    return np.where(masked, windows.mean(axis=(1, 2), keepdims=True), windows)


def mix(windows: Array, targets: Array, alpha: float, rng: np.random.Generator) -> tuple[Array, Array]:
    """Mix each window, and its target, with those of another.

    Zhang et al., mixup: Beyond Empirical Risk Minimization, ICLR 2018.

    Args:
        windows: The batch, or what a network says of it: any shape that begins with n_windows.
        targets: Shape (n_windows, n_genres).
        alpha: Of the Beta distribution of the shares.
        rng: Random numbers.
    """
    share = rng.beta(alpha, alpha, len(windows)).astype(np.float32)
    share = np.maximum(share, 1 - share)
    other = rng.permutation(len(windows))
    for_targets = share[:, None]
    for_windows = share.reshape(-1, *[1] * (windows.ndim - 1))
    return (
        for_windows * windows + (1 - for_windows) * windows[other],
        for_targets * targets + (1 - for_targets) * targets[other],
    )


def _resampled(windows: Array, places: Array) -> Array:
    """Rows of windows at places between them, linear; the edge row stands for all beyond it.

    Args:
        windows: Shape (n_windows, n_rows, n_columns).
        places: Shape (n_windows, n_places), in rows.
    """
    places = np.clip(places, 0, windows.shape[1] - 1)
    low = np.floor(places).astype(np.intp)
    share = (places - low).astype(np.float32)[:, :, None]
    which = np.arange(len(windows))[:, None]
    lower, upper = windows[which, low], windows[which, np.minimum(low + 1, windows.shape[1] - 1)]
    return lower + share * (upper - lower)


def _stretches(
    n_windows: int, length: int, n_masks: int, longest: int, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Where random stretches lie, shape (n_windows, length)."""
    widths = rng.integers(0, min(longest, length) + 1, (n_windows, n_masks, 1))
    starts = rng.integers(0, length - widths + 1)
    place = np.arange(length)
    return np.any((place >= starts) & (place < starts + widths), axis=1)


def _uniform(rng: np.random.Generator, most: float, shape: tuple[int, ...]) -> Array:
    return rng.uniform(-most, most, shape).astype(np.float32)
