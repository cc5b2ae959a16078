"""How long the header says the audio is, where the decoders do not tell it as it stands there.

libsndfile shortens the claim of a WAV or AIFF file to what is there, FFmpeg does so for ASF, and both guess for
an MP3; so a file that was cut off could not be told from a whole one.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

from tagger.sources import mpeg

_UNKNOWN_SIZES = (0, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_STREAMED_FROM = (
    0x7FFFF000  # writers to a pipe put the largest size, less some header, in the place of the unknown
)
_PCM_FORMATS = (1, 3, 0xFFFE)
_ASF_FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_ASF_BROADCAST = 1


def seconds(container: str, head: bytes, decoders_claim: float | None) -> float | None:
    """Return the claimed length; None if the header claims none.

    Args:
        container: As named by `sniff.container`.
        head: The first bytes after any ID3v2 tags.
        decoders_claim: What the decoder tells, believed for other containers and where the header is unusual.
    """
    claim = _CLAIMS.get(container)
    return claim(head, decoders_claim) if claim else decoders_claim


def _mpeg_seconds(head: bytes, decoders_claim: float | None) -> float | None:
    """Length by the Xing header; decoders guess without one."""
    length = mpeg.length(head)
    return length.seconds if length else None


def _wav_seconds(head: bytes, decoders_claim: float | None) -> float | None:
    """Length by the data chunk, for PCM and float (Microsoft, Multimedia Programming Interface 1.0, 1991)."""
    order = ">" if head.startswith(b"RIFX") else "<"
    form = bytes_per_second = 0
    for name, at, size in _chunks(head, order):
        if name == b"fmt " and at + 16 <= len(head):
            form, _, _, bytes_per_second = struct.unpack_from(f"{order}HHII", head, at)
        elif name == b"data":
            if size in _UNKNOWN_SIZES or size >= _STREAMED_FROM:
                return None
            return size / bytes_per_second if form in _PCM_FORMATS and bytes_per_second else decoders_claim
    return decoders_claim


def _aiff_seconds(head: bytes, decoders_claim: float | None) -> float | None:
    """Length by the COMM chunk (Apple, Audio Interchange File Format AIFF-C, 1991)."""
    for name, at, _ in _chunks(head, ">"):
        if name == b"COMM" and at + 18 <= len(head):
            _, n_samples, _, exponent, mantissa = struct.unpack_from(">hIhHQ", head, at)
            sr = mantissa * 2.0 ** (min(exponent, 16500) - 16383 - 63)
            return n_samples / sr if n_samples and sr >= 1 else decoders_claim
    return decoders_claim


def _asf_seconds(head: bytes, decoders_claim: float | None) -> float | None:
    """Length by the File Properties Object (Microsoft, Advanced Systems Format 01.20.05, section 3.2)."""
    at = head.find(_ASF_FILE_PROPERTIES)
    if at < 0 or at + 92 > len(head):
        return decoders_claim
    play_100_ns, _, preroll_ms, flags = struct.unpack_from("<QQQI", head, at + 64)
    if flags & _ASF_BROADCAST:
        return None
    return max(0.0, play_100_ns / 1e7 - preroll_ms / 1e3) or None


def _chunks(head: bytes, order: str) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, place and size of each chunk whose start lies within `head`."""
    at = 12
    while at + 8 <= len(head):
        name, size = struct.unpack_from(f"{order}4sI", head, at)
        yield name, at + 8, size
        at += 8 + size + size % 2


_CLAIMS: dict[str, Callable[[bytes, float | None], float | None]] = {
    "mpeg": _mpeg_seconds,
    "wav": _wav_seconds,
    "aiff": _aiff_seconds,
    "asf": _asf_seconds,
}
