"""The options of `tagger ui` beside those of `tagger scan`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tagger import paths

PORT = 8765
HOST = "127.0.0.1"
MOST_MEBIBYTES = 500

Port = Annotated[
    int,
    typer.Option("--port", metavar="N", min=0, max=65535, help="Port of the page; 0 takes any that is free."),
]
Host = Annotated[
    str,
    typer.Option(
        "--host",
        metavar="NAME",
        help="Address of this computer at which others may open the page too; they need its token.",
    ),
]
ShareLibrary = Annotated[
    Path | None,
    typer.Option(
        "--share-library",
        metavar="DIR",
        help="Folder whose tracks the page may show, play and, when it is told to, write.",
        show_default=False,
        parser=paths.as_named,
    ),
]
MaxUpload = Annotated[
    int, typer.Option("--max-upload", metavar="MIB", min=1, help="Longest file that is taken, in MiB.")
]
