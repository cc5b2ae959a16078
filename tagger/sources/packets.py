"""The audio of a file as the codec sees it: the proof that a change of tags left it alone."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

from av.stream import Disposition

from tagger import tails
from tagger.errors import DecodeError
from tagger.sources import ffmpeg, sniff

_N_DECODED = 32  # packets whose sound is compared too, about a second: enough to notice a lost codec header


def digest(path: str | os.PathLike[str], file: BinaryIO) -> str:
    """Digest what FFmpeg's demuxer finds in a file, without its tags.

    Every packet of every stream but pictures counts, with its time, and the sound of the first second. Where
    two files have the same digest, a player is given the same by both. Of the last packet of Monkey's Audio,
    which FFmpeg takes to reach into the tags behind it, the sound counts alone; of MPEG audio, what lies before
    the tags, of which FFmpeg takes some kinds to be one more packet.

    Args:
        path: Named in errors only.
        file: Open for reading.

    Returns:
        A hexadecimal BLAKE2b of 16 bytes.

    Raises:
        DecodeError: FFmpeg cannot open the file.
    """
    head, _ = sniff.head_after_id3(file)
    container = sniff.container(head)
    if container not in ffmpeg.DEMUXERS:
        raise DecodeError(path, "not a known audio format")
    heard = _without_tail(file) if container == "mpeg" else file
    heard.seek(0)
    found = hashlib.blake2b(digest_size=16)
    try:
        with ffmpeg.demuxer(heard, ffmpeg.DEMUXERS[container]) as demuxed:
            for number, (packet, is_last) in enumerate(_packets(demuxed)):
                ends_in_tags = is_last and container == "ape"
                found.update(f"{packet.stream.type} {packet.pts} {packet.duration} ".encode())
                if not ends_in_tags:
                    found.update(packet)
                if packet.stream.type == "audio" and (number < _N_DECODED or ends_in_tags):
                    _add_sound(found, packet)
    except ffmpeg.TROUBLE as exc:
        raise DecodeError(path, ffmpeg.reason(exc)) from exc
    return found.hexdigest()


def _packets(demuxed: Any) -> Iterator[tuple[Any, bool]]:
    """Packets, and whether each is the last: before the end, or where the file is damaged, then as now."""
    held = None
    with contextlib.suppress(*ffmpeg.TROUBLE):
        for packet in demuxed.demux():
            # Pictures are tags: FFmpeg finds them or not by what stands around them.
            if packet.size and not packet.stream.disposition & Disposition.attached_pic:
                if held is not None:
                    yield held, False
                held = packet
    if held is not None:
        yield held, True


def _add_sound(found: Any, packet: Any) -> None:
    with contextlib.suppress(*ffmpeg.TROUBLE):
        for frame in packet.decode():
            found.update(frame.to_ndarray().tobytes())  # planes end in bytes that nobody set


class _Front:
    """A file up to a place, as if it ended there."""

    def __init__(self, file: BinaryIO, end: int) -> None:
        self._file, self._end = file, end
        self.tell, self.seekable = file.tell, file.seekable

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move; from the end that it seems to have."""
        if whence == io.SEEK_END:
            return self._file.seek(self._end + offset)
        return self._file.seek(offset, whence)

    def read(self, size: int = -1) -> bytes:
        """Read as many bytes as there are, up to `size`."""
        left = max(0, self._end - self._file.tell())
        return self._file.read(left if size < 0 else min(size, left))


def _without_tail(file: BinaryIO) -> BinaryIO:
    """A file without the tags that end it; as it is where these are damaged."""
    with contextlib.suppress(ValueError):
        return cast(BinaryIO, _Front(file, tails.end_of_audio(file)))
    return file
