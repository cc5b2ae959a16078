"""What was written where, and what stood there before: an SQLite database that outlives a crash at any point.

A write is told before it is done (`begin`, `prepare`) and closed afterwards (`finish` or `abandon`), so that
whatever interrupts it, the next run finds what has to be put right. The old bytes are kept as a delta to the
new file, which is small: neither audio nor pictures are stored twice.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tagger.errors import OutputError
from tagger.records import Stamp
from tagger.sinks import bound
from tagger.sinks.entries import Entry, Left, Note, Run

FORMAT = 2

_SCHEMA = """
CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    began REAL NOT NULL,            -- seconds since 1970
    kind TEXT NOT NULL,             -- scan, watch, review or undo
    command TEXT NOT NULL,
    model TEXT NOT NULL
);
CREATE TABLE writes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL REFERENCES runs,
    time REAL NOT NULL,             -- seconds since 1970
    path BLOB NOT NULL,             -- the file itself, links resolved, as bytes
    state TEXT NOT NULL CHECK (state IN ('begun', 'prepared', 'done', 'abandoned')),
    field TEXT NOT NULL,
    before TEXT NOT NULL,           -- JSON, what stood in the field
    after TEXT NOT NULL,
    how TEXT,                       -- in place, replace or overwrite
    temporary BLOB,                 -- the file that grows beside it
    mtime_ns INTEGER,
    old_digest BLOB,                -- of the whole file
    new_digest BLOB,
    rollback BLOB,                  -- bytes that a write in place changes, only while it is prepared
    delta BLOB,                     -- the old file, told by the new one
    undoes INTEGER REFERENCES writes,
    undone_by INTEGER REFERENCES runs,
    size INTEGER,                   -- of the file as it was left
    ctime_ns INTEGER                -- likewise
);
CREATE INDEX writes_by_run ON writes (run);
CREATE INDEX writes_by_path ON writes (path);
CREATE INDEX writes_not_closed ON writes (state) WHERE state IN ('begun', 'prepared');
"""


# What a journal of the first format lacks; its entries are as good without.
_ADDED = ("ALTER TABLE writes ADD COLUMN size INTEGER", "ALTER TABLE writes ADD COLUMN ctime_ns INTEGER")

_COLUMNS = (
    "id, run, time, path, state, field, before, after, undoes, "
    "how, temporary, mtime_ns, old_digest, new_digest, rollback, delta, undone_by"
)


class Journal:
    """The journal in a folder; several processes may have it open, and one thread at a time may use it.

    Args:
        folder: Where the database is, or is to be.

    Raises:
        OutputError: It cannot be opened, is damaged, or was made by a later version.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._locks = contextlib.ExitStack()
        self._path = folder / "journal.sqlite3"
        with self._ours():
            folder.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(
                self._path, timeout=20, isolation_level=None, check_same_thread=False
            )
        try:
            self._do("PRAGMA journal_mode = WAL")
            self._set_up()
            status = self._path.stat()
            self._identity = (status.st_dev, status.st_ino)
        except BaseException:
            self._database.close()
            raise

    def close(self) -> None:
        """Close the database, and let others put right what this process left open."""
        self._database.close()
        self._locks.close()

    def begin_run(self, kind: str, command: str, model: str = "") -> int:
        """Open a run and give its number; as long as this process lives, nobody else recovers its writes."""
        row = (time.time(), kind, command, model)
        number = (
            self._do("INSERT INTO runs (began, kind, command, model) VALUES (?, ?, ?, ?)", *row).lastrowid or 0
        )
        with self._ours():
            lock = self._locks.enter_context(self._lock_path(number).open("wb"))
            self._locks.callback(self._lock_path(number).unlink, missing_ok=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        return number

    def begin(self, run: int, path: Path, note: Note, temporary: Path | None) -> int:
        """Tell that a write is being made ready in a temporary file; give its number."""
        self._check_place()
        values = (run, time.time(), os.fsencode(path), "begun", note.field, json.dumps(note.before))
        more = (json.dumps(note.after), note.undoes, None if temporary is None else os.fsencode(temporary))
        columns = "run, time, path, state, field, before, after, undoes, temporary"
        done = self._do(f"INSERT INTO writes ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", *values, *more)
        return done.lastrowid or 0

    def prepare(self, number: int, **columns: Any) -> None:
        """Tell everything that is needed to finish or to take back a write; on disk when this returns."""
        names = ", ".join(f"{name} = ?" for name in columns)
        self._database.execute("PRAGMA synchronous = FULL")
        self._do(f"UPDATE writes SET state = 'prepared', {names} WHERE id = ?", *columns.values(), number)
        self._database.execute("PRAGMA synchronous = NORMAL")

    def finish(self, number: int, left: Stamp | None = None) -> None:
        """Tell that the new version is in place; where it takes back another write, tell that too.

        Args:
            number: The write.
            left: What the file is now; None if that is not known.
        """
        size, ctime_ns = (left.size, left.ctime_ns) if left else (None, None)
        done = "state = 'done', rollback = NULL, temporary = NULL, size = ?, ctime_ns = ?"
        with self._transaction():
            self._do(f"UPDATE writes SET {done} WHERE id = ?", size, ctime_ns, number)
            self._count_undone(number)

    def note_undone(self, number: int, run: int) -> None:
        """Tell that a write is found taken back, by whomever."""
        self._do("UPDATE writes SET undone_by = ? WHERE id = ?", run, number)

    def _count_undone(self, number: int) -> None:
        """Tell it along the chain: what a write takes back is undone, what that had taken back is not."""
        run, undoes = self._do("SELECT run, undoes FROM writes WHERE id = ?", number).fetchone()
        is_undone = True
        while undoes is not None:
            self._do("UPDATE writes SET undone_by = ? WHERE id = ?", run if is_undone else None, undoes)
            (undoes,) = self._do("SELECT undoes FROM writes WHERE id = ?", undoes).fetchone()
            is_undone = not is_undone

    def abandon(self, number: int) -> None:
        """Tell that the file is as it was."""
        self._do("UPDATE writes SET state = 'abandoned', rollback = NULL, delta = NULL WHERE id = ?", number)

    def give_up(self, number: int) -> None:
        """Tell that nothing more is to be done, though the file is neither old nor new; what is known stays."""
        self._do("UPDATE writes SET state = 'abandoned' WHERE id = ?", number)

    def left(self, path: Path) -> Left | None:
        """What the last write left of a file, or is about to leave; None if nothing was written to it."""
        row = self._do(
            "SELECT size, mtime_ns, ctime_ns, new_digest FROM writes "
            "WHERE path = ? AND state IN ('prepared', 'done') ORDER BY id DESC LIMIT 1",
            os.fsencode(path),
        ).fetchone()
        return Left(*row) if row else None

    def has_left(self, size: int, mtime_ns: int, ctime_ns: int) -> bool:
        """Whether a write left some file with this size and these times, which all names of a file share."""
        return bool(
            self._do(
                "SELECT 1 FROM writes WHERE ctime_ns = ? AND mtime_ns = ? AND size = ? "
                "AND state IN ('prepared', 'done') LIMIT 1",
                ctime_ns,
                mtime_ns,
                size,
            ).fetchone()
        )

    def runs(self) -> list[Run]:
        """All runs that changed files, oldest first."""
        rows = self._do(
            "SELECT r.id, began, kind, command, model, count(*), count(undone_by) "
            "FROM runs r JOIN writes w ON w.run = r.id AND w.state = 'done' GROUP BY r.id ORDER BY r.id"
        )
        return [Run(*row) for row in rows]

    def entries(self, where: str = "", *values: Any) -> Iterator[Entry]:
        """Finished writes, oldest first; `where` is a condition in SQL on the columns of the table."""
        return self._entries(f"state = 'done' {'AND' if where else ''} {where}", values)

    def left_open(self) -> list[Entry]:
        """Writes of processes that no longer live, which were neither finished nor abandoned."""
        found = list(self._entries("state IN ('begun', 'prepared')", ()))
        dead = {run for run in {entry.run for entry in found} if self._is_over(run)}
        return [entry for entry in found if entry.run in dead]

    def _entries(self, where: str, values: tuple[Any, ...]) -> Iterator[Entry]:
        numbers = self._do(f"SELECT id FROM writes WHERE {where} ORDER BY id", *values).fetchall()
        for (number,) in numbers:  # one at a time, since deltas may be large
            row = self._do(f"SELECT {_COLUMNS} FROM writes WHERE id = ?", number).fetchone()
            if row is not None:
                yield _entry(row)

    def _is_over(self, run: int) -> bool:
        path = self._lock_path(run)
        try:
            with path.open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            return True
        except OSError:
            return False
        path.unlink(missing_ok=True)
        return True

    def _lock_path(self, run: int) -> Path:
        return self.folder / f"run-{run}.lock"

    def _check_place(self) -> None:
        """A journal that was deleted or replaced meanwhile is written in vain."""
        with self._ours():
            try:
                status = self._path.stat()
            except PermissionError:  # whoever may not look there has it open all the same
                return
        if (status.st_dev, status.st_ino) != self._identity:
            raise OutputError(
                f"{self._path}: the journal was replaced while it was in use", hint="run it again"
            )

    def _set_up(self) -> None:
        with self._transaction():
            (found,) = self._database.execute("PRAGMA user_version").fetchone()
            if found == 0:
                for statement in _SCHEMA.split(";"):
                    self._database.execute(statement)
                self._database.execute(f"PRAGMA user_version = {FORMAT}")
            elif found == 1:
                for statement in _ADDED:
                    self._database.execute(statement)
                self._database.execute(f"PRAGMA user_version = {FORMAT}")
            elif found != FORMAT:
                raise OutputError(
                    f"{self._path}: this journal was made by another version of tagger",
                    hint="use that version, or move the journal away to begin a new one",
                )

    def _do(self, statement: str, *values: Any) -> sqlite3.Cursor:
        with self._ours():
            return self._database.execute(statement, bound.storable(values))

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._ours():
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")

    @contextlib.contextmanager
    def _ours(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as exc:
            reason = exc.strerror if isinstance(exc, OSError) else str(exc)
            raise OutputError(
                f"{self._path}: the journal cannot be used: {reason}",
                hint="without it nothing can be undone, so nothing is written; TAGGER_HOME names another place",
            ) from exc


def _entry(row: tuple[Any, ...]) -> Entry:
    number, run, when, path, state, field, before, after, undoes, how, temporary, *rest = row
    note = Note(field, tuple(json.loads(before)), tuple(json.loads(after)), undoes)
    place = None if temporary is None else Path(os.fsdecode(temporary))
    return Entry(number, run, when, Path(os.fsdecode(path)), state, note, how, place, *rest)
