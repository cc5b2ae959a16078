"""Sources for tests: real blocks, cut and interrupted as a test wants."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from tagger.inference import runtime
from tagger.records import Gap
from tagger.sources.live import Block, Pace


@dataclass
class Played:
    """A source that gives what it was made of.

    Attributes:
        parts: Blocks and gaps; an exception among them is raised in its place.
        pace: See `tagger.sources.live`.
        speed: How many times playing speed it comes; 0 for at once.
        sample_rate: Of the blocks, in Hz.
    """

    parts: Iterable[Block | Gap | Exception]
    pace: Pace = "as it comes"
    speed: float = 0.0
    sample_rate: int = 16000
    name: str = "played"

    def blocks(self) -> Iterator[Block | Gap]:
        """See `Source`."""
        for part in self.parts:
            if isinstance(part, Exception):
                raise part
            if self.speed and not isinstance(part, Gap):
                time.sleep(len(part) / self.sample_rate / self.speed)
            yield part


class SlowRuntime:
    """A real runtime, but as slow as one of a larger network."""

    name = "slow"
    device = "CPU"

    def __init__(self, inner: runtime.Runtime, seconds: float) -> None:
        self.inner, self.seconds = inner, seconds

    def outputs(self, windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `Runtime.outputs`."""
        time.sleep(self.seconds * len(windows))
        return self.inner.outputs(windows)
