"""How speed grows with the number of tracks that are decoded side by side."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from typing import Any

from tests.bench import alone, ours
from tests.bench.material import Material
from tests.bench.stopwatch import spread


def measure(material: Material) -> dict[str, Any]:
    """Scan the MP3 songs with several `--jobs`, round by round."""
    songs = {"mp3": material.songs_in("mp3")}
    heard = len(songs["mp3"]) * material.extent.song_seconds
    arguments = {"songs": songs, "least_seconds": material.extent.least_seconds}
    speeds: dict[int, list[float]] = {jobs: [] for jobs in material.extent.jobs}
    for _ in range(material.extent.rounds):
        for jobs, values in speeds.items():
            seconds = alone.call(ours.speed, environ=ours.ENVIRON, **arguments, jobs=jobs).value["mp3"]
            values.append(heard / seconds)
    return {
        "scaling": [
            {"jobs": jobs, "times_real_time": statistics.median(values), "spread": spread(values)}
            for jobs, values in speeds.items()
        ]
    }


def table(found: Mapping[str, Any]) -> list[list[str]]:
    """Rows: a number of jobs and the speed."""
    rows = [["--jobs", "mp3: × real time"]]
    for row in found["scaling"]:
        rows.append([str(row["jobs"]), f"{row['times_real_time']:,.0f} ± {50 * row['spread']:.0f} %"])
    return rows
