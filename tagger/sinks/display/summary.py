"""The end of a run: what became of all tracks, and why."""

from __future__ import annotations

import os

from rich.console import Group
from rich.padding import Padding
from rich.panel import Panel
from rich.text import Text

from tagger.sinks import ledger as ledgers
from tagger.sinks.display import consoles, drawing

_STYLES = {"written": "green", "would be written": "green", "failed": "red"}
_N_COUNT = 7


def ledger(counts: ledgers.Ledger, *, seconds: float) -> None:
    """Print the counts of a run on stderr, unless quiet.

    Args:
        counts: What became of all tracks.
        seconds: How long the run took.
    """
    if consoles.is_quiet():
        return
    console = consoles.err()
    found = f"{counts.found:,} track{'' if counts.found == 1 else 's'} found"
    lines = _lines(counts)
    if not console.is_terminal:
        for text in [Text(found), *(Text.assemble(" " * indent, text) for indent, text in lines)]:
            consoles.line(console, text)
        consoles.line(console, Text(_pace(counts, seconds)))
        return
    body = Group(*(Padding(text, (0, 0, 0, indent)) for indent, text in lines))
    console.print(
        Panel(
            body,
            title=Text(found, "bold"),
            title_align="left",
            subtitle=Text(_pace(counts, seconds), "dim"),
            subtitle_align="left",
            border_style="dim",
            expand=False,
        )
    )


def _lines(counts: ledgers.Ledger) -> list[tuple[int, Text]]:
    """Every line with its indent: counts always or where not 0, and the causes below the counts."""
    plain = {"named": counts.named, "don't know": counts.abstained}
    writing = {"written": counts.written, "would be written": counts.would_write, "unchanged": counts.unchanged}
    causes = {"not written": counts.not_written, "skipped": counts.skipped, "failed": counts.failed}
    shown = plain | {name: count for name, count in writing.items() if count}
    lines = [_count(name, count) for name, count in shown.items()]
    for name, why in causes.items():
        if why:
            lines += [_count(name, ledgers.total(why)), *_causes(why)]
    return lines


def _count(name: str, count: int) -> tuple[int, Text]:
    style = _STYLES.get(name, "") if count else "dim"
    return 0, Text.assemble((f"{count:{_N_COUNT},}", f"bold {style}".strip()), "  ", (name, style))


def _causes(causes: ledgers.Causes) -> list[tuple[int, Text]]:
    lines = []
    for cause in sorted(causes.values(), key=lambda cause: -cause.count):
        lines.append((_N_COUNT + 2, Text(f"{cause.count:,} × {drawing.printable(cause.reason)}")))
        lines += [
            (_N_COUNT + 4, Text(drawing.printable(os.fsdecode(path)), "dim", overflow="fold"))
            for path in cause.examples
        ]
        if cause.count > len(cause.examples):
            lines.append((_N_COUNT + 4, Text(f"and {cause.count - len(cause.examples):,} more", "dim")))
    return lines


def _pace(counts: ledgers.Ledger, seconds: float) -> str:
    real = drawing.times_real(counts.audio_seconds, seconds)
    return f"{drawing.clock(seconds)} elapsed" + (f", {real} real time" if real else "")
