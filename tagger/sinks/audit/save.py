"""Saves an audit as a file whose suffix chooses the kind; what is no report of ours is never replaced."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from tagger.errors import OutputError, SettingsError
from tagger.sinks import files
from tagger.sinks.audit import page, rows
from tagger.sinks.audit.findings import Audit

_HEAD_BYTES = 1024


def check(path: Path) -> None:
    """See, before a long scan, whether an audit can be written to a path.

    Raises:
        SettingsError: Its suffix names no kind of report.
        OutputError: There is a file that holds something else, or no folder for it.
    """
    if path.suffix.lower() not in FORMATS:
        raise SettingsError(
            f"{path}: the kind of report is unclear", hint=f"choose a name ending in {', '.join(FORMATS)}"
        )
    with _ours(path):
        if not path.parent.is_dir():
            raise OutputError(f"{path}: there is no folder {path.parent}", hint="create it first")
        if not path.exists():
            return
        if not path.is_file():
            raise OutputError(f"{path}: is not a regular file", hint="name another file")
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
    if head and not is_ours(head):
        raise OutputError(
            f"{path}: exists, and is not a report of tagger",
            hint="name another file, or delete this one first",
        )


def is_ours(head: bytes) -> bool:
    """Whether a file that begins so is a report of ours."""
    return head.startswith((b'{"format": 1, "kind": "audit"', ",".join(rows.COLUMNS).encode())) or (
        head.startswith(b"<!doctype html>") and page.MARK.encode() in head
    )


def write(path: Path, audit: Audit) -> None:
    """Write an audit to a file, which takes the place of an older one in one step.

    Raises:
        SettingsError: The suffix names no kind of report.
        OutputError: The file cannot be written, or it holds something else.
    """
    check(path)
    text = FORMATS[path.suffix.lower()](audit)
    with _ours(path):
        files.save(path, text.encode("utf-8", "backslashreplace"))


@contextlib.contextmanager
def _ours(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise OutputError(f"{path}: the report cannot be written: {exc.strerror or exc}") from exc


def _json(audit: Audit) -> str:
    return json.dumps(rows.whole(audit), ensure_ascii=False) + "\n"


FORMATS: Mapping[str, Callable[[Audit], str]] = MappingProxyType(
    {".html": page.text, ".json": _json, ".csv": rows.table}
)
"""What makes the text of each kind of report, by the suffix that chooses it."""
