"""Which verdicts a person should look at first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tagger.records import Tagged
from tagger.sinks.tags import spelling


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a verdict is doubtful.

    Attributes:
        weight: How much so, 0 to 3; the most doubtful first.
        kind: "don't know", "disagrees" with the tag that is there, or "unsure".
        reason: In words.
    """

    weight: float
    kind: str
    reason: str


def doubt(found: Tagged, threshold: Callable[[str], float]) -> Doubt | None:
    """Tell whether a verdict is doubtful: there is none, the file's own tag says otherwise, or it is too weak.

    A genre in the tags counts only where it is one that the model can say: of others the model knows nothing.

    Args:
        found: The verdict, and what stands in the file.
        threshold: Confidence from which a genre of the model is more likely right than wrong, 0 to 1.

    Returns:
        None for a verdict that nothing speaks against.
    """
    verdict = found.verdict
    sure, percent = verdict.confidence, f"{100 * verdict.confidence:.0f} %"
    others = _others(found)
    if verdict.genre is None:
        return Doubt(3 - sure, "don't know", verdict.reason)
    if others:
        said = ", ".join(others)
        shares = [
            one.probability for one in verdict.scores if spelling.key(one.genre) in map(spelling.key, others)
        ]
        # The less is left for what the tag says, the more surely one of the two is wrong.
        return Doubt(1 + sure - max(shares), "disagrees", f"the file says {said}, heard {percent}")
    if sure < threshold(verdict.genre):
        return Doubt(1 - sure, "unsure", f"only {percent} sure")
    return None


def _others(found: Tagged) -> list[str]:
    """Genres in the file that the model could have said, if the one it said is not among them."""
    known = {spelling.key(one.genre) for one in found.verdict.scores}
    said = [genre for genre in found.tags_before or () if spelling.key(genre) in known]
    heard = spelling.key(found.verdict.genre or "")
    return [] if heard in map(spelling.key, said) else said
