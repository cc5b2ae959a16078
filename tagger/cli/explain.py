"""`tagger explain`: why a file gets its verdict."""

from __future__ import annotations

import contextlib
import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tagger import paths, settings
from tagger.cli import options, printing
from tagger.errors import SettingsError
from tagger.sinks import display

if TYPE_CHECKING:
    from tagger.explanation import Explanation

File = Annotated[
    Path, typer.Argument(metavar="FILE", help="The file to explain.", show_default=False, parser=paths.as_named)
]
Picture = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--output",
        metavar="FILE",
        help="Write it to a file: a picture (.png, .svg, .pdf), a page (.html) or JSON (.json).",
    ),
]
AsPage = Annotated[bool, typer.Option("--html", help="Print a page of one file on stdout.")]


def explain(
    file: File,
    output: Picture = None,
    as_page: AsPage = False,
    as_json: options.AsJson = False,
    model: options.Model = None,
    min_confidence: options.MinConfidence = None,
    max_error: options.MaxError = None,
    vote: options.Vote = None,
    window: options.Window = None,
    hop: options.Hop = None,
    runtime: options.Runtime = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Look for nothing that sounds alike among what was scanned.")
    ] = False,
    config: options.Config = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> int:
    """Tell why FILE gets its genre: which seconds, which bands, which cells of its spectrogram decided.

    The verdict is that of `tagger scan --effort full`.
    """
    display.configure(quiet=quiet, verbose=verbose)
    given = settings.resolve(options.given(locals()), config=config).settings
    resolved = dataclasses.replace(given, effort="full")
    kind = _kind(output, as_page, as_json)
    from tagger.sinks import explained, explained_files, explained_page

    with contextlib.nullcontext() if verbose else display.quiet_c_libraries():
        found = _found(file, resolved, remembers=not no_cache)
    if output is not None:
        explained_files.write(output, kind, found)
        display.note(f"{output} written")
    elif kind == "page":
        printing.text(explained_page.page_of(found))
    elif kind == "json":
        printing.json_line(explained.row(found))
    if output is not None or not kind:
        display.explanation_view(found)
    return 0


def _kind(output: Path | None, as_page: bool, as_json: bool) -> str:
    """What is wanted: "picture", "page", "json", or nothing for the screen alone."""
    if as_page and as_json:
        raise SettingsError("--json and --html exclude each other", hint="run it twice, or leave one out")
    wanted = "page" if as_page else "json" if as_json else ""
    if output is not None:
        from tagger.sinks import explained_files

        return explained_files.check(output, wanted)
    if as_page and sys.stdout.isatty():
        raise SettingsError("a page is not for the screen", hint="give -o FILE.html, or > FILE.html")
    return wanted


def _found(file: Path, resolved: settings.Settings, *, remembers: bool) -> Explanation:
    from tagger import explaining, pipeline

    with display.working("loading the model") as tell, contextlib.ExitStack() as closing:
        plan = pipeline.prepare(resolved, display.note)
        cache = pipeline.remembered(display.note) if remembers else None
        if cache is not None:
            closing.callback(cache.close)
        with_gradients = resolved.runtime != "onnx"
        return explaining.explain(file, plan, cache=cache, with_gradients=with_gradients, on_stage=tell)
