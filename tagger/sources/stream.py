"""Sources that are listened to → blocks of mono float32 and gaps: a file, a pipe, an address.

Each is lazy: nothing is opened before its first block is asked for, so that whoever asks may do so in a thread
that can be left behind.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tagger.errors import FileError, SettingsError, SourceError
from tagger.records import Gap
from tagger.sources import decode, flow, microphone, mono, web

Block: TypeAlias = NDArray[np.float32]
"""Mono samples of shape (n_samples,), full scale at ±1."""

Pace = Literal["at hand", "as it comes", "live"]
"""Whether all is there to be taken, or comes and waits until it is taken, or comes and does not wait."""

PATIENCE_SECONDS = 60.0
"""How long a stream that broke off is waited for unless told otherwise."""

_PIECE_SECONDS = 0.05
_MOST_LATE_SECONDS = 1.0
_NOTICES_STOP_SECONDS = 0.2
_FIRST_DELAY_SECONDS, _LONGEST_DELAY_SECONDS = 0.25, 8.0


class Source(Protocol):
    """What can be listened to."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def pace(self) -> Pace:
        """How it comes; known from the first block on."""

    def blocks(self) -> Iterator[Block | Gap]:
        """Blocks at the rate that was asked for; ends soon after the source was told to stop.

        Raises:
            SourceError: It cannot be heard, or not any more.
            FileError: It is no audio.
        """


def source(
    text: str,
    sample_rate: int,
    stop: threading.Event,
    *,
    raw: flow.Raw | None = None,
    is_paced: bool = False,
    patience_seconds: float = PATIENCE_SECONDS,
    on_notice: Callable[[str], None] = lambda notice: None,
) -> Source:
    """The source that a text names: "-" for stdin, an address, or a file.

    Args:
        text: What the user said.
        sample_rate: Wanted rate, in Hz.
        stop: Ends it when it is set.
        raw: What stdin's bytes are if they are bare samples.
        is_paced: Whether to let it come at playing speed, where it could come faster.
        patience_seconds: How long an address is tried again after it broke off.
        on_notice: Told, in a sentence, when that happens.

    Raises:
        SettingsError: It is an address of another kind.
    """
    if re.match(r"https?://", text, re.IGNORECASE):
        found: Source = UrlSource(text, sample_rate, stop, patience_seconds, on_notice)
    elif re.match(r"[a-z][a-z0-9+.-]*://", text, re.IGNORECASE) and not Path(text).exists():
        raise SettingsError(f"{text}: addresses of this kind are not heard", hint="give one of http or https")
    elif text == "-":
        found = PipeSource(0, sample_rate, stop, raw)
    else:
        found = FileSource(Path(text), sample_rate, stop)
    return PacedSource(found, sample_rate, stop) if is_paced else found


class FileSource:
    """A file: its blocks are those of `decode.blocks`."""

    pace: Pace = "at hand"

    def __init__(self, path: Path, sample_rate: int, stop: threading.Event) -> None:
        self.name = os.fspath(path)
        self._path, self._sample_rate, self._stop = path, sample_rate, stop

    def blocks(self) -> Iterator[Block | Gap]:
        """See `Source`."""
        for block in decode.blocks(self._path, self._sample_rate):
            if self._stop.is_set():
                return
            yield block


class DeviceSource:
    """A sound device: see `tagger.sources.microphone`.

    Args:
        device: Its name or number; None for the system's default.
        sample_rate: Wanted rate, in Hz.
        stop: Ends it when it is set.
        device_rate: Rate to ask the device for, in Hz; None for its own.
        on_notice: Told, in a sentence, when it goes away and comes back.
    """

    pace: Pace = "live"

    def __init__(
        self,
        device: str | None,
        sample_rate: int,
        stop: threading.Event,
        device_rate: int | None = None,
        on_notice: Callable[[str], None] = lambda notice: None,
    ) -> None:
        self.name = device or "microphone"
        self._device, self._sample_rate, self._stop = device, sample_rate, stop
        self._device_rate, self._on_notice = device_rate, on_notice

    def blocks(self) -> Iterator[Block | Gap]:
        """See `Source`."""
        return microphone.blocks(
            self._device,
            self._sample_rate,
            device_rate=self._device_rate,
            stop=self._stop,
            on_notice=self._on_notice,
        )


class PipeSource:
    """What comes through a file descriptor and is waited for: stdin.

    Args:
        descriptor: Open for reading.
        sample_rate: Wanted rate, in Hz.
        stop: Ends it when it is set.
        raw: What its bytes are if they are bare samples.
    """

    name = "-"
    pace: Pace = "as it comes"

    def __init__(
        self, descriptor: int, sample_rate: int, stop: threading.Event, raw: flow.Raw | None = None
    ) -> None:
        self._descriptor, self._sample_rate, self._stop, self._raw = descriptor, sample_rate, stop, raw

    def blocks(self) -> Iterator[Block | Gap]:
        """See `Source`."""
        if os.isatty(self._descriptor):
            raise SourceError("stdin is a terminal", hint="send it audio, such as `tagger listen - < song.wav`")
        try:
            yield from mono.at_rate(flow.blocks("stdin", self._read, self._raw), self._sample_rate)
        except FileError:
            if not self._stop.is_set():  # what ends while its head is read is no audio
                raise

    def _read(self, n_bytes: int) -> bytes:
        """What has come; Python's own buffer would hold a thread for ever that waits for it."""
        try:
            while not self._stop.is_set():
                if select.select([self._descriptor], [], [], _NOTICES_STOP_SECONDS)[0]:
                    return os.read(self._descriptor, n_bytes)
        except OSError:  # closed by whoever started us
            return b""
        return b""


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
            while not closed.wait(_NOTICES_STOP_SECONDS):
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


class PacedSource:
    """A source at playing speed: each sample comes no sooner than a player would play it."""

    pace: Pace = "live"

    def __init__(self, inner: Source, sample_rate: int, stop: threading.Event) -> None:
        self.name = inner.name
        self._inner, self._sample_rate, self._stop = inner, sample_rate, stop

    def blocks(self) -> Iterator[Block | Gap]:
        """See `Source`; in pieces of a twentieth of a second."""
        due = time.monotonic()
        n_most = max(1, round(_PIECE_SECONDS * self._sample_rate))
        for block in self._inner.blocks():
            if isinstance(block, Gap):
                yield block
                continue
            for start in range(0, len(block), n_most):
                piece = block[start : start + n_most]
                due += len(piece) / self._sample_rate
                late = time.monotonic() - due
                if late > _MOST_LATE_SECONDS:  # it stood still: going on is not catching up
                    due += late
                elif late < 0 and self._stop.wait(-late):
                    return
                yield piece
