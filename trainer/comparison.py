"""What runs reached, side by side, and what differs between them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tagger.errors import SettingsError
from trainer import documents, runs
from trainer.runs import Run

TITLES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy (macro recall)",
    "macro_f1": "macro F1",
    "weighted_f1": "weighted F1",
    "macro_precision": "macro precision",
    "top_2_accuracy": "top-2 accuracy",
    "top_3_accuracy": "top-3 accuracy",
    "any_label_accuracy": "any-label accuracy",
    "roc_auc": "ROC-AUC, one against the rest",
    "expected_calibration_error": "expected calibration error",
    "brier_score": "Brier score",
}
"""What people call the scores that have an interval, in the order in which they are shown."""

SHARES = frozenset(TITLES) - {"roc_auc", "brier_score"}
"""Those that are shown in per cent."""

_FEW_GROUPS = 20
_ENDS = ("value", "low", "high")
_BY_CORPUS = ("accuracy", "macro_f1")


def listed(place: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """The rows of all runs in a folder, and a sentence on each folder that is passed over."""
    found, notes = runs.find_all(place)
    rows = []
    for run in found:
        try:
            rows += summaries(run)
        except SettingsError as error:
            notes.append(f"{error.message}: passed over")
    return rows, notes


def summaries(run: Run) -> list[dict[str, Any]]:
    """What a list of runs says of a run, one row for each protocol that it was judged by, one at least.

    Raises:
        SettingsError: Its scores are damaged.
    """
    log, judged = runs.epochs(run), reached(run) or {run.protocol: {}}
    head = {
        "name": run.name,
        "started": run.started,
        "recipe": run.recipe,
        "dataset": run.dataset,
        "status": run.status,
        "epochs": log[-1]["number"] if log else 0,
        "seconds": run.seconds,
    }
    return [head | {"protocol": name} | _headline(one) for name, one in judged.items()]


def reached(run: Run) -> dict[str, dict[str, Any]]:
    """What a run reached, by protocol.

    Raises:
        SettingsError: The file is damaged.
    """
    found = runs.read_scores(run).get("protocols", {})
    if not isinstance(found, dict) or not all(map(_is_whole, found.values())):
        raise SettingsError(
            f"{run.folder / runs.SCORES}: damaged: protocols without their scores", hint=documents.HINT
        )
    return found


def _is_whole(judged: Any) -> bool:
    """Whether what is kept of a protocol is what is shown of it, as far as it is there."""
    if not isinstance(judged, dict):
        return False
    units = [judged.get(unit, {}) for unit in ("per_track", "per_window")]
    if not all(isinstance(unit, dict) for unit in units):
        return False
    scores = [unit[name] for unit in units for name in TITLES if name in unit]
    return all(_has(score, _ENDS) for score in scores) and all(
        _parts_are_whole(unit.get(f"{name}_by_corpus", {}), name)
        and set(unit.get(f"{name}_by_corpus", {})) <= set(unit.get("accuracy_by_corpus", {}))
        for unit in units
        for name in _BY_CORPUS
    )


def _parts_are_whole(parts: Any, score: str) -> bool:
    """Whether a score is there for each corpus, with both ends of its interval or with none."""
    return isinstance(parts, dict) and all(
        isinstance(one, dict) and _has(one, (score, "low", "high") if "low" in one else (score,))
        for one in parts.values()
    )


def _has(score: Any, names: Sequence[str]) -> bool:
    return isinstance(score, dict) and all(isinstance(score.get(name), float | int) for name in names)


def caution(unit: Mapping[str, Any]) -> str:
    """A sentence on the intervals of scores that rest on few artists or source tracks; else empty.

    Draws of so few differ less than other samples of artists would: Hesterberg, What Teachers Should Know About
    the Bootstrap, The American Statistician, 2015.
    """
    n_groups = unit.get("n_groups", _FEW_GROUPS)
    if n_groups >= _FEW_GROUPS:
        return ""
    return f"With so few artists or source tracks ({n_groups}) the intervals are too narrow"


def _headline(judged: Mapping[str, Any]) -> dict[str, Any]:
    track = judged.get("per_track") or {}
    return {
        "leaky": bool(judged.get("leaky", False)),
        "accuracy": track.get("accuracy"),
        "macro_f1": track.get("macro_f1"),
        "n_tracks": track.get("n"),
    }


def ordered(rows: Sequence[Mapping[str, Any]], key: str) -> list[Mapping[str, Any]]:
    """Rows of `summaries` by one of `SORTS`: scores best first, all else ascending, what is unknown last.

    Raises:
        SettingsError: There is no such order.
    """
    if key not in SORTS:
        raise SettingsError(f"{key}: runs cannot be sorted so", hint=f"sort by {', '.join(SORTS)}")
    return sorted(rows, key=SORTS[key])


def _score(name: str) -> Callable[[Mapping[str, Any]], Any]:
    return lambda row: -row[name]["value"] if row[name] else 1.0


SORTS: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "started": lambda row: row["started"],
    "accuracy": _score("accuracy"),
    "macro-f1": _score("macro_f1"),
    "recipe": lambda row: row["recipe"],
    "dataset": lambda row: row["dataset"],
    "protocol": lambda row: row["protocol"],
    "time": lambda row: float("inf") if row["seconds"] is None else row["seconds"],
}


def side_by_side(compared: Sequence[Run]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Scores by protocol, and "per_track" or "per_window" → each run's, or empty; leaks are named.

    Where corpora were left out, the scores of each of them follow.

    Raises:
        SettingsError: Those of a run are damaged.
    """
    judged = [reached(run) for run in compared]
    protocols = dict.fromkeys(itertools.chain.from_iterable(judged))
    found = {
        (_warned(protocol, judged), unit): [one.get(protocol, {}).get(unit) or {} for one in judged]
        for protocol in protocols
        for unit in ("per_track", "per_window")
    }
    tested = [by_corpus(one.get("corpora", {}).get("per_track") or {}) for one in judged]
    found |= {
        (f"corpora, {name} alone", "per_track"): [one.get(name, {}) for one in tested]
        for name in dict.fromkeys(itertools.chain.from_iterable(tested))
    }
    return {name: scores for name, scores in found.items() if any(scores)}


def by_corpus(judged: Mapping[str, Any]) -> dict[str, dict[str, dict[str, float]]]:
    """Accuracy and macro F1 in each corpus that was judged, as far as their intervals are known."""
    found: dict[str, dict[str, dict[str, float]]] = {name: {} for name in judged.get("accuracy_by_corpus", {})}
    for score in _BY_CORPUS:
        for name, one in judged.get(f"{score}_by_corpus", {}).items():
            if "low" in one:
                found[name][score] = {"value": one[score], "low": one["low"], "high": one["high"]}
    return found


def _warned(protocol: str, judged: Sequence[Mapping[str, Any]]) -> str:
    return f"{protocol}, LEAKED" if any(one.get(protocol, {}).get("leaky") for one in judged) else protocol


def differences(compared: Sequence[Run]) -> dict[str, list[Any]]:
    """What differs between runs: dataset, protocol, seed, backend, numbers of the recipe → each run's value."""
    facts = [
        {"dataset": run.dataset, "protocol": run.protocol, "seed": run.seed, "backend": run.backend}
        | dict(flat(run.recipe_numbers, "recipe."))
        for run in compared
    ]
    names = dict.fromkeys(itertools.chain.from_iterable(facts))
    values = {name: [one.get(name) for one in facts] for name in names}
    return {name: row for name, row in values.items() if any(value != row[0] for value in row)}


def flat(values: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    """Numbers of nested mappings by their names, joined by points."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def shown(name: str, value: float) -> str:
    """A score for people: in per cent without the sign, or as it is."""
    return f"{100 * value:.1f}" if name in SHARES else f"{value:.3f}"


def with_interval(name: str, score: Mapping[str, float] | None) -> str:
    """A score with its interval, as "62.8 (53.9–70.5)"; a dash where it is not known."""
    if score is None:
        return "–"
    return f"{shown(name, score['value'])} ({shown(name, score['low'])}–{shown(name, score['high'])})"
