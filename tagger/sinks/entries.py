"""What the journal tells of runs and of writes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Run:
    """One run that wrote, or undid.

    Attributes:
        id: Its number, counted from 1.
        began: When, in seconds since 1970.
        kind: "scan", "watch", "review" or "undo".
        command: The command line.
        model: Name of the model; empty for an undo.
        n_done: Number of files it changed.
        n_undone: How many of those were put back since.
    """

    id: int
    began: float
    kind: str
    command: str
    model: str
    n_done: int
    n_undone: int


@dataclass(frozen=True, slots=True)
class Note:
    """What the journal says of a write besides its bytes.

    Attributes:
        field: The field that was meant.
        before: What stood in it.
        after: What stands in it now.
        undoes: The write that this one takes back; None if it is none.
    """

    field: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    undoes: int | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """What a write left of a file.

    Attributes:
        size: Length in bytes; None if that was not told.
        mtime_ns: Time of the last change of its content, which writes keep, in nanoseconds.
        ctime_ns: Time of the last change of anything about it; None if that was not told.
        digest: Of all its bytes.
    """

    size: int | None
    mtime_ns: int | None
    ctime_ns: int | None
    digest: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """One write. Attributes are the columns of the table, with JSON as tuples; one more tells of `path`.

    Attributes:
        is_copy: Whether the file is but a copy of the one that was written, which is where it was.
    """

    id: int
    run: int
    time: float
    path: Path
    state: str
    note: Note
    how: str | None
    temporary: Path | None
    mtime_ns: int | None
    old_digest: bytes | None
    new_digest: bytes | None
    rollback: bytes | None
    delta: bytes | None
    undone_by: int | None
    is_copy: bool = False
