"""The parts of a run, one for each split of a protocol, and what they reach together."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tagger.inference.artefact import Artefact
from tagger.inference.card import Card
from trainer import answers, evaluate
from trainer.answers import Answers
from trainer.data.material import Material
from trainer.recipe import Recipe


@dataclass(frozen=True, eq=False)
class Part:
    """A model of one split, and what it answers to the test side.

    Attributes:
        data: What it learned from.
        artefact: Its model folder.
        finished: Whether training ran to its end.
        windows: Answers per window.
        tracks: Answers per track.
        yardstick: Answers per track of the yardstick model; None where a recording is on two sides.
    """

    data: Material
    artefact: Artefact
    finished: bool
    windows: Answers
    tracks: Answers
    yardstick: Answers | None


def scores(parts: Sequence[Part]) -> dict[str, Any]:
    """Scores of a protocol, over the test sides of all its splits."""
    tracks, windows = (answers.joined([getattr(one, name) for one in parts]) for name in ("tracks", "windows"))
    thresholds = parts[0].artefact.card.thresholds
    return {
        "leaky": any(one.data.split.is_too_high for one in parts),
        "leaked": sum(one.data.split.n_leaked for one in parts),
        "how": _how([one.data for one in parts]),
        "per_window": evaluate.of_answers(windows) | {"curves": evaluate.curves(windows)},
        "per_track": evaluate.of_answers(tracks)
        | {
            "curves": evaluate.curves(tracks),
            "written": evaluate.written(tracks, thresholds),
            "without_verdict": sum(len(one.data.side("test")) for one in parts) - len(tracks),
        },
    }


def _how(data: Sequence[Material]) -> str:
    """How a protocol split, for people."""
    first = data[0]
    if first.split.left_out:
        return "; ".join(one.split.how for one in data)
    if first.split.leaky:
        return (
            f"{first.split.how}; {first.n_parted} of {len(first.examples)} tracks have windows on two or more"
        )
    if len(data) == 1:
        return first.split.how
    n_leaked = sum(one.split.n_leaked for one in data)
    leaked = f"; {n_leaked} test recordings are on another side as well" if n_leaked else ""
    return f"{len(data)} folds, each the test once{leaked}"


def yardstick(parts: Sequence[Part], recipe: Recipe) -> dict[str, Any]:
    """Scores of the yardstick on the same splits."""
    said = answers.joined([one.yardstick for one in parts if one.yardstick is not None])
    return {
        "model": f"logistic regression on the mean of {recipe.baseline_coefficients} MFCCs",
        "per_track": evaluate.of_answers(said),
    }


def card(parts: Sequence[Part], scores: Mapping[str, Any]) -> Card:
    """The card of the first part's model, with the scores of all parts."""
    judged = scores["protocols"][parts[0].data.split.protocol]
    of_card = {
        unit: {name: score for name, score in judged[unit].items() if name != "curves"}
        for unit in ("per_track", "per_window")
    }
    if "baseline" in scores and not parts[0].data.split.leaky:
        of_card["baseline"] = scores["baseline"]
    told = {"models": len(parts), "finished": all(part.finished for part in parts)}
    return dataclasses.replace(parts[0].artefact.card, scores=of_card | told)
