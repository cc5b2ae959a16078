"""Labels become genres as the table says, and what is left out is said aloud."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from tagger.errors import CorpusError
from trainer.corpora import gtzan
from trainer.corpora.interface import Corpus, Example
from trainer.data import labels
from trainer.recipe import Recipe

RECIPE = Recipe(min_examples=2, min_groups=2)


def corpus(*items: tuple[str, ...], own_names: bool = False) -> Corpus:
    """A corpus of one example for each tuple of labels, all by different artists."""
    examples = tuple(Example(Path(f"{n}.wav"), item, f"artist{n}", "made") for n, item in enumerate(items))
    return Corpus("made", examples, artists_known=True, names_are_genres=own_names)


@pytest.mark.parametrize("genre", labels.GENRES)
def test_our_own_names_mean_themselves(genre):
    """A genre in our own spelling stays as it is."""
    assert labels.meaning(genre).genre == genre


@pytest.mark.parametrize("label", gtzan.GENRES)
def test_every_label_of_gtzan_is_a_genre(label):
    """The table holds all ten labels of GTZAN."""
    assert labels.meaning(label).genre in labels.GENRES


def test_the_table_is_total():
    """Every entry names one of our genres, or gives the reason why it is left out."""
    for label, meaning in labels.MEANINGS.items():
        assert meaning.genre in labels.GENRES or (meaning.genre is None and meaning.reason), label
        assert not (meaning.ambiguous and meaning.genre), label


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
