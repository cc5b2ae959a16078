"""Variants of clips: what is changed is changed by as much as asked, and nothing else is."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from trainer.data.variants import LI2025, ORIGINAL, SANJEEV2025_FUTURE, Variant

RATE = 22050
ALL = dict.fromkeys((*LI2025, *SANJEEV2025_FUTURE))


def tone(hz=440.0, seconds=4.0):
    """A sine at half of full scale."""
    t = np.arange(round(seconds * RATE)) / RATE
    return (0.5 * np.sin(2 * np.pi * hz * t)).astype(np.float32)


def beats(per_second=4.0, seconds=4.0):
    """Short bursts of a tone at a steady tempo."""
    t = np.arange(round(seconds * RATE)) / RATE
    return tone(1000, seconds) * np.exp(-60 * (t % (1 / per_second))).astype(np.float32)


def pitch_hz(y):
    """Where the spectrum of the middle of a clip has its peak."""
    middle = y[len(y) // 4 : -len(y) // 4]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle)), 2**18))
    return spectrum.argmax() * RATE / 2**18


def tempo(y):
    """Bursts per second: the peak of the spectrum of the envelope between 1 and 8 Hz."""
    envelope = np.abs(y) - np.abs(y).mean()
    spectrum = np.abs(np.fft.rfft(envelope, 2**20))
    hz = np.fft.rfftfreq(2**20, 1 / RATE)
    return hz[np.where((hz > 1) & (hz < 8), spectrum, 0).argmax()]


def rms_db(y):
    """Level relative to a constant 1."""
    return 10 * np.log10(np.mean(y**2))


@pytest.mark.parametrize("rate", [0.81, 0.93, 1.07, 1.23])
def test_a_stretch_changes_tempo_and_duration_and_keeps_pitch_and_level(rate):
    """A rate above 1 is that much faster and shorter; the phase vocoder costs up to 1 dB."""
    stretched = Variant("", stretch=rate).apply(tone(), RATE)
    assert len(stretched) == round(4 * RATE / rate)
    assert pitch_hz(stretched) == pytest.approx(440, rel=2e-3)
    assert rms_db(stretched) == pytest.approx(rms_db(tone()), abs=1)
    assert tempo(Variant("", stretch=rate).apply(beats(), RATE)) == pytest.approx(4 * rate, rel=0.02)


@pytest.mark.parametrize("semitones", [-2, 2, 7])
def test_a_pitch_shift_changes_pitch_and_keeps_duration_and_tempo(semitones):
    """Twelve semitones would double the frequency."""
    shifted = Variant("", pitch_semitones=semitones).apply(tone(), RATE)
    assert len(shifted) == 4 * RATE
    assert pitch_hz(shifted) == pytest.approx(440 * 2 ** (semitones / 12), rel=2e-3)
    assert tempo(Variant("", pitch_semitones=semitones).apply(beats(), RATE)) == pytest.approx(4, rel=0.02)


@pytest.mark.parametrize("seconds", [1.5, 5.0, -0.25])
def test_a_shift_is_circular(rng, seconds):
    """The clip starts later by that much, and what leaves at its end comes in at its start."""
    y = rng.standard_normal(3 * RATE).astype(np.float32)
    shifted = Variant("", shift_seconds=seconds).apply(y, RATE)
    assert shifted[round(seconds * RATE) % len(y)] == y[0]
    back = Variant("", shift_seconds=-seconds).apply(shifted, RATE)
    assert np.array_equal(back, y)


@pytest.mark.parametrize("level_db", [-20.0, 0.0])
def test_noise_has_the_asked_level_below_the_clip(level_db):
    """What is added has that level relative to the RMS of the clip, at all frequencies alike."""
    noise = Variant("", noise_db=level_db).apply(tone(), RATE) - tone()
    assert rms_db(noise) - rms_db(tone()) == pytest.approx(level_db, abs=0.2)
    power = np.abs(np.fft.rfft(noise)) ** 2
    low, high = np.array_split(power, 2)
    assert low.mean() == pytest.approx(high.mean(), rel=0.1)


def test_noise_is_reproducible_and_differs_between_clips_and_seeds():
    """The same clip and seed give the same samples; another clip or seed gives other noise."""
    noisy = Variant("", noise_db=-20)
    first, again, other_seed = (noisy.apply(tone(), RATE, seed) for seed in (1, 1, 2))
    other_clip = noisy.apply(-tone(), RATE, 1)
    assert np.array_equal(first, again)
    assert np.abs(first - other_seed).max() > 0.01
    assert np.abs((first - tone()) - (other_clip + tone())).max() > 0.01


@pytest.mark.parametrize("variant", ALL, ids=lambda variant: variant.name)
@pytest.mark.parametrize("n_samples", [0, 1, 2, 100, 2047, 2048, 5000])
@pytest.mark.parametrize("is_silent", [False, True])
def test_short_and_silent_clips_stay_clips(variant, n_samples, is_silent, rng):
    """Whatever the length, samples are finite float32 in the expected number, and silence stays silent."""
    y = np.zeros(n_samples, np.float32) if is_silent else rng.standard_normal(n_samples).astype(np.float32)
    before = y.copy()
    changed = variant.apply(y, RATE)
    assert changed.dtype == np.float32
    assert changed.shape == (round(n_samples / variant.stretch),)
    assert np.isfinite(changed).all()
    assert not (is_silent and changed.any())
    assert np.array_equal(y, before)


def test_the_original_is_unchanged(rng):
    """The defaults change no sample."""
    y = rng.standard_normal(1000).astype(np.float32)
    assert np.array_equal(ORIGINAL.apply(y, RATE), y)


@pytest.mark.parametrize("chosen", [LI2025, SANJEEV2025_FUTURE], ids=["li2025", "sanjeev2025"])
def test_a_set_makes_six_clips_of_one_the_original_first(chosen):
    """Six variants, each with a name and an identity of its own."""
    assert len(chosen) == 6
    assert chosen[0] == ORIGINAL
    assert len({variant.name for variant in chosen}) == len({variant.identity for variant in chosen}) == 6


def test_the_identity_is_of_the_numbers_not_of_the_name():
    """A renamed variant finds what was kept of it."""
    for variant in LI2025:
        assert dataclasses.replace(variant, name="other").identity == variant.identity


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("stretch", 0),
        ("stretch", np.nan),
        ("pitch_semitones", 30),
        ("shift_seconds", np.inf),
        ("noise_db", 300),
    ],
)
def test_numbers_out_of_range_are_refused(name, value):
    """The message names the parameter."""
    with pytest.raises(ValueError, match=name):
        Variant("wrong", **{name: value})
