"""Watched folders → their audio files, each once it has finished arriving, and again when it has changed.

The system says where something happened; on network shares, where it would not, the folders are walked again
and again. What it says is only where to look: what is true is what the folders hold.
"""

from __future__ import annotations

import functools
import os
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tagger.records import Failed, Notice, Track
from tagger.sources import discover, suffixes
from tagger.sources.arrivals import Arrivals
from tagger.sources.inotify import Change, Inotify

# How long a request to end may go unnoticed, and a folder that vanished.
_PATIENCE_SECONDS = 0.2
_CHECK_SECONDS = 1.0


@dataclass
class _Root:
    """A folder that is watched.

    Attributes:
        path: As the user named it.
        identity: Device and inode of what is there; None if it must be looked through anew.
        is_mount: Whether another file system is mounted there.
        is_lost: Whether it cannot be reached.
    """

    path: Path
    identity: tuple[int, int] | None = None
    is_mount: bool = False
    is_lost: bool = False


class Watcher:
    """Watches folders while the context is open.

    Hidden files, links and what is audio are treated as by `discover.audio_files`. Whatever happens in the
    folders waits in a queue without bounds; where the system's own queue overflows, the folders are walked.

    Args:
        folders: The folders; they may overlap.
        stop: Ends `tracks` when it is set.
        settle_seconds: How long a file must not have changed before it is taken, ≥ 0.
        poll_seconds: How long to wait between two walks, > 0; None to be told by the system.
        once_first: Whether files that are there already are taken, too.
        is_own: Says whether a file is as we left it; such a file is passed over. Called from the thread that
            asks for tracks.
        on_notice: Told what happens besides, from the same thread.

    Raises:
        SettingsError: A folder cannot be watched.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        stop: threading.Event,
        *,
        settle_seconds: float = 2.0,
        poll_seconds: float | None = None,
        once_first: bool = False,
        is_own: Callable[[Path], bool] = lambda path: False,
        on_notice: Callable[[Notice], None] = lambda notice: None,
    ) -> None:
        self._stop, self._poll_seconds, self._once_first = stop, poll_seconds, once_first
        self._is_own, self._on_notice = is_own, on_notice
        self._roots = [_Root(folder) for folder in discover.apart(folders)]
        self._jobs: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
        self._arrivals = Arrivals(settle_seconds, lambda old, new: on_notice(Notice("moved", new, old)))
        self._failures: deque[Failed] = deque()
        self._known_failures: set[Failed] = set()
        self._unheard_folders: set[Path] = set()
        self._next_check = 0.0
        self._system: Inotify | None = None

    def __enter__(self) -> Watcher:
        if self._poll_seconds is None:
            self._system = Inotify(functools.partial(self._post, self._start_over))
        try:
            for root in self._roots:
                self._open(root)
                self._walk(root.path, self._arrivals.know if not self._once_first else self._look_again)
            if not self._once_first:
                self._failures.clear()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        if self._system is not None:
            self._system.close()

    @property
    def n_known(self) -> int:
        """Number of files that were there already and are not taken."""
        return len(self._arrivals)

    def tracks(self) -> Iterator[Track | Failed | None]:
        """Give each file when it has finished arriving, until `stop` is set; None when nothing comes just now.

        The next file is looked for when it is asked for, so that what waits is what is true then.
        """
        while not self._stop.is_set():
            self._catch_up()
            self._check_roots()
            while self._failures:
                yield self._failures.popleft()
            if (path := self._next_path()) is not None:
                yield Track(path)
                continue
            try:
                self._jobs.get(timeout=min(_PATIENCE_SECONDS, self._arrivals.seconds_to_wait))()
            except queue.Empty:
                yield None

    def done(self, track: Track, *, has_failed: bool = False) -> None:
        """Say that a track is dealt with; till then it is not given again. From any thread.

        Args:
            track: The track.
            has_failed: Whether it could not be dealt with, as it may be another file by now, or somewhere else.
        """
        self._post(self._arrivals.done, track.path)
        if has_failed:
            self._post(self._see_after, track.path)

    def again(self, track: Track) -> None:
        """Say that a track changed while it was dealt with. From any thread."""
        self.done(track)
        self._post(self._arrivals.forget, track.path)
        self._post(self._came, track.path)

    def _post(self, job: Callable[..., object], *arguments: object) -> None:
        """Let something be done in the thread that asks for tracks."""
        self._jobs.put(functools.partial(job, *arguments))

    def _catch_up(self) -> None:
        """Do what was posted."""
        while not self._stop.is_set():
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return
            job()

    def _next_path(self) -> Path | None:
        while (path := self._arrivals.take()) is not None:
            try:
                is_wanted = discover.is_audio(path) and not self._is_own(path)
            except OSError as exc:
                self._fail(Failed(Track(path), discover.plain(exc)))
                is_wanted = False
            if is_wanted:
                self._on_notice(Notice("found", path))
                return path
            self._arrivals.done(path)
        return None

    def _changed(self, change: Change) -> None:
        """Look where something happened; what got another name is known by that from now on."""
        old, new = change.old, change.new
        if change.is_attribute:  # what is said about a file matters where it may be why it could not be tagged
            if new is not None and self._arrivals.was_taken(new):
                self._look_again(new)
            return
        olds = [] if old is None else [*self._arrivals.seen_below(old)] if change.is_folder else [old]
        if old is not None and new is not None:
            for path in olds:
                self._arrivals.rename(path, new / path.relative_to(old))
        if new is not None:
            look = self._came if old is None or suffixes.promise(old) == "other" else self._look_again
            if not change.is_folder:
                look(new)
            elif os.path.lexists(new):
                self._walk(new, look)
            else:
                self._unheard_folders.add(new)
        elif old is not None:
            self._unheard_folders.discard(old)
        self._look_for(olds)

    def _came(self, path: Path) -> None:
        """A file came or was written."""
        if suffixes.promise(path) != "other":
            self._arrivals.notice(path, is_news=True)

    def _look_again(self, path: Path) -> None:
        """A file may have changed."""
        if suffixes.promise(path) != "other":
            self._arrivals.notice(path, is_news=False)

    def _see_after(self, path: Path) -> None:
        """What is no longer as it was taken was not dealt with."""
        if not os.path.lexists(path):
            self._look_for([path])
        elif not self._arrivals.is_as_seen(path):
            self._arrivals.forget(path)
            self._came(path)

    def _look_for(self, paths: Iterable[Path]) -> None:
        """Forget the files that are there no more."""
        for path in paths:
            if not os.path.lexists(path) and self._arrivals.forget(path):
                self._on_notice(Notice("gone", path))

    def _walk(self, folder: Path, each: Callable[[Path], None]) -> bool:
        """Look at all files of a folder, and say whether it could be seen whole."""
        is_whole = True
        for found in discover.audio_files([f"{folder}/"]):  # "-" is a folder here
            if self._stop.is_set():
                return False
            if isinstance(found, Failed):
                is_whole = False
                if os.path.lexists(found.track.path):  # else it went while we looked
                    self._fail(found)
            else:
                each(found.path)
        return is_whole

    def _fail(self, failed: Failed) -> None:
        """Tell what cannot be read, once."""
        if failed not in self._known_failures:
            self._known_failures.add(failed)
            self._failures.append(failed)

    def _start_over(self) -> None:
        """Events were lost: what was missed is found by looking."""
        for root in self._roots:
            root.identity = None

    def _check_roots(self) -> None:
        """See now and then whether the folders are what they were, and walk those where that is due."""
        if time.monotonic() < self._next_check:
            return
        if self._unheard_folders:  # they moved, with one above them, before anybody could listen to them
            self._start_over()
            self._unheard_folders.clear()
        walked = [root for root in self._roots if self._check(root) and self._walk(root.path, self._look_again)]
        for root in walked:  # only now, since files may have moved from one to another
            self._look_for(self._arrivals.seen_below(root.path))
        self._next_check = time.monotonic() + (self._poll_seconds or _CHECK_SECONDS)

    def _check(self, root: _Root) -> bool:
        """See whether a folder is still the one that is watched, and say whether it must be walked."""
        identity = _identity(root.path)
        if identity is None or (root.is_mount and not root.path.is_mount()):
            if not root.is_lost:
                root.is_lost = True
                self._on_notice(Notice("lost", root.path))
            return False
        is_watched = self._system is None or self._system.is_listening(root.path)
        if not root.is_lost and identity == root.identity and is_watched:
            return self._system is None
        notice = Notice("back" if root.is_lost else "rescan", root.path)
        try:
            self._open(root)
        except FileNotFoundError:  # it went while we looked; the next check tells
            return False
        self._on_notice(notice)
        return True

    def _open(self, root: _Root) -> None:
        """Begin to watch a folder, or begin anew."""
        if self._system is not None:
            self._system.listen(root.path, functools.partial(self._post, self._changed))
        root.identity, root.is_mount, root.is_lost = _identity(root.path), root.path.is_mount(), False


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        status = folder.stat()
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if folder.is_dir() else None
