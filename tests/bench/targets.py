"""What was promised, and what was measured: every ratio is computed from the figures of one run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.bench import speed

Found = Mapping[str, Any]
_SONG_SECONDS = 120
_REACHED = {True: "yes", False: "no", None: "not measured"}


@dataclass(frozen=True)
class Target:
    """A promise about a figure.

    Attributes:
        name: What is promised.
        bound: At least or at most this.
        at_least: Which of the two.
        figure: Takes it from the results of all parts; raises `LookupError` if it was not measured.
    """

    name: str
    bound: float
    at_least: bool
    figure: Callable[[Found], float]


def _speed(found: Found, way: str) -> float:
    return float(found["speed"]["ways"][way]["mp3"]["times_real_time"])


def _growth(rows: Any, first: int) -> float:
    return float(rows[-1]["peak_bytes"] / rows[first]["peak_bytes"])


def _longest(found: Found, effort: str) -> float:
    return _growth(found["memory"]["lengths"][effort], 1)


def _again(found: Found) -> Mapping[str, float]:
    """The largest library, scanned again."""
    return dict(found["library"]["sizes"][-1])


def _ratio(first: str, second: str) -> Callable[[Found], float]:
    return lambda found: _speed(found, first) / _speed(found, second)


def _auto_gain(found: Found) -> float:
    """How much faster `auto` is, told only by real songs: a clip over and over is decided too soon."""
    if found["speed"]["shortest_piece_seconds"] < _SONG_SECONDS:
        raise LookupError("no songs")
    return _ratio(_AUTO, _FULL)(found)


def _lost_in_ten_minutes(found: Found) -> float:
    """Told only where so much was played."""
    if found["live"]["seconds"] < 599:
        raise LookupError("played too shortly")
    return float(found["live"]["lost_seconds"])


_FULL, _AUTO = speed.OURS["full"], speed.OURS["auto"]
TARGETS = (
    Target("full / the limit, MP3", 0.45, True, _ratio(_FULL, speed.LIMIT)),
    Target("full / papers that predict per window, MP3", 20, True, _ratio(_FULL, speed.PAPERS_PER_WINDOW)),
    Target("full / papers that predict per track, MP3", 20, True, _ratio(_FULL, speed.PAPERS)),
    Target("auto / full on songs, MP3", 3, True, _auto_gain),
    Target("memory, longest file / second, full", 1.3, False, lambda found: _longest(found, "full")),
    Target("memory, longest file / second, auto", 1.3, False, lambda found: _longest(found, "auto")),
    Target(
        "memory, largest library / smallest", 1.2, False, lambda found: _growth(found["library"]["sizes"], 0)
    ),
    Target(
        "µs a file, unchanged library", 150, False, lambda found: 1e6 * _again(found)["again_seconds_a_file"]
    ),
    Target("seconds, unchanged library", 2, False, lambda found: _again(found)["again_seconds"]),
    Target("seconds, report on a heard library", 20, False, lambda found: _again(found)["report_seconds"]),
    Target("MB, page of a report", 5, False, lambda found: _again(found)["page_bytes"] / 1e6),
    Target("TensorFlow loaded by a scan", 0, False, lambda found: float(found["startup"]["loads_tensorflow"])),
    Target("seconds, --help", 0.3, False, lambda found: found["startup"]["seconds"]["help"]),
    Target(
        "seconds, first verdict of an MP3", 1.5, False, lambda found: found["startup"]["seconds"]["one_mp3"]
    ),
    Target("seconds, window to its line, live", 0.15, False, lambda found: found["live"]["median_seconds"]),
    Target("seconds lost in ten minutes, live", 0, False, _lost_in_ten_minutes),
)


def judge(found: Found) -> list[dict[str, Any]]:
    """Compare what was measured with what was promised; figures are None where nothing was measured."""
    return [_judged(target, found) for target in TARGETS]


def _judged(target: Target, found: Found) -> dict[str, Any]:
    sign = "≥" if target.at_least else "≤"
    row = {"name": target.name, "target": f"{sign} {target.bound:g}", "measured": None, "reached": None}
    try:
        figure = target.figure(found)
    except LookupError:
        return row
    reached = figure >= target.bound if target.at_least else figure <= target.bound
    return row | {"measured": figure, "reached": reached}


def table(judged: list[dict[str, Any]]) -> list[list[str]]:
    """Rows: promise, measured, reached."""
    rows = [["promised", "target", "measured", "reached"]]
    for one in judged:
        measured = "–" if one["measured"] is None else f"{one['measured']:.3g}"
        rows.append([one["name"], one["target"], measured, _REACHED[one["reached"]]])
    return rows
