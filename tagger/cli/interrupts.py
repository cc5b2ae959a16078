"""Ctrl-C, and a polite request to end, during a run."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType
from typing import TYPE_CHECKING

from tagger.sinks import display

if TYPE_CHECKING:  # the engine takes its time to import, and help needs none
    from tagger.engine import Halt

# The last is sent when a terminal is closed.
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

EXIT_INTERRUPTED = 130

FINISHING = "finishing the tracks in hand; press Ctrl-C again to drop them"


@contextlib.contextmanager
def obeyed(halt: Halt, notice: str = FINISHING) -> Iterator[None]:
    """The first signal lets the tracks in hand be finished; a second one drops them, but never a write.

    Args:
        halt: Told of both.
        notice: What the user is told at the first; empty for nothing.
    """

    def on_signal(number: int, frame: FrameType | None) -> None:
        if halt.after_tracks_in_hand.is_set():
            halt.now.set()
        else:
            halt.after_tracks_in_hand.set()
            if notice:
                display.note(notice)

    previous = {number: signal.signal(number, on_signal) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
