"""`tagger ui`: a page in the browser, on this computer."""

from __future__ import annotations

import contextlib
import ipaddress
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tagger import settings
from tagger.cli import interrupts, options, preparing, recording, tag_options, ui_options
from tagger.errors import SettingsError
from tagger.sinks import display

if TYPE_CHECKING:
    from tagger.web.app import Shared
    from tagger.web.ear import Ear

_MEBIBYTE = 2**20


def ui(
    port: ui_options.Port = ui_options.PORT,
    host: ui_options.Host = ui_options.HOST,
    share_library: ui_options.ShareLibrary = None,
    max_upload: ui_options.MaxUpload = ui_options.MOST_MEBIBYTES,
    model: options.Model = None,
    min_confidence: options.MinConfidence = None,
    max_error: options.MaxError = None,
    vote: options.Vote = None,
    effort: options.Effort = None,
    window: options.Window = None,
    hop: options.Hop = None,
    jobs: options.Jobs = None,
    runtime: options.Runtime = None,
    field: tag_options.Field = None,
    profile: tag_options.Profile = None,
    hardlinks: tag_options.Hardlinks = None,
    no_cache: options.NoCache = False,
    config: options.Config = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> int:
    """Open a page on this computer: hear files and the microphone, look through a library, and correct it."""
    resolved = settings.resolve(options.given(locals()), config=config).settings
    display.configure(quiet=quiet, verbose=verbose)
    if share_library is not None and not share_library.is_dir():
        raise SettingsError(f"{share_library}: no such folder", hint="--share-library takes a folder of music")
    _check_extra()
    _run(resolved, host, port, share_library, max_upload * _MEBIBYTE, verbose, not no_cache)
    return 0


def _check_extra() -> None:
    """Say in a sentence what must be installed for the page."""
    try:
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
        import websockets  # noqa: F401
    except ImportError as error:
        raise SettingsError(
            f"the page needs {error.name}, which is not installed",
            hint="pip install 'audio-genre-tagger[ui]'",
        ) from error


def _run(
    resolved: settings.Settings,
    host: str,
    port: int,
    folder: Path | None,
    most_bytes: int,
    verbose: bool,
    remembers: bool,
) -> None:
    from tagger import engine
    from tagger.web import server
    from tagger.web.app import app
    from tagger.web.ear import Ear

    halt = engine.Halt()
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(server.bound(host, port))
        prepared = preparing.prepared(resolved, "ui", writing="", remembers=remembers, verbose=verbose)
        run = stack.enter_context(prepared)
        ear = Ear(
            *(run.plan, run.tags, run.cache),
            hold_seconds=resolved.hold,
            with_gradients=resolved.runtime != "onnx",
        )
        shared = None if folder is None else stack.enter_context(_shared(folder, ear, resolved))
        bound_host, bound_port = listening.getsockname()[:2]
        door, address = server.door(host, bound_host, bound_port, secrets.token_urlsafe(16))
        page = app(ear, door, most_bytes=most_bytes, shared=shared)
        if not ipaddress.ip_address(bound_host).is_loopback:
            display.note("others can open this page: whoever has its address can use it, and may read along")
        stack.enter_context(interrupts.obeyed(halt, notice=""))
        print(address, flush=True)
        display.note("open it in a browser; Ctrl-C ends it")
        server.serve(page, listening, halt)


@contextlib.contextmanager
def _shared(folder: Path, ear: Ear, resolved: settings.Settings) -> Iterator[Shared]:
    """Open what a shared library needs, and begin to hear it."""
    from tagger.sinks.corrections import Corrections
    from tagger.web.app import Shared
    from tagger.web.library import Library
    from tagger.web.overview import Overview
    from tagger.web.review import Ledger, Review

    name, how = ear.plan.artefact.card.name, resolved.hardlinks
    with contextlib.ExitStack() as stack:
        journal = stack.enter_context(recording.journal())
        corrections = stack.enter_context(
            contextlib.closing(Corrections(settings.home_folder("data") / "corrections"))
        )
        library = stack.enter_context(contextlib.closing(Library(folder, ear)))
        ledger = Ledger(journal, lambda kind: recording.begin(journal, kind, model=name, hardlinks=how))
        review = Review(library, ear, ledger, corrections)
        library.scan()
        yield Shared(library, review, Overview(library, ear))
