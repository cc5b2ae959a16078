"""Whether a file may be changed, and whether a change left its audio alone: asked by writes and by dry runs."""

from __future__ import annotations

import contextlib
import io
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeAlias

from tagger.errors import ChangedError, FileError, OutputError, TagError, UntaggableError
from tagger.records import Stamp
from tagger.sinks.draft import Edit

_MOST_IN_PLACE_BYTES = 1 << 20

Proof: TypeAlias = Callable[[str | os.PathLike[str], BinaryIO], str]
"""Digests the audio in an open file; the path is named in errors."""


def check(
    path: str | os.PathLike[str], real: Path, status: os.stat_result, stamp: Stamp | None, hardlinks: str
) -> None:
    """Refuse what may not be changed, or is not what was heard.

    Args:
        path: The file as it was named.
        real: Where it lies.
        status: Of the file that was opened.
        stamp: What it must still be; None for whatever it is now.
        hardlinks: See `changes.Writer`.

    Raises:
        ChangedError: It is not what it was.
        TagError: It cannot be changed.
    """
    now = Stamp.of(real.stat())
    if now != Stamp.of(status) or stamp not in {None, now}:
        raise ChangedError(path, "it changed after it was heard")
    if not stat.S_ISREG(status.st_mode):
        raise TagError(path, "it is no regular file")
    if status.st_nlink > 1 and hardlinks == "skip":
        raise UntaggableError(
            path,
            f"it has {status.st_nlink} names (hard links)",
            hint="--hardlinks break changes this name alone, --hardlinks write all of them",
        )
    # The superuser may write anything; that a file was made read-only is a wish all the same.
    if not (os.access(real, os.W_OK) and status.st_mode & 0o222):
        raise TagError(path, "it is read-only")


def check_still(path: str | os.PathLike[str], real: Path, status: os.stat_result) -> None:
    """The last look before bytes move: whoever wrote meanwhile must not be overwritten.

    Raises:
        ChangedError: Somebody did.
    """
    if Stamp.of(real.stat()) != Stamp.of(status):
        raise ChangedError(path, "it changed while its tag was made ready")


def prove(path: Path, status: os.stat_result, old: BinaryIO, new: BinaryIO, proof: Proof) -> None:
    """See that the new version of a file has the audio of the old one, whose status was taken before.

    Raises:
        ChangedError: The file changed meanwhile.
        TagError: It has other audio, or that cannot be told.
    """
    try:
        is_same = proof(path, new) == proof(path, old)
    except FileError as exc:
        raise TagError(path, f"not written, since its audio cannot be compared: {exc.reason}") from exc
    if not is_same:
        check_still(path, Path(os.path.realpath(path)), status)
        raise TagError(path, "not written, since its audio would not have stayed the same")


def fits(edits: list[Edit] | None, status: os.stat_result, hardlinks: str) -> bool:
    """Whether a change is made in the file itself; None as edits, for another length, is not."""
    if edits is None or (status.st_nlink > 1 and hardlinks == "break"):
        return False
    return sum(len(old) for _, old, _ in edits) <= _MOST_IN_PLACE_BYTES


@contextlib.contextmanager
def ours(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn what the file system says into our errors, with the path in front."""
    try:
        yield
    except OutputError as exc:
        raise TagError(path, f"not written: {exc.message}", hint=exc.hint) from exc
    except PermissionError as exc:
        beside = f" in {exc.filename!r}" if exc.filename and ".tagger-" in str(exc.filename) else ""
        where = "no file may be made in its folder" if beside else "no permission to change it"
        raise TagError(path, where) from exc
    except FileNotFoundError as exc:
        raise TagError(path, "it is gone") from exc
    except io.UnsupportedOperation as exc:
        raise TagError(path, str(exc)) from exc
    except OSError as exc:
        raise TagError(path, (exc.strerror or str(exc)).lower()) from exc
