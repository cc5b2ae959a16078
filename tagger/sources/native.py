"""What a decoder hands over before anything is mixed or resampled."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

NativeBlock: TypeAlias = tuple[NDArray[np.float32], int]
"""Samples of shape (n_samples, n_channels), full scale at ±1, and their sample rate in Hz."""

SAMPLE_RATES = range(1_000, 12_000_000)
"""Sample rates in Hz that music can have (DSD512 has 11.3 MHz); a header that says otherwise is damaged."""

BLOCK_VALUES = 2**17
"""Number of values, over all channels, that a decoder aims at for one block."""


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """What the header of a sound file says.

    Attributes:
        duration_seconds: Length the header claims; None where it claims none, as in MP3 without a Xing header.
        sample_rate: Native sample rate in Hz.
        n_channels: Number of channels.
        codec: The decoder's name for the coding, in lower case.
        decoder: The library that decodes it.
    """

    duration_seconds: float | None
    sample_rate: int
    n_channels: int
    codec: str
    decoder: Literal["soundfile", "av"]


class Reader(Protocol):
    """An opened sound file; both decoders have this shape."""

    info: AudioInfo

    def blocks(self, start_seconds: float, wanted_seconds: float = math.inf) -> Iterator[NativeBlock]:
        """Samples from `start_seconds` to the end, in bounded blocks; raises `DecodeError` if it must stop.

        Blocks are cut so that one ends where `wanted_seconds` are full: whoever stops there decodes no more.
        """

    def close(self) -> None:
        """Give back the decoder's memory; the file object stays open."""
