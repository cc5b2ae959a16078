"""What the journal remembers, and whose unfinished writes it gives to whom."""

import contextlib
import sqlite3
from pathlib import Path

import pytest

from tagger.errors import OutputError
from tagger.sinks import journal, recovery

NOTE = journal.Note("genre", ("Old", "Älter"), ("New",))


def opened(folder: Path) -> contextlib.closing[journal.Journal]:
    """A journal, closed in the end."""
    return contextlib.closing(journal.Journal(folder))


def test_what_was_told_is_remembered(tmp_path: Path) -> None:
    """A finished write is there for later processes, with its note and its bytes; an abandoned one is not."""
    path = tmp_path / "a\udcff.mp3"
    with opened(tmp_path) as book:
        run = book.begin_run("scan", "tagger scan", "default")
        for is_kept in (True, False):
            number = book.begin(run, path, NOTE, None)
            book.prepare(
                number, how="in place", old_digest=b"old", new_digest=b"new", delta=b"delta", rollback=b"r"
            )
            (book.finish if is_kept else book.abandon)(number)
    with opened(tmp_path) as book:
        (entry,) = book.entries()
        assert (entry.path, entry.note, entry.run) == (path, NOTE, run)
        assert (entry.old_digest, entry.new_digest, entry.delta, entry.rollback) == (
            b"old",
            b"new",
            b"delta",
            None,
        )
        (listed,) = book.runs()
        assert (listed.id, listed.kind, listed.model, listed.n_done, listed.n_undone) == (
            run,
            "scan",
            "default",
            1,
            0,
        )
        assert book.begin_run("scan", "") > run


def test_texts_that_are_not_utf8_are_told_with_escapes(tmp_path: Path) -> None:
    """A command line, a model and a field may hold bytes that are not UTF-8; no text ends a run."""
    with opened(tmp_path) as book:
        run = book.begin_run("watch", "tagger watch d\udce9", "m\udcff")
        note = journal.Note("f\udcff", ("\udcff",), ())
        book.finish(book.begin(run, tmp_path / "a", note, None))
        (listed,) = book.runs()
        assert (listed.command, listed.model) == ("tagger watch d\\udce9", "m\\udcff")
        (entry,) = book.entries()
        assert (entry.note.field, entry.note.before) == ("f\\udcff", ("\udcff",))


def test_writes_of_the_living_are_left_to_them(tmp_path: Path) -> None:
    """What another process is about to write is not recovered while it lives, and is as soon as it is gone."""
    song = tmp_path / "song"
    song.write_bytes(b"old")
    temporary = tmp_path / ".tagger-1.tmp"
    temporary.touch()
    living = journal.Journal(tmp_path / "journal")
    living.begin(living.begin_run("scan", ""), song, NOTE, temporary)
    with opened(tmp_path / "journal") as book:
        assert book.left_open() == []
        recovery.recover(book)
        assert temporary.exists()
        living.close()
        assert [entry.temporary for entry in book.left_open()] == [temporary]
        assert recovery.recover(book) == []  # nothing had happened to the song
        assert not temporary.exists()
        assert book.left_open() == []


def test_files_that_cannot_be_reached_wait(tmp_path: Path) -> None:
    """A write to a disk that is not there now is put right when it is back."""
    song = tmp_path / "disk" / "song"
    with opened(tmp_path / "journal") as book:
        number = book.begin(book.begin_run("scan", ""), song, NOTE, song.with_name(".tagger-1.tmp"))
        digest = bytes.fromhex("cae66941d9efbd404e4d88758ea67670")  # BLAKE2b of nothing, 16 bytes
        book.prepare(number, how="replace", old_digest=b"?", new_digest=digest)
    with opened(tmp_path / "journal") as book:
        assert recovery.recover(book) == []
        assert len(book.left_open()) == 1
        song.parent.mkdir()
        song.touch()
        assert recovery.recover(book) == [recovery.Recovered(song, "finished")]
        assert [entry.path for entry in book.entries()] == [song]


def test_a_file_that_is_neither_old_nor_new_is_left_alone(tmp_path: Path) -> None:
    """After a crash somebody else may have changed the file: its bytes stay, and that is said."""
    song = tmp_path / "song"
    song.write_bytes(b"somebody's own")
    for how in ("replace", "in place", "overwrite"):
        with opened(tmp_path / "journal") as book:
            number = book.begin(book.begin_run("scan", ""), song, NOTE, None)
            book.prepare(number, how=how, old_digest=b"?", new_digest=b"?", rollback=None)
        with opened(tmp_path / "journal") as book:
            assert recovery.recover(book) == [recovery.Recovered(song, "unclear")]
            assert list(book.entries()) == []
    assert song.read_bytes() == b"somebody's own"


def test_a_journal_of_another_version_is_refused(tmp_path: Path) -> None:
    """A later version's journal is not guessed at."""
    sqlite3.connect(tmp_path / "journal.sqlite3").executescript("PRAGMA user_version = 99").close()
    with pytest.raises(OutputError, match="another version"):
        journal.Journal(tmp_path)
