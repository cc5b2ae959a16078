"""The user's own genres: laws of translation, and what is wrong with files."""

import contextlib
import math
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger.errors import SettingsError
from tagger.records import Score, Track, Verdict, below
from tagger.sinks import taxonomy
from tagger.sinks.taxonomy import Taxonomy

GENRES = """\
# beets' list
electronic
hip hop

Heavy Metal
r&b
drum and bass
"""
TREE = """\
- electronic:
    - house:
        - acid house
        - on
    - drum and bass
    - industrial:
        - industrial metal
- hip hop
- rock:
    - heavy metal:
        - industrial metal
        - 1980s: 2
- r&b
"""
OURS = ("Acid House", "House", "Hip-Hop", "Industrial Metal", "Disco", "RnB")


def verdict(*scores: tuple[str, float], min_confidence: float = 0.0) -> Verdict:
    """What the engine concludes."""
    named = scores[0][1] >= min_confidence
    reason = "" if named else "confidence … % is below … %"
    ranked = tuple(Score(*score) for score in scores)
    return Verdict(Track(Path("x")), ranked, ranked[0].genre if named else None, 1.0, 1, "m", reason)


def least(confidence: float) -> Callable[[Iterable[str], float], str]:
    """Names nothing below a confidence."""
    return lambda genres, share: below(share, confidence) if share < confidence else ""


@pytest.fixture
def load(tmp_path: Path):
    """Reads a taxonomy from the contents of its files."""

    def load(**contents: str | bytes | None) -> Taxonomy:
        paths = {name: tmp_path / name for name, content in contents.items() if content is not None}
        for name, path in paths.items():
            content = contents[name]
            path.write_bytes(content if isinstance(content, bytes) else str(content).encode())
        return taxonomy.load(**paths)

    return load


def says(verdict: Verdict) -> list[tuple[str, float]]:
    """Genres and rounded shares."""
    return [(score.genre, round(score.probability, 6)) for score in verdict.scores]


def test_without_files_nothing_changes() -> None:
    """The very same verdict comes back."""
    heard = verdict(("Rock", 0.6), ("Pop", 0.4))
    assert taxonomy.load().translate(heard, least(0.9)) is heard
    assert taxonomy.load().allows("Anything")


def test_an_unknown_child_maps_up(load) -> None:
    """What is not on the list becomes the nearest above it that is; shares of what becomes one add up."""
    heard = verdict(("Acid House", 0.3), ("Disco", 0.25), ("House", 0.25), ("Industrial Metal", 0.2))
    told = load(genres=GENRES, tree=TREE).translate(heard, least(0.5))
    assert says(told) == [("Electronic", 0.55), ("Disco", 0.25), ("Heavy Metal", 0.2)]
    assert (told.genre, told.reason) == ("Electronic", "")


def test_what_is_not_there_is_not_named(load) -> None:
    """If the strongest has no genre of the user's, the verdict is "don't know", with the reason."""
    wanted = load(genres=GENRES)
    told = wanted.translate(verdict(("Disco", 0.6), ("Hip-Hop", 0.4)), least(0.0))
    assert (told.genre, told.reason) == (None, "Disco is not among your genres")
    assert says(told) == [("Disco", 0.6), ("Hip-Hop", 0.4)]
    assert [genre for genre in ("Disco", "hiphop") if wanted.allows(genre)] == ["hiphop"]


def test_joined_shares_can_be_enough(load) -> None:
    """A verdict that abstained is named where its genres are one; others abstain with new numbers."""
    heard = verdict(("Acid House", 0.3), ("House", 0.29), ("Disco", 0.2), min_confidence=0.5)
    assert heard.genre is None
    wanted = load(map="Acid House: House")
    told = wanted.translate(heard, least(0.5))
    assert (told.genre, told.reason, told.confidence) == ("House", "", pytest.approx(0.59))
    assert wanted.translate(heard, least(0.605)).reason == "confidence 59 % is below 60.5 %"


def test_the_map_comes_first(load) -> None:
    """Our name is replaced under any spelling, null is never written, and only then the list is asked."""
    wanted = load(map="hip hop: Rap\nDisco: null\nRnB: ~\n'House': Club", genres="Rap\nclub\ndisco")
    told = wanted.translate(verdict(("House", 0.4), ("Hip-Hop", 0.3), ("Disco", 0.2), ("RnB", 0.1)), least(0.0))
    assert says(told) == [("Club", 0.4), ("Rap", 0.3), ("Disco", 0.2), ("RnB", 0.1)]
    assert [wanted.allows(score.genre) for score in told.scores] == [True, True, False, False]


@pytest.mark.parametrize(
    ("ours", "contents", "spelled"),
    [
        ("Hip-Hop", {"genres": "hip hop"}, "Hip-Hop"),
        ("Hip-Hop", {"genres": "Hip Hop"}, "Hip Hop"),
        ("RnB", {"genres": "R&B"}, "R&B"),
        ("Trap", {"genres": "r&b", "tree": "- r&b:\n  - trap"}, "R&B"),
        ("Jungle", {"genres": "drum and bass", "tree": "- drum and bass:\n  - jungle"}, "Drum and Bass"),
        ("Trap", {"map": "Trap: hip hop"}, "hip hop"),
        ("On", {"tree": TREE}, "On"),
        ("1980s", {"tree": TREE}, "1980s"),
        ("2", {"tree": TREE}, "2"),
        ("no", {"map": "no: on"}, "on"),
    ],
)
def test_genres_are_spelled_as_the_user_does(load, ours: str, contents: dict[str, str], spelled: str) -> None:
    """Capitals and the map are the user's; a lower-case list shows ours, or titles; YAML's words are names."""
    assert load(**contents).translate(verdict((ours, 1.0)), least(0.0)).genre == spelled


def test_the_tree_says_what_is_broader(load) -> None:
    """Only what is above is broader, in any place of the tree, and nothing is above itself."""
    tree = load(tree=TREE)
    assert tree.is_broader("Electronic", "acid-house")
    assert tree.is_broader("Rock", "Industrial Metal")
    assert tree.is_broader("Industrial", "Industrial Metal")
    pairs = [("House", "House"), ("Acid House", "House"), ("Rock", "House"), ("Rock", "Unknown")]
    assert not any(tree.is_broader(*pair) for pair in pairs)


def test_the_highest_threshold_counts(load) -> None:
    """What became one is as sure as its most doubtful part demands."""
    thresholds = {"Acid House": 0.9, "House": 0.4, "Disco": 0.95}
    heard = verdict(("House", 0.5), ("Acid House", 0.3), ("Disco", 0.2))
    wanted = load(map="Acid House: House")
    assert wanted.threshold(heard, wanted.translate(heard, least(0)), thresholds.__getitem__) == 0.9
    assert Taxonomy().threshold(heard, heard, thresholds.__getitem__) == 0.4


def test_a_name_is_asked_for_what_it_stands_for(load) -> None:
    """Whether a translated verdict is named is asked with all our genres that became its strongest."""
    heard = verdict(("House", 0.5), ("Disco", 0.3), ("Acid House", 0.2))
    told = load(map="Acid House: House").translate(heard, lambda genres, share: f"{sorted(genres)} {share:.1f}")
    assert (told.genre, told.reason) == (None, "['Acid House', 'House'] 0.7")


shares = st.lists(st.floats(0.001, 1), min_size=len(OURS), max_size=len(OURS))
files = st.fixed_dictionaries(
    {
        "genres": st.sampled_from([None, GENRES, "Club\nRock"]),
        "tree": st.sampled_from([None, TREE]),
        "map": st.sampled_from([None, "Disco: Club\nRnB: null", "House: Club\nAcid House: club\nDisco: rock"]),
    }
)


@given(files=files, shares=shares, min_confidence=st.floats(0, 1))
def test_translation_keeps_the_laws(
    tmp_path_factory, files: dict[str, str | None], shares: list[float], min_confidence: float
) -> None:
    """Shares keep their sum and order, the strongest is named if it may be, and twice is the same as once."""
    folder = tmp_path_factory.mktemp("taxonomy")
    paths = {name: folder / name for name, content in files.items() if content}
    for name, path in paths.items():
        path.write_text(files[name])
    wanted = taxonomy.load(**paths)
    parts = sorted((share / math.fsum(shares) for share in shares), reverse=True)
    heard = verdict(*zip(OURS, parts, strict=True), min_confidence=min_confidence)
    told = wanted.translate(heard, least(min_confidence))
    assert math.fsum(score.probability for score in told.scores) == pytest.approx(1)
    assert [s.probability for s in told.scores] == sorted((s.probability for s in told.scores), reverse=True)
    assert len({score.genre for score in told.scores}) == len(told.scores) <= len(OURS)
    sure = told.confidence >= min_confidence and wanted.allows(told.scores[0].genre)
    assert told.genre == (told.scores[0].genre if sure else None)
    assert bool(told.reason) == (told.genre is None)
    assert wanted.translate(told, least(min_confidence)) == told


BOMB = "a: &a [x, x]\n" + "".join(
    f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("genres", b"\xff\xfeR\0o\0", "not a text in UTF-8"),
        ("genres", b"ID3\x04\0\0", "not a text file"),
        ("genres", "# nothing\n\n", "there is no genre in it"),
        ("genres", "x\n" * 600_000, "larger than 1 MiB"),
        ("tree", "", "there is no genre in it"),
        ("tree", "- rock:\n  - rock\n  - '': [x]", "line 3: a genre without a name"),
        ("tree", "electronic\nhip hop", "line 1: not a tree of genres"),
        ("tree", "- a: [b\n", "not valid YAML in line 2"),
        ("tree", "- a:\n  - b:\n    - A", "a is above itself"),
        ("tree", "- a: [b]\n- b: [c]\n- c: [a]", "a is above itself"),
        ("tree", BOMB, "YAML's aliases"),
        ("tree", "&a [*a]", "YAML's aliases"),
        ("tree", "[" * 500_000, "nested too deeply"),
        ("tree", "- {[x]: y}", "line 1: a genre without a name"),
        ("map", "- Rock\n- Pop", "line 1: not a map of genres"),
        ("map", "Rock", "line 1: not a map of genres"),
        ("map", "Rock: [Pop, Jazz]", "line 1: more than one genre"),
        ("map", "Hip-Hop: Rap\nhip hop: Trap", "line 2: hip hop is there twice"),
        ("map", "A: B\nB: C", "B is itself mapped"),
        ("map", "A: B\nC: ''", "line 2: an empty name"),
        ("map", "A: B\nC: ' '", "line 2: an empty name"),
        ("map", 'A: "a\\nb"', "line 1: a name with a control character"),
        ("tree", '- a\n- "b\\x07c"', "line 2: a name with a control character"),
        ("tree", '- "b\\x07c": [d]', "line 1: a name with a control character"),
        ("genres", "Rock\nHip\tHop", "line 2: a name with a control character"),
        ("map", "A: B\nB: null", "B is itself mapped"),
    ],
)
def test_a_bad_file_is_one_clear_sentence(
    load, tmp_path: Path, name: str, content: str | bytes, message: str
) -> None:
    """Whatever is wrong with a file, the error names it and says what to do."""
    with pytest.raises(SettingsError) as caught:
        load(**{name: content})
    assert caught.value.message.startswith(f"{tmp_path / name}: ")
    assert message in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("name", ["genres", "tree", "map"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    """A path that leads nowhere, or to a folder, is an error."""
    with pytest.raises(SettingsError, match=r"nowhere: no such file"):
        taxonomy.load(**{name: tmp_path / "nowhere"})
    with pytest.raises(SettingsError, match=r"Is a directory"):
        taxonomy.load(**{name: tmp_path})


@given(
    content=st.binary(max_size=60) | st.text(alphabet="-: \n[]{}&*!~ab'\"#|>%@\t", max_size=40).map(str.encode)
)
def test_no_file_crashes(tmp_path_factory, content: bytes) -> None:
    """Any bytes are read, or end in a settings error."""
    path = tmp_path_factory.mktemp("any") / "file"
    path.write_bytes(content)
    for name in ("genres", "tree", "map"):
        with contextlib.suppress(SettingsError):
            assert taxonomy.load(**{name: path}).translate(verdict(("Rock", 1.0)), least(0.0)).scores
