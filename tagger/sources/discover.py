"""Paths, folders, patterns and lists → audio files, each once, in an order that does not depend on the disk."""

from __future__ import annotations

import codecs
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

from tagger import paths as users
from tagger.records import Failed, Track
from tagger.sources import sniff, suffixes, wildcard

_VIDEO = frozenset({"avi", "flv", "mpegts", "realmedia"})

Found: TypeAlias = Track | Failed


def audio_files(
    paths: Iterable[str | os.PathLike[str]], *, stdin: Iterable[bytes] | None = None
) -> Iterator[Track | Failed]:
    """Find the audio files among files, folders, patterns and a list.

    A file that is named is always taken. In folders and by patterns, it is taken by its suffix, or, where the
    suffix is absent or unknown, by its first bytes; hidden files and folders are passed over. Links to files
    are followed; links to folders only where they are named, so that loops cannot arise and nothing outside the
    named folders is reached unasked. A file that can be reached in several ways comes once; hard links are
    several files.

    One folder is read at a time: first its files, then its folders, sorted by name.

    Args:
        paths: Files, folders, patterns with `* ? [ ] **` that are not themselves paths, or `-` for `stdin`.
        stdin: One path a line, or ended by NULs if there is a NUL; by default the process's standard input. It
            is read to its end first, because a name before the first NUL may hold a line break.

    Returns:
        Tracks, and a `Failed` for what does not exist, matches nothing or cannot be read.

    Raises:
        SettingsError: A path is empty; this is told before anything is found.
    """
    return _found([users.named(path) for path in paths], stdin)


def _found(paths: list[str], stdin: Iterable[bytes] | None) -> Iterator[Found]:
    search = _Search()
    for path in paths:
        if path == "-":
            for name in _listed(sys.stdin.buffer if stdin is None else stdin):
                yield from search.named(Path(name))
        elif wildcard.is_pattern(path) and not os.path.lexists(path):
            yield from search.pattern(path)
        else:
            yield from search.named(Path(path))


def apart(folders: Iterable[Path]) -> list[Path]:
    """The folders that are not met in others, each once, in their order; those on disks of their own stay."""
    kept: list[Path] = []
    folders = list(dict.fromkeys(folders))
    for folder in sorted(folders, key=lambda folder: len(folder.resolve().parts)):
        if folder.is_mount() or not any(_meets(other.resolve(), folder.resolve()) for other in kept):
            kept.append(folder)
    return [folder for folder in folders if folder in kept]


def _meets(outer: Path, inner: Path) -> bool:
    """Whether a walk of one folder comes to the other, or to what is in it."""
    return inner.is_relative_to(outer) and not any(
        part.startswith(".") for part in inner.relative_to(outer).parts
    )


def is_audio(path: Path) -> bool:
    """Return whether a file met in a folder is audio, by its suffix or, if that says nothing, its content.

    Raises:
        OSError: The file cannot be read.
    """
    promise = suffixes.promise(path)
    return promise == "audio" or (promise == "unknown" and _sounds(path))


def _listed(stdin: Iterable[bytes]) -> Iterator[str]:
    """Split a list of paths; names that are not UTF-8 are kept as surrogate escapes, a mark of UTF-8 is not."""
    data = b"".join(stdin).removeprefix(codecs.BOM_UTF8)
    lines = data.split(b"\0") if b"\0" in data else [line.removesuffix(b"\r") for line in data.split(b"\n")]
    return (os.fsdecode(line) for line in lines if line)


class _Search:
    """Remembers which folders and files were met, so that each comes once."""

    def __init__(self) -> None:
        self._folders: set[tuple[int, int]] = set()
        self._files: set[tuple[int, int, str]] = set()

    def named(self, path: Path) -> Iterator[Found]:
        """Take a file as it is, or walk a folder."""
        try:
            is_folder = stat.S_ISDIR(path.stat().st_mode)
            is_new = is_folder or self._is_new(path)
        except (OSError, ValueError) as exc:
            yield Failed(Track(path), plain(exc))
            return
        if is_folder:
            yield from self._walk(path)
        elif is_new:
            yield Track(path)

    def pattern(self, pattern: str) -> Iterator[Found]:
        """Take what matches as if it lay in a walked folder."""
        has_matched = False
        for path in wildcard.matches(pattern):
            has_matched = True
            yield from self._walk(path) if path.is_dir() else self._in_folder(path)
        if not has_matched:
            yield Failed(Track(Path(pattern)), "no file matches this pattern")

    def _walk(self, folder: Path) -> Iterator[Found]:
        """Yield the files of a folder, then those of the folders below; a stack, for trees may be deep."""
        waiting = [folder]
        while waiting:
            here = waiting.pop()
            try:
                status = here.stat()
                if (status.st_dev, status.st_ino) in self._folders:
                    continue
                self._folders.add((status.st_dev, status.st_ino))
                files, folders = _contents(here)
            except OSError as exc:
                yield Failed(Track(here), plain(exc))
                continue
            for name in files:
                yield from self._in_folder(here / name)
            waiting += [here / name for name in reversed(folders)]

    def _in_folder(self, path: Path) -> Iterator[Found]:
        """Take a file if it is audio by its suffix or its content."""
        if suffixes.promise(path) == "other":
            return
        try:
            is_new = stat.S_ISREG(path.stat().st_mode) and is_audio(path) and self._is_new(path)
        except OSError as exc:
            yield Failed(Track(path), plain(exc))
            return
        if is_new:
            yield Track(path)

    def _is_new(self, path: Path) -> bool:
        """Remember a file by its name in the folder where it really lies."""
        real = path.resolve() if path.is_symlink() else path
        status = real.parent.stat()
        identity = (status.st_dev, status.st_ino, real.name)
        is_new = identity not in self._files
        self._files.add(identity)
        return is_new


def _contents(folder: Path) -> tuple[list[str], list[str]]:
    """Return the names of the visible files and folders in a folder, sorted; links to folders are left out."""
    files, folders = [], []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.name)
            elif not (entry.is_symlink() and Path(entry.path).is_dir()):
                files.append(entry.name)
    return sorted(files), sorted(folders)


def _sounds(path: Path) -> bool:
    """Return whether the first bytes of a file are those of audio."""
    with path.open("rb") as file:
        head, _ = sniff.head_after_id3(file)
    container = sniff.container(head)
    return container is not None and container not in _VIDEO


def plain(exc: OSError | ValueError) -> str:
    """Say in plain words why a path cannot be looked at."""
    if isinstance(exc, FileNotFoundError):
        return "no such file or folder"
    if isinstance(exc, PermissionError):
        return "no permission to read it"
    return (exc.strerror or "unreadable").lower() if isinstance(exc, OSError) else "it is not a file name"
