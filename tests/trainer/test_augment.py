"""Augmentation keeps shapes, stays finite, and at zero strength changes nothing."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer import recipes
from trainer.data import augment
from trainer.sampling import Augmentation

STRONG = recipes.find("cnn").augmentation
SHAPE = (5, 20, 24)


@pytest.fixture
def windows(rng):
    """Five windows of plausible levels."""
    return rng.normal(-30, 15, SHAPE).astype(np.float32)


def test_no_strength_is_identity(windows, rng):
    """The default settings change nothing at all."""
    assert np.array_equal(augment.apply(windows, Augmentation(), rng), windows)


@settings(max_examples=40, deadline=None)
@given(
    st.tuples(st.integers(1, 4), st.integers(1, 20), st.integers(2, 24)),
    st.sampled_from([-100.0, -30.0, 0.0, 60.0]),
    st.integers(0, 2**32 - 1),
)
def test_shapes_and_finite_values_are_kept(shape, level, seed):
    """Whatever the shape and the level, silence among them, windows stay windows."""
    rng = np.random.default_rng(seed)
    changed = augment.apply(np.full(shape, level, np.float32), STRONG, rng)
    assert changed.shape == shape
    assert changed.dtype == np.float32
    assert np.isfinite(changed).all()


def test_the_original_is_left_alone(windows, rng):
    """Augmentation gives new arrays."""
    before = windows.copy()
    augment.apply(windows, STRONG, rng)
    augment.mix(windows, np.eye(5, dtype=np.float32), 0.5, rng)
    assert np.array_equal(windows, before)


def test_a_pitch_shift_moves_a_line_by_no_more_than_asked(rng):
    """A line in one band ends up within the greatest shift, its energy kept in the middle."""
    line = np.zeros((200, 1, 24), np.float32)
    line[:, :, 12] = 1
    centres = (augment.shift_pitch(line, 3.0, rng)[:, 0] * np.arange(24)).sum(axis=1)
    assert np.abs(centres - 12).max() <= 3 + 1e-3
    assert np.ptp(centres) > 3


def test_an_equaliser_is_the_same_for_all_frames_and_within_its_range(windows, rng):
    """The gain depends on the band only, and stays within the greatest gain."""
    gain = augment.equalise(windows, 8.0, 6, rng) - windows
    assert np.abs(gain).max() <= 8 + 1e-4
    assert np.ptp(gain, axis=1).max() < 1e-4
    assert np.ptp(gain, axis=2).min() > 0.1


def test_a_low_pass_cuts_the_top_only(windows, rng):
    """Bands below the least share stay, nothing gets louder, nothing falls below what was there."""
    settings = dataclasses.replace(Augmentation(), low_pass_share=1.0, low_pass_least=0.5)
    cut = augment.low_pass(windows, settings, rng)
    assert np.array_equal(cut[:, :, :12], windows[:, :, :12])
    assert (cut <= windows).all()
    assert cut.min() >= windows.min()
    assert (cut < windows).any()


def test_a_low_pass_share_of_zero_cuts_nothing(windows, rng):
    """Windows that are not drawn keep their bands."""
    assert np.array_equal(augment.low_pass(windows, Augmentation(low_pass_share=0.0), rng), windows)


def test_a_noise_floor_adds_power(rng):
    """Two equal powers make 3 dB more; a floor far below the peak does not touch it."""
    windows = np.full((1, 2, 2), -60, np.float32)
    windows[0, 0, 0] = 0
    settings = Augmentation(floor_share=1.0, floor_db=(-60.0, -60.0))
    raised = augment.raise_floor(windows, settings, rng)
    assert raised[0, 1, 1] == pytest.approx(-60 + 10 * np.log10(2), abs=1e-3)
    assert raised[0, 0, 0] == pytest.approx(0, abs=1e-3)


def test_only_a_share_of_the_windows_gets_a_floor(rng):
    """Those that are not drawn stay as they are."""
    windows = rng.normal(-30, 15, (400, 4, 4)).astype(np.float32)
    raised = augment.raise_floor(windows, Augmentation(floor_share=0.5, floor_db=(-20.0, -20.0)), rng)
    changed = np.abs(raised - windows).max(axis=(1, 2)) > 1e-3
    assert 150 < changed.sum() < 250


def test_masks_are_as_long_as_allowed_and_hold_the_mean(rng):
    """A masked point has the window's mean; no more is masked than the settings allow."""
    windows = rng.normal(-30, 15, (300, 20, 24)).astype(np.float32)
    settings = Augmentation(time_masks=1, time_mask_frames=4, band_masks=1, band_mask_bands=3)
    masked = augment.mask(windows, settings, rng)
    changed = masked != windows
    assert changed.all(axis=2).sum(axis=1).max() == 4
    assert changed.all(axis=1).sum(axis=1).max() == 3
    means = np.broadcast_to(windows.mean(axis=(1, 2), keepdims=True), windows.shape)
    assert masked[changed] == pytest.approx(means[changed], abs=1e-3)


def test_mixing_mixes_windows_and_targets_alike(rng):
    """The share of a window is the share of its target, and the window's own is the greater."""
    windows = np.arange(5, dtype=np.float32)[:, None, None] * np.ones((5, 2, 2), np.float32)
    targets = np.eye(5, dtype=np.float32)
    mixed, mixed_targets = augment.mix(windows, targets, 0.5, rng)
    assert mixed_targets.sum(axis=1) == pytest.approx(1)
    assert mixed[:, 0, 0] == pytest.approx(mixed_targets @ np.arange(5, dtype=np.float32), abs=1e-5)
    assert (np.diag(mixed_targets) >= 0.5).all()
