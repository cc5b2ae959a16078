"""`tagger train`: make a model folder from labelled music."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from tagger import settings
from tagger.sinks import display

Dataset = Annotated[
    str,
    typer.Option(
        "--dataset",
        metavar="WHAT",
        help="folder:DIR (sub-folders named after genres), csv:FILE (a table of files and genres) or gtzan.",
        show_default=False,
    ),
]
Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Where the dataset's files are, if they are not beside it."),
]
RecipeName = Annotated[str, typer.Option("--recipe", metavar="NAME", help="default, or smoke for a quick try.")]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="DIR", help="Model folder to write; else the user's own, by the recipe's name."
    ),
]
Epochs = Annotated[int | None, typer.Option("--epochs", metavar="N", min=1, help="Most epochs.")]
Seed = Annotated[int | None, typer.Option("--seed", metavar="N", min=0, help="Of everything random.")]


def train(
    dataset: Dataset,
    data: Data = None,
    recipe: RecipeName = "default",
    out: Out = None,
    epochs: Epochs = None,
    seed: Seed = None,
) -> None:
    """Train a model on labelled music, test it on music it never heard, and write its folder."""
    from trainer import corpora, recipes  # light: neither loads TensorFlow

    chosen = recipes.find(recipe)
    chosen = dataclasses.replace(
        chosen, epochs=epochs or chosen.epochs, seed=chosen.seed if seed is None else seed
    )
    cache = settings.home_folder("cache")
    corpus = corpora.load(dataset, data=data, cache=cache / "corpora")
    folder = (out or settings.home_folder("data") / "models" / chosen.name).expanduser()

    with display.quiet_c_libraries():
        from trainer import train as training  # loads TensorFlow, which takes seconds and writes to stderr

    with display.TrainingProgress() as progress:
        trained = training.run(corpus, chosen, folder, cache=cache / "features", progress=progress)
    score = trained.card.scores["per_track"]["accuracy"]
    yardstick = trained.card.scores["baseline"]["per_track"]["accuracy"]["value"]
    display.note(
        f"{trained.folder}: {score['value']:.1%} of the test tracks named rightly "
        f"({score['low']:.1%} to {score['high']:.1%}; yardstick {yardstick:.1%})"
    )
