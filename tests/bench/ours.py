"""How we do it; each function runs in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from tagger import engine, pipeline, settings, tagging
from tagger.inference import frontend, runtime, window
from tagger.records import Tagged
from tagger.sources import decode
from tests.bench.stopwatch import Songs, by_format

ENVIRON = {"OPENBLAS_NUM_THREADS": "1"}
"""What the command line sets for itself."""


def efforts() -> tuple[str, ...]:
    """The efforts there are to choose from."""
    return ("full", "auto", "fast") if "effort" in settings.names() else ("full",)


def chosen(effort: str = "full", **more: Any) -> dict[str, Any]:
    """Settings of a scan on the CPU with an effort."""
    return {"runtime": "onnx"} | ({"effort": effort} if len(efforts()) > 1 else {}) | more


def words(effort: str = "full", **more: Any) -> list[str]:
    """The same for the command line, its results as JSON."""
    return ["--json", "--quiet", *(f"--{name}={value}" for name, value in chosen(effort, **more).items())]


def prepared(
    effort: str = "full", jobs: int = 0, model: str = "default"
) -> tuple[engine.Plan, tagging.Tagging]:
    """The plan of a scan that writes nothing."""
    resolved = settings.resolve(chosen(effort, jobs=jobs, model=model)).settings
    plan = pipeline.prepare(resolved)
    return plan, tagging.prepare(resolved, plan.artefact.card)


def scan(files: Iterable[str], plan: engine.Plan, tags: tagging.Tagging) -> None:
    """Scan files without a cache.

    Raises:
        RuntimeError: One could not be heard, so that its speed would mean nothing.
    """
    for result in pipeline.scan(files, plan, tags):
        if not isinstance(result, Tagged):
            raise RuntimeError(f"{result.track.path}: {result.reason}")


def speed(
    songs: Songs, least_seconds: float, effort: str = "full", jobs: int = 0, model: str = "default"
) -> dict[str, float]:
    """Seconds of scanning the songs of each format, after a warm-up."""
    plan, tags = prepared(effort, jobs, model)
    scan([files[0] for files in songs.values()], plan, tags)
    return by_format(lambda files: scan(files, plan, tags), songs, least_seconds)


def cold(songs: Songs) -> dict[str, float]:
    """Seconds of the whole command, from the start of its process to the end."""

    def run(files: list[str]) -> None:
        command = [sys.executable, "-m", "tagger", "scan", "--no-cache", *words(), *files]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)

    return by_format(run, songs)


def one_window_at_a_time(songs: Songs) -> dict[str, float]:
    """Our front-end, but file after file, and the network called for each window, as musicnn does."""
    plan, _ = prepared(jobs=1)
    front_end = plan.artefact.card.front_end

    def hear(files: list[str]) -> None:
        for path in files:
            frames = frontend.stream(decode.blocks(path, front_end.sample_rate), front_end)
            for heard in window.slide(frames, plan.window_frames, plan.hop_frames):
                plan.runtime.logits(heard.frames[np.newaxis])

    hear(next(iter(songs.values()))[:1])
    return by_format(hear, songs)


def loads_tensorflow(path: str) -> bool:
    """Whether TensorFlow is loaded once a file has been scanned."""
    scan([path], *prepared())
    return "tensorflow" in sys.modules


def on_one_core() -> tuple[engine.Plan, tagging.Tagging]:
    """Keep this process on one core, and give a plan for it."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    plan, tags = prepared(jobs=1)
    return replace(plan, runtime=runtime.load(plan.artefact, "onnx", threads=1)), tags
