"""A file is taken once, when it is complete: what counts as a change, a move, and being written."""

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tagger.sources import arrivals
from tagger.sources.arrivals import Arrivals


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """A file."""
    path = tmp_path / "song.mp3"
    path.write_bytes(b"one")
    return path


def taken(found: Arrivals) -> list[str]:
    """The names of all that can be taken, done at once."""
    paths = list(iter(found.take, None))
    for path in paths:
        found.done(path)
    return [path.name for path in paths]


def test_a_file_is_taken_once_it_has_settled(song: Path) -> None:
    """Before its time it is not taken, and the time begins anew with each change."""
    found = Arrivals(0.15)
    found.notice(song, is_news=True)
    assert taken(found) == []
    time.sleep(0.1)
    song.write_bytes(b"two")
    time.sleep(0.1)
    assert taken(found) == []
    time.sleep(0.2)
    assert taken(found) == ["song.mp3"]
    found.notice(song, is_news=True)
    assert taken(found) == []


CHANGES: dict[str, Callable[[Path], object]] = {
    "content": lambda path: path.write_bytes(b"two"),
    "length": lambda path: path.write_bytes(b"longer"),
    "date": lambda path: os.utime(path, (1, 1)),
    "another file in its place": lambda path: (path.unlink(), path.write_bytes(b"one")),
    "a copy that keeps the date": lambda path: overwritten_keeping_times(path),
}


def overwritten_keeping_times(path: Path) -> None:
    """Write other bytes of the same length, as `cp --preserve` does."""
    status = path.stat()
    path.write_bytes(b"two")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("was_there", [False, True])
def test_what_counts_as_a_change(song: Path, change: Callable[[Path], object], was_there: bool) -> None:
    """A file that was taken, or was there before, comes again when it is another in any way."""
    found = Arrivals(0)
    if was_there:
        found.know(song)
    else:
        found.notice(song, is_news=True)
        assert taken(found) == ["song.mp3"]
    found.notice(song, is_news=False)
    assert taken(found) == []
    time.sleep(0.02)  # the clock of some file systems is coarse
    change(song)
    found.notice(song, is_news=False)
    assert taken(found) == ["song.mp3"]


def test_what_came_while_the_first_look_was_taken_counts(song: Path) -> None:
    """A file that is told to have come is taken although a walk knew it first; one that was taken is not."""
    found = Arrivals(0)
    found.know(song)
    found.notice(song, is_news=True)
    assert taken(found) == ["song.mp3"]
    found.notice(song, is_news=True)
    assert taken(found) == []


def test_a_file_that_is_open_for_writing_is_not_taken(song: Path) -> None:
    """Reading does not matter; writing does, until the file is closed."""
    if not has_leases(song):
        pytest.skip("this file system does not tell who has a file open")
    found = Arrivals(0)
    with song.open("rb"), song.open("ab"):
        found.notice(song, is_news=True)
        assert taken(found) == []
        time.sleep(0.3)
        assert taken(found) == []
    with song.open("rb"):
        time.sleep(0.3)
        assert taken(found) == ["song.mp3"]


def has_leases(path: Path) -> bool:
    """Whether a lease can be had of a file that nobody has open."""
    with path.open("rb") as file:
        try:
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        except OSError:
            return False
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return True


def test_where_nobody_tells_who_writes(song: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without leases, and for files that may not be opened, it is enough that a file is still."""
    monkeypatch.delattr(arrivals.fcntl, "F_SETLEASE")
    found = Arrivals(0)
    with song.open("ab"):
        found.notice(song, is_news=True)
        assert taken(found) == ["song.mp3"]
    monkeypatch.setattr(arrivals.os, "open", refuse)
    song.write_bytes(b"other")
    found.notice(song, is_news=True)
    assert taken(found) == ["song.mp3"]


def refuse(*arguments: object) -> int:
    """Open nothing."""
    raise PermissionError(13, "Permission denied")


def test_the_lease_disturbs_nobody(song: Path) -> None:
    """Asking who writes leaves no lease and no open file behind, and others may write at once."""
    opened = Path("/proc/self/fd")
    n_files = len(list(opened.iterdir())) if opened.exists() else 0
    for _ in range(100):
        assert arrivals._close_look(song)[1] is False
        os.close(os.open(song, os.O_WRONLY | os.O_NONBLOCK))
    if n_files:
        assert len(list(opened.iterdir())) == n_files


def test_moves_are_seen_without_being_told(song: Path) -> None:
    """In a walk, a new path of a file that is no longer at its old one is a move; another name is a file."""
    moves: list[tuple[Path, Path]] = []
    found = Arrivals(0, lambda old, new: moves.append((old, new)))
    found.notice(song, is_news=True)
    assert taken(found) == ["song.mp3"]
    (song.parent / "link.mp3").hardlink_to(song)
    found.notice(song.parent / "link.mp3", is_news=False)
    assert taken(found) == ["link.mp3"]
    (song.parent / "link.mp3").unlink()
    found.forget(song.parent / "link.mp3")
    found.notice(song, is_news=False)
    assert taken(found) == ["song.mp3"]  # that it has one name less is a change, too
    song.rename(song.with_name("moved.mp3"))
    found.notice(song.with_name("moved.mp3"), is_news=False)
    assert taken(found) == []
    assert moves == [(song, song.with_name("moved.mp3"))]
    assert len(found) == 1


def test_a_file_in_hand_is_not_followed(song: Path) -> None:
    """Whoever hears a file that moves away may lose it, so that it counts as new at its new place."""
    for is_told in (False, True):
        found = Arrivals(0)
        found.notice(song, is_news=True)
        assert found.take() == song
        moved = song.rename(song.with_name(f"moved {is_told}.mp3"))
        if is_told:
            found.rename(song, moved)
        found.notice(moved, is_news=False)
        assert taken(found) == [moved.name]
        moved.rename(song)


def test_what_is_no_file_is_passed_over(tmp_path: Path) -> None:
    """Folders, pipes, broken links and impossible names are neither waited for nor forgotten."""
    os.mkfifo(tmp_path / "pipe.mp3")
    (tmp_path / "broken.mp3").symlink_to(tmp_path / "nothing")
    found = Arrivals(0)
    for path in (tmp_path, tmp_path / "pipe.mp3", tmp_path / "broken.mp3", tmp_path / ("x" * 300)):
        found.notice(path, is_news=True)
        found.know(path)
        assert not found.forget(path)
    assert taken(found) == []
    assert len(found) == 0
