"""An address that is listened to: a stream, which is connected again when it breaks off, or a file."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

from tagger.errors import FileError, SourceError
from tagger.records import Gap
from tagger.sources import flow, mono, web
from tagger.sources.live import NOTICES_STOP_SECONDS, Block, Pace

PATIENCE_SECONDS = 60.0
"""How long a stream that broke off is waited for unless told otherwise."""

_FIRST_DELAY_SECONDS, _LONGEST_DELAY_SECONDS = 0.25, 8.0


class UrlSource:
    """An address: a stream, which is connected again when it breaks off, or a file.

    Args:
        url: Of http or https.
        sample_rate: Wanted rate, in Hz.
        stop: Ends it when it is set.
        patience_seconds: How long it is tried again after it broke off.
        on_notice: Told, in a sentence, when that happens.
        stall_seconds: How long nothing may come before the connection is given up.
    """

    def __init__(
        self,
        url: str,
        sample_rate: int,
        stop: threading.Event,
        patience_seconds: float = PATIENCE_SECONDS,
        on_notice: Callable[[str], None] = lambda notice: None,
        *,
        stall_seconds: float = 10.0,
    ) -> None:
        self.name = url
        self.pace: Pace = "live"
        self._sample_rate, self._stop, self._on_notice = sample_rate, stop, on_notice
        self._patience_seconds, self._stall_seconds = patience_seconds, stall_seconds
        self._why = ""
        self._lost_seconds: float | None = None

    def blocks(self) -> Iterator[Block | Gap]:
        """See `Source`."""
        is_connected, delay = False, _FIRST_DELAY_SECONDS
        while not self._stop.is_set():
            try:
                with self._connected() as connection:
                    self.pace = "as it comes" if connection.is_finite else "live"
                    for block in self._decoded(connection):
                        if self._lost_seconds is not None:
                            yield Gap(max(0.0, time.monotonic() - self._lost_seconds), self._why)
                        is_connected, delay, self._lost_seconds = True, _FIRST_DELAY_SECONDS, None
                        yield block
                if connection.is_complete or self._stop.is_set():
                    return
                why, lost_seconds = connection.trouble, connection.last_seconds
                if connection.is_finite:
                    raise SourceError(f"{self.name}: {why}")
            except (SourceError, FileError) as error:
                if not is_connected or (self._lost_seconds is None and isinstance(error, SourceError)):
                    raise
                why, lost_seconds = error.message.removeprefix(f"{self.name}: "), time.monotonic()
            self._broke_off(why, lost_seconds)
            self._stop.wait(delay)
            delay = min(2 * delay, _LONGEST_DELAY_SECONDS)

    @contextlib.contextmanager
    def _connected(self) -> Iterator[web.Connection]:
        """A connection that ends when the source is told to stop, whatever it is waiting for."""
        closed = threading.Event()

        def watch() -> None:
            while not closed.wait(NOTICES_STOP_SECONDS):
                if self._stop.is_set():
                    connection.hang_up()
                    return

        with contextlib.closing(web.Connection(self.name, self._stall_seconds)) as connection:
            watcher = threading.Thread(target=watch, name="hangs up", daemon=True)
            watcher.start()
            try:
                yield connection
            finally:
                closed.set()
                watcher.join()

    def _decoded(self, connection: web.Connection) -> Iterator[Block]:
        def read(n_bytes: int) -> bytes:
            return b"" if self._stop.is_set() else connection.read(n_bytes)

        blocks = flow.blocks(self.name, read, container=connection.container)
        return mono.at_rate(blocks, self._sample_rate)

    def _broke_off(self, why: str, lost_seconds: float) -> None:
        """Note it, and raise `SourceError` when patience is at its end."""
        if self._lost_seconds is None:
            self._lost_seconds, self._why = lost_seconds, why
            self._on_notice(f"{self.name}: {why}; trying again")
        if time.monotonic() - self._lost_seconds > self._patience_seconds:
            raise SourceError(
                f"{self.name}: {why}, and did not come back within {self._patience_seconds:g} s",
                hint="--patience S waits longer",
            )
