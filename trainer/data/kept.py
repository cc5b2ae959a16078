"""What training keeps in the cache folder from run to run, so that it is not computed again."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from tagger.errors import OutputError


@dataclass(frozen=True)
class Kept:
    """How much there is.

    Attributes:
        n_files: Number of files.
        n_bytes: What they hold together.
    """

    n_files: int
    n_bytes: int


def frames(cache: Path) -> Path:
    """Where the frames of clips are, and of made sounds."""
    return cache / "features"


def fingerprints(cache: Path) -> Path:
    """Where it is kept which clips sound alike."""
    return cache / "sounds"


def archives(cache: Path) -> Path:
    """Where archives of corpora are unpacked."""
    return cache / "corpora"


def measured(cache: Path) -> Kept:
    """How much training keeps in a cache folder.

    Raises:
        OutputError: A folder cannot be read.
    """
    sizes = []
    try:
        for folder in _folders(cache):
            for root, _, names in os.walk(folder, onerror=_fail):
                sizes += [_size(Path(root, name)) for name in names]
    except OSError as error:
        raise OutputError(f"{error.filename}: cannot be read: {error.strerror}") from error
    return Kept(len(sizes), sum(sizes))


def clear(cache: Path) -> None:
    """Delete it; a training that is under way would fail.

    Raises:
        OutputError: Something cannot be deleted.
    """
    try:
        for folder in _folders(cache):
            for entry in folder.iterdir():
                if entry.is_dir() and not entry.is_symlink():
                    shutil.rmtree(entry)
                else:
                    entry.unlink()
    except OSError as error:
        raise OutputError(f"{error.filename}: cannot be deleted: {error.strerror}") from error


def _folders(cache: Path) -> list[Path]:
    return [place for place in (frames(cache), fingerprints(cache), archives(cache)) if place.is_dir()]


def _size(file: Path) -> int:
    """In bytes; 0 if a training that is under way has just moved it."""
    try:
        return file.lstat().st_size
    except FileNotFoundError:
        return 0


def _fail(error: OSError) -> None:
    raise error
