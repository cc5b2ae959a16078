"""The live view of a source that is listened to."""

from __future__ import annotations

import threading
import time
from types import TracebackType

from rich.console import Console
from rich.text import Text

from tagger.records import Moment
from tagger.sinks.display import consoles, scene


class LiveView:
    """Shows the moments of a live source while the context is open, on stderr, below all that is printed.

    Nothing is drawn when quiet, or where stderr is no terminal that can move its cursor. Drawing has a thread
    of its own: a terminal that is slow or stopped does not keep the source waiting.

    Args:
        source: What is heard.
        genres: Every genre of the model, in its order.
        drawn: False to draw nothing.

    Attributes:
        is_drawn: Whether there is a view; where there is none, people have only what is printed.
    """

    def __init__(self, source: str, genres: tuple[str, ...], *, drawn: bool = True) -> None:
        self.is_drawn = drawn and consoles.can_stay()
        self._scene = scene.Scene(source, genres)
        self._began = self._told_at = time.monotonic()
        self._changed = threading.Event()
        self._staying = consoles.staying(self._draw, drawn=self.is_drawn, changed=self._changed)

    def __enter__(self) -> LiveView:
        self._began = self._told_at = time.monotonic()
        self._changed.set()
        self._staying.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._staying.__exit__(kind, error, trace)

    def show(self, moment: Moment) -> None:
        """Go on with the next moment; it is drawn at once, or in an eighth of a second where several come."""
        self._scene = self._scene.after(moment)
        self._told_at = time.monotonic()
        self._changed.set()

    def _draw(self, console: Console) -> Text:
        now = time.monotonic()
        return scene.draw(
            self._scene,
            elapsed_seconds=now - self._began,
            waiting_seconds=now - self._told_at,
            width=console.width,
            height=console.height,
            ascii_only=console.options.ascii_only,
        )
