"""How small: peak memory against the length of a file."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from typing import Any

from tests.bench import alone, ours
from tests.bench.material import Material


def measure(material: Material) -> dict[str, Any]:
    """Scan files of growing length with every effort, each in a process of its own."""
    found: dict[str, list[dict[str, float]]] = {effort: [] for effort in ours.efforts()}
    for minutes in material.extent.minutes:
        with material.long_file(minutes) as path:
            for effort, rows in found.items():
                command = ["scan", path, "--no-cache", *ours.words(effort)]
                seen = [alone.tagger(*command) for _ in range(material.extent.rounds)]
                peak_bytes = statistics.median(one.peak_bytes for one in seen)
                seconds = statistics.median(one.seconds for one in seen)
                rows.append({"minutes": minutes, "peak_bytes": peak_bytes, "seconds": seconds})
    return {"lengths": found}


def table(found: Mapping[str, Any]) -> list[list[str]]:
    """Rows: a length and an effort, its peak memory and the time it took."""
    table = [["one MP3 of", "peak memory", "seconds"]]
    for effort, rows in found["lengths"].items():
        for row in rows:
            peak, seconds = f"{row['peak_bytes'] / 1e6:.0f} MB", f"{row['seconds']:.1f}"
            table.append([f"{row['minutes']:g} min, {effort}", peak, seconds])
    return table
