"""The options of `tagger watch` beside those of `tagger scan`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tagger import paths

SETTLE_SECONDS = 2.0
POLL_SECONDS = 10.0

Folders = Annotated[
    list[Path],
    typer.Argument(
        metavar="DIR", help="Folders, with all below them.", show_default=False, parser=paths.as_named
    ),
]
Settle = Annotated[
    float,
    typer.Option(
        "--settle", metavar="S", help="Take a file when it has not changed for S seconds.", show_default=True
    ),
]
OnceFirst = Annotated[
    bool,
    typer.Option(
        "--once-first", help="Hear what is there already, too: also what came while nobody was watching."
    ),
]
Poll = Annotated[
    bool,
    typer.Option(
        "--poll",
        help="Look for changes again and again instead of being told by the system: for network shares, "
        "of which it does not tell.",
    ),
]
Every = Annotated[
    float | None,
    typer.Option(
        "--every", metavar="S", help=f"Look every S seconds; implies --poll. Default: {POLL_SECONDS:g}."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print what happens as JSON Lines on stdout.")]
