"""Run something in a process of its own, so that nobody else's threads and memory count, and watch it."""

from __future__ import annotations

import importlib
import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_WATCH_SECONDS = 0.05
# The user's settings; and what makes Python compile every module at every start.
_NOT_PASSED_ON = ("TAGGER_", "PYTHONDONTWRITEBYTECODE")


@dataclass(frozen=True)
class Watched:
    """What was seen of a process.

    Attributes:
        seconds: From its start to its end.
        peak_bytes: Its largest resident memory and, added, that of each process it started.
        value: What it answered.
    """

    seconds: float
    peak_bytes: int
    value: Any = None


def call(
    function: Callable[..., Any], *, environ: Mapping[str, str] | None = None, **arguments: Any
) -> Watched:
    """Call a function of a module in a new process; arguments and result go through JSON."""
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        name = f"{function.__module__}:{function.__qualname__}"
        command = [sys.executable, "-m", __name__, name, json.dumps(arguments), str(answer)]
        seen = watch(command, environ)
        return Watched(seen.seconds, seen.peak_bytes, json.loads(answer.read_text("utf-8")))


def tagger(*arguments: str, environ: Mapping[str, str] | None = None) -> Watched:
    """Run the program as a user does; its output goes nowhere."""
    return watch([sys.executable, "-m", "tagger", *arguments], environ)


def watch(command: Sequence[str], environ: Mapping[str, str] | None = None) -> Watched:
    """Run a command, with a home of its own unless `environ` names one, and without the user's settings.

    Raises:
        RuntimeError: It failed.
    """
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryFile() as errors:
        plain = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_PASSED_ON)}
        began = time.perf_counter()
        process = subprocess.Popen(
            command,
            env=plain | {"TAGGER_HOME": home} | dict(environ or {}),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
        peaks = _peaks(process)
        seconds = time.perf_counter() - began
        if process.returncode:
            errors.seek(0)
            said = errors.read().decode(errors="replace")[-2000:]
            raise RuntimeError(f"{' '.join(command)[:500]} ended with {process.returncode}: {said}")
        return Watched(seconds, sum(peaks.values()))


def _peaks(process: subprocess.Popen[bytes]) -> dict[int, int]:
    """Wait for a process, and give the largest memory of it and of each below it, in bytes."""
    peaks: dict[int, int] = {}
    end = os.pidfd_open(process.pid)
    try:
        while not select.select([end], [], [], _WATCH_SECONDS)[0]:
            peaks |= {pid: max(peaks.get(pid, 0), _high_water(pid)) for pid in _family(process.pid)}
    finally:
        os.close(end)
        process.wait()
    return peaks


def _family(pid: int) -> Iterator[int]:
    """A process and all it started."""
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found = children.read_text().split()
        except OSError:  # it has just ended
            continue
        for child in found:
            yield from _family(int(child))


def _high_water(pid: int) -> int:
    """The largest resident memory of a process so far, in bytes."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:  # it has just ended
        return 0
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)


def _answer(name: str, arguments: str, answer: str) -> None:
    """Be the process that `call` starts."""
    module, _, function = name.partition(":")
    value = getattr(importlib.import_module(module), function)(**json.loads(arguments))
    Path(answer).write_text(json.dumps(value), "utf-8")


if __name__ == "__main__":
    _answer(*sys.argv[1:])
