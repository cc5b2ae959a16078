"""What the system tells of folders: files that came, were written, moved or went, as soon as it happens."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from watchdog import events
from watchdog.observers.api import BaseObserver, ObservedWatch
from watchdog.observers.inotify import InotifyEmitter
from watchdog.observers.inotify_c import InotifyConstants, InotifyEvent, InotifyFD, Mask

from tagger.errors import SettingsError

# Not each time a file is written to: whoever does that closes it in the end, and bursts of copies stay small.
_EVENTS: list[type[events.FileSystemEvent]] = [
    events.FileCreatedEvent,
    events.FileClosedEvent,
    events.FileAttribEvent,
    events.FileMovedEvent,
    events.FileDeletedEvent,
    events.DirCreatedEvent,
    events.DirMovedEvent,
    events.DirDeletedEvent,
]
_LIMITS = {errno.ENOSPC: "max_user_watches", errno.EMFILE: "max_user_instances"}

# What it logs is told in our own words.
logging.getLogger("watchdog").addHandler(logging.NullHandler())


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happened below a folder.

    Attributes:
        old: The path that is no more; None if there was none, or a hidden one.
        new: The path that came, or was closed after writing; None if there is none, or a hidden one.
        is_folder: Whether it is a folder.
        is_attribute: Whether only what is said about it changed, as who may read or write it.
    """

    old: Path | None
    new: Path | None
    is_folder: bool
    is_attribute: bool = False


Told: TypeAlias = Callable[[Change], None]


class Inotify:
    """Listens to folders and all below them until it is closed.

    Args:
        on_trouble: Told, from another thread, that changes may have been missed: the system's queue holds a
            limited number, and what comes then is lost.

    Raises:
        SettingsError: The system allows no more listeners.
    """

    def __init__(self, on_trouble: Callable[[], None]) -> None:
        with _limits_told():
            self._reader = _Reader(on_trouble)
        self._reader.start()
        self._observer = BaseObserver(_Emitter, inotify_fd=self._reader)
        self._observer.start()
        self._watches: dict[Path, ObservedWatch] = {}

    def listen(self, folder: Path, told: Told) -> None:
        """Begin to listen to a folder, or begin anew; what happens from now on is told from another thread.

        Raises:
            OSError: It cannot be listened to, as it is not there.
            SettingsError: The system allows no more watches.
        """
        self._leave(folder)
        place = f"{folder}/."  # the folder itself, where a link leads to it
        with _limits_told():
            self._watches[folder] = self._observer.schedule(
                _Ear(folder, place, told), place, recursive=True, event_filter=_EVENTS
            )
            self._probe()

    def is_listening(self, folder: Path) -> bool:
        """Whether a folder is still listened to; it is not once it was deleted."""
        watch = self._watches.get(folder)
        emitters = [emitter for emitter in self._observer.emitters if emitter.watch == watch]
        return any(emitter.is_alive() and emitter.should_keep_running() for emitter in emitters)

    def close(self) -> None:
        """Listen no more."""
        self._observer.stop()
        self._observer.join()
        self._reader.stop()
        self._reader.join()

    def _leave(self, folder: Path) -> None:
        if (watch := self._watches.pop(folder, None)) is not None:
            with contextlib.suppress(KeyError):  # the library has lost count of what it listens to
                self._observer.unschedule(watch)

    def _probe(self) -> None:
        """Ask for one more watch, since those of sub-folders that cannot be had are left out without a word."""
        nobody = events.FileSystemEventHandler()
        self._observer.unschedule(self._observer.schedule(nobody, "/", event_filter=[events.DirDeletedEvent]))


class _Emitter(InotifyEmitter):
    """The library's emitter, which would ask for changes of attributes only together with every write."""

    def get_event_mask_from_filter(self) -> Mask:
        """What the system is asked to tell."""
        return Mask(super().get_event_mask_from_filter() | InotifyConstants.IN_ATTRIB)


class _Reader(InotifyFD):
    """The library's reader, which loses events without telling anybody but its log."""

    def __init__(self, on_trouble: Callable[[], None]) -> None:
        super().__init__()
        self._on_trouble = on_trouble

    def handle_event(self, event: InotifyEvent) -> None:
        """Pass an event on; whatever goes wrong, the next ones are passed on, too."""
        try:
            super().handle_event(event)
        except Exception:
            self._on_trouble()
        else:
            if event.is_queue_overflow:
                self._on_trouble()


class _Ear(events.FileSystemEventHandler):
    """Turns the library's events below a folder into changes, without those of hidden files and folders."""

    def __init__(self, folder: Path, place: str, told: Told) -> None:
        self._folder, self._start, self._told = folder, f"{place}/", told

    def on_any_event(self, event: events.FileSystemEvent) -> None:
        """Tell what happened."""
        source, target = self._visible(event.src_path), self._visible(event.dest_path)
        is_attribute = event.event_type == events.EVENT_TYPE_ATTRIB
        if is_attribute or event.event_type in {events.EVENT_TYPE_CREATED, events.EVENT_TYPE_CLOSED}:
            source, target = None, source
        if source is not None or target is not None:
            self._told(Change(source, target, event.is_directory, is_attribute))

    def _visible(self, place: bytes | str) -> Path | None:
        inside = os.fsdecode(place).removeprefix(self._start)
        if inside == os.fsdecode(place) or any(part.startswith(".") for part in Path(inside).parts):
            return None
        return self._folder / inside


@contextlib.contextmanager
def _limits_told() -> Iterator[None]:
    """Say what can be done where the system allows no more."""
    try:
        yield
    except OSError as exc:
        if exc.errno not in _LIMITS:
            raise
        raise SettingsError(
            f"the folders cannot be watched: {exc.strerror}",
            hint=f"raise fs.inotify.{_LIMITS[exc.errno]} with sysctl, or give --poll",
        ) from exc
