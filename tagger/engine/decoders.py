"""Where tracks are decoded: in the threads that want them, or in helpers beside them."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tagger.sources import decode, remote

# A helper takes a fraction of a second to start, and spares far less with each track.
_TRACKS_AT_HOME = 8


class Decoders:
    """Decodes for several threads; what would keep them waiting for Python's lock is left to helpers.

    Args:
        n_threads: How many threads ask.
    """

    def __init__(self, n_threads: int) -> None:
        self._n_left_at_home = _TRACKS_AT_HOME * n_threads
        self._has_helpers = n_threads > 1 and bool(sys.executable)
        self._idle: list[remote.Helper] = []
        self._busy: set[remote.Helper] = set()
        self._lock = threading.Lock()

    def blocks(self, path: Path, sample_rate: int) -> Iterator[NDArray[np.float32]]:
        """What `decode.blocks` yields and raises."""
        if not self._is_for_helpers(path):
            yield from decode.blocks(path, sample_rate)
            return
        n_blocks = 0
        try:
            for block in self._helped(path, sample_rate):
                n_blocks += 1
                yield block
        except remote.CrashedError:
            if n_blocks or not self._has_helpers:
                raise
            yield from self._helped(path, sample_rate)  # it may have died before it was asked

    def close(self) -> None:
        """End the helpers, in the middle of a file too."""
        self._has_helpers = False
        with self._lock:
            for helper in [*self._idle, *self._busy]:
                helper.kill()
        while self._idle:
            self._idle.pop().close()

    def _is_for_helpers(self, path: Path) -> bool:
        """Whether there is anything to gain from a helper for this file."""
        if not self._has_helpers or decode.suits_libsndfile(path):
            return False
        with self._lock:
            self._n_left_at_home -= 1
            return self._n_left_at_home < 0

    def _helped(self, path: Path, sample_rate: int) -> Iterator[NDArray[np.float32]]:
        with self._lock:
            helper = self._idle.pop() if self._idle else None
        try:
            helper = helper or remote.Helper()
        except OSError:  # no more processes may be started
            yield from decode.blocks(path, sample_rate)
            return
        with self._lock:
            self._busy.add(helper)
        try:
            yield from helper.blocks(path, sample_rate)
        finally:
            with self._lock:
                self._busy.discard(helper)
                if helper.is_idle and self._has_helpers:
                    self._idle.append(helper)
            if helper not in self._idle:
                helper.close()
