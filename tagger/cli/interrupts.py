"""Ctrl-C, and a polite request to end, during a run."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import TYPE_CHECKING

from tagger.sinks import display

if TYPE_CHECKING:  # the engine takes its time to import, and help needs none
    from tagger.engine import Halt

# The last is sent when a terminal is closed.
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

EXIT_INTERRUPTED = 130

_SECONDS_TO_ASK_AGAIN = 0.1

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


@contextlib.contextmanager
def insisted() -> Iterator[None]:
    """Ctrl-C is asked again while the body runs, if it came where Python drops it.

    That is in whatever runs while an object is deleted, which a training network does all the time.
    """
    main, before, again = threading.main_thread().ident, sys.unraisablehook, []

    def on_dropped(dropped: sys.UnraisableHookArgs) -> None:
        if main is None or not issubclass(dropped.exc_type, KeyboardInterrupt):
            before(dropped)
            return
        again.append(threading.Timer(_SECONDS_TO_ASK_AGAIN, signal.pthread_kill, (main, signal.SIGINT)))
        again[-1].daemon = True
        again[-1].start()

    sys.unraisablehook = on_dropped
    try:
        yield
    finally:
        sys.unraisablehook = before
        for one in again:
            one.cancel()
