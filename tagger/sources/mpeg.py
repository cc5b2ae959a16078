"""MPEG audio (MP1, MP2, MP3) frame headers, and the Xing header that tells the length.

Source: ISO/IEC 11172-3 and 13818-3; the Xing and VBRI layouts as described at
https://www.codeproject.com/Articles/8295/MPEG-Audio-Frame-Header
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

# Bit rates in kbit/s by (is MPEG 1, layer); index 0 (free format) and 15 are not supported by any decoder here.
_BIT_RATES = {
    (True, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_SAMPLE_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_SAMPLES_PER_FRAME = {(True, 1): 384, (True, 2): 1152, (True, 3): 1152}
_SAMPLES_PER_FRAME |= {(False, 1): 384, (False, 2): 1152, (False, 3): 576}


@dataclass(frozen=True, slots=True)
class Header:
    """The four bytes in front of every frame.

    Attributes:
        layer: 1, 2 or 3.
        is_mpeg1: Whether it is MPEG 1 rather than 2 or 2.5.
        sample_rate: In Hz.
        is_mono: Whether there is one channel.
        n_bytes: Length of the frame with its header.
    """

    layer: int
    is_mpeg1: bool
    sample_rate: int
    is_mono: bool
    n_bytes: int

    @property
    def n_samples(self) -> int:
        """Samples that the frame decodes to."""
        return _SAMPLES_PER_FRAME[self.is_mpeg1, self.layer]


@dataclass(frozen=True, slots=True)
class Length:
    """What a Xing or Info header claims.

    Attributes:
        seconds: Length of the audio.
        n_bytes: Bytes from the first frame to the end of the last; None if not said.
    """

    seconds: float
    n_bytes: int | None


def header(data: bytes, at: int) -> Header | None:
    """Return the frame header that begins at byte `at`, or None if there is none."""
    if at + 4 > len(data) or data[at] != 0xFF or data[at + 1] & 0xE0 != 0xE0:
        return None
    version, layer = data[at + 1] >> 3 & 3, 4 - (data[at + 1] >> 1 & 3)
    bit_rate_index, rate_index, is_padded = data[at + 2] >> 4, data[at + 2] >> 2 & 3, data[at + 2] >> 1 & 1
    if version == 1 or layer == 4 or bit_rate_index in (0, 15) or rate_index == 3:
        return None
    sr = _SAMPLE_RATES[version][rate_index]
    bits = _BIT_RATES[version == 3, layer][bit_rate_index - 1] * 1000
    slot = 4 if layer == 1 else 1
    n_bytes = (_SAMPLES_PER_FRAME[version == 3, layer] // 8 * bits // sr // slot + is_padded) * slot
    return Header(layer, version == 3, sr, data[at + 3] >> 6 == 3, n_bytes)


def first_frame(data: bytes) -> int | None:
    """Return where the first frame begins, or None.

    Text and pictures hold sync words by chance, so a frame counts only if two more like it follow; at byte 0
    one more is enough, and none if the data ends before the next.
    """
    if _n_chained(data, 0) >= 2 or (_n_chained(data, 0) == 1 and _ends_in_first_frame(data)):
        return 0
    return next((at for at in _sync_words(data) if _n_chained(data, at) >= 3), None)


def length(data: bytes) -> Length | None:
    """Return what the Xing or Info header in the first frame claims; None without one."""
    at = first_frame(data)
    frame = None if at is None else header(data, at)
    if at is None or frame is None:
        return None
    side_info = (17 if frame.is_mono else 32) if frame.is_mpeg1 else (9 if frame.is_mono else 17)
    tag = data[at + 4 + side_info : at + 4 + side_info + 16]
    if len(tag) < 16 or tag[:4] not in (b"Xing", b"Info"):
        return None
    flags, n_frames, n_bytes = struct.unpack(">III", tag[4:])
    if not flags & 1 or not n_frames:
        return None
    return Length(n_frames * frame.n_samples / frame.sample_rate, n_bytes if flags & 2 else None)


def _sync_words(data: bytes) -> Iterator[int]:
    """Yield every place of a byte 0xFF."""
    at = data.find(b"\xff")
    while at >= 0:
        yield at
        at = data.find(b"\xff", at + 1)


def _n_chained(data: bytes, at: int) -> int:
    """Count the frames of one kind, up to three, that follow each other from byte `at`."""
    first = header(data, at)
    n, frame = 0, first
    while first and frame and n < 3:
        if (frame.layer, frame.is_mpeg1, frame.sample_rate) != (first.layer, first.is_mpeg1, first.sample_rate):
            break
        n, at = n + 1, at + frame.n_bytes
        frame = header(data, at)
    return n


def _ends_in_first_frame(data: bytes) -> bool:
    """Return whether the data ends with or within its first frame, whose header is known to be good."""
    frame = header(data, 0)
    return frame is not None and 4 < len(data) < frame.n_bytes + 4
