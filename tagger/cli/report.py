"""`tagger report`: the library as it stands."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tagger import settings
from tagger.cli import interrupts, options, preparing, printing, tag_options
from tagger.errors import OutputError, SettingsError
from tagger.sinks import display, ledger

if TYPE_CHECKING:  # these take their time to import, and help needs none
    from tagger.audit import Kept
    from tagger.engine import Halt
    from tagger.records import Result
    from tagger.sinks.audit.findings import Audit

EXIT_FAILURES = 1

_NOTHING = ("nothing that this model heard is remembered", "`tagger report DIR` hears a folder first")


def report(
    paths: options.AnyPaths = None,
    cached: Annotated[
        bool, typer.Option("--cached", help="Report on what earlier scans heard, and hear nothing.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help="Write the report: a page (.html), or .json or .csv."
        ),
    ] = None,
    as_json: options.AsJson = False,
    tree: tag_options.Tree = None,
    map: tag_options.Map = None,
    model: options.Model = None,
    min_confidence: options.MinConfidence = None,
    max_error: options.MaxError = None,
    vote: options.Vote = None,
    effort: options.Effort = None,
    jobs: options.Jobs = None,
    runtime: options.Runtime = None,
    config: options.Config = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> int:
    """Report on a library: what its tags say, what is heard, and which tags are probably wrong.

    Tracks that were not heard yet are heard; nothing is written into them.
    """
    resolved = settings.resolve(options.given(locals()), config=config).settings
    display.configure(quiet=quiet, verbose=verbose)
    if cached == bool(paths):
        problem = "PATH and --cached exclude each other" if cached else "there is nothing to report on"
        raise SettingsError(problem, hint="give a folder to scan, or --cached for what earlier scans heard")
    if output is not None:
        from tagger.sinks.audit import save

        save.check(output)
    found, code = _found(paths or [], resolved, output, verbose)
    if found is not None:
        if output is not None:
            save.write(output, found)
            display.note(f"the report is in {output}")
        _tell(found, as_json, hinting=output is None)
    return code


def _found(
    paths: list[str], resolved: settings.Settings, output: Path | None, verbose: bool
) -> tuple[Audit | None, int]:
    """Scan, or ask the cache if there are no paths; give the audit of what is whole, and the exit code."""
    from tagger import audit, engine
    from tagger.sinks.taxonomy import Taxonomy

    counts, halt = ledger.Ledger(), engine.Halt()
    with preparing.prepared(resolved, "report", writing="", remembers=True, verbose=verbose) as run:
        own = dataclasses.replace(run, tags=dataclasses.replace(run.tags, taxonomy=Taxonomy()))
        kept = _kept(own) if not paths else audit.Kept(tuple(_heard(paths, own, counts, halt)))
        preparing.conclude(run, counts)
        if halt.after_tracks_in_hand.is_set():  # and part of a library must not pass for all of it
            display.note(_interrupted(output, run))
            return None, interrupts.EXIT_INTERRUPTED
        if not kept.results:
            display.error(*(("no audio files found",) if paths else _NOTHING))
            return None, EXIT_FAILURES
        found = audit.audit(
            kept.results, run.plan, run.cache, run.tags.taxonomy, unheard=kept.unheard, absent=kept.absent
        )
    return found, EXIT_FAILURES if counts.failed else 0


def _interrupted(output: Path | None, run: preparing.Prepared) -> str:
    stays = (
        f"{output} stays as it was" if output and output.exists() else f"{output or 'a report'} is not written"
    )
    kept = "what was heard is remembered" if run.cache and not run.cache.trouble else "nothing is remembered"
    return f"interrupted; {stays}; {kept}"


def _heard(paths: list[str], run: preparing.Prepared, counts: ledger.Ledger, halt: Halt) -> Iterator[Result]:
    """What a scan gives, with its progress."""
    from tagger import pipeline

    with display.ScanProgress() as progress, interrupts.obeyed(halt):
        for result in pipeline.scan(
            paths,
            run.plan,
            run.tags,
            stdin=sys.stdin.buffer if sys.stdin else (),
            halt=halt,
            cache=run.cache,
            on_found=progress.found,
            on_all_found=progress.all_found,
        ):
            counts.add(result)
            progress.add(result)
            yield result


def _kept(run: preparing.Prepared) -> Kept:
    from tagger import audit

    if run.cache is None or run.cache.trouble:
        raise OutputError("the cache cannot be used", hint="`tagger cache` says why")
    return audit.kept(run.cache, run.plan, run.tags)


def _tell(found: Audit, as_json: bool, *, hinting: bool) -> None:
    if as_json:
        from tagger.sinks.audit import rows

        printing.json_line(rows.whole(found))
        return
    display.audit_summary(found)
    if hinting:
        display.note("`-o report.html` writes it as a page, .json and .csv for programs")
