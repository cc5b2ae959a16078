r"""What happens in watched folders as JSON Lines: what a report holds of each result, and everything besides.

One object per line, flushed at once, with the keys in this order:

    time              when it was told, ISO 8601 in UTC, as "2026-11-21T18:30:00.123+00:00"
    event             "heard", "written" (heard and its tags changed), "skipped" or "failed": a result, with all
                      keys of a JSON report after this one; or "found" (it will be heard), "moved", "gone" (a
                      file that was heard or waited for), or, of a watched folder, "lost" (it cannot be
                      reached), "back" and "rescan" (changes may have been missed, so it is looked through)
    path              the file or folder
    old               where it was before, after "moved" only
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from typing import Any, BinaryIO, TextIO

from tagger import records
from tagger.sinks import report


class Events(report.JsonLines):
    """Events as they come, from several threads.

    Args:
        stream: Where lines go.
        top_k: How many genres to list per track; None for all.
    """

    def __init__(self, stream: BinaryIO | TextIO, *, top_k: int | None = None) -> None:
        super().__init__(stream, top_k=top_k)
        self._lock = threading.Lock()

    def add(self, result: records.Result) -> None:
        """Write a result.

        Raises:
            BrokenPipeError: The reader at the other end has gone.
            OutputError: The line cannot be written.
        """
        self._tell(kind(result), report.fields(result, self._top_k))

    def notice(self, notice: records.Notice) -> None:
        """Write what happened besides; raises as `add` does."""
        old = {"old": os.fsdecode(notice.old)} if notice.old is not None else {}
        self._tell(notice.kind, {"path": os.fsdecode(notice.path)} | old)

    def _tell(self, event: str, fields: Mapping[str, Any]) -> None:
        with self._lock:
            self._emit(self._row({"time": report.now(), "event": event, **fields}))


def kind(result: records.Result) -> str:
    """Name the event that a result is."""
    if isinstance(result, records.Tagged) and not result.failed:
        return "written" if result.written else "heard"
    return report.status(result)
