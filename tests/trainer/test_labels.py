"""Labels become genres as the table says, and what is left out is said aloud."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from tagger.errors import CorpusError
from trainer.corpora.interface import Corpus, Example
from trainer.data import labels
from trainer.recipe import Recipe
from trainer.sampling import Sampling

RECIPE = Recipe(min_examples=2, min_groups=2)


def corpus(*items: tuple[str, ...], own_names: bool = False) -> Corpus:
    """A corpus of one example for each tuple of labels, all by different artists."""
    examples = tuple(Example(Path(f"{n}.wav"), item, f"artist{n}", "made") for n, item in enumerate(items))
    return Corpus("made", examples, artists_known=True, names_are_genres=own_names)


@pytest.mark.parametrize(
    ("label", "genre"),
    [("hiphop", "Hip-Hop"), ("Hip Hop", "Hip-Hop"), ("hip_hop", "Hip-Hop"), ("rnb", "R&B"), ("R&B", "R&B")],
)
def test_spelling_does_not_matter(label, genre):
    """Case, spaces, hyphens and ampersands make no other genre."""
    assert labels.meaning(label).genre == genre


@pytest.mark.parametrize(
    ("label", "genre"), [("drill", "Drill"), ("k-pop", "K-Pop"), ("UK Garage", "UK Garage"), ("ska", "Ska")]
)
def test_names_that_the_table_lacks_are_genres(label, genre):
    """A name of the user's own is kept; it gets capitals only where it has none."""
    assert labels.meaning(label).genre == genre


def test_the_users_own_folder_names_are_never_left_out():
    """A folder named like an omitted label is a genre all the same."""
    assert labels.meaning("holiday").genre is None
    assert labels.meaning("holiday", own_names=True).genre == "Holiday"


def test_the_first_label_that_is_learned_counts():
    """An example whose first label is omitted counts for its next one."""
    chosen = labels.targets(corpus(("vocal", "jazz"), ("jazz",), ("blues",), ("blues",)), RECIPE)
    assert chosen.genres == ("Blues", "Jazz")
    assert chosen.indices == (1, 1, 0, 0)


def test_an_ambiguous_first_label_leaves_the_example_out():
    """Pop/Rock first says nothing, whatever follows; after another label it does no harm."""
    chosen = labels.targets(
        corpus(("poprock", "jazz"), ("jazz", "poprock"), ("jazz",), ("blues",), ("blues",)), RECIPE
    )
    assert [example.path.name for example in chosen.examples] == ["1.wav", "2.wav", "3.wav", "4.wav"]
    assert any("Pop/Rock" in message for message in chosen.left_out)


MIXED = corpus(
    ("jazz", "poprock", "vocal", "blues"),  # 0
    ("poprock", "jazz"),  # 1
    ("vocal", "poprock"),  # 2
    ("vocal",),  # 3
    ("blues",),  # 4
)


def names(indices, genres):
    """Genres of their indices."""
    return [genres[index] for index in indices]


@pytest.mark.parametrize(
    ("genres", "expected"),
    [
        (("Blues", "Jazz", "Metal", "Pop", "Rock"), [(0, 1, 2, 3, 4), (1, 2, 3, 4), (2, 3, 4), (), (0,)]),
        (("Blues", "Jazz", "Pop", "Rock"), [(), (), (), (), (0,)]),  # Pop/Rock might be Metal
    ],
)
def test_a_label_set_holds_all_that_the_labels_may_mean(genres, expected):
    """A label that may mean what is not learned excludes nothing, so that there is no set."""
    assert [labels.allowed(example, MIXED, genres) for example in MIXED.examples] == expected


def test_further_labels_count_only_if_they_name_one_genre():
    """Beside the first genre, in their order; those of a clip without a first genre do not."""
    genres = ("Blues", "Jazz", "Metal", "Pop", "Rock")
    assert [names(labels.also(one, MIXED, genres), genres) for one in MIXED.examples] == [["Blues"]] + [[]] * 4
    again = corpus(("jazz", "jazz", "rap", "soul"))
    assert names(labels.also(again.examples[0], again, ("Jazz", "R&B")), ("Jazz", "R&B")) == ["R&B"]


def test_ambiguous_are_those_with_a_set_and_without_a_first_genre():
    """Nobody else, and nobody at all where the set might be another genre; the user's own names mean one."""
    every = ("Blues", "Jazz", "Metal", "Pop", "Rock")
    assert [one.path.name for one in labels.ambiguous(MIXED, every)] == ["1.wav", "2.wav"]
    assert labels.ambiguous(MIXED, every[:2]) == []
    own = dataclasses.replace(MIXED, names_are_genres=True)
    assert labels.ambiguous(own, (*every, "Poprock")) == []


def test_sets_change_nothing_of_what_is_judged():
    """Genres, examples and their order stay; only those learned as sets are not told to be left out."""
    every = corpus(*[(name,) for name in ("blues", "pop", "rock", "metal", "poprock")] * 2)
    plain, partial = (
        labels.targets(every, dataclasses.replace(RECIPE, sampling=Sampling(partial=partial)))
        for partial in (False, True)
    )
    assert (plain.genres, plain.examples, plain.indices) == (partial.genres, partial.examples, partial.indices)
    assert any("Pop/Rock" in message for message in plain.left_out)
    assert not any("Pop/Rock" in message for message in partial.left_out)


def test_a_small_genre_is_dropped_aloud_and_its_examples_count_for_the_next_label():
    """Too few examples drop a genre, and a message says so."""
    recipe = dataclasses.replace(RECIPE, min_examples=3)
    chosen = labels.targets(corpus(("folk", "blues"), *[("blues",)] * 2, *[("jazz",)] * 3), recipe)
    assert chosen.genres == ("Blues", "Jazz")
    assert len(chosen.examples) == 6
    assert any(message.startswith("Folk: dropped") for message in chosen.left_out)


def test_many_clips_of_one_artist_do_not_make_a_genre():
    """Groups are counted, not only examples."""
    made = corpus(*[("folk",)] * 3, *[("jazz",)] * 3, *[("blues",)] * 3)
    one_artist = tuple(
        dataclasses.replace(one, group="same") if one.labels == ("folk",) else one for one in made.examples
    )
    chosen = labels.targets(dataclasses.replace(made, examples=one_artist), RECIPE)
    assert chosen.genres == ("Blues", "Jazz")


def test_only_the_genres_of_the_recipe_are_learned():
    """A recipe that names its genres gets these and no others."""
    recipe = dataclasses.replace(RECIPE, genres=("Blues", "Jazz"))
    chosen = labels.targets(corpus(*[("blues",), ("jazz",), ("rock",)] * 2), recipe)
    assert chosen.genres == ("Blues", "Jazz")


def test_one_genre_is_not_enough():
    """A corpus that supports one genre only is refused in one sentence."""
    with pytest.raises(CorpusError, match="fewer than two genres"):
        labels.targets(corpus(("jazz",), ("jazz",), ("folk",)), RECIPE)


def shelf():
    """Targets of six blues, four jazz and two rock examples."""
    return labels.targets(corpus(*[("blues",)] * 6, *[("jazz",)] * 4, *[("rock",)] * 2), RECIPE)


@pytest.mark.parametrize(
    ("how", "sizes"),
    [
        ({}, {"Blues": 6, "Jazz": 4, "Rock": 2}),
        ({"most": 3}, {"Blues": 3, "Jazz": 3, "Rock": 2}),
        ({"least": 4}, {"Blues": 6, "Jazz": 4}),
        ({"n_genres": 2, "most": 5}, {"Blues": 5, "Jazz": 4}),
        ({"without": ["Blues"]}, {"Jazz": 4, "Rock": 2}),
        ({"without": ["Jazz"], "n_genres": 2, "least": 2}, {"Blues": 6, "Rock": 2}),
    ],
)
def test_genres_and_examples_are_selected(how, sizes):
    """What is left has the sizes asked for, keeps its own genre, and what went is told."""
    chosen = labels.select(shelf(), **how)
    assert {genre: chosen.indices.count(n) for n, genre in enumerate(chosen.genres)} == sizes
    for example, index in zip(chosen.examples, chosen.indices, strict=True):
        assert example.labels[0].title() == chosen.genres[index]
    assert all(
        any(message.startswith(genre) for message in chosen.left_out) for genre in how.get("without", ())
    )


def test_the_draw_is_seeded():
    """The same seed draws the same examples, in the order of the corpus."""
    first, again, other = (labels.select(shelf(), most=2, seed=seed).examples for seed in (1, 1, 2))
    assert first == again != other
    assert list(first) == [one for one in shelf().examples if one in first]


@pytest.mark.parametrize(
    "how", [{"least": 5}, {"n_genres": 1}, {"without": ["Ska"]}, {"without": ["Blues", "Jazz"]}]
)
def test_a_selection_that_leaves_nothing_to_tell_apart_is_refused(how):
    """One genre is not enough, and an unknown one cannot be taken out."""
    with pytest.raises(CorpusError):
        labels.select(shelf(), **how)
