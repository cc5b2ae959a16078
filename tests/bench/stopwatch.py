"""Seconds, and what they say together."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

Songs: TypeAlias = dict[str, list[str]]
"""Paths of songs by format."""


def laps(work: Callable[[], object], least_seconds: float = 0.0) -> float:
    """Mean seconds of some work, repeated until `least_seconds` have passed."""
    began, n_laps = time.perf_counter(), 0
    while not n_laps or time.perf_counter() - began < least_seconds:
        work()
        n_laps += 1
    return (time.perf_counter() - began) / n_laps


def cpu_seconds(work: Callable[[], object]) -> float:
    """Seconds that the threads of this process were at work, whatever else the machine did meanwhile."""
    began = time.process_time()
    work()
    return time.process_time() - began


def by_format(
    work: Callable[[list[str]], object], songs: Songs, least_seconds: float = 0.0
) -> dict[str, float]:
    """Mean seconds of some work on all songs of a format."""
    return {kind: laps(partial(work, files), least_seconds) for kind, files in songs.items()}


def spread(values: Sequence[float]) -> float:
    """How far the largest and the smallest are apart, as a share of the median."""
    return (max(values) - min(values)) / statistics.median(values)
