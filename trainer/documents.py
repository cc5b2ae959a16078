"""Small JSON files, written whole or not at all and read with care."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tagger.errors import OutputError, SettingsError

HINT = "put it back from a copy, or remove the folder that it is in"
"""What helps where a file is damaged."""


def write(path: Path, content: Mapping[str, Any], indent: int | None = 2) -> None:
    """Write a file whole or not at all.

    Raises:
        OutputError: It cannot be written.
    """
    text = json.dumps(content, indent=indent, ensure_ascii=False, allow_nan=False) + "\n"
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        try:
            with temporary.open("w", encoding="utf-8", errors="backslashreplace") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror}") from error


def read(path: Path) -> dict[str, Any]:
    """The object in a file.

    Raises:
        SettingsError: It cannot be read, or holds something else.
    """
    try:
        content = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"{path}: damaged: {error}", hint=HINT) from error
    if not isinstance(content, dict):
        raise SettingsError(f"{path}: damaged: no JSON object", hint=HINT)
    return content
