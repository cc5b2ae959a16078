"""Blocks that somebody else brings, such as a browser: a source like any other."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator

import numpy as np

from tagger.errors import SettingsError
from tagger.records import Gap
from tagger.sources import mono, native
from tagger.sources.live import NOTICES_STOP_SECONDS, Block, Pace

RATES = range(8_000, 384_001)
"""Sample rates in Hz that sound devices have."""

_MOST_WAITING_SECONDS = 10.0


class PushedSource:
    """A live source whose samples are pushed by another thread, which never waits.

    Where they are not taken in time, they are lost, and told as a gap.

    Args:
        name: What people call it.
        native_rate: Rate of what is pushed, in Hz.
        sample_rate: Wanted rate, in Hz.
        stop: Ends it when it is set.

    Raises:
        SettingsError: No sound device has this rate.
    """

    pace: Pace = "live"

    def __init__(self, name: str, native_rate: int, sample_rate: int, stop: threading.Event) -> None:
        if native_rate not in RATES:
            raise SettingsError(f"{name}: no sound device has a rate of {native_rate} Hz")
        self.name = name
        self._native_rate, self._sample_rate, self._stop = native_rate, sample_rate, stop
        self._waiting: queue.SimpleQueue[Block] = queue.SimpleQueue()
        self._n_waiting = self._n_lost = 0
        self._lock = threading.Lock()

    def push(self, samples: bytes) -> None:
        """Bring samples: mono, float32, little-endian; a broken one at the end is left out."""
        block = np.frombuffer(samples[: len(samples) // 4 * 4], "<f4")
        with self._lock:
            # What follows a loss is lost too until the gap is told, so that it is told in its place.
            if self._n_lost or self._n_waiting + len(block) > _MOST_WAITING_SECONDS * self._native_rate:
                self._n_lost += len(block)
                return
            self._n_waiting += len(block)
        self._waiting.put(block)

    def blocks(self) -> Iterator[Block | Gap]:
        """See `Source`; what came before it was told to stop is still given."""
        has_ended = False
        while not has_ended:
            has_ended = self._stop.is_set()
            yield from mono.at_rate(self._until_gap(), self._sample_rate)
            with self._lock:
                n_lost, self._n_lost = self._n_lost, 0
            if n_lost:
                yield Gap(n_lost / self._native_rate, "it came faster than it could be heard")

    def _until_gap(self) -> Iterator[native.NativeBlock]:
        """What came before anything was lost, or until the end; what waits at the end is still given."""
        while True:
            try:
                block = self._waiting.get(timeout=NOTICES_STOP_SECONDS)
            except queue.Empty:
                if self._stop.is_set() or self._n_lost:
                    return
                continue
            with self._lock:
                self._n_waiting -= len(block)
            yield block.reshape(-1, 1), self._native_rate
