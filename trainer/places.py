"""Where people want pages and pictures: files of tagger's own there are replaced, any other is not."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tagger.errors import OutputError
from tagger.sinks.outputs import Output
from trainer import runs

MARK = "tagger trainer"
"""What files say of their maker."""

GENERATOR = f'<meta name="generator" content="{MARK}">'
"""The same for the head of a page."""

OF_JUDGEMENT = (
    *(f"{kind}_per_{unit}" for kind in ("confusion", "roc", "reliability") for unit in ("track", "window")),
    "genres",
    "selection",
)
"""Names of the pictures of a judgement, in `chapters.figures`; only a training has others."""

_SUFFIXES = ("svg", "png")
_HEAD_BYTES = 4096


def check_pictures(folder: Path, names: Iterable[str]) -> None:
    """See, before long work, whether pictures can be put into a folder; there may be none yet.

    Args:
        folder: Where to.
        names: Of the pictures, without suffix.

    Raises:
        OutputError: There is something else than a folder, or a file that is no picture of tagger's.
    """
    _check(folder, _PICTURE, [f"{name}.{suffix}" for name in names for suffix in _SUFFIXES])


def check_report(folder: Path) -> None:
    """See, before long work, whether a judgement's report can be put into a folder; there may be none yet.

    Raises:
        OutputError: There is something else than a folder, or a file that is no report, or no picture, of
            tagger's.
    """
    _check(folder, _PAGE, [runs.REPORT])
    check_pictures(folder / runs.FIGURES, OF_JUDGEMENT)


def _check(folder: Path, sort: Output, names: Iterable[str]) -> None:
    try:
        is_there = folder.exists()
    except OSError as error:
        raise OutputError(f"{folder}: cannot be read: {error.strerror}") from error
    if is_there and not folder.is_dir():
        raise OutputError(f"{folder}: is no folder", hint="name a folder, or one that is still to be made")
    for name in names if is_there else ():
        sort.check(folder / name)


def _is_picture(head: bytes) -> bool:
    return head.startswith((b"\x89PNG", b"<?xml")) and MARK.encode() in head


def _is_page(head: bytes) -> bool:
    return head.startswith(b"<!doctype html>") and GENERATOR.encode() in head


_PICTURE = Output("picture", _is_picture, _HEAD_BYTES)
_PAGE = Output("report", _is_page, _HEAD_BYTES)
