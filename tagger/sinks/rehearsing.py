"""A change of a file that stops before the first byte moves: what a dry run says is what the write would do."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

from tagger.errors import TagError
from tagger.records import Stamp
from tagger.sinks import admission
from tagger.sinks.admission import Proof
from tagger.sinks.draft import Draft


class Rehearsal:
    """Sees whether files could be changed, and changes none.

    Args:
        proof: Digests the audio; what it gives must not change. None believes that it does not.
        hardlinks: See `changes.Writer`.
    """

    def __init__(self, proof: Proof | None = None, *, hardlinks: str = "write") -> None:
        self._proof, self._hardlinks = proof, hardlinks
        self._written: set[Stamp] = set()

    def rewrite(
        self,
        path: str | os.PathLike[str],
        edit: Callable[[BinaryIO], bool],
        *,
        stamp: Stamp | None = None,
    ) -> bool:
        """Do what `changes.Writer.rewrite` does, but to a draft.

        Returns:
            Whether there would be a change; none where the file was met under another name that it keeps.

        Raises:
            ChangedError: The file is not what it was.
            TagError: It could not be changed.
        """
        real = Path(os.path.realpath(path))
        with admission.ours(path), real.open("rb") as file, contextlib.ExitStack() as stack:
            status = os.fstat(file.fileno())
            admission.check(path, real, status, stamp, self._hardlinks)
            draft = Draft(file, lambda: stack.enter_context(tempfile.TemporaryFile()))
            new = cast(BinaryIO, draft)  # RawIOBase is a file object, but not declared as one
            if not edit(new):
                return False
            edits = draft.edits()
            if edits == []:
                return False
            if self._proof is not None:
                admission.prove(Path(path), status, file, new, self._proof)
            fits = admission.fits(edits, status, self._hardlinks)
            if not fits and not os.access(real.parent, os.W_OK | os.X_OK):
                raise TagError(path, "no file may be made in its folder")
            return self._is_new(status)

    def _is_new(self, status: os.stat_result) -> bool:
        """Whether a write would not have come with that of another name."""
        if status.st_nlink < 2 or self._hardlinks == "break":
            return True
        version = Stamp.of(status)  # of a file that changes since, a watch hears anew
        is_new = version not in self._written
        self._written.add(version)
        return is_new
