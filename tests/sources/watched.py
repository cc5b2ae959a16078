"""A watch in a thread of its own, which notes what it was given."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tagger.records import Failed, Notice, Track
from tagger.sources.watch import Watcher

SETTLE_SECONDS = 0.15
DEADLINE_SECONDS = 30.0


def wait_for(condition: Callable[[], object], what: str = "") -> None:
    """Wait until something is so, but not for ever."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, what or "it did not come"
        time.sleep(0.01)


class Watched:
    """What a watch gave so far.

    Attributes:
        given: Path and content of each file, when it was given.
        failed: What could not be read.
        notices: What else it told.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.given: list[tuple[Path, bytes]] = []
        self.watcher: Watcher
        self.failed: list[Failed] = []
        self.notices: list[Notice] = []
        self._n_marks = 0

    @property
    def names(self) -> list[str]:
        """The names of the files that were given, without marks."""
        return [path.name for path, _ in self.given if not path.name.startswith("mark ")]

    def told(self, kind: str) -> list[Path]:
        """What was told of one kind."""
        return [notice.path for notice in self.notices if notice.kind == kind]

    def catch_up(self) -> None:
        """Wait until all that happened so far has been looked at, and nothing is waited for."""
        self.mark()
        wait_for(lambda: not self.watcher._arrivals._pending, "something is waited for")

    def mark(self) -> None:
        """Wait until a file that is made now has been given."""
        self._n_marks += 1
        mark = self._folder / f"mark {self._n_marks}.wav"
        mark.write_bytes(b"mark")
        wait_for(lambda: any(path == mark for path, _ in self.given), "the mark was never given")

    def take(self, watcher: Watcher) -> None:
        """Take what is given, as one who hears at once."""
        self.watcher = watcher
        for found in watcher.tracks():
            if isinstance(found, Track):
                try:
                    self.given.append((found.path, found.path.read_bytes()))
                    watcher.done(found)
                except FileNotFoundError:
                    watcher.done(found, has_failed=True)
            elif found is not None:
                self.failed.append(found)


@contextlib.contextmanager
def watched(*folders: Path, **options: Any) -> Iterator[Watched]:
    """Watch folders while the context is open; the first takes the marks."""
    stop, seen = threading.Event(), Watched(folders[0])
    options = {"settle_seconds": SETTLE_SECONDS} | options
    with Watcher(folders, stop, on_notice=seen.notices.append, **options) as watcher:
        thread = threading.Thread(target=seen.take, args=[watcher])
        thread.start()
        try:
            yield seen
        finally:
            stop.set()
            thread.join()
