"""How soon `tagger listen` hears that another genre begins, in mixes joined from labelled recordings.

python -m tests.bench.joins [MUSIC]

The mixes are those of `tests.bench.chapters`. A join is found where the genre that is shown changes within
three hops after it, to whatever genre; each change counts once. In whole songs, nothing says whether a change
is right. The bundled model learned from most of these recordings.
"""

from __future__ import annotations

import itertools
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from tests.bench import chapters
from tests.bench.__main__ import music_folder

_HOPS = 3


def news(path: Path) -> tuple[list[float], float, float]:
    """Ends of the moments at which the genre that is shown changes, the hop, and the length, in seconds."""
    command = [sys.executable, "-m", "tagger", "listen", str(path), "--json", "--quiet"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    *moments, summary = map(json.loads, lines)
    ends = [moment["end_seconds"] for moment in moments]
    changes = [one["end_seconds"] for last, one in itertools.pairwise(moments) if one["genre"] != last["genre"]]
    return changes, ends[1] - ends[0], summary["duration_seconds"]


def delays(told: Sequence[float], truth: Sequence[float], within_seconds: float) -> list[float]:
    """Of each join that was found, the seconds until it was told; each moment serves one."""
    left, found = list(told), []
    for place in truth:
        if after := [one for one in left if 0 < one - place <= within_seconds]:
            left.remove(after[0])
            found.append(after[0] - place)
    return found


def judged(music: Path) -> Iterator[tuple[list[float], int, int, float]]:
    """Of each mix: delays, number of joins, changes where there is none, and length in seconds."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mix.wav"
        for half in (0, 1):
            by_genre, rng = chapters.recordings(music, half), np.random.default_rng(half + 5)
            for _ in range(chapters.N_MIXES):
                truth = chapters.mix(by_genre, path, rng, chapters.N_PIECES)
                told, hop_seconds, seconds = news(path)
                found = delays(told, truth, _HOPS * hop_seconds)
                yield found, len(truth), len(told) - len(found), seconds


def main(music: Path) -> None:
    """Print how many joins are found, how soon, and how often the genre changes elsewhere."""
    found, n_joins, n_false, seconds = zip(*judged(music), strict=True)
    every = [delay for delays_of_mix in found for delay in delays_of_mix]
    print(
        f"{sum(n_joins)} joins in {sum(seconds) / 60:.0f} minutes: {len(every) / sum(n_joins):.0%} are found,"
    )
    print(f"half of them within {statistics.median(every):.1f} s of music, the last after {max(every):.1f} s;")
    print(f"{sum(n_false) / (sum(seconds) / 3600):.0f} times an hour the genre changes elsewhere")
    songs = [news(path) for path in sorted((music / "songs").glob("*.mp3"))]
    hours = sum(seconds for _, _, seconds in songs) / 3600
    print(f"{len(songs)} whole songs: {sum(len(told) for told, _, _ in songs) / hours:.0f} times an hour")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else music_folder())
