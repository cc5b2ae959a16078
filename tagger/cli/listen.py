"""`tagger listen`: name the genre of what is played, while it is played."""

from __future__ import annotations

import contextlib
import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tagger import settings
from tagger.cli import interrupts, listen_options, options, printing
from tagger.cli.live_outputs import Recording, check_outputs
from tagger.cli.live_source import Request
from tagger.errors import SettingsError, TaggerError
from tagger.sinks import display

if TYPE_CHECKING:
    from tagger.engine.live import Listening
    from tagger.sinks.chapters import Chapter


def listen(
    source: listen_options.Source = None,
    device: listen_options.Device = None,
    list_devices: listen_options.ListDevices = False,
    sample_rate: listen_options.SampleRate = None,
    raw: listen_options.RawSamples = None,
    realtime: listen_options.Realtime = False,
    patience: listen_options.Patience = None,
    duration: listen_options.Duration = None,
    hold: listen_options.Hold = None,
    record: listen_options.Record = None,
    chapters: listen_options.ChapterList = None,
    model: options.Model = None,
    top_k: options.TopK = None,
    min_confidence: options.MinConfidence = None,
    max_error: options.MaxError = None,
    vote: options.Vote = None,
    window: options.Window = None,
    hop: options.Hop = None,
    runtime: options.Runtime = None,
    as_json: options.AsJson = False,
    config: options.Config = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> int:
    """Name the genre of what a microphone, a file, stdin or an address plays, while it plays."""
    display.configure(quiet=quiet, verbose=verbose)
    if list_devices:
        if any(one is not None for one in (source, record, chapters)):
            raise SettingsError("--list-devices listens to nothing", hint="leave it out to listen")
        return _list_devices(as_json)
    resolved = settings.resolve(options.given(locals()), config=config).settings
    request = Request(source, device, sample_rate, raw, realtime, patience, duration)
    request.check()
    check_outputs(record, chapters)
    with contextlib.nullcontext() if verbose else display.quiet_c_libraries():
        return _run(request, dataclasses.replace(resolved, effort="full"), record, chapters, as_json)


def _run(
    request: Request, resolved: settings.Settings, record: Path | None, chapter_list: Path | None, as_json: bool
) -> int:
    """Listen, show and tell; give the exit code."""
    from tagger import engine, pipeline
    from tagger.sinks import chapters, moments

    halt, problem = engine.Halt(), None
    with contextlib.ExitStack() as stack:
        plan = pipeline.prepare(resolved, display.note)
        card = plan.artefact.card
        rate = card.front_end.sample_rate
        source = request.opened(rate, halt.after_tracks_in_hand, display.note)
        recording = stack.enter_context(Recording(record, rate))
        listening = pipeline.listen(
            source,
            plan,
            hold_seconds=resolved.hold,
            halt=halt,
            limit_seconds=request.limit_seconds,
            recorder=recording.recorder,
            on_gap=lambda gap: display.note(f"{gap.seconds:.1f} s missing: {gap.reason}"),
            on_unrecorded=recording.failed,
        )
        division = chapters.Chapters(plan.window_frames / card.front_end.frames_per_second)
        is_at_terminal = sys.stdout.isatty()
        view = display.LiveView(source.name, card.genres, drawn=not (as_json and is_at_terminal))
        stack.enter_context(interrupts.obeyed(halt, notice=""))
        is_seen = is_at_terminal and view.is_drawn
        lines = None if as_json or is_seen else display.Changes(top_k=resolved.top_k)
        with view, contextlib.closing(listening.moments()) as told:
            try:
                for moment in told:
                    division.add(moment)
                    view.show(moment)
                    if lines is not None:
                        lines.add(moment)
                    elif as_json:
                        printing.json_line(moments.moment_row(moment, resolved.top_k))
            except TaggerError as error:
                if source.pace == "at hand":
                    raise
                problem = error
    heard = division.close(listening.seconds)
    if problem is not None and not heard:
        raise problem
    _tell(listening, source.name, heard, resolved.top_k, as_json)
    if chapter_list is not None:
        chapters.write(chapter_list, heard, source=str(record or source.name))
    if problem is not None:
        raise problem
    return recording.exit_code or (interrupts.EXIT_INTERRUPTED if listening.is_interrupted else 0)


def _tell(listening: Listening, name: str, heard: tuple[Chapter, ...], top_k: int, as_json: bool) -> None:
    """Say what all that was heard sounded like."""
    from tagger.records import Tagged, Track, Verdict
    from tagger.sinks import chapters, moments

    found = listening.verdict(Track(Path(name)))
    result = Tagged(found) if isinstance(found, Verdict) else found
    shares, lost = chapters.shares(heard), listening.lost_seconds
    if as_json:
        row = moments.summary_row(result, top_k, source=name, shares=shares, lost_seconds=lost)
        printing.json_line(row)
    else:
        display.whole(result, seconds=listening.seconds, top_k=top_k)
    display.listened(shares, seconds=listening.seconds, lost_seconds=lost)


def _list_devices(as_json: bool) -> int:
    from tagger.sources import microphone

    rows = [dataclasses.asdict(device) for device in microphone.devices()]
    if as_json:
        for row in rows:
            printing.json_line(row)
    elif rows:
        display.devices_table(rows)
    else:
        display.note("there is no sound device to listen to")
    return 0
