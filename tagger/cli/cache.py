"""`tagger cache`: what is remembered of tracks that were heard, and what training keeps."""

from __future__ import annotations

import contextlib
from enum import StrEnum
from typing import Annotated

import typer

from tagger import settings
from tagger.cli import options, printing
from tagger.errors import OutputError, SettingsError
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
    training: Annotated[
        bool,
        typer.Option("--training", help="Clear what training keeps instead; none may be under way."),
    ] = False,
    as_json: options.AsJson = False,
) -> None:
    """Count what is remembered of tracks that were heard, or forget it.

    A track is known by its audio: retagged, renamed or moved, it is not heard again by the same model.
    Training keeps spectrograms, fingerprints and unpacked archives there, gigabytes for a large corpus.
    """
    from trainer.data import kept

    if training and action is Action.info:
        raise SettingsError("--training says what to clear", hint="tagger cache clear --training")
    folder = settings.home_folder("cache")
    if training:
        kept.clear(folder)
    row: dict[str, object] = {"path": str(folder)} if training else _remembered(action)
    found = kept.measured(folder)
    row |= {"training_files": found.n_files, "training_bytes": found.n_bytes}
    if as_json:
        printing.json_line(row)
    else:
        display.facts_table(row)


def _remembered(action: Action) -> dict[str, object]:
    """What is remembered of tracks, once it is cleared if asked.

    Raises:
        OutputError: The cache cannot be used.
    """
    from tagger import pipeline

    with contextlib.closing(pipeline.remembered()) as opened:
        if action is Action.clear and not opened.trouble:
            opened.clear()
        row: dict[str, object] = {"path": str(opened.path), **opened.counts()}
    if opened.trouble:
        undone = "cleared" if action is Action.clear else "read"
        raise OutputError(f"{opened.path}: the cache cannot be {undone}: {opened.trouble}", hint=_CURE)
    return row
