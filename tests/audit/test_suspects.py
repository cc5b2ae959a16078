"""Which tags are doubted, in what order, and how many are wrong."""

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger.audit import suspects
from tagger.audit.suspects import Habits
from tagger.inference.artefact import Artefact
from tagger.inference.card import Card
from tests.audit.made import GENRES, entry

N = len(GENRES)


def habits(**mistakes: float) -> Habits:
    """Of a model that is right in 60 of 100; what it says of metal is given, by genre, the rest is spread."""
    counts = np.full((N, N), 40 / (N - 1))
    np.fill_diagonal(counts, 60)
    for said, count in mistakes.items():
        counts[GENRES.index("Electronic"), GENRES.index(said)] = count
    return Habits(GENRES, counts / counts.sum(axis=1, keepdims=True), np.full(N, 0.6), (0.6, 0.55, 0.65))


@pytest.fixture
def card(bundled: Artefact) -> Card:
    """The bundled model's card."""
    return bundled.card


def test_only_tags_that_differ_from_what_is_sure_are_doubted() -> None:
    """What agrees, cannot be compared, is not tagged, not known, or heard with less than half is not listed."""
    doubted = entry("6", ("Blues",), "Metal", 0.5)
    entries = [
        entry("1", ("Metal",), "Metal"),
        entry("2", ("Soundtrack",), "Metal"),
        entry("3", (), "Metal"),
        entry("4", ("Blues",), "Metal", 0.49),
        entry("5", ("Blues",), "Metal", known=False),
        doubted,
        entry("7", ("Blues", "Black Metal"), "Metal"),
        entry("8", None, "Metal"),
    ]
    assert [one.entry for one in suspects.ranked(entries, None)] == [doubted]


def test_the_least_probable_tag_comes_first() -> None:
    """Of two tags against the same sound, the one that the model thinks less probable surprises more."""
    likelier, less = (entry(name, ("Blues",), "Metal", 0.6, Blues=p) for name, p in (("a", 0.3), ("b", 0.01)))
    assert [one.entry for one in suspects.ranked([likelier, less], habits())] == [less, likelier]
    assert [one.entry for one in suspects.ranked([likelier, less], None)] == [less, likelier]


def test_what_the_model_often_mixes_up_comes_last() -> None:
    """Electronic taken for Metal is a habit in this model's tests, Electronic taken for Rock is none."""
    usual, unusual = entry("a", ("Techno",), "Metal", 0.9), entry("b", ("Techno",), "Rock", 0.8)
    found = suspects.ranked([usual, unusual], habits(Metal=60, Rock=0.1))
    assert [one.entry for one in found] == [unusual, usual]
    assert found[1].mistaken == pytest.approx(60 / (60 + 60 + 0.1 + 4 * 40 / 6), rel=1e-6)
    assert [one.entry for one in suspects.ranked([usual, unusual], None)] == [usual, unusual]


def test_several_meanings_are_judged_by_the_best() -> None:
    """A name that may mean several genres is as probable as all together, and mixed up as the most usual."""
    one, both = entry("a", ("Blues",), "Metal", 0.6), entry("b", ("Pop Blues",), "Metal", 0.6)
    assert both.tag_probability == pytest.approx(2 * one.tag_probability)
    assert [found.entry for found in suspects.ranked([both, one], habits())] == [one, both]


def test_the_bundled_card_tells_its_habits(card: Card) -> None:
    """Shares add to one; Electronic taken for Metal, its worst habit, is known; few test tracks say little."""
    found = Habits.of(card)
    assert found is not None
    assert found.shares.sum(axis=1) == pytest.approx(np.ones(len(card.genres)))
    assert found.shares.min() > 0
    assert found.mistaken(["Electronic"], "Metal") == pytest.approx(0.19, abs=0.02)
    assert found.mistaken(["Classical"], "Metal") < 0.01
    metal = card.genres.index("Metal")  # of which there were no test tracks
    assert found.recall[metal] == found.accuracy[0]
    assert found.shares[metal, metal] == pytest.approx(found.accuracy[0], abs=0.03)


@pytest.mark.parametrize(
    "scores",
    [
        {},
        {"per_track": None},
        {"per_track": {"accuracy": {"value": 1, "low": 1, "high": 1}}},
        {"per_track": {"confusion_matrix": [[1, 2], [3]], "accuracy": {"value": 0.5, "low": 0.4, "high": 0.6}}},
        {"per_track": {"confusion_matrix": [[1]], "accuracy": {"value": 0.5, "low": 0.4, "high": 0.6}}},
        {
            "per_track": {
                "confusion_matrix": [[0] * 14] * 14,
                "accuracy": {"value": 0.5, "low": 0.4, "high": 0.6},
            }
        },
        {
            "per_track": {
                "confusion_matrix": [[1] * 14] * 14,
                "accuracy": {"value": 0.5, "low": 0.6, "high": 0.7},
            }
        },
        {"per_track": {"confusion_matrix": [[1] * 14] * 14, "accuracy": 0.5}},
    ],
)
def test_cards_that_do_not_tell_say_nothing(card: Card, scores: dict[str, object]) -> None:
    """Without a confusion matrix that fits, nothing is said of habits, nor of how many tags are wrong."""
    assert Habits.of(dataclasses.replace(card, scores=scores)) is None
    assert suspects.expectation([entry("a", ("Blues",), "Metal")], None) is None


@pytest.mark.parametrize(
    ("n_agreeing", "wrong", "fewest", "most"),
    [(60, 0, 0, 23), (30, 50, 28, 66), (100, 0, 0, 0), (0, 100, 93, 100)],
)
def test_how_many_are_wrong_follows_from_how_many_agree(
    n_agreeing: int, wrong: int, fewest: int, most: int
) -> None:
    """A model that is right in 60 of 100 agrees with 60 of 100 right tags: fewer tell of wrong ones."""
    entries = [entry(str(n), ("Blues",), "Blues" if n < n_agreeing else "Metal") for n in range(100)]
    entries += [entry("not judged", ("Soundtrack",), "Blues"), entry("nor this", (), "Blues")]
    found = suspects.expectation(entries, habits())
    assert found is not None
    assert (found.judged, found.differing, found.by_itself) == (100, 100 - n_agreeing, 40)
    assert (found.wrong, found.fewest, found.most) == (wrong, fewest, most)


def test_nothing_to_compare_gives_no_expectation() -> None:
    """Where hardly a tag can be compared, nothing is said."""
    few = [entry(str(n), ("Blues",), "Metal") for n in range(19)]
    assert suspects.expectation([*few, entry("a", ("Soundtrack",), "Metal")], habits()) is None
    assert suspects.expectation([*few, entry("a", ("Blues",), "Metal")], habits()) is not None


@given(st.lists(st.tuples(st.sampled_from(GENRES), st.sampled_from(GENRES), st.floats(0.2, 1)), max_size=20))
def test_ranking_is_an_order(tracks: list[tuple[str, str, float]]) -> None:
    """Every doubted tag is listed once, surprise never rises, and nothing depends on where tracks are."""
    entries = [entry(str(n), (tag,), heard, sure) for n, (tag, heard, sure) in enumerate(tracks)]
    found = suspects.ranked(entries, habits())
    assert {one.entry.path for one in found} == {
        one.path for one in entries if one.genre not in one.meant and one.confidence >= 0.5
    }
    assert all(one.surprise >= other.surprise for one, other in itertools.pairwise(found))
    assert suspects.ranked(entries[::-1], habits()) == found
