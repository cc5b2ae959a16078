"""The fault-filtered lists of GTZAN are those published."""

from __future__ import annotations

from collections import Counter

import pytest

from trainer import corpora
from trainer.corpora import gtzan
from trainer.data import splits


def test_the_lists_have_the_published_sizes():
    """443, 197 and 290 clips, each on one side; 70 are on none."""
    assert Counter(gtzan.SPLIT.values()) == {"train": 443, "validation": 197, "test": 290}
    numbers = {int(stem.partition(".")[2]) for stem in gtzan.SPLIT}
    assert min(numbers) == 0
    assert max(numbers) == gtzan.N_CLIPS - 1
    assert {stem.partition(".")[0] for stem in gtzan.SPLIT} == set(gtzan.GENRES)


@pytest.mark.parametrize(
    ("stem", "side"),
    [
        ("blues.00012", "test"),
        ("blues.00029", "train"),
        ("blues.00000", "validation"),
        ("jazz.00054", "train"),
        ("jazz.00099", "test"),
        ("rock.00099", "train"),
        ("rock.00085", "validation"),
        ("hiphop.00001", None),
        ("rock.00095", "train"),
    ],
)
def test_clips_are_on_their_published_sides(stem, side):
    """Single clips, as other copies of the lists have them."""
    assert gtzan.SPLIT.get(stem) == side


def test_a_whole_copy_is_split_by_the_lists(tmp_path):
    """With all clips there, the split has the published sizes, and 70 clips are not used."""
    for genre in gtzan.GENRES:
        (tmp_path / genre).mkdir()
        for number in range(gtzan.N_CLIPS):
            (tmp_path / genre / f"{genre}.{number:05}.wav").touch()
    corpus = corpora.load("gtzan", data=tmp_path, cache=tmp_path)
    targets = [gtzan.GENRES.index(one.labels[0]) for one in corpus.examples]
    chosen = splits.split(corpus.examples, targets, 0)
    assert (len(chosen.train), len(chosen.validation), len(chosen.test)) == (443, 197, 290)
    assert "70 examples in no list" in chosen.how
