"""Windows of a live source → what is shown of it: a rolling vote that forgets, and does not flicker."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tagger.inference import vote
from tagger.inference.abstain import Rule
from tagger.inference.novelty import ChangePoints
from tagger.records import Score

Floats = NDArray[np.float64]

SILENT = f"silent: below {vote.SILENT_DB:g} dB"
"""Why a silent window has no genre."""

# Another genre is shown once it has led by so much, in so many windows one after the other.
_MARGIN = 0.05
_PATIENCE_WINDOWS = 2

# A change of mind soon after a beginning corrects it, and is no other beginning.
_SETTLING_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class State:
    """What is shown after a window.

    Attributes:
        scores: Every genre by the rolling vote, strongest first; empty before any window had a vote.
        genre: What is shown; None for "don't know".
        reason: Why there is no genre; empty if there is one.
        is_new: Whether another piece, or another genre, begins here.
    """

    scores: tuple[Score, ...] = ()
    genre: str | None = None
    reason: str = ""
    is_new: bool = False


class Rolling:
    """The rolling vote: the mean of all windows' probabilities, each weighing less the longer it is past.

    A window's weight falls to 1/e in `hold_seconds`, silence and gaps included. The genre that is shown changes
    at a change point, or when another leads clearly for some windows. It is named where the rule allows it;
    once it was not, only when the rule allows it for some windows.

    Args:
        genres: The model's, in its order.
        rule: Which genres are named.
        hold_seconds: Time constant of forgetting, > 0.

    Raises:
        ValueError: The time is out of range.
    """

    def __init__(self, genres: Sequence[str], rule: Rule, hold_seconds: float) -> None:
        if not hold_seconds > 0:
            raise ValueError(f"hold_seconds must be more than 0. Received: {hold_seconds}")
        self._genres, self._rule, self._hold_seconds = genres, rule, hold_seconds
        self._changes = ChangePoints()
        self._votes, self._suspected = _Fading(), _Fading()
        self._shown: int | None = None
        self._is_named = True
        self._n_challenging = self._n_nameable = 0
        self._seconds_since_new = 0.0

    def hear(self, probabilities: Floats, seconds: float) -> State:
        """Hear a window that has a vote.

        Args:
            probabilities: Shape (n_genres,), summing to 1.
            seconds: From the end of the window before to the end of this one, > 0.
        """
        self._pass(seconds)
        is_new = self._changes.hear(probabilities, seconds) or self._shown is None
        self._votes.add(probabilities)
        self._suspected.add(probabilities)
        if is_new:
            self._votes, self._suspected = self._suspected, _Fading()
            self._show(int(np.argmax(self._votes.mean)))
        elif not self._changes.is_suspicious:
            self._suspected = _Fading()
        is_new |= self._challenged() and self._seconds_since_new >= _SETTLING_SECONDS
        if is_new:
            self._seconds_since_new = 0.0
        scores = self._scores()
        genre, reason = self._named()
        return State(scores, genre, reason, is_new)

    def rest(self, seconds: float) -> State:
        """Pass over a silent window, which has no vote; `seconds` as in `hear`."""
        self._pass(seconds)
        return State(self._scores() if self._shown is not None else (), None, SILENT)

    def _pass(self, seconds: float) -> None:
        """Let time pass."""
        fading = math.exp(-seconds / self._hold_seconds)
        self._votes.fade(fading)
        self._suspected.fade(fading)
        self._seconds_since_new += seconds

    def _show(self, genre: int) -> None:
        self._shown, self._n_challenging = genre, 0
        self._is_named, self._n_nameable = True, 0

    def _challenged(self) -> bool:
        """Show another genre if it has led for long enough; tell whether that is so."""
        mean = self._votes.mean
        strongest = int(np.argmax(mean))
        leads = self._shown is not None and mean[strongest] >= mean[self._shown] + _MARGIN
        self._n_challenging = self._n_challenging + 1 if leads else 0
        if self._n_challenging < _PATIENCE_WINDOWS:
            return False
        self._show(strongest)
        return True

    def _named(self) -> tuple[str | None, str]:
        """The genre that is shown, or why there is none."""
        shown = self._shown or 0
        genre, confidence = self._genres[shown], float(self._votes.mean[shown])
        refusal = self._rule.refusal([genre], confidence)
        self._n_nameable = 0 if refusal else self._n_nameable + 1
        self._is_named = not refusal and (self._is_named or self._n_nameable >= _PATIENCE_WINDOWS)
        if self._is_named:
            return genre, ""
        return None, refusal or "not sure for long enough"

    def _scores(self) -> tuple[Score, ...]:
        mean = self._votes.mean
        order = np.argsort(-mean, kind="stable")
        return tuple(Score(self._genres[index], float(mean[index])) for index in order)


class _Fading:
    """A mean whose members lose weight."""

    def __init__(self) -> None:
        self._total: Floats = np.zeros(1)
        self._weight = 0.0

    @property
    def mean(self) -> Floats:
        """Shape (n_genres,); of one member at least."""
        return self._total / self._weight

    def add(self, probabilities: Floats) -> None:
        """Count one in, with weight 1."""
        self._total = self._total + probabilities
        self._weight += 1.0

    def fade(self, share: float) -> None:
        """Leave all members a share of their weight, 0 to 1."""
        self._total = self._total * share
        self._weight *= share
