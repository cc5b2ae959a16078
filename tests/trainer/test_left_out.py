"""Of a corpus that is left out nothing is learned: no track, no artist and no recording."""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger.errors import CorpusError
from trainer import corpora
from trainer.corpora.interface import Example
from trainer.data import labels, leaks, left_out, splits
from trainer.recipe import Recipe

SIZES = {"big": 80, "middle": 60, "small": 20}


def shelf(folds=False):
    """Three corpora of two genres, each artist with two tracks; and the genres."""
    made = [
        Example(Path(f"{name}{n}.wav"), ("any",), f"{name} {n // 2}", name, fold=n // 2 % 5 if folds else None)
        for name, size in SIZES.items()
        for n in range(size)
    ]
    return made, [n // 2 % 2 for n in range(len(made))]


def parted(made, targets, pairs=(), least=(1, 1), seed=0):
    """The splits by the corpus that is left out."""
    groups = splits.groups_with_duplicates(made, pairs)
    parts = splits.splits(made, targets, seed, "corpora", groups=groups, least=least)
    return {part.left_out: part for part in parts}


def used(part):
    """The examples on any side."""
    return np.concatenate([part.train, part.validation, part.test])


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 159), st.integers(0, 159)), max_size=6),
    st.lists(st.tuples(st.integers(0, 159), st.integers(0, 159)), max_size=6),
    st.integers(0, 9),
)
def test_nothing_of_a_corpus_that_is_left_out_is_learned(pairs, bands, seed):
    """Whoever is in several corpora and whatever is there twice: no group and no recording is on two sides."""
    made, targets = shelf()
    for first, second in bands:
        made[first] = dataclasses.replace(made[first], group=made[second].group)
    pairs = [(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]]
    for corpus, part in parted(made, targets, pairs, seed=seed).items():
        assert {index for index in range(160) if made[index].corpus == corpus} == set(part.test.tolist())
        sides = [{made[index].group for index in getattr(part, side)} for side in splits.SIDES]
        assert len(set.union(*sides)) == sum(map(len, sides))
        assert len(set(used(part).tolist())) == len(used(part))
        leaks.refuse(part, made, pairs)


def test_each_large_corpus_is_left_out_and_a_small_one_only_trains():
    """In order of names; a fifth of the others' artists validates, whole, and all others train."""
    made, targets = shelf()
    parts = parted(made, targets)
    assert list(parts) == ["big", "middle"]
    for corpus, part in parts.items():
        n_others = 160 - SIZES[corpus]
        assert (len(part.test), len(part.validation)) == (SIZES[corpus], pytest.approx(n_others / 5, abs=2))
        assert len(used(part)) == 160
        assert "small" in {made[index].corpus for index in part.train}
        assert part.protocol == "corpora"
        assert part.how.startswith(f"{corpus} tests")
        assert "seed 0" in part.how


def test_the_last_fold_of_the_others_validates_if_they_have_folds():
    """Whatever the seed, and only if all of them have one."""
    made, targets = shelf(folds=True)
    for part in parted(made, targets, seed=3).values():
        assert {made[index].fold for index in part.validation} == {4}
        assert {made[index].fold for index in part.train} == {0, 1, 2, 3}
    made[-1] = dataclasses.replace(made[-1], fold=None)
    assert "seed 3" in parted(made, targets, seed=3)["big"].how


def test_a_recording_in_two_folds_of_the_others_is_not_learned():
    """It only validates; its whole group stays away from the train side."""
    made, targets = shelf(folds=True)
    twice = (88, 80)  # the last and the first fold of the middle corpus
    part = parted(made, targets, [twice])["big"]
    assert 88 in part.validation
    assert not {80, 81} & set(part.train.tolist())


@pytest.mark.parametrize(
    ("least", "is_known"), [((1, 1), True), ((4, 3), True), ((7, 1), False), ((1, 4), False)]
)
def test_a_genre_that_the_others_hardly_hold_is_neither_learned_nor_tested(least, is_known):
    """Six tracks of three artists are enough or not; who is not tested is told, and the split still stands."""
    made, targets = shelf()
    rare = {*range(20), *range(154, 160)}  # of the big corpus, and the last of the small one
    targets = [2 if n in rare else target for n, target in enumerate(targets)]
    part = parted(made, targets, least=least)["big"]
    sides = [set(getattr(part, side).tolist()) for side in splits.SIDES]
    assert all(any(targets[index] == 2 for index in side) == is_known for side in (sides[0], sides[2]))
    assert ("20 of its 80 tracks not tested" in part.how) != is_known
    assert len(used(part)) == (160 if is_known else 160 - 26)


def test_who_is_in_both_is_not_learned_and_is_told():
    """All tracks of the artist that the others hold."""
    made, targets = shelf()
    made[90] = dataclasses.replace(made[90], group="big 0")
    part = parted(made, targets)["big"]
    assert 90 not in used(part)
    assert "1 of the others' tracks not learned" in part.how


@pytest.mark.parametrize("names", [("only",), ("first", "second")])
def test_where_nothing_can_be_left_out_that_is_said(names):
    """One corpus alone, or two that have no genre in common."""
    sizes = Counter(names[n % len(names)] for n in range(120))
    made = [Example(Path(f"{n}.wav"), ("any",), str(n), names[n % len(names)]) for n in range(120)]
    with pytest.raises(CorpusError, match=f"no corpus of {', '.join(sorted(sizes))} can be left out") as caught:
        parted(made, [n % 2 for n in range(120)])
    assert str(left_out.LEAST_TESTED) in caught.value.hint


@pytest.mark.real
def test_of_real_music_each_large_corpus_is_left_out(music):
    """Genres that come almost only from one corpus are not tested there; all others are."""
    corpus = corpora.load(f"csv:{music / 'manifest.csv'}", data=None, cache=music)
    recipe = Recipe()
    chosen = labels.targets(corpus, recipe)
    least = (recipe.min_examples, recipe.min_groups)
    parts = parted(list(chosen.examples), list(chosen.indices), least=least)
    assert list(parts) == ["emotify", "gtzan", "taffc"]
    tested = {
        name: {chosen.genres[chosen.indices[index]] for index in part.test} for name, part in parts.items()
    }
    assert not {"Disco", "Metal"} & tested["gtzan"]
    assert {"Blues", "Classical", "Country", "Jazz", "Rock"} <= tested["gtzan"]
    assert not {"Folk", "Latin"} & tested["taffc"]
    assert tested["emotify"] == {"Classical", "Electronic", "Pop", "Rock"}
