"""Which names are probably one, and which only look it."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger.audit import names, variants
from tagger.sinks.tags import spelling

OURS = ("Electronic", "Hip-Hop", "R&B", "Rock")


def told(*names: str, count: int = 1, **counts: int) -> list[tuple[str, set[str], tuple[str, ...]]]:
    """Kinds, names and suggestions for names that occur as often as is said."""
    found = variants.found(dict.fromkeys(names, count) | counts, OURS)
    return [(one.kind, {name for name, _ in one.names}, one.suggestion) for one in found]


def test_spellings_are_told_with_the_models_own() -> None:
    """Case, signs and blanks make no genre; the model's spelling is suggested, else the most frequent."""
    found = variants.found({"Hip Hop": 40, "Hip-Hop": 10, "hip hop": 2}, OURS)
    assert [(one.kind, one.names, one.suggestion) for one in found] == [
        ("spelling", (("Hip Hop", 40), ("Hip-Hop", 10), ("hip hop", 2)), ("Hip-Hop",))
    ]
    assert variants.found({"Drum & Bass": 2, "DnB": 5})[0].suggestion == ("DnB",)


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        ("misspelling", "Electronic", "Electornic"),
        ("misspelling", "Electronic", "Elektronic"),
        ("misspelling", "Alternative Rock", "Alternativ Rock"),
        ("misspelling", "Techno", "Tecno"),
        ("misspelling", "Acid Jazz", "Acid Jaz"),
        ("misspelling", "Psytrance", "Psytrace"),
        ("misspelling", "Reggae", "Regae"),
        ("plural", "Soundtrack", "Soundtracks"),
        ("plural", "Rock", "Rocks"),
        ("word order", "Alternative Rock", "Rock Alternative"),
    ],
)
def test_real_pairs_are_told(kind: str, right: str, wrong: str) -> None:
    """Slips of the pen and turned words are told, with the established name, however rare that is here."""
    assert told(right, wrong) == [(kind, {right, wrong}, (right,))]
    assert told(wrong, **{right: 20}) == [(kind, {right, wrong}, (right,))]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Dub", "Pub"),
        ("House", "Mouse"),
        ("Trap", "Trip"),
        ("Grime", "Crime"),
        ("Folk", "Volk"),
        ("Electronic", "Electronica"),
        ("Dark Wave", "Dark Rave"),
        ("Post-Punk", "Past-Punk"),
        ("Hard Rock", "Hard Rick"),
        ("80s", "90s"),
        ("Metal", "Metall"),
        ("Balada", "Bajada"),
        ("Salsa", "Samba"),
        ("Techno", "Tech House"),
    ],
)
def test_false_pairs_are_not(one: str, other: str) -> None:
    """Two genres that look alike, and two unknown names of which neither is rare, stay two."""
    assert told(one, other, count=5) == []


def test_a_rare_neighbour_of_an_unknown_name_is_a_misspelling() -> None:
    """Where no name is established, only frequency tells which one is meant."""
    assert told(Balfolkish=20, Balfolkich=2) == [("misspelling", {"Balfolkish", "Balfolkich"}, ("Balfolkish",))]
    assert told(Balfolkish=20, Balfolkich=9) == []


GENRES = ("Blues", "Classical", "Country", "Disco", "Electronic", "Folk", "Hip-Hop", "Jazz", "Latin", "Metal")


def test_the_models_genres_need_not_be_in_tags() -> None:
    """A slip of a genre of the model is told where that genre is in no tag, and counts what is there only."""
    found = variants.found({"Electornic": 5, "Clasical": 4, "Blue": 2, "Jazz Acid": 1}, (*GENRES, "Acid Jazz"))
    assert [(one.kind, one.names, one.suggestion) for one in found] == [
        ("misspelling", (("Electornic", 5),), ("Electronic",)),
        ("misspelling", (("Clasical", 4),), ("Classical",)),
        ("plural", (("Blue", 2),), ("Blues",)),
        ("word order", (("Jazz Acid", 1),), ("Acid Jazz",)),
    ]


@pytest.mark.parametrize(
    "genres", [GENRES, ("Latino", "Metall", "Symphonie", "Jazz Acid", "Acid Jazz", "Acids")]
)
def test_established_names_are_slips_of_no_genre(genres: tuple[str, ...]) -> None:
    """However near they come to a genre of the model; nor are two of its genres slips of each other."""
    known = [name for number in range(192) for name in spelling.names(str(number))]
    others = [*known, *(finer.strip() for finer in ",".join(names._FINER.values()).split(","))]
    found = [one for name in others for one in variants.found({name: 3}, genres)]
    assert [one for one in found if one.kind != "list"] == []


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Rock; Pop", ("Rock", "Pop")),
        ("Rock/Pop", ("Rock", "Pop")),
        ("Jazz, Blues", ("Jazz", "Blues")),
        ("Techno|House|Trance", ("Techno", "House", "Trance")),
        ("Metal\x00Rock", ("Metal", "Rock")),
    ],
)
def test_lists_in_one_text_are_told(name: str, parts: tuple[str, ...]) -> None:
    """Several genres in one value are told part by part."""
    assert told(name) == [("list", {name}, parts)]


@pytest.mark.parametrize(
    "name", ["R&B/Soul", "Folk, World, & Country", "AC/DC", "Rock/Rock", "Singer/Songwriter"]
)
def test_shelves_and_other_signs_are_no_lists(name: str) -> None:
    """Names of shops' shelves, and parts that are no genres, are left alone."""
    assert told(name) == []


def test_numbers_are_told_by_name() -> None:
    """What only programs understand is told as what it means; a decade is none of it, nor is "no genre"."""
    assert told("(17)") == [("number", {"(17)"}, ("Rock",))]
    assert told("17") == [("number", {"17"}, ("Rock",))]
    assert told("1980s", "(12)", "255", "4x4") == []


def test_the_most_tracks_come_first() -> None:
    """What would put most tracks in order is told first."""
    found = variants.found({"Techno": 500, "Tecno": 2, "Hip Hop": 9, "Hip-Hop": 1}, OURS)
    assert [one.kind for one in found] == ["spelling", "misspelling"]


words = st.sampled_from(
    ["rock", "Rock", "Pop", "hip hop", "Hip-Hop", "House", "Houes", "(17)", "x", "", "é", "东"]
)


@given(counts=st.dictionaries(st.text(max_size=8) | words, st.integers(1, 99), max_size=12))
def test_any_names_can_be_looked_through(counts: dict[str, int]) -> None:
    """Only names that are there are told, with their counts, and each suggestion is something else for one."""
    for one in variants.found(counts, OURS):
        assert dict(one.names).items() <= counts.items()
        assert one.suggestion
        assert {name for name, _ in one.names} != set(one.suggestion) or len(one.suggestion) > 1


short = st.text("abc", max_size=5)


@given(one=short, other=short)
def test_an_edit_is_one_step(one: str, other: str) -> None:
    """A text is one step from another exactly if a sign put in, changed or swapped makes one of the other."""
    longer, shorter = (one, other) if len(one) > len(other) else (other, one)
    inserted = any(longer[:n] + longer[n + 1 :] == shorter for n in range(len(longer)))
    changed = len(one) == len(other) and sum(a != b for a, b in zip(one, other, strict=True)) == 1
    swapped = one != other and any(
        one[:n] + one[n + 1 : n + 2] + one[n : n + 1] + one[n + 2 :] == other for n in range(len(one))
    )
    assert variants.edit(one, other) == variants.edit(other, one)
    expected = "insertion" if inserted else "substitution" if changed else "transposition" if swapped else ""
    assert variants.edit(one, other) == expected


def test_many_names_take_no_time() -> None:
    """Thousands of names are compared by what they share, not each with each."""
    names = {"".join(signs): 1 for signs in itertools.product("abcd", repeat=6)}
    assert len(names) == 4096
    assert len({spelling.key(name) for name in names}) == 4096
    variants.found(dict(list(names.items())[:1500]))
