"""One model for all that the page hears: uploads one after the other, as `tagger scan` hears them."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from tagger import engine, explaining, pipeline, tagging
from tagger.errors import TaggerError
from tagger.explanation import Explanation
from tagger.inference.network import Array, Runtime
from tagger.records import Failed, Result, Track
from tagger.sinks.cache import Cache

P = ParamSpec("P")
T = TypeVar("T")

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


async def in_thread(work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """Do long work in a thread that no end of the program waits for, unlike those of `asyncio.to_thread`."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(how: Callable[[Any], None], what: Any) -> None:
        if not done.done():
            how(what)

    def run() -> None:
        how: Callable[[Any], None] = done.set_result
        what: Any
        try:
            what = work(*arguments, **named)
        except BaseException as error:  # whoever waits is told
            how, what = done.set_exception, error
        with contextlib.suppress(RuntimeError):  # nobody waits any more
            loop.call_soon_threadsafe(settle, how, what)

    threading.Thread(target=run, daemon=True).start()
    return await done


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
