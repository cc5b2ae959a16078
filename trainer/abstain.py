"""The evidence that `--max-error` rests on, made of answers to held-out tracks, and how promises are kept."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import scipy.optimize
import scipy.stats
from numpy.typing import NDArray

from tagger.inference import abstain
from tagger.inference.card import HeldOut
from trainer import intervals, metrics
from trainer.answers import Answers
from trainer.intervals import Draws, Interval
from trainer.metrics import Floats

LEVELS = (0.05, 0.1, 0.25)
"""Promised shares of wrong verdicts that reports are about."""

_DECIMALS = 6
_MOST_SURE = 1 - 10.0**-_DECIMALS
_LINE_SPREAD = 1.0
_GENRE_SPREAD = 0.5  # in logits: a genre with a handful of tracks stays near 0, one with hundreds is free
_SCALE_SHARE = 0.25
_N_FOLDS = 5

Flags = NDArray[np.bool_]


def held_out(said: Answers, others: Answers, source: str, *, any_label: bool = False) -> HeldOut:
    """Make the evidence of a card.

    Args:
        said: Answers to tracks that no part of the model learned from, calibrated without them.
        others: Further answers, which the offsets of genres are fitted on; see `parted`.
        source: Which tracks these are and how they were answered, for people.
        any_label: Whether a verdict is right where any label of the track names it, not only the first.

    Raises:
        ValueError: An artist or source track is in both, so that the promise would be worth less than it says.
    """
    if shared := set(said.groups) & set(others.groups):
        raise ValueError(f"{len(shared)} groups are in the evidence and in what its scale is fitted on")
    return HeldOut(
        source=source,
        genre=tuple(map(int, said.y_pred)),
        confidence=tuple(round(float(one), _DECIMALS) for one in said.y_prob.max(axis=1)),
        right=tuple(map(int, _is_right(said, any_label))),
        scale=fit_offsets(others, any_label=any_label),
    )


def fit_offsets(said: Answers, *, any_label: bool = False) -> dict[str, float]:
    """Fit how much surer, in logits, a verdict of each genre is than one of another with equal confidence.

    Logistic regression of being right on the logit of the confidence, with an intercept for each genre that is
    drawn towards 0 by a normal prior (partial pooling: Gelman & Hill, Data Analysis Using Regression and
    Multilevel/Hierarchical Models, 2007, ch. 14), and a line that is drawn towards perfect calibration.

    Args:
        said: Answers per track, at least one.
        any_label: As for `held_out`.
    """
    confidence = np.clip(said.y_prob.max(axis=1), 1 - _MOST_SURE, _MOST_SURE)
    x, sign = np.log(confidence / (1 - confidence)), 2.0 * _is_right(said, any_label) - 1
    is_genre = np.eye(len(said.genres))[said.y_pred]
    spread = np.append([_LINE_SPREAD, _LINE_SPREAD], np.full(len(said.genres), _GENRE_SPREAD))

    def loss(values: Floats) -> tuple[float, Floats]:
        slope = np.exp(values[0])
        margin = sign * (slope * x + values[1] + is_genre @ values[2:])
        surprise = np.logaddexp(0, -margin)
        pull = -sign * np.exp(-margin - surprise)  # surprise ≥ -margin, so that it cannot overflow
        gradient = np.concatenate([[pull @ x * slope, pull.sum()], pull @ is_genre])
        return float(surprise.sum() + np.square(values / spread).sum() / 2), gradient + values / spread**2

    best = scipy.optimize.minimize(loss, np.zeros(len(spread)), jac=True, method="L-BFGS-B").x
    offsets = best[2:] / np.exp(best[0])
    return {genre: round(float(one), _DECIMALS) for genre, one in zip(said.genres, offsets, strict=True)}


def parted(said: Answers, share: float = _SCALE_SHARE, seed: int = 0) -> tuple[Answers, Answers]:
    """Part answers in two at random, whole groups at a time.

    Args:
        said: Answers of two groups at least.
        share: Of the groups in the second part, above 0 and below 1; one group at least is in each part.
        seed: Of the draw.
    """
    names = np.random.default_rng(seed).permutation(np.unique(said.groups))
    n_second = min(max(1, round(share * len(names))), len(names) - 1)
    is_second = np.isin(said.groups.astype(str), names[:n_second].astype(str))
    return _rows(said, ~is_second), _rows(said, is_second)


def one_of_each_group(said: Answers, seed: int = 0) -> Answers:
    """One row of each group, drawn at random: tracks of an artist stand or fall together, and prove one thing.

    Args:
        said: Answers per track.
        seed: Of the draw.
    """
    order = np.random.default_rng(seed).permutation(len(said))
    first = np.unique(said.groups.astype(str)[order], return_index=True)[1]
    return _rows(said, np.isin(np.arange(len(said)), order[first]))


def selection(said: Answers, thresholds: Mapping[str, float], *, any_label: bool = False) -> dict[str, Any]:
    """How much of the answers is named at thresholds of genres, and how much of that is wrong.

    Args:
        said: Answers per track.
        thresholds: Confidence from which each genre is named: see `tagger.inference.abstain.thresholds`.
        any_label: As for `held_out`.

    Returns:
        `n_named`, and `coverage` and `error` as `value`, `low` and `high`. The interval of `error` is the wider
        of two: the bootstrap over groups, and that for independent tracks, which knows what no error proves
        (Clopper & Pearson, The Use of Confidence or Fiducial Limits, Biometrika 1934).
    """
    least = np.array([thresholds[genre] for genre in said.genres])
    return _selected(said, metrics.is_sure(said.y_prob, least), any_label)


def cross_checked(
    said: Answers, levels: Sequence[float] = LEVELS, *, seed: int = 0, any_label: bool = False
) -> dict[str, dict[str, Any]]:
    """What promises come to on tracks that they do not rest on.

    The groups are dealt into five folds; each is named at the thresholds that the others give. A fold for which
    nothing can be promised gets no names.

    Args:
        said: Answers per track, each of a model that never heard the track; of ten groups at least.
        levels: Promised shares of wrong verdicts.
        seed: Of the deal.
        any_label: As for `held_out`.

    Returns:
        By promised share, such as "0.05", what `selection` gives for all folds together, and `n_promised`: for
        how many of the five folds there was a promise.
    """
    names, owner = np.unique(said.groups.astype(str), return_inverse=True)
    fold = np.random.default_rng(seed).permutation(np.arange(len(names)) % _N_FOLDS)[owner]
    named = {level: np.zeros(len(said), bool) for level in levels}
    n_promised = dict.fromkeys(levels, 0)
    for one in range(_N_FOLDS):
        evidence = held_out(*parted(_rows(said, fold != one), seed=seed), "other folds", any_label=any_label)
        for level in levels:
            found = abstain.thresholds(evidence, said.genres, level)
            if found is not None:
                n_promised[level] += 1
                least = np.array([found[genre] for genre in said.genres])
                named[level] |= (fold == one) & metrics.is_sure(said.y_prob, least)
    return {
        f"{level:g}": _selected(said, named[level], any_label) | {"n_promised": n_promised[level]}
        for level in levels
    }


def _selected(said: Answers, named: Flags, any_label: bool) -> dict[str, Any]:
    draws = Draws(said.groups)
    wrong = named & ~_is_right(said, any_label)
    n_named, n_wrong = draws.sums(named), draws.sums(wrong)
    shares = np.divide(n_wrong, n_named, out=np.zeros(len(n_named)), where=n_named > 0)
    bootstrap = intervals.interval(shares)
    exact = _exact(int(wrong.sum()), int(named.sum()))
    error = Interval(bootstrap.value, min(bootstrap.low, exact[0]), max(bootstrap.high, exact[1]))
    return {
        "n_named": int(named.sum()),
        "coverage": dataclasses.asdict(intervals.interval(draws.means(named))),
        "error": dataclasses.asdict(error),
    }


def _exact(n_wrong: int, n: int) -> tuple[float, float]:
    if not n:
        return 0.0, 1.0
    found = scipy.stats.binomtest(n_wrong, n).proportion_ci()
    return float(found.low), float(found.high)


def _is_right(said: Answers, any_label: bool) -> Flags:
    if any_label:
        return said.accepted[np.arange(len(said)), said.y_pred]
    return said.y_pred == said.y_true


def _rows(said: Answers, chosen: Flags) -> Answers:
    names = [one.name for one in dataclasses.fields(said) if one.name != "genres"]
    return dataclasses.replace(said, **{name: getattr(said, name)[chosen] for name in names})
