"""Examples dealt out to folds: every genre alike, a group never in two."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from tagger.errors import CorpusError, SettingsError

_MOST_FOLDS = 20


def counts(shares: tuple[float, float, float]) -> tuple[int, int, int]:
    """Shares of train, validation and test as numbers of equal folds, as few as they allow.

    Raises:
        SettingsError: A share is not positive.
    """
    if min(shares) <= 0:
        raise SettingsError(f"{shares}: shares of train, validation and test must be positive")
    exact = np.array(shares) / sum(shares)
    n_folds = next(
        (n for n in range(3, _MOST_FOLDS) if np.abs(exact * n - (exact * n).round()).max() < 1e-6), _MOST_FOLDS
    )
    validation, test = (max(1, round(share * n_folds)) for share in exact[1:])
    return n_folds - validation - test, validation, test


def drawn(groups: Sequence[str], targets: Sequence[int], n_folds: int, seed: int) -> list[int]:
    """The fold of each example, 0 to `n_folds` - 1.

    Args:
        groups: What stays together, a name for each example.
        targets: The genre of each, an index.
        n_folds: How many folds.
        seed: Of the draw.

    Raises:
        CorpusError: There is no group, or no genre has an example, for each fold.
    """
    n_groups, n_examples = len(set(groups)), max(Counter(targets).values(), default=0)
    if min(n_groups, n_examples) < n_folds:
        why = "" if n_groups < n_folds else f": no genre has {n_folds} examples"
        raise CorpusError(
            f"{n_groups} artists or source tracks are too few to split into {n_folds} parts{why}",
            hint="give more examples of each genre, by several artists, or a column `split`",
        )
    import sklearn.model_selection  # takes a second, which commands that only name protocols need not wait

    fold_of = np.zeros(len(groups), int)
    splitter: Any = sklearn.model_selection.StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    if len(set(groups)) == len(groups):  # exact, and in no time for a hundred thousand
        splitter = sklearn.model_selection.StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a genre with fewer examples than folds is checked later
        for fold, (_, chosen) in enumerate(splitter.split(fold_of, targets, groups)):
            fold_of[chosen] = fold
    return [int(fold) for fold in fold_of]
