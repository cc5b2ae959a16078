"""One model for all that the page hears: uploads one after the other, as `tagger scan` hears them."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from tagger import engine, explaining, pipeline, tagging
from tagger.errors import TaggerError
from tagger.explanation import Explanation
from tagger.inference.network import Array, Runtime
from tagger.records import Failed, Result, Track
from tagger.sinks.cache import Cache

MOST_WAITING = 16
"""How many uploads may be here at a time, the one that is heard among them."""

MOST_LIVE = 2
"""How many microphones are listened to at a time."""


class BusyError(TaggerError):
    """Raised when more is asked for at a time than is done at a time."""


class Ear:
    """Hears for the page.

    Args:
        plan: How to listen.
        tags: What verdicts become; nothing is written by it.
        cache: What was heard before; None to hear all anew. Uploads are never kept there.
        hold_seconds: Of the rolling vote of live sources.
        with_gradients: See `explaining.explain`.

    Attributes:
        plan: How to listen; its runtime may be used by several threads.
    """

    def __init__(
        self,
        plan: engine.Plan,
        tags: tagging.Tagging,
        cache: Cache | None,
        *,
        hold_seconds: float,
        with_gradients: bool,
    ) -> None:
        self.plan = dataclasses.replace(plan, runtime=_InTurn(plan.runtime))
        self.tags, self.cache, self.hold_seconds = tags, cache, hold_seconds
        self._with_gradients = with_gradients
        self._turns = {"hear": asyncio.Lock(), "explain": asyncio.Lock()}
        self._n_here: dict[str, int] = {"upload": 0, "live": 0}

    @property
    def genres(self) -> tuple[str, ...]:
        """The model's, in its order."""
        return self.plan.artefact.card.genres

    @contextlib.contextmanager
    def place(self, kind: str, most: int) -> Any:
        """Take one of the places there are for uploads or microphones.

        Raises:
            BusyError: All are taken.
        """
        if self._n_here[kind] >= most:
            raise BusyError("too much is being heard at the moment", hint="try again when some of it is done")
        self._n_here[kind] += 1
        try:
            yield
        finally:
            self._n_here[kind] -= 1

    @contextlib.asynccontextmanager
    async def turn(self, what: str) -> AsyncIterator[None]:
        """Wait for a turn to be heard, or to be explained, which keeps no other from being heard."""
        async with self._turns[what]:
            yield

    def hear(self, path: Path, halt: engine.Halt) -> Result:
        """What `tagger scan` says of a file; to be called in a thread."""
        results = pipeline.scan([path], self.plan, self.tags, halt=halt)
        return next(results, Failed(Track(path), "it was dropped"))

    def explain(self, path: Path) -> Explanation:
        """Why a file gets its verdict; to be called in a thread.

        Raises:
            TaggerError: It cannot be told.
        """
        return explaining.explain(path, self.plan, cache=self.cache, with_gradients=self._with_gradients)


class _InTurn:
    """A runtime that several threads may use."""

    def __init__(self, inner: Runtime) -> None:
        self._inner, self._lock = inner, threading.Lock()

    @property
    def name(self) -> str:
        """See `Runtime`."""
        return self._inner.name

    @property
    def device(self) -> str:
        """See `Runtime`."""
        return self._inner.device

    def outputs(self, windows: Array) -> tuple[Array, Array]:
        """See `Runtime.outputs`."""
        with self._lock:
            return self._inner.outputs(windows)

    def logits(self, windows: Array) -> Array:
        """See `Runtime.logits`."""
        with self._lock:
            return self._inner.logits(windows)
