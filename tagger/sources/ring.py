"""A bounded memory between a sound device, which cannot wait, and a reader, who may be slow."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """What a reader takes out of a ring.

    Attributes:
        samples: A copy, shape (n_samples, n_channels), float32; n_samples is at least 1.
        n_lost: How many samples before these were overwritten, since the piece before.
        is_broken: Whether the device said that it dropped samples just before these.
        end_seconds: When the last of these came in, on the clock of whoever wrote them.
    """

    samples: NDArray[np.float32]
    n_lost: int
    is_broken: bool
    end_seconds: float


class Ring:
    """The last samples that came in, for one writer and one reader.

    Where the reader is too slow the oldest samples are overwritten, and counted. Writing allocates no samples,
    and neither side holds the lock for longer than it takes to copy one block.

    Args:
        n_samples: How many samples of each channel it holds.
        n_channels: Number of channels.
        sample_rate: In Hz; tells when samples came in that are read late.
    """

    def __init__(self, n_samples: int, n_channels: int, sample_rate: int) -> None:
        self._samples = np.zeros((n_samples, n_channels), np.float32)
        self._sample_rate = sample_rate
        self._has_more = threading.Condition()
        # Samples are numbered from the first that ever came; number n lies at n modulo the size.
        self._n_written = self._n_read = self._n_lost = 0
        self._breaks: deque[int] = deque()
        self._written_seconds = 0.0

    def write(self, block: NDArray[np.float32], now_seconds: float, *, is_broken: bool = False) -> None:
        """Put a block in, over the oldest samples where there is no room.

        Args:
            block: Shape (n_samples, n_channels), any number of samples.
            now_seconds: The time, on any clock that never goes back.
            is_broken: Whether the device dropped samples before these.
        """
        size = len(self._samples)
        with self._has_more:
            if is_broken and (not self._breaks or self._breaks[-1] != self._n_written):
                self._breaks.append(self._n_written)
            self._n_written += len(block)
            kept = block[-size:]
            first = (self._n_written - len(kept)) % size
            n_before_edge = min(len(kept), size - first)
            self._samples[first : first + n_before_edge] = kept[:n_before_edge]
            self._samples[: len(kept) - n_before_edge] = kept[n_before_edge:]
            self._written_seconds = now_seconds
            self._forget(self._n_written - size)
            self._has_more.notify()

    def _forget(self, n_oldest: int) -> None:
        """Count as lost what was not read and came before that number."""
        if n_oldest > self._n_read:
            self._n_lost += n_oldest - self._n_read
            self._n_read = n_oldest
            while self._breaks and self._breaks[0] < n_oldest:
                self._breaks.popleft()

    def read(self, n_most: int, timeout_seconds: float) -> Piece | None:
        """Take the oldest samples out, in the order in which they came.

        Args:
            n_most: How many to take at most, ≥ 1.
            timeout_seconds: How long to wait for the first of them.

        Returns:
            A piece without a break inside; None if nothing came in that time.
        """
        with self._has_more:
            if not self._has_more.wait_for(lambda: self._n_written > self._n_read, timeout_seconds):
                return None
            is_broken = bool(self._breaks) and self._breaks[0] == self._n_read
            if is_broken:
                self._breaks.popleft()
            end = min(self._n_written, self._n_read + n_most, *list(self._breaks)[:1])
            places = np.arange(self._n_read, end) % len(self._samples)
            behind_seconds = (self._n_written - end) / self._sample_rate
            piece = Piece(
                self._samples[places], self._n_lost, is_broken, self._written_seconds - behind_seconds
            )
            self._n_read, self._n_lost = end, 0
            return piece
