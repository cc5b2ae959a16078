"""Albums: which tracks are one, what they say together, and how they come through a scan."""

from __future__ import annotations

import dataclasses
import itertools
import random
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger import albums
from tagger.albums import grouping, pooling
from tagger.errors import TagError
from tagger.inference import abstain
from tagger.records import Album, Credits, Failed, Heard, Score, Skipped, Stamp, Standing, Track, Verdict
from tagger.sinks import taxonomy
from tagger.sinks.tags import credits

GENRES = ("Blues", "Jazz", "Pop", "Rock")
Tune = Callable[..., Path]
EXAMPLES = Path(__file__).resolve().parents[1] / "examples" / "music"


def scores(**shares: float) -> tuple[Score, ...]:
    """Probabilities of four genres, those that are not given alike, strongest first."""
    rest = (1 - sum(shares.values())) / max(1, len(GENRES) - len(shares))
    found = [Score(genre, shares.get(genre, rest)) for genre in GENRES]
    return tuple(sorted(found, key=lambda one: -one.probability))


@st.composite
def evidence(draw: st.DrawFn) -> tuple[Score, ...]:
    """What a track may say, certainty and ties included."""
    parts = draw(st.lists(st.integers(0, 1000), min_size=4, max_size=4).filter(any))
    found = [Score(genre, part / sum(parts)) for genre, part in zip(GENRES, parts, strict=True)]
    return tuple(sorted(found, key=lambda one: -one.probability))


tracks = st.lists(evidence(), min_size=1, max_size=12)


# Pooling


@given(tracks)
def test_what_is_pooled_are_probabilities(own: list[tuple[Score, ...]]) -> None:
    """Whatever tracks say, each keeps every genre once, strongest first, with sum 1; so does the album."""
    for pooled in [*pooling.helped(own), pooling.judge("x", own).scores]:
        assert {one.genre for one in pooled} == set(GENRES)
        assert sum(one.probability for one in pooled) == pytest.approx(1)
        assert all(one.probability >= other.probability for one, other in itertools.pairwise(pooled))


@given(tracks, st.randoms())
def test_the_order_of_tracks_changes_nothing(own: list[tuple[Score, ...]], chance: random.Random) -> None:
    """Permuting the tracks of an album permutes what they say, to the last bit."""
    order = list(range(len(own)))
    chance.shuffle(order)
    shuffled = [own[index] for index in order]
    helped = pooling.helped(own)
    assert pooling.helped(shuffled) == [helped[index] for index in order]
    assert pooling.judge("x", shuffled) == pooling.judge("x", own)


@given(evidence())
def test_a_lone_track_is_what_it_is(own: tuple[Score, ...]) -> None:
    """An album of one track says to the last digit what the track says, and has no say."""
    assert pooling.helped([own]) == [own]
    album = pooling.judge("x", [own])
    assert {(one.genre, one.probability) for one in album.scores} == {
        (one.genre, one.probability) for one in own
    }
    assert album.reason == pooling.LONE


@given(evidence(), st.integers(2, 30))
def test_identical_tracks_agree(own: tuple[Score, ...], n_tracks: int) -> None:
    """Tracks that say the same stay as they are, but for rounding, and agree with their album."""
    helped = pooling.helped([own] * n_tracks)
    assert len(set(helped)) == 1
    for one, before in zip(helped[0], own, strict=True):
        assert one.genre == before.genre
        assert one.probability == pytest.approx(before.probability, abs=1e-12)
    album = pooling.judge("x", [own] * n_tracks)
    assert not album.reason
    assert Standing(album, own).told == "agrees"


def test_an_album_helps_the_unsure_and_leaves_the_sure() -> None:
    """A track in two minds is decided by its album; one that is sure of another genre stays, less sure."""
    rock = [scores(Rock=0.8)] * 6
    unsure, sure = pooling.helped([*rock, scores(Pop=0.42, Rock=0.4), scores(Jazz=0.97)])[-2:]
    assert unsure[0].genre == "Rock"
    assert 0.4 < unsure[0].probability < 0.8
    assert sure[0].genre == "Jazz"
    assert 0.5 < sure[0].probability < 0.6


def test_others_weigh_as_much_as_the_track_and_no_more(rng: np.random.Generator) -> None:
    """However many they are, the pooled probability is the mean of the track's and of the others' mean."""
    unsure = scores(Pop=0.4, Rock=0.3)
    for n_others in (1, 2, 30):
        rock = [0.5 + 0.5 * share for share in rng.random(n_others)]
        pooled = pooling.helped([unsure, *(scores(Rock=share) for share in rock)])[0]
        expected = 0.5 * 0.3 + 0.5 * np.mean(rock)
        assert {one.genre: one.probability for one in pooled}["Rock"] == pytest.approx(expected)
    one, other = pooling.helped([scores(Rock=0.9), scores(Jazz=0.9)])
    assert {(each.genre, each.probability) for each in one} == {
        (each.genre, each.probability) for each in other
    }


@pytest.mark.parametrize(
    ("own", "reason"),
    [
        ([scores(Rock=0.6), scores(Rock=0.5), scores(Jazz=0.6)], ""),
        ([scores(Rock=0.6), scores(Rock=0.5)], ""),
        ([scores(Rock=0.6), scores(Jazz=0.5)], "only 1 of its 2 tracks sound most like Rock"),
        (
            [scores(Rock=0.9), scores(Jazz=0.8), scores(Pop=0.7), scores(Blues=0.6), scores(Rock=0.5)],
            "only 2 of its 5 tracks sound most like Rock",
        ),
        ([scores(Rock=0.9)], "no other of its tracks was heard"),
    ],
)
def test_tracks_of_several_kinds_are_left_alone(own: list[tuple[Score, ...]], reason: str) -> None:
    """Where no more than half of the tracks have the album's genre, it has no say, and the reason is told."""
    assert pooling.judge("x", own).reason == reason
    assert pooling.judge("x", own, "an objection").reason == "an objection"


# Grouping


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("m/Album/1.flac", "m/Album"),
        ("m/Album/CD1/1.flac", "m/Album"),
        ("m/Album/Disc 2/1.flac", "m/Album"),
        ("m/Album/(cd 02) - Live/1.flac", "m/Album"),
        ("m/Album/Side B/1.flac", "m/Album"),
        ("m/Discovery/1.flac", "m/Discovery"),
        ("m/Album/CD/1.flac", "m/Album/CD"),
        ("m/CD10000/1.flac", "m/CD10000"),
        ("1.flac", "."),
    ],
)
def test_folders_of_discs_are_those_of_their_album(path: str, place: str) -> None:
    """What is named like a disc belongs to the folder above; names that only begin so do not."""
    assert grouping.place(Path(path)) == Path(place)


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ([("a/1", "Best  of", "Ella"), ("a/CD2/2", "best Of ", "ELLA")], [[0, 1]]),
        ([("a/1", "X", ""), ("b/1", "X", ""), ("a/2", "Y", ""), ("a/3", "x", "")], [[0, 3], [1], [2]]),
        ([("a/1", "Live", "Ella"), ("a/2", "Live", "Louis"), ("a/3", "Live", ""), ("a/4", "Live", "Ella")],
         [[0, 3], [1], [2]]),
        ([("a/1", "Live", ""), ("a/2", "Live", "Louis"), ("a/3", "Live", "")], [[0, 1, 2]]),
        ([("a/1", "", ""), ("a/2", "Unknown Album", ""), ("a/3", " - ", ""), ("a/4", "<unknown>", "")], []),
    ],
)  # fmt: skip
def test_albums_are_folders_and_titles(files: list[tuple[str, str, str]], found: list[list[int]]) -> None:
    """Case and discs part no album; another folder, title or album artist does; no title is no album."""
    listed = [(Path(path), Credits("Somebody", owner, album)) for path, album, owner in files]
    assert albums.group(listed) == found


@pytest.mark.parametrize(
    ("credits", "reason"),
    [
        ([Credits("A"), Credits("a"), Credits("A feat. B"), Credits("A (ft. C)")], ""),
        ([Credits(), Credits(), Credits()], ""),
        ([Credits("A"), Credits("B")], ""),
        ([Credits(name, "DJ") for name in "ABCDE"], ""),
        ([Credits(name) for name in "ABC"], "it has 3 artists"),
        ([Credits("A"), Credits("A", is_compilation=True)], "its tags call it a compilation"),
        ([Credits("A", "Various Artists")], "its album artist is Various Artists"),
        ([Credits("A", "VERSCHIEDENE  Interpreten")], "its album artist is VERSCHIEDENE  Interpreten"),
        ([Credits("A", "Разные исполнители")], "its album artist is Разные исполнители"),
        ([Credits("A", "V.A.")], "its album artist is V.A."),
        ([Credits("A", "Varios Aires")], ""),
    ],
)
def test_compilations_are_known_by_their_tags(credits: list[Credits], reason: str) -> None:
    """A flag, an album artist that is nobody, or many artists are objections; guests are none."""
    assert albums.objection(credits) == reason


# Credits


@pytest.mark.parametrize(
    "name", ["a.mp3", "a.m4a", "a.flac", "a.ogg", "a.opus", "a.wav", "a.aiff", "a.wma", "a.wv", "a.tta"]
)
def test_albums_are_read_in_every_container(name: str, tune: Tune, tmp_path: Path) -> None:
    """What ffmpeg, which shares nothing with us, writes as album and artist is read."""
    if not shutil.which("ffmpeg"):
        pytest.skip("no ffmpeg")
    source = tune(tmp_path / "source.wav", seconds=0.3, sample_rate=48000)
    assert credits.read(source) == Credits()
    rest = ["-write_id3v2", "1"] if name.endswith("aiff") else []
    given: list[str] = []
    for key, value in {"album": "Älbum", "artist": "Ella", "album_artist": "Us", "compilation": "1"}.items():
        given += ["-metadata", f"{key}={value}"]
    command = ["ffmpeg", "-v", "error", "-i", str(source), *given, *rest, str(tmp_path / name)]
    subprocess.run(command, check=True)
    found = credits.read(tmp_path / name)
    assert (found.artist, found.album) == ("Ella", "Älbum")
    if name != "a.wav":  # RIFF INFO has no place for it
        assert found.album_artist == "Us"
    if name not in {"a.wav", "a.aiff"}:
        assert found.is_compilation


def test_damage_is_an_error_of_ours(tmp_path: Path) -> None:
    """Whatever mutagen raises on a damaged header is a TagError with the path in front."""
    whole = (EXAMPLES / "rock.wma").read_bytes()
    path, messages = tmp_path / "a.wma", []
    for place in range(290, 360):
        path.write_bytes(whole[:place] + b"\xff" + whole[place + 1 :])
        try:
            credits.read(path)
        except TagError as error:
            messages.append(error.message)
    assert len(messages) > 3
    assert all(message.startswith(f"{path}: ") for message in messages)


# The way through a scan


class Music:
    """A library that exists only by what its tags and its tracks say."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.credits: dict[Path, Credits] = {}
        self.says: dict[Path, tuple[Score, ...]] = {}
        monkeypatch.setattr(credits, "read", self.credits.__getitem__)

    def add(self, name: str, album: str = "", **shares: float) -> Track:
        """One more track, on an album or on none."""
        track = Track(Path(name))
        self.credits[track.path] = Credits("Ella", "", album)
        self.says[track.path] = scores(**shares)
        return track

    def heard(self, track: Track) -> Verdict:
        """What it says by itself."""
        says = self.says[track.path]
        return Verdict(track, says, says[0].genre, 60.0, 20, "default")


@pytest.fixture
def music(monkeypatch: pytest.MonkeyPatch) -> Music:
    """An empty library."""
    return Music(monkeypatch)


def run(
    music: Music,
    found: Iterable[Track | Failed | None],
    *,
    ahead: int = 1,
    votes: bool = True,
    rule: abstain.Rule | None = None,
    stop_after: int | None = None,
) -> Iterator[tuple[int, Heard]]:
    """Results, each with the number of tracks that had been heard when it came.

    Args:
        music: The library.
        found: What was found.
        ahead: How many tracks are in hand at a time; of these the last is heard first.
        votes: Whether albums help.
        rule: Which verdicts are named.
        stop_after: How many tracks are heard before the run is ended.
    """
    n_heard = 0

    def hear(taken: Iterable[Track | Failed | None]) -> Iterator[Heard]:
        nonlocal n_heard
        source = iter(taken)
        while hand := [one for one in itertools.islice(source, ahead) if one is not None]:
            for one in reversed(hand):
                if stop_after is not None and n_heard == stop_after:
                    return
                n_heard += 1
                yield one if isinstance(one, Failed) else music.heard(one)

    rule = rule or abstain.Rule()
    for result in albums.judged(found, hear, votes=votes, refusal=rule.refusal):
        yield n_heard, result


def library(music: Music) -> list[Track]:
    """Two albums, one of them on two discs, and loose tracks."""
    return [
        music.add("a/1", "A", Rock=0.7),
        music.add("a/2", Jazz=0.7),
        music.add("a/3", "A", Rock=0.3),
        music.add("b/CD1/1", "B", Jazz=0.7),
        music.add("b/CD2/1", "B", Jazz=0.3),
        music.add("c/1", "C", Pop=0.6),
        music.add("c/2"),
    ]


@pytest.mark.parametrize("ahead", [1, 2, 3, 7])
def test_an_album_comes_out_when_it_is_complete(music: Music, ahead: int) -> None:
    """Albums come together, in the order of their tracks, loose tracks at once, and each track once."""
    found = library(music)
    came = list(run(music, found, ahead=ahead))
    names = [str(result.track.path) for _, result in came]
    assert sorted(names) == sorted(str(track.path) for track in found)
    for album in (["a/1", "a/3"], ["b/CD1/1", "b/CD2/1"]):
        place = names.index(album[0])
        assert names[place : place + 2] == album
    if ahead == 1:
        assert [(n, name) for (n, _), name in zip(came, names, strict=True)] == [
            (2, "a/2"),
            (4, "a/1"),
            (4, "a/3"),
            (6, "b/CD1/1"),
            (6, "b/CD2/1"),
            (7, "c/2"),
            (7, "c/1"),
        ]


def test_the_order_of_hearing_changes_nothing(music: Music) -> None:
    """What is told of a track does not depend on which was heard first."""
    found = library(music)
    told = [
        sorted(((str(one.track.path), one) for _, one in run(music, found, ahead=ahead)), key=lambda it: it[0])
        for ahead in (1, 2, 3, 7)
    ]
    assert told[1:] == told[:1] * 3


def test_no_more_is_held_than_the_folders_in_hand(music: Music) -> None:
    """In a library of many albums, what waits does not grow with it."""
    found = [music.add(f"{album:03}/{n}", "X", Rock=0.5) for album in range(100) for n in range(5)]
    waits = [n_heard - n_out for n_out, (n_heard, _) in enumerate(run(music, found, ahead=2), 1)]
    assert max(waits) <= 5 + 2


def test_own_evidence_stays_and_suggestions_change_no_verdict(music: Music) -> None:
    """With a vote the own scores are kept beside; without, the verdict is the one that was heard."""
    found = [music.add(f"a/{n}", "A", Rock=0.8) for n in range(5)] + [music.add("a/9", "A", Pop=0.35, Rock=0.3)]
    for votes in (True, False):
        *_, (_, last) = run(music, found, votes=votes)
        assert isinstance(last, Verdict)
        assert last.standing is not None
        assert last.standing.own == music.says[Path("a/9")]
        assert last.standing.told == "differs"
        assert last.standing.album.scores[0].genre == "Rock"
        assert last.genre == ("Rock" if votes else "Pop")
        if not votes:
            assert last.scores == last.standing.own
        else:
            assert last.scores == pooling.helped([music.says[track.path] for track in found])[-1]


def test_unsure_tracks_need_the_threshold(music: Music) -> None:
    """A track that is "don't know" by itself takes its album's genre only from the threshold on."""
    found = [music.add(f"a/{n}", "A", Rock=0.9) for n in range(5)] + [music.add("a/9", "A", Pop=0.4, Rock=0.35)]
    confidence = None
    for threshold in (0.6, 0.9):
        *_, (_, last) = run(music, found, rule=abstain.Rule(threshold))
        assert isinstance(last, Verdict)
        confidence = last.confidence
        assert 0.6 < confidence < 0.9
        assert (last.genre, bool(last.reason)) == (("Rock", False) if threshold == 0.6 else (None, True))


def test_compilations_and_lone_tracks_keep_their_verdicts(music: Music) -> None:
    """Where the album has no say, the verdict is the track's own to the last digit, and the reason is told."""
    found = [music.add(f"a/{n}", "A", **{genre: 0.8}) for n, genre in enumerate(GENRES)]
    found += [music.add(f"b/{n}", "B", Rock=0.8) for n in range(4)] + [music.add("c/1", "C", Rock=0.8)]
    for n, name in enumerate("ABCD"):
        music.credits[Path(f"b/{n}")] = Credits(name, "", "B")
    results = [result for _, result in run(music, found)]
    reasons = set()
    for result in results:
        assert isinstance(result, Verdict)
        assert result.scores == music.says[result.track.path]
        assert result.standing is not None
        assert result.standing.told == "left alone"
        reasons.add(result.standing.album.reason)
    assert reasons == {
        "only 1 of its 4 tracks sound most like Blues",
        "it has 4 artists",
        "no other of its tracks was heard",
    }


@pytest.mark.parametrize("stop_after", range(8))
def test_an_interrupted_run_loses_nothing(music: Music, stop_after: int) -> None:
    """Whenever a run is ended, all that was heard comes out, judged with what was heard of its album."""
    found = library(music)
    heard = list(run(music, found, stop_after=stop_after))
    alone = list(run(music, found[:stop_after]))
    assert sorted(str(one.track.path) for _, one in heard) == sorted(
        str(track.path) for track in found[:stop_after]
    )
    by_path = {one.track.path: one for _, one in alone}
    assert {one.track.path: one for _, one in heard} == by_path


def test_what_cannot_be_heard_or_found_holds_nothing_up(music: Music) -> None:
    """Skipped, failed and missing tracks come at once, and their album is judged without them."""
    one, two = music.add("a/1", "A", Rock=0.7), music.add("a/3", "A", Rock=0.5)
    hush, missing = Skipped(Track(Path("a/2")), "silent"), Failed(Track(Path("nowhere")), "no such file")

    def hear(taken: Iterable[Track | Failed | None]) -> Iterator[Heard]:
        for track in taken:
            if isinstance(track, Track):
                yield hush if track == hush.track else music.heard(track)
            elif track is not None:
                yield track

    found: list[Track | Failed | None] = [missing, one, None, hush.track, two]
    results = list(albums.judged(found, hear, votes=True, refusal=abstain.Rule().refusal))
    assert results[:2] == [missing, hush]
    assert [result.track for result in results[2:]] == [one, two]
    assert isinstance(results[2], Verdict)
    assert results[2].standing is not None
    assert results[2].standing.album.n_tracks == 2


def test_a_track_heard_again_keeps_its_albums_help(music: Music) -> None:
    """A file that was retagged meanwhile is named as before; one with other audio by itself."""
    found = [music.add(f"a/{n}", "A", Rock=0.8) for n in range(5)] + [music.add("a/9", "A", Pop=0.35, Rock=0.3)]
    first = {result.track: result for _, result in run(music, found) if isinstance(result, Verdict)}
    last, stamp = found[-1], Stamp(1, 2, 3, 4, 5)
    (same,) = albums.again([dataclasses.replace(music.heard(last), stamp=stamp)], first)
    assert same == dataclasses.replace(first[last], stamp=stamp)
    music.add("a/9", "A", Jazz=0.9)
    other, hush = albums.again([music.heard(last), Skipped(found[0], "silent")], first)
    assert isinstance(other, Verdict)
    assert (other.genre, other.scores) == ("Jazz", music.says[last.path])
    assert other.standing is not None
    assert other.standing.told == "differs"
    assert hush == Skipped(found[0], "silent")


def test_albums_are_told_in_the_users_genres() -> None:
    """A map and a tree rename what the album says and what the track says by itself, as they do the verdict."""
    own = scores(Rock=0.5, Pop=0.3)
    standing = Standing(Album("A", 2, scores(Pop=0.5, Rock=0.2)), own)
    verdict = Verdict(Track(Path("a/1")), own, "Rock", 60.0, 20, "default", standing=standing)
    users = taxonomy.Taxonomy(map={"rock": "loud", "pop": "loud"}, spellings={"loud": "Loud"})
    told = users.translate(verdict, lambda genres, share: "").standing
    assert told is not None
    assert told.own[0] == Score("Loud", pytest.approx(0.8))  # type: ignore[arg-type]
    assert told.album.scores[0] == Score("Loud", pytest.approx(0.7))  # type: ignore[arg-type]
    assert told.told == "agrees"
    assert standing.told == "differs"
