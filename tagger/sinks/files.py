"""A file takes another's place: attributes kept, on disk before it is relied upon, one writer at a time."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_PATIENCE_SECONDS = 10.0
_CHUNK_BYTES = 1 << 20
_NO_LOCKS = {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}


def temporary_name(path: Path) -> Path:
    """A new name beside a file, hidden, so that players and scans pass it over."""
    return path.with_name(f".tagger-{secrets.token_hex(8)}.tmp")


def create(path: Path) -> BinaryIO:
    """Make a file that only its owner may open, and open it; fails if there is one."""
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w+b")


@contextlib.contextmanager
def locked(file: BinaryIO) -> Iterator[None]:
    """Keep other taggers off a file; where the file system has no locks, nobody is kept off.

    Raises:
        TimeoutError: Another program has held it for ten seconds.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise TimeoutError(errno.ETIMEDOUT, "another program keeps it locked") from None
            time.sleep(0.01)
        except OSError as exc:
            if exc.errno not in _NO_LOCKS:
                raise
            break
    yield  # the lock ends with the file


def keep_attributes(source: BinaryIO, target: BinaryIO) -> bool:
    """Give a file the owner, mode and extended attributes of another, access lists among them.

    Returns:
        Whether all could be given; only the superuser may give files away.
    """
    wanted = os.fstat(source.fileno())
    try:
        found = os.fstat(target.fileno())
        if (wanted.st_uid, wanted.st_gid) != (found.st_uid, found.st_gid):
            os.fchown(target.fileno(), wanted.st_uid, wanted.st_gid)
        os.fchmod(target.fileno(), stat.S_IMODE(wanted.st_mode))
        for name in _attribute_names(source):
            value = os.getxattr(source.fileno(), name)
            if value != _attribute(target, name):
                os.setxattr(target.fileno(), name, value)
    except OSError as exc:
        if exc.errno in {errno.ENOSPC, errno.EDQUOT, errno.EIO}:
            raise
        return False
    return True


def set_times(path: Path, times: os.stat_result) -> None:
    """Give a file the times of last access and change it had; only its owner may."""
    with contextlib.suppress(PermissionError):
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def replace(new: Path, old: Path) -> None:
    """Put a file, which is on disk already, in place of another, in one step that a power cut cannot halve."""
    new.replace(old)
    with contextlib.suppress(OSError):  # not every file system lets folders be synced
        folder = os.open(old.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def save(path: Path, content: bytes) -> None:
    """Put content in place of a file, or of the one that a link names, in one step, or not at all."""
    target = Path(os.path.realpath(path))
    growing = target.with_name(f"{target.name}.{os.getpid()}.partial")
    try:
        with growing.open("wb") as stream:
            stream.write(content)
            sync(stream)
        replace(growing, target)
    except BaseException:
        growing.unlink(missing_ok=True)
        raise


def overwrite(path: Path, content: BinaryIO) -> None:
    """Write other content into a file that must stay the same file, under all its names."""
    content.seek(0)
    with path.open("r+b") as file:
        shutil.copyfileobj(content, file, _CHUNK_BYTES)
        file.truncate()
        sync(file)


def sync(file: BinaryIO) -> None:
    """Bring what was written to disk."""
    file.flush()
    os.fsync(file.fileno())


def _attribute_names(file: BinaryIO) -> list[str]:
    if not hasattr(os, "listxattr"):
        return []
    try:
        return os.listxattr(file.fileno())
    except OSError as exc:
        if exc.errno in {errno.ENOTSUP, errno.ENOSYS}:
            return []
        raise


def _attribute(file: BinaryIO, name: str) -> bytes | None:
    try:
        return os.getxattr(file.fileno(), name)
    except OSError:
        return None
