"""Where tracks are decoded: in the threads that want them, or in helpers beside them."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tagger.sources import decode, remote

# A helper takes a third of a second to start, and spares a fiftieth with each track.
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
        self._lock = threading.Lock()

    def blocks(self, path: Path, sample_rate: int) -> Iterator[NDArray[np.float32]]:
        """What `decode.blocks` yields and raises."""
        helper = self._helper(path) if self._has_helpers else None
        if helper is None:
            yield from decode.blocks(path, sample_rate)
            return
        try:
            yield from helper.blocks(path, sample_rate)
        finally:
            if helper.is_idle:
                with self._lock:
                    self._idle.append(helper)
            else:
                helper.close()

    def close(self) -> None:
        """End the helpers."""
        while self._idle:
            self._idle.pop().close()

    def _helper(self, path: Path) -> remote.Helper | None:
        """A helper for this file; None where there is none to gain from."""
        if decode.probe(path).decoder != "av":
            return None
        with self._lock:
            self._n_left_at_home -= 1
            if self._n_left_at_home >= 0:
                return None
            if self._idle:
                return self._idle.pop()
        return remote.Helper()
