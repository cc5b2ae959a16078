"""A training run as it goes: a row for every epoch, and below them how far it is."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Protocol

from rich.console import Console, Group
from rich.text import Text

from tagger.sinks.display import consoles, drawing

_LONGEST_BAR = 30


class Epoch(Protocol):
    """What one epoch reached."""

    @property
    def number(self) -> int:
        """From 1."""
        ...

    @property
    def of(self) -> int:
        """Most epochs there will be."""
        ...

    @property
    def loss(self) -> float:
        """On the training examples."""
        ...

    @property
    def validation_loss(self) -> float:
        """On the validation tracks."""
        ...

    @property
    def validation_accuracy(self) -> float:
        """Likewise, 0 to 1."""
        ...

    @property
    def validation_macro_f1(self) -> float:
        """Likewise, 0 to 1."""
        ...

    @property
    def learning_rate(self) -> float:
        """At the end of the epoch."""
        ...

    @property
    def seconds(self) -> float:
        """Time it took."""
        ...

    @property
    def best(self) -> bool:
        """Whether it is the best so far."""
        ...


class TrainingProgress:
    """Watches a training run, on stderr: rows of epochs, and in a terminal bars below; nothing when quiet."""

    def __init__(self) -> None:
        self._staying = consoles.staying(self._bars)
        self._stage = ""
        self._n_done = 0
        self._total = 0
        self._stage_started = time.monotonic()
        self._last: Epoch | None = None
        self._seconds = 0.0

    def __enter__(self) -> TrainingProgress:
        self._staying.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._staying.__exit__(kind, error, trace)

    def stage(self, name: str, total: int = 0) -> None:
        """A part of the run begins; `total` steps will follow, 0 if that is unknown."""
        self._stage, self._total, self._n_done = name, total, 0
        self._stage_started = time.monotonic()

    def advance(self) -> None:
        """One step of the part is done."""
        self._n_done += 1

    def epoch(self, epoch: Epoch) -> None:
        """An epoch is done."""
        console = consoles.err()
        if not consoles.is_quiet():
            width = console.width if console.is_terminal else None
            if self._last is None:
                consoles.line(console, Text(_row(_HEADS, width), "dim"))
            consoles.line(console, epoch_row(epoch, width))
        self._last = epoch
        self._seconds += epoch.seconds

    def say(self, message: str) -> None:
        """Print a sentence."""
        consoles.note(message)

    def _bars(self, console: Console) -> Group:
        elapsed = time.monotonic() - self._stage_started
        left = elapsed / self._n_done * (self._total - self._n_done) if self._n_done else None
        lines = [_bar(self._stage, self._n_done, self._total, left, console.width)]
        if self._last is not None:
            per_epoch = self._seconds / self._last.number
            to_go = self._last.of - self._last.number
            lines.append(_bar("epochs", self._last.number, self._last.of, per_epoch * to_go, console.width))
        return Group(*lines)


_HEADS = ("epoch", "loss", "val loss", "val acc", "val F1", "rate", "time", "")
_N_CELLS = (7, 8, 9, 8, 8, 9, 7, 5)


def epoch_row(epoch: Epoch, width: int | None) -> Text:
    """Draw an epoch in one line: as many columns as `width` holds, all for None; the best so far stands out."""
    cells = (
        f"{epoch.number}/{epoch.of}",
        f"{epoch.loss:.4f}",
        f"{epoch.validation_loss:.4f}",
        f"{epoch.validation_accuracy * 100:.1f} %",
        f"{epoch.validation_macro_f1 * 100:.1f} %",
        f"{epoch.learning_rate:.1e}",
        drawing.clock(epoch.seconds),
        "best" if epoch.best else "",
    )
    return Text(_row(cells, width), "bold" if epoch.best else "")


def _row(cells: tuple[str, ...], width: int | None) -> str:
    text = ""
    for cell, n_cells in zip(cells, _N_CELLS, strict=True):
        if width is not None and len(text) + n_cells >= width:
            break
        text += cell.rjust(n_cells)
    return text.rstrip()


def _bar(name: str, n_done: int, total: int, seconds_left: float | None, width: int) -> Text:
    """Draw one bar with its name in front; only count and name where the total is unknown."""
    numbers = f"{n_done:,}/{total:,}" if total else f"{n_done:,}"
    left = f"  {drawing.clock(seconds_left)} left" if seconds_left is not None and total else ""
    label = drawing.fitted(drawing.printable(name), 14)
    room = min(width - len(label) - len(numbers) - len(left) - 4, _LONGEST_BAR)
    drawn = f"{drawing.bar(n_done / total, room)}  " if total and room > 0 else ""
    text = Text.assemble((label, "bold"), " ", (drawn, "green"), numbers, (left, "cyan"))
    text.truncate(width - 1)
    return text
