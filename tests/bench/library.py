"""A library: peak memory against its size, what a file costs that did not change, and a report on all."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.bench import alone, ours
from tests.bench.material import Material


def measure(material: Material) -> dict[str, Any]:
    """Scan libraries of growing size, first with an empty cache, then a full one, and report on them."""
    rounds = range(material.extent.rounds)
    start = statistics.median(alone.tagger("--version").seconds for _ in rounds)
    rows = []
    for n_files in material.extent.library:
        with material.library(n_files) as folder, tempfile.TemporaryDirectory() as home:
            command, environ = ["scan", folder, *ours.words()], {"TAGGER_HOME": home}
            first = alone.tagger(*command, environ=environ)
            again = [alone.tagger(*command, environ=environ) for _ in rounds]
            words = ["report", "--cached", "-o", f"{home}/report.html", *ours.words()]
            words.remove("--json")
            reports = [alone.tagger(*words, environ=environ) for _ in range(1 + len(rounds))]
            page_bytes = Path(home, "report.html").stat().st_size
        seconds = statistics.median(one.seconds for one in again)
        rows.append(
            {
                "files": n_files,
                "peak_bytes": first.peak_bytes,
                "seconds": first.seconds,
                "again_peak_bytes": max(one.peak_bytes for one in again),
                "again_seconds": seconds,
                "again_seconds_a_file": (seconds - start) / n_files,
                "first_report_seconds": reports[0].seconds,  # which reads the tags that scans do not
                "report_seconds": statistics.median(one.seconds for one in reports[1:]),
                "report_peak_bytes": max(one.peak_bytes for one in reports),
                "page_bytes": page_bytes,
            }
        )
    return {"start_seconds": start, "sizes": rows}


def table(found: Mapping[str, Any]) -> list[list[str]]:
    """Rows: a number of files, and the memory and time of the first scan, of later ones, and of reports."""
    head = ["MP3 files", "peak memory", "seconds", "again: peak memory", "seconds", "µs a file"]
    rows = [[*head, "report: peak memory", "first, seconds", "seconds", "page"]]
    for row in found["sizes"]:
        first = [f"{row['peak_bytes'] / 1e6:.0f} MB", f"{row['seconds']:.1f}"]
        again = [f"{row['again_peak_bytes'] / 1e6:.0f} MB", f"{row['again_seconds']:.2f}"]
        report = [
            f"{row['report_peak_bytes'] / 1e6:.0f} MB",
            f"{row['first_report_seconds']:.1f}",
            f"{row['report_seconds']:.1f}",
            f"{row['page_bytes'] / 1e6:.2f} MB",
        ]
        rows.append([f"{row['files']:,}", *first, *again, f"{1e6 * row['again_seconds_a_file']:.0f}", *report])
    return rows
