"""Bytes that come one after the other and never again → native blocks: a pipe, a connection."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from tagger.errors import DecodeError, SettingsError
from tagger.sources import ffmpeg, native, sniff

Read = Callable[[int], bytes]
"""Gives some bytes as soon as there are any, at most as many as asked for, and none at the end."""

# What comes in real time is passed on in real time: a twentieth of a second for most music.
_BLOCK_VALUES = 2**12

_CHUNK_BYTES = 2**15

# Of the samples of a coding: their type, what is full scale, and what is silence.
_CODINGS: dict[str, tuple[str, float, int]] = {
    "u8": ("u1", 2.0**7, 128),
    "s16le": ("<i2", 2.0**15, 0),
    "s16be": (">i2", 2.0**15, 0),
    "s32le": ("<i4", 2.0**31, 0),
    "s32be": (">i4", 2.0**31, 0),
    "f32le": ("<f4", 1.0, 0),
    "f32be": (">f4", 1.0, 0),
}
_MOST_CHANNELS = 64


@dataclass(frozen=True, slots=True)
class Raw:
    """What bare samples are.

    Attributes:
        coding: FFmpeg's name of it, such as "s16le".
        sample_rate: In Hz.
        n_channels: Samples of all channels at one time stand side by side.
    """

    coding: str
    sample_rate: int
    n_channels: int

    @classmethod
    def parse(cls, text: str) -> Raw:
        """Read it from CODING,RATE,CHANNELS.

        Raises:
            SettingsError: It is something else.
        """
        parts = text.split(",")
        if len(parts) == 3 and parts[0] in _CODINGS and parts[1].isdecimal() and parts[2].isdecimal():
            raw = cls(parts[0], int(parts[1]), int(parts[2]))
            if raw.sample_rate in native.SAMPLE_RATES and 1 <= raw.n_channels <= _MOST_CHANNELS:
                return raw
        raise SettingsError(
            f"--raw must be CODING,RATE,CHANNELS; received {text!r}",
            hint=f"such as s16le,44100,2; codings are {', '.join(_CODINGS)}",
        )


def blocks(
    name: str, read: Read, raw: Raw | None = None, container: str | None = None
) -> Iterator[native.NativeBlock]:
    """Decode bytes as they come.

    Args:
        name: What errors call it.
        read: Where they come from.
        raw: What they are if they are bare samples; None asks the first of them.
        container: What they are if they do not tell, as named by `sniff.container`.

    Raises:
        DecodeError: They are no audio, or of a kind that must be read out of order.
        NothingToHearError: There is no audio in them.
    """
    if raw is not None:
        yield from _bare(read, raw)
        return
    head = _head(read)
    if not head:
        raise DecodeError(name, "nothing comes from it")
    kind = sniff.container(head) or container
    if kind is None:
        raise DecodeError(name, "not a known audio format", hint="bare samples need --raw")
    with contextlib.closing(ffmpeg.FfmpegReader(name, _Flow(read, head), kind)) as reader:  # type: ignore[arg-type]
        yield from reader.blocks(0.0, block_values=_BLOCK_VALUES)


def _bare(read: Read, raw: Raw) -> Iterator[native.NativeBlock]:
    kind, full_scale, silence = _CODINGS[raw.coding]
    n_bytes = np.dtype(kind).itemsize * raw.n_channels
    pending = b""
    while chunk := read(_BLOCK_VALUES * np.dtype(kind).itemsize):
        pending += chunk
        n_whole = len(pending) // n_bytes * n_bytes
        values = np.frombuffer(pending[:n_whole], kind).astype(np.float32)
        pending = pending[n_whole:]
        if n_whole:
            samples = (values - np.float32(silence)) * np.float32(1 / full_scale)
            yield samples.reshape(-1, raw.n_channels), raw.sample_rate


def _head(read: Read) -> bytes:
    """As many bytes as tell the container, tags before it left out; all if there are fewer."""
    head = _at_least(read, b"", sniff.HEAD_BYTES)
    while n_bytes := sniff.id3_bytes(head):
        while n_bytes > len(head):
            n_bytes -= len(head)
            if not (head := read(_CHUNK_BYTES)):
                return b""
        head = _at_least(read, head[n_bytes:], sniff.HEAD_BYTES)
    return head


def _at_least(read: Read, head: bytes, n_bytes: int) -> bytes:
    while len(head) < n_bytes and (chunk := read(_CHUNK_BYTES)):
        head += chunk
    return head


class _Flow:
    """A file object that cannot go back."""

    def __init__(self, read: Read, head: bytes) -> None:
        self._read, self._head, self._position = read, head, 0

    def read(self, n_bytes: int) -> bytes:
        """Some of the next bytes; none at the end."""
        if self._head:
            chunk, self._head = self._head[:n_bytes], self._head[n_bytes:]
        else:
            chunk = self._read(n_bytes)
        self._position += len(chunk)
        return chunk

    def tell(self) -> int:
        """How many bytes were read."""
        return self._position

    def seekable(self) -> bool:
        """Never."""
        return False

    def seek(self, offset: int, whence: int = 0) -> int:
        """Stay at the start; any other place raises `OSError`."""
        if self._position or offset or whence:
            raise OSError("what has come does not come again")
        return 0
