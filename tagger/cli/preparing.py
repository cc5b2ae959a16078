"""What `scan` and `watch` make ready before they hear anything, and say in the end."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tagger import settings
from tagger.cli import recording
from tagger.sinks import display

if TYPE_CHECKING:  # these take their time to import, and help needs none
    from tagger.engine import Plan
    from tagger.sinks.cache import Cache
    from tagger.sinks.changes import Writer
    from tagger.sinks.ledger import Ledger
    from tagger.tagging import Tagging


@dataclass(frozen=True)
class Prepared:
    """All that a run needs.

    Attributes:
        plan: How to listen.
        tags: What to do about tags.
        writer: Changes the files; None if nothing is written.
        cache: What was heard before; None to hear all anew.
        began: When the run began, on the monotonic clock.
    """

    plan: Plan
    tags: Tagging
    writer: Writer | None
    cache: Cache | None
    began: float


@contextlib.contextmanager
def prepared(
    resolved: settings.Settings, kind: str, *, writing: str, remembers: bool, verbose: bool
) -> Iterator[Prepared]:
    """Load the model, open the journal and the cache, and say what the user should know of them.

    Args:
        resolved: What the user set.
        kind: "scan" or "watch".
        writing: "write", "dry run", or empty for neither.
        remembers: Whether the cache is used.
        verbose: Whether to say more, and to let decoders say what they will.
    """
    from tagger import pipeline, tagging

    began = time.monotonic()
    quietly = contextlib.nullcontext() if verbose else display.quiet_c_libraries()
    with quietly, contextlib.ExitStack() as stack:
        plan = pipeline.prepare(resolved, display.note)
        card, writer = plan.artefact.card, None
        if writing == "write":
            opened = stack.enter_context(recording.journal())
            writer = recording.begin(opened, kind, model=card.name, hardlinks=resolved.hardlinks)
        tags = tagging.prepare(resolved, card, wanted=bool(writing), writer=writer)
        if verbose:
            display.detail(
                f"model {plan.artefact.folder}, runtime {plan.runtime.name} on {plan.runtime.device}"
            )
        cache = pipeline.remembered(display.note) if remembers else None
        stack.enter_context(contextlib.closing(cache) if cache else contextlib.nullcontext())
        for warning in tags.warnings:
            display.note(warning)
        yield Prepared(plan, tags, writer, cache, began)


def conclude(run: Prepared, counts: Ledger) -> None:
    """Say what became of all tracks, and how to take back what was written."""
    if counts.found:
        display.ledger(counts, seconds=time.monotonic() - run.began)
    if run.writer is not None and counts.written:
        display.note(f"`tagger undo {run.writer.run}` takes this back")
