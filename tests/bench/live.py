"""How soon, at playing speed: from the last sample of a window to its line, and what is lost meanwhile."""

from __future__ import annotations

import datetime
import json
import statistics
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from tests.bench.material import Material


def measure(material: Material) -> dict[str, Any]:
    """Play a file to `tagger listen`, and read its lines as they come."""
    seconds = material.extent.live_seconds
    with material.long_file(seconds / 60) as song:
        delays, summary = play(song)
    return {
        "seconds": summary["duration_seconds"],
        "lost_seconds": summary["lost_seconds"],
        "n_windows": len(delays),
        "median_seconds": statistics.median(delays),
        "longest_seconds": max(delays),
    }


def play(song: str) -> tuple[list[float], dict[str, Any]]:
    """Seconds from the last sample of each window to the arrival of its line here, and the summary."""
    command = [
        sys.executable,
        "-m",
        "tagger",
        "listen",
        song,
        "--realtime",
        "--json",
        "--quiet",
        "--runtime=onnx",
    ]
    delays: list[float] = []
    row: dict[str, Any] = {}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL) as run:
        for line in run.stdout or ():
            now, row = datetime.datetime.now(datetime.UTC), json.loads(line)
            if row["event"] == "moment":
                way = now - datetime.datetime.fromisoformat(row["time"])
                delays.append(row["behind_seconds"] + max(0.0, way.total_seconds()))
    if run.returncode:
        raise RuntimeError(f"tagger listen ended with code {run.returncode}")
    return delays, row


def table(found: Mapping[str, Any]) -> list[list[str]]:
    """One row: how much was played, how late its lines came, and what was lost."""
    return [
        ["played live", "windows", "median delay", "longest delay", "lost"],
        [
            f"{found['seconds'] / 60:.1f} min",
            str(found["n_windows"]),
            f"{1000 * found['median_seconds']:.0f} ms",
            f"{1000 * found['longest_seconds']:.0f} ms",
            f"{found['lost_seconds']:g} s",
        ],
    ]
