"""Old tags put back, byte for byte, where nobody else changed the file since."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tagger.errors import TagError
from tagger.sinks import changes, delta, digests
from tagger.sinks.entries import Entry, Note
from tagger.sinks.journal import Journal
from tagger.sinks.rehearsing import Rehearsal

_WRITES = "undoes IS NULL AND run NOT IN (SELECT id FROM runs WHERE kind = 'undo')"
UNDOABLE = f"undone_by IS NULL AND {_WRITES}"
"""Condition in SQL on writes that are no undo themselves, and were not taken back."""


class _AlreadyOldError(TagError):
    """Raised when a file has its old bytes already."""


@dataclass(frozen=True, slots=True)
class Undone:
    """What became of one write that was to be taken back.

    Attributes:
        entry: The write.
        problem: Why it could not be taken back; empty if it was.
    """

    entry: Entry
    problem: str = ""


def undo(entries: Iterable[Entry], writer: changes.Writer | None) -> Iterator[Undone]:
    """Take writes back, the newest first.

    Args:
        entries: The writes, in any order.
        writer: Changes the files; None to see only what could be done.
    """
    left: dict[object, bytes | None] = {}  # digests of what files would be by now
    for entry in sorted(entries, key=lambda entry: entry.id, reverse=True):
        note = Note(entry.note.field, entry.note.after, entry.note.before, None if entry.is_copy else entry.id)
        try:
            if writer is None:
                file = _identity(entry.path)
                Rehearsal().rewrite(entry.path, _old_version_of(entry, left.get(file)))
                left[file] = entry.old_digest
            else:
                writer.rewrite(entry.path, _old_version(entry), note)
        except _AlreadyOldError:
            if writer is not None and not entry.is_copy:
                writer.journal.note_undone(entry.id, writer.run)
            yield Undone(entry)
        except TagError as error:
            yield Undone(entry, error.reason)
        except OSError as error:
            yield Undone(entry, "it is gone" if isinstance(error, FileNotFoundError) else str(error.strerror))
        else:
            yield Undone(entry)


def of_file(journal: Journal, path: Path) -> list[Entry]:
    """All writes to a file that can be taken back, told by its bytes, wherever it was then, and by its name.

    The file that was written may still be where it was, or may have been put back: then this one is a copy, and
    its undo uses nothing up.
    """
    real = Path(os.path.realpath(path))
    named = list(journal.entries(f"path = ? AND {UNDOABLE}", os.fsencode(real)))
    found = _of_bytes(journal, real) if real.is_file() else []
    known = {entry.id for entry in found}
    return found + [entry for entry in named if entry.id not in known]


def _of_bytes(journal: Journal, path: Path) -> list[Entry]:
    """The writes that led to what is in a file, the newest first."""
    with path.open("rb") as file:
        digest = there = digests.whole(file)
    found: list[Entry] = []
    written, before = path, sys.maxsize
    # Strictly backwards: a genre that comes, goes and comes again leaves the same bytes twice.
    while entries := list(journal.entries(f"new_digest = ? AND id < ? AND {_WRITES}", digest, before)):
        entry = max(
            entries, key=lambda one: (one.path == written, not one.undone_by, _is_gone(one.path), one.id)
        )
        is_left = bool(entry.undone_by) or not _is_gone(entry.path) or any(later.is_copy for later in found)
        found.append(dataclasses.replace(entry, path=path, is_copy=is_left and entry.path != path))
        digest, written, before = entry.old_digest or b"", entry.path, entry.id
    return found if digest != there else []


def _identity(path: Path) -> object:
    """The same for all names of a file."""
    status = path.stat()
    return status.st_dev, status.st_ino


def _is_gone(path: Path) -> bool:
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:  # whatever cannot be looked at may be there
        return False
    return False


def _old_version(entry: Entry) -> Callable[[BinaryIO], bool]:
    """An edit that makes the old file of the new one, or raises."""

    def edit(file: BinaryIO) -> bool:
        _check_unchanged(entry, digests.whole(file))
        try:
            with entry.path.open("rb") as new:  # `file` does not stay what the delta is about
                file.seek(0)
                for part in delta.decode(new, entry.delta or b""):
                    file.write(part)
                file.truncate()
        except delta.DamagedError as exc:
            raise TagError(entry.path, f"the journal's entry is damaged: {exc}") from exc
        if digests.whole(file) != entry.old_digest:
            raise TagError(entry.path, "the journal's entry is damaged")
        return True

    return edit


def _old_version_of(entry: Entry, left: bytes | None) -> Callable[[BinaryIO], bool]:
    """The edit of a dry run; newer writes, if any, would have left a file of this digest."""
    if left is None:
        return _old_version(entry)

    def compare(file: BinaryIO) -> bool:
        _check_unchanged(entry, left)
        return True

    return compare


def _check_unchanged(entry: Entry, digest: bytes) -> None:
    if digest == entry.old_digest:
        raise _AlreadyOldError(entry.path, "it is as it was before already")
    if digest != entry.new_digest:
        raise TagError(entry.path, "it was changed since by another program or run")
