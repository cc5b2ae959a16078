"""`tagger history`: what was written, run by run."""

from __future__ import annotations

import datetime
from typing import Annotated, Any

import typer

from tagger.cli import options, printing, recording
from tagger.errors import SettingsError
from tagger.sinks import display


def history(
    run: Annotated[
        int | None, typer.Argument(metavar="RUN", help="Run whose files to list.", show_default=False)
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """List the runs that changed files, or the files that one of them changed."""
    with recording.journal() as journal:
        runs = journal.runs()
        if run is None:
            rows = [_run_row(entry) for entry in runs]
        elif run in {entry.id for entry in runs}:
            rows = [_file_row(entry) for entry in journal.entries("run = ?", run)]
        else:
            raise SettingsError(
                f"there is no run {run} that changed files", hint="`tagger history` lists them all"
            )
    if as_json:
        for row in rows:
            printing.json_line(row)
    elif not rows:
        display.note("nothing was written yet")
    elif run is None:
        display.runs_table(rows)
    else:
        display.changes_table(rows)


def _run_row(run: Any) -> dict[str, Any]:
    return {
        "run": run.id,
        "began": local_time(run.began),
        "kind": run.kind,
        "files": run.n_done,
        "taken_back": run.n_undone,
        "model": run.model,
        "command": run.command,
    }


def _file_row(entry: Any) -> dict[str, Any]:
    return {
        "path": str(entry.path),
        "time": local_time(entry.time),
        "field": entry.note.field,
        "before": list(entry.note.before),
        "after": list(entry.note.after),
        "how": entry.how,
        "taken_back_by": entry.undone_by,
    }


def local_time(seconds: float) -> str:
    """A time since 1970 as people read it, in their own zone."""
    return datetime.datetime.fromtimestamp(seconds).astimezone().isoformat(" ", "seconds")
