"""No group is ever on two sides of a split."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger.errors import CorpusError
from trainer.corpora.interface import Example
from trainer.data import splits


def examples(groups, folds=None, sides=None):
    """One example for each group named."""
    return [
        Example(
            Path(f"{n}.wav"),
            ("jazz",),
            group,
            "made",
            fold=folds[n] if folds else None,
            split=sides[n] if sides else None,
        )
        for n, group in enumerate(groups)
    ]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 14), min_size=60, max_size=120), st.integers(0, 5))
def test_groups_stay_whole_and_every_example_has_one_side(owners, seed):
    """Whatever the groups are, each is on one side, and the sides cover all examples once."""
    owners = [*range(15), *owners]
    made = examples([f"artist{owner}" for owner in owners])
    split = splits.split(made, [owner % 2 for owner in owners], seed)
    sides = [split.train, split.validation, split.test]
    assert sorted(np.concatenate(sides)) == list(range(len(made)))
    groups = [{made[index].group for index in side} for side in sides]
    assert len(set.union(*groups)) == sum(len(of_side) for of_side in groups)


def test_the_same_seed_gives_the_same_split():
    """A split is a function of the examples and the seed."""
    made, targets = examples([f"a{n}" for n in range(50)]), [n % 2 for n in range(50)]
    first, again, other = (splits.split(made, targets, seed) for seed in (1, 1, 2))
    assert np.array_equal(first.test, again.test)
    assert not np.array_equal(first.test, other.test)


def test_the_shares_are_three_one_one():
    """Without folds about 60, 20 and 20 % are train, validation and test."""
    split = splits.split(examples([f"a{n}" for n in range(100)]), [n % 4 for n in range(100)], 0)
    assert (len(split.train), len(split.validation), len(split.test)) == (60, 20, 20)


def test_folds_of_the_corpus_are_kept():
    """Of five folds the last tests, the last but one validates."""
    folds = [0, 1, 2, 3, 4] * 2
    split = splits.split(examples([f"a{n}" for n in folds], folds), [0] * 5 + [1] * 5, 0)
    assert list(split.test) == [4, 9]
    assert list(split.validation) == [3, 8]


def test_a_split_of_the_corpus_is_kept():
    """A column `split` decides, whatever the folds are."""
    sides = ["test", "train", "validation", "train"]
    split = splits.split(examples("abcd", [0, 0, 0, 0], sides), [0, 0, 1, 1], 0)
    assert (list(split.train), list(split.validation), list(split.test)) == ([1, 3], [2], [0])


def test_a_group_on_two_sides_is_refused():
    """An artist whom the corpus puts into two folds is named in the message."""
    with pytest.raises(CorpusError, match="twice: on two sides"):
        splits.split(examples(["twice", "a", "b", "twice"], [0, 1, 2, 2]), [0, 0, 0, 0], 0)


@pytest.mark.parametrize(
    ("folds", "sides", "targets", "message"),
    [
        ([0, 1, 0, 1], None, [0, 0, 1, 1], "2 folds cannot be"),
        (None, ["train", "train", "test", "test"], [0, 1, 0, 1], "validation side"),
        (None, ["train", "train", "validation", "test"], [0, 0, 0, 1], "no example on the train side"),
    ],
)
def test_a_split_that_cannot_train_or_test_is_refused(folds, sides, targets, message):
    """Empty sides and genres without a training example are said in one sentence."""
    with pytest.raises(CorpusError, match=message):
        splits.split(examples("abcd", folds, sides), targets, 0)


def test_too_few_groups_are_refused():
    """Three artists cannot be split into five folds."""
    with pytest.raises(CorpusError):
        splits.split(examples("abc"), [0, 1, 0], 0)
