"""`tagger train`: make a model folder from labelled music."""

from __future__ import annotations

import typer

from tagger.cli import interrupts, options
from tagger.cli import train_options as asked
from tagger.errors import SettingsError
from tagger.sinks import display


def train(
    context: typer.Context,
    dataset: asked.Dataset = "",
    data: asked.Data = None,
    recipe: asked.RecipeName = "default",
    list_all: asked.ListAll = False,
    smoke: asked.Smoke = False,
    protocol: asked.Protocol = "",
    weights: asked.Weights = None,
    changes: asked.Changes = None,
    out: asked.Out = None,
    runs: asked.Runs = None,
    resume: asked.Resume = None,
    background: asked.Background = None,
    allow_leaks: asked.Leaks = False,
    all_data: asked.AllData = False,
    epochs: asked.Epochs = None,
    seed: asked.Seed = None,
    bootstrap: asked.Bootstrap = 0,
    learning_curve: asked.LearningCurve = 0,
) -> int:
    """Train a model on labelled music, test it on music it never heard, and write its folder."""
    from trainer import orders, recipes, summary  # light: none loads TensorFlow

    if resume is not None and (others := options.named(context) - {"--resume", "--runs"}):
        raise SettingsError(
            f"{', '.join(sorted(others))}: cannot be given with --resume",
            hint="a run goes on as it was begun; beside --resume there is --runs alone",
        )
    if list_all:
        display.recipes_table(list(summary.listed(recipes.RECIPES.values())))
        return 0
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
            background=background,
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

    with interrupts.insisted(), display.TrainingProgress() as progress:
        trained = orders.carry_out(order, corpus, runs, progress, run)
    for line in summary.of_run(trained):
        display.note(line)
    return 0 if trained.finished else interrupts.EXIT_INTERRUPTED
