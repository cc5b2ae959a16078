"""How small: peak memory against the length of a file."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from typing import Any

from tests.bench import alone, ours
from tests.bench.material import Material


def measure(material: Material) -> dict[str, Any]:
    """Scan files of growing length, each in a process of its own."""
    rows = []
    for minutes in material.extent.minutes:
        with material.long_file(minutes) as path:
            command = ["scan", path, "--no-cache", *ours.words()]
            seen = [alone.tagger(*command) for _ in range(material.extent.rounds)]
        rows.append(
            {
                "minutes": minutes,
                "peak_bytes": statistics.median(one.peak_bytes for one in seen),
                "seconds": statistics.median(one.seconds for one in seen),
            }
        )
    return {"lengths": rows}


def table(found: Mapping[str, Any]) -> list[list[str]]:
    """Rows: a length, its peak memory and the time it took."""
    rows = [["one MP3 of", "peak memory", "seconds"]]
    for row in found["lengths"]:
        rows.append([f"{row['minutes']:g} min", f"{row['peak_bytes'] / 1e6:.0f} MB", f"{row['seconds']:.1f}"])
    return rows
