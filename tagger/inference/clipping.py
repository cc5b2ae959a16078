"""Where samples are at the limit of what a source can tell."""

from __future__ import annotations

from collections import deque

import numpy as np

from tagger.inference.frontend import Array

_LIMIT = 0.999
_LEAST_RUN = 3  # a single peak may touch the limit; a run is what a limit leaves of a higher one
_GRAIN_SAMPLES = 256


class Clipping:
    """Remembers where a stream is clipped, to 256 samples, as far back as is asked for."""

    def __init__(self) -> None:
        self._n_samples = 0
        self._before = np.zeros(_LEAST_RUN - 1, bool)
        self._grains: deque[int] = deque()

    def add(self, block: Array) -> None:
        """Look at the next samples, shape (n_samples,), full scale at ±1, however the stream is cut."""
        at_limit = np.concatenate([self._before, np.abs(block) >= _LIMIT])
        if len(block) and at_limit.any():
            runs = np.lib.stride_tricks.sliding_window_view(at_limit, _LEAST_RUN).all(axis=1)
            grains = np.unique((np.flatnonzero(runs) + self._n_samples) // _GRAIN_SAMPLES)
            self._grains.extend(map(int, grains))
        self._before = at_limit[len(at_limit) - len(self._before) :]
        self._n_samples += len(block)

    def within(self, start: int, end: int) -> bool:
        """Whether samples from `start` to before `end` are clipped; what is before `start` is forgotten."""
        first = start // _GRAIN_SAMPLES
        while self._grains and self._grains[0] < first:
            self._grains.popleft()
        return bool(self._grains) and self._grains[0] * _GRAIN_SAMPLES < end
