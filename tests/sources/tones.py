"""Sound files for these tests, made by NumPy, libsndfile and the ffmpeg command."""

import functools
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from tagger.sources import decode

# Container and coding → (suffix, options of ffmpeg, whether the samples come back exactly).
ENCODINGS: dict[str, tuple[str, str, bool]] = {
    "wav-u8": ("wav", "-c:a pcm_u8", True),
    "wav-s16": ("wav", "-c:a pcm_s16le", True),
    "wav-s24": ("wav", "-c:a pcm_s24le", True),
    "wav-s32": ("wav", "-c:a pcm_s32le", True),
    "wav-f32": ("wav", "-c:a pcm_f32le", True),
    "wav-f64": ("wav", "-c:a pcm_f64le", True),
    "wav-adpcm": ("wav", "-c:a adpcm_ima_wav", False),
    "wav-mp3": ("wav", "-c:a libmp3lame -b:a 192k", False),
    "rf64": ("wav", "-c:a pcm_s16le -rf64 always", True),
    "w64": ("w64", "-c:a pcm_s16le", True),
    "aiff": ("aiff", "-c:a pcm_s16be", True),
    "aifc-f32": ("aiff", "-c:a pcm_f32be", True),
    "flac": ("flac", "-c:a flac", True),
    "flac-24": ("flac", "-c:a flac -sample_fmt s32", True),
    "flac-in-ogg": ("oga", "-c:a flac", True),
    "mp3-vbr": ("mp3", "-c:a libmp3lame -q:a 3", False),
    "mp3-cbr-bare": ("mp3", "-c:a libmp3lame -b:a 128k -write_xing 0 -id3v2_version 0", False),
    "mp2": ("mp2", "-c:a mp2 -b:a 192k", False),
    "vorbis": ("ogg", "-c:a libvorbis -q:a 5", False),
    "opus": ("opus", "-c:a libopus -b:a 128k", False),
    "m4a-aac": ("m4a", "-c:a aac -b:a 160k", False),
    "m4a-alac": ("m4a", "-c:a alac", True),
    "m4a-fragments": ("mp4", "-c:a aac -b:a 160k -movflags frag_keyframe+empty_moov", False),
    "adts": ("aac", "-c:a aac -b:a 160k", False),
    "wma": ("wma", "-c:a wmav2 -b:a 160k", False),
    "wavpack": ("wv", "-c:a wavpack", True),
    "ac3": ("ac3", "-c:a ac3 -b:a 192k", False),
    "eac3": ("eac3", "-c:a eac3 -b:a 192k", False),
    "dts": ("dts", "-c:a dca -strict -2 -b:a 768k", False),
    "caf": ("caf", "-c:a pcm_s16be", True),
    "caf-alac": ("caf", "-c:a alac", True),
    "au": ("au", "-c:a pcm_s16be", True),
    "tta": ("tta", "-c:a tta", True),
    "voc": ("voc", "-c:a pcm_s16le", True),
    "mka-flac": ("mka", "-c:a flac", True),
    "webm-opus": ("webm", "-c:a libopus -b:a 128k", False),
    "mpegts": ("ts", "-c:a aac -b:a 160k", False),
}
SECONDS = 2.0
RATE = 48000
AMPLITUDE = 0.5


def tone(
    seconds: float = SECONDS, sr: int = RATE, *, hz: float = 440.0, amplitude: float = AMPLITUDE
) -> NDArray[np.float32]:
    """A sine, shape (n_samples,)."""
    return (amplitude * np.sin(2 * np.pi * hz * np.arange(round(seconds * sr)) / sr)).astype(np.float32)


def chirp(seconds: float = SECONDS, sr: int = RATE) -> NDArray[np.float32]:
    """A sweep from 100 to 4000 Hz, in which every place sounds different."""
    t = np.arange(round(seconds * sr)) / sr
    return (AMPLITUDE * np.sin(2 * np.pi * (100 * t + 1950 / seconds * t**2))).astype(np.float32)


def heard(path: str | Path, sample_rate: int = RATE, **part: float | None) -> NDArray[np.float32]:
    """All blocks of a file joined."""
    return joined(decode.blocks(path, sample_rate, **part))


def joined(blocks: Iterable[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Blocks of mono, joined."""
    return np.concatenate([np.empty(0, np.float32), *blocks])


def pitch_hz(y: NDArray[np.float32], sr: int) -> float:
    """Frequency of the strongest partial, to about 0.1 Hz."""
    n_fft = 2 ** int(np.ceil(np.log2(max(len(y), 8 * sr))))
    return float(np.argmax(np.abs(np.fft.rfft(y * np.hanning(len(y)), n_fft))) * sr / n_fft)


def lag_samples(y: NDArray[np.float32], reference: NDArray[np.float32], *, most: int = 4000) -> int:
    """How many samples later than in `reference` the same sound comes in `y`."""
    n = 2 ** int(np.ceil(np.log2(len(y) + len(reference))))
    likeness = np.fft.irfft(np.fft.rfft(y, n) * np.conj(np.fft.rfft(reference, n)), n)
    likeness = np.concatenate([likeness[-most:], likeness[: most + 1]])
    return int(np.argmax(likeness)) - most


@functools.cache
def encoded(encoding: str) -> bytes:
    """The bytes of a two-second chirp, stereo at 48 kHz, in one of `ENCODINGS`; skips where ffmpeg cannot."""
    suffix, options, _ = ENCODINGS[encoding]
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "source.wav")
        soundfile.write(source, np.stack([chirp(), chirp()], 1), RATE, subtype="FLOAT")
        return ffmpeg(source, options, suffix)


def ffmpeg_command() -> str:
    """The ffmpeg command; skips where it is not installed."""
    command = shutil.which("ffmpeg")
    if command is None:
        pytest.skip("the ffmpeg command is not installed")
    return command


def ffmpeg(source: Path, options: str, suffix: str) -> bytes:
    """Encode a file with the ffmpeg command and return the bytes; skips where it is missing or cannot."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, f"target.{suffix}")
        done = subprocess.run(
            [ffmpeg_command(), "-v", "error", "-i", source, *options.split(), target],
            capture_output=True,
            check=False,
        )
        if done.returncode:
            pytest.skip(f"this ffmpeg cannot encode {options}: {done.stderr.decode()[:200]}")
        return target.read_bytes()
