"""START HERE. The way of the data: discover → decode → front-end → window → predict → vote → decide → write.

What is listened to goes the same way: `listen` gives a moment for each window, and one verdict in the end.
"""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path

from tagger import albums, engine, tagging
from tagger.engine.live import Listening
from tagger.errors import ChangedError, ModelError, OutputError, SettingsError
from tagger.inference import abstain
from tagger.inference import artefact as artefacts
from tagger.inference import runtime as runtimes
from tagger.inference.artefact import Artefact
from tagger.records import Failed, Gap, Heard, Result, Track, Verdict
from tagger.settings import Settings, home_folder
from tagger.sinks.cache import Cache
from tagger.sinks.changes import Writer
from tagger.sinks.journal import Journal
from tagger.sinks.recovery import Recovered, recover
from tagger.sources import discover, packets
from tagger.sources.live import Block, Source
from tagger.sources.recorder import Recorder

# A million frames of 96 bands take 0.4 GB, and a network's inner layers a multiple of that.
_MOST_FRAMES_IN_A_BATCH = 2**20

# The network takes a fifth of the work: more threads for it keep those that decode waiting.
_JOBS_PER_THREAD = 4

# A file that changes while it is heard is heard again, but not for ever.
_MOST_HEARINGS = 3


def scan(
    paths: Iterable[str | os.PathLike[str]],
    plan: engine.Plan,
    tags: tagging.Tagging,
    *,
    stdin: Iterable[bytes] | None = None,
    halt: engine.Halt | None = None,
    cache: Cache | None = None,
    album: str = "off",
    on_found: Callable[[int], None] = lambda count: None,
    on_all_found: Callable[[], None] = lambda: None,
) -> Generator[Result, None, None]:
    """Name the genre of every track in `paths` and, if wanted, write it; results come as tracks are completed.

    Args:
        paths: Files, folders, globs, or "-" for the list in `stdin`.
        plan: How to listen: see `prepare`.
        tags: What to do about tags: see `tagging.prepare`.
        stdin: Lines for "-".
        halt: Ends the run early when it is set.
        cache: What was heard before; None to hear all anew and remember nothing.
        album: What albums say of their tracks: one of `settings.ALBUMS`; see `albums.judged`.
        on_found: Told how many tracks have been found so far, from another thread.
        on_all_found: Told that there are no more.
    """
    tracks: Iterable[Track | Failed | None] = engine.ahead(
        discover.audio_files(paths, stdin=stdin), on_found, on_all_found, halt
    )
    heard_once = _judged(tracks, plan, halt, cache, album)
    for _ in range(_MOST_HEARINGS):
        changed: dict[Track, Verdict] = {}
        for heard in heard_once:
            if not isinstance(heard, Verdict):
                yield heard
                continue
            try:
                yield tagging.tag(heard, tags, cache)
            except ChangedError:
                changed[heard.track] = heard
        heard_once = albums.again(engine.hear(changed, plan, halt, cache), changed)
    yield from (Failed(track, "it changes faster than it can be heard") for track in changed)


def _judged(
    tracks: Iterable[Track | Failed | None],
    plan: engine.Plan,
    halt: engine.Halt | None,
    cache: Cache | None,
    album: str,
) -> Iterator[Heard]:
    """Hear tracks, each by itself or with what its album says."""
    if album == "off":
        return engine.hear(tracks, plan, halt, cache)
    return albums.judged(
        tracks,
        lambda taken: engine.hear(taken, plan, halt, cache),
        votes=album == "vote",
        refusal=plan.rule.refusal,
    )


def listen(
    source: Source,
    plan: engine.Plan,
    *,
    hold_seconds: float,
    halt: engine.Halt | None = None,
    limit_seconds: float = math.inf,
    recorder: Recorder | None = None,
    on_gap: Callable[[Gap], None] = lambda gap: None,
    on_unrecorded: Callable[[OutputError], None] = lambda error: None,
) -> Listening:
    """Name the genre of what is played, while it is played.

    Args:
        source: What is listened to, at the rate of the model's front-end: see `tagger.sources.stream`.
        plan: How to listen: see `prepare`.
        hold_seconds: Time constant of the rolling vote's forgetting, > 0.
        halt: Ends it early when it is set.
        limit_seconds: How much of the source is heard, gaps included.
        recorder: Given all that is heard, as it is heard, until it fails.
        on_gap: Told of every gap, from the thread that reads.
        on_unrecorded: Told why the recorder failed, from the same thread; listening goes on.

    Returns:
        Its `moments` are told as they come; its `verdict` is what a scan that hears all says of the same audio.
    """
    recorders = [] if recorder is None else [recorder]

    def keep(block: Block | Gap) -> None:
        if isinstance(block, Gap):
            on_gap(block)
        for one in recorders:
            try:
                one.add(block)
            except OutputError as error:
                recorders.clear()
                on_unrecorded(error)

    return Listening(
        source, plan, hold_seconds=hold_seconds, halt=halt, limit_seconds=limit_seconds, on_block=keep
    )


@contextlib.contextmanager
def journal(on_recovered: Callable[[Recovered], None] = lambda recovered: None) -> Iterator[Journal]:
    """Open the journal; writes that a crash cut off are put right first.

    Args:
        on_recovered: Told of every such write.

    Raises:
        OutputError: The journal cannot be used.
    """
    opened = Journal(home_folder("data") / "journal")
    with contextlib.closing(opened):
        for recovered in recover(opened):
            on_recovered(recovered)
        yield opened


def remembered(on_trouble: Callable[[str], None] = lambda problem: None) -> Cache:
    """Open the user's cache, which the caller closes.

    Args:
        on_trouble: Told once, in a sentence, when the cache can no longer be used.
    """
    return Cache(home_folder("cache"), on_trouble)


def writer(
    opened: Journal, command: str, model: str = "", *, kind: str = "scan", hardlinks: str = "skip"
) -> Writer:
    """Begin a run that changes files.

    Args:
        opened: The journal.
        command: The command line.
        model: Name of the model.
        kind: "scan", "watch", "review" or "undo".
        hardlinks: What to do about files with several names: one of `settings.HARDLINKS`.

    Raises:
        OutputError: The journal cannot be used.
    """
    return Writer(opened, opened.begin_run(kind, command, model), packets.digest, hardlinks=hardlinks)


def prepare(settings: Settings, on_notice: Callable[[str], None] = lambda notice: None) -> engine.Plan:
    """Load the model and fit the settings to it.

    Args:
        settings: What the user set.
        on_notice: Told, in a sentence, what the user should know of the device.

    Raises:
        ModelError: The model cannot be used, or not with this window.
        SettingsError: A batch would be too large, or what is asked for cannot be promised.
    """
    artefact = artefacts.load(artefacts.find(settings.model, model_folders()))
    window_frames, hop_frames = window_lengths(artefact, settings)
    if settings.batch_size * window_frames > _MOST_FRAMES_IN_A_BATCH:
        raise SettingsError(
            f"{settings.batch_size} windows of {window_frames} frames are too much for one batch",
            hint=f"give a --batch-size of {max(1, _MOST_FRAMES_IN_A_BATCH // window_frames)} or less",
        )
    _check_promise(settings)
    n_jobs = jobs(settings)
    return engine.Plan(
        artefact=artefact,
        runtime=runtimes.Lazy(artefact, settings.runtime, threads(n_jobs), on_notice),
        window_frames=window_frames,
        hop_frames=hop_frames,
        batch_size=settings.batch_size,
        jobs=n_jobs,
        vote=settings.vote,
        rule=abstain.rule(settings, artefact.card),
        effort=settings.effort if settings.vote == "soft" and settings.max_error is None else "full",
    )


def _check_promise(settings: Settings) -> None:
    """Refuse ways of listening that give other confidences than those that a promise rests on.

    Tracks are heard whole then, as those of the evidence were.
    """
    is_usual = settings.window is None and settings.hop is None
    if settings.max_error is not None and not (
        is_usual and settings.vote == "soft" and settings.effort != "fast"
    ):
        raise SettingsError(
            "--max-error promises for the soft vote of the model's own windows only",
            hint="leave out --vote, --window, --hop and --effort fast, or --max-error",
        )


def jobs(settings: Settings) -> int:
    """Number of tracks decoded side by side: by default one for each core."""
    return settings.jobs or os.cpu_count() or 1


def threads(n_jobs: int) -> int:
    """Number of threads of the network, on the CPU, beside so many decoders."""
    return max(1, n_jobs // _JOBS_PER_THREAD)


def window_lengths(artefact: Artefact, settings: Settings) -> tuple[int, int]:
    """Length and distance of windows, in frames, as the user and the model want them."""
    card = artefact.card
    rate = card.front_end.frames_per_second
    frames = card.window.frames if settings.window is None else max(1, round(settings.window * rate))
    if frames != card.window.frames and not card.window.variable:
        raise ModelError(
            f"{card.name}: this model hears windows of {card.window.seconds:.2f} s only",
            hint="leave out --window",
        )
    if settings.hop is not None:
        hop_frames = max(1, round(settings.hop * rate))
    else:
        hop_frames = max(1, round(frames * card.window.hop_frames / card.window.frames))
    if hop_frames > frames:
        raise ModelError(
            f"a hop of {hop_frames / rate:.2f} s is longer than the window of {frames / rate:.2f} s, "
            "music would be lost",
            hint="give a --hop of at most the window's length",
        )
    return frames, hop_frames


def model_folders() -> list[Path]:
    """Where models with a name live: the user's own first, then those that came with the program."""
    return [home_folder("data") / "models", artefacts.BUNDLED]


def installed_models() -> list[dict[str, str]]:
    """Name, description, folder, number of genres and state of every model that `model_folders` hold."""
    rows = []
    for folder in artefacts.installed(model_folders()):
        try:
            card = artefacts.load(folder).card
            row = {"genres": str(len(card.genres)), "description": card.description, "problem": ""}
        except ModelError as error:
            row = {"genres": "", "description": "", "problem": error.message}
        rows.append({"name": folder.name, "folder": str(folder)} | row)
    return rows
