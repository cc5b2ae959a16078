"""The journal, as commands use it."""

from __future__ import annotations

import contextlib
import shlex
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tagger.sinks import display

if TYPE_CHECKING:
    from tagger.sinks.changes import Writer
    from tagger.sinks.journal import Journal
    from tagger.sinks.recovery import Recovered


@contextlib.contextmanager
def journal() -> Iterator[Journal]:
    """Open the journal, and say what was put right after a crash."""
    from tagger import pipeline

    with pipeline.journal(_say) as opened:
        yield opened


def begin(opened: Journal, kind: str, *, model: str = "", hardlinks: str = "skip") -> Writer:
    """Begin a run that changes files."""
    from tagger import pipeline

    command = shlex.join(["tagger", *sys.argv[1:]])
    return pipeline.writer(opened, command, model, kind=kind, hardlinks=hardlinks)


def _say(recovered: Recovered) -> None:
    if recovered.outcome == "unclear":
        display.error(
            f"{recovered.path}: after a write was cut off, the file was changed by somebody else",
            "it was left as it is; see whether it plays",
        )
    else:
        display.note(f"{recovered.path}: a write that was cut off is {recovered.outcome}")
