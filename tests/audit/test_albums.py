"""Albums, and which of them disagree."""

from pathlib import Path
from typing import Any

import pytest

from tagger.audit import albums
from tagger.sinks.audit.findings import Entry
from tests.audit.made import entry


def track(path: str, tag: str = "Rock", heard: str = "Rock", sure: float = 0.9, **credits: Any) -> Entry:
    """A track of an album."""
    return entry(path, (tag,) if tag else (), heard, sure, **{"album": "One", "artist": "A"} | credits)


def test_an_album_is_a_title_in_a_folder() -> None:
    """Discs in folders of their own are one; other folders, other titles and no title are not."""
    entries = [
        track("a/CD1/1"),
        track("a/disc 2/1", album="ONE"),
        track("a/CD1/2", album="Two"),
        track("b/1"),
        track("b/2", album=""),
        track("b/3", album=""),
    ]
    assert albums.group(entries) == [entries[:2]]


@pytest.mark.parametrize("folder", ["CD 1", "cd2", "Disc 1", "disk-03", "Disque 1", "Side A"])
def test_folders_of_discs_are_known(folder: str) -> None:
    """Usual names of discs count as the folder above them."""
    tracks = [track(f"a/{folder}/1"), track("a/2")]
    assert albums.group(tracks) == [tracks]


def test_albums_that_agree_are_counted_only() -> None:
    """Spelling, tracks without a genre and placeholders are no disagreement; nor are several genres alike."""
    entries = [track("a/1"), track("a/2", "rock"), track("a/3", ""), track("a/4", "Unknown")]
    assert albums.disagreeing(entries) == (1, ())
    both = [entry(f"b/{n}", ("Rock", "Pop"), "Rock", album="B") for n in range(3)]
    assert albums.disagreeing(both) == (1, ())


def test_tags_that_differ_are_told() -> None:
    """Every genre of the tags is told with its tracks, the most frequent first."""
    n_albums, (found,) = albums.disagreeing([track("a/1"), track("a/2", "Rock"), track("a/3", "Jazz")])
    assert (n_albums, found.folder, found.title, found.size) == (1, Path("a"), "One", 3)
    assert list(found.tagged.items()) == [("Rock", 2), ("Jazz", 1)]
    assert found.outliers == ()


def test_what_is_heard_differently_is_told() -> None:
    """Tracks that surely sound different from most are told; what is not sure is not."""
    entries = [track("a/1"), track("a/2"), track("a/3", heard="Blues"), track("a/4", heard="Pop", sure=0.4)]
    _, (found,) = albums.disagreeing(entries)
    assert found.outliers == (Path("a/3"),)
    assert found.heard == {"Rock": 2, "Blues": 1}
    assert albums.disagreeing([track("a/1"), track("a/2", heard="Blues")]) == (1, ())


@pytest.mark.parametrize(
    ("credits", "is_compilation"),
    [
        ([{"album_artist": "Various Artists"}] * 4, True),
        ([{"album_artist": "V.A."}] * 4, True),
        ([{"artist": name} for name in "ABCD"], True),
        ([{"artist": name} for name in "ABAA"], False),
        ([{"artist": name, "album_artist": "A"} for name in "ABCD"], False),
        ([{"artist": ""}] * 4, False),
        ([{"album_artist": "A", "is_compilation": n == 3} for n in range(4)], True),
    ],
)
def test_compilations_are_known_and_last(credits: list[dict[str, Any]], is_compilation: bool) -> None:
    """Who says so, or joins many artists with no one above them, is a compilation, and comes last."""
    own = [track(f"a/{n}", "Rock" if n else "Jazz", **one) for n, one in enumerate(credits)]
    _, (found,) = albums.disagreeing(own)
    assert found.is_compilation == is_compilation
    others = [track(f"z/{n}", "Rock" if n else "Jazz", album="Z") for n in range(9)]
    _, (first, second) = albums.disagreeing([*own, *others])
    assert (first.title, second.title) == (("Z", "One") if is_compilation else ("One", "Z"))


def test_finer_names_of_one_genre_are_less_strife() -> None:
    """An album of Jazz and Techno comes before one of Electronic and Techno."""
    mild = [track(f"a/{n}", "Techno" if n else "Electronic", "Electronic") for n in range(3)]
    wild = [track(f"b/{n}", "Techno" if n else "Jazz", "Electronic", album="B") for n in range(3)]
    wild[0] = track("b/0", "Rock", "Electronic", album="B")
    _, found = albums.disagreeing([*mild, *wild])
    assert [album.title for album in found] == ["B", "One"]
