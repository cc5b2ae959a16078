"""The only way a music file is changed: proven first, told to the journal, then put in place.

The new version is made beside the old one, in memory or on disk. Only if its audio is the same does it take the
old one's place: in place where that touches little and the length stays, else by replacing the file, or, where
the file must stay the same one under several names, by overwriting it from a complete copy.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from tagger.errors import OutputError, TagError
from tagger.records import Stamp
from tagger.sinks import admission, delta, digests, files, in_place
from tagger.sinks.admission import Proof
from tagger.sinks.draft import Draft, Edit
from tagger.sinks.entries import Note
from tagger.sinks.journal import Journal


class Writer:
    """Changes files, each as one step of a run.

    Args:
        journal: Where it is told.
        run: The run in it.
        proof: Digests the audio; what it gives must not change.
        hardlinks: What to do about a file with several names: "skip" it, "break" this one off, or "write" all.
    """

    def __init__(self, journal: Journal, run: int, proof: Proof, *, hardlinks: str = "skip") -> None:
        self.journal, self.run, self.proof, self.hardlinks = journal, run, proof, hardlinks

    def rewrite(
        self,
        path: str | os.PathLike[str],
        edit: Callable[[BinaryIO], bool],
        note: Note,
        *,
        stamp: Stamp | None = None,
    ) -> bool:
        """Change a file; its owner, mode, extended attributes and times stay.

        Args:
            path: The file, or a link to it.
            edit: Changes a file object that reads as the file, and says whether it did.
            note: What the journal says about it.
            stamp: What the file must still be; None for whatever it is now.

        Returns:
            Whether the file was changed.

        Raises:
            ChangedError: It is not what it was, or changed while this was made ready.
            TagError: It cannot be changed, or its audio would not be the same; it is as it was.
        """
        real = Path(os.path.realpath(path))
        with admission.ours(path), real.open("rb") as file, files.locked(file):
            status = os.fstat(file.fileno())
            admission.check(path, real, status, stamp, self.hardlinks)
            attempt = _Attempt(self, Path(path), real, file, note)
            try:
                return attempt.carry_out(edit)
            finally:
                attempt.clean_up()


class _Attempt:
    """One change of one file: what has been made so far, and how to leave no trace of it."""

    def __init__(self, writer: Writer, path: Path, real: Path, file: BinaryIO, note: Note) -> None:
        self._writer, self._journal = writer, writer.journal
        self._path, self._real, self._file, self._note = path, real, file, note
        self._status = os.fstat(file.fileno())
        self._number: int | None = None
        self._temporary: Path | None = None
        self._copy: BinaryIO | None = None
        self._is_open = False

    def carry_out(self, edit: Callable[[BinaryIO], bool]) -> bool:
        """Make the new version, prove it, and put it in place."""
        new = Draft(self._file, self._grow)
        if not edit(_as_file(new)):
            return False
        edits = new.edits()
        if edits == []:
            return False
        admission.prove(self._path, self._status, self._file, _as_file(new), self._writer.proof)
        if edits is not None and admission.fits(edits, self._status, self._writer.hardlinks):
            self._write_in_place(edits, _as_file(new))
        else:
            self._replace(new)
        return True

    def clean_up(self) -> None:
        """Remove what is left over and close the entry in the journal."""
        if self._copy is not None:
            with contextlib.suppress(OSError):  # a full disk complains once more about what it did not take
                self._copy.close()
        if self._is_open and self._number is not None:
            if self._temporary is not None:
                self._temporary.unlink(missing_ok=True)
            self._journal.abandon(self._number)

    def _grow(self) -> BinaryIO:
        """Open the temporary file, told to the journal before there is one."""
        self._temporary = files.temporary_name(self._real)
        self._begin()
        self._copy = files.create(self._temporary)
        return self._copy

    def _begin(self) -> None:
        self._number = self._journal.begin(self._writer.run, self._real, self._note, self._temporary)
        self._is_open = True

    def _write_in_place(self, edits: list[Edit], new: BinaryIO) -> None:
        """Write the bytes that differ; the old ones are in the journal before."""
        self._begin()
        digest = self._prepare("in place", new, rollback=in_place.pack(edits))
        admission.check_still(self._path, self._real, self._status)
        with self._real.open("r+b", buffering=0) as file:
            self._is_open = False  # from here on, only what is known to have happened may close the entry
            try:
                in_place.put(file, [(place, data) for place, _, data in edits])
                if digests.whole(file) != digest:
                    raise TagError(self._path, "what was written did not read back; the old tag is back")
            except BaseException:
                in_place.put(file, [(place, data) for place, data, _ in edits])
                self._is_open = True
                raise
            finally:
                files.set_times(self._real, self._status)
        self._finish()

    def _replace(self, new: Draft) -> None:
        """Complete the copy beside the file, and let it take its place."""
        copy = new.copy or self._grow()
        if new.copy is None:
            new.seek(0)
            shutil.copyfileobj(new, copy, 1 << 20)
        kept = files.keep_attributes(self._file, copy)
        files.sync(copy)
        must_stay = self._status.st_nlink > 1 and self._writer.hardlinks != "break"
        how = "overwrite" if must_stay or not kept else "replace"
        digest = self._prepare(how, copy)
        admission.check_still(self._path, self._real, self._status)
        temporary = self._temporary or self._real
        if how == "replace":
            files.set_times(temporary, self._status)
            files.replace(temporary, self._real)
            self._is_open = False
        else:
            self._is_open = False  # should it fail, the complete copy stays, for the next run to try again
            files.overwrite(self._real, copy)
            files.set_times(self._real, self._status)
            with self._real.open("rb") as file:
                if digests.whole(file) != digest:
                    raise TagError(self._path, "what was written did not read back; the next run tries again")
            temporary.unlink()
        self._finish()

    def _prepare(self, how: str, new: BinaryIO, rollback: bytes | None = None) -> bytes:
        digest = digests.whole(new)
        self._journal.prepare(
            self._number or 0,
            how=how,
            mtime_ns=self._status.st_mtime_ns,
            old_digest=digests.whole(self._file),
            new_digest=digest,
            rollback=rollback,
            delta=delta.encode(self._file, new),
        )
        return digest

    def _finish(self) -> None:
        """Close the entry; where the journal fails now, the next run finds the new version in place."""
        left = None
        with contextlib.suppress(OSError):  # whoever took it away meanwhile may have it
            left = Stamp.of(self._real.stat())
        with contextlib.suppress(OutputError):
            self._journal.finish(self._number or 0, left)


def _as_file(draft: Draft) -> BinaryIO:
    return draft  # type: ignore[return-value]  # RawIOBase is a file object, but not declared as one
