"""How fast: × real time and × the papers' way, beside others and beside the limit, which is decoding alone."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.bench import alone, others, ours
from tests.bench.material import Material
from tests.bench.stopwatch import Songs, spread

LIMIT = "the limit: the faster of the two"
PAPERS, PAPERS_PER_WINDOW = "papers: predict per track", "papers: predict per window"
OURS = {effort: f"tagger {effort}" for effort in ("full", "auto", "fast")}


@dataclass(frozen=True)
class Way:
    """One way to hear songs.

    Attributes:
        run: Gives seconds by format; called in a process of its own.
        songs: What it hears.
        arguments: What else it is told.
        environ: Of its process.
    """

    run: Callable[..., Any]
    songs: Songs
    arguments: Mapping[str, Any] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)


def ways(material: Material) -> dict[str, Way]:
    """All ways that are measured, by name."""
    songs, few = material.songs, material.few_songs
    long = {"least_seconds": material.extent.least_seconds}
    return {
        "decoding alone: soundfile, threads": Way(others.soundfile_in_threads, songs, long),
        "decoding alone: PyAV, processes": Way(others.pyav_in_processes, songs, long),
        **{
            OURS[effort]: Way(ours.speed, songs, long | {"effort": effort}, ours.ENVIRON)
            for effort in ours.efforts()
        },
        "tagger full, whole process": Way(ours.cold, songs),
        **{
            f"tagger {effort}, accurate": Way(
                ours.speed, songs, long | {"effort": effort, "model": "accurate"}, ours.ENVIRON
            )
            for effort in ("full", "auto")
        },
        "our front-end, one window at a time": Way(ours.one_window_at_a_time, few),
        PAPERS: Way(others.papers, few, {"per_window": False, "overlap": True}),
        "papers: the same, no overlap": Way(others.papers, few, {"per_window": False, "overlap": False}),
        PAPERS_PER_WINDOW: Way(others.papers, few, {"per_window": True, "overlap": True}),
        "Essentia's loader and mel, no network": Way(others.essentia, few),
    }


def measure(material: Material, only: Callable[[str], bool] = lambda name: True) -> dict[str, Any]:
    """Hear the songs in every way, round by round, so that a change of the machine's load meets all ways.

    Args:
        material: The songs.
        only: Chooses ways by their names.
    """
    chosen = {name: way for name, way in ways(material).items() if only(name)}
    speeds: dict[str, dict[str, list[float]]] = {name: {} for name in chosen}
    for number in range(material.extent.rounds):
        for name, way in chosen.items():
            print(f"speed, round {number + 1}: {name}", file=sys.stderr)
            for kind, seconds in _seconds(way).items():
                heard = len(way.songs[kind]) * material.extent.song_seconds
                speeds[name].setdefault(kind, []).append(heard / seconds)
    return {
        "formats": list(material.extent.formats),
        "shortest_piece_seconds": material.shortest_seconds,
        "ways": _with_limit(speeds),
    }


def _seconds(way: Way) -> dict[str, float]:
    """Seconds by format; none where the way is not installed or fails, which must not cost the others."""
    try:
        return alone.call(way.run, environ=way.environ, songs=way.songs, **way.arguments).value or {}
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return {}


def _with_limit(speeds: Mapping[str, Mapping[str, list[float]]]) -> dict[str, dict[str, dict[str, Any]]]:
    """Median and spread of every way, and the limit after the two ways that make it."""
    found = {
        name: {
            kind: {"rounds": values, "times_real_time": statistics.median(values), "spread": spread(values)}
            for kind, values in by_kind.items()
        }
        for name, by_kind in speeds.items()
    }
    alone_ways = {name: by_kind for name, by_kind in found.items() if name.startswith("decoding alone")}
    limit: dict[str, dict[str, Any]] = {}
    for by_kind in alone_ways.values():
        for kind, figures in by_kind.items():
            limit[kind] = max(limit.get(kind, figures), figures, key=lambda one: one["times_real_time"])
    return alone_ways | ({LIMIT: limit} if limit else {}) | found


def table(found: Mapping[str, Any]) -> list[list[str]]:
    """Rows: a way, and for each format × real time, its spread, and × the papers' way."""
    papers = found["ways"].get(PAPERS, {})
    rows = [["× real time (× papers)", *found["formats"]]]
    for name, by_kind in found["ways"].items():
        rows.append([name, *(_cell(by_kind.get(kind), papers.get(kind)) for kind in found["formats"])])
        if not by_kind:
            rows[-1][1] = "not installed, or failed"
    return rows


def _cell(figures: Mapping[str, Any] | None, papers: Mapping[str, Any] | None) -> str:
    if figures is None:
        return "–"
    ratio = f" ({figures['times_real_time'] / papers['times_real_time']:.1f})" if papers else ""
    return f"{figures['times_real_time']:,.0f} ± {50 * figures['spread']:.0f} %{ratio}"
