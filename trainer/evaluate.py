"""Scores of answers, see `trainer.answers`, as plain data."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer import confusion, intervals, metrics
from trainer.answers import Answers
from trainer.intervals import Draws, Interval
from trainer.metrics import Floats, Indices

_N_CURVE_POINTS = 100
_N_WORST = 12


def of_answers(said: Answers) -> dict[str, Any]:
    """Scores of answers: of `scores`, of `by_corpus`, and where rows have several labels by any of these."""
    found = scores(said.y_true, said.y_prob, said.groups, said.genres) | by_corpus(said)
    if (said.accepted.sum(axis=1) > 1).any():
        right = said.accepted[np.arange(len(said)), said.y_pred]
        found["any_label_accuracy"] = _plain(intervals.interval(Draws(said.groups).means(right)))
    return found


def scores(y_true: Indices, y_prob: Floats, groups: NDArray[Any], genres: Sequence[str]) -> dict[str, Any]:
    """Scores as plain data; those with an interval as `value`, `low` and `high`.

    Args:
        y_true: True genres, shape (n,).
        y_prob: Probabilities, shape (n, n_genres).
        groups: Artist or source track of each row, shape (n,); intervals are taken over these.
        genres: Their names.
    """
    y_pred = y_prob.argmax(axis=1)
    found = intervals.of_scores(y_true, y_prob, Draws(groups))
    return {
        "n": len(y_true),
        "n_groups": len(np.unique(groups)),
        **{name: _plain(one) for name, one in found.items() if name != "cross_entropy"},
        "cross_entropy": found["cross_entropy"].value,
        "per_genre": dict(zip(genres, metrics.per_genre(y_true, y_pred, len(genres)), strict=True)),
        "confusion_matrix": metrics.confusion_matrix(y_true, y_pred, len(genres)).tolist(),
    }


def written(said: Answers, thresholds: Mapping[str, float]) -> dict[str, Any]:
    """What `--write-tags` would do: share of tracks that get a genre, and of these, that get the right one.

    Args:
        said: Answers per track.
        thresholds: Confidence from which each genre is written.
    """
    least = np.array([thresholds[genre] for genre in said.genres])
    found = intervals.of_selection(said.y_true, said.y_prob, least, Draws(said.groups))
    return {name: _plain(one) for name, one in found.items()}


def curves(said: Answers) -> dict[str, Any]:
    """What pictures are drawn from, as plain data.

    Returns:
        `roc`: by genre, `false_positive_rate` and `true_positive_rate`, at most 101 points, and `area`;
        `reliability`: bins with `confidence`, `accuracy`, `n`; `selection`: `coverage`, `accuracy` and
        `threshold`, at most 101 points; `mistakes`: the surest wrong answers with `name`, `truth`, `answer`,
        `confidence`.
    """
    found = metrics.roc_curves(said.y_true, said.y_prob)
    coverage, accuracy, threshold = metrics.selective_curve(said.y_true, said.y_prob)
    chosen = _spread(len(coverage))
    return {
        "roc": {said.genres[genre]: _thinned(curve) for genre, curve in found.items()},
        "reliability": metrics.reliability(said.y_true, said.y_prob),
        "selection": {
            "coverage": _rounded(coverage[chosen]),
            "accuracy": _rounded(accuracy[chosen]),
            "threshold": _rounded(threshold[chosen]),
        },
        "mistakes": _mistakes(said),
    }


def by_corpus(said: Answers) -> dict[str, Any]:
    """Scores in each corpus, with their intervals: one that a model tells apart shows here.

    Returns:
        `accuracy_by_corpus`: by name, `accuracy`, its `low` and `high`, and the number of rows, `n`;
        `macro_f1_by_corpus`: by name, `macro_f1`, the mean over the genres that its rows have, its `low` and
        `high`, and the number of these genres, `n_genres`.
    """
    accuracy, macro_f1 = {}, {}
    for name in sorted(set(said.corpora)):
        own = said.corpora == name
        y_true, y_prob, draws = said.y_true[own], said.y_prob[own], Draws(said.groups[own])
        matrices = intervals.confusion_matrices(y_true, y_prob, draws)
        right, f1 = (
            _plain(intervals.interval(of(matrices))) for of in (confusion.accuracy, confusion.macro_f1)
        )
        accuracy[str(name)] = {"accuracy": right.pop("value"), **right, "n": int(own.sum())}
        macro_f1[str(name)] = {"macro_f1": f1.pop("value"), **f1, "n_genres": len(np.unique(y_true))}
    return {"accuracy_by_corpus": accuracy, "macro_f1_by_corpus": macro_f1}


def confusions(matrix: Sequence[Sequence[int]], genres: Sequence[str]) -> list[dict[str, Any]]:
    """Which genres are taken for which, most often first: `truth`, `answer`, `n`, `share` of the truth."""
    counts = np.array(matrix)
    support = counts.sum(axis=1)
    pairs = [(t, p) for t in range(len(genres)) for p in range(len(genres)) if t != p and counts[t, p]]
    pairs.sort(key=lambda pair: (-counts[pair], -counts[pair] / support[pair[0]]))
    return [
        {
            "truth": genres[t],
            "answer": genres[p],
            "n": int(counts[t, p]),
            "share": float(counts[t, p] / support[t]),
        }
        for t, p in pairs[:_N_WORST]
    ]


def _mistakes(said: Answers) -> list[dict[str, Any]]:
    confidence = said.y_prob.max(axis=1)
    wrong = np.flatnonzero(said.y_pred != said.y_true)
    return [
        {
            "name": str(said.names[row]),
            "truth": said.genres[said.y_true[row]],
            "answer": said.genres[said.y_pred[row]],
            "confidence": round(float(confidence[row]), 4),
        }
        for row in wrong[np.argsort(-confidence[wrong], kind="stable")][:_N_WORST]
    ]


def _thinned(curve: metrics.RocCurve) -> dict[str, Any]:
    chosen = _spread(len(curve.false_positive_rate))
    return {
        "false_positive_rate": _rounded(curve.false_positive_rate[chosen]),
        "true_positive_rate": _rounded(curve.true_positive_rate[chosen]),
        "area": curve.area,
    }


def _spread(n: int) -> Indices:
    """Places of at most 101 points of a curve, spread evenly, its ends among them."""
    return np.unique(np.linspace(0, n - 1, min(n, _N_CURVE_POINTS + 1)).round().astype(np.intp))


def _rounded(values: Floats) -> list[float]:
    return [round(float(value), 4) for value in values]


def _plain(interval: Interval) -> dict[str, float]:
    return dataclasses.asdict(interval)
