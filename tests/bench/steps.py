"""Where the time goes: each step alone, on one core, on the same songs, in seconds of that core's work."""

from __future__ import annotations

import collections
import statistics
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from tagger.engine import Plan
from tagger.inference import calibrate, frontend, vote, window
from tagger.records import Window
from tagger.sinks import tags
from tagger.sources import decode, mono
from tests.bench import alone, ours
from tests.bench.material import Material
from tests.bench.stopwatch import Songs, cpu_seconds

STEPS = ("decode", "resample", "front-end", "network", "vote", "tags", "other")


def measure(material: Material) -> dict[str, Any]:
    """Seconds of one core for an hour of music; "other" is what a whole scan takes beyond its steps."""
    heard = material.extent.songs_for_slow * material.extent.song_seconds
    rounds = [
        alone.call(step_by_step, environ=ours.ENVIRON, songs=material.few_songs).value
        for _ in range(material.extent.rounds)
    ]
    found = {}
    for kind in material.few_songs:
        names = rounds[0][kind]
        medians = {name: 3600 / heard * statistics.median(one[kind][name] for one in rounds) for name in names}
        whole = medians.pop("whole")
        found[kind] = medians | {"other": whole - sum(medians.values())}
    return {"seconds_an_hour": found}


def step_by_step(songs: Songs) -> dict[str, dict[str, float]]:
    """Seconds of each step, and of the whole, for the songs of a format; runs in a process of its own."""
    plan, tagging = ours.on_one_core()
    ours.scan([files[0] for files in songs.values()], plan, tagging)
    return {
        kind: _steps(files, plan) | {"whole": cpu_seconds(partial(ours.scan, files, plan, tagging))}
        for kind, files in songs.items()
    }


def _steps(files: list[str], plan: Plan) -> dict[str, float]:
    """Seconds of each step, every one fed with what the one before has made."""
    front_end, sr = plan.artefact.card.front_end, plan.artefact.card.front_end.sample_rate
    seconds = dict.fromkeys(STEPS[:-1], 0.0)
    windows: list[Window] = []
    for path in files:
        native_sr = decode.probe(path).sample_rate
        seconds["decode"] += _drained(decode.blocks(path, native_sr))
        native = [(block[:, np.newaxis], native_sr) for block in decode.blocks(path, native_sr)]
        seconds["resample"] += _drained(mono.at_rate(native, sr))
        frames = frontend.stream(list(mono.at_rate(native, sr)), front_end)
        seconds["front-end"] += cpu_seconds(partial(windows.extend, _windows(frames, plan)))
        seconds["tags"] += cpu_seconds(partial(tags.read, Path(path)))
    frames_of = [one.frames for one in windows]
    batches = (np.stack(frames_of[n : n + plan.batch_size]) for n in range(0, len(windows), plan.batch_size))
    outputs: list[Any] = []
    seconds["network"] = cpu_seconds(partial(outputs.extend, map(plan.runtime.logits, batches)))
    levels = np.array([one.loudness_db for one in windows])
    seconds["vote"] = cpu_seconds(partial(_vote, np.concatenate(outputs), levels, plan, len(files)))
    return seconds


def _windows(frames: Iterable[frontend.Frames], plan: Plan) -> Iterable[Window]:
    return window.slide(frames, plan.window_frames, plan.hop_frames)


def _drained(stream: Iterable[object]) -> float:
    """Seconds until a stream is at its end."""
    return cpu_seconds(partial(collections.deque, stream, maxlen=0))


def _vote(logits: Any, levels: Any, plan: Plan, n_tracks: int) -> None:
    """Vote track by track."""
    for some, loudness in zip(np.array_split(logits, n_tracks), np.array_split(levels, n_tracks), strict=True):
        vote.cast(calibrate.probabilities(some, plan.artefact.card.calibration), loudness, plan.vote)


def table(found: Mapping[str, Any]) -> list[list[str]]:
    """Rows: a step, and for each format its seconds for an hour of music and its share."""
    kinds = found["seconds_an_hour"]
    rows = [["step, on one core", *(f"{kind}: s an hour" for kind in kinds)]]
    for step in STEPS:
        rows.append(
            [step, *(f"{one[step]:.2f} ({one[step] / sum(one.values()):.0%})" for one in kinds.values())]
        )
    return rows
