"""A sound file → blocks of mono float32 in [-1, 1] at the wanted rate; libsndfile first, then FFmpeg.

Everywhere in this project a waveform is mono float32 with full scale at ±1; lossy codings may overshoot it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from tagger.errors import DecodeError, FileError, NothingToHearError
from tagger.sources import claims, ffmpeg, libsndfile, mono, mpeg, native, sniff

AudioInfo = native.AudioInfo

_LEAST_DECODED = 0.9
_CODEC_DELAY_SECONDS = 0.1  # headers may count the encoder's padding, which decoders leave out
_XING_TOLERANCE = 0.01


@dataclass(frozen=True, slots=True)
class _Opened:
    """An open file, what its bytes say it is, and the decoder that accepted it."""

    path: str | os.PathLike[str]
    file: BinaryIO
    container: str
    reader: native.Reader
    info: AudioInfo


def blocks(
    path: str | os.PathLike[str],
    sample_rate: int,
    *,
    start_seconds: float = 0.0,
    duration_seconds: float | None = None,
) -> Iterator[NDArray[np.float32]]:
    """Decode a file, or a part of it, as a stream; memory does not grow with the length.

    Args:
        path: The file; its suffix is ignored, its name may hold bytes that are not UTF-8.
        sample_rate: Wanted rate in Hz.
        start_seconds: Where to begin, ≥ 0; exact to one native sample, or to the container's coarser clock.
        duration_seconds: How much to decode; None for all the rest.

    Yields:
        Mono float32 blocks of shape (n_samples,), n_samples from 1 to `mono.MAX_BLOCK_SAMPLES`. Samples that
            are not finite are 0.

    Raises:
        DecodeError: If the file cannot be read or decoded, or, after the last block, if less than 90 % of the
            length that its header claims came out.
        NothingToHearError: If there is no audio stream or not one sample.
        ValueError: If an argument is out of range.
    """
    if (
        sample_rate < 1
        or not 0 <= start_seconds < math.inf
        or (duration_seconds is not None and not duration_seconds >= 0)
    ):
        raise ValueError(f"no audio at {sample_rate} Hz from {start_seconds} s for {duration_seconds} s")
    end_seconds = math.inf if duration_seconds is None else start_seconds + duration_seconds
    with _opened(path) as opened:
        tally = _Tally(start_seconds, end_seconds)
        yield from mono.at_rate(tally.passing(_native(opened, start_seconds)), sample_rate)
        is_part = start_seconds > 0 or duration_seconds is not None
        _judge(opened, tally.position_seconds - start_seconds, start_seconds if is_part else None)


class Excerpts:
    """Parts of a sound file, decoded where they are asked for, while the file stays open.

    Args:
        path: The file.
        sample_rate: Wanted rate in Hz.

    Raises:
        DecodeError: If the file cannot be read or no decoder accepts it.
        NothingToHearError: If there is no audio stream.
    """

    def __init__(self, path: str | os.PathLike[str], sample_rate: int) -> None:
        self._sample_rate = sample_rate
        with contextlib.ExitStack() as stack:
            self._opened = stack.enter_context(_opened(path))
            self._closing = stack.pop_all()

    @property
    def duration_seconds(self) -> float | None:
        """Length that the header claims; None where it claims none."""
        return self._opened.info.duration_seconds

    @property
    def period(self) -> int:
        """Number of samples after which those of the file and those wanted coincide again.

        A part that begins at a multiple of it has the very samples of the whole; others are shifted by a
        fraction of a sample.
        """
        return self._sample_rate // math.gcd(self._sample_rate, self._opened.info.sample_rate)

    def read(self, start_seconds: float, duration_seconds: float) -> NDArray[np.float32]:
        """Mono float32 of shape (n_samples,), exact as `blocks` is; shorter where the file ends.

        Raises:
            DecodeError: If the decoder must stop.
        """
        tally = _Tally(start_seconds, start_seconds + duration_seconds)
        native_blocks = tally.passing(self._opened.reader.blocks(start_seconds, duration_seconds))
        parts = list(mono.at_rate(native_blocks, self._sample_rate))
        return np.concatenate(parts) if parts else np.empty(0, np.float32)

    def close(self) -> None:
        """Close the file."""
        self._closing.close()


def suits_libsndfile(path: str | os.PathLike[str]) -> bool:
    """Return whether a file is of a kind that libsndfile is asked for first, by a look at its first bytes.

    Raises:
        DecodeError: If the file cannot be read.
    """
    with _open_regular(path) as file:
        try:
            head, _ = sniff.head_after_id3(file)
        except OSError as exc:
            raise DecodeError(path, _plain(exc)) from exc
    return sniff.container(head) in libsndfile.CONTAINERS


def probe(path: str | os.PathLike[str]) -> AudioInfo:
    """Return what the header of a file says, without decoding it.

    Raises:
        DecodeError: If the file cannot be read or no decoder accepts it.
        NothingToHearError: If there is no audio stream.
    """
    with _opened(path) as opened:
        return opened.info


class _Tally:
    """Lets native blocks pass up to an end, and knows how far they came.

    Args:
        start_seconds: Where the first block begins.
        end_seconds: Where to stop; may be infinite.
    """

    def __init__(self, start_seconds: float, end_seconds: float) -> None:
        self.position_seconds = start_seconds
        self._end_seconds = end_seconds

    def passing(self, stream: Iterator[native.NativeBlock]) -> Iterator[native.NativeBlock]:
        """Yield the blocks, the last one cut at the end; places are rounded to whole samples, so parts fit."""
        for block, sr in stream:
            first = round(self.position_seconds * sr)
            left = self._end_seconds * sr - first
            kept = block[: max(0, round(left))] if left < len(block) else block
            self.position_seconds = (first + len(kept)) / sr
            if len(kept):
                yield kept, sr
            if len(block) >= left:
                return


@contextlib.contextmanager
def _opened(path: str | os.PathLike[str]) -> Iterator[_Opened]:
    """Open a file with the first decoder that accepts it."""
    with _open_regular(path) as file:
        try:
            head, offset = sniff.head_after_id3(file)
            n_bytes = os.fstat(file.fileno()).st_size
        except OSError as exc:
            raise DecodeError(path, _plain(exc)) from exc
        container = sniff.container(head)
        if not n_bytes:
            raise DecodeError(path, "empty file")
        if container is None:
            raise DecodeError(path, "not a known audio format")
        takes_libsndfile = container in libsndfile.CONTAINERS and (
            container != "mpeg" or _has_fitting_xing(head, n_bytes - offset)
        )
        reader = _reader(path, file, container, takes_libsndfile)
        with contextlib.closing(reader):
            claim = claims.seconds(container, head, reader.info.duration_seconds)
            yield _Opened(
                path, file, container, reader, dataclasses.replace(reader.info, duration_seconds=claim)
            )


def _open_regular(path: str | os.PathLike[str]) -> BinaryIO:
    """Open a regular file; a pipe or a device would make the run wait for ever."""
    try:
        mode = Path(path).stat().st_mode
        if stat.S_ISDIR(mode):
            raise DecodeError(path, "is a folder, not a file")
        if not stat.S_ISREG(mode):
            raise DecodeError(path, "is not a regular file")
        return Path(path).open("rb")
    except (OSError, ValueError) as exc:
        raise DecodeError(path, _plain(exc)) from exc


def _has_fitting_xing(head: bytes, n_bytes: int) -> bool:
    """Return whether an MP3 says its length, and is as long as it says.

    Without a length libsndfile stops where a constant bit rate would end, which for VBR may be a quarter of the
    file; and its mpg123 complains on the process's stderr about a length that does not fit.
    """
    length = mpeg.length(head)
    if length is None:
        return False
    return length.n_bytes is None or abs(length.n_bytes - n_bytes) <= _XING_TOLERANCE * n_bytes


def _reader(
    path: str | os.PathLike[str], file: BinaryIO, container: str, takes_libsndfile: bool
) -> native.Reader:
    if takes_libsndfile:
        with contextlib.suppress(DecodeError):
            return libsndfile.LibsndfileReader(path, file)
    return ffmpeg.FfmpegReader(path, file, container)


def _native(opened: _Opened, start_seconds: float) -> Iterator[native.NativeBlock]:
    """Decode from `start_seconds`; where libsndfile stops short, FFmpeg, which skips damage, goes on."""
    if opened.info.decoder == "av":
        yield from opened.reader.blocks(start_seconds)
        return
    position, claim = start_seconds, opened.info.duration_seconds
    is_whole = True
    try:
        for block, sr in opened.reader.blocks(start_seconds):
            position = (round(position * sr) + len(block)) / sr
            yield block, sr
    except DecodeError:
        is_whole = False
    if is_whole and (claim is None or position >= claim - _CODEC_DELAY_SECONDS):
        return
    try:
        with contextlib.closing(ffmpeg.FfmpegReader(opened.path, opened.file, opened.container)) as second:
            yield from second.blocks(position)
    except FileError:
        if position == start_seconds:
            raise


def _judge(opened: _Opened, heard_seconds: float, asked_from_seconds: float | None) -> None:
    """Raise if nothing was heard, or much less than the header claims.

    Args:
        opened: The file.
        heard_seconds: How much was decoded.
        asked_from_seconds: Where the part that was asked for begins; None if all was.
    """
    claim = opened.info.duration_seconds
    if asked_from_seconds is not None:
        if not heard_seconds:
            raise NothingToHearError(opened.path, f"no audio from {asked_from_seconds:.1f} s on")
        return
    if claim and heard_seconds < _LEAST_DECODED * claim - _CODEC_DELAY_SECONDS:
        raise DecodeError(opened.path, f"truncated: {heard_seconds:.1f} s of {claim:.1f} s decode")
    if not heard_seconds:
        raise NothingToHearError(opened.path, "no samples")


def _plain(exc: OSError | ValueError) -> str:
    """Say in plain words why a file cannot be opened or read."""
    if isinstance(exc, FileNotFoundError):
        return "no such file"
    if isinstance(exc, PermissionError):
        return "no permission to read it"
    return (exc.strerror or "").lower() if isinstance(exc, OSError) else "its name is not a file name"
