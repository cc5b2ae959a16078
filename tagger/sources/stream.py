"""Sources that are listened to → blocks of mono float32 and gaps: a file, a pipe, an address.

Each is lazy: nothing is opened before its first block is asked for, so that whoever asks may do so in a thread
that can be left behind.
"""

from __future__ import annotations

import os
import re
import select
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tagger.errors import FileError, SettingsError, SourceError
from tagger.records import Gap
from tagger.sources import decode, flow, microphone, mono, web
from tagger.sources.live import NOTICES_STOP_SECONDS, Block, Pace, Source
from tagger.sources.radio import PATIENCE_SECONDS, UrlSource

_PIECE_SECONDS = 0.05
_MOST_LATE_SECONDS = 1.0


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
    if web.is_address(text):
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
                if select.select([self._descriptor], [], [], NOTICES_STOP_SECONDS)[0]:
                    return os.read(self._descriptor, n_bytes)
        except OSError:  # closed by whoever started us
            return b""
        return b""


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
