"""The machine: what figures depend on besides us, and how much of it others took while we measured."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

_LIBRARIES = ("numpy", "soundfile", "av", "soxr", "onnxruntime", "tensorflow", "keras", "librosa")
_IDLE = slice(3, 5)  # of the counters in /proc/stat: idle, and waiting for a disk


def facts() -> dict[str, Any]:
    """Processor, cores, load, the commit and versions."""
    with Path("/proc/cpuinfo").open() as lines:
        models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    versions = {name: metadata.version(name) for name in _LIBRARIES}
    facts = {
        "processor": next(iter(models), platform.machine()),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
    }
    return facts | {"commit": _commit(), "Python": platform.python_version()} | versions


def _commit() -> str:
    """The commit that is measured, "-dirty" if files differ from it; unknown outside a checkout."""
    asked = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    run = subprocess.run(asked, cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    return run.stdout.strip() or "unknown"


@dataclass(frozen=True)
class Watch:
    """What the machine has done until some time; two of them tell how much of it was others' work.

    Attributes:
        wall: That time, in seconds.
        idle: Idle seconds of all cores.
        own: Seconds of our work, and of the processes we started and saw end.
    """

    wall: float
    idle: float
    own: float

    @classmethod
    def now(cls) -> Watch:
        """What it has done until now."""
        with Path("/proc/stat").open() as lines:
            counters = [int(word) for word in next(lines).split()[1:9]]
        return cls(time.monotonic(), sum(counters[_IDLE]) / os.sysconf("SC_CLK_TCK"), sum(os.times()[:4]))

    def share_of_others(self, now: Watch, n_cores: int) -> float:
        """Share of all cores' time until `now` that was neither idle nor ours, 0 to 1."""
        not_theirs = now.idle - self.idle + now.own - self.own
        return max(0.0, 1 - not_theirs / (n_cores * (now.wall - self.wall)))
