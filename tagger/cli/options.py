"""The options of commands, each said once, so that the same word means the same thing everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from tagger import paths, settings

_DEFAULTS = settings.Settings()


def given(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Of the arguments of a command those that are settings, as text where they are paths."""
    found = {name: value for name, value in arguments.items() if name in settings.names()}
    return {name: str(value) if isinstance(value, Path) else value for name, value in found.items()}


Config = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Config file instead of the user's own.")
]
Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="NAME|DIR",
        help="Model by name, such as the bundled accurate (slower, oftener right), or a model folder. "
        f"Default: {_DEFAULTS.model}.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print results and errors only.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Print more, decoders' own messages too.")]
_PATHS = typer.Argument(
    metavar="PATH",
    help="Files, folders, globs, or - for a list on stdin.",
    show_default=False,
    parser=paths.named,
)
Paths = Annotated[list[str], _PATHS]
AnyPaths = Annotated[list[str] | None, _PATHS]
TopK = Annotated[
    int | None,
    typer.Option("--top-k", metavar="N", help=f"Genres shown for a track. Default: {_DEFAULTS.top_k}."),
]
MinConfidence = Annotated[
    float | None,
    typer.Option(
        "--min-confidence",
        metavar="P",
        help='Below it the verdict is "don\'t know". Unless given, the strongest genre is always named, and '
        "written only where it is more likely right than wrong.",
    ),
]
MaxError = Annotated[
    str | None,
    typer.Option(
        "--max-error",
        metavar="SHARE",
        help="Name only so much that at most this share of what is named is wrong, such as 5%; the rest is "
        '"don\'t know".',
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option("--jobs", "-j", metavar="N", help="Files decoded side by side. Default: one for each core."),
]
BatchSize = Annotated[
    int | None,
    typer.Option(
        "--batch-size",
        metavar="N",
        help=f"Windows the network takes at a time. Default: {_DEFAULTS.batch_size}.",
    ),
]
Window = Annotated[
    float | None,
    typer.Option("--window", metavar="S", help="Length of a window, in seconds. Default: the model's."),
]
Hop = Annotated[
    float | None,
    typer.Option("--hop", metavar="S", help="Distance of windows, in seconds. Default: the model's."),
]
Vote = Annotated[
    str | None,
    typer.Option(
        "--vote",
        metavar="HOW",
        help=f"How windows vote: {', '.join(settings.VOTES)}. Default: {_DEFAULTS.vote}.",
    ),
]
Effort = Annotated[
    str | None,
    typer.Option(
        "--effort",
        metavar="HOW",
        help="How much of a track is heard: all (full), until it is clear (auto), or a few seconds (fast). "
        f"Default: {_DEFAULTS.effort}.",
    ),
]
Album = Annotated[
    str | None,
    typer.Option(
        "--album",
        metavar="HOW",
        help="What albums say: nothing (off), it is told beside each of their tracks (suggest), or it helps to "
        f"name these (vote). Default: {_DEFAULTS.album}.",
    ),
]
Runtime = Annotated[
    str | None,
    typer.Option(
        "--runtime",
        metavar="WHAT",
        help=f"Computes the network: {', '.join(settings.RUNTIMES)}. Default: {_DEFAULTS.runtime}.",
    ),
]
NoCache = Annotated[
    bool, typer.Option("--no-cache", help="Hear all anew, and remember nothing: see `tagger cache`.")
]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV on stdout.")]
Output = Annotated[
    Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write the JSON or CSV to a file.")
]


def named(context: typer.Context) -> set[str]:
    """The options that the command line names."""
    return {
        parameter.opts[0]
        for parameter in context.command.params
        if parameter.name and (source := context.get_parameter_source(parameter.name))
        if source.name == "COMMANDLINE"
    }
