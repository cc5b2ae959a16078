"""Where the time goes, as a picture: one bar for each format, one colour for each step."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.bench.steps import STEPS

_PALE = "#56b4e9"  # white would be hard to read on it
# Seen on white and on black alike, and told apart by the colour-blind (after Okabe & Ito).
_COLOURS = ("#0072b2", _PALE, "#009e73", "#d55e00", "#cc79a7", "#b8a21a", "#8a8a8a")
_INK = "#7d7d7d"
_LEAST_LABELLED = 0.045  # of the longest bar
_STYLE = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 11,
    "svg.fonttype": "none",
    "svg.hashsalt": "tagger",
    "text.color": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "axes.labelcolor": _INK,
}


def draw(profile: Mapping[str, Any], file: Path) -> bool:
    """Draw the result of `steps.measure` as SVG; return whether Matplotlib is there to do it."""
    try:
        matplotlib, canvas = map(importlib.import_module, ("matplotlib", "matplotlib.figure"))
    except ModuleNotFoundError:
        return False
    by_kind = profile["seconds_an_hour"]
    kinds, longest = list(by_kind), max(_total(steps) for steps in by_kind.values())
    with matplotlib.rc_context(_STYLE):
        figure = canvas.Figure(figsize=(8, 0.9 + 0.55 * len(kinds)), layout="constrained")
        axes = figure.subplots()
        lefts = dict.fromkeys(kinds, 0.0)
        for step, colour in zip(STEPS, _COLOURS, strict=True):
            widths = {kind: max(0.0, by_kind[kind][step]) for kind in kinds}
            axes.barh(kinds, list(widths.values()), 0.6, list(lefts.values()), color=colour, label=step)
            label = "black" if colour == _PALE else "white"
            for kind, width in widths.items():
                if width > _LEAST_LABELLED * longest:
                    share = f"{width / _total(by_kind[kind]):.0%}"
                    axes.text(lefts[kind] + width / 2, kind, share, color=label, ha="center", va="center")
                lefts[kind] += width
        axes.invert_yaxis()
        axes.set_xlabel("seconds of one core for an hour of music")
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
        figure.legend(
            loc="outside upper center", ncols=len(STEPS), frameon=False, handlelength=1, columnspacing=1.2
        )
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    return True


def _total(steps: Mapping[str, float]) -> float:
    return sum(max(0.0, seconds) for seconds in steps.values())
