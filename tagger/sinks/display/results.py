"""One row on stdout per track, as soon as it is done."""

from __future__ import annotations

import os
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from tagger import records
from tagger.sinks.display import albums, consoles, drawing

_N_PERCENT = 5
_SURE, _UNSURE = 0.8, 0.5


class Results:
    """The rows of a scan.

    In a terminal, columns that fit its width; the reason for what was written or not has a line of its own
    where there is no room beside. Elsewhere, five columns parted by tabs: path, genre (or "don't know",
    "skipped", "failed"), confidence, runners-up, and what was done about the tags or what went wrong.

    Where albums are judged, each has a line above its tracks in a terminal, and tracks that differ have one
    below; elsewhere there is a sixth column.

    Args:
        top_k: How many genres to show for a track, the strongest included.
        albums: Whether albums are judged.
    """

    def __init__(self, *, top_k: int = 3, albums: bool = False) -> None:
        self._top_k = top_k
        self._albums = albums
        self._album: records.Album | None = None
        console = consoles.out()
        self._plain = None if console.is_terminal else console

    def add(self, result: records.Result) -> None:
        """Print the row of a result."""
        if self._plain is not None:
            cells = plain_row(result, self._top_k)
            if self._albums:
                told = albums.cell(result) if isinstance(result, records.Tagged) else ""
                cells = f"{cells}\t{drawing.printable(told)}"
            consoles.line(self._plain, Text(cells))
            return
        console = consoles.out()
        for text in [*self._heading(result), *row(result, self._top_k, console.width)]:
            consoles.line(console, text)

    def _heading(self, result: records.Result) -> list[Text]:
        """A line for an album that begins here, if it has several tracks."""
        standing = result.verdict.standing if isinstance(result, records.Tagged) else None
        album = None if standing is None else standing.album
        is_new = album is not None and album.n_tracks > 1 and album != self._album
        self._album = album
        return [Text(drawing.printable(albums.heading(album)), "bold cyan")] if is_new and album else []


def plain_row(result: records.Result, top_k: int) -> str:
    """Write a result as five cells parted by tabs; nothing is cut."""
    percent, others = _percent_and_others(result, top_k)
    cells = [os.fsdecode(result.track.path), _headline(result), percent, others, _outcome(result)]
    return "\t".join(map(drawing.printable, cells))


def row(result: records.Result, top_k: int, width: int) -> list[Text]:
    """Draw a result in one line of fewer than `width` cells, and its outcome below if there is no room beside.

    Args:
        result: The track and what became of it.
        top_k: How many genres to show, the strongest included.
        width: Of the terminal.
    """
    widths = _Widths.fitting(width)
    percent, others = _percent_and_others(result, top_k)
    outcome = drawing.printable(_outcome(result))
    share = result.verdict.confidence if isinstance(result, records.Tagged) else 0.0
    cells = [
        (drawing.shortened(drawing.printable(os.fsdecode(result.track.path)), widths.path), widths.path, ""),
        (drawing.printable(_headline(result)), widths.genre, _headline_style(result)),
        (drawing.bar(share, widths.bar), widths.bar, _bar_style(share)),
        (percent.rjust(_N_PERCENT), _N_PERCENT, ""),
        (drawing.printable(others), widths.others, "dim"),
        (*_mark(result), _mark_style(result)),
        (outcome, widths.outcome, "dim"),
    ]
    line = Text(" ").join(Text(drawing.fitted(text, n), style) for text, n, style in cells if n)
    line.rstrip()
    lines = [line]
    if outcome and cell_len(outcome) > widths.outcome and _mark(result)[0] != _WRITTEN:
        lines.append(Text(f"  {outcome}", style="red" if _mark(result)[0] == _FAILED else "dim"))
    if isinstance(result, records.Tagged) and (apart := albums.beside(result)):
        lines.append(Text(f"  {drawing.printable(apart)}", style="yellow"))
    return lines


@dataclass(frozen=True)
class _Widths:
    """Cells for each column; 0 leaves it out."""

    path: int
    genre: int
    bar: int
    others: int
    outcome: int

    @classmethod
    def fitting(cls, width: int) -> _Widths:
        genre = 16 if width >= 56 else 11
        bar = 10 if width >= 96 else 8 if width >= 56 else 0
        others = 26 if width >= 96 else 18 if width >= 76 else 0
        outcome = 34 if width >= 136 else 0
        n_columns = 4 + sum(map(bool, (bar, others, outcome)))
        taken = genre + bar + _N_PERCENT + others + 1 + outcome + (n_columns - 1)
        # The last cell stays free: some terminals break a full line twice.
        return cls(max(1, width - 1 - taken), genre, bar, others, outcome)


_WRITTEN, _WOULD_WRITE, _LEFT, _FAILED = "✓", "○", "–", "✗"


def _mark(result: records.Result) -> tuple[str, int]:
    """One sign for what became of the file, and its width."""
    match result:
        case records.Failed() | records.Tagged(failed=True):
            sign = _FAILED
        case records.Tagged(written=True):
            sign = _WRITTEN
        case records.Tagged(planned=True):
            sign = _WOULD_WRITE
        case records.Tagged(reason=""):
            sign = " "
        case _:
            sign = _LEFT
    return sign, 1


def _mark_style(result: records.Result) -> str:
    return {_WRITTEN: "green", _WOULD_WRITE: "green", _FAILED: "red"}.get(_mark(result)[0], "dim")


def _headline(result: records.Result) -> str:
    match result:
        case records.Skipped():
            return "skipped"
        case records.Failed():
            return "failed"
        case records.Tagged():
            return "don't know" if result.verdict.genre is None else result.verdict.genre


def _headline_style(result: records.Result) -> str:
    match result:
        case records.Failed():
            return "red"
        case records.Tagged() if result.verdict.genre is not None:
            return "bold"
    return "dim"


def _bar_style(share: float) -> str:
    return "green" if share >= _SURE else "yellow" if share >= _UNSURE else "red"


def _percent_and_others(result: records.Result, top_k: int) -> tuple[str, str]:
    """Confidence, and the other genres with theirs: all of them where none was named."""
    if not isinstance(result, records.Tagged):
        return "", ""
    verdict = result.verdict
    others = verdict.scores[0 if verdict.genre is None else 1 : top_k]
    listed = ", ".join(f"{score.genre} {drawing.percent(score.probability)}" for score in others)
    return drawing.percent(verdict.confidence), listed


def _outcome(result: records.Result) -> str:
    """What was done about the tags, or went wrong; why there is no genre, where there is none."""
    if not isinstance(result, records.Tagged) or result.failed:
        return result.reason
    if result.verdict.genre is None:
        return result.verdict.reason
    before, after = result.tags_before or (), result.tags_after or ()
    if before == after:
        return result.reason
    return f"{drawing.listed(before)} → {drawing.listed(after)}: {result.reason}"
