"""One row on stdout per write that is taken back."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from rich.text import Text

from tagger.sinks.display import consoles, drawing

if TYPE_CHECKING:  # help needs neither the journal nor what writes
    from tagger.sinks.undo import Undone


def undone(outcome: Undone, *, dry_run: bool = False) -> None:
    """Print what became of a write: the file, what stands in its field now, or why it was left alone."""
    note = outcome.entry.note
    sign, style = ("✗", "red") if outcome.problem else ("○" if dry_run else "✓", "green")
    what = outcome.problem or f"{drawing.listed(note.after)} → {drawing.listed(note.before)}"
    path = drawing.printable(os.fsdecode(outcome.entry.path))
    console = consoles.out()
    if console.is_terminal:
        consoles.line(console, Text.assemble((sign, style), " ", path, "  ", (drawing.printable(what), "dim")))
    else:
        done = "left alone" if outcome.problem else "would be taken back" if dry_run else "taken back"
        consoles.line(console, Text(f"{path}\t{done}\t{drawing.printable(what)}"))
