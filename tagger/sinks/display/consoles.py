"""The two consoles, how much they say, and the line that stays at the bottom while a run goes on."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from tagger.sinks.display import drawing

_REFRESHES_PER_SECOND = 8


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


@contextlib.contextmanager
def staying(draw: Callable[[Console], RenderableType], *, drawn: bool = True) -> Iterator[None]:
    """Keep what `draw` returns at the bottom of the screen, below all that is printed meanwhile.

    Nothing is drawn when quiet, where stderr is no terminal, or below another such line.

    Args:
        draw: Called several times a second, from another thread.
        drawn: False to draw nothing.
    """
    console = _console(stderr=True)
    if not drawn or _manner.quiet or _manner.live is not None or not console.is_terminal:
        yield
        return
    # stdout is not redirected: rich would send data to stderr where only stderr is a terminal.
    live = Live(
        get_renderable=lambda: draw(console),
        console=console,
        refresh_per_second=_REFRESHES_PER_SECOND,
        transient=True,
        redirect_stdout=False,
    )
    _manner.live = console
    try:
        with live:
            yield
    finally:
        _manner.live = None


def _console(*, stderr: bool) -> Console:
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False)


def _labelled(console: Console, label: str, style: str, message: str) -> None:
    line(console, Text.assemble((f"{label}:", style), " ", drawing.printable(message)))
