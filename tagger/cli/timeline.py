"""`tagger timeline`: the genre chapters of a long file."""

from __future__ import annotations

import contextlib
import dataclasses
import math
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tagger import paths, settings
from tagger.cli import options, printing
from tagger.errors import SettingsError
from tagger.sinks import chapters as lists
from tagger.sinks import display


class Kind(StrEnum):
    """A kind of chapter list."""

    cue = "cue"
    ffmetadata = "ffmetadata"
    json = "json"


File = Annotated[
    Path, typer.Argument(metavar="FILE", help="The file to divide.", show_default=False, parser=paths.as_named)
]
Chapters = Annotated[
    Kind | None,
    typer.Option(
        "--chapters",
        metavar="cue|ffmetadata|json",
        help="Print the chapters for other programs, or write them to the file of -o.",
    ),
]
Output = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="FILE", help="Write chapters: .cue, .ffmeta or .json."),
]
MinSeconds = Annotated[
    float, typer.Option("--min-seconds", metavar="S", help="Length of the shortest chapter, in seconds.")
]


def timeline(
    file: File,
    chapters: Chapters = None,
    output: Output = None,
    min_seconds: MinSeconds = 20.0,
    model: options.Model = None,
    min_confidence: options.MinConfidence = None,
    vote: options.Vote = None,
    window: options.Window = None,
    hop: options.Hop = None,
    runtime: options.Runtime = None,
    config: options.Config = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> int:
    """Cut FILE, a mix or a programme of any length, into chapters of one genre each."""
    display.configure(quiet=quiet, verbose=verbose)
    given = settings.resolve(options.given(locals()), config=config).settings
    resolved = dataclasses.replace(given, effort="full")
    if not 0 < min_seconds < math.inf:
        raise SettingsError(f"--min-seconds must be more than 0; received {min_seconds:g}")
    if output is not None:
        _check(output, chapters)
    with contextlib.nullcontext() if verbose else display.quiet_c_libraries():
        found = _found(file, resolved, min_seconds)
    if output is not None:
        written = lists.write(output, found, source=str(file))
        display.note(f"{', '.join(map(str, written))} written")
    if chapters is not None and output is None:
        printing.text(_listed(found, chapters, str(file)))
    else:
        display.chapters_table(found)
    return 0


def _check(output: Path, kind: Kind | None) -> None:
    """Refuse, before the work, a name that could not be written, or that means another kind."""
    lists.check(output)
    if kind is not None and lists.FORMATS[output.suffix.lower()] is not lists.FORMATS[f".{kind}"]:
        raise SettingsError(f"{output}: is no {kind} by its name", hint="give it another suffix")


def _found(file: Path, resolved: settings.Settings, least_seconds: float) -> tuple[lists.Chapter, ...]:
    from tagger import chaptering, pipeline

    with display.working("loading the model") as tell:
        plan = pipeline.prepare(resolved, display.note)
        return chaptering.divide(
            file,
            plan,
            least_seconds=least_seconds,
            on_heard=lambda seconds: tell(f"hearing: {display.clock(seconds)}"),
        )


def _listed(found: tuple[lists.Chapter, ...], kind: Kind, source: str) -> str:
    if kind is Kind.cue and len(found) > lists.MOST_TRACKS:
        raise SettingsError(
            f"a CUE sheet holds {lists.MOST_TRACKS} tracks, and there are {len(found)} chapters",
            hint="give -o FILE.cue, which writes several sheets, or a larger --min-seconds",
        )
    return lists.FORMATS[f".{kind}"](found, source)
