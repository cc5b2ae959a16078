"""A sound device → blocks of mono float32 at the wanted rate, with gaps told, for as long as wanted."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from tagger import children
from tagger.errors import SettingsError, SourceError, TaggerError
from tagger.records import Gap
from tagger.sources import capture, mono, native, portaudio

Device = portaudio.Device

_PROGRAM = capture.PROGRAM
_ERRORS: dict[str, type[TaggerError]] = {error.__name__: error for error in (SettingsError, SourceError)}
_OPENING_SECONDS = 30.0
_STALLED_SECONDS = 3.0  # a device that hears nothing gives zeros, many times a second
_RETRY_SECONDS = 2.0
_STOP_SECONDS = 0.1
_KILL_SECONDS = 1.0
_READ_BYTES = 2**16


def devices() -> list[Device]:
    """List what can be listened to now, in PortAudio's order.

    Raises:
        SourceError: If PortAudio is missing or does not start.
    """
    with contextlib.closing(_Recorder(None)) as recorder:
        answer = next(recorder.messages(threading.Event()))
    return [Device(**said) for said in answer.said]


def blocks(
    device: str | int | None,
    sample_rate: int,
    *,
    device_rate: int | None = None,
    stop: threading.Event,
    on_notice: Callable[[str], None],
) -> Iterator[NDArray[np.float32] | Gap]:
    """Listen to a sound device until told to stop; one that goes away is waited for.

    Args:
        device: A number of `devices`, in digits too; or a name or a part of "name, host", in any case; None for
            the system's default.
        sample_rate: Wanted rate in Hz.
        device_rate: Rate in Hz to ask the device for, which may not take it; None for its own.
        stop: Ends the stream within a fraction of a second, also while a device is waited for.
        on_notice: Told in a sentence what is listened to, and when it goes and comes back.

    Yields:
        Mono float32 blocks of shape (n_samples,), n_samples from 1 to `mono.MAX_BLOCK_SAMPLES`, mixed and
            resampled as those of a file are; and a `Gap` wherever samples are missing: those for which
            the reader was too slow, an unknown number (0 seconds) that the device dropped, its absences.

    Raises:
        SettingsError: If no device, or more than one, is called so.
        SourceError: If there is no device, or it cannot be opened the first time, or PortAudio is missing.
        ValueError: If a rate is out of range.
    """
    if sample_rate < 1 or (device_rate is not None and device_rate < 1):
        raise ValueError(f"no audio at {sample_rate} Hz from a device at {device_rate} Hz")
    listening = _Listening(capture.Request(device, device_rate), stop, on_notice)
    with contextlib.closing(listening.items()) as items:
        yield from _at_rate(items, sample_rate)


def _at_rate(
    items: Iterator[native.NativeBlock | Gap], sample_rate: int
) -> Iterator[NDArray[np.float32] | Gap]:
    """Mix and resample what lies between gaps."""
    gaps: list[Gap] = []

    def until_gap() -> Iterator[native.NativeBlock]:
        for item in items:
            if isinstance(item, Gap):
                gaps.append(item)
                return
            yield item

    while True:
        yield from mono.at_rate(until_gap(), sample_rate)
        if not gaps:
            return
        yield gaps.pop()


class _Listening:
    """Listens to one device, over all its absences."""

    def __init__(
        self, request: capture.Request, stop: threading.Event, on_notice: Callable[[str], None]
    ) -> None:
        self._request, self._stop, self._on_notice = request, stop, on_notice
        self._heard_until: float | None = None  # on the monotonic clock; None before the device was first open
        self._is_away = False
        self._rate = self._n_channels = 0

    def items(self) -> Generator[native.NativeBlock | Gap, None, None]:
        """Blocks as the device gives them, and gaps, until told to stop."""
        while not self._stop.is_set():
            try:
                with contextlib.closing(_Recorder(self._request)) as recorder:
                    for message in recorder.messages(self._stop):
                        yield from self._meant(message)
            except SourceError as error:
                if self._heard_until is None:
                    raise
                if not self._is_away:
                    self._on_notice(f"{error.message}; waiting for it to come back")
                self._is_away = True
                self._stop.wait(_RETRY_SECONDS)
        if self._is_away:
            yield self._absence(time.monotonic())

    def _meant(self, message: capture.Message) -> Iterator[native.NativeBlock | Gap]:
        if message.kind == capture.READY:
            self._begin(**message.said)
        elif message.kind == capture.GAP:
            yield Gap(**message.said)
        else:
            block = np.frombuffer(message.content, np.float32).reshape(-1, self._n_channels)
            if self._is_away:
                self._on_notice("the sound device is back")
                yield self._absence(message.seconds - len(block) / self._rate)
            yield block, self._rate
            self._heard_until = message.seconds

    def _begin(self, device: str, host: str, rate: int, n_channels: int) -> None:
        """Take note of how the device was opened, and tell it the first time."""
        asked = self._request.sample_rate
        if self._heard_until is None:
            self._heard_until = time.monotonic()
            self._on_notice(f"listening to {device} at {rate} Hz")
            if asked not in (None, rate):
                self._on_notice(f"{device} does not take {asked} Hz")
        if self._request.device is not None:
            self._request = capture.Request(device, asked, host)
        self._rate, self._n_channels = rate, n_channels

    def _absence(self, until: float) -> Gap:
        self._is_away = False
        return Gap(max(0.0, until - (self._heard_until or until)), "the sound device was away")


class _Recorder:
    """A process that listens to a device, or lists them all."""

    def __init__(self, request: capture.Request | None) -> None:
        self._process = subprocess.Popen(
            children.command(_PROGRAM),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # drivers write to it
            bufsize=0,
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
            process_group=0,  # Ctrl-C is for the process that asks
        )
        self._requests, self._answers = children.pipes(self._process)
        with contextlib.suppress(BrokenPipeError):
            self._requests.write(json.dumps(request and asdict(request)).encode() + b"\n")

    def messages(self, stop: threading.Event) -> Iterator[capture.Message]:
        """What the process says, until told to stop.

        Raises:
            SourceError: If the device cannot be opened, stops, or says nothing for too long.
            SettingsError: If no device is called as asked.
        """
        inbox, patience = capture.Inbox(), _OPENING_SECONDS
        poll = select.poll()
        poll.register(self._answers, select.POLLIN)
        deadline = time.monotonic() + patience
        while not stop.is_set():
            if not poll.poll(_STOP_SECONDS * 1000):
                if time.monotonic() > deadline:
                    raise SourceError("the sound device does not answer")
                continue
            for message in inbox.take(self._read()):
                if message.kind == capture.TROUBLE:
                    raise _error(**message.said)
                patience = _STALLED_SECONDS
                yield message
                if stop.is_set():
                    return
            deadline = time.monotonic() + patience

    def _read(self) -> bytes:
        content = os.read(self._answers.fileno(), _READ_BYTES)
        if not content:
            raise SourceError("PortAudio, the library for sound devices, crashed")
        return content

    def close(self) -> None:
        """End the process, however its driver hangs."""
        self._process.kill()
        self._requests.close()
        self._answers.close()
        with contextlib.suppress(subprocess.TimeoutExpired):  # a driver may keep even a killed process
            self._process.wait(_KILL_SECONDS)


def _error(kind: str, message: str, hint: str) -> TaggerError:
    return _ERRORS.get(kind, SourceError)(message, hint=hint)
