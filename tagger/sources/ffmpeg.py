"""Everything else by FFmpeg's libraries; the only importer of av.

av is imported at the top because that costs 40 ms once numpy is there (NumPy itself costs four times as much).
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from typing import Any, BinaryIO

import av
import numpy as np
from numpy.typing import NDArray

from tagger.errors import DecodeError, NothingToHearError
from tagger.sources import native

# The demuxer is forced, never probed: playlists and concat scripts, which make FFmpeg open other files and
# addresses, can then not be reached by any content.
DEMUXERS: dict[str, str] = {
    "wav": "wav",
    "rf64": "wav",
    "w64": "w64",
    "aiff": "aiff",
    "8svx": "iff",
    "flac": "flac",
    "ogg": "ogg",
    "mpeg": "mp3",
    "mp4": "mov",
    "asf": "asf",
    "ape": "ape",
    "wavpack": "wv",
    "matroska": "matroska",
    "caf": "caf",
    "au": "au",
    "tta": "tta",
    "dsf": "dsf",
    "dsdiff": "iff",
    "musepack7": "mpc",
    "musepack8": "mpc8",
    "tak": "tak",
    "shorten": "shn",
    "amr": "amr",
    "voc": "voc",
    "dts": "dts",
    "ac3": "ac3",
    "eac3": "eac3",
    "aac": "aac",
    "avi": "avi",
    "flv": "flv",
    "mpegts": "mpegts",
    "realmedia": "rm",
}
"""Names of FFmpeg's demuxers by those of `sniff.container`."""

CONTAINERS = frozenset(DEMUXERS)
_CLOSED = {"protocol_whitelist": "none"}  # were such a demuxer reached, it could open nothing

# Their length is not in a header; FFmpeg guesses it from the bit rate.
_GUESSED_LENGTH = frozenset(
    {"mpeg", "amr", "dts", "ac3", "eac3", "aac", "mpegts", "avi", "flv", "realmedia", "voc"}
)

_SEEKS_WRONGLY = {("ogg", "flac")}  # time stamps after a seek are late by up to a second
_FULL_SCALE = {"u8": 2.0**7, "s16": 2.0**15, "s32": 2.0**31, "s64": 2.0**63, "flt": 1.0, "dbl": 1.0}
_PRE_ROLL_SECONDS = 0.5  # lossy decoders need some frames before theirs come out as in a run from the start
_TIME_STAMPS_ASKED = 9
TROUBLE = (av.FFmpegError, ArithmeticError, LookupError, MemoryError, OSError, RuntimeError, ValueError)
"""What PyAV raises for damaged files."""


class FfmpegReader:
    """A sound file opened by FFmpeg's libraries; of several audio streams FFmpeg chooses.

    Args:
        path: Named in errors only.
        file: Opened for reading; FFmpeg sees no name and can open nothing else. Where its `seekable` says
            that it is not, there is one run from the start.
        container: As named by `sniff.container`.

    Raises:
        DecodeError: If FFmpeg refuses the file.
        NothingToHearError: If it has no audio stream.
    """

    def __init__(self, path: str | os.PathLike[str], file: BinaryIO, container: str) -> None:
        self._path, self._file, self._demuxer = path, file, DEMUXERS[container]
        self._trouble: Exception | None = None
        self._open()
        self._first_seconds: float | None = None
        try:
            self.info = self._describe(container not in _GUESSED_LENGTH)
        except BaseException:
            self.close()
            raise

    def blocks(
        self,
        start_seconds: float,
        wanted_seconds: float = math.inf,
        *,
        block_values: int = native.BLOCK_VALUES,
    ) -> Iterator[native.NativeBlock]:
        """Samples from `start_seconds` to the end; packets that do not decode are left out.

        The start is exact to one sample where the container counts samples, and to its own clock (1 ms in ASF
        and Matroska) elsewhere. Blocks have `block_values` values, over all channels, and at most a frame more.

        Raises:
            DecodeError: If not one packet decodes.
        """
        first_seconds = self._go_to(start_seconds)
        n_early: int | None = None
        for run, place in self._runs(start_seconds + wanted_seconds, block_values):
            block, sr = self._block(run)
            if n_early is None:
                n_early = (
                    max(0, round((start_seconds + first_seconds - place) * sr)) if start_seconds > 0 else 0
                )
                if start_seconds <= 0:
                    self._first_seconds = place
            heard, n_early = block[n_early:], max(0, n_early - len(block))
            if len(heard):
                yield heard, sr
        if n_early is None and self._trouble is not None:
            raise DecodeError(self._path, reason(self._trouble)) from self._trouble

    def close(self) -> None:
        """Give back the decoder's memory; the file object stays open."""
        self._container.close()

    def _open(self) -> None:
        self._file.seek(0)
        self._has_moved = False
        try:
            self._container = demuxer(self._file, self._demuxer)
            self._stream = self._container.streams.best("audio")
        except TROUBLE as exc:
            raise DecodeError(self._path, reason(exc)) from exc

    def _describe(self, is_length_claimed: bool) -> native.AudioInfo:
        """Read the header of the stream."""
        if self._stream is None:
            raise NothingToHearError(self._path, "no audio stream")
        codec = self._stream.codec_context
        if codec is None:
            raise DecodeError(self._path, "FFmpeg has no decoder for its audio")
        self._check(codec.sample_rate, codec.channels)
        claim = self._claimed_seconds() if is_length_claimed else None
        return native.AudioInfo(claim, codec.sample_rate, codec.channels, codec.codec.canonical_name, "av")

    def _claimed_seconds(self) -> float | None:
        """Length of the stream, or of the container if it holds nothing else."""
        if self._stream.duration is not None:
            return float(self._stream.duration * self._stream.time_base)
        if self._container.duration is not None and len(self._container.streams) == 1:
            return self._container.duration / av.time_base
        return None

    def _check(self, sr: int, n_channels: int) -> None:
        if sr not in native.SAMPLE_RATES or n_channels < 1:
            raise DecodeError(self._path, f"its header claims {n_channels} channels at {sr} Hz")

    def _go_to(self, seconds: float) -> float:
        """Go to a packet well before that place, at worst to the first; return the first frame's time stamp.

        Decoders drop their delay, so only the first frame tells which time stamp is the start of the audio.
        """
        from_start = seconds <= 0 or (self._demuxer, self.info.codec) in _SEEKS_WRONGLY
        if self._has_moved and (from_start or self._first_seconds is None):
            self.close()
            self._open()
        self._has_moved = True
        if from_start:
            return self._first_seconds or 0.0
        if self._first_seconds is None:
            self._first_seconds = next((_seconds(frame.pts, frame) for frame in self._frames()), 0.0)
        place = self._first_seconds + max(0.0, seconds - _PRE_ROLL_SECONDS)
        try:
            self._container.seek(round(place * av.time_base))
        except TROUBLE:
            self.close()
            self._open()
        return self._first_seconds

    def _runs(self, end_seconds: float, block_values: int) -> Iterator[tuple[Any, float]]:
        """Join frames of one kind until they fill a block, or reach a place; with the time stamp of the first.

        Joining them in FFmpeg's own buffer spares an array for each frame, of which a second has fifty. Where
        Vorbis changes to shorter blocks a time stamp is too late, so that several are asked.
        """
        joined, kind, n_samples = av.AudioFifo(), None, 0
        starts: list[float] = []
        for frame in self._frames():
            stamp, frame.pts = frame.pts, None  # gaps between frames are no reason to refuse them
            if kind != _kind(frame):  # PyAV checks only the format, and frames of fewer channels crash it
                if joined.samples:
                    yield joined.read(), _middle(starts)
                joined, kind = av.AudioFifo(), _kind(frame)
            if not joined.samples:
                starts = [_seconds(stamp, frame)]
                wanted = (end_seconds + (self._first_seconds or 0.0) - starts[0]) * frame.sample_rate
                n_most = max(1, block_values // max(1, frame.layout.nb_channels))
                n_samples = math.ceil(min(n_most, wanted)) if wanted > 0 else n_most
            elif stamp is not None and len(starts) < _TIME_STAMPS_ASKED:
                starts.append(_seconds(stamp, frame) - joined.samples / frame.sample_rate)
            joined.write(frame)
            if joined.samples >= n_samples:
                yield joined.read(), _middle(starts)
        if joined.samples:
            yield joined.read(), _middle(starts)

    def _frames(self) -> Iterator[Any]:
        """Decode packet by packet; the last trouble is kept for the case that nothing decodes."""
        self._trouble = None
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except TROUBLE as exc:
                self._trouble = exc
                return
            if packet is None:
                return
            try:
                frames = packet.decode()
            except TROUBLE as exc:
                self._trouble = exc
                continue
            yield from frames

    def _block(self, frame: Any) -> native.NativeBlock:
        """Bring the samples of a frame to full scale ±1."""
        sample_format, n_channels, sr = _kind(frame)
        self._check(sr, n_channels)
        try:
            values = frame.to_ndarray()
            full_scale = _FULL_SCALE[sample_format.removesuffix("p")]
        except TROUBLE as exc:
            raise DecodeError(self._path, f"samples of the kind {sample_format} are not supported") from exc
        by_sample = values.T if sample_format.endswith("p") else values.reshape(-1, n_channels)
        return _unit_scale(by_sample, full_scale), sr


def demuxer(file: BinaryIO, name: str) -> Any:
    """Open a file with FFmpeg's demuxer of a name, shut off from everything else; raises what PyAV raises."""
    return av.open(_Nameless(file), format=name, options=_CLOSED, metadata_errors="replace")


class _Nameless:
    """A file object without its name: PyAV encodes names as UTF-8, and FFmpeg may judge by them."""

    def __init__(self, file: BinaryIO) -> None:
        self.read, self.tell, self.seekable, self._seek = file.read, file.tell, file.seekable, file.seek

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move; -1 for a place that no file has, since PyAV prints what is raised here."""
        try:
            return self._seek(offset, whence)
        except (OSError, ValueError):
            return -1


def _seconds(time_stamp: int | None, frame: Any) -> float:
    """Seconds on the container's clock; 0 for a frame without, which only a first frame lacks."""
    return float((time_stamp or 0) * (frame.time_base or 0))


def _middle(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def _kind(frame: Any) -> tuple[str, int, int]:
    return frame.format.name, frame.layout.nb_channels, frame.sample_rate


def _unit_scale(values: NDArray[Any], full_scale: float) -> NDArray[np.float32]:
    """Return values as float32 in ±1; unsigned bytes have their zero at 128."""
    samples = np.asarray(values, np.float32)
    if values.dtype == np.uint8:
        samples -= np.float32(full_scale)
    if full_scale != 1.0:
        samples *= np.float32(1 / full_scale)
    return samples


def reason(exc: BaseException) -> str:
    """Return FFmpeg's own words in short."""
    words = (exc.strerror or "") if isinstance(exc, OSError | av.FFmpegError) else str(exc)
    return words.strip().rstrip(".").lower() or f"FFmpeg gives up ({type(exc).__name__})"
