"""Which examples train, choose and test a model.

The law of this module: a group (an artist, or a source track) is never on two sides.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sklearn.model_selection
from numpy.typing import NDArray

from tagger.errors import CorpusError
from trainer.corpora.interface import Example

SIDES = ("train", "validation", "test")
_N_FOLDS = 5


@dataclass(frozen=True, eq=False)
class Split:
    """Indices of the examples on each side.

    Attributes:
        train: Examples that shape the weights.
        validation: Examples that choose the best weights and the temperature.
        test: Examples that the scores are taken from.
        protocol: How they were chosen, for people.
    """

    train: NDArray[np.intp]
    validation: NDArray[np.intp]
    test: NDArray[np.intp]
    protocol: str


def split(examples: Sequence[Example], targets: Sequence[int], seed: int) -> Split:
    """Split examples as their corpus says, by its split or else by its folds; else by groups, about 60/20/20.

    Of k folds the last is the test, the last but one the validation.

    Raises:
        CorpusError: A group is on two sides, a side is empty, or a genre has no example to learn from.
    """
    if all(example.split for example in examples):
        sides, protocol = [example.split or "" for example in examples], "as the corpus gives it"
    elif all(example.fold is not None for example in examples):
        folds = [example.fold or 0 for example in examples]
        sides = _sides(folds)
        protocol = "folds of the corpus: the last is the test, the last but one the validation"
    else:
        sides = _sides(_grouped_folds(examples, targets, seed))
        protocol = f"{_N_FOLDS} folds, grouped and stratified, seed {seed}: 3 train, 1 validates, 1 tests"
    _check(examples, targets, sides)
    train, validation, test = (np.flatnonzero([side == wanted for side in sides]) for wanted in SIDES)
    return Split(train, validation, test, protocol)


def _sides(folds: Sequence[int]) -> list[str]:
    present = sorted(set(folds))
    if len(present) < 3:
        raise CorpusError(
            f"{len(present)} folds cannot be train, validation and test",
            hint="give three folds at least, or none: then tagger splits by artist or source track",
        )
    names = dict.fromkeys(present, "train") | {present[-2]: "validation", present[-1]: "test"}
    return [names[fold] for fold in folds]


def _grouped_folds(examples: Sequence[Example], targets: Sequence[int], seed: int) -> list[int]:
    folds = np.zeros(len(examples), int)
    splitter = sklearn.model_selection.StratifiedGroupKFold(_N_FOLDS, shuffle=True, random_state=seed)
    groups = [example.group for example in examples]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a genre with fewer examples than folds is checked below
        try:
            for fold, (_, chosen) in enumerate(splitter.split(folds, targets, groups)):
                folds[chosen] = fold
        except ValueError as error:
            raise CorpusError(
                f"{len(set(groups))} artists or source tracks are too few to split: {error}",
                hint="give more examples of each genre, or a column `split`",
            ) from error
    return [int(fold) for fold in folds]


def _check(examples: Sequence[Example], targets: Sequence[int], sides: Sequence[str]) -> None:
    side_of: dict[str, str] = {}
    for example, side in zip(examples, sides, strict=True):
        if side not in SIDES:
            raise CorpusError(f"{example.path}: `{side}` is no split", hint=f"splits are {', '.join(SIDES)}")
        if side_of.setdefault(example.group, side) != side:
            raise CorpusError(
                f"{example.group}: on two sides of the split, {side_of[example.group]} and {side}",
                hint="give all tracks of an artist the same split or fold",
            )
    for side in SIDES:
        if side not in sides:
            raise CorpusError(f"no example is on the {side} side of the split")
    learned = {target for target, side in zip(targets, sides, strict=True) if side == "train"}
    if learned != set(targets):
        raise CorpusError(
            f"{len(set(targets) - learned)} genres have no example on the train side of the split",
            hint="give more examples of each genre, by several artists",
        )
