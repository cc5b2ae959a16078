"""Tables of numbers under names of columns."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from tagger.sinks.display import consoles, drawing


def grid(columns: Sequence[str], rows: Sequence[Sequence[str]], *, title: str = "", n_text: int = 1) -> None:
    """Print a table; where there is no terminal, cells parted by tabs, the names of the columns first.

    Args:
        columns: Their names.
        rows: Cells, as many in each row.
        title: A line above it.
        n_text: How many columns hold text; the others hold numbers, which stand to the right.
    """
    console = consoles.out()
    cells = [[drawing.printable(cell) for cell in row] for row in (columns, *rows)]
    if title:
        consoles.line(console, Text(drawing.printable(title), "bold"))
    if not console.is_terminal:
        for row in cells:
            consoles.line(console, Text("\t".join(row)))
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for number, name in enumerate(cells[0]):
        table.add_column(Text(name), justify="left" if number < n_text else "right", overflow="fold")
    for row in cells[1:]:
        table.add_row(*map(Text, row))
    console.print(table)
