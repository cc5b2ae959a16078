"""`tagger runs`: what was trained, and what it reached."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tagger import paths
from tagger.cli import options, printing
from tagger.sinks import display
from tagger.sinks.display import drawing, grid

if TYPE_CHECKING:
    from trainer.runs import Run
    from trainer.tested import Gain

_COLUMNS = ("run", "recipe", "dataset", "protocol", "status", "accuracy", "macro F1", "epochs", "time")


def runs(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RUN]...",
            help="Runs to compare, each by its name, the end of its name, or its folder.",
            show_default=False,
        ),
    ] = None,
    place: Annotated[
        Path | None,
        typer.Option(
            "--runs", metavar="DIR", parser=paths.as_named, help="Folder of all runs. Default: the user's own."
        ),
    ] = None,
    sort: Annotated[
        str,
        typer.Option(
            "--sort",
            metavar="BY",
            help="started, accuracy, macro-f1, recipe, dataset, protocol or time.",
        ),
    ] = "started",
    as_json: options.AsJson = False,
) -> None:
    """List training runs, or show what some of them reached side by side, and how they differ."""
    from trainer import comparison
    from trainer import runs as folders

    where = paths.expanded(place or folders.home())
    if names:
        chosen = [folders.find(where, name) for name in names]
        if as_json:
            _print_json(chosen)
        else:
            _compare(chosen)
        return
    found, notes = comparison.listed(where)
    for note in notes:
        display.note(note)
    rows = comparison.ordered(found, sort)
    if as_json:
        for row in rows:
            printing.json_line(row)
    elif rows:
        grid.grid(_COLUMNS, [_cells(row) for row in rows], n_text=5)
    else:
        display.note(f"{where}: no runs yet")


def _cells(row: Mapping[str, Any]) -> list[str]:
    from trainer import comparison

    return [
        row["name"],
        row["recipe"],
        row["dataset"],
        row["protocol"] + (" (LEAKED)" if row["leaky"] else ""),
        row["status"],
        comparison.with_interval("accuracy", row["accuracy"]),
        comparison.with_interval("macro_f1", row["macro_f1"]),
        str(row["epochs"]),
        "–" if row["seconds"] is None else drawing.clock(row["seconds"]),
    ]


def _print_json(chosen: Sequence[Run]) -> None:
    """Print a line for each run, those after the first with what they gained over it."""
    from trainer import runs as folders
    from trainer import tested

    gains = tested.gains(chosen) if len(chosen) > 1 else {}
    for number, run in enumerate(chosen):
        row = {"name": run.name} | run.as_dict() | {"scores": folders.read_scores(run)}
        if number:
            gained = {
                protocol: dataclasses.asdict(gain)
                for protocol, each in gains.items()
                if (gain := each[number - 1])
            }
            row["gained"] = {"over": chosen[0].name, "protocols": gained}
        printing.json_line(row)


def _compare(chosen: Sequence[Run]) -> None:
    """Print scores side by side, then what differs between the recipes."""
    from trainer import comparison, tested

    names, judged = [run.name for run in chosen], comparison.side_by_side(chosen)
    for (protocol, unit), scores in judged.items():
        rows = [
            [title, *(comparison.with_interval(name, one.get(name)) for one in scores)]
            for name, title in comparison.TITLES.items()
            if any(name in one for one in scores)
        ]
        grid.grid(("", *names), rows, title=f"{protocol}, {unit.replace('_', ' ')}, with 95 % intervals")
    if not judged:
        display.note("no scores yet")
    for protocol, row in tested.gains(chosen).items():
        cells = [[name, *_gained(gain)] for name, gain in zip(names[1:], row, strict=True)]
        title = f"{protocol}, per track: points gained over {names[0]}, with 95 % intervals"
        grid.grid(("", "same tracks", "accuracy", "macro F1"), cells, title=title)
    if len(chosen) > 1:
        differences = [[name, *map(str, values)] for name, values in comparison.differences(chosen).items()]
        if differences:
            grid.grid(("", *names), differences, title="what differs", n_text=1 + len(chosen))
        else:
            display.note("nothing differs: dataset, protocol, seed, backend and recipe are the same")
        return
    facts = {name: value for name, value in chosen[0].as_dict().items() if value not in ("", None)}
    display.card_view({"name": chosen[0].name, "description": ""} | facts, str(chosen[0].folder))


def _gained(gain: Gain | None) -> tuple[str, ...]:
    """What a run gained over another, as cells of a row."""
    if gain is None:
        return "0", "–", "–"
    scores = (
        f"{100 * one.value:+.1f} ({100 * one.low:+.1f} to {100 * one.high:+.1f})"
        for one in (gain.accuracy, gain.macro_f1)
    )
    return str(gain.n_tracks), *scores
