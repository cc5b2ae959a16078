"""`tagger evaluate`: how good a model is on labelled music."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tagger import paths, settings
from tagger.cli import options, printing, train_options
from tagger.errors import SettingsError
from tagger.sinks import display
from tagger.sinks.display import grid

if TYPE_CHECKING:
    from tagger.inference.card import Card
    from trainer.judging import Judged

_UNITS = {"per_track": "per track", "per_window": "per window"}
_SIDES = ("test", "validation", "all")


def evaluate(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="Model by name, or a model folder.", show_default=False)
    ],
    dataset: Annotated[
        str, typer.Option("--dataset", metavar="WHAT", help="As for `tagger train`.", show_default=False)
    ],
    data: train_options.Data = None,
    side: Annotated[
        str,
        typer.Option(
            "--side",
            metavar="WHICH",
            help="Tracks to judge: test, validation or all. Default: test of a dataset that the model learned "
            "from, else all.",
            show_default=False,
        ),
    ] = "",
    protocol: Annotated[
        str,
        typer.Option(
            "--protocol",
            metavar="NAME",
            help="How sides are told apart: artists, tracks or official. Default: as in the model's training.",
            show_default=False,
        ),
    ] = "",
    effort: options.Effort = "full",
    jobs: options.Jobs = None,
    report: Annotated[
        Path | None,
        typer.Option(
            "--report",
            metavar="DIR",
            parser=paths.as_named,
            help="Write a page for people, report.html, and its figures there.",
        ),
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """Judge a model on labelled music, per window and per track, by the very path that `tagger scan` takes."""
    from trainer import corpora, places
    from trainer.data import kept, splits

    if side and side not in _SIDES:
        raise SettingsError(f"--side: {side} is no side", hint=f"sides are {', '.join(_SIDES)}")
    splits.check_one_sided(protocol)
    place = None if report is None else paths.expanded(report)
    if place is not None:
        places.check_report(place)
    resolved = settings.resolve(options.given({"effort": effort, "jobs": jobs})).settings
    corpus = corpora.load(dataset, data=data, cache=kept.archives(settings.home_folder("cache")))

    from tagger import pipeline
    from tagger.inference import artefact as artefacts

    artefact = artefacts.load(artefacts.find(model, pipeline.model_folders()))
    with display.quiet_c_libraries():
        from trainer import judging  # takes a second

        with display.TrainingProgress() as progress:
            judged = judging.judge(
                artefact,
                corpus,
                progress,
                side=side,
                protocol=protocol,
                jobs=resolved.jobs,
                effort=resolved.effort,
            )
    for note in judged.notes:
        display.note(note)
    if as_json:
        head = {"model": artefact.card.name, "dataset": dataset}
        head |= {"side": judged.side, "protocol": judged.protocol}
        printing.json_line(head | {"notes": judged.notes} | dict(judged.scores))
    else:
        _show(judged)
    if place is not None:
        display.note(f"{_reported(place, artefact.card, dataset, judged)}: the report")


def _show(judged: Judged) -> None:
    """Print tables: scores, genres, confusions."""
    from trainer import comparison
    from trainer import evaluate as evaluating

    found = judged.scores["protocols"][judged.protocol]
    columns = [f"{name}, n = {found[unit]['n']:,}" for unit, name in _UNITS.items()]
    rows = [
        [title, *(comparison.with_interval(name, found[unit].get(name)) for unit in _UNITS)]
        for name, title in comparison.TITLES.items()
        if name in found["per_track"] or name in found["per_window"]
    ]
    leak = ", LEAKED" if judged.leaky else ""
    track = found["per_track"]
    narrow = ", too narrow" if comparison.caution(track) else ""
    title = f"{judged.side} ({judged.protocol}{leak}), with 95 % intervals{narrow}"
    grid.grid(("", *columns), rows, title=title)
    genres = [
        [genre, *(f"{100 * one[name]:.0f}" for name in ("precision", "recall", "f1")), f"{one['support']:.0f}"]
        for genre, one in track["per_genre"].items()
    ]
    grid.grid(
        ("genre", "precision", "recall", "F1", "tracks"), genres, title="by genre, per track, in per cent"
    )
    worst = [
        [one["truth"], one["answer"], str(one["n"])]
        for one in evaluating.confusions(track["confusion_matrix"], list(track["per_genre"]))
    ]
    if worst:
        grid.grid(("truth", "answer", "tracks"), worst, title="most frequent confusions, per track", n_text=2)


def _reported(folder: Path, card: Card, dataset: str, judged: Judged) -> Path:
    from trainer import places, report

    subject = report.Subject(
        title=f"{card.name} on {dataset}",
        lead=f"How {card.name} names the {judged.side} tracks of {dataset}.",
        facts={"model": card.name, "dataset": dataset, "side": judged.side, "protocol": judged.protocol},
        notes=judged.notes,
        corpora=card.corpora,
    )
    places.check_report(folder)
    return report.write(folder, subject, judged.scores)
