"""The two consoles, how much they say, and the line that stays at the bottom while a run goes on."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rich.console import (
    Console,
    ConsoleDimensions,
    ConsoleOptions,
    ConsoleRenderable,
    RenderableType,
    RenderHook,
    RenderResult,
)
from rich.live import Live
from rich.segment import ControlType, Segment
from rich.text import Text

from tagger.sinks.display import drawing

_REFRESHES_PER_SECOND = 8
_IDLE_SECONDS = 1.0  # clocks go on while nothing else changes


@dataclass
class _Manner:
    quiet: bool = False
    verbose: bool = False
    live: Console | None = None


_manner = _Manner()


def configure(*, quiet: bool = False, verbose: bool = False) -> None:
    """Set how much is said for the rest of the process.

    Args:
        quiet: Say nothing on stderr but errors.
        verbose: Say details too.
    """
    _manner.quiet, _manner.verbose = quiet, verbose


def is_quiet() -> bool:
    """Whether stderr is for errors only."""
    return _manner.quiet


def out() -> Console:
    """The console for data.

    Above a line that stays at the bottom of the same screen, it is that line's console, which alone can print
    there.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    console = _console(stderr=False)
    return _manner.live if _manner.live is not None and console.is_terminal else console


def err() -> Console:
    """The console for everything that is no data."""
    return _manner.live or _console(stderr=True)


def error(message: str, hint: str = "") -> None:
    """Print what went wrong, and on a line of its own what helps; also when quiet.

    Args:
        message: One sentence without a full stop.
        hint: What the user may do about it; empty if nothing is known to help.
    """
    _labelled(err(), "error", "bold red", message)
    if hint:
        _labelled(err(), "hint", "bold cyan", hint)


def note(message: str) -> None:
    """Print a sentence on stderr, unless quiet."""
    if not _manner.quiet:
        line(err(), Text(drawing.printable(message)))


def detail(message: str) -> None:
    """Print a sentence on stderr for users who asked for more."""
    if _manner.verbose:
        line(err(), Text(drawing.printable(message), style="dim"))


def line(console: Console, text: Text) -> None:
    """Print a line; where there is no terminal as it is, since rich would turn its tabs into spaces."""
    if console.is_terminal:
        console.print(text)
    else:
        console.file.write(f"{text.plain}\n")
        console.file.flush()


def can_stay() -> bool:
    """Whether there is a place for what stays at the bottom of the screen.

    There is none when quiet, where stderr is no terminal that can move its cursor, or below another such line.
    """
    console = _console(stderr=True)
    return not _manner.quiet and _manner.live is None and console.is_terminal and not console.is_dumb_terminal


@contextlib.contextmanager
def staying(
    draw: Callable[[Console], RenderableType], *, drawn: bool = True, changed: threading.Event | None = None
) -> Iterator[None]:
    """Keep what `draw` returns at the bottom of the screen, below all that is printed meanwhile.

    Nothing is drawn where there is no place for it: see `can_stay`.

    Args:
        draw: Called at most eight times a second, from another thread.
        drawn: False to draw nothing.
        changed: Set when there is something new, which is drawn at once; else there is a drawing a second. None
            to draw as often as possible.
    """
    if not drawn or not can_stay():
        yield
        return
    console = _console(stderr=True)
    # stdout is not redirected: rich would send data to stderr where only stderr is a terminal.
    live = Live(
        get_renderable=lambda: draw(console),
        console=console,
        auto_refresh=False,
        transient=True,
        redirect_stdout=False,
    )
    _manner.live = console
    try:
        with live, _at_once(console), _refreshed(live, changed):
            yield
    finally:
        _manner.live = None


@contextlib.contextmanager
def _refreshed(live: Live, changed: threading.Event | None) -> Iterator[None]:
    """Draw from another thread until the context is left."""
    ended = threading.Event()

    def refresh() -> None:
        width = _measured(live.console)
        while not ended.wait(1 / _REFRESHES_PER_SECOND):
            if changed is not None:
                changed.wait(_IDLE_SECONDS)
                changed.clear()
            before, width = width, _measured(live.console)
            if width < before:
                live.console.clear()  # lines that the terminal broke cannot be found and drawn over
            live.refresh()

    def refresh_while_there_is_a_terminal() -> None:
        with contextlib.suppress(OSError):
            refresh()

    drawing_thread = threading.Thread(target=refresh_while_there_is_a_terminal, name="display", daemon=True)
    drawing_thread.start()
    try:
        yield
    finally:
        ended.set()
        if changed is not None:
            changed.set()
        drawing_thread.join()


def _measured(console: Console) -> int:
    """Fit a console to its terminal, and give the width; rich would look at file descriptors 0 to 2 alone."""
    if "COLUMNS" not in os.environ:
        with contextlib.suppress(OSError, ValueError):
            columns, lines = os.get_terminal_size(console.file.fileno())
            if columns and lines:
                console.size = ConsoleDimensions(columns, lines)
    return console.width


class _Code:
    """Steers the terminal, and takes no room."""

    def __init__(self, code: str) -> None:
        self._segment = Segment(code, None, [(ControlType.CARRIAGE_RETURN,)])

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self._segment


class _AtOnce(RenderHook):
    """Lets terminals that know mode 2026 show what is printed in one step, without flicker."""

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        return [_Code("\x1b[?2026h"), *renderables, _Code("\x1b[?2026l")]


@contextlib.contextmanager
def _at_once(console: Console) -> Iterator[None]:
    console.push_render_hook(_AtOnce())
    try:
        yield
    finally:
        console.pop_render_hook()


def _console(*, stderr: bool) -> Console:
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False)


def _labelled(console: Console, label: str, style: str, message: str) -> None:
    line(console, Text.assemble((f"{label}:", style), " ", drawing.printable(message)))
