"""Frames of whole clips, computed once and kept: one file each, memory-mapped.

Spectrograms are kept as float16: their values lie between -100 and 128 dB, where it errs by 0.03 dB at most.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import hashlib
import json
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.errors import FileError, OutputError
from tagger.inference import frontend
from tagger.inference.frontend import Array, FrontEnd
from tagger.sources import decode
from trainer.data.variants import Variant
from trainer.progress import Progress

# Bump when the numbers of the front-end change with the same parameters.
_VERSION = 2

# Starting a process costs as much as hearing this many clips.
_CLIPS_WORTH_A_PROCESS = 16

PARSING = threading.Lock()
"""Held while NumPy parses headers, which it does as Python: in threads at once that fails at times.

See CPython issue 106905.
"""


@dataclass(frozen=True)
class Hearing:
    """How clips are heard.

    Attributes:
        front_end: How audio becomes frames.
        variant: How it is changed before; None leaves it as it is.
    """

    front_end: FrontEnd
    variant: Variant | None = None


@dataclass(frozen=True)
class Features:
    """The frames of clips.

    Attributes:
        files: For each clip that decodes, its frames: shape (n_frames, n_bands), float16 or float32.
        left_out: For each clip that does not, the reason.
    """

    files: Mapping[Path, Path]
    left_out: Mapping[Path, str]


def build(
    paths: Iterable[Path],
    front_end: FrontEnd,
    folder: Path,
    progress: Progress,
    *,
    jobs: int = 0,
    variant: Variant | None = None,
) -> Features:
    """Compute the frames that are not there yet, side by side; a clip that does not decode is left out.

    Args:
        paths: Sound files; one given twice counts once.
        front_end: How to hear them.
        folder: Where frames are kept from run to run.
        progress: Told of every clip.
        jobs: Number of processes; 0 means one for each core.
        variant: How the clips are changed before they are heard.

    Raises:
        OutputError: The folder cannot be written.
    """
    clips = list(dict.fromkeys(paths))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        progress.stage(f"Reading clips, {variant.name}" if variant else "Reading clips", len(clips))
        files, left_out = {}, {}
        hearing = Hearing(front_end, variant)
        for path, outcome in _outcomes(clips, hearing, folder, jobs or os.cpu_count() or 1):
            progress.advance()
            if isinstance(outcome, Path):
                files[path] = outcome
            else:
                left_out[path] = outcome
    except OSError as error:
        raise OutputError(f"{folder}: cannot keep what is heard: {error.strerror}") from error
    in_order = {path: files[path] for path in clips if path in files}
    return Features(in_order, left_out)


def dtype_of(front_end: FrontEnd) -> type[np.floating]:
    """The type in which frames are kept."""
    return np.float16 if front_end.is_spectral else np.float32


def keep(frames: NDArray[np.floating], file: Path) -> None:
    """Write frames so that the file is there whole or not at all.

    Args:
        frames: Shape (n_frames, n_bands), of the type that `dtype_of` says.
        file: Where; its folder's parent must be there.
    """
    file.parent.mkdir(exist_ok=True)
    partial = file.with_suffix(f".{os.getpid()}.partial")
    with partial.open("wb") as stream:
        np.save(stream, frames)
    partial.replace(file)


def load(file: Path) -> NDArray[np.floating]:
    """The frames in a file, memory-mapped; may be called in several threads."""
    stat = file.stat()
    with PARSING:
        dtype, shape, offset = _header(file, stat.st_size, stat.st_mtime_ns)
    return np.memmap(file, dtype, "r", offset, shape)


@lru_cache(maxsize=1 << 20)
def _header(file: Path, size: int, mtime_ns: int) -> tuple[np.dtype[Any], tuple[int, ...], int]:
    """Type and shape of the frames in a file of this size and age, and where they begin in it."""
    mapped = np.load(file, mmap_mode="r", allow_pickle=False)
    return mapped.dtype, mapped.shape, mapped.offset


def _outcomes(
    clips: list[Path], hearing: Hearing, folder: Path, jobs: int
) -> Iterator[tuple[Path, Path | str]]:
    """For each clip its frames or why there is none, in order of completion."""
    missing = []
    for path in clips:
        file = _place(path, hearing, folder)
        if isinstance(file, Path) and not file.exists():
            missing.append((path, hearing, file))
        else:
            yield path, file
    jobs = min(jobs, len(missing) // _CLIPS_WORTH_A_PROCESS)
    if jobs < 2:
        yield from (_compute(*one) for one in missing)
        return
    # "spawn" is the one way of starting that is safe beside the threads of TensorFlow.
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(jobs, context, _leave_interrupts) as pool:
        futures = [pool.submit(_compute, *one) for one in missing]
        try:
            yield from (future.result() for future in concurrent.futures.as_completed(futures))
        finally:
            pool.shutdown(cancel_futures=True)


def _leave_interrupts() -> None:
    """Leave Ctrl-C to the process that waits for this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _place(path: Path, hearing: Hearing, folder: Path) -> Path | str:
    """Where the frames of a clip are kept, by the identity of its content, or why it cannot be had."""
    try:
        stat = path.stat()
    except OSError as error:
        return error.strerror or "cannot be read"
    identity = {
        "path": os.fspath(path.resolve()),
        "size": stat.st_size,
        "mtime_ns": stat.st_mtime_ns,
        "front_end": dataclasses.asdict(hearing.front_end),
        "variant": hearing.variant.identity if hearing.variant else "",
        "version": _VERSION,
    }
    key = hashlib.sha256(json.dumps(identity, sort_keys=True).encode("utf-8", "surrogateescape")).hexdigest()
    return folder / key[:2] / f"{key[:32]}.npy"


def _compute(path: Path, hearing: Hearing, file: Path) -> tuple[Path, Path | str]:
    front_end, variant = hearing.front_end, hearing.variant
    dtype = dtype_of(front_end)
    try:
        blocks: Iterable[Array] = decode.blocks(path, front_end.sample_rate)
        if variant:
            blocks = [variant.apply(np.concatenate([*blocks, np.empty(0, np.float32)]), front_end.sample_rate)]
        pieces = [frames.values.astype(dtype, copy=False) for frames in frontend.stream(blocks, front_end)]
    except FileError as error:
        return path, error.reason
    if not pieces:
        return path, "holds no samples"
    keep(np.concatenate(pieces), file)
    return path, file
