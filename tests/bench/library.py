"""A library: peak memory against its size, and what a file costs that did not change since the last scan."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Mapping
from typing import Any

from tests.bench import alone, ours
from tests.bench.material import Material


def measure(material: Material) -> dict[str, Any]:
    """Scan libraries of growing size, first with an empty cache, then with a full one."""
    rounds = range(material.extent.rounds)
    start = statistics.median(alone.tagger("--version").seconds for _ in rounds)
    rows = []
    for n_files in material.extent.library:
        with material.library(n_files) as folder, tempfile.TemporaryDirectory() as home:
            command, environ = ["scan", folder, *ours.words()], {"TAGGER_HOME": home}
            first = alone.tagger(*command, environ=environ)
            again = [alone.tagger(*command, environ=environ) for _ in rounds]
        seconds = statistics.median(one.seconds for one in again)
        rows.append(
            {
                "files": n_files,
                "peak_bytes": first.peak_bytes,
                "seconds": first.seconds,
                "again_peak_bytes": max(one.peak_bytes for one in again),
                "again_seconds": seconds,
                "again_seconds_a_file": (seconds - start) / n_files,
            }
        )
    return {"start_seconds": start, "sizes": rows}


def table(found: Mapping[str, Any]) -> list[list[str]]:
    """Rows: a number of files, and the memory and time of the first scan and of later ones."""
    rows = [["MP3 files", "peak memory", "seconds", "again: peak memory", "seconds", "µs a file"]]
    for row in found["sizes"]:
        first = [f"{row['peak_bytes'] / 1e6:.0f} MB", f"{row['seconds']:.1f}"]
        again = [f"{row['again_peak_bytes'] / 1e6:.0f} MB", f"{row['again_seconds']:.2f}"]
        rows.append([f"{row['files']:,}", *first, *again, f"{1e6 * row['again_seconds_a_file']:.0f}"])
    return rows
