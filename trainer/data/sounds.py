"""What sound files hold: decoded once, side by side, and kept by path, size and time of change."""

from __future__ import annotations

import concurrent.futures
import hashlib
import json
import os
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tagger.errors import FileError, OutputError
from tagger.sources import decode
from trainer.data import features, fingerprint
from trainer.data.fingerprint import Fingerprint
from trainer.progress import Progress

# Bump when fingerprints change, or what is kept beside them.
_VERSION = 2

_SILENT_PEAK = 1e-4


@dataclass(frozen=True, eq=False)
class Sound:
    """What a file holds.

    Attributes:
        seconds: Length of what decodes.
        sample_rate: Of the file, in Hz.
        codec: The decoder's name for the coding.
        peak: Greatest sample below 2.7 kHz, full scale being 1.
        fingerprint: What it is known by.
        digest: Of the samples below 2.7 kHz, in hexadecimal: copies of a file have the same, whatever their
            tags say.
    """

    seconds: float
    sample_rate: int
    codec: str
    peak: float
    fingerprint: Fingerprint
    digest: str

    @property
    def is_silent(self) -> bool:
        """Whether nothing in it is louder than -80 dB."""
        return self.peak < _SILENT_PEAK


Outcome: TypeAlias = Sound | str
"""A sound, or why a file does not decode."""


def hear(paths: Iterable[Path], folder: Path, progress: Progress, *, jobs: int = 0) -> dict[Path, Outcome]:
    """Decode files, but for those that were decoded before and did not change since.

    Args:
        paths: Sound files; one given twice is decoded once.
        folder: Where it is kept what they hold.
        progress: Told of every file.
        jobs: Files decoded side by side; 0 means one for each core.

    Raises:
        OutputError: The folder cannot be written.
    """
    files = list(dict.fromkeys(paths))
    progress.stage("Listening", len(files))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return dict(_heard(files, folder, progress, jobs or os.cpu_count() or 1))
    except OSError as error:
        raise OutputError(f"{folder}: cannot keep what was heard: {error.strerror}") from error


def _heard(files: list[Path], folder: Path, progress: Progress, jobs: int) -> Iterator[tuple[Path, Outcome]]:
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(_one, path, folder) for path in files]
        try:
            for path, future in zip(files, futures, strict=True):
                yield path, future.result()
                progress.advance()
        finally:
            pool.shutdown(cancel_futures=True)


def _one(path: Path, folder: Path) -> Outcome:
    try:
        stat = path.stat()
    except OSError as error:
        return (error.strerror or "cannot be read").lower()
    identity = json.dumps([os.fspath(path.resolve()), stat.st_size, stat.st_mtime_ns, _VERSION])
    key = hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()
    kept = folder / key[:2] / f"{key[:32]}.npz"
    if (known := _load(kept)) is not None:
        return known
    try:
        sound = _decoded(path)
    except FileError as error:
        return error.reason
    _keep(sound, kept)
    return sound


def _decoded(path: Path) -> Sound:
    """What a file holds.

    Raises:
        FileError: It does not decode, or holds nothing.
    """
    n_samples, peak, digest = 0, 0.0, hashlib.blake2b(digest_size=16)

    def passing() -> Iterator[NDArray[np.float32]]:
        nonlocal n_samples, peak
        for block in decode.blocks(path, fingerprint.SAMPLE_RATE):
            n_samples += len(block)
            peak = max(peak, float(np.abs(block).max()))
            digest.update(block.tobytes())
            yield block

    info = decode.probe(path)
    known_by = fingerprint.of(passing())
    seconds = n_samples / fingerprint.SAMPLE_RATE
    return Sound(seconds, info.sample_rate, info.codec, peak, known_by, digest.hexdigest())


def _load(kept: Path) -> Sound | None:
    """What was kept; None if nothing was, or it is damaged."""
    try:
        with features.PARSING, np.load(kept, allow_pickle=False) as held:
            return Sound(
                float(held["seconds"]),
                int(held["sample_rate"]),
                str(held["codec"]),
                float(held["peak"]),
                Fingerprint(held["bits"], held["audible"]),
                str(held["digest"]),
            )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _keep(sound: Sound, kept: Path) -> None:
    kept.parent.mkdir(exist_ok=True)
    partial = kept.with_suffix(f".{os.getpid()}.partial")
    with partial.open("wb") as stream:
        np.savez(
            stream,
            seconds=sound.seconds,
            sample_rate=sound.sample_rate,
            codec=sound.codec,
            peak=sound.peak,
            bits=sound.fingerprint.bits,
            audible=sound.fingerprint.audible,
            digest=sound.digest,
        )
    partial.replace(kept)
