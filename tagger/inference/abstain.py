"""Which verdicts are named: only those that keep a promise on the share of wrong ones, if one is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.errors import SettingsError
from tagger.inference.card import Card, HeldOut
from tagger.records import below
from tagger.settings import Settings

CONFIDENCE = 0.9
"""Probability, over the held-out tracks, with which a promise holds."""

LEVELS = (0.05, 0.1, 0.15, 0.2, 0.25)
"""Shares of wrong verdicts that people are told about."""

_FEWEST = 80  # of 500 to 2000: with fewer, one verdict that happens to be wrong ends too many sequences
_STEP = 1.05
_SUREST = 1 - 1e-6  # cards keep six decimals
_HIGHEST_PERCENT = 50

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Rule:
    """Which verdicts are named.

    Attributes:
        min_confidence: Below it none is, 0 to 1.
        max_error: Promised share of wrong ones among those named; None promises nothing.
        thresholds: For each genre of the model, the confidence that the promise asks for; empty without one.
    """

    min_confidence: float = 0.0
    max_error: float | None = None
    thresholds: Mapping[str, float] = field(default_factory=dict)

    def threshold(self, genre: str) -> float:
        """Confidence from which a genre of the model is named."""
        return max(self.min_confidence, self.thresholds.get(genre, 0.0))

    def refusal(self, genres: Iterable[str], confidence: float) -> str:
        """Why a verdict is not named; empty if it is.

        Args:
            genres: The genre of the model; several where the user calls them one: the strictest counts.
            confidence: Probability of the verdict, 0 to 1.
        """
        strictest = max(genres, key=self.threshold)
        threshold = self.threshold(strictest)
        if confidence >= threshold:
            return ""
        if self.max_error is None or threshold == self.min_confidence:
            return below(confidence, threshold)
        shown = float(np.ceil(threshold * 1000) / 1000)
        return f"{below(confidence, shown)}, which --max-error {_percent(self.max_error)} asks for {strictest}"


def rule(settings: Settings, card: Card) -> Rule:
    """The rule that the settings ask for, fitted to a model.

    Raises:
        SettingsError: The model cannot promise so small a share of wrong verdicts.
    """
    least = settings.min_confidence or 0.0
    if settings.max_error is None:
        return Rule(least)
    if card.held_out is None:
        raise SettingsError(
            f"{card.name}: no --max-error can be promised: the card has no answers to held-out tracks",
            hint="leave out --max-error, or choose another model",
        )
    found = thresholds(card.held_out, card.genres, settings.max_error, least=least)
    if found is None:
        lowest = lowest_percent(card.held_out, card.genres, least=least)
        beside = f" beside --min-confidence {least:g}" if least else ""
        raise SettingsError(
            f"{card.name}: --max-error {_percent(settings.max_error)} cannot be promised{beside}",
            hint=f"the lowest that can be promised is {lowest}%" if lowest else "leave out --max-error",
        )
    return Rule(least, settings.max_error, found)


def thresholds(
    held_out: HeldOut,
    genres: Sequence[str],
    max_error: float,
    confidence: float = CONFIDENCE,
    *,
    least: float = 0.0,
) -> dict[str, float] | None:
    """Confidence from which each genre is named, so that at most a given share of what is named is wrong.

    Learn then Test (Angelopoulos, Bates, Candès, Jordan & Lei, 2021), with fixed-sequence testing. A track is
    named where logit(confidence) + offset of its genre reaches a common threshold: one number orders all rules,
    from strict to lenient. Each is tested by the binomial tail of its wrong verdicts, as in Geifman & El-Yaniv,
    Selective Classification for Deep Neural Networks, NeurIPS 2017; the first that fails ends the sequence, so
    that all tests together err with probability 1 - `confidence` at most. The tail also bounds verdicts of
    unequal reliability (Hoeffding, On the Distribution of the Number of Successes, 1956).

    The sequence follows how many held-out tracks are named, never whether they are right: it starts at 80, or
    where one wrong verdict would still be proof, and goes on in steps of a twentieth. In simulations this named
    more than a start where none may be wrong, and more than several starts that share the chance to err
    (Bonferroni).

    Args:
        held_out: Answers to tracks that neither the models that gave them nor the offsets learned from, each
            of another artist: tracks of one artist are not independent, and independence is assumed.
        genres: The model's.
        max_error: Share of wrong verdicts among those named, above 0 and below 1.
        confidence: Probability, over the held-out tracks, that the promise holds.
        least: Confidence below which nothing is named anyway, 0 to 1; the promise is for what is left.

    Returns:
        By genre, 0 to 1, lower for a larger `max_error`; None if nothing can be promised.
    """
    best = _most_lenient(_rules(held_out, genres, least), max_error, 1 - confidence)
    return None if best is None else dict(zip(genres, map(float, best), strict=True))


def lowest_percent(held_out: HeldOut, genres: Sequence[str], *, least: float = 0.0) -> int | None:
    """The smallest share of wrong verdicts that can be promised, in whole percent up to 50; None for none."""
    rules = _rules(held_out, genres, least)
    levels = range(1, _HIGHEST_PERCENT + 1)
    return next((n for n in levels if _most_lenient(rules, n / 100, 1 - CONFIDENCE) is not None), None)


def promises(card: Card) -> dict[str, Any]:
    """For people: how much of the held-out tracks is named at some promises; empty without such tracks."""
    if card.held_out is None:
        return {}
    place, sure = np.array(card.held_out.genre, np.intp), np.array(card.held_out.confidence)
    named = {}
    for level in LEVELS:
        found = thresholds(card.held_out, card.genres, level)
        share = (
            0.0 if found is None else np.mean(sure >= np.array([found[genre] for genre in card.genres])[place])
        )
        named[f"--max-error {_percent(level)}"] = (
            "cannot be promised" if found is None else f"names {100 * share:.0f} % of these tracks"
        )
    return {"tracks": len(sure), "source": card.held_out.source} | named


@dataclass(frozen=True, eq=False)
class _Rules:
    """A sequence of rules from strict to lenient, each naming all that those before it name.

    Attributes:
        thresholds: By rule and genre, shape (n_rules, n_genres).
        n_named: Held-out tracks that each names, shape (n_rules,).
        n_wrong: How many of these are wrong, shape (n_rules,).
    """

    thresholds: Floats
    n_named: Indices
    n_wrong: Indices


def _rules(held_out: HeldOut, genres: Sequence[str], least: float) -> _Rules:
    offsets = np.array([held_out.scale[genre] for genre in genres])
    sure = np.array(held_out.confidence)
    kept = sure >= least
    sure, wrong = sure[kept], np.array(held_out.right, np.intp)[kept] == 0
    place = np.array(held_out.genre, np.intp)[kept]
    clipped = np.clip(sure, 1 - _SUREST, _SUREST)
    scores = np.unique(np.log(clipped / (1 - clipped)) + offsets[place])[::-1]
    between = np.append((scores[:-1] + scores[1:]) / 2, -np.inf) if len(scores) else np.zeros(0)
    at_genres = (1 + np.tanh((between[:, None] - offsets) / 2)) / 2
    n_named = np.array([np.count_nonzero(sure >= one[place]) for one in at_genres], np.intp)
    chosen = np.unique(np.searchsorted(n_named, [n for n in _sizes(len(sure)) if n <= len(sure)]))
    n_wrong = [np.count_nonzero(wrong & (sure >= one[place])) for one in at_genres[chosen]]
    return _Rules(at_genres[chosen], n_named[chosen], np.array(n_wrong, np.intp))


def _sizes(most: int) -> list[int]:
    """Numbers of tracks, each a twentieth above the one before, up to the first that reaches `most`."""
    sizes = [_FEWEST]
    while sizes[-1] < most:
        sizes.append(min(most, int(np.ceil(sizes[-1] * _STEP))))
    return sizes


def _most_lenient(rules: _Rules, max_error: float, level: float) -> Floats | None:
    """The last rule before the first that fails its test; None if the first one does."""
    best = None
    for at_genres, n_named, n_wrong in zip(rules.thresholds, rules.n_named, rules.n_wrong, strict=True):
        if _tail(1, int(n_named), max_error) > level:
            continue
        if _tail(int(n_wrong), int(n_named), max_error) > level:
            break
        best = at_genres
    return best


def _tail(n_wrong: int, n: int, share: float) -> float:
    """Probability that at most so many of `n` verdicts are wrong where each is with probability `share`."""
    logs = np.append(0.0, np.cumsum(np.log(np.arange(1, n + 1))))
    counts = np.arange(n_wrong + 1)
    ways = logs[n] - logs[counts] - logs[n - counts]
    return float(np.exp(ways + counts * np.log(share) + (n - counts) * np.log1p(-share)).sum())


def _percent(share: float) -> str:
    return f"{100 * share:g}%"
