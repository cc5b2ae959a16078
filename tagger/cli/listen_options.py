"""The options of `tagger listen`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tagger import settings

_DEFAULTS = settings.Settings()

Source = Annotated[
    str | None,
    typer.Argument(
        metavar="FILE|URL|-",
        help="A file, an http(s) address, or - for stdin. Default: the microphone.",
        show_default=False,
    ),
]
Device = Annotated[
    str | None, typer.Option("--device", metavar="NAME|N", help="The sound device, by name or number.")
]
ListDevices = Annotated[bool, typer.Option("--list-devices", help="Print the sound devices, and end.")]
SampleRate = Annotated[
    int | None,
    typer.Option("--sample-rate", metavar="HZ", help="Rate to ask the sound device for. Default: its own."),
]
RawSamples = Annotated[
    str | None,
    typer.Option(
        "--raw", metavar="CODING,RATE,CHANNELS", help="What bare samples on stdin are, such as s16le,44100,2."
    ),
]
Realtime = Annotated[
    bool,
    typer.Option(
        "--realtime", help="Hear a file, or stdin, at playing speed; what cannot be heard in time is dropped."
    ),
]
Patience = Annotated[
    float | None,
    typer.Option(
        "--patience",
        metavar="S",
        help="How long an address that broke off is tried again. Default: 60.",
    ),
]
Duration = Annotated[
    float | None, typer.Option("--duration", metavar="S", help="End after so many seconds of the source.")
]
Hold = Annotated[
    float | None,
    typer.Option(
        "--hold",
        metavar="S",
        help=f"How long a window counts in what is shown, in seconds. Default: {_DEFAULTS.hold:g}.",
    ),
]
Record = Annotated[
    Path | None,
    typer.Option("--record", metavar="FILE", help="Write what is heard, in mono, to a new .flac or .wav file."),
]
ChapterList = Annotated[
    Path | None,
    typer.Option(
        "--chapters", metavar="FILE", help="Write in the end where what begins: .cue, .json or .ffmeta."
    ),
]
