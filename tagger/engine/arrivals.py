"""From a live source to windows that wait for the network, in a thread of its own.

The thread that reads never waits for the network where the source does not wait: then the oldest windows give
way, and whoever takes the others sees from their places what is missing.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

import numpy as np

from tagger.engine.plan import Halt, Plan
from tagger.engine.pool import PATIENCE_SECONDS
from tagger.inference import frontend, window
from tagger.inference.clipping import Clipping
from tagger.records import Gap, Window
from tagger.sources.live import Block, Source

# How far the network may fall behind before windows are dropped, and how much memory that may take.
_MOST_BEHIND_SECONDS = 30.0
_LEAST_WAITING, _MOST_WAITING = 2, 256

# How long the thread that reads is waited for in the end.
_CLOSING_SECONDS = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Arrival:
    """A window, and where it is.

    Attributes:
        window: The window.
        start: Its first sample, counted from the start of the source, gaps included.
        end: The sample after its last.
        came_seconds: When its last sample came, on the monotonic clock.
        is_clipped: Whether samples of it are at the limit of what the source can tell.
    """

    window: Window
    start: int
    end: int
    came_seconds: float
    is_clipped: bool


class Arrivals:
    """Reads a source in a thread, and keeps its windows until they are taken.

    Args:
        source: What is listened to.
        plan: How to listen.
        halt: Ends it when it is set.
        limit_seconds: How much of the source is heard, gaps included.
        on_block: Given every block that is heard, and every gap; the source waits for it.

    Attributes:
        n_heard: Number of samples that came.
        n_samples: Length of the source so far, in samples, gaps included.
        n_reached: Where the last sample that came is in it.
    """

    def __init__(
        self,
        source: Source,
        plan: Plan,
        halt: Halt,
        limit_seconds: float,
        on_block: Callable[[Block | Gap], None],
    ) -> None:
        self._source, self._plan, self._halt = source, plan, halt
        self._on_block = on_block
        self._front_end = plan.artefact.card.front_end
        self._limit = limit_seconds * self._front_end.sample_rate
        hop_seconds = plan.hop_frames / self._front_end.frames_per_second
        self._n_most = round(min(max(_MOST_BEHIND_SECONDS / hop_seconds, _LEAST_WAITING), _MOST_WAITING))
        self.n_heard = self.n_samples = self.n_reached = 0
        self._n_section, self._gap, self._came_seconds = 0, 0, 0.0
        self._is_over = False
        self._changed = threading.Condition()
        self._waiting: deque[Arrival] = deque()
        self._has_ended = False
        self._problem: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="source", daemon=True)
        self._thread.start()

    def take(self) -> Arrival | None:
        """The next window; None if there is none for the moment."""
        with self._changed:
            if not self._waiting and not self._has_ended:
                self._changed.wait(PATIENCE_SECONDS)
            self._changed.notify_all()
            return self._waiting.popleft() if self._waiting else None

    @property
    def is_empty(self) -> bool:
        """Whether no window waits."""
        return not self._waiting

    @property
    def has_ended(self) -> bool:
        """Whether there will be no more windows."""
        with self._changed:
            return self._has_ended and not self._waiting

    def check(self) -> None:
        """Raise what was wrong with the source, if anything."""
        if self._problem is not None:
            raise self._problem

    def close(self) -> None:
        """Let the thread and the source end; a read may return late."""
        self._halt.after_tracks_in_hand.set()
        self._halt.now.set()
        with self._changed:
            self._changed.notify_all()
        self._thread.join(_CLOSING_SECONDS)

    def _run(self) -> None:
        try:
            with contextlib.closing(self._blocks()) as blocks:
                while not self._is_over:
                    self._hear_section(blocks)
        except BaseException as error:  # a defect must end the run, not hang it
            self._problem = error
        with self._changed:
            self._has_ended = True
            self._changed.notify_all()

    def _blocks(self) -> Generator[Block | Gap, None, None]:
        """What the source gives, up to the limit; what is wrong with it is kept for the end."""
        n_left = self._limit
        try:
            for block in self._source.blocks():
                if isinstance(block, Gap):
                    n_left -= block.seconds * self._front_end.sample_rate
                    yield block
                elif len(block):
                    yield block[: int(min(len(block), np.ceil(n_left)))]
                    n_left -= len(block)
                if self._halt.now.is_set() or n_left <= 0:
                    break
        except Exception as error:
            self._problem = error
        self._is_over = True

    def _hear_section(self, blocks: Iterator[Block | Gap]) -> None:
        """Hear up to the next gap, or the end."""
        plan, front_end = self._plan, self._front_end
        first, is_part = self.n_samples, self.n_samples > 0
        self._n_section, self._gap = 0, 0
        clipping = Clipping()
        frames = frontend.stream(self._section(blocks, clipping), front_end)
        for number, heard in enumerate(window.slide(frames, plan.window_frames, plan.hop_frames)):
            start, end = self._place(number)
            is_part |= not self._is_over
            if end - start < self._reach // 2 and is_part:
                continue  # a crumb between gaps, which would have the vote of a whole window
            late = max(0, self._n_section - end) / front_end.sample_rate if self._source.pace == "live" else 0.0
            is_clipped = clipping.within(start, end)
            self._put(Arrival(heard, first + start, first + end, self._came_seconds - late, is_clipped))
        self.n_samples += self._gap

    def _section(self, blocks: Iterator[Block | Gap], clipping: Clipping) -> Iterator[Block]:
        for block in blocks:
            self._came_seconds = time.monotonic()
            self._on_block(block)
            if isinstance(block, Gap):
                self._gap = round(block.seconds * self._front_end.sample_rate)
                return
            clipping.add(block)
            self._n_section += len(block)
            self.n_samples += len(block)
            self.n_reached = self.n_samples
            self.n_heard += len(block)
            yield block

    @property
    def _reach(self) -> int:
        """Number of samples that a window sees."""
        front_end, n_frames = self._front_end, self._plan.window_frames
        if front_end.is_spectral:
            return (n_frames - 1) * front_end.hop_length + front_end.n_fft
        return n_frames * front_end.hop_length

    def _place(self, number: int) -> tuple[int, int]:
        """First sample of a window of the section, and the one after its last."""
        n_before = self._front_end.n_fft // 2 if self._front_end.is_spectral else 0
        start = number * self._plan.hop_frames * self._front_end.hop_length - n_before
        end = min(start + self._reach, self._n_section)
        if end == self._n_section:  # the last one reaches back
            start = min(start, end - self._reach)
        return max(0, start), end

    def _put(self, arrival: Arrival) -> None:
        with self._changed:
            while len(self._waiting) >= self._n_most and not self._halt.now.is_set():
                if self._source.pace == "live":
                    self._waiting.popleft()
                else:
                    self._changed.wait(PATIENCE_SECONDS)
            self._waiting.append(arrival)
            self._changed.notify_all()
