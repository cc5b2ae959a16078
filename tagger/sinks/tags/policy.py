"""May this genre be written? Pure functions over what stands in the file and what was heard."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from tagger import errors

_SAYS_NOTHING = frozenset({"", "unknown", "other"})
_NUMBERS = re.compile(r"\d+|(\(\d+\))+")


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do about the tags of one file.

    Attributes:
        genres: The genres to write; None to leave the file alone.
        reason: Why, one sentence without a full stop.
    """

    genres: tuple[str, ...] | None
    reason: str


Policy: TypeAlias = Callable[[tuple[str, ...], str], Decision]


def decide(
    before: tuple[str, ...] | None, genre: str | None, confidence: float, *, policy: str, threshold: float
) -> Decision:
    """Decide what to write into a file.

    Args:
        before: Genres in the file; None if its tags cannot be read.
        genre: What was heard; None for "don't know", which never changes anything.
        confidence: Probability of `genre`, 0 to 1.
        policy: A key of `POLICIES`.
        threshold: Confidence below which nothing is written, 0 to 1.

    Raises:
        SettingsError: There is no such policy.
    """
    if policy not in POLICIES:
        raise errors.SettingsError(f"unknown policy: {policy}", hint=f"choose one of {', '.join(POLICIES)}")
    if genre is None:
        return Decision(None, "don't know")
    if before is None:
        return Decision(None, "its tags cannot be read")
    if before == (genre,):
        return Decision(None, "already has this genre")
    if confidence < threshold:
        return Decision(None, f"confidence {_whole_percent(confidence)} % is below {threshold * 100:g} %")
    return POLICIES[policy](before, genre)


def says_nothing(genre: str) -> bool:
    """Whether a genre in a file is a placeholder: blank, "Unknown", "Other", or a number such as "(12)"."""
    bare = genre.strip().casefold()
    return bare in _SAYS_NOTHING or _NUMBERS.fullmatch(bare) is not None


def _only_missing(before: tuple[str, ...], genre: str) -> Decision:
    if not all(map(says_nothing, before)):
        return Decision(None, "already has a genre")
    return Decision((genre,), f"had only {_listed(before)}" if before else "had no genre")


def _replace(before: tuple[str, ...], genre: str) -> Decision:
    return Decision((genre,), f"replaces {_listed(before)}" if before else "had no genre")


POLICIES: Mapping[str, Policy] = MappingProxyType({"only-missing": _only_missing, "replace": _replace})
"""What a policy makes of genres in the file and a genre that was heard and is sure enough."""


def _listed(genres: tuple[str, ...]) -> str:
    return ", ".join(f'"{genre}"' for genre in genres)


def _whole_percent(probability: float) -> int:
    """Rounded down, so that 49.7 % is never "50 % is below 50 %"; the inner rounding undoes 0.29 * 100."""
    return math.floor(round(probability * 100, 6))
