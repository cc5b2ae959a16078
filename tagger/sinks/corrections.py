"""What people said of recordings whose verdicts they looked at: kept for training, by the audio itself."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tagger.errors import OutputError
from tagger.sinks import bound

FORMAT = 2

_SCHEMA = """
CREATE TABLE corrections (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    time REAL NOT NULL,             -- seconds since 1970
    recording BLOB NOT NULL,        -- identity of the audio: see tagger.sinks.tags.payload
    path BLOB NOT NULL,             -- where it was then, as bytes
    genre TEXT,                     -- what the user said; NULL for "I don't know either"
    heard TEXT,                     -- what the model said; NULL for "don't know"
    confidence REAL NOT NULL,       -- of the model's strongest genre, 0 to 1
    model TEXT NOT NULL,
    tags TEXT NOT NULL,             -- genres that stood in the file then, as a list in JSON
    state TEXT NOT NULL             -- SAID, KEPT or WRITTEN
)
"""
SAID, KEPT, WRITTEN = "said", "kept", "written"
"""What became of it: nothing yet; the file's own genres are right; it was written into the file."""

_INDEX = "CREATE INDEX corrections_by_recording ON corrections (recording)"
_LATEST = "id IN (SELECT max(id) FROM corrections GROUP BY recording)"


@dataclass(frozen=True, slots=True)
class Correction:
    """What somebody said of a recording.

    Attributes:
        recording: Identity of its audio.
        path: Where it was then.
        genre: What it is; None where the user does not know either.
        heard: What the model said; None for "don't know".
        confidence: Of the model's strongest genre, 0 to 1.
        model: Name of the model.
        tags: Genres that stood in the file then.
        state: `SAID`, `KEPT` or `WRITTEN`.
        number: Of the correction, once it is kept; 0 before.
    """

    recording: bytes
    path: Path
    genre: str | None
    heard: str | None
    confidence: float
    model: str
    tags: tuple[str, ...] = ()
    state: str = SAID
    number: int = field(default=0, compare=False)


class Corrections:
    """The corrections in a folder; several processes may have them open, and one thread at a time may use them.

    Args:
        folder: Where the database is, or is to be.

    Raises:
        OutputError: It cannot be opened, or was made by a later version.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "corrections.sqlite3"
        with self._ours():
            folder.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(
                self.path, timeout=20, isolation_level=None, check_same_thread=False
            )
        try:
            self._set_up()
        except BaseException:
            self._database.close()
            raise

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def add(self, said: Correction) -> int:
        """Keep what somebody said; give its number."""
        values = (time.time(), said.recording, os.fsencode(said.path), said.genre, said.heard)
        columns = "time, recording, path, genre, heard, confidence, model, tags, state"
        with self._ours():
            done = self._database.execute(
                f"INSERT INTO corrections ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                bound.storable((*values, said.confidence, said.model, json.dumps(said.tags), said.state)),
            )
            return done.lastrowid or 0

    def remove(self, number: int) -> None:
        """Forget one thing that was said; what was said of the recording before counts again."""
        with self._ours():
            self._database.execute("DELETE FROM corrections WHERE id = ?", (number,))

    def written(self, number: int) -> None:
        """Note that what was said was written into the file."""
        with self._ours():
            self._database.execute("UPDATE corrections SET state = ? WHERE id = ?", (WRITTEN, number))

    def forget(self, recording: bytes) -> None:
        """Forget all that was said of a recording."""
        with self._ours():
            self._database.execute("DELETE FROM corrections WHERE recording = ?", (recording,))

    def latest(self) -> Iterator[Correction]:
        """What was said last of each recording, oldest first."""
        columns = "recording, path, genre, heard, confidence, model, tags, state, id"
        with self._ours():
            rows = self._database.execute(
                f"SELECT {columns} FROM corrections WHERE {_LATEST} ORDER BY id"
            ).fetchall()
        for recording, path, genre, heard, confidence, model, tags, state, number in rows:
            where, said = Path(os.fsdecode(path)), tuple(json.loads(tags))
            yield Correction(recording, where, genre, heard, confidence, model, said, state, number)

    def _set_up(self) -> None:
        with self._ours():
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("BEGIN IMMEDIATE")
            (found,) = self._database.execute("PRAGMA user_version").fetchone()
            if found == 0:
                self._database.execute(_SCHEMA)
                self._database.execute(_INDEX)
                self._database.execute(f"PRAGMA user_version = {FORMAT}")
            self._database.execute("COMMIT")
        if found not in {0, FORMAT}:
            raise OutputError(
                f"{self.path}: these corrections were made by another version of tagger",
                hint="use that version, or move the file away to begin anew",
            )

    @contextlib.contextmanager
    def _ours(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as exc:
            reason = exc.strerror if isinstance(exc, OSError) else str(exc)
            raise OutputError(
                f"{self.path}: corrections cannot be kept: {reason}", hint="TAGGER_HOME names another place"
            ) from exc
