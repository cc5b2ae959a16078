"""Our own writes are told from those of others by what the journal says we left, never by the clock."""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tagger.sinks import changes, own, undo
from tagger.sinks.entries import Note
from tagger.sinks.journal import FORMAT, Journal


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Journal]:
    """A journal."""
    with contextlib.closing(Journal(tmp_path / "journal")) as opened:
        yield opened


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """A file that nobody has written to yet."""
    path = tmp_path / "song"
    path.write_bytes(b"once upon a time")
    os.utime(path, ns=(1_600_000_000_123_456_789,) * 2)
    return path


def write(book: Journal, path: Path, data: bytes, hardlinks: str = "write") -> None:
    """Write to a file as a run does."""
    writer = changes.Writer(book, book.begin_run("watch", ""), lambda path, file: "", hardlinks=hardlinks)

    def edit(file) -> bool:
        file.seek(0)
        file.write(data)
        file.truncate()
        return True

    assert writer.rewrite(path, edit, Note("genre", (), ()))


def test_a_file_is_ours_by_all_its_names(song: Path, book: Journal) -> None:
    """What was written by one name, or taken back, is no change of somebody else by the other."""
    other = song.with_name("link")
    other.hardlink_to(song)
    write(book, song, b"another")
    assert own.is_as_left(book, other)
    writer = changes.Writer(book, book.begin_run("undo", ""), lambda path, file: "", hardlinks="write")
    assert not [one for one in undo.undo(book.entries(), writer) if one.problem]
    assert song.read_bytes() == b"once upon a time"
    assert own.is_as_left(book, song)
    assert own.is_as_left(book, other)
    other.write_bytes(b"somebody else's")
    assert not own.is_as_left(book, song)
    assert not own.is_as_left(book, other)


WRITES = {
    "in place": (b"ONCE upon a time", False),
    "replaced": (b"a longer story than the one before", False),
    "overwritten, for it has two names": (b"another", True),
}


@pytest.mark.parametrize(("data", "has_link"), WRITES.values(), ids=WRITES)
def test_what_we_wrote_is_ours_until_somebody_else_writes(
    song: Path, book: Journal, data: bytes, has_link: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However a file was written, it is ours by its stamp alone; any change by others, and it is not."""
    if has_link:
        song.with_name("link").hardlink_to(song)
    assert not own.is_as_left(book, song)
    write(book, song, data)
    with monkeypatch.context() as patch:
        patch.setattr(own.digests, "whole", lambda file: pytest.fail("its stamp was enough"))
        assert own.is_as_left(book, song)
    status = song.stat()
    song.write_bytes(data[::-1])
    os.utime(song, ns=(status.st_atime_ns, status.st_mtime_ns))  # it hides, and is found by its bytes
    assert not own.is_as_left(book, song)
    song.write_bytes(data + b"!")
    assert not own.is_as_left(book, song)


TOUCHES: dict[str, Callable[[Path], object]] = {
    "its mode": lambda path: path.chmod(0o600),
    "its date": lambda path: os.utime(path, (1, 1)),
    "the same bytes again": lambda path: path.write_bytes(path.read_bytes()),
}


@pytest.mark.parametrize("touch", TOUCHES.values(), ids=TOUCHES)
def test_touching_a_file_does_not_make_it_anothers(
    song: Path, book: Journal, touch: Callable[[Path], object]
) -> None:
    """Where the stamp is another, but the bytes are those we left, the file is ours."""
    write(book, song, b"a new story")
    touch(song)
    assert own.is_as_left(book, song)


def test_what_was_taken_back_is_ours_too(song: Path, book: Journal) -> None:
    """After an undo, the old bytes are what we left; the undone ones are not."""
    old = song.read_bytes()
    write(book, song, b"a new story")
    new = song.read_bytes()
    writer = changes.Writer(book, book.begin_run("undo", ""), lambda path, file: "")
    assert not [one for one in undo.undo(book.entries("undoes IS NULL"), writer) if one.problem]
    assert song.read_bytes() == old
    assert own.is_as_left(book, song)
    song.write_bytes(new)
    assert not own.is_as_left(book, song)


def test_a_link_stands_for_its_file(song: Path, book: Journal) -> None:
    """The journal knows the file itself, whatever path leads to it."""
    write(book, song, b"a new story")
    song.with_name("link").symlink_to(song)
    assert own.is_as_left(book, song.with_name("link"))


def test_a_journal_of_the_first_format_is_used_on(song: Path, tmp_path: Path) -> None:
    """An older journal keeps its entries, which are known by their bytes, and takes new ones."""
    with contextlib.closing(Journal(tmp_path / "old")) as book:
        write(book, song, b"a new story")
    with contextlib.closing(sqlite3.connect(tmp_path / "old" / "journal.sqlite3")) as database:
        database.executescript(
            "ALTER TABLE writes DROP COLUMN size;"
            "ALTER TABLE writes DROP COLUMN ctime_ns;"
            "PRAGMA user_version = 1"
        )
    with contextlib.closing(Journal(tmp_path / "old")) as book:
        assert len(list(book.entries())) == 1
        assert own.is_as_left(book, song)
        write(book, song, b"the story goes on")
        assert own.is_as_left(book, song)
    with contextlib.closing(sqlite3.connect(tmp_path / "old" / "journal.sqlite3")) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (FORMAT,)
        sizes = [size for (size,) in database.execute("SELECT size FROM writes ORDER BY id")]
    assert sizes == [None, len(b"the story goes on")]
