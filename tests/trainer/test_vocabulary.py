"""The table says of every label of the corpora what it means, and why."""

from __future__ import annotations

import csv

import pytest

from trainer.corpora import emotify, gtzan
from trainer.data import labels, vocabulary

ALLMUSIC = (
    "Avant-Garde, Blues, Children's, Classical, Comedy/Spoken, Country, Easy Listening, Electronic, Folk, "
    "Holiday, International, Jazz, Latin, New Age, Pop/Rock, R&B, Rap, Reggae, Religious, Stage & Screen, Vocal"
)
FMA = (
    "Blues, Classical, Country, Easy Listening, Electronic, Experimental, Folk, Hip-Hop, Instrumental, "
    "International, Jazz, Old-Time / Historic, Pop, Rock, Soul-RnB, Spoken"
)


@pytest.mark.parametrize("genre", vocabulary.GENRES)
def test_our_own_names_mean_themselves(genre):
    """A genre in our own spelling stays as it is."""
    assert labels.meaning(genre).genre == genre


@pytest.mark.parametrize("label", gtzan.GENRES)
def test_every_label_of_gtzan_is_a_genre(label):
    """The table holds all ten labels of GTZAN."""
    assert labels.meaning(label).genre in vocabulary.GENRES


def test_the_table_is_total():
    """Every entry names our genres, and where it is not one genre gives the reason."""
    for label, meaning in vocabulary.MEANINGS.items():
        assert label == vocabulary.key(label)
        assert set(meaning.genres) <= set(vocabulary.GENRES), label
        assert meaning.genre or meaning.reason, label
        assert meaning.ambiguous == (len(set(meaning.genres)) > 1), label


@pytest.mark.parametrize("label", [*ALLMUSIC.split(", "), *FMA.split(", "), *emotify.GENRES])
def test_every_label_of_the_corpora_is_in_the_table(label):
    """None of AllMusic, of FMA's top genres or of Emotify becomes a genre only because nobody thought of it."""
    assert vocabulary.key(label) in vocabulary.MEANINGS


@pytest.mark.real
def test_every_label_of_real_music_is_in_the_table(music):
    """The same for the table of the labelled music at hand."""
    with (music / "manifest.csv").open(encoding="utf-8", newline="") as stream:
        used = {label for row in csv.DictReader(stream) for label in row["genres"].split("+")}
    assert {vocabulary.key(label) for label in used} <= set(vocabulary.MEANINGS)


def test_speech_names_no_music():
    """It means none of our genres, and more: that there is none. Noise is music to some."""
    for label in ("Spoken", "speech"):
        assert not labels.meaning(label).is_music, label
    assert all(labels.meaning(label).is_music for label in ("Comedy/Spoken", "Noise", "Pop/Rock", "Jazz"))


def test_an_ambiguous_label_leaves_its_genres_open():
    """Pop/Rock is pop, rock or metal, and no one genre."""
    meaning = labels.meaning("Pop/Rock")
    assert meaning.ambiguous
    assert meaning.genre is None
    assert set(meaning.genres) == {"Pop", "Rock", "Metal"}
