"""When two spellings are one genre, and which genres say little: laws and cases."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger.sinks.tags import spelling

texts = st.text(max_size=12) | st.sampled_from(["R&B/Soul", "d n b", "dn b", "rock'n'roll", "🎷", "ﬁ&ß", "❤️"])


@pytest.mark.parametrize(
    "alike",
    [
        ("Hip-Hop", "Hip Hop", "hiphop", "HIP_HOP", "Hip‐Hop", "hip.hop"),
        ("Drum & Bass", "Drum and Bass", "Drum n Bass", "drum 'n' bass", "Drum+Bass", "DnB", "D&B", "D'n'B"),
        ("R&B", "RnB", "R'n'B", "R and B", "Rhythm and Blues", "Rhythm & Blues", "rhythm’n’blues"),
        ("Rock & Roll", "Rock 'n' Roll", "Rock'n'Roll", "Rock n Roll", "RocknRoll"),
        ("Liquid Drum & Bass", "Liquid DnB"),
        ("Contemporary R&B", "contemporary rhythm and blues"),
        ("Progressive Rock", "Prog Rock"),
        ("Música", unicodedata.normalize("NFD", "música")),
        ("Ｊ-ＰＯＰ", "j-pop"),
    ],
    ids=lambda names: names[0],
)
def test_spellings_of_a_genre_are_one(alike: tuple[str, ...]) -> None:
    """Case, signs and unquestionable abbreviations make no difference."""
    assert len({spelling.key(name) for name in alike}) == 1
    assert all(spelling.same(alike[0], name) for name in alike)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("R&B", "R&B/Soul"),
        ("Electronic", "Electronica"),
        ("House", "Deep House"),
        ("Folk", "Volk"),
        ("Cafe", "Café"),
        ("2-Step", "2 Tone"),
        ("🎷", "🎸"),
        ("❤️", "♠️"),
        ("Музыка", "Музыки"),
        ("हिंदी", "हद"),
    ],
)
def test_other_genres_stay_apart(one: str, other: str) -> None:
    """What differs by more than spelling is not one genre, in any script."""
    assert not spelling.same(one, other)


@given(genre=texts)
def test_the_key_of_a_key_is_itself(genre: str) -> None:
    """A key can be used wherever a genre can, and only a blank genre has an empty one."""
    key = spelling.key(genre)
    assert spelling.key(key) == key
    assert bool(key) == bool(unicodedata.normalize("NFKC", genre).strip())


@given(genre=texts, padding=st.sampled_from([" ", "-", "\t", "."]))
def test_case_and_padding_make_no_difference(genre: str, padding: str) -> None:
    """Neither upper case nor signs around a word change which genre it is."""
    assert spelling.same(genre, genre.casefold())
    if any(map(str.isalnum, genre)):
        assert spelling.same(genre, f"{padding}{genre}{padding}")


@pytest.mark.parametrize(
    "genre",
    [
        "",
        "  ",
        "-",
        "???",
        "Unknown",
        "<unknown>",
        "Unknown Genre",
        "UNDEFINED",
        "Other",
        "misc.",
        "(12)",
        "255",
        "(12)(255)",
        "(12)Other",
        "None",
        "N/A",
        "not set",
        "Default",
        "Genre",
        "Unclassifiable",
    ],
)
def test_placeholders_say_nothing(genre: str) -> None:
    """What programs fill in where nothing is known is no genre."""
    assert spelling.says_nothing(genre)


@pytest.mark.parametrize("genre", ["Music", "Various", "Pop/Rock", "General Rock", "audio", "Música"])
def test_shelves_are_generic(genre: str) -> None:
    """What is true of nearly every file says little, but it is no placeholder."""
    assert spelling.is_generic(genre)
    assert not spelling.says_nothing(genre)


@pytest.mark.parametrize(
    "genre",
    ["Rock", "80s", "2-Step", "🎷", "Noise", "Alternative", "World", "(17)Rock", "東京", "New Generals"],
)
def test_genres_say_something(genre: str) -> None:
    """A genre that somebody chose is neither a placeholder nor generic, short or strange as it may be."""
    assert not spelling.says_nothing(genre)
    assert not spelling.is_generic(genre)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("17", ("Rock",)),
        ("(17)", ("Rock",)),
        ("(4)Eurodisco", ("Disco", "Eurodisco")),
        ("(51)(39)", ("Techno-Industrial", "Noise")),
        ("(RX)", ("Remix",)),
        ("255", ("Unknown",)),
        ("R&B/Soul", ("R&B/Soul",)),
    ],
)
def test_numbers_have_names(text: str, names: tuple[str, ...]) -> None:
    """A numeric genre of ID3 is read as what it stands for."""
    assert spelling.names(text) == names


@pytest.mark.parametrize(
    "title",
    [
        "R&B",
        "Drum and Bass",
        "Rock 'n' Roll",
        "Rock'n'Roll",
        "Post-Punk",
        "2-Step",
        "4x4 Garage",
        "UK Garage",
        "Children's Music",
        "Death/Doom",
        "Coupé-Décalé",
        "Funk / Soul",
        "The Blues",
        "Bossa Nova",
        "Crunk&B",
    ],
)
def test_titles_are_spelled_as_titles_are(title: str) -> None:
    """Lower case becomes the spelling that shops use, which is the same genre."""
    assert spelling.titled(title.lower()) == title
    assert spelling.same(title.lower(), title)


@given(genre=texts)
def test_a_title_is_the_same_genre(genre: str) -> None:
    """Spelling as a title never makes another genre of it."""
    assert spelling.same(spelling.titled(genre), genre)
