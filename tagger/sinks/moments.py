"""A live source as JSON Lines for other programs.

Format version 1. UTF-8, one object per line, flushed at once. Every moment has "event": "moment", and

    format          1
    time            when it was told: ISO 8601, UTC
    end_seconds     where its window ends, in seconds of the source, gaps included
    told            what people are told: the genre, "don't know", "silent" or "clipped"
    genre           the genre that is shown; null for none
    confidence      probability of that genre, 0 to 1; null for none
    genres          [{"genre": …, "probability": …}, …] by the rolling vote, strongest first
    reason          why there is no genre; empty if there is one
    new             whether another piece, or another genre, begins here
    level_db        RMS level of the window
    clipped         whether samples of it are at the limit of what the source can tell
    behind_seconds  how long after its last sample it was told
    lost_seconds    audio lost so far: gaps and what was dropped

The last line has "event": "summary", "time", "lost_seconds", "shares" (seconds of each thing that was told),
and the verdict over all that was heard, with the keys of a line of `tagger scan --json` but those about tags.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tagger.records import Moment, Result
from tagger.sinks import report

FORMAT_VERSION = 1

_OF_TAGS = frozenset({"tags_before", "tags_after", "written"})


def moment_row(moment: Moment, top_k: int) -> dict[str, Any]:
    """The object of a moment, with as many genres as are wanted."""
    of_shown = (score.probability for score in moment.scores if score.genre == moment.genre)
    confidence = next(of_shown, None)
    return {
        "event": "moment",
        "format": FORMAT_VERSION,
        "time": report.now(),
        "end_seconds": round(moment.end_seconds, 3),
        "told": moment.told,
        "genre": moment.genre,
        "confidence": None if confidence is None else round(confidence, 4),
        "genres": [
            {"genre": score.genre, "probability": round(score.probability, 4)}
            for score in moment.scores[:top_k]
        ],
        "reason": moment.reason,
        "new": moment.is_new,
        "level_db": round(moment.level_db, 1),
        "clipped": moment.is_clipped,
        "behind_seconds": round(moment.behind_seconds, 3),
        "lost_seconds": round(moment.lost_seconds, 3),
    }


def summary_row(
    result: Result, top_k: int, *, source: str, shares: Mapping[str, float], lost_seconds: float
) -> dict[str, Any]:
    """The object of the end.

    Args:
        result: The verdict over all that was heard.
        top_k: How many genres are wanted.
        source: What was heard.
        shares: Seconds of each thing that was told.
        lost_seconds: How much was not heard.
    """
    fields = report.fields(result, top_k)
    return {
        "event": "summary",
        "time": report.now(),
        **{name: value for name, value in fields.items() if name not in _OF_TAGS},
        "format": FORMAT_VERSION,
        "path": source,
        "lost_seconds": round(lost_seconds, 3),
        "shares": {title: round(seconds, 3) for title, seconds in shares.items()},
    }
