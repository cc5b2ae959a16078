"""`tagger models`: the models found, and what a card says."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from tagger.cli import options
from tagger.sinks import display


def models(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME|DIR]", help="Model whose card to show.", show_default=False)
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """List the models found, or show the card of one."""
    from tagger import pipeline
    from tagger.inference import abstain, artefact, card

    if name is not None:
        found = artefact.load(artefact.find(name, pipeline.model_folders()))
        if as_json:
            print(card.dumps(found.card), end="")
        else:
            promises = {"held_out": abstain.promises(found.card)}
            display.card_view(json.loads(card.dumps(found.card)) | promises, str(found.folder))
        return
    rows = pipeline.installed_models()
    if as_json:
        print(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        display.models_table(rows)
