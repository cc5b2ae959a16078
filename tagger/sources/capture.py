"""Listening to a sound device in a process of its own, which can be ended when PortAudio hangs.

Drivers block for ever when a device stalls or is pulled out, and PortAudio then neither closes it nor finds new
ones. Here too no inference can hold Python's lock while the device wants to get rid of samples.

A request is a line of JSON on the process's stdin, null for a list of the devices, and it ends with its stdin.
It answers with messages: their kind, their length in bytes, a time on the system's monotonic clock, and so many
bytes.
"""

from __future__ import annotations

import contextlib
import json
import os
import struct
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from tagger.errors import SourceError, TaggerError
from tagger.sources import portaudio
from tagger.sources.ring import Ring

PROGRAM = "from tagger.sources import capture; capture.serve_parent()"
DEVICES, READY, SAMPLES, GAP, TROUBLE = range(5)
"""Kinds of messages: what there is; a device is open; float32, interleaved; samples are missing; the end."""

RING_SECONDS = 10.0
_HEADER = struct.Struct("<Bid")
_MOST_SAMPLES = 4096
_CHECK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Request:
    """What to listen to.

    Attributes:
        device: A number or a part of a name; None for the default.
        sample_rate: Rate in Hz to ask the device for; None for its own.
        host: If given, `device` is the full name of a device that was open before.
    """

    device: str | int | None
    sample_rate: int | None
    host: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """An answer.

    Attributes:
        kind: One of those above.
        seconds: For samples, when the last of them came in.
        content: Samples, or JSON.
    """

    kind: int
    seconds: float
    content: bytes

    @property
    def said(self) -> Any:
        """What the JSON holds."""
        return json.loads(self.content)


class Inbox:
    """Takes bytes as they come, cut anywhere, and gives the messages that are whole."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def take(self, more: bytes) -> Iterator[Message]:
        """Add bytes, and yield what they complete."""
        self._bytes += more
        while len(self._bytes) >= _HEADER.size:
            kind, n_bytes, seconds = _HEADER.unpack_from(self._bytes)
            end = _HEADER.size + n_bytes
            if len(self._bytes) < end:
                return
            yield Message(kind, seconds, bytes(self._bytes[_HEADER.size : end]))
            del self._bytes[:end]


def serve(request: Request | None, answers: IO[bytes]) -> None:
    """Send what a device hears until it stops or nobody reads any more; trouble is the last message."""
    try:
        found = portaudio.devices()
        if request is None:
            _send(answers, DEVICES, [asdict(device) for device in found])
            return
        if request.host is None:
            device = portaudio.choose(found, request.device)
        else:
            device = portaudio.again(found, str(request.device), request.host)
        _Capture(device, request.sample_rate).run(answers)
    except TaggerError as error:
        _send(answers, TROUBLE, {"kind": type(error).__name__, "message": error.message, "hint": error.hint})
    except Exception as error:  # a defect must not look like a device that hangs
        words = f"the sound device cannot be listened to: unexpected {type(error).__name__}: {error}"
        _send(answers, TROUBLE, {"kind": "", "message": words, "hint": ""})


class _Capture:
    """An open device and the ring that it fills."""

    def __init__(self, device: portaudio.Device, sample_rate: int | None) -> None:
        self._device = device
        self._stream = portaudio.open_input(device, sample_rate, self._hear)
        self._sample_rate = round(self._stream.samplerate)
        self._ring = Ring(round(RING_SECONDS * self._sample_rate), self._stream.channels, self._sample_rate)

    def _hear(self, block: NDArray[np.float32], n_samples: int, times: Any, status: Any) -> None:
        """Copy what the device holds; called in PortAudio's thread."""
        self._ring.write(block, time.monotonic(), is_broken=status.input_overflow)

    def run(self, answers: IO[bytes]) -> None:
        """Send samples while the device gives any; raises `SourceError` when it does no more."""
        portaudio.start(self._stream, self._device.name)
        opened = {"device": self._device.name, "host": self._device.host}
        _send(answers, READY, opened | {"rate": self._sample_rate, "n_channels": self._stream.channels})
        try:
            while portaudio.is_active(self._stream, self._device.name):
                self._send_heard(answers, _CHECK_SECONDS)
            raise SourceError(f"{self._device.name} stopped")
        finally:
            while self._send_heard(answers, 0):
                pass

    def _send_heard(self, answers: IO[bytes], timeout_seconds: float) -> bool:
        piece = self._ring.read(_MOST_SAMPLES, timeout_seconds)
        if piece is None:
            return False
        if piece.n_lost:
            seconds = piece.n_lost / self._sample_rate
            _send(answers, GAP, {"seconds": seconds, "reason": "listening was too slow"})
        if piece.is_broken:
            _send(
                answers, GAP, {"seconds": 0.0, "reason": "the sound device dropped samples, unknown how many"}
            )
        _send(answers, SAMPLES, piece.samples.tobytes(), piece.end_seconds)
        return True


def _send(answers: IO[bytes], kind: int, content: Any, seconds: float = 0.0) -> None:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    answers.write(_HEADER.pack(kind, len(body), seconds) + body)


def serve_parent() -> None:
    """Answer the process that holds the other ends of stdin and stdout, and end at once when it is gone."""
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # libraries may print what is no answer
    asked = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    with contextlib.suppress(BrokenPipeError):
        serve(asked and Request(**asked), answers)
    os._exit(0)  # PortAudio would wait for a device that is stuck


def _end_with_stdin() -> None:
    sys.stdin.buffer.read()
    os._exit(0)
