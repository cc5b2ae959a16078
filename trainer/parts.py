"""The parts of a run, one for each split of a protocol, and what they reach together."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tagger.inference.artefact import Artefact
from tagger.inference.card import Card, HeldOut
from trainer import abstain, answers, evaluate
from trainer.answers import Answers
from trainer.data.drawing import OPEN
from trainer.data.material import Material
from trainer.recipe import Recipe

# Fewer artists can promise nothing, as a quarter of them goes into the scale.
_LEAST_EVIDENCE = 120


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


def scored(card: Card, parts: Sequence[Part], scores: Mapping[str, Any]) -> Card:
    """A card with the scores of the models that were judged, and with what promises on errors rest on.

    Args:
        card: Of the model that is kept.
        parts: The models of the last protocol.
        scores: Those of all protocols; the last one's are the card's own.
    """
    split = parts[0].data.split
    protocols = {name: _told(judged) for name, judged in scores["protocols"].items()}
    of_card: dict[str, Any] = dict(protocols[split.protocol])
    if len(protocols) > 1:
        of_card["protocols"] = {
            name: {key: scores["protocols"][name][key] for key in ("leaky", "leaked")} | one
            for name, one in protocols.items()
        }
    if "baseline" in scores and not split.leaky:
        of_card["baseline"] = scores["baseline"]
    of_card |= {"models": len(parts), "finished": all(part.finished for part in parts)}
    said = abstain.one_of_each_group(answers.joined([part.tracks for part in parts]))
    evidence = _held_out(parts, said)
    if evidence is not None:
        of_card["promises"] = abstain.cross_checked(said)
    return dataclasses.replace(card, scores=of_card, held_out=evidence)


def _told(judged: Mapping[str, Any]) -> dict[str, Any]:
    """Scores as cards hold them: without the points of curves."""
    return {
        unit: {name: score for name, score in judged[unit].items() if name != "curves"}
        for unit in ("per_track", "per_window")
    }


def _held_out(parts: Sequence[Part], said: Answers) -> HeldOut | None:
    """One test track of each artist or source track as evidence; None where they prove nothing."""
    if any(part.data.split.is_too_high or not part.finished for part in parts) or len(said) < _LEAST_EVIDENCE:
        return None
    data = parts[0].data
    left_out = "corpus" if data.split.protocol == "corpora" else "artist"
    n_unjudged = sum(one.clip.target == OPEN for one in data.unjudged)
    source = (
        f"a test track of each artist by the protocol {data.split.protocol}, named by a model of the same "
        f"recipe that never heard its {left_out}"
    )
    if n_unjudged:
        source += f"; {n_unjudged} tracks whose labels leave several genres open are not among them"
    return abstain.held_out(*abstain.parted(said), source)
