"""Tables of things that stand still: models, a model's card, settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from tagger.sinks.display import consoles, drawing

_N_LABEL = 22
_WIDE = 64
_NOT_FOR_PEOPLE = frozenset({"format", "format_version", "checksums", "name", "description"})


def models_table(rows: Sequence[Mapping[str, str]]) -> None:
    """Print the models found.

    Args:
        rows: Each with `name`, `genres` (their number), `description`, `folder`, and `problem`, which stands in
            for the description if it is not empty.
    """
    cells = [(row["name"], row["genres"], row["problem"] or row["description"], row["folder"]) for row in rows]
    styles = ["red" if row["problem"] else "" for row in rows]
    _table(("model", "genres", "description", "folder"), cells, styles)


def devices_table(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print sound devices: `number`, `name`, `host`, `channels`, `sample_rate`, `is_default`."""
    cells = [
        (
            str(row["number"]),
            row["name"],
            f"{row['sample_rate']:g} Hz",
            f"{row['channels']} channel{'' if row['channels'] == 1 else 's'}",
            row["host"],
            "default" if row["is_default"] else "",
        )
        for row in rows
    ]
    _table(("number", "name", "rate", "channels", "host", ""), cells, [""] * len(rows))


def recipes_table(rows: Sequence[tuple[str, str, str, str]]) -> None:
    """Print the recipes of a trainer: name, system, what its authors report, and how they split."""
    _table(("recipe", "system", "its authors report", "split"), rows, [""] * len(rows))


def settings_table(rows: Sequence[tuple[str, Any, str]]) -> None:
    """Print settings: name, value, and where the value came from."""
    cells = [(name, _value(value), origin) for name, value, origin in rows]
    styles = ["dim" if origin == "default" else "" for _, _, origin in rows]
    _table(("setting", "value", "from"), cells, styles)


def runs_table(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print runs that changed files: `run`, `began`, `kind`, `files`, `taken_back`, `command`."""
    names = ("run", "files", "taken_back", "began", "kind", "command")
    cells = [[str(row[name]) for name in names] for row in rows]
    styles = ["dim" if row["taken_back"] == row["files"] else "" for row in rows]
    _table(("run", "files", "taken back", "began", "kind", "command"), cells, styles)


def changes_table(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print what a run did to files: `path`, `before`, `after`, and `taken_back_by`, a run or None."""
    cells = [
        [row["path"], drawing.listed(row["before"]), drawing.listed(row["after"]), _taken_back(row)]
        for row in rows
    ]
    styles = ["dim" if row["taken_back_by"] else "" for row in rows]
    _table(("file", "before", "after", "taken back"), cells, styles)


def _taken_back(row: Mapping[str, Any]) -> str:
    return f"by run {row['taken_back_by']}" if row["taken_back_by"] else ""


def facts_table(facts: Mapping[str, Any]) -> None:
    """Print names and values."""
    _table(
        ("", ""),
        [(name, f"{value:,}" if isinstance(value, int) else value) for name, value in facts.items()],
        [""] * len(facts),
    )


def card_view(card: Mapping[str, Any], folder: str) -> None:
    """Print what is known about a model, section by section.

    Args:
        card: The content of `card.json`, nested as it may be.
        folder: Where the model is.
    """
    console = consoles.out()
    consoles.line(console, Text(drawing.printable(str(card["name"])), "bold"))
    consoles.line(console, Text(drawing.printable(str(card["description"]))))
    facts = {"folder": folder} | {name: card[name] for name in card if name not in _NOT_FOR_PEOPLE}
    for indent, name, value in _entries(facts, 0):
        label = f"{'  ' * indent}{drawing.printable(name.replace('_', ' '))}"
        if value:
            consoles.line(console, Text.assemble((f"{label:<{_N_LABEL}} ", "dim"), drawing.printable(value)))
        else:
            consoles.line(console, Text(label, "bold cyan" if not indent else "cyan"))


def _entries(facts: Mapping[str, Any], indent: int) -> Iterator[tuple[int, str, str]]:
    """Flatten nested mappings: depth, name, and the value, which is empty for a heading."""
    for name, value in facts.items():
        nested = _nested(value)
        if nested:
            yield indent, name, ""
            yield from _entries(nested, indent + 1)
        else:
            yield indent, name, _value(value)


def _nested(value: Any) -> Mapping[str, Any]:
    """A mapping as it is, a list of mappings by their names or numbers; nothing for other values."""
    if isinstance(value, Mapping):
        return value
    if isinstance(value, list) and all(isinstance(entry, Mapping) for entry in value):
        return {
            str(entry.get("name", number)): {key: entry[key] for key in entry if key != "name"}
            for number, entry in enumerate(value, start=1)
        }
    return {}


def _value(value: Any) -> str:
    if value is None or value in ([], {}, ""):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple):
        return ", ".join(map(_value, value))
    return str(value)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]], styles: Sequence[str]) -> None:
    """Draw a table in a terminal, of three columns if it is narrow; elsewhere print cells parted by tabs."""
    console = consoles.out()
    if not console.is_terminal:
        for row in rows:
            consoles.line(console, Text("\t".join(map(drawing.printable, row))))
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    n_columns = len(columns) if console.width >= _WIDE else 3
    for number, name in enumerate(columns[:n_columns]):
        table.add_column(name, overflow="fold", no_wrap=number == 0 and name != "file")
    for row, style in zip(rows, styles, strict=True):
        table.add_row(*(Text(drawing.printable(cell)) for cell in row[:n_columns]), style=style)
    console.print(table)
