"""Patterns with `*`, `?`, `[…]` and `**` → paths, one folder at a time and in sorted order.

The standard library's `glob` answers in the order of the file system and follows links to folders in circles.
"""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Iterator
from pathlib import Path

_SPECIAL = re.compile(r"[*?[]")


def is_pattern(path: str) -> bool:
    """Return whether a name holds a sign that a pattern has."""
    return _SPECIAL.search(path) is not None


def matches(pattern: str) -> Iterator[Path]:
    """Yield the files and folders that match, each folder's in sorted order.

    `**` stands for any depth of folders and follows no links. Hidden names match only a part that begins with a
    dot. A folder that cannot be read is itself yielded, so that its reader can say why.
    """
    path = Path(pattern)
    yield from _below(Path(path.anchor), path.parts[1:] if path.anchor else path.parts)


def _below(folder: Path, parts: tuple[str, ...]) -> Iterator[Path]:
    if not parts:
        yield folder
    elif parts[0] == "**":
        for deeper in _tree(folder):
            yield from _below(deeper, parts[1:])
    elif is_pattern(parts[0]):
        yield from _matching(folder, parts[0], parts[1:])
    elif os.path.lexists(folder / parts[0]):
        yield from _below(folder / parts[0], parts[1:])


def _matching(folder: Path, part: str, rest: tuple[str, ...]) -> Iterator[Path]:
    """Match one part of the pattern against the names in a folder."""
    try:
        paths = sorted(folder.iterdir())
    except OSError:
        yield folder
        return
    for path in paths:
        is_shown = not path.name.startswith(".") or part.startswith(".")
        if is_shown and fnmatch.fnmatchcase(path.name, part) and (not rest or path.is_dir()):
            yield from _below(path, rest)


def _tree(folder: Path) -> Iterator[Path]:
    """Yield a folder and all visible folders below it, links not followed; a stack, for trees may be deep."""
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        yield here
        try:
            with os.scandir(here) as entries:
                names = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
        except OSError:
            continue
        visible = (name for name in names if not name.startswith("."))
        waiting += [here / name for name in sorted(visible, reverse=True)]
