"""May a file's genres be written, and which? Pure functions over what stands in the file and what was heard."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from tagger import errors
from tagger.records import UNCHANGED, Score, below
from tagger.sinks.tags import spelling

_SEVERAL_RATIO = 0.5


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do about the tags of one file.

    Attributes:
        genres: All genres to write; None to leave the file alone.
        reason: Why, one sentence without a full stop.
    """

    genres: tuple[str, ...] | None
    reason: str


Broader: TypeAlias = Callable[[str, str], bool]
"""Whether the first genre is an ancestor of the second in the user's tree."""

Policy: TypeAlias = Callable[[tuple[str, ...], tuple[str, ...], Broader], Decision]


def pick(scores: Sequence[Score], *, multi: int | None, ratio: float | None) -> tuple[str, ...]:
    """Pick the genres that are worth writing.

    Args:
        scores: What was heard and may be written, strongest first; equals stay in their order.
        multi: Most genres to pick; None for any number where there is a `ratio`, else for the strongest alone.
        ratio: Least share of the strongest probability, 0 to 1; None for a half where there is a `multi`, so
            that a number alone writes nothing that was barely heard.
    """
    if multi is None and ratio is None:
        return tuple(score.genre for score in scores[:1])
    least = _SEVERAL_RATIO if ratio is None else ratio
    strong = [score.genre for score in scores if score.probability >= least * scores[0].probability]
    return tuple(strong[:multi])


def decide(
    before: tuple[str, ...] | None,
    genres: tuple[str, ...],
    confidence: float,
    *,
    policy: str,
    threshold: float,
    broader: Broader = lambda one, other: False,
) -> Decision:
    """Decide what to write into a file.

    A genre that is there already under another spelling is there: the user's spelling stays. So do several in
    one text, such as "Rock; Pop".

    Args:
        before: Genres in the file; None if its tags cannot be read.
        genres: What was heard, strongest first; none for "don't know", which never changes anything.
        confidence: Probability of the strongest, 0 to 1.
        policy: A key of `POLICIES`.
        threshold: Confidence below which nothing is written, 0 to 1.
        broader: Tells what a finer genre may take the place of, for "only-generic".

    Raises:
        SettingsError: There is no such policy.
    """
    if policy not in POLICIES:
        raise errors.SettingsError(f"unknown policy: {policy}", hint=f"choose one of {', '.join(POLICIES)}")
    if not genres:
        return Decision(None, "don't know")
    if before is None:
        return Decision(None, "its tags cannot be read")
    wanted = _missing(_telling(genres), ())
    if not wanted:
        return Decision(None, f"heard only {_listed(genres)}, which says nothing")
    decision = POLICIES[policy](before, wanted, broader)
    if _keys(before) == _keys(wanted) or decision.genres == before:
        return Decision(None, UNCHANGED)
    if confidence < threshold:
        return Decision(None, below(confidence, threshold))
    return decision


def _only_missing(before: tuple[str, ...], genres: tuple[str, ...], broader: Broader) -> Decision:
    if not all(map(spelling.says_nothing, before)):
        return Decision(None, "already has a genre")
    return Decision(genres, _had_only(before))


def _only_generic(before: tuple[str, ...], genres: tuple[str, ...], broader: Broader) -> Decision:
    def is_vague(genre: str) -> bool:
        return spelling.says_nothing(genre) or spelling.is_generic(genre) or broader(genre, genres[0])

    if not all(map(is_vague, before)):
        return Decision(None, "already has a genre")
    return Decision(genres, _had_only(before))


def _replace(before: tuple[str, ...], genres: tuple[str, ...], broader: Broader) -> Decision:
    return Decision(genres, f"replaces {_listed(before)}" if before else "had no genre")


def _append(before: tuple[str, ...], genres: tuple[str, ...], broader: Broader) -> Decision:
    kept = _telling(before)
    new = _missing(genres, kept)
    if not new:
        return Decision(before, UNCHANGED)
    return Decision((*kept, *new), f"adds {_listed(new)} to {_listed(kept)}" if kept else _had_only(before))


def _prepend(before: tuple[str, ...], genres: tuple[str, ...], broader: Broader) -> Decision:
    kept = _telling(before)
    new = _missing(genres, kept)
    if not new:
        return Decision(before, UNCHANGED)
    return Decision((*new, *kept), f"puts {_listed(new)} before {_listed(kept)}" if kept else _had_only(before))


POLICIES: Mapping[str, Policy] = MappingProxyType(
    {
        "only-missing": _only_missing,
        "only-generic": _only_generic,
        "replace": _replace,
        "append": _append,
        "prepend": _prepend,
    }
)
"""What a policy makes of genres in the file and genres that were heard and are sure enough."""


def _keys(genres: Iterable[str]) -> list[str]:
    """The keys of genres, and of several in one text each."""
    return [spelling.key(part) for genre in genres for part in genre.split(";") if part.strip()]


def _missing(genres: tuple[str, ...], before: tuple[str, ...]) -> tuple[str, ...]:
    """The genres that are not among those before, each once."""
    there, new = {*_keys(before), *map(spelling.key, before)}, dict[str, str]()
    for genre in genres:
        if spelling.key(genre) not in there:
            new.setdefault(spelling.key(genre), genre)
    return tuple(new.values())


def _telling(genres: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(genre for genre in genres if not spelling.says_nothing(genre))


def _had_only(before: tuple[str, ...]) -> str:
    return f"had only {_listed(before)}" if before else "had no genre"


def _listed(genres: tuple[str, ...]) -> str:
    return ", ".join(f'"{genre}"' for genre in genres)
