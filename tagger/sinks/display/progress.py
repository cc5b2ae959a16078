"""The line that shows how far a scan is."""

from __future__ import annotations

import time
from types import TracebackType

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from tagger import records
from tagger.sinks.display import consoles, drawing

_LEAST_BAR = 6
_LONGEST_BAR = 30
_WIDE = 72


class ScanProgress:
    """Count, rate, time elapsed and left, at the bottom of the screen while the context is open.

    Nothing is drawn when quiet or where stderr is no terminal.

    Args:
        drawn: False to draw nothing, where data other than `Results` go to the same screen.
    """

    def __init__(self, *, drawn: bool = True) -> None:
        self._started = time.monotonic()
        self._staying = consoles.staying(self._line, drawn=drawn)
        self._n_found = 0
        self._all_found = False
        self._n_done = 0
        self._audio_seconds = 0.0

    def __enter__(self) -> ScanProgress:
        self._started = time.monotonic()
        self._staying.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._staying.__exit__(kind, error, trace)

    def found(self, count: int) -> None:
        """Say how many tracks have been found so far."""
        self._n_found = count

    def all_found(self) -> None:
        """Say that there are no more, so that the time left is known."""
        self._all_found = True

    def add(self, result: records.Result) -> None:
        """Count a track that is done."""
        self._n_done += 1
        if isinstance(result, records.Tagged):
            self._audio_seconds += result.verdict.duration_seconds

    def _line(self, console: Console) -> Text:
        return line(
            n_done=self._n_done,
            n_found=max(self._n_found, self._n_done),
            all_found=self._all_found,
            seconds=time.monotonic() - self._started,
            audio_seconds=self._audio_seconds,
            width=console.width,
        )


def line(
    *, n_done: int, n_found: int, all_found: bool, seconds: float, audio_seconds: float, width: int
) -> Text:
    """Draw how far a scan is, in at most `width` cells.

    Args:
        n_done: Tracks done.
        n_found: Tracks found so far, those done included.
        all_found: Whether there are no more; until then there is a "+" after the count, and no bar.
        seconds: Time since the start.
        audio_seconds: Length of the audio that was heard.
        width: Of the terminal.
    """
    is_wide = width >= _WIDE
    rate = n_done / seconds if seconds > 0 else 0.0
    real = drawing.times_real(audio_seconds, seconds)
    parts = [
        (f"{n_done:,}/{n_found:,}{'' if all_found else '+'}", "bold"),
        (f"{rate:.1f} tracks/s" if is_wide else f"{rate:.1f}/s", ""),
        (f"{real} real time" if is_wide and real else real, ""),
        (f"{drawing.clock(seconds)} elapsed" if is_wide else drawing.clock(seconds), "dim"),
        (f"{drawing.clock((n_found - n_done) / rate)} left" if all_found and rate else "", "cyan"),
    ]
    text = Text("  ").join(Text(words, style) for words, style in parts if words)
    room = min(width - cell_len(text.plain) - 3, _LONGEST_BAR)
    if all_found and n_found and room >= _LEAST_BAR:
        text = Text.assemble((drawing.bar(n_done / n_found, room), "green"), "  ", text)
    text.truncate(width - 1)
    return text
