"""What a user is told in a line: of each recipe, and of what a run reached."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from trainer import comparison
from trainer.recipe import Recipe

if TYPE_CHECKING:
    from trainer.train import Trained


def listed(known: Iterable[Recipe]) -> Iterator[tuple[str, str, str, str]]:
    """Name, description, first reported score and the protocol it was taken by, of recipes, for a table."""
    for recipe in known:
        told = recipe.reported
        if told is None:
            yield recipe.name, recipe.description, "", ""
            continue
        name, score = next(iter(told.scores.items()))
        leak = ": leaky" if told.like == "windows" else ""
        shown = name.replace("_", " ").replace("f1", "F1")
        yield recipe.name, recipe.description, f"{shown} {score:.1%}", told.like + leak


def of_run(trained: Trained) -> Iterator[str]:
    """Sentences on what a run reached, the most honest last."""
    protocols = trained.scores["protocols"]
    for name, judged in protocols.items():
        track, window = judged["per_track"]["accuracy"], judged["per_window"]["accuracy"]
        told = f"{name}: accuracy {_interval(track)} per track, {_interval(window)} per window"
        why = (
            f"{judged['leaked']} test recordings are" if judged.get("leaked") else "windows of test tracks are"
        )
        yield told + (f": LEAKY, {why} on another side as well" if judged["leaky"] else "")
        for corpus, one in (comparison.by_corpus(judged["per_track"]) if name == "corpora" else {}).items():
            yield f"{corpus} left out: accuracy {_interval(one['accuracy'])} per track"
    if yardstick := trained.scores.get("baseline"):
        yield f"yardstick, {yardstick['model']}: {_interval(yardstick['per_track']['accuracy'])} per track"
    if caution := next(filter(None, (comparison.caution(one["per_track"]) for one in protocols.values())), ""):
        yield caution
    yield f"{trained.folder}: `tagger scan --model {trained.folder} PATH` uses it"


def _interval(score: Mapping[str, float]) -> str:
    return f"{score['value']:.1%} ({score['low']:.1%} to {score['high']:.1%})"
