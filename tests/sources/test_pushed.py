"""Blocks that somebody else brings are heard as they were brought."""

from __future__ import annotations

import threading
from itertools import pairwise

import numpy as np
import pytest

from tagger.errors import SettingsError
from tagger.records import Gap
from tagger.sources import mono
from tagger.sources.pushed import PushedSource


def heard(source: PushedSource, stop: threading.Event) -> list[np.ndarray | Gap]:
    """All that comes out; the source is stopped while it waits for more."""
    threading.Timer(0.3, stop.set).start()
    return list(source.blocks())


def test_cuts_change_no_sample(rng: np.random.Generator) -> None:
    """However samples are cut into pieces, what is heard is what a file of them would be."""
    y = rng.uniform(-1, 1, 50_000).astype("<f4")
    whole = np.concatenate(list(mono.at_rate([(y.reshape(-1, 1), 48_000)], 16_000)))
    cuts = [0, *sorted(rng.integers(0, len(y), 20)), len(y)]
    parts = [y[start:end].tobytes() for start, end in pairwise(cuts)]
    stop = threading.Event()
    source = PushedSource("test", 48_000, 16_000, stop)
    for part in parts:
        source.push(part)
    np.testing.assert_array_equal(np.concatenate(heard(source, stop)), whole)


def test_what_came_before_the_end_is_given(rng: np.random.Generator) -> None:
    """A source that is told to stop before anybody listened still gives what was brought."""
    stop = threading.Event()
    source = PushedSource("test", 16_000, 16_000, stop)
    y = rng.uniform(-1, 1, 5_000).astype("<f4")
    source.push(y.tobytes())
    stop.set()
    np.testing.assert_array_equal(np.concatenate(list(source.blocks())), y)


def test_a_broken_sample_and_nonsense_are_no_trouble() -> None:
    """Bytes that are no whole sample are left out; what is no number is silent."""
    stop = threading.Event()
    source = PushedSource("test", 16_000, 16_000, stop)
    values = np.array([0.5, np.nan, np.inf, 1e30, -0.25], "<f4")
    source.push(b"")
    source.push(values.tobytes() + b"\x01\x02")
    np.testing.assert_array_equal(np.concatenate(heard(source, stop)), np.array([0.5, 0, 0, 0, -0.25], "f4"))


def test_what_nobody_takes_is_a_gap() -> None:
    """Ten seconds wait to be taken; of more, it is told how much is missing."""
    stop = threading.Event()
    source = PushedSource("test", 8_000, 8_000, stop)
    for _ in range(14):
        source.push(np.ones(8_000, "<f4").tobytes())
    told = heard(source, stop)
    assert sum(len(block) for block in told if not isinstance(block, Gap)) == 80_000
    assert [block.seconds for block in told if isinstance(block, Gap)] == [4.0]


@pytest.mark.parametrize("rate", [0, -1, 7_999, 10**9])
def test_rates_that_no_device_has_are_refused(rate: int) -> None:
    """A page that says nonsense is told so."""
    with pytest.raises(SettingsError, match=f"no sound device has a rate of {rate} Hz"):
        PushedSource("test", rate, 16_000, threading.Event())
