"""The options of `tagger train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tagger import paths

Dataset = Annotated[
    str,
    typer.Option(
        "--dataset",
        metavar="WHAT",
        help="What to learn from: gtzan, fma-small, fma-medium, fma-large, emotify, taffc, folder:DIR "
        "(sub-folders named after genres), csv:FILE (a table of files and genres), library:DIR (the genres "
        "in the tags of your own files) or corrections (what you said in `tagger ui`).",
    ),
]
Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        parser=paths.as_named,
        help="Where the dataset's files are, if they are not beside it.",
    ),
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
        help="Weights to begin with: none (random), imagenet, coco, musicnn, the name of a model on a hub, "
        "or a file.",
    ),
]
Changes = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Change a number of the recipe, as threshold=0.7."),
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="DIR",
        parser=paths.as_named,
        help="Model folder to write; else the user's own, by the recipe's name.",
    ),
]
Runs = Annotated[
    Path | None,
    typer.Option(
        "--runs",
        metavar="DIR",
        parser=paths.as_named,
        help="Where run folders are kept; else in the user's own folder.",
    ),
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
Background = Annotated[
    Path | None,
    typer.Option(
        "--background",
        metavar="DIR",
        parser=paths.as_named,
        help="Recordings that are no music, as speech and noise: the model learns not to name them.",
    ),
]
Epochs = Annotated[int | None, typer.Option("--epochs", metavar="N", min=1, help="Most epochs.")]
Seed = Annotated[int | None, typer.Option("--seed", metavar="N", min=0, help="Of everything random.")]
