"""`tagger show`: the genres in files, and what players read from them."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tagger import paths
from tagger.cli import options, printing
from tagger.errors import TagError
from tagger.sinks import display
from tagger.sinks.display import show as view

if TYPE_CHECKING:
    from tagger.sinks.inspection import Inspection

EXIT_FAILURES = 1


def show(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE", help="Files to look into.", show_default=False, parser=paths.as_named),
    ],
    as_json: options.AsJson = False,
) -> int:
    """Print every genre in FILE, whether it can be written, and what players read."""
    from tagger.sinks import inspection

    failed = False
    for number, path in enumerate(files):
        try:
            row = _row(inspection.inspect(path))
        except TagError as error:
            display.error(error.message, error.hint)
            failed = True
            continue
        if as_json:
            printing.json_line(row)
        else:
            print(end="\n" if number else "")
            view.file_view(row)
    return EXIT_FAILURES if failed else 0


def _row(found: Inspection) -> dict[str, Any]:
    """What JSON holds of a file, one object a line."""
    from tagger.sinks.profiles import PROFILES

    return dataclasses.asdict(found) | {
        "path": str(found.path),
        "players": [
            {"name": name, "title": profile.title, "reads": profile.reads(found.container, found.places)}
            for name, profile in PROFILES.items()
        ],
    }
