"""Mixing down and resampling do not depend on how the stream is cut."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger.sources import mono
from tests.sources import tones


def cut(samples, places):
    """Cut an array at some places into blocks, of which some may be empty."""
    return np.split(samples, sorted(places))


@settings(max_examples=25, deadline=None)
@given(
    places=st.lists(st.integers(0, 20_000), max_size=6),
    rates=st.sampled_from([(44100, 22050), (48000, 16000), (8000, 22050), (16000, 16000), (96000, 44100)]),
    n_channels=st.integers(1, 3),
)
def test_cuts_change_nothing(places, rates, n_channels):
    """Any cuts of the stream give the very samples that the uncut stream gives."""
    native_rate, sample_rate = rates
    noise = np.random.default_rng(1).uniform(-1, 1, (20_000, n_channels)).astype(np.float32)
    whole = tones.joined(mono.at_rate([(noise, native_rate)], sample_rate))
    pieces = tones.joined(mono.at_rate([(block, native_rate) for block in cut(noise, places)], sample_rate))
    assert pieces.shape == whole.shape
    assert np.allclose(pieces, whole, rtol=0, atol=1e-6)


@pytest.mark.parametrize("n_channels", range(1, 9))
def test_the_mix_is_the_mean_of_the_channels(rng, n_channels):
    """The mix equals NumPy's mean over channels, to the rounding of float32."""
    block = rng.uniform(-1, 1, (1000, n_channels)).astype(np.float32)
    assert np.allclose(mono.mix(block), block.astype(np.float64).mean(axis=1), atol=1e-6)


def test_opposite_channels_cancel():
    """A stereo signal with one side inverted mixes to silence."""
    y = tones.tone(0.1)
    assert np.abs(mono.mix(np.stack([y, -y], 1))).max() < 1e-7


@pytest.mark.parametrize("damage", [np.nan, np.inf, -np.inf, 3e38, -1e9])
def test_damage_is_silenced_where_it_is(damage):
    """A value that no music has becomes 0, and its neighbours and the other channels keep theirs."""
    block = np.full((100, 2), 0.5, np.float32)
    block[40, 0] = damage
    mixed = mono.mix(block)
    assert mixed[40] == pytest.approx(0.25)
    assert np.delete(mixed, 40) == pytest.approx(0.5)
    resampled = tones.joined(mono.at_rate([(block, 44100)], 22050))
    assert np.isfinite(resampled).all()


def test_both_infinities_at_once_are_silenced():
    """Where one channel is +inf and the other -inf there is 0, not NaN and no warning."""
    block = np.array([[np.inf, -np.inf], [0.5, 0.5]], np.float32)
    assert mono.mix(block).tolist() == [0.0, 0.5]


def test_loud_music_is_not_damage():
    """Samples far over full scale, as float files have them, stay."""
    assert mono.mix(np.full((4, 1), 1000.0, np.float32)).tolist() == [1000.0] * 4


def test_a_change_of_rate_or_channels_keeps_time_and_pitch():
    """Where the native rate or the number of channels changes, length and pitch go on unchanged."""
    parts = [(tones.tone(1, 44100)[:, None], 44100), (np.stack([tones.tone(1, 32000)] * 2, 1), 32000)]
    parts += [(tones.tone(1, 16000)[:, None], 16000), (np.stack([tones.tone(1, 8000)] * 6, 1), 8000)]
    y = tones.joined(mono.at_rate(parts, 16000))
    assert len(y) == pytest.approx(4 * 16000, abs=4)
    for second in range(4):
        heard = y[second * 16000 + 1000 : (second + 1) * 16000 - 1000]
        assert tones.pitch_hz(heard, 16000) == pytest.approx(440, abs=0.5)
        assert np.abs(heard).max() == pytest.approx(tones.AMPLITUDE, rel=0.01)


def test_the_tail_is_flushed():
    """The length after resampling is the length before, to one sample."""
    for n_samples in (1, 100, 44100, 44101, 100_003):
        y = tones.joined(mono.at_rate([(np.ones((n_samples, 1), np.float32), 44100)], 22050))
        assert abs(len(y) - n_samples / 2) <= 1


def test_blocks_are_bounded():
    """However long the native block and however high the rate, no block is empty or over the limit."""
    block = np.zeros((300_000, 1), np.float32)
    lengths = [len(samples) for samples in mono.at_rate([(block, 8000), (block[:0], 8000)], 48000)]
    assert max(lengths) <= mono.MAX_BLOCK_SAMPLES
    assert min(lengths) > 0
    assert sum(lengths) == 1_800_000


def test_nothing_stays_nothing():
    """A stream without blocks, or with empty ones, gives none."""
    assert list(mono.at_rate([], 22050)) == []
    assert list(mono.at_rate([(np.empty((0, 2), np.float32), 22050)], 22050)) == []


def test_nothing_above_half_the_new_rate_is_left():
    """A tone that the new rate cannot hold is gone, not folded down."""
    high = tones.tone(1, 44100, hz=15000)[:, None]
    y = tones.joined(mono.at_rate([(high, 44100)], 22050))
    assert np.abs(y[2000:-2000]).max() < 1e-4
