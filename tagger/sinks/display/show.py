"""What is in a file, place by place, and what players read from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text

from tagger.sinks.display import consoles, drawing

_N_LABEL = 22


def file_view(row: Mapping[str, Any]) -> None:
    """Print what was found in a file.

    Args:
        row: `path`, `container`, `places` (each with `system`, `name`, `values`), `genres`, `problem` and
            `hint` (why it cannot be written, and what helps), `players` (each with `name`, `title`, `reads`).
    """
    _line(row["path"], "", "bold")
    _line("container", row["container"] or "–")
    for place in row["places"]:
        _line(f"{place['system']} {place['name']}", _listed(place["values"]))
    if row["places"] or not row["problem"]:
        _line("tagger reads", _listed(row["genres"]))
    if row["problem"]:
        _line("can be written", f"no: {row['problem']}", value_style="red")
    else:
        _line("can be written", "yes", value_style="green")
    if row["hint"]:
        _line("hint", row["hint"])
    for player in row["players"] if row["places"] else ():
        _line(f"{player['name']} reads", _listed(player["reads"]), note=player["title"])


def _line(label: str, value: str, style: str = "dim", *, value_style: str = "", note: str = "") -> None:
    """Print a line: a label, and beside it the value and a note."""
    padded = f"{drawing.printable(label):<{_N_LABEL}} " if value else drawing.printable(label)
    text = Text.assemble((padded, style), (drawing.printable(value), value_style))
    if note:
        text.append(f"  ({drawing.printable(note)})", "dim")
    consoles.line(consoles.out(), text)


def _listed(values: Sequence[str]) -> str:
    return ", ".join(f'"{value}"' for value in values) or "–"
