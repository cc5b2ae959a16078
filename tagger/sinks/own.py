"""Whether a file is as we left it, so that our own writes are told from those of others."""

from __future__ import annotations

import os
from pathlib import Path

from tagger.records import Stamp
from tagger.sinks import digests
from tagger.sinks.journal import Journal


def is_as_left(journal: Journal, path: Path) -> bool:
    """Whether the last write to a file, or taking it back, was ours, and nobody changed it since.

    Its size and times tell; where these are not what the journal says, as after a change of its mode, its bytes
    do. A file with several names is ours by any of them.

    Args:
        journal: Where writes are told.
        path: The file, or a link to it.

    Raises:
        OSError: The file cannot be read.
        OutputError: The journal cannot be used.
    """
    real = Path(os.path.realpath(path))
    left, status = journal.left(real), real.stat()
    now = Stamp.of(status)
    if status.st_nlink > 1 and journal.has_left(now.size, now.mtime_ns, now.ctime_ns):
        return True
    if left is None:
        return False
    if (left.size, left.mtime_ns, left.ctime_ns) == (now.size, now.mtime_ns, now.ctime_ns):
        return True
    if left.size not in {None, now.size}:
        return False
    with real.open("rb") as file:
        return digests.whole(file) == left.digest
