"""After a crash: every write that was begun and not closed is finished or taken back."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tagger.sinks import digests, files, in_place
from tagger.sinks.draft import Draft
from tagger.sinks.entries import Entry
from tagger.sinks.journal import Journal


@dataclass(frozen=True, slots=True)
class Recovered:
    """A write that was cut off.

    Attributes:
        path: The file.
        outcome: "finished", "taken back", or "unclear": the file is neither the old nor the new version.
    """

    path: Path
    outcome: str


def recover(journal: Journal) -> list[Recovered]:
    """Put right what dead processes left; files that cannot be reached now wait for the next time.

    Raises:
        OutputError: The journal cannot be used.
    """
    found = []
    for entry in journal.left_open():
        try:
            with _kept_from_others(entry):
                outcome = _close(entry)
        except OSError:
            continue
        close = {"finished": journal.finish, "taken back": journal.abandon, "unclear": journal.give_up}[outcome]
        close(entry.id)
        if entry.state == "prepared":
            found.append(Recovered(entry.path, outcome))
    return found


@contextlib.contextmanager
def _kept_from_others(entry: Entry) -> Iterator[None]:
    """Hold the file of a write that may have happened, as a writer does."""
    if entry.state != "prepared":
        yield
        return
    with entry.path.open("rb") as file, files.locked(file):
        yield


def _close(entry: Entry) -> str:
    """Bring the file into its old or its new state, and remove what lies beside it."""
    if entry.state == "begun" or entry.how == "replace":
        outcome = _replaced(entry) if entry.state == "prepared" else "taken back"
    elif entry.how == "overwrite":
        outcome = _overwritten(entry)
    else:
        outcome = _written_in_place(entry)
    if outcome != "unclear":
        _restore_mtime(entry)
        if entry.temporary is not None:
            entry.temporary.unlink(missing_ok=True)
    return outcome


def _replaced(entry: Entry) -> str:
    with entry.path.open("rb") as file:
        digest = digests.whole(file)
    return {entry.new_digest: "finished", entry.old_digest: "taken back"}.get(digest, "unclear")


def _overwritten(entry: Entry) -> str:
    """Overwrite once more from the complete copy, unless the old bytes are untouched."""
    outcome = _replaced(entry)
    if outcome != "unclear" or entry.temporary is None:
        return outcome
    with entry.temporary.open("rb") as copy:
        if digests.whole(copy) != entry.new_digest:
            return "unclear"
        files.overwrite(entry.path, copy)
    return "finished"


def _written_in_place(entry: Entry) -> str:
    """Put the old bytes back if that makes the old file, which nobody can have changed since then."""
    outcome = _replaced(entry)
    if outcome != "unclear" or entry.rollback is None:
        return outcome
    old = in_place.unpack(entry.rollback)
    with entry.path.open("r+b", buffering=0) as file:
        draft = Draft(file, _no_copy)
        for place, data in old:
            draft.seek(place)
            draft.write(data)
        if digests.whole(draft) != entry.old_digest:  # type: ignore[arg-type]  # see changes._as_file
            return "unclear"
        in_place.put(file, old)
    return _replaced(entry)


def _restore_mtime(entry: Entry) -> None:
    """Our write, which was cut off, may have changed it; only the owner may set it."""
    if entry.mtime_ns is not None:
        with contextlib.suppress(PermissionError):
            os.utime(entry.path, ns=(entry.path.stat().st_atime_ns, entry.mtime_ns))


def _no_copy() -> BinaryIO:
    raise OSError("edits in place are small")
