"""Files on their way: which are new, which have finished arriving, and which were here before."""

from __future__ import annotations

import dataclasses
import fcntl
import heapq
import itertools
import math
import os
import signal
import stat
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

# How often a file is looked at that somebody has open for writing, or that is being heard, at the least.
_LEAST_WAIT_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class _Look:
    """What tells at one path that a file changed; without the device, which is another after a new mount.

    The time of its last change of any kind is None where it was renamed since anybody looked.
    """

    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int | None

    @property
    def content(self) -> tuple[int, int, int]:
        """What stays when a file is only moved."""
        return self.inode, self.size, self.mtime_ns


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A file that may not have finished arriving, how it looked, whether it is news, and its turn."""

    path: Path
    look: _Look
    is_news: bool
    number: int


@dataclass(frozen=True, slots=True)
class _Seen:
    """A file that needs nothing more, and whether that is because it was taken."""

    look: _Look
    was_taken: bool


class Arrivals:
    """Takes note of paths where something happened, and gives each file once, when it has finished arriving.

    A file has finished when it did not change for a while and nobody has it open for writing, where the system
    tells that. It is given again only after it changed. A path stands for the file that its links lead to.

    Args:
        settle_seconds: How long a file must not have changed, ≥ 0.
        on_moved: Told the old and the new path of a file that was seen before and is only moved.
    """

    def __init__(
        self, settle_seconds: float, on_moved: Callable[[Path, Path], None] = lambda old, new: None
    ) -> None:
        self._settle_seconds = settle_seconds
        self._on_moved = on_moved
        self._pending: dict[str, _Waiting] = {}
        self._due: list[tuple[float, int, str]] = []
        self._numbers = itertools.count()
        self._ready: deque[tuple[int, str]] = deque()
        self._seen: dict[str, _Seen] = {}
        self._places: dict[tuple[int, int, int], str] = {}
        self._in_hand: set[str] = set()

    def __len__(self) -> int:
        """Number of files that were seen."""
        return len(self._seen)

    @property
    def seconds_to_wait(self) -> float:
        """How long nothing can be taken, if nothing happens."""
        return max(0.0, self._due[0][0] - time.monotonic()) if self._due else math.inf

    def know(self, path: Path) -> None:
        """Take a file as seen, so that only its next change counts."""
        if (look := _look(path)) is not None:
            self._learn(os.path.realpath(path), look, was_taken=False)

    def notice(self, path: Path, *, is_news: bool) -> None:
        """Look whether a file is new or has changed.

        Args:
            path: The file; nothing happens if there is none.
            is_news: Whether it is known to have come or changed now, so that it counts even if `know` was
                faster.
        """
        key = os.path.realpath(path)
        if key in self._pending or (look := _look(path)) is None:
            return
        if not self._is_known(key, path, look, is_news=is_news):
            self._wait(key, path, look, is_news=is_news)

    def rename(self, old: Path, new: Path) -> None:
        """Keep what is known of a file under its new name, wherever it may be by now; see `notice`.

        One that is in hand counts as new there, since it may vanish from under whoever hears it.
        """
        key, new_key = os.path.realpath(old), os.path.realpath(new)
        seen = self._seen.get(key)
        if seen is None or key in self._in_hand:
            return
        self._unlearn(key)
        self._learn(new_key, dataclasses.replace(seen.look, ctime_ns=None), was_taken=seen.was_taken)
        self._on_moved(old, new)

    def forget(self, path: Path) -> bool:
        """Forget a file that is gone, and say whether it was seen or waited for."""
        key = os.path.realpath(path)
        was_pending = self._pending.pop(key, None) is not None
        return self._unlearn(key) or was_pending

    def was_taken(self, path: Path) -> bool:
        """Whether a file was seen because it was taken."""
        seen = self._seen.get(os.path.realpath(path))
        return seen is not None and seen.was_taken

    def is_as_seen(self, path: Path) -> bool:
        """Whether a file has not changed since it was seen."""
        seen = self._seen.get(os.path.realpath(path))
        return seen is not None and seen.look == _look(path)

    def seen_below(self, folder: Path) -> Iterator[Path]:
        """The files that were seen in a folder and all below it."""
        start = f"{os.path.realpath(folder).rstrip(os.sep)}{os.sep}"
        return (folder / key.removeprefix(start) for key in list(self._seen) if key.startswith(start))

    def take(self) -> Path | None:
        """Give a file that has finished arriving; it is in hand until `done`. None if there is none now."""
        self._settle()
        while self._ready:
            number, key = self._ready.popleft()
            waiting = self._pending.get(key)
            if waiting is None or waiting.number != number:
                continue
            del self._pending[key]
            if (now := _look(waiting.path)) is None:
                continue
            if self._is_known(key, waiting.path, now, is_news=waiting.is_news):
                continue
            if now != waiting.look or key in self._in_hand:
                self._wait(key, waiting.path, now, is_news=waiting.is_news)
                continue
            self._learn(key, now, was_taken=True)
            self._in_hand.add(key)
            return waiting.path
        return None

    def done(self, path: Path) -> None:
        """Say that a file is no longer in hand."""
        self._in_hand.discard(os.path.realpath(path))

    def _is_known(self, key: str, path: Path, look: _Look, *, is_news: bool) -> bool:
        """Whether a file needs nothing more."""
        seen = self._seen.get(key)
        if seen is None:
            return self._has_moved(key, path, look)
        if seen.look == dataclasses.replace(look, ctime_ns=None):
            self._learn(key, look, was_taken=seen.was_taken)
            return True
        return seen.look == look and (seen.was_taken or not is_news)

    def _has_moved(self, key: str, path: Path, look: _Look) -> bool:
        """Whether a new path is only a new place of a file that was seen; one in hand is heard at the new."""
        old = self._places.get(look.content)
        if old is None or old in self._in_hand:
            return False
        still = _look(Path(old))
        if still is not None and still.inode == look.inode:
            return False  # another name of the same file
        was_taken = self._seen[old].was_taken
        self.forget(Path(old))
        self._learn(key, look, was_taken=was_taken)
        self._on_moved(Path(old), path)
        return True

    def _learn(self, key: str, look: _Look, *, was_taken: bool) -> None:
        self._unlearn(key)
        self._seen[key] = _Seen(look, was_taken)
        self._places[look.content] = key

    def _unlearn(self, key: str) -> bool:
        seen = self._seen.pop(key, None)
        if seen is not None and self._places.get(seen.look.content) == key:
            del self._places[seen.look.content]
        return seen is not None

    def _wait(self, key: str, path: Path, look: _Look, *, is_news: bool, is_held: bool = False) -> None:
        """Look again when the file may have finished, not at once where somebody holds it."""
        is_held = is_held or key in self._in_hand
        seconds = max(self._settle_seconds, _LEAST_WAIT_SECONDS) if is_held else self._settle_seconds
        number = next(self._numbers)
        self._pending[key] = _Waiting(path, look, is_news, number)
        heapq.heappush(self._due, (time.monotonic() + seconds, number, key))

    def _settle(self) -> None:
        """Look at the files whose time has come."""
        now = time.monotonic()
        while self._due and self._due[0][0] <= now:
            _, number, key = heapq.heappop(self._due)
            waiting = self._pending.get(key)
            if waiting is None or waiting.number != number:
                continue
            look, is_held = _close_look(waiting.path)
            if look is None:
                del self._pending[key]
            elif look != waiting.look or is_held:
                self._wait(key, waiting.path, look, is_news=waiting.is_news, is_held=is_held)
            else:
                self._ready.append((number, key))


def _look(path: Path) -> _Look | None:
    """Look at a file without opening it; None if there is no regular file."""
    try:
        return _of(path.stat())
    except (OSError, ValueError):
        return None


def _of(status: os.stat_result) -> _Look | None:
    if not stat.S_ISREG(status.st_mode):
        return None
    return _Look(status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _close_look(path: Path) -> tuple[_Look | None, bool]:
    """Look at a file, and whether anybody has it open for writing; where that cannot be told, nobody has.

    It is opened for that, which also makes network file systems tell what is true now.
    """
    if (look := _look(path)) is None:
        return None, False
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return look, False  # decoding will say what is wrong
    try:
        return _of(os.fstat(file)), _is_being_written(file)
    except OSError:
        return look, False
    finally:
        os.close(file)


def _is_being_written(file: int) -> bool:
    """Ask for a read lease, which Linux grants only where nobody has the file open for writing (fcntl(2)).

    The signal for a lease that must be given back is one that is ignored by default.
    """
    if not hasattr(fcntl, "F_SETLEASE"):
        return False
    try:
        fcntl.fcntl(file, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except BlockingIOError:
        return True
    except OSError:  # not our file, or a file system without leases
        return False
    fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return False
