"""No group is ever on two sides of a split, but where a protocol is there to show what that is worth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger.errors import CorpusError, SettingsError
from trainer.corpora.interface import Example
from trainer.data import leaks, splits


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
        (None, ["train", "held-out", "validation", "test"], [0, 0, 0, 0], "`held-out` is no split"),
        (None, ["train", "train", "validation", "test"], [0, 0, 0, 1], "no example on the train side"),
    ],
)
def test_a_split_that_cannot_train_or_test_is_refused(folds, sides, targets, message):
    """Empty sides and genres without a training example are said in one sentence."""
    with pytest.raises(CorpusError, match=message):
        splits.split(examples("abcd", folds, sides), targets, 0)


@pytest.mark.parametrize(
    ("groups", "why"),
    [("abc", ""), ("aab", ""), ("aaaaaabbbbbbcccccc", ""), ("abcde", ": no genre has 5 examples")],
)
def test_too_few_groups_are_refused(groups, why):
    """Three artists cannot be split into five folds, however many tracks they have."""
    targets, said = (
        [0, 1] * 9,
        f"{len(set(groups))} artists or source tracks are too few to split into 5 parts{why}",
    )
    for protocol in ("artists", "kfold:5"):
        with pytest.raises(CorpusError) as caught:
            splits.splits(examples(groups), targets[: len(groups)], 0, protocol)
        assert caught.value.message == said
        assert caught.value.hint


def shop(n_artists=30, n_tracks=4):
    """Artists of some tracks each, of two genres in turn; and the genres."""
    owners = [n // n_tracks for n in range(n_artists * n_tracks)]
    return examples([f"artist{owner}" for owner in owners]), [owner % 2 for owner in owners]


def groups_of(made, side):
    """The groups on a side."""
    return {made[index].group for index in side}


def test_artists_are_the_default_and_are_kept_apart():
    """Without a split of the corpus, the protocol is `artists`, and its seed is told."""
    made, targets = shop()
    chosen = splits.split(made, targets, 7)
    assert (chosen.protocol, chosen.leaky) == ("artists", False)
    assert "seed 7" in chosen.how
    assert not groups_of(made, chosen.train) & groups_of(made, chosen.test)


def test_tracks_part_the_tracks_of_an_artist():
    """By `tracks` an artist is on several sides, a track on one; no audio is on two, so it is not leaky."""
    made, targets = shop()
    chosen = splits.split(made, targets, 0, "tracks")
    assert groups_of(made, chosen.train) & groups_of(made, chosen.test)
    assert sorted(np.concatenate([chosen.train, chosen.validation, chosen.test])) == list(range(len(made)))
    assert not chosen.leaky


def test_windows_put_every_track_on_every_side_and_say_so():
    """By `windows` all sides hold all tracks, and the split is leaky."""
    made, targets = shop(4)
    chosen = splits.split(made, targets, 0, "windows")
    assert chosen.leaky
    assert list(chosen.train) == list(chosen.validation) == list(chosen.test) == list(range(len(made)))


def test_the_windows_of_every_genre_are_dealt_out_by_shares():
    """Each genre has its shares, to half a window, and the windows of one track lie on several sides."""
    n_windows, targets = [7, 30, 13, 50, 0, 20], [0, 1, 0, 1, 0, 0]
    sides = splits.assign_windows(n_windows, targets, 3)
    assert [len(of_track) for of_track in sides] == n_windows
    for genre in (0, 1):
        own = np.concatenate([side for side, target in zip(sides, targets, strict=True) if target == genre])
        assert np.abs(np.bincount(own, minlength=3) / len(own) - [0.8, 0.1, 0.1]).max() <= 0.5 / len(own) + 1e-9
    assert set(sides[3]) == {0, 1, 2}
    again, other = (splits.assign_windows(n_windows, targets, seed) for seed in (3, 4))
    assert np.array_equal(np.concatenate(sides), np.concatenate(again))
    assert not np.array_equal(np.concatenate(sides), np.concatenate(other))


@pytest.mark.parametrize("own_folds", [True, False])
def test_each_fold_tests_once_and_validates_once(own_folds):
    """Over `kfold:5` every example is tested once and validates once; artists are kept apart each time."""
    made, targets = shop()
    if own_folds:
        made = examples([one.group for one in made], [n // 4 % 5 for n in range(len(made))])
    chosen = splits.splits(made, targets, 0, "kfold:5")
    assert len(chosen) == 5
    assert sorted(np.concatenate([one.test for one in chosen])) == list(range(len(made)))
    assert sorted(np.concatenate([one.validation for one in chosen])) == list(range(len(made)))
    assert all(not groups_of(made, one.train) & groups_of(made, one.test) for one in chosen)
    assert ("of the corpus" in chosen[0].how) == own_folds
    if own_folds:
        assert {made[index].fold for index in chosen[2].test} == {2}


def test_examples_in_no_list_of_the_corpus_are_not_used():
    """Where the corpus gives some examples a split, the others are on no side, and are counted."""
    chosen = splits.split(examples("abcd", sides=["test", "train", "validation", None]), [0] * 4, 0)
    assert chosen.protocol == "official"
    assert 3 not in np.concatenate([chosen.train, chosen.validation, chosen.test])
    assert "1 examples in no list" in chosen.how


@pytest.mark.parametrize("protocol", ["kfold:2", "kfold:x", "kfold", "random", "window"])
def test_unknown_protocols_are_refused(protocol):
    """What is no protocol ends in our error."""
    with pytest.raises(SettingsError, match=protocol):
        splits.splits(*shop(), 0, protocol)


def test_official_needs_a_split_of_the_corpus():
    """Without one the protocol is refused."""
    with pytest.raises(CorpusError, match="no split of its own"):
        splits.split(*shop(), 0, "official")


def test_shares_can_be_chosen():
    """80, 10 and 10 % are ten folds."""
    made = examples([f"a{n}" for n in range(200)])
    chosen = splits.split(made, [n % 2 for n in range(200)], 0, shares=(0.8, 0.1, 0.1))
    assert (len(chosen.train), len(chosen.validation), len(chosen.test)) == (160, 20, 20)


def test_groups_that_share_a_recording_become_one():
    """Duplicates join the groups of both, over any number of steps, and then stay on one side."""
    made, targets = shop()
    pairs = [(0, 4), (5, 8)]
    groups = splits.groups_with_duplicates(made, pairs)
    assert groups[:12] == ["artist0"] * 12
    assert len(set(groups)) == 28
    for seed in range(4):
        assert not leaks.found(splits.split(made, targets, seed, groups=groups), pairs)


def test_tracks_with_the_same_audio_stay_together():
    """By `tracks` a pair makes one group of two files, the others stand alone."""
    made, targets = shop()
    groups = splits.groups_with_duplicates(made, [(0, 100)], "tracks")
    assert groups[0] == groups[100]
    assert len(set(groups)) == len(made) - 1
    assert not leaks.found(splits.split(made, targets, 0, "tracks", groups=groups), [(0, 100)])


def test_the_same_audio_on_two_sides_is_refused_unless_the_split_is_leaky():
    """The first pair is named; pairs on one side, or with an example on no side, do no harm."""
    made = examples("abcde", sides=["train", "test", "validation", "train", None])
    chosen = splits.split(made, [0] * 5, 0)
    leaks.refuse(chosen, made, [(0, 3), (1, 4)])
    with pytest.raises(CorpusError, match=r"1 pair of files .* 0\.wav and 1\.wav") as caught:
        leaks.refuse(chosen, made, [(0, 1), (0, 3)])
    assert "--allow-leaks" in caught.value.hint
    leaks.refuse(splits.split(made, [0] * 5, 0, "windows"), made, [(0, 1)])


def test_folds_of_the_corpus_do_not_ask_for_groups():
    """Where the corpus gives N folds, merged groups do not change them; what leaks is still found."""
    made = examples([f"a{n}" for n in range(10)], [n % 5 for n in range(10)])
    pairs = [(0, 1)]
    groups = splits.groups_with_duplicates(made, pairs)
    chosen = splits.splits(made, [0] * 10, 0, "kfold:5", groups=groups)
    assert [list(one.test) for one in chosen] == [[n, n + 5] for n in range(5)]
    assert leaks.found(chosen[0], pairs) == pairs


def test_drawn_folds_keep_merged_groups_together():
    """In drawn folds no pair with the same audio is parted, in any fold."""
    made, targets = shop()
    pairs = [(0, 4), (40, 80), (44, 100)]
    groups = splits.groups_with_duplicates(made, pairs)
    assert not any(leaks.found(one, pairs) for one in splits.splits(made, targets, 0, "kfold:4", groups=groups))
