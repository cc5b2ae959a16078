"""The way of a watched folder: its files arrive → they are heard as in a scan → they are written."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path

from tagger import engine, tagging
from tagger.errors import ChangedError
from tagger.records import Failed, Notice, Result, Tagged, Verdict
from tagger.sinks import own
from tagger.sinks.cache import Cache
from tagger.sinks.journal import Journal
from tagger.sources.watch import Watcher


@contextlib.contextmanager
def watcher(
    folders: Sequence[Path],
    halt: engine.Halt,
    *,
    settle_seconds: float,
    poll_seconds: float | None = None,
    once_first: bool = False,
    journal: Journal | None = None,
    on_notice: Callable[[Notice], None] = lambda notice: None,
) -> Iterator[Watcher]:
    """Begin to watch folders; what tagger itself wrote to their files does not count as a change.

    Args:
        folders: The folders.
        halt: Ends the watch when it is set.
        settle_seconds: How long a file must not have changed before it is heard.
        poll_seconds: How long to wait between two walks; None to be told by the system.
        once_first: Whether files that are there already are heard, too.
        journal: Where writes are told, if there are any; it is used through a connection of its own.
        on_notice: Told what happens besides results, from another thread.

    Raises:
        OutputError: The journal cannot be used.
        SettingsError: The folders cannot be watched.
    """
    with contextlib.ExitStack() as stack:
        again = stack.enter_context(contextlib.closing(Journal(journal.folder))) if journal else None
        yield stack.enter_context(
            Watcher(
                folders,
                halt.after_tracks_in_hand,
                settle_seconds=settle_seconds,
                poll_seconds=poll_seconds,
                once_first=once_first,
                is_own=lambda path: again is not None and own.is_as_left(again, path),
                on_notice=on_notice,
            )
        )


def watch(
    watching: Watcher,
    plan: engine.Plan,
    tags: tagging.Tagging,
    *,
    halt: engine.Halt | None = None,
    cache: Cache | None = None,
) -> Generator[Result, None, None]:
    """Name the genre of every track that arrives and, if wanted, write it, until the watch is ended.

    Args:
        watching: See `watcher`.
        plan: How to listen: see `pipeline.prepare`.
        tags: What to do about tags: see `tagging.prepare`.
        halt: Ends the run when it is set.
        cache: What was heard before; None to hear all anew and remember nothing.
    """
    for heard in engine.hear(watching.tracks(), plan, halt, cache):
        try:
            result = tagging.tag(heard, tags, cache) if isinstance(heard, Verdict) else heard
        except ChangedError:
            watching.again(heard.track)
            continue
        has_failed = isinstance(result, Failed) or (isinstance(result, Tagged) and result.failed)
        watching.done(heard.track, has_failed=has_failed)
        if not has_failed or os.path.lexists(heard.track.path):  # else it is told gone
            yield result
