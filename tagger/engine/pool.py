"""Threads that turn tracks into windows, or find out that they were heard before."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tagger.engine.plan import Halt, Plan
from tagger.errors import FileError, NothingToHearError
from tagger.inference import frontend, vote, window
from tagger.records import Failed, Skipped, Stamp, Track, Window
from tagger.sinks.cache import Cache, Remembered
from tagger.sources import decode

# Windows that may wait for the network, in batches.
_BATCHES_WAITING = 4

# How long a request to end may go unnoticed.
PATIENCE_SECONDS = 0.2


@dataclass(eq=False)
class Hearing:
    """What is known so far of a track that is being heard."""

    track: Track
    logits: list[NDArray[np.float32]] = field(default_factory=list)
    embeddings: list[NDArray[np.float32]] = field(default_factory=list)
    loudness_db: list[float] = field(default_factory=list)
    n_waiting: int = 0
    n_samples: int = 0
    stamp: Stamp | None = None
    all_came: bool = False
    problem: Skipped | Failed | None = None
    remembered: Remembered | None = None


Event: TypeAlias = tuple[Hearing, Window | None] | Failed
"""A window of a track, None after the last, or what was not found."""


class Pool:
    """Threads that turn tracks into windows; soundfile and numpy let the GIL go while they work."""

    def __init__(
        self, tracks: Iterable[Track | Failed], plan: Plan, halt: Halt, cache: Cache | None = None
    ) -> None:
        self._cache = cache
        self._tracks = iter(tracks)
        self._taking = threading.Lock()
        self._plan = plan
        self._halt = halt
        self._closed = threading.Event()
        self._queue: queue.Queue[Event | BaseException | None] = queue.Queue(_BATCHES_WAITING * plan.batch_size)
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(plan.jobs)]
        for thread in self._threads:
            thread.start()

    def events(self) -> Iterator[Event]:
        """Windows as they come, and None after the last of a track."""
        n_working = len(self._threads)
        while n_working and not self._halt.now.is_set():
            try:
                event = self._queue.get(timeout=PATIENCE_SECONDS)
            except queue.Empty:
                continue
            if isinstance(event, BaseException):
                raise event
            if event is None:
                n_working -= 1
            else:
                yield event

    def close(self) -> None:
        """End the threads, also when the run was given up."""
        self._closed.set()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        try:
            while (track := self._take()) is not None:
                if isinstance(track, Failed):
                    self._put(track)
                else:
                    hearing = self._recalled(track)
                    if hearing.remembered is None:
                        self._hear(hearing)
                    self._put((hearing, None))
        except _ClosedError:
            return
        except BaseException as error:  # a defect must end the run, not hang it
            self._put_if_open(error)
        self._put_if_open(None)

    def _take(self) -> Track | Failed | None:
        with self._taking:
            if self._halt.after_tracks_in_hand.is_set():
                return None
            return next(self._tracks, None)

    def _recalled(self, track: Track) -> Hearing:
        """Begin to hear a track, with what was heard in it before."""
        hearing = Hearing(track)
        with contextlib.suppress(OSError):  # decoding says what is wrong with it
            hearing.stamp = Stamp.of(track.path.stat())
            if self._cache is not None:
                hearing.remembered = self._cache.recall(track.path, hearing.stamp, self._plan.way)
        return hearing

    def _hear(self, hearing: Hearing) -> None:
        track, plan = hearing.track, self._plan

        def counted() -> Iterator[NDArray[np.float32]]:
            for block in decode.blocks(track.path, plan.artefact.card.front_end.sample_rate):
                hearing.n_samples += len(block)
                yield block

        frames = frontend.stream(counted(), plan.artefact.card.front_end)
        try:
            for heard in window.slide(frames, plan.window_frames, plan.hop_frames):
                if vote.has_vote(heard):
                    self._put((hearing, heard))
        except NothingToHearError as error:
            hearing.problem = Skipped(track, error.reason)
        except FileError as error:
            hearing.problem = Failed(track, error.reason)
        except _ClosedError:
            raise
        except Exception as error:  # a defect met in one file must not take the others down
            hearing.problem = Failed(track, f"unexpected {type(error).__name__}: {error}")

    def _put(self, event: Event | BaseException | None) -> None:
        while not (self._closed.is_set() or self._halt.now.is_set()):
            try:
                return self._queue.put(event, timeout=PATIENCE_SECONDS)
            except queue.Full:
                continue
        raise _ClosedError

    def _put_if_open(self, event: BaseException | None) -> None:
        try:
            self._put(event)
        except _ClosedError:
            return


class _ClosedError(Exception):
    """Raised inside the pool when nobody listens any more."""
