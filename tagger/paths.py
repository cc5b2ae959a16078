"""Paths as users give them: which name something, and where `~` leads."""

from __future__ import annotations

import os
from pathlib import Path

from tagger.errors import SettingsError


def named(path: str | os.PathLike[str]) -> str:
    """Give back a path that names something; an empty one, as of an unset variable, would be this folder.

    Raises:
        SettingsError: It is empty.
    """
    if not os.fspath(path):
        raise SettingsError("an empty path names nothing", hint="`.` is the current folder")
    return os.fspath(path)


def expanded(path: str | os.PathLike[str]) -> Path:
    """A path with `~` and `~user` at its begin replaced by the home folder.

    Raises:
        SettingsError: There is no such user, or nobody knows where the home folder is.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise SettingsError(
            f"{path}: there is no home folder {Path(path).parts[0]}",
            hint="write the path out, or put `./` in front if a folder has this name",
        ) from error


def as_named(text: str) -> Path:
    """A path that names something; see `named`."""
    return Path(named(text))
