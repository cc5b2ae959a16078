"""What was heard is known again by its audio, and a cache that fails costs nothing but time."""

import contextlib
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger.errors import OutputError
from tagger.records import Stamp
from tagger.sinks.cache import FORMAT, Cache, Ranking, Remembered

MUSIC = Path(__file__).resolve().parents[2] / "examples" / "music"
HEARD = Remembered(12.5, 7, Ranking.pack([(3, 0.75), (0, 0.25)]), b"\1\2\3\4")
WAY, OTHER_WAY = b"one", b"another"


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    """A new cache."""
    opened = Cache(tmp_path / "cache", pytest.fail)
    yield opened
    opened.close()


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """A copy of a piece of music."""
    path = tmp_path / "song.mp3"
    path.write_bytes((MUSIC / "blues.mp3").read_bytes())
    return path


def stamp(path: Path) -> Stamp:
    """What a file is now."""
    return Stamp.of(path.stat())


def test_a_file_is_known_by_its_audio(cache: Cache, song: Path, tmp_path: Path) -> None:
    """What was heard in a file is known in its copy, after moving, and under other tags; in one way only."""
    assert cache.recall(song, stamp(song), WAY) is None
    cache.remember(stamp(song), WAY, HEARD)
    assert cache.recall(song, stamp(song), WAY) == HEARD
    assert cache.recall(song, stamp(song), OTHER_WAY) is None
    copy = tmp_path / "copy"
    copy.write_bytes(song.read_bytes() + b"TAG" + bytes(125))
    assert cache.recall(copy, stamp(copy), WAY) == HEARD
    moved = song.rename(tmp_path / "moved")
    assert cache.recall(moved, stamp(moved), WAY) == HEARD
    other = MUSIC / "pop.ogg"
    assert cache.recall(other, stamp(other), WAY) is None


def test_changed_audio_is_heard_anew(cache: Cache, song: Path) -> None:
    """A file whose audio changes is another recording; one with another time of change alone is not."""
    cache.recall(song, stamp(song), WAY)
    cache.remember(stamp(song), WAY, HEARD)
    os.utime(song, ns=(1, 1))
    assert cache.recall(song, stamp(song), WAY) == HEARD
    song.write_bytes(song.read_bytes()[:-4000])
    assert cache.recall(song, stamp(song), WAY) is None


def test_an_unchanged_file_is_not_opened(cache: Cache, song: Path) -> None:
    """What `stat` says is enough: the file could be unreadable."""
    known = stamp(song)
    cache.recall(song, known, WAY)
    cache.remember(known, WAY, HEARD)
    cache.keep_genres(known, ("Blues", "Жанр"))
    song.unlink()
    assert cache.recall(song, known, WAY) == HEARD
    assert cache.genres(known) == ("Blues", "Жанр")


def test_genres_are_those_of_the_moment(cache: Cache, song: Path) -> None:
    """Genres are known until anything about the file changes, and after our own write at once."""
    first = stamp(song)
    cache.recall(song, first, WAY)
    assert cache.genres(first) is None
    cache.keep_genres(first, ())
    assert cache.genres(first) == ()
    song.chmod(0o600 if song.stat().st_mode & 0o77 else 0o644)
    assert cache.genres(stamp(song)) is None
    song.write_bytes(b"ID3" + song.read_bytes())
    cache.keep_genres(stamp(song), ("New",), before=first)
    assert cache.genres(stamp(song)) == ("New",)


def test_what_was_not_asked_for_is_not_kept(cache: Cache, song: Path) -> None:
    """A result belongs to a recording that was identified before it was heard; a file that changed has none."""
    cache.remember(stamp(song), WAY, HEARD)
    assert cache.counts()["results"] == 0


def test_places_tell_what_was_heard_where(cache: Cache, song: Path, tmp_path: Path) -> None:
    """Each path a file was met at is told, absolute, with what was heard there in the first way that has it."""
    copy = tmp_path / os.fsdecode(b"\xff copy.mp3")
    copy.write_bytes(song.read_bytes())
    for path in (song, copy):
        cache.recall(Path(os.path.relpath(path)), stamp(path), WAY)
    assert [(place.path, place.heard) for place in cache.places([WAY])] == [(song, None), (copy, None)]
    other = Remembered(1.0, reason="silent")
    cache.remember(stamp(song), OTHER_WAY, other)
    assert {place.heard for place in cache.places([WAY, OTHER_WAY])} == {other}
    cache.remember(stamp(song), WAY, HEARD)
    assert {place.heard for place in cache.places([WAY, OTHER_WAY])} == {HEARD}
    assert {place.heard for place in cache.places([OTHER_WAY, WAY])} == {other}
    assert cache.places([])[0].heard is None


def test_credits_are_those_of_the_file_as_it_is(cache: Cache, song: Path) -> None:
    """Texts about a file stay through our own writes of genres, and are forgotten when others change it."""
    first = stamp(song)
    cache.recall(song, first, WAY)
    cache.remember(first, WAY, HEARD)
    cache.keep_credits([(song, first, ("Ära", "\udcff"))])
    cache.recall(song, first, WAY)
    (place,) = cache.places([WAY])
    assert (place.credits, place.heard, place.is_of(first)) == (("Ära", "\udcff"), HEARD, True)
    os.utime(song, ns=(2, 2))
    second = stamp(song)
    cache.keep_genres(second, ("New",), before=first)
    (place,) = cache.places([WAY])
    assert (place.credits, place.heard) == (("Ära", "\udcff"), HEARD)
    assert place.is_of(second)
    assert not place.is_of(first)
    os.utime(song, ns=(1, 1))
    cache.recall(song, stamp(song), WAY)
    (place,) = cache.places([WAY])
    assert (place.credits, place.heard) == (None, HEARD)


def test_a_cache_without_places_gets_them(tmp_path: Path, song: Path) -> None:
    """A cache that an earlier program made keeps what it knows, and learns places as files are met again."""
    cache = Cache(tmp_path / "c", pytest.fail)
    cache.recall(song, stamp(song), WAY)
    cache.remember(stamp(song), WAY, HEARD)
    cache.close()
    with sqlite3.connect(tmp_path / "c" / "cache.sqlite3") as older:
        older.execute("DROP TABLE places")
    older.close()
    cache = Cache(tmp_path / "c", pytest.fail)
    assert cache.places([WAY]) == []
    assert cache.recall(song, stamp(song), WAY) == HEARD
    assert [place.heard for place in cache.places([WAY])] == [HEARD]
    cache.clear()
    assert cache.places([WAY]) == []
    cache.close()


def test_clearing_forgets_all(cache: Cache, song: Path) -> None:
    """After clearing nothing is known, and little room is taken."""
    cache.recall(song, stamp(song), WAY)
    cache.remember(stamp(song), WAY, HEARD)
    counts = cache.counts()
    assert (counts["files"], counts["recordings"], counts["results"]) == (1, 1, 1)
    assert counts["bytes"] > 0
    cache.clear()
    assert cache.counts()["files"] == 0
    assert cache.recall(song, stamp(song), WAY) is None


def test_threads_and_processes_share_it(tmp_path: Path) -> None:
    """Two caches in one folder, asked from many threads, see what the other remembers."""
    one, other = Cache(tmp_path / "c", pytest.fail), Cache(tmp_path / "c", pytest.fail)
    pieces = [path for path in MUSIC.iterdir() if path.name != "COPYING"]

    def work(cache: Cache) -> None:
        for path in pieces:
            if cache.recall(path, stamp(path), WAY) is None:
                cache.remember(stamp(path), WAY, HEARD)

    threads = [threading.Thread(target=work, args=(cache,)) for cache in (one, other) * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(cache.recall(path, stamp(path), WAY) == HEARD for path in pieces for cache in (one, other))
    one.close()
    other.close()


_CLOSED_IN_USE = """
import pathlib, sys, threading
from tagger.sinks.cache import Cache
for number in range(60):
    cache = Cache(pathlib.Path(sys.argv[1]), print)
    def ask():
        for _ in range(400):
            cache.unplaced()
            cache.library([b"one"])
    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    cache.unplaced()
    cache.close()
    for thread in threads:
        thread.join()
"""


def test_closing_waits_for_threads_that_ask(tmp_path: Path) -> None:
    """A cache that is closed while threads are inside it neither crashes nor tells of trouble."""
    program = [sys.executable, "-c", _CLOSED_IN_USE, tmp_path / "c"]
    done = subprocess.run(program, capture_output=True, timeout=120, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.parametrize("damage", ["not a database", "foreign tables", "a folder", "no room for a folder"])
def test_trouble_is_told_once_and_lived_with(tmp_path: Path, song: Path, damage: str) -> None:
    """A cache that cannot be used knows nothing and keeps nothing, and says so in one sentence."""
    folder = tmp_path / "cache"
    if damage == "no room for a folder":
        folder.write_text("a file")
    else:
        folder.mkdir()
    database = folder / "cache.sqlite3"
    if damage == "not a database":
        database.write_bytes(b"something else " * 500)
    elif damage == "foreign tables":
        with sqlite3.connect(database) as foreign:
            foreign.executescript(f"CREATE TABLE files (a); PRAGMA user_version = {FORMAT}")
        foreign.close()
    elif damage == "a folder":
        database.mkdir()
    told: list[str] = []
    cache = Cache(folder, told.append)
    assert cache.recall(song, stamp(song), WAY) is None
    cache.remember(stamp(song), WAY, HEARD)
    assert cache.recall(song, stamp(song), WAY) is None
    assert cache.genres(stamp(song)) is None
    assert len(told) == 1
    assert "all is heard anew" in told[0]
    with pytest.raises(OutputError):
        cache.clear()


def test_a_cache_of_another_version_begins_anew(tmp_path: Path, song: Path) -> None:
    """What another version of the program kept is not guessed at, and not in the way."""
    (tmp_path / "c").mkdir()
    with sqlite3.connect(tmp_path / "c" / "cache.sqlite3") as older:
        older.executescript("CREATE TABLE files (a); CREATE TABLE results (b); PRAGMA user_version = 99")
    older.close()
    cache = Cache(tmp_path / "c", pytest.fail)
    cache.recall(song, stamp(song), WAY)
    cache.remember(stamp(song), WAY, HEARD)
    assert cache.recall(song, stamp(song), WAY) == HEARD
    cache.close()


@given(st.lists(st.tuples(st.integers(0, 65535), st.floats(0, 1)), max_size=30))
def test_rankings_come_back_exactly(pairs: list[tuple[int, float]]) -> None:
    """Numbers and probabilities are the same to the last bit."""
    assert Ranking.unpack(Ranking.pack(pairs)) == pairs


def known(cache: Cache, *ways: bytes) -> list[tuple[Path | None, tuple[str, ...] | None]]:
    """Path and genres of the recordings that the library holds."""
    return [(one.path, one.genres) for one in cache.library(ways or (WAY,))]


def test_the_library_knows_where_recordings_are(cache: Cache, song: Path) -> None:
    """A recording that was heard is there once, with path, genres and what was heard; moves are seen."""
    assert known(cache) == []
    cache.recall(song, stamp(song), WAY)
    assert known(cache) == []
    cache.remember(stamp(song), WAY, HEARD)
    cache.keep_genres(stamp(song), ("Bebop", "Jazz"))
    assert known(cache) == [(song, ("Bebop", "Jazz"))]
    (one,) = cache.library([WAY])
    assert (one.heard, one.recording) == (HEARD, cache.recording(song, stamp(song)))
    moved = song.rename(song.with_name("moved.mp3"))
    cache.recall(moved, stamp(moved), WAY)
    assert [path for path, _ in known(cache)] == [moved]


def test_the_library_takes_the_best_way(cache: Cache, song: Path) -> None:
    """Of several ways in which a recording was heard the first counts, and copies are one recording."""
    copy = song.with_name("a copy.mp3")
    copy.write_bytes(song.read_bytes())
    for path, way, n_windows in ((song, OTHER_WAY, 2), (song, WAY, 7), (copy, WAY, 7)):
        cache.recall(path, stamp(path), way)
        cache.remember(stamp(path), way, Remembered(1.0, n_windows))
    assert [one.heard.n_windows for one in cache.library([WAY, OTHER_WAY])] == [7]
    assert [one.heard.n_windows for one in cache.library([OTHER_WAY, WAY])] == [2]
    assert known(cache)[0][0] == copy


def test_names_of_any_bytes_come_back(cache: Cache, song: Path) -> None:
    """A name that is not UTF-8 is kept, and a path is told from the root on."""
    odd = song.rename(song.parent / os.fsdecode(b"\xff.mp3"))
    with contextlib.chdir(song.parent):
        cache.recall(Path(odd.name), stamp(odd), WAY)
    cache.remember(stamp(odd), WAY, HEARD)
    assert known(cache) == [(odd, None)]


def test_a_cache_without_paths_is_kept(tmp_path: Path, song: Path) -> None:
    """A cache from before there were places is used, and learns where files are when they are asked for."""
    with contextlib.closing(Cache(tmp_path / "cache", pytest.fail)) as cache:
        cache.recall(song, stamp(song), WAY)
        cache.remember(stamp(song), WAY, HEARD)
        path = cache.path
    with contextlib.closing(sqlite3.connect(path)) as older:
        older.executescript("DROP TABLE places")
    with contextlib.closing(Cache(tmp_path / "cache", pytest.fail)) as cache:
        assert known(cache) == [(None, None)]
        assert cache.recall(song, stamp(song), WAY) == HEARD
        assert known(cache) == [(song, None)]


def test_what_did_not_change_writes_nothing(cache: Cache, song: Path) -> None:
    """A second scan of the same files leaves the database as it is."""
    cache.recall(song, stamp(song), WAY)
    cache.remember(stamp(song), WAY, HEARD)
    with contextlib.closing(sqlite3.connect(cache.path)) as other:
        before = other.execute("PRAGMA data_version").fetchone()
        cache.recall(song, stamp(song), WAY)
        assert other.execute("PRAGMA data_version").fetchone() == before
