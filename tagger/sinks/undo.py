"""Old tags put back, byte for byte, where nobody else changed the file since."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tagger.errors import TagError
from tagger.sinks import changes, delta, digests
from tagger.sinks.entries import Entry, Note
from tagger.sinks.journal import Journal


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
    for entry in sorted(entries, key=lambda entry: entry.id, reverse=True):
        note = Note(entry.note.field, entry.note.after, entry.note.before, undoes=entry.id)
        try:
            if writer is None:
                with entry.path.open("rb") as file:
                    _check_unchanged(entry, file)
            else:
                writer.rewrite(entry.path, _old_version(entry), note)
        except _AlreadyOldError:
            if writer is not None:
                writer.journal.note_undone(entry.id, writer.run)
            yield Undone(entry)
        except TagError as error:
            yield Undone(entry, error.reason)
        except OSError as error:
            yield Undone(entry, "it is gone" if isinstance(error, FileNotFoundError) else str(error.strerror))
        else:
            yield Undone(entry)


def of_file(journal: Journal, path: Path) -> list[Entry]:
    """All writes to a file that can be taken back, told by its name or, where it was moved, by its bytes."""
    named = "path = ? AND undone_by IS NULL AND undoes IS NULL"
    found = list(journal.entries(named, os.fsencode(os.path.realpath(path))))
    if found or not path.is_file():
        return found
    with path.open("rb") as file:
        digest = digests.whole(file)
    while entries := list(journal.entries("new_digest = ? AND undone_by IS NULL AND undoes IS NULL", digest)):
        found.append(dataclasses.replace(entries[-1], path=path))
        digest = entries[-1].old_digest or b""
    return found


def _old_version(entry: Entry) -> Callable[[BinaryIO], bool]:
    """An edit that makes the old file of the new one, or raises."""

    def edit(file: BinaryIO) -> bool:
        _check_unchanged(entry, file)
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


def _check_unchanged(entry: Entry, file: BinaryIO) -> None:
    digest = digests.whole(file)
    if digest == entry.old_digest:
        raise _AlreadyOldError(entry.path, "it is as it was before already")
    if digest != entry.new_digest:
        raise TagError(entry.path, "it was changed since by another program or run")
