"""Frames → overlapping windows.

The law of this module: however a stream is cut, its windows are the same, and each frame is in at least one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from tagger.inference.frontend import Array, Frames
from tagger.records import Window

# Level given to digital silence, whose logarithm does not exist; below what 24 bits can hold.
SILENCE_FLOOR_DB = -150.0


def slide(stream: Iterable[Frames], n_frames: int, hop_frames: int) -> Iterator[Window]:
    """Cut a stream of frames into windows of `n_frames`, one every `hop_frames`.

    The last window ends with the last frame, and so may overlap its neighbour more than the others do. A stream
    that is shorter than a window is repeated until it fills one.

    Args:
        stream: Consecutive frames, in pieces of any length.
        n_frames: Length of a window, in frames.
        hop_frames: Distance of windows, in frames; at most `n_frames`, or frames would be lost.

    Raises:
        ValueError: A length is out of range.
    """
    if n_frames < 1 or not 1 <= hop_frames <= n_frames:
        raise ValueError(f"a hop must be 1 to {n_frames} frames. Received: hop_frames={hop_frames}")
    pending: Frames | None = None
    next_start = 0  # of the next window, counted from the first pending frame
    first_unseen = 0  # the first pending frame that no window holds yet
    for frames in stream:
        pending = frames if pending is None else _join(pending, frames)
        while next_start + n_frames <= len(pending):
            yield _cut(pending, next_start, n_frames)
            first_unseen = next_start + n_frames
            next_start += hop_frames
        # A window's worth of the past is kept: the last window may have to reach back.
        n_done = max(0, min(next_start, len(pending) - n_frames))
        pending = Frames(pending.values[n_done:], pending.power[n_done:])
        next_start, first_unseen = next_start - n_done, first_unseen - n_done
    if pending is not None and first_unseen < len(pending):
        yield _cut(pending, max(0, len(pending) - n_frames), n_frames)


def level_db(power: Array) -> float:
    """Mean of powers, shape (n_frames,), in dB relative to full scale."""
    mean = float(np.mean(power, dtype=np.float64))
    return max(SILENCE_FLOOR_DB, 10 * float(np.log10(mean))) if mean > 0 else SILENCE_FLOOR_DB


def _cut(frames: Frames, start: int, n_frames: int) -> Window:
    values, power = frames.values[start : start + n_frames], frames.power[start : start + n_frames]
    if len(values) < n_frames:
        values = values[np.arange(n_frames) % len(values)]
    return Window(values.copy(), level_db(power))  # a view would keep its whole piece in memory


def _join(first: Frames, second: Frames) -> Frames:
    return Frames(np.concatenate([first.values, second.values]), np.concatenate([first.power, second.power]))
