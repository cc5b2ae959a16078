"""`tagger train`: make a model folder from labelled music."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tagger.cli import options
from tagger.errors import SettingsError
from tagger.sinks import display

Dataset = Annotated[
    str,
    typer.Option(
        "--dataset",
        metavar="WHAT",
        help="What to learn from: gtzan, fma-small, fma-medium, fma-large, emotify, taffc, folder:DIR "
        "(sub-folders named after genres), csv:FILE (a table of files and genres) or library:DIR (the genres "
        "in the tags of your own files).",
    ),
]
Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Where the dataset's files are, if they are not beside it."),
]
RecipeName = Annotated[str, typer.Option("--recipe", metavar="NAME", help="One of those that --list shows.")]
ListAll = Annotated[bool, typer.Option("--list", help="List all recipes, and train nothing.")]
Smoke = Annotated[bool, typer.Option("--smoke", help="Make the recipe small: two steps, to see that it works.")]
Protocol = Annotated[
    str,
    typer.Option(
        "--protocol",
        metavar="HOW",
        help="How to split: artists, tracks, official, kfold:N, corpora (each left out in turn), windows "
        "(leaky: scores come out too high), several of these joined by commas, or all for leaked, track and "
        "artist scores side by side. Default: the corpus' own split, else artists.",
    ),
]
Weights = Annotated[
    str | None,
    typer.Option(
        "--weights",
        metavar="WHAT",
        help="Weights to begin with: none (random), imagenet, coco, the name of a model on a hub, or a file.",
    ),
]
Changes = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Change a number of the recipe, as fitting.epochs=5."),
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="DIR", help="Model folder to write; else the user's own, by the recipe's name."
    ),
]
Runs = Annotated[
    Path | None,
    typer.Option("--runs", metavar="DIR", help="Where run folders are kept; else in the user's own folder."),
]
Resume = Annotated[
    str | None,
    typer.Option("--resume", metavar="RUN", help="Go on with a run that was interrupted, by its name."),
]
Leaks = Annotated[
    bool, typer.Option("--allow-leaks", help="Train although the same audio is on two sides of the split.")
]
Bootstrap = Annotated[
    int,
    typer.Option(
        "--bootstrap", metavar="N", min=0, help="Train N times more, on training tracks drawn with replacement."
    ),
]
LearningCurve = Annotated[
    int,
    typer.Option(
        "--learning-curve", metavar="N", min=0, help="Train on nine growing shares of the tracks, N times."
    ),
]
AllData = Annotated[bool, typer.Option("--all-data", help="Keep a model of all tracks, others being tested.")]
Epochs = Annotated[int | None, typer.Option("--epochs", metavar="N", min=1, help="Most epochs.")]
Seed = Annotated[int | None, typer.Option("--seed", metavar="N", min=0, help="Of everything random.")]


def train(
    context: typer.Context,
    dataset: Dataset = "",
    data: Data = None,
    recipe: RecipeName = "default",
    list_all: ListAll = False,
    smoke: Smoke = False,
    protocol: Protocol = "",
    weights: Weights = None,
    changes: Changes = None,
    out: Out = None,
    runs: Runs = None,
    resume: Resume = None,
    allow_leaks: Leaks = False,
    all_data: AllData = False,
    epochs: Epochs = None,
    seed: Seed = None,
    bootstrap: Bootstrap = 0,
    learning_curve: LearningCurve = 0,
) -> None:
    """Train a model on labelled music, test it on music it never heard, and write its folder."""
    from trainer import orders, recipes  # light: neither loads TensorFlow

    if resume is not None and (others := options.named(context) - {"--resume", "--runs"}):
        raise SettingsError(
            f"{', '.join(sorted(others))}: cannot be given with --resume",
            hint="a run goes on as it was begun; beside --resume there is --runs alone",
        )
    if list_all:
        display.recipes_table(list(orders.listed(recipes.RECIPES.values())))
        return
    run = None
    if resume is not None:
        order, run = orders.resumed(resume, runs)
    elif not dataset:
        raise SettingsError("no dataset given", hint="name one with --dataset; `--help` tells which there are")
    else:
        order = orders.Order(
            dataset,
            data,
            recipe,
            protocol,
            out,
            allow_leaks=allow_leaks,
            all_data=all_data,
            epochs=epochs,
            seed=seed,
            weights=weights,
            smoke=smoke,
            changes=tuple(changes or ()),
            bootstrap=bootstrap,
            learning_curve=learning_curve,
        )
    corpus = orders.corpus(order)
    with display.quiet_c_libraries():
        from trainer import train as _  # noqa: F401 - loads TensorFlow, which takes seconds and writes to stderr

    with display.TrainingProgress() as progress:
        trained = orders.carry_out(order, corpus, runs, progress, run)
    for line in orders.summary(trained):
        display.note(line)
