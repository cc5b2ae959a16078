"""The options about tags, each said once: see `options`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tagger import settings

_DEFAULTS = settings.Settings()
_TAGS = "Tags"

WriteTags = Annotated[
    bool,
    typer.Option("--write-tags", help="Write genres into the files' metadata.", rich_help_panel=_TAGS),
]
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run", help="Say what --write-tags would write and why, and write nothing.", rich_help_panel=_TAGS
    ),
]
Policy = Annotated[
    str | None,
    typer.Option(
        "--policy",
        metavar="WHICH",
        help=f"Files that get a genre, and what becomes of genres there: {', '.join(settings.POLICIES)}. "
        f"Default: {_DEFAULTS.policy}.",
        rich_help_panel=_TAGS,
    ),
]
Multi = Annotated[
    int | None,
    typer.Option(
        "--multi",
        metavar="N",
        help="Most genres to write, strongest first. Default: 1, or all that --ratio lets through.",
        rich_help_panel=_TAGS,
    ),
]
Ratio = Annotated[
    float | None,
    typer.Option(
        "--ratio",
        metavar="R",
        help="Write every genre at least R times as probable as the strongest. Default with --multi: 0.5.",
        rich_help_panel=_TAGS,
    ),
]
Field = Annotated[
    str | None,
    typer.Option(
        "--field",
        metavar="FIELD",
        help="Field to write: genre, style, grouping or TXXX:NAME. The policy looks at the same one. "
        f"Default: {_DEFAULTS.field}.",
        rich_help_panel=_TAGS,
    ),
]
ConfidenceField = Annotated[
    str | None,
    typer.Option(
        "--confidence-field",
        metavar="FIELD",
        help="Write the confidence too, into such a field.",
        rich_help_panel=_TAGS,
    ),
]
RunnersUpField = Annotated[
    str | None,
    typer.Option(
        "--runners-up-field",
        metavar="FIELD",
        help="Write the next genres and their probabilities too, into such a field.",
        rich_help_panel=_TAGS,
    ),
]
Profile = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="PLAYER",
        help=f"Write so that this player reads it best: {', '.join(settings.PROFILES)}. "
        f"Default: {_DEFAULTS.profile}.",
        rich_help_panel=_TAGS,
    ),
]
Separator = Annotated[
    str | None,
    typer.Option(
        "--separator",
        metavar="TEXT",
        help='Between several genres where only one value is possible, as in ID3v2.3. Default: "; ".',
        rich_help_panel=_TAGS,
    ),
]
Hardlinks = Annotated[
    str | None,
    typer.Option(
        "--hardlinks",
        metavar="HOW",
        help="Files with several names: skip them, break this name off, or write all. "
        f"Default: {_DEFAULTS.hardlinks}.",
        rich_help_panel=_TAGS,
    ),
]
Genres = Annotated[
    Path | None,
    typer.Option(
        "--genres",
        metavar="FILE",
        help="Your genres, one a line: others are not written.",
        rich_help_panel=_TAGS,
    ),
]
Tree = Annotated[
    Path | None,
    typer.Option(
        "--tree",
        metavar="FILE",
        help="Finer genres below broader ones (YAML): one that is not yours becomes the nearest above it.",
        rich_help_panel=_TAGS,
    ),
]
Map = Annotated[
    Path | None,
    typer.Option("--map", metavar="FILE", help="Our genres by your names (YAML).", rich_help_panel=_TAGS),
]
