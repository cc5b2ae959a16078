"""START HERE. The way of the data: discover → decode → front-end → window → predict → vote → decide → write."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from tagger import engine
from tagger.errors import ModelError, SettingsError, TagError, UntaggableError
from tagger.inference import artefact as artefacts
from tagger.inference import runtime as runtimes
from tagger.inference.artefact import Artefact
from tagger.inference.card import Card
from tagger.records import Result, Tagged, Verdict, Writing
from tagger.settings import Settings, home_folder
from tagger.sinks import tags
from tagger.sinks.tags import policy
from tagger.sources import discover

# A million frames of 96 bands take 0.4 GB, and a network's inner layers a multiple of that.
_MOST_FRAMES_IN_A_BATCH = 2**20


def scan(
    paths: Iterable[str | os.PathLike[str]],
    plan: engine.Plan,
    settings: Settings,
    writing: Writing,
    *,
    stdin: Iterable[bytes] | None = None,
    halt: engine.Halt | None = None,
    on_found: Callable[[int], None] = lambda count: None,
    on_all_found: Callable[[], None] = lambda: None,
) -> Iterator[Result]:
    """Name the genre of every track in `paths` and, if wanted, write it; results come as tracks are completed.

    Args:
        paths: Files, folders, globs, or "-" for the list in `stdin`.
        plan: How to listen: see `prepare`.
        settings: What the user set.
        writing: What may be done to files.
        stdin: Lines for "-".
        halt: Ends the run early when it is set.
        on_found: Told how many tracks have been found so far, from another thread.
        on_all_found: Told that there are no more.
    """
    tracks = engine.ahead(discover.audio_files(paths, stdin=stdin), on_found, on_all_found, halt)
    for heard in engine.hear(tracks, plan, halt):
        yield tag(heard, plan.artefact.card, settings, writing) if isinstance(heard, Verdict) else heard


def tag(verdict: Verdict, card: Card, settings: Settings, writing: Writing) -> Tagged:
    """Decide what to do about a file's tags, and do it if that is wanted."""
    path = verdict.track.path
    try:
        before = tags.read(path)
    except UntaggableError as error:
        return Tagged(verdict, reason=error.reason if writing.wanted else "")
    except TagError as error:
        return Tagged(verdict, reason=error.reason, failed=writing.wanted)
    if not writing.wanted:
        return Tagged(verdict, before, before)
    decision = policy.decide(
        before,
        verdict.genre,
        verdict.confidence,
        policy=settings.policy,
        threshold=write_threshold(verdict, card, settings),
    )
    if decision.genres is None:
        return Tagged(verdict, before, before, reason=decision.reason)
    if writing.dry_run:
        return Tagged(verdict, before, decision.genres, reason=f"dry run: {decision.reason}")
    try:
        written = tags.write(path, decision.genres)
    except TagError as error:
        return Tagged(verdict, before, before, reason=error.reason, failed=True)
    return Tagged(verdict, before, decision.genres, written=written, reason=decision.reason)


def write_threshold(verdict: Verdict, card: Card, settings: Settings) -> float:
    """Confidence from which this verdict is written: the user's, else the model's for the genre."""
    if settings.min_confidence is not None:
        return settings.min_confidence
    return card.thresholds[verdict.scores[0].genre]


def prepare(settings: Settings) -> engine.Plan:
    """Load the model and fit the settings to it.

    Raises:
        ModelError: The model cannot be used, or not with this window.
    """
    artefact = artefacts.load(artefacts.find(settings.model, model_folders()))
    window_frames, hop_frames = window_lengths(artefact, settings)
    if settings.batch_size * window_frames > _MOST_FRAMES_IN_A_BATCH:
        raise SettingsError(
            f"{settings.batch_size} windows of {window_frames} frames are too much for one batch",
            hint=f"give a --batch-size of {max(1, _MOST_FRAMES_IN_A_BATCH // window_frames)} or less",
        )
    return engine.Plan(
        artefact=artefact,
        runtime=runtimes.load(artefact, settings.runtime),
        window_frames=window_frames,
        hop_frames=hop_frames,
        batch_size=settings.batch_size,
        jobs=settings.jobs or os.cpu_count() or 1,
        vote=settings.vote,
        min_confidence=settings.min_confidence or 0.0,
    )


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
