"""Scores of a model folder, through tagger's own decode, windows, network and vote: the very path users run."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger import engine
from tagger.inference import calibrate, runtime
from tagger.inference.artefact import Artefact
from tagger.records import Track, Verdict
from trainer import metrics
from trainer.data import inputs
from trainer.data.inputs import Clip
from trainer.metrics import Floats, Indices
from trainer.recipe import Recipe

_BATCH = 64
_TOP = 3


def verdicts(artefact: Artefact, paths: Sequence[Path], *, jobs: int = 0) -> dict[Path, Verdict]:
    """What tagger says of files; those it has no verdict on are left out.

    Args:
        artefact: The model folder.
        paths: Sound files.
        jobs: Number of files decoded side by side; 0 means one for each core.
    """
    plan = engine.Plan(
        artefact=artefact,
        runtime=runtime.load(artefact, "onnx"),
        window_frames=artefact.card.window.frames,
        hop_frames=artefact.card.window.hop_frames,
        jobs=jobs or os.cpu_count() or 1,
    )
    heard = engine.hear((Track(path) for path in paths), plan)
    return {one.track.path: one for one in heard if isinstance(one, Verdict)}


def tracks(artefact: Artefact, paths: Sequence[Path], clips: Sequence[Clip]) -> dict[str, Any]:
    """Scores per track, by the very path users run.

    Args:
        artefact: The model folder.
        paths: The sound file of each clip.
        clips: What is true of each.
    """
    said = verdicts(artefact, paths)
    heard = [(said[path], clip) for path, clip in zip(paths, clips, strict=True) if path in said]
    y_true = np.array([clip.target for _, clip in heard])
    groups = np.array([clip.group for _, clip in heard])
    y_prob = _matrix([verdict for verdict, _ in heard], artefact.card.genres)
    of_corpora = _by_corpus(y_true, y_prob, [clip.corpus for _, clip in heard])
    return scores(y_true, y_prob, groups, artefact.card.genres) | {
        "written": _written(artefact, y_true, y_prob, groups),
        "without_verdict": len(paths) - len(heard),
        "accuracy_by_corpus": of_corpora,
    }


def windows(artefact: Artefact, clips: Sequence[Clip], recipe: Recipe) -> dict[str, Any]:
    """Scores per window, of the exported network on kept spectrograms.

    Args:
        artefact: The model folder.
        clips: Where the spectrograms are, and what is true of each.
        recipe: Length and distance of windows.
    """
    cut = inputs.cut(clips, recipe)
    network = runtime.load(artefact, "onnx")
    parts = [network.logits(cut.frames[start : start + _BATCH]) for start in range(0, len(cut.frames), _BATCH)]
    y_prob = calibrate.probabilities(np.concatenate(parts), artefact.card.calibration)
    y_true = np.array([clip.target for clip in clips])[cut.clips]
    groups = np.array([clip.group for clip in clips])[cut.clips]
    return scores(y_true, y_prob, groups, artefact.card.genres)


def scores(y_true: Indices, y_prob: Floats, groups: NDArray[Any], genres: Sequence[str]) -> dict[str, Any]:
    """All scores as plain data; those with an interval as `value`, `low` and `high`."""
    y_pred = y_prob.argmax(axis=1)
    with_interval: Mapping[str, tuple[Callable[..., float], NDArray[Any]]] = {
        "accuracy": (metrics.accuracy, y_pred),
        "macro_f1": (metrics.macro_f1, y_pred),
        "balanced_accuracy": (metrics.balanced_accuracy, y_pred),
        f"top_{_TOP}_accuracy": (lambda t, p: metrics.top_k_accuracy(t, p, _TOP), y_prob),
        "expected_calibration_error": (metrics.expected_calibration_error, y_prob),
    }
    return {
        "n": len(y_true),
        "n_groups": len(np.unique(groups)),
        **{
            name: dataclasses.asdict(metrics.interval(score, y_true, answer, groups=groups))
            for name, (score, answer) in with_interval.items()
        },
        "cross_entropy": metrics.cross_entropy(y_true, y_prob),
        "per_genre": dict(zip(genres, metrics.per_genre(y_true, y_pred, len(genres)), strict=True)),
        "confusion_matrix": metrics.confusion_matrix(y_true, y_pred, len(genres)).tolist(),
    }


def _written(artefact: Artefact, y_true: Indices, y_prob: Floats, groups: NDArray[Any]) -> dict[str, Any]:
    """What `--write-tags` would do: share of tracks that get a genre, and of these, that get the right one."""
    thresholds = np.array([artefact.card.thresholds[genre] for genre in artefact.card.genres])

    def right(t: Indices, p: Floats) -> float:
        return metrics.selective_accuracy(t, p, thresholds)

    share = metrics.interval(lambda p: metrics.coverage(p, thresholds), y_prob, groups=groups)
    accuracy = metrics.interval(right, y_true, y_prob, groups=groups)
    return {"coverage": dataclasses.asdict(share), "accuracy": dataclasses.asdict(accuracy)}


def _matrix(said: Sequence[Verdict], genres: Sequence[str]) -> Floats:
    """Probabilities in the order of the genres, shape (n_tracks, n_genres)."""
    of_genre = [{score.genre: score.probability for score in verdict.scores} for verdict in said]
    return np.array([[one[genre] for genre in genres] for one in of_genre])


def _by_corpus(y_true: Indices, y_prob: Floats, corpora: Sequence[str]) -> dict[str, dict[str, float]]:
    """Accuracy and number of tracks in each corpus: one that a model tells apart shows here."""
    right, names = y_prob.argmax(axis=1) == y_true, np.array(corpora)
    return {
        name: {"accuracy": float(right[names == name].mean()), "n": int((names == name).sum())}
        for name in sorted(set(corpora))
    }
