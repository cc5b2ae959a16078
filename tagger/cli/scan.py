"""`tagger scan`: name the genre of files, and write it into them if asked."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

from tagger import settings
from tagger.cli import interrupts, options, preparing, tag_options
from tagger.errors import SettingsError
from tagger.sinks import display, ledger, report

EXIT_FAILURES = 1


def scan(
    paths: options.Paths,
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
    album: options.Album = None,
    window: options.Window = None,
    hop: options.Hop = None,
    jobs: options.Jobs = None,
    batch_size: options.BatchSize = None,
    runtime: options.Runtime = None,
    no_cache: options.NoCache = False,
    as_json: options.AsJson = False,
    as_csv: options.AsCsv = False,
    output: options.Output = None,
    config: options.Config = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> int:
    """Name the genre of every track found in PATH, and write it into the files if asked."""
    resolved = settings.resolve(options.given(locals()), config=config).settings
    kind = _report_kind(as_json, as_csv, output)
    display.configure(quiet=quiet, verbose=verbose)
    _check_promise(resolved)
    writing = "dry run" if dry_run else "write" if write_tags else ""
    counts, interrupted = _run(paths, resolved, writing, kind, output, verbose, not no_cache)
    if interrupted:
        return interrupts.EXIT_INTERRUPTED
    return EXIT_FAILURES if counts.failed or not counts.found else 0


def _run(
    paths: list[str],
    resolved: settings.Settings,
    writing: str,
    kind: str | None,
    output: Path | None,
    verbose: bool,
    remembers: bool,
) -> tuple[ledger.Ledger, bool]:
    """Scan, show and report; give the counts, and whether the user interrupted."""
    from tagger import engine, pipeline

    counts, halt = ledger.Ledger(), engine.Halt()
    prepared = preparing.prepared(resolved, "scan", writing=writing, remembers=remembers, verbose=verbose)
    with prepared as run, contextlib.ExitStack() as stack:
        top_k, albums = resolved.top_k, resolved.album != "off"
        rows = stack.enter_context(_report(kind, output, top_k, albums))
        table = display.Results(top_k=top_k, albums=albums) if rows is None or output is not None else None
        progress = stack.enter_context(display.ScanProgress(drawn=table is not None or not sys.stdout.isatty()))
        stack.enter_context(interrupts.obeyed(halt))
        scanned = pipeline.scan(
            paths,
            run.plan,
            run.tags,
            stdin=sys.stdin.buffer if sys.stdin else (),  # closed by whoever started us
            halt=halt,
            cache=run.cache,
            album=resolved.album,
            on_found=progress.found,
            on_all_found=progress.all_found,
        )
        results = stack.enter_context(contextlib.closing(scanned))  # no thread outlives the cache
        for result in results:
            counts.add(result)
            progress.add(result)
            for sink in (table, rows):
                if sink is not None:
                    sink.add(result)
    interrupted = halt.after_tracks_in_hand.is_set()
    if interrupted:
        display.note("interrupted; what follows is what was done until then")
    elif not counts.found:
        display.error("no audio files found")
    preparing.conclude(run, counts)
    return counts, interrupted


@contextlib.contextmanager
def _report(kind: str | None, output: Path | None, top_k: int, albums: bool) -> Iterator[report.Report | None]:
    if kind is None:
        yield None
    elif output is None:
        yield report.FORMATS[kind](sys.stdout, top_k=top_k, albums=albums)
    else:
        with report.saved(output, kind, top_k=top_k, albums=albums) as rows:
            yield rows


def _check_promise(resolved: settings.Settings) -> None:
    """Refuse a promise on verdicts that are not of the kind that it was proven for."""
    if resolved.album == "vote" and resolved.max_error is not None:
        raise SettingsError(
            "--max-error promises for tracks that are named by themselves, not with their album's help",
            hint="leave out --max-error, or take --album suggest",
        )


def _report_kind(as_json: bool, as_csv: bool, output: Path | None) -> str | None:
    """Which report is wanted: a key of `report.FORMATS`, or None for the table alone."""
    if as_json and as_csv:
        raise SettingsError("--json and --csv exclude each other", hint="run the scan twice, or leave one out")
    if as_json or as_csv:
        return "jsonl" if as_json else "csv"
    if output is None:
        return None
    kinds = {".json": "jsonl", ".jsonl": "jsonl", ".csv": "csv"}
    if output.suffix.lower() not in kinds:
        raise SettingsError(f"{output}: the kind of report is unclear", hint="add --json or --csv")
    return kinds[output.suffix.lower()]
