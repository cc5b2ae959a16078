"""Which examples train, choose and test a model.

The law of this module: a group (an artist, or a source track) is never on two sides, whatever the protocol,
save two: `tracks` parts the tracks of an artist, and `windows`, which is there to show what it is worth, the
windows of a track.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tagger.errors import CorpusError, SettingsError
from trainer.corpora.interface import Example
from trainer.data import folds, left_out

SIDES = ("train", "validation", "test")
SHARES = (0.6, 0.2, 0.2)
WINDOW_SHARES = (0.8, 0.1, 0.1)
PROTOCOLS = ("artists", "tracks", "windows", "official", "kfold:N", "corpora")
ONE_SIDED = ("artists", "tracks", "official")
"""Protocols by which each track is on one side, and always on the same."""

_HOW_WINDOWS = "windows dealt out at random, those of one track on all sides, seed {seed}: scores are too high"
_HOW_DRAWN = {
    "artists": "drawn by artist or source track, stratified, seed {seed}: "
    "{train} parts train, {validation} validate, {test} test",
    "tracks": "drawn by track, artists not kept apart, stratified, seed {seed}: "
    "{train} parts train, {validation} validate, {test} test",
}

Indices = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Split:
    """Indices of the examples on each side.

    Attributes:
        train: Examples that shape the weights.
        validation: Examples that choose the best weights and the temperature.
        test: Examples that the scores are taken from.
        protocol: One of `PROTOCOLS`, with its number of folds.
        how: How the sides were chosen, for people, seed and all.
        leaky: Whether every example is on every side, and `assign_windows` parts its windows.
        n_leaked: Number of test examples whose audio is on another side as well.
        left_out: The corpus that is tested by what others hold; empty where corpora are not kept apart.
    """

    train: Indices
    validation: Indices
    test: Indices
    protocol: str
    how: str
    leaky: bool = False
    n_leaked: int = 0
    left_out: str = ""

    @property
    def is_too_high(self) -> bool:
        """Whether the same recording is on two sides, so that scores come out too high."""
        return self.leaky or self.n_leaked > 0


def check_one_sided(protocol: str) -> None:
    """Make sure that a model can be judged by a side of a protocol; empty is any.

    Raises:
        SettingsError: It cannot.
    """
    if protocol and protocol not in ONE_SIDED:
        raise SettingsError(
            f"{protocol}: no split of tracks that a model can be judged by",
            hint=f"give {', '.join(ONE_SIDED)}, or leave --protocol out",
        )


def split(
    examples: Sequence[Example],
    targets: Sequence[int],
    seed: int,
    protocol: str = "",
    *,
    groups: Sequence[str] | None = None,
    shares: tuple[float, float, float] = SHARES,
) -> Split:
    """Split examples by a protocol that gives one split.

    Args:
        examples: What to split.
        targets: The genre of each, an index.
        seed: Of the draw, for protocols that draw.
        protocol: `artists`, `tracks`, `windows` or `official`; empty takes `official` where the corpus gives
            a split or folds, else `artists`.
        groups: What stays together, a name for each example; None takes the protocol's own, see
            `groups_with_duplicates`. A corpus' own split or folds do not ask for it.
        shares: Of training, validation and test, for protocols that draw.

    Raises:
        CorpusError: A group is on two sides, a side is empty, or a genre has no example to learn from.
        SettingsError: There is no such protocol, or it gives several splits.
    """
    if not protocol:
        protocol = "official" if _is_official(examples) else "artists"
    if protocol == "windows":
        everything = np.arange(len(examples))
        return Split(everything, everything, everything, protocol, _HOW_WINDOWS.format(seed=seed), leaky=True)
    if protocol == "official":
        sides, how = _official(examples)
        own_groups: Sequence[str] = [example.group for example in examples]
    elif protocol in ("artists", "tracks"):
        own_groups = groups or groups_with_duplicates(examples, (), protocol)
        counts = folds.counts(shares)
        sides = [_side(fold, counts) for fold in folds.drawn(own_groups, targets, sum(counts), seed)]
        how = _HOW_DRAWN[protocol].format(seed=seed, train=counts[0], validation=counts[1], test=counts[2])
    else:
        raise SettingsError(f"{protocol}: no such protocol", hint=f"protocols are {', '.join(PROTOCOLS)}")
    return _checked(own_groups, targets, sides, protocol, how)


def splits(
    examples: Sequence[Example],
    targets: Sequence[int],
    seed: int,
    protocol: str = "",
    *,
    groups: Sequence[str] | None = None,
    shares: tuple[float, float, float] = SHARES,
    least: tuple[int, int] = (1, 1),
) -> list[Split]:
    """All splits of a protocol: N for `kfold:N`, in which each fold tests once; for `corpora` one for each.

    Folds of the corpus are kept if there are N of them; else they are drawn, grouped by artist. Any other
    protocol gives one split.

    Args: As for `split`, and
        least: Of `corpora`: examples and groups of a genre below which it is not learned from the others, and
            not tested; see `left_out.in_turn`.

    Raises:
        CorpusError: As for `split`, or no corpus can be left out.
        SettingsError: There is no such protocol, or its number of folds makes no sense.
    """
    own_groups: Sequence[str]
    name, _, number = protocol.partition(":")
    if protocol == "corpora":
        own_groups = groups or groups_with_duplicates(examples, ())
        parts = left_out.in_turn(
            examples, targets, own_groups, seed, min_examples=least[0], min_groups=least[1]
        )
        chosen = [_checked(own_groups, targets, part.sides, protocol, part.how) for part in parts]
        return [dataclasses.replace(one, left_out=part.corpus) for one, part in zip(chosen, parts, strict=True)]
    if name != "kfold":
        return [split(examples, targets, seed, protocol, groups=groups, shares=shares)]
    if not number.isdecimal() or int(number) < 3:
        raise SettingsError(f"{protocol}: no number of folds", hint="write kfold:N with N at least 3")
    n_folds = int(number)
    present = sorted({example.fold for example in examples if example.fold is not None})
    own_groups = [example.group for example in examples]
    if len(present) == n_folds and all(example.fold is not None for example in examples):
        fold_of = [present.index(example.fold) for example in examples if example.fold is not None]
        origin = "of the corpus"
    else:
        own_groups = groups or own_groups
        fold_of = folds.drawn(own_groups, targets, n_folds, seed)
        origin = f"grouped by artist or source track and stratified, seed {seed}"
    return [
        _checked(
            own_groups,
            targets,
            [{test: "test", (test + 1) % n_folds: "validation"}.get(fold, "train") for fold in fold_of],
            protocol,
            f"fold {test + 1} of {n_folds} tests and the next validates; folds {origin}",
        )
        for test in range(n_folds)
    ]


def assign_windows(
    n_windows: Sequence[int],
    targets: Sequence[int],
    seed: int,
    shares: tuple[float, float, float] = WINDOW_SHARES,
) -> list[NDArray[np.int8]]:
    """Deal out the windows of all tracks, whichever track they are of, as much published work does.

    Neighbouring windows, which overlap, come to different sides, so that a model is tested on what it learned.

    Args:
        n_windows: Number of windows of each track.
        targets: Its genre, an index; each genre is dealt out by itself.
        seed: Of the draw.
        shares: Of training, validation and test.

    Returns:
        For each track, the side of each of its windows, an index into `SIDES`.
    """
    rng = np.random.default_rng(seed)
    owners = np.repeat(np.arange(len(n_windows)), n_windows)
    genres = np.asarray(targets)[owners] if len(owners) else owners
    sides = np.zeros(len(owners), np.int8)
    bounds = np.cumsum(shares)[:2] / sum(shares)
    for genre in np.unique(genres):
        own = rng.permutation(np.flatnonzero(genres == genre))
        sides[own] = np.searchsorted(bounds, (np.arange(len(own)) + 0.5) / len(own), side="right")
    return np.split(sides, np.cumsum(n_windows)[:-1]) if len(n_windows) else []


def groups_with_duplicates(
    examples: Sequence[Example], pairs: Sequence[tuple[int, int]], protocol: str = "artists"
) -> list[str]:
    """The group of each example, groups that share a recording made one.

    Args:
        examples: What will be split.
        pairs: Indices of examples that hold the same audio.
        protocol: `tracks` takes each file for a group, any other the group of the corpus.
    """
    names = [str(example.path) if protocol == "tracks" else example.group for example in examples]
    parents = {name: name for name in names}

    def root(name: str) -> str:
        while parents[name] != name:
            parents[name] = name = parents[parents[name]]
        return name

    for first, second in pairs:
        one, other = sorted((root(names[first]), root(names[second])))
        parents[other] = one
    return [root(name) for name in names]


def _is_official(examples: Sequence[Example]) -> bool:
    return any(example.split for example in examples) or all(example.fold is not None for example in examples)


def _official(examples: Sequence[Example]) -> tuple[list[str], str]:
    """The side of each example as the corpus says, "" for those it names none for; and how, for people."""
    if any(example.split for example in examples):
        sides = [example.split or "" for example in examples]
        for example, side in zip(examples, sides, strict=True):
            if side and side not in SIDES:
                raise CorpusError(
                    f"{example.path}: `{side}` is no split", hint=f"splits are {', '.join(SIDES)}"
                )
        n_unlisted = sides.count("")
        return sides, "as the corpus gives it" + (f", {n_unlisted} examples in no list" if n_unlisted else "")
    if all(example.fold is not None for example in examples):
        fold_of = [example.fold or 0 for example in examples]
        present = sorted(set(fold_of))
        if len(present) < 3:
            raise CorpusError(
                f"{len(present)} folds cannot be train, validation and test",
                hint="give three folds at least, or none: then tagger splits by artist or source track",
            )
        names = dict.fromkeys(present, "train") | {present[-2]: "validation", present[-1]: "test"}
        how = "folds of the corpus: the last is the test, the last but one the validation"
        return [names[fold] for fold in fold_of], how
    raise CorpusError(
        "the corpus gives no split of its own", hint="protocols without it: artists, tracks, kfold:N"
    )


def _side(fold: int, counts: tuple[int, int, int]) -> str:
    """The last folds test, those before them validate."""
    return SIDES[int(np.searchsorted(np.cumsum(counts), fold, side="right"))]


def _checked(
    groups: Sequence[str], targets: Sequence[int], sides: Sequence[str], protocol: str, how: str
) -> Split:
    """The split with these sides, if one can learn and be tested by it; who has no side is not used."""
    side_of: dict[str, str] = {}
    for group, side in zip(groups, sides, strict=True):
        if side and side_of.setdefault(group, side) != side:
            raise CorpusError(
                f"{group}: on two sides of the split, {side_of[group]} and {side}",
                hint="give all tracks of an artist the same split or fold",
            )
    for side in SIDES:
        if side not in sides:
            raise CorpusError(f"no example is on the {side} side of the split")
    learned = {target for target, side in zip(targets, sides, strict=True) if side == "train"}
    used = {target for target, side in zip(targets, sides, strict=True) if side}
    if learned != used:
        raise CorpusError(
            f"{len(used - learned)} genres have no example on the train side of the split",
            hint="give more examples of each genre, by several artists",
        )
    train, validation, test = (np.flatnonzero([side == wanted for side in sides]) for wanted in SIDES)
    return Split(train, validation, test, protocol, how)
