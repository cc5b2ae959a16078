"""What goes on, in a line at the bottom of the screen, while one file is heard for long."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.spinner import Spinner
from rich.text import Text

from tagger.sinks.display import consoles, drawing


@contextlib.contextmanager
def working(first: str) -> Iterator[Callable[[str], None]]:
    """Keep a line at the bottom of the screen; nothing is drawn when quiet, or where stderr is no terminal.

    Args:
        first: What goes on at the beginning.

    Yields:
        What is called with what goes on now.
    """
    spinner = Spinner("dots", Text(first))

    def draw(console: Console) -> Spinner | Text:
        return spinner if console.encoding.startswith("utf") else Text(drawing.as_ascii(str(spinner.text)))

    def tell(what: str) -> None:
        spinner.update(text=Text(drawing.printable(what)))

    with consoles.staying(draw):
        yield tell
