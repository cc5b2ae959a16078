"""What names in tags stand for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger.audit import names
from tagger.audit.names import Meanings
from tagger.inference.artefact import Artefact
from tagger.sinks.tags import spelling
from tagger.sinks.taxonomy import Taxonomy


@pytest.fixture
def meanings(bundled: Artefact) -> Meanings:
    """Of the genres of the bundled model."""
    return Meanings(bundled.card.genres)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Rock", {"Rock"}),
        ("hip hop", {"Hip-Hop"}),
        ("Klassik", {"Classical"}),
        ("Drum & Bass", {"Electronic"}),
        ("Liquid DnB", {"Electronic"}),
        ("Indie Rock", {"Pop", "Rock"}),
        ("Blues Rock", {"Blues", "Rock"}),
        ("Country Blues", {"Blues", "Country"}),
        ("Symphonic Black Metal", {"Classical", "Metal"}),
        ("Classic Rock", {"Rock"}),
        ("Trip-Hop", {"Electronic", "Hip-Hop"}),
        ("Rocksteady", {"Reggae"}),
        ("R'n'B", {"R&B"}),
        ("Rock'n'Roll", {"Rock"}),
        ("Pop/Rock", {"Pop", "Rock", "Metal"}),
        ("Folk, World, & Country", {"Country", "Folk"}),
        ("Jazz; Classical", {"Classical", "Jazz"}),
        ("Rap français", {"Hip-Hop"}),
        ("Musica Classica", {"Classical"}),
    ],
)
def test_names_stand_for_every_genre_that_would_not_be_wrong(
    meanings: Meanings, name: str, meant: set[str]
) -> None:
    """Finer genres, joined names and other languages are read as what the model calls their music."""
    assert set(meanings.of(name)) == meant


@pytest.mark.parametrize(
    "name", ["", "Unknown", "Other", "(12)", "Soundtrack", "World", "Audiobook", "東京", "Rockin"]
)
def test_names_of_no_genre_stand_for_none(meanings: Meanings, name: str) -> None:
    """What the model has no genre for can be neither right nor wrong."""
    assert meanings.of(name) == ()


def test_a_models_own_genres_come_first() -> None:
    """A model of fine genres knows them by name, and what it does not have is not meant."""
    fine = Meanings(["Techno", "House"])
    assert fine.of("techno") == ("Techno",)
    assert fine.of("Acid House") == ("House",)
    assert fine.of("Rock") == ()


def test_the_users_map_and_tree_are_known() -> None:
    """A name of the user's map, or below a genre in the user's tree, stands for that genre."""
    users = Taxonomy(map={"hiphop": "sprechgesang"}, parents={"zouk": ("latin",), "latin": ()})
    meanings = Meanings(["Hip-Hop", "Latin"], users)
    assert meanings.of("Sprechgesang") == ("Hip-Hop",)
    assert meanings.of("Zouk") == ("Latin",)
    assert Meanings(["Hip-Hop", "Latin"]).of("Zouk") == ()


@given(name=st.text(max_size=30))
def test_any_text_has_a_meaning_or_none(name: str) -> None:
    """Whatever stands in a tag, genres of the model come out, in its order, each once."""
    genres = ("Jazz", "Pop", "Rock")
    found = Meanings(genres).of(name)
    assert found == tuple(genre for genre in genres if genre in found)
    if spelling.key(name) in {"jazz", "pop", "rock"}:
        assert len(found) == 1


def test_established_names_are_keys() -> None:
    """The names of ID3v1 and those of the table are known by their keys."""
    assert {"rock", "hiphop", "drumandbass", "klassik", "christiangangstarap"} <= names.known()
    assert all(spelling.key(key) == key for key in names.known())
