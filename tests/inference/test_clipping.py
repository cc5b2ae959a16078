"""Clipping is seen where it is, however the stream is cut."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tagger.inference.clipping import Clipping


def clipping(y: np.ndarray, cuts: tuple[int, ...] = ()) -> Clipping:
    """What is remembered of a signal that comes in pieces."""
    found = Clipping()
    for block in np.split(y.astype(np.float32), sorted(cuts)):
        found.add(block)
    return found


def test_an_overdriven_sine_is_clipped_and_a_loud_one_is_not() -> None:
    """Flat tops at full scale are clipping, a sine that just does not reach it is none."""
    sine = np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)
    assert clipping(np.clip(2 * sine, -1, 1)).within(0, 16000)
    assert not clipping(0.99 * sine).within(0, 16000)


@pytest.mark.parametrize(("run", "seen"), [(1, False), (2, False), (3, True), (-3, True)])
def test_a_run_is_clipping_and_a_peak_is_not(run: int, seen: bool) -> None:
    """Three samples at the limit, of either sign, are no accident."""
    y = np.zeros(5000)
    y[2000 : 2000 + abs(run)] = np.sign(run)
    assert clipping(y).within(0, 5000) == seen


@example(cuts=[1, 1], place=0)
@given(cuts=st.lists(st.integers(0, 6000), max_size=8), place=st.integers(0, 5990))
def test_cuts_change_nothing(cuts: list[int], place: int) -> None:
    """Also a cut in the middle of the run, and empty blocks, leave it where it is."""
    y = np.zeros(6000)
    y[place : place + 4] = 1.0
    found = clipping(y, tuple(cuts))
    assert found.within(place, place + 4)
    assert not found.within(place + 1024, 8000)


def test_windows_after_the_clipping_are_clean() -> None:
    """It belongs to the windows that hold it, and is forgotten after them."""
    y = np.zeros(40_000)
    y[10_000:10_100] = 1.0
    found = clipping(y)
    assert not found.within(0, 9_000)
    assert found.within(9_000, 11_000)
    assert found.within(9_900, 12_000)
    assert not found.within(20_000, 30_000)
    assert not found.within(0, 40_000)
