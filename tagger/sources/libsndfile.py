"""WAV, AIFF, FLAC, MP3 and their kin by libsndfile; where soundfile decodes.

Ogg is not among them: FFmpeg decodes Vorbis and Opus about twice as fast.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
import soundfile

from tagger.errors import DecodeError
from tagger.sources import native

CONTAINERS = frozenset({"wav", "rf64", "w64", "aiff", "8svx", "flac", "mpeg", "caf", "au"})
_MIN_BLOCK_SAMPLES = 256
_PRE_ROLL_SECONDS = 0.5  # after a seek, MP3 frames lack the bits that earlier frames hold for them
# libsndfile answers with a length near 2**63 where the header says "unknown", and then loses the last samples.
_UNKNOWN_LENGTH = 2**48


class LibsndfileReader:
    """A sound file opened by libsndfile.

    Args:
        path: Named in errors only.
        file: Opened for reading. Its descriptor is used, so that neither the suffix nor the encoding of the
            name can matter.

    Raises:
        DecodeError: If libsndfile refuses the file.
    """

    def __init__(self, path: str | os.PathLike[str], file: BinaryIO) -> None:
        self._path = path
        file.seek(0)
        os.lseek(file.fileno(), 0, os.SEEK_SET)
        try:
            self._sound = _Stream(file.fileno(), closefd=False)
        except (soundfile.SoundFileError, TypeError, ValueError) as exc:
            raise DecodeError(path, _reason(exc)) from exc
        self._has_moved = False
        sr, n_samples = self._sound.samplerate, self._sound.frames
        if sr not in native.SAMPLE_RATES or n_samples >= _UNKNOWN_LENGTH:
            self.close()
            raise DecodeError(path, f"its header claims {n_samples} samples at {sr} Hz")
        codec = self._sound.subtype.lower()
        self.info = native.AudioInfo(n_samples / sr, sr, self._sound.channels, codec, "soundfile")

    def blocks(self, start_seconds: float, wanted_seconds: float = math.inf) -> Iterator[native.NativeBlock]:
        """Samples from `start_seconds` on, exact to one sample, to the end or to where libsndfile gives up."""
        sr, n_channels = self.info.sample_rate, self.info.n_channels
        n_most = max(_MIN_BLOCK_SAMPLES, native.BLOCK_VALUES // n_channels)
        try:
            start = round(start_seconds * sr)
            n_early = min(start, round(_PRE_ROLL_SECONDS * sr)) if self.info.codec.startswith("mpeg") else 0
            if start >= self._sound.frames:
                return
            if start or self._has_moved:
                self._sound.seek(start - n_early)
            self._has_moved = True
            n_wanted = math.inf if wanted_seconds == math.inf else n_early + math.ceil(wanted_seconds * sr)
            while True:
                n_samples = int(min(n_most, n_wanted)) if n_wanted > 0 else n_most
                block = self._sound.read(out=np.empty((n_samples, n_channels), np.float32))
                if not len(block):
                    return
                n_wanted -= len(block)
                heard, n_early = block[n_early:], max(0, n_early - len(block))
                if len(heard):
                    yield heard, sr
        except (soundfile.SoundFileError, ValueError) as exc:
            raise DecodeError(self._path, _reason(exc)) from exc

    def close(self) -> None:
        """Give back the decoder's memory; the file object stays open."""
        self._sound.close()


class _Stream(soundfile.SoundFile):
    """A sound file that is read without a seek after every block.

    soundfile does that for whatever is seekable; in an MP3 it makes a crack, and at the end of a file that was
    cut off it loses the last block.
    """

    def seekable(self) -> bool:
        return False


def _reason(exc: Exception) -> str:
    """Return libsndfile's own words without its prefix, which names a file descriptor."""
    words = exc.error_string if isinstance(exc, soundfile.LibsndfileError) else str(exc)
    return words.strip().rstrip(".").lower() or "libsndfile gives no reason"
