"""`tagger watch`: hear what arrives in folders, and write its genre if asked, until it is stopped."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tagger import settings
from tagger.cli import interrupts, options, preparing, tag_options, watch_options
from tagger.errors import SettingsError
from tagger.sinks import display, events, ledger

if TYPE_CHECKING:
    from tagger.records import Notice

_LONGEST_SECONDS = 86400.0


def watch(
    folders: watch_options.Folders,
    settle: watch_options.Settle = watch_options.SETTLE_SECONDS,
    once_first: watch_options.OnceFirst = False,
    poll: watch_options.Poll = False,
    every: watch_options.Every = None,
    write_tags: tag_options.WriteTags = False,
    dry_run: tag_options.DryRun = False,
    policy: tag_options.Policy = None,
    multi: tag_options.Multi = None,
    ratio: tag_options.Ratio = None,
    field: tag_options.Field = None,
    confidence_field: tag_options.ConfidenceField = None,
    runners_up_field: tag_options.RunnersUpField = None,
    profile: tag_options.Profile = None,
    separator: tag_options.Separator = None,
    genres: tag_options.Genres = None,
    tree: tag_options.Tree = None,
    map: tag_options.Map = None,
    hardlinks: tag_options.Hardlinks = None,
    model: options.Model = None,
    top_k: options.TopK = None,
    min_confidence: options.MinConfidence = None,
    max_error: options.MaxError = None,
    vote: options.Vote = None,
    effort: options.Effort = None,
    window: options.Window = None,
    hop: options.Hop = None,
    jobs: options.Jobs = None,
    batch_size: options.BatchSize = None,
    runtime: options.Runtime = None,
    no_cache: options.NoCache = False,
    as_json: watch_options.AsJson = False,
    config: options.Config = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> int:
    """Name the genre of every track that arrives in DIR or changes there, until Ctrl-C."""
    resolved = settings.resolve(options.given(locals()), config=config).settings
    _check(folders, settle, every)
    display.configure(quiet=quiet, verbose=verbose)
    from tagger import engine, watching

    writing = "dry run" if dry_run else "write" if write_tags else ""
    poll_seconds = (every or watch_options.POLL_SECONDS) if poll or every else None
    counts, halt = ledger.Ledger(), engine.Halt()
    rows = events.Events(sys.stdout, top_k=resolved.top_k) if as_json else None
    table = display.Results(top_k=resolved.top_k) if rows is None else None
    prepared = preparing.prepared(resolved, "watch", writing=writing, remembers=not no_cache, verbose=verbose)
    with prepared as run, interrupts.obeyed(halt):
        begun = watching.watcher(
            folders,
            halt,
            settle_seconds=settle,
            poll_seconds=poll_seconds,
            once_first=once_first,
            journal=run.writer.journal if run.writer else None,
            on_notice=rows.notice if rows is not None else _say,
        )
        with begun as watcher:
            _greet(folders, watcher.n_known)
            if resolved.album != "off":
                display.note(
                    f"album = {resolved.album} has no say here: a watch never knows an album to be complete"
                )
            watched = watching.watch(watcher, run.plan, run.tags, halt=halt, cache=run.cache)
            with contextlib.closing(watched) as results:  # no thread outlives the cache
                for result in results:
                    counts.add(result)
                    for sink in (table, rows):
                        if sink is not None:
                            sink.add(result)
    preparing.conclude(run, counts)
    return interrupts.EXIT_INTERRUPTED if halt.now.is_set() else 0


def _check(folders: list[Path], settle: float, every: float | None) -> None:
    """Refuse what cannot be watched, before anything is loaded."""
    for folder in folders:
        if not folder.exists():
            raise SettingsError(f"{folder}: no such folder", hint="make it, or mount what should be there")
        if not folder.is_dir():
            raise SettingsError(f"{folder}: is no folder", hint="`tagger scan` hears single files")
    if not 0 <= settle <= _LONGEST_SECONDS:
        raise SettingsError(
            f"--settle: {settle:g} is no number of seconds to wait for",
            hint=f"give one from 0 to {_LONGEST_SECONDS:g}; {watch_options.SETTLE_SECONDS:g} is usual",
        )
    if every is not None and not 0 < every <= _LONGEST_SECONDS:
        raise SettingsError(
            f"--every: {every:g} is no number of seconds to wait for",
            hint=f"give one above 0, up to {_LONGEST_SECONDS:g}; {watch_options.POLL_SECONDS:g} is usual",
        )


def _greet(folders: list[Path], n_known: int) -> None:
    where = str(folders[0]) if len(folders) == 1 else f"{len(folders)} folders"
    passed = f"; {n_known:,} file{'' if n_known == 1 else 's'} there already" if n_known else ""
    display.note(f"watching {where}{passed}; Ctrl-C ends it")


def _say(notice: Notice) -> None:
    """Tell of watched folders always, of files to users who asked for more."""
    match notice.kind:
        case "lost":
            display.note(f"{notice.path}: cannot be reached; waiting for it")
        case "back":
            display.note(f"{notice.path}: is back")
        case "rescan":
            display.note(f"{notice.path}: changes may have been missed; looking through it")
        case "moved":
            display.detail(f"{notice.old}: moved to {notice.path}")
        case _:
            display.detail(f"{notice.path}: {notice.kind}")
