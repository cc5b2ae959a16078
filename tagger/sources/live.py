"""What can be listened to, whatever it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tagger.records import Gap

Block: TypeAlias = NDArray[np.float32]
"""Mono samples of shape (n_samples,), full scale at ±1."""

NOTICES_STOP_SECONDS = 0.2
"""How long a request to stop may go unnoticed by a source that waits."""

Pace = Literal["at hand", "as it comes", "live"]
"""Whether all is there to be taken, or comes and waits until it is taken, or comes and does not wait."""


class Source(Protocol):
    """What can be listened to."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def pace(self) -> Pace:
        """How it comes; known from the first block on."""

    def blocks(self) -> Iterator[Block | Gap]:
        """Blocks at the rate that was asked for; ends soon after the source was told to stop.

        Raises:
            SourceError: It cannot be heard, or not any more.
            FileError: It is no audio.
        """
