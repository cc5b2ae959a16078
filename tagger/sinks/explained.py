"""An explanation as JSON.

One object. Times are in seconds, levels in dB, probabilities and cells from 0 to 1.

    format          1
    path, status, genre, confidence, reason, duration_seconds, n_windows, model: as in `tagger.sinks.report`
    genres          [{"genre", "probability", "uncalibrated"}, …], strongest first
    temperature     what logits are divided by to calibrate them
    genre_order     the model's genres
    windows         [{"start_seconds", "end_seconds", "level_db", "probabilities"}, …], these in the order of
                    `genre_order`; null for a window that is too quiet to have a vote
    waveform        {"seconds_per_point", "lows", "highs"}
    excerpt         {"start_seconds", "seconds_per_frame", "band_hz", "spectrogram_db", "method", "winner",
                    "runner_up"}, the last two {"genre", "cells"}; spectrogram and cells are lists of frames,
                    each a list of bands, low ones first: means over some frames, so that there are 500 at most;
                    method is "integrated gradients" or "occlusion"
    deciding        [{"start_seconds", "end_seconds", "lead", "winner", "runner_up"}, …], most first: see
                    `tagger.explanation.Deciding`
    bands           [{"name", "low_hz", "high_hz", "change", "genre", "is_decisive"}, …], low ones first
    bands_told      which decided, in words
    n_tried         number of windows in which bands were tried
    tried_confidence  the winner's probability in these with all bands: what each "change" is a change of
    neighbours      [{"path", "similarity", "genre", "confidence", "tags"}, …], nearest first; null for what is
                    not known
    n_compared      number of recordings that were compared
    no_neighbours   why there are none, in words; null if there are
"""

from __future__ import annotations

import dataclasses
import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.explanation import Attribution, Explanation, Neighbour
from tagger.records import Tagged
from tagger.sinks import report, told

FORMAT_VERSION = 1

_OF_TAGS = frozenset({"tags_before", "tags_after", "written"})
_PLACES = 4
_MOST_FRAMES = 500


def row(found: Explanation) -> dict[str, Any]:
    """What JSON holds of an explanation: see the module."""
    uncalibrated = {score.genre: score.probability for score in found.raw}
    fields = report.fields(Tagged(found.verdict))
    genres = [one | {"uncalibrated": round(uncalibrated[one["genre"]], _PLACES)} for one in fields["genres"]]
    return {
        **{name: value for name, value in fields.items() if name not in _OF_TAGS},
        "format": FORMAT_VERSION,
        "genres": genres,
        "temperature": round(found.temperature, _PLACES),
        "genre_order": list(found.genres),
        "windows": _windows(found),
        "waveform": {
            "seconds_per_point": found.waveform.seconds_per_point,
            "lows": _numbers(found.waveform.lows),
            "highs": _numbers(found.waveform.highs),
        },
        "excerpt": _excerpt(found),
        "deciding": [_rounded(one) for one in found.deciding],
        "bands": [_rounded(one) | {"is_decisive": one.is_decisive} for one in found.bands],
        "bands_told": told.bands(found),
        "n_tried": found.n_tried,
        "tried_confidence": round(found.tried_confidence, _PLACES),
        "neighbours": [_neighbour(one) for one in found.neighbours],
        "n_compared": found.n_compared,
        "no_neighbours": found.no_neighbours or None,
    }


def _windows(found: Explanation) -> list[dict[str, Any]]:
    timeline = found.timeline
    return [
        {
            "start_seconds": round(float(start), 3),
            "end_seconds": round(float(end), 3),
            "level_db": round(float(level), 1),
            "probabilities": None if np.isnan(row).any() else _numbers(row),
        }
        for (start, end), level, row in zip(
            timeline.places, timeline.loudness_db, timeline.probabilities, strict=True
        )
    ]


def _excerpt(found: Explanation) -> dict[str, Any]:
    excerpt = found.excerpt
    n_each = -(-len(excerpt.spectrogram) // _MOST_FRAMES)

    def fewer(frames: NDArray[np.float32]) -> NDArray[np.float32]:
        starts = np.arange(0, len(frames), n_each)
        sizes = np.diff(np.append(starts, len(frames)))
        return (np.add.reduceat(frames, starts, axis=0) / sizes[:, None]).astype(np.float32)

    def of_genre(one: Attribution) -> dict[str, Any]:
        return {"genre": one.genre, "cells": _numbers(fewer(one.cells), 2)}

    return {
        "start_seconds": round(excerpt.start_seconds, 3),
        "seconds_per_frame": n_each * excerpt.seconds_per_frame,
        "band_hz": _numbers(excerpt.band_hz, 1),
        "spectrogram_db": _numbers(fewer(excerpt.spectrogram), 1),
        "method": excerpt.method,
        "winner": of_genre(excerpt.winner),
        "runner_up": of_genre(excerpt.runner_up),
    }


def _neighbour(one: Neighbour) -> dict[str, Any]:
    return _rounded(one) | {
        "path": None if one.path is None else os.fsdecode(one.path),
        "tags": None if one.tags is None else list(one.tags),
    }


def _rounded(one: Any) -> dict[str, Any]:
    """The fields of a record, numbers rounded."""
    fields = dataclasses.asdict(one)
    rounded = {name: round(value, _PLACES) for name, value in fields.items() if isinstance(value, float)}
    return fields | rounded


def _numbers(values: NDArray[Any], places: int = _PLACES) -> list[Any]:
    """An array as lists of numbers that are as short as they are exact."""
    if values.ndim > 1:
        return [_numbers(one, places) for one in values]
    return [round(float(value), places) for value in values]
