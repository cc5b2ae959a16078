"""Which verdicts a person should look at first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
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


def doubt(
    found: Tagged, threshold: Callable[[str], float], meant: Callable[[str], Iterable[str]]
) -> Doubt | None:
    """Tell whether a verdict is doubtful: there is none, the file's own tag says otherwise, or it is too weak.

    Args:
        found: The verdict, and what stands in the file.
        threshold: Confidence from which a genre of the model is more likely right than wrong, 0 to 1.
        meant: Genres of the verdict that a tag may stand for; none where it is beyond what the model knows, so
            that nothing can be said of it.

    Returns:
        None for a verdict that nothing speaks against.
    """
    verdict = found.verdict
    sure, percent = verdict.confidence, f"{100 * verdict.confidence:.0f} %"
    if verdict.genre is None:
        return Doubt(3 - sure, "don't know", verdict.reason)
    said = found.tags_before or ()
    others = {spelling.key(genre) for text in said for genre in meant(text)}
    if others and spelling.key(verdict.genre) not in others:
        share = sum(one.probability for one in verdict.scores if spelling.key(one.genre) in others)
        # The less is left for what the tag says, the more surely one of the two is wrong.
        reason = f"the file says {', '.join(said)}, heard {verdict.genre} {percent}"
        return Doubt(1 + max(0.0, sure - share), "disagrees", reason)
    if sure < threshold(verdict.genre):
        return Doubt(1 - sure, "unsure", f"only {percent} sure")
    return None
