"""`tagger cache`: what is remembered of tracks that were heard."""

from __future__ import annotations

import contextlib
from enum import StrEnum
from typing import Annotated

import typer

from tagger.cli import options, printing
from tagger.errors import OutputError
from tagger.sinks import display


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

    problems: list[str] = []
    with contextlib.closing(pipeline.remembered(problems.append)) as opened:
        if action is Action.clear:
            opened.clear()
        row = {"path": str(opened.path), **opened.counts()}
    if problems:
        raise OutputError(problems[0], hint="delete the file")
    if as_json:
        printing.json_line(row)
    else:
        display.facts_table(row)
