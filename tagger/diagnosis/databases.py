"""Places on a disk and SQLite databases, looked at without a trace."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

LEAST_FREE_BYTES = 100_000_000
ELSEWHERE = "set TAGGER_HOME to another folder"

Facts: TypeAlias = dict[str, Any]
Found: TypeAlias = tuple[Facts, list[tuple[str, str]]]
"""What is so, and what is wrong: problems and their hints."""


def place(path: Path, files: Iterable[Path]) -> Facts:
    """Where something is, whether it can be written there, its size, and the room that is left on the disk."""
    nearest = next(one for one in (path, *path.absolute().parents) if os.access(one, os.F_OK))
    folder = nearest if nearest.is_dir() else nearest.parent
    writable = os.access(nearest, os.W_OK) and (nearest == path or nearest.is_dir())
    return {
        "path": str(path),
        "exists": nearest == path,
        "writable": writable and os.access(folder, os.W_OK | os.X_OK),
        "size_bytes": _size(files),
        "free_bytes": shutil.disk_usage(folder).free,
    }


def _size(files: Iterable[Path]) -> int:
    """Size in bytes of those files that may be looked at."""
    total = 0
    with contextlib.suppress(OSError):
        for file in files:
            total += file.stat().st_size if file.is_file() else 0
    return total


def look_at(
    file: Path, price: str, cure: str, look: Callable[[sqlite3.Connection], Found] = lambda database: ({}, [])
) -> Found:
    """Look at a database and its place.

    Args:
        file: Where it is, or would be.
        price: What it means if it cannot be used.
        cure: What helps if it is damaged.
        look: Tells more of one that is whole.
    """
    facts: Facts = place(file, file.parent.glob(f"{file.name}*")) | {"state": "not found"}
    wrong = []
    if not facts["writable"]:
        wrong.append((f"{file}: cannot be written, so that {price}", ELSEWHERE))
    if facts["free_bytes"] < LEAST_FREE_BYTES:
        wrong.append((f"{file}: only {facts['free_bytes'] // 10**6} MB are left on its disk", ELSEWHERE))
    if not facts["exists"]:
        return facts, wrong
    try:
        with _opened(file) as database:
            (found,) = database.execute("PRAGMA integrity_check(1)").fetchone()
            if found != "ok":
                raise sqlite3.DatabaseError(found.splitlines()[-1])
            more, also_wrong = look(database)
    except (sqlite3.OperationalError, OSError) as error:  # it may be whole
        wrong.append((f"{file}: cannot be read, so that {price}: {error}", ELSEWHERE))
        return facts | {"state": "cannot be read"}, wrong
    except sqlite3.DatabaseError as error:
        return facts | {"state": "damaged"}, [*wrong, (f"{file}: damaged, so that {price}: {error}", cure)]
    return facts | {"state": "fine"} | more, wrong + also_wrong


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[sqlite3.Connection]:
    """Open a database to read it, even while others write it, without a trace in its folder."""
    log, index = (file.with_name(f"{file.name}-{end}") for end in ("wal", "shm"))
    with contextlib.ExitStack() as stack:
        how = "mode=ro&immutable=1"  # else SQLite makes a log and an index, and leaves them there
        if log.is_file() and log.stat().st_size:
            how = "mode=ro"
            if not index.is_file():
                folder = stack.enter_context(tempfile.TemporaryDirectory())
                file = [Path(shutil.copy(part, folder)) for part in (log, file)][-1]
        database = sqlite3.connect(f"{file.absolute().as_uri()}?{how}", uri=True)
        yield stack.enter_context(contextlib.closing(database))


def cut_off(database: sqlite3.Connection, folder: Path) -> list[str]:
    """The files whose writing was begun and never closed, by processes that no longer live."""
    rows = database.execute("SELECT run, path FROM writes WHERE state IN ('begun', 'prepared') ORDER BY id")
    return [os.fsdecode(path) for run, path in rows if not _lives(folder / f"run-{run}.lock")]


def _lives(lock: Path) -> bool:
    """Whether a process holds the lock of a run."""
    try:
        with lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False
