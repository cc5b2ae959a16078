"""Saves an audit as a file whose suffix chooses the kind; what is no report of ours is never replaced."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from tagger.errors import SettingsError
from tagger.sinks.audit import page, rows
from tagger.sinks.audit.findings import Audit
from tagger.sinks.outputs import Output

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
    OUTPUT.check(path)


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
    OUTPUT.save(path, FORMATS[path.suffix.lower()](audit).encode("utf-8", "backslashreplace"))


def _json(audit: Audit) -> str:
    return json.dumps(rows.whole(audit), ensure_ascii=False) + "\n"


FORMATS: Mapping[str, Callable[[Audit], str]] = MappingProxyType(
    {".html": page.text, ".json": _json, ".csv": rows.table}
)
"""What makes the text of each kind of report, by the suffix that chooses it."""

OUTPUT = Output("report", is_ours, _HEAD_BYTES)
