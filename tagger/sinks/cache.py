"""What was heard before, by the identity of the audio itself: retagged, renamed and moved files are known.

Three tables: `files` tells by one `stat` which recording a file is and which genres stand in it; `results`
holds what a model heard in a recording; `places` tells where files were met. To lose it costs time only:
trouble is told, and lived with.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tagger.errors import OutputError, TagError
from tagger.records import Stamp
from tagger.sinks import bound
from tagger.sinks.cache_tables import FORMAT, PLACES, SCHEMA, TABLES
from tagger.sinks.remembered import Known, Place, Ranking, Remembered, numbers
from tagger.sinks.tags import payload

__all__ = ["FORMAT", "Cache", "Known", "Place", "Ranking", "Remembered"]

_HEARD = "SELECT recording, duration_seconds, n_windows, ranking, embedding, reason"

# The time of the last change of anything about a file tells it from one that got its inode, size and date.
_SAME_FILE = "device = ? AND inode = ? AND size = ? AND mtime_ns = ? AND ctime_ns = ?"


class Cache:
    """The cache in a folder; threads and processes may share it.

    Args:
        folder: Where the database is, or is to be.
        on_trouble: Told once, in a sentence, when the cache can no longer be used.

    Attributes:
        path: The database.
        trouble: Why it cannot be used any more; empty if it can.
    """

    def __init__(self, folder: Path, on_trouble: Callable[[str], None] = lambda problem: None) -> None:
        self.path = folder / "cache.sqlite3"
        self._on_trouble = on_trouble
        self.trouble = ""
        self._lock = threading.RLock()  # who meets trouble closes, with the lock in hand
        self._database: sqlite3.Connection | None = None
        with self._trouble_told():
            folder.mkdir(parents=True, exist_ok=True)
            database = sqlite3.connect(self.path, timeout=10, isolation_level=None, check_same_thread=False)
            self._database = database
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = OFF")  # a power cut may cost what was heard last
            self._set_up(database)

    def close(self) -> None:
        """Close the database; threads that ask still, or later, are told nothing."""
        with self._lock:  # SQLite does not survive being closed under another thread
            if self._database is not None:
                self._database.close()
                self._database = None

    def recall(self, path: Path, stamp: Stamp, way: bytes) -> Remembered | None:
        """Give what was heard in a file in some way of listening, wherever it was then; None if nothing was.

        Args:
            path: The file.
            stamp: What it is now.
            way: Digest of all that shapes the numbers.
        """
        self._place(path, stamp)
        found = self._result(stamp, way)
        if found is None and self._recording(stamp) is None and (recording := _identity(path)) is not None:
            self._know(stamp, recording)
            found = self._result(stamp, way)
        return found

    def remember(self, stamp: Stamp, way: bytes, heard: Remembered) -> None:
        """Keep what was heard in a file that `recall` was asked for."""
        if (recording := self._recording(stamp)) is not None:
            values = (heard.duration_seconds, heard.n_windows, heard.ranking, heard.embedding, heard.reason)
            self._do("INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?, ?, ?, ?)", (recording, way, *values))

    def genres(self, stamp: Stamp) -> tuple[str, ...] | None:
        """The genres in a file; None if it changed since they were read, or never were."""
        rows = self._do(f"SELECT genres FROM files WHERE {_SAME_FILE}", numbers(stamp))
        return tuple(json.loads(rows[0][0])) if rows and rows[0][0] is not None else None

    def keep_genres(self, stamp: Stamp, genres: tuple[str, ...], before: Stamp | None = None) -> None:
        """Keep the genres in a file that `recall` was asked for.

        Args:
            stamp: What it is now.
            genres: What stands in it now.
            before: What it was when `recall` was asked, where it was written since.
        """
        if (recording := self._recording(before or stamp)) is not None:
            self._know(stamp, recording, json.dumps(genres))
            if before is not None:  # our own write changed nothing but the genres
                assignments = "device = ?, inode = ?, size = ?, mtime_ns = ?, ctime_ns = ?"
                values = (*numbers(stamp), *numbers(before))
                self._do(f"UPDATE places SET {assignments} WHERE {_SAME_FILE}", values)

    def places(self, ways: Sequence[bytes]) -> list[Place]:
        """Where files were met, in the order of their paths, with what was heard in them.

        Args:
            ways: Digests of all that shapes the numbers; what was heard in the first counts most.
        """
        heard: dict[bytes, Remembered] = {}
        for way in reversed(ways):
            rows = self._do(f"{_HEARD} FROM results WHERE way = ?", (way,))
            heard |= {recording: Remembered(*values) for recording, *values in rows}
        rows = self._do(
            "SELECT path, device, inode, size, mtime_ns, ctime_ns, credits, recording FROM places "
            "LEFT JOIN files USING (device, inode, size, mtime_ns, ctime_ns) ORDER BY path"
        )
        return [
            Place(
                Path(os.fsdecode(path)),
                tuple(stamp),
                None if credits is None else tuple(json.loads(credits)),
                heard.get(recording),
            )
            for path, *stamp, credits, recording in rows
        ]

    def unplaced(self) -> int:
        """Number of recordings it knows without knowing where they are, as earlier programs left them."""
        rows = self._do(
            "SELECT count(DISTINCT recording) FROM results WHERE recording NOT IN (SELECT recording FROM files "
            "JOIN places USING (device, inode, size, mtime_ns, ctime_ns))"
        )
        return int(rows[0][0]) if rows else 0

    def keep_credits(self, credits: Iterable[tuple[Path, Stamp, tuple[str, ...]]]) -> None:
        """Keep texts about files, each for as long as the file does not change."""
        rows = [(_located(path), *numbers(stamp), json.dumps(texts)) for path, stamp, texts in credits]
        with self._lock, self._trouble_told():
            if self._database is not None:
                self._database.execute("BEGIN IMMEDIATE")
                self._database.executemany("INSERT OR REPLACE INTO places VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
                self._database.execute("COMMIT")

    def library(self, ways: Iterable[bytes]) -> list[Known]:
        """Every recording that was heard in any of some ways, once, with one of its files.

        Args:
            ways: Digests as in `recall`, the best first.
        """
        rows = self._do(
            "SELECT recording, path, genres FROM files "
            "LEFT JOIN places USING (device, inode, size, mtime_ns, ctime_ns) "
            "ORDER BY path IS NOT NULL, path DESC"
        )
        places = {recording: (path, genres) for recording, path, genres in rows}  # the first path comes last
        known: dict[bytes, Known] = {}
        for way in ways:
            for recording, *heard in self._do(f"{_HEARD} FROM results WHERE way = ?", (way,)):
                path, genres = places.get(recording, (None, None))
                place = None if path is None else Path(os.fsdecode(path))
                read = None if genres is None else tuple(json.loads(genres))
                known.setdefault(recording, Known(recording, Remembered(*heard), place, read))
        return list(known.values())

    def recording(self, path: Path, stamp: Stamp) -> bytes | None:
        """Identity of a file's audio, looked up or taken; None if the file cannot be read."""
        return self._recording(stamp) or _identity(path)

    def counts(self) -> dict[str, int]:
        """Number of files and recordings it knows, and of results, and its size in bytes."""
        counted = {
            "files": "SELECT count(*) FROM files",
            "recordings": "SELECT count(DISTINCT recording) FROM results",
            "results": "SELECT count(*) FROM results",
        }
        found = {name: rows[0][0] if (rows := self._do(query)) else 0 for name, query in counted.items()}
        n_bytes = 0
        for file in self.path.parent.glob(f"{self.path.name}*"):
            with contextlib.suppress(FileNotFoundError):  # SQLite removes its log when the last one closes
                n_bytes += file.stat().st_size
        return found | {"bytes": n_bytes}

    def clear(self) -> None:
        """Forget everything.

        Raises:
            OutputError: The cache cannot be used.
        """
        if self._database is None:
            raise OutputError(f"{self.path}: the cache cannot be used", hint="delete the file")
        for statement in (*(f"DELETE FROM {table}" for table in TABLES), "VACUUM"):
            self._do(statement)

    def _result(self, stamp: Stamp, way: bytes) -> Remembered | None:
        rows = self._do(
            "SELECT duration_seconds, n_windows, ranking, embedding, reason FROM results "
            f"WHERE way = ? AND recording = (SELECT recording FROM files WHERE {_SAME_FILE})",
            (way, *numbers(stamp)),
        )
        return Remembered(*rows[0]) if rows else None

    def _recording(self, stamp: Stamp) -> bytes | None:
        rows = self._do(f"SELECT recording FROM files WHERE {_SAME_FILE}", numbers(stamp))
        return rows[0][0] if rows else None

    def _place(self, path: Path, stamp: Stamp) -> None:
        """Keep where a file is; what is known of it there stays if the file is the same."""
        where, file = _located(path), numbers(stamp)
        if not self._do(f"SELECT 1 FROM places WHERE path = ? AND {_SAME_FILE}", (where, *file)):
            self._do("INSERT OR REPLACE INTO places VALUES (?, ?, ?, ?, ?, ?, NULL)", (where, *file))

    def _know(self, stamp: Stamp, recording: bytes, genres: str | None = None) -> None:
        values = (*numbers(stamp), recording, genres)
        self._do("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?)", values)

    def _do(self, statement: str, values: tuple[Any, ...] = ()) -> list[Any]:
        with self._lock, self._trouble_told():
            if self._database is not None:
                return self._database.execute(statement, bound.storable(values)).fetchall()
        return []

    def _set_up(self, database: sqlite3.Connection) -> None:
        (found,) = database.execute("PRAGMA user_version").fetchone()
        if found == FORMAT:
            database.execute(PLACES)
            return
        database.execute("BEGIN IMMEDIATE")
        (found,) = database.execute("PRAGMA user_version").fetchone()
        if found != FORMAT:  # a cache of another version is worth nothing to this one
            for table in TABLES:
                database.execute(f"DROP TABLE IF EXISTS {table}")
            for statement in (*SCHEMA, PLACES):
                database.execute(statement)
            database.execute(f"PRAGMA user_version = {FORMAT}")
        database.execute("COMMIT")

    @contextlib.contextmanager
    def _trouble_told(self) -> Iterator[None]:
        """Go on without a cache where it cannot be used."""
        try:
            yield
        except (sqlite3.Error, OSError) as exc:
            self.close()
            self.trouble = (exc.strerror or "") if isinstance(exc, OSError) else str(exc)
            self._on_trouble(f"{self.path}: the cache cannot be used, all is heard anew: {self.trouble}")


def _located(path: Path) -> bytes:
    """A path as it is kept: absolute, whatever the current folder is; links in it are not followed."""
    return os.fsencode(os.path.abspath(path))  # noqa: PTH100 - `Path.absolute` keeps ".."


def _identity(path: Path) -> bytes | None:
    try:
        return payload.identity(path)
    except TagError:
        return None
