"""`tagger undo`: put old tags back, byte for byte."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tagger import paths
from tagger.cli import interrupts, options, recording
from tagger.errors import SettingsError
from tagger.sinks import display

if TYPE_CHECKING:
    from tagger.sinks.entries import Entry
    from tagger.sinks.journal import Journal

EXIT_FAILURES = 1


def undo(
    run: Annotated[
        int | None,
        typer.Argument(metavar="RUN", help="Run to take back: see `tagger history`.", show_default=False),
    ] = None,
    last: Annotated[
        bool, typer.Option("--last", help="Take back the last run that wrote; so does no option at all.")
    ] = False,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file", parser=paths.as_named, metavar="F", help="Take back all that was written to this file."
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", metavar="DATE", help="Take back all since then: 2026-11-21, or 2026-11-21T18:30."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be put back, and change nothing.")
    ] = False,
    quiet: options.Quiet = False,
) -> int:
    """Put back the tags that were there before, byte for byte, where nobody else changed the file since."""
    from tagger import engine
    from tagger.sinks import undo as undoing

    if sum([run is not None, last, file is not None, since is not None]) > 1:
        raise SettingsError("RUN, --last, --file and --since exclude each other", hint="give one of them")
    display.configure(quiet=quiet)
    halt, n_done, n_failed = engine.Halt(), 0, 0
    with recording.journal() as journal:
        entries = _entries(journal, run, file, since)
        writer = None if dry_run else recording.begin(journal, "undo", hardlinks="write")
        with interrupts.obeyed(halt):
            for undone in undoing.undo(entries, writer):
                display.undone(undone, dry_run=dry_run)
                n_done, n_failed = n_done + (not undone.problem), n_failed + bool(undone.problem)
                if halt.after_tracks_in_hand.is_set():
                    break
    counted = f"{n_done:,} write{'' if n_done == 1 else 's'} {'would be ' * dry_run}taken back"
    display.note(counted + (f", {n_failed:,} not" if n_failed else ""))
    if n_failed and not n_done:
        display.note(
            "`tagger undo RUN` takes back an earlier run, `tagger undo --file F` a file that was moved"
        )
    if halt.after_tracks_in_hand.is_set():
        return interrupts.EXIT_INTERRUPTED
    return EXIT_FAILURES if n_failed else 0


def _entries(journal: Journal, run: int | None, file: Path | None, since: str | None) -> list[Entry]:
    """The writes that are meant."""
    from tagger.sinks import undo as undoing

    if file is not None:
        found = undoing.of_file(journal, file)
        what = f"to {file}"
    elif since is not None:
        found = list(journal.entries(f"time >= ? AND {undoing.UNDOABLE}", _seconds(since)))
        what = f"since {since}"
    else:
        runs = journal.runs()
        if run is None:
            written = [entry.id for entry in runs if entry.kind != "undo" and entry.n_undone < entry.n_done]
            run = max(written, default=0)
        is_known = run in {entry.id for entry in runs}  # a number may be larger than SQLite's
        found = list(journal.entries("run = ? AND undone_by IS NULL", run)) if is_known else []
        what = f"in run {run}" if run else ""
    if not found:
        raise SettingsError(
            f"nothing was written {what} that could be taken back".replace("  ", " "),
            hint="`tagger history` lists what was written",
        )
    return found


def _seconds(since: str) -> float:
    try:
        return datetime.datetime.fromisoformat(since).timestamp()
    except (ValueError, OverflowError, OSError) as error:
        raise SettingsError(
            f"--since: {since!r} is no date", hint="write it as 2026-11-21, or 2026-11-21T18:30"
        ) from error
