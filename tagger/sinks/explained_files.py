"""Explanations as files: pictures, pages and JSON; nothing is overwritten but what is such a file already."""

from __future__ import annotations

import json
from pathlib import Path

from tagger.errors import SettingsError
from tagger.explanation import Explanation
from tagger.sinks import explained, explained_page, picture
from tagger.sinks.outputs import Output

SUFFIXES = {
    ".png": "picture",
    ".svg": "picture",
    ".pdf": "picture",
    ".html": "page",
    ".htm": "page",
    ".json": "json",
}
"""The kind of a file, by the suffix that chooses it."""

_MOST_BYTES = 64 << 20
_JSON_HEAD = b'{"format": 1, "path"'


def check(path: Path, wanted: str = "") -> str:
    """See, before the work, whether an explanation can be written to a path, and tell its kind.

    Args:
        path: Where it is to be.
        wanted: "page" or "json", if an option says so; empty to go by the suffix.

    Raises:
        SettingsError: Its suffix names no kind of file that is known, or another than is wanted.
        OutputError: There is a file that holds something else, or no folder for it.
    """
    kind = SUFFIXES.get(path.suffix.lower(), wanted)
    if not kind:
        raise SettingsError(
            f"{path}: the kind of picture is unclear", hint=f"choose a name ending in {', '.join(SUFFIXES)}"
        )
    if wanted and kind != wanted:
        raise SettingsError(f"{path}: is a {kind} by its name, not a {wanted}", hint="give it another suffix")
    _OUTPUT.check(path)
    return kind


def write(path: Path, kind: str, found: Explanation) -> None:
    """Write an explanation to a path, in one step.

    Args:
        path: Where it is to be; see `check`.
        kind: What `check` said.
        found: The explanation.

    Raises:
        SettingsError: matplotlib cannot be loaded.
        OutputError: The file cannot be written, or holds something else.
    """
    check(path, "" if kind == "picture" else kind)
    if kind == "picture":
        data = picture.drawn(found, path.suffix.lower()[1:])
    elif kind == "page":
        data = explained_page.page_of(found).encode("utf-8")
    else:
        text = json.dumps(explained.row(found), ensure_ascii=False)
        data = text.encode("utf-8", "backslashreplace") + b"\n"
    _OUTPUT.save(path, data)


def _is_ours(content: bytes) -> bool:
    heads = (b"\x89PNG", b"<?xml", b"%PDF", b"<!doctype html>")
    return content.startswith(_JSON_HEAD) or (content.startswith(heads) and picture.MARK.encode() in content)


_OUTPUT = Output("explanation", _is_ours, _MOST_BYTES)
