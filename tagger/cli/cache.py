"""`tagger cache`: what is remembered of tracks that were heard."""

from __future__ import annotations

import contextlib
from enum import StrEnum
from typing import Annotated

import typer

from tagger.cli import options, printing
from tagger.errors import OutputError
from tagger.sinks import display

_CURE = "delete the file: all is heard anew by the next scan, nothing else is lost"


class Action(StrEnum):
    """What to do."""

    info = "info"
    clear = "clear"


def cache(
    action: Annotated[
        Action, typer.Argument(metavar="info|clear", help="Count what is remembered, or forget it.")
    ] = Action.info,
    as_json: options.AsJson = False,
) -> None:
    """Count what is remembered of tracks that were heard, or forget it.

    A track is known by its audio: retagged, renamed or moved, it is not heard again by the same model.
    """
    from tagger import pipeline

    with contextlib.closing(pipeline.remembered()) as opened:
        if action is Action.clear and not opened.trouble:
            opened.clear()
        row = {"path": str(opened.path), **opened.counts()}
    if opened.trouble:
        undone = "cleared" if action is Action.clear else "read"
        raise OutputError(f"{opened.path}: the cache cannot be {undone}: {opened.trouble}", hint=_CURE)
    if as_json:
        printing.json_line(row)
    else:
        display.facts_table(row)
