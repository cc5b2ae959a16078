"""Files that users name for what they are told: nothing is overwritten but what tagger wrote there before."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tagger.errors import OutputError
from tagger.sinks import files


@dataclass(frozen=True)
class Output:
    """A sort of file that is written whole, and replaces older ones of its sort only.

    Attributes:
        noun: What it is, for people.
        is_ours: Whether a file that begins with these bytes is of this sort.
        n_bytes: How many bytes `is_ours` must see.
    """

    noun: str
    is_ours: Callable[[bytes], bool]
    n_bytes: int

    def check(self, path: Path) -> None:
        """See, before long work, whether it can be written to a path.

        Raises:
            OutputError: There is a file that holds something else, or no folder for it.
        """
        with self._told(path):
            if not path.parent.is_dir():
                raise OutputError(f"{path}: there is no folder {path.parent}", hint="create it first")
            if path.is_dir():
                raise OutputError(f"{path}: is a folder", hint="name a file in it")
            if not path.is_file():  # nothing yet, or a pipe, which holds nothing
                return
            with path.open("rb") as stream:
                head = stream.read(self.n_bytes)
        if head and not self.is_ours(head):
            raise OutputError(
                f"{path}: exists, and is no {self.noun} of tagger",
                hint="name another file, or delete this one first",
            )

    def save(self, path: Path, content: bytes) -> None:
        """Write it, in place of an older one in one step, or into a pipe.

        Raises:
            OutputError: It cannot be written, or the file holds something else.
        """
        self.check(path)
        with self._told(path):
            if path.exists() and not path.is_file():
                path.write_bytes(content)
            else:
                files.save(path, content)

    @contextlib.contextmanager
    def _told(self, path: Path) -> Iterator[None]:
        try:
            yield
        except OSError as exc:
            raise OutputError(f"{path}: the {self.noun} cannot be written: {exc.strerror or exc}") from exc
