"""Windows of a track heard without what lies between them, each the same as in a run from the start."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from pathlib import Path

from tagger.engine.plan import Plan
from tagger.errors import DecodeError
from tagger.inference import frontend, sampling, window
from tagger.inference.frontend import Frames
from tagger.records import Window
from tagger.sources import decode

_MOST_EXTRA_FRAMES = 32


class Excerpts:
    """The windows of one track, in the order in which they tell most.

    Args:
        path: The file, which stays open.
        plan: How to listen.

    Attributes:
        n_windows: How many full windows the track has; 0 where its length is not known.
    """

    def __init__(self, path: Path, plan: Plan) -> None:
        self._path, self._plan = path, plan
        self._front_end = plan.artefact.card.front_end
        self._file = decode.Excerpts(path, self._front_end.sample_rate)
        self.duration_seconds = self._file.duration_seconds or 0.0
        n_frames = int(self.duration_seconds * self._front_end.sample_rate / self._front_end.hop_length)
        self.n_windows = max(0, (n_frames - plan.window_frames) // plan.hop_frames)
        # Frames between starts at which a part has the samples of the whole; with odd rates they are too many.
        step = self._file.period // math.gcd(self._file.period, self._front_end.hop_length)
        self._step = step if step <= _MOST_EXTRA_FRAMES else 1
        self._order, self._n_next = sampling.order(self.n_windows), sampling.FIRST_ROUND

    def next_round(self) -> Iterator[Window]:
        """Hear the next windows, in the order of the file, which spares seeking.

        Raises:
            DecodeError: The decoder must stop, or the file is shorter than its header claims.
        """
        n_windows, self._n_next = self._n_next, sampling.ROUND
        for number in sorted(itertools.islice(self._order, n_windows)):
            yield self._window(number)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _window(self, number: int) -> Window:
        """Hear a window; the frames at both its ends see what is beyond, as they do in the whole track."""
        hop_length, sample_rate = self._front_end.hop_length, self._front_end.sample_rate
        n_margin = self._front_end.margin_frames
        first = number * self._plan.hop_frames
        n_before = first - max(0, first - n_margin) // self._step * self._step
        n_frames = n_before + self._plan.window_frames + n_margin
        y = self._file.read((first - n_before) * hop_length / sample_rate, n_frames * hop_length / sample_rate)
        frames = frontend.analyse(y, self._front_end)
        inside = slice(n_before, n_before + self._plan.window_frames)
        kept = Frames(frames.values[inside], frames.power[inside])
        if len(kept) < self._plan.window_frames:
            raise DecodeError(self._path, "it ends before its header says so")
        return next(window.slide([kept], self._plan.window_frames, self._plan.hop_frames))
