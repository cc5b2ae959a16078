"""Texts and JSON on stdout."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any


def text(whole: str) -> None:
    """Print a text of many lines, in UTF-8, names of files in it with the bytes that they have on the disk."""
    sys.stdout.flush()
    sys.stdout.buffer.write(whole.encode("utf-8", "surrogateescape"))
    sys.stdout.flush()


def json_line(row: Mapping[str, Any]) -> None:
    """Print an object on a line, in UTF-8; bytes of a name that are not UTF-8 become escapes, as in reports."""
    sys.stdout.flush()
    sys.stdout.buffer.write(json.dumps(row, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n")
    sys.stdout.flush()
