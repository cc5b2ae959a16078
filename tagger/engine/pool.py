"""Threads that turn tracks into windows, or find out that they were heard before."""

from __future__ import annotations

import contextlib
import queue
import stat
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tagger.engine.decoders import Decoders
from tagger.engine.excerpts import Excerpts
from tagger.engine.plan import Halt, Plan
from tagger.errors import FileError, NothingToHearError
from tagger.inference import frontend, sampling, vote, window
from tagger.records import Failed, Skipped, Stamp, Track, Window
from tagger.sinks.cache import Cache, Remembered

# Windows that may wait for the network, in batches.
_BATCHES_WAITING = 4

# Tracks that may wait for their next round; each is an open file.
_MOST_WAITING = 32

# How long threads may take to end when the run is dropped; one may be in a read that never returns.
_ENDING_SECONDS = 5.0

# How long a request to end may go unnoticed.
PATIENCE_SECONDS = 0.2

# How long the queue must be empty before a batch that is not full is computed, where all wait for it.
_IDLE_SECONDS = 0.005


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
    round_came: bool = False
    n_rounds: int = 0
    n_taken: int = 0
    n_windows_in_all: int = 0
    is_whole: bool = False
    is_broken: bool = False
    excerpts: Excerpts | None = None
    problem: Skipped | Failed | None = None
    remembered: Remembered | None = None

    @property
    def is_unchanged(self) -> bool:
        """Whether the file is still the one that `stamp` was taken of."""
        try:
            return self.stamp == Stamp.of(self.track.path.stat())
        except OSError:
            return False

    def start_over(self) -> None:
        """Forget what was heard of parts, to hear all."""
        self.close()
        self.logits, self.embeddings, self.loudness_db = [], [], []
        self.is_whole = True

    def close(self) -> None:
        """Close the file."""
        if self.excerpts is not None:
            self.excerpts.close()
            self.excerpts = None


Event: TypeAlias = tuple[Hearing, Window | None] | Failed
"""A window of a track, None after the last, or what was not found."""


class Pool:
    """Threads that turn tracks into windows; soundfile and numpy let the GIL go while they work.

    A track is heard in rounds. After each, whoever takes the events asks for `more` of it or says that it is
    `done`; meanwhile the threads go on with other tracks, of which a bounded number is open at a time.
    """

    def __init__(
        self, tracks: Iterable[Track | Failed | None], plan: Plan, halt: Halt, cache: Cache | None = None
    ) -> None:
        self._cache = cache
        self._tracks = iter(tracks)
        self._plan = plan
        self._halt = halt
        self._decoders = Decoders(plan.jobs)
        self._closed = threading.Event()
        self._queue: queue.Queue[Event | BaseException | None] = queue.Queue(_BATCHES_WAITING * plan.batch_size)
        self._changed = threading.Condition()
        self._again: deque[Hearing] = deque()
        self._most_open = plan.jobs + min(_MOST_WAITING, 2 * plan.batch_size // sampling.FIRST_ROUND)
        self._n_open = self._n_busy = 0
        self._is_taking = self._has_all = False
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(plan.jobs)]
        for thread in self._threads:
            thread.start()

    def events(self) -> Iterator[Event | None]:
        """Windows as they come, None in their place at the end of a round; None alone when all wait for it."""
        n_working = len(self._threads)
        while n_working and not self._halt.now.is_set():
            try:
                event = self._queue.get(timeout=_IDLE_SECONDS if self._n_open else PATIENCE_SECONDS)
            except queue.Empty:
                if not self._n_busy:
                    yield None
                continue
            if isinstance(event, BaseException):
                raise event
            if event is None:
                n_working -= 1
            else:
                yield event

    def more(self, hearing: Hearing) -> None:
        """Ask for the next round of a track."""
        with self._changed:
            self._again.append(hearing)
            self._changed.notify()

    def done(self) -> None:
        """Say that no more is wanted of a track."""
        with self._changed:
            self._n_open -= 1
            self._changed.notify_all()

    def close(self) -> None:
        """End the threads, also when the run was given up."""
        self._closed.set()
        with self._changed:
            self._changed.notify_all()
        self._decoders.close()
        deadline = time.monotonic() + _ENDING_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()) if self._halt.now.is_set() else None)

    def _work(self) -> None:
        try:
            while (job := self._next()) is not None:
                if isinstance(job, Failed):
                    self._put(job)
                    self.done()
                else:
                    self._hear(job)
                    self._put((job, None))
                with self._changed:
                    self._n_busy -= 1
        except _ClosedError:
            return
        except BaseException as error:  # a defect must end the run, not hang it
            self._put_if_open(error)
        self._put_if_open(None)

    def _next(self) -> Hearing | Failed | None:
        """A track that is to be heard further, else a new one; None when there will be neither."""
        while True:
            with self._changed:
                if self._closed.is_set() or self._halt.now.is_set():
                    raise _ClosedError
                self._has_all |= self._halt.after_tracks_in_hand.is_set()
                if self._again:
                    self._n_busy += 1
                    return self._again.popleft()
                if self._has_all and not self._n_open:
                    return None
                if self._has_all or self._is_taking or self._n_open >= self._most_open:
                    self._changed.wait(PATIENCE_SECONDS)
                    continue
                self._is_taking = True
            track = self._taken()
            if isinstance(track, Track):
                return Hearing(track)
            if track is not None:
                return track

    def _taken(self) -> Track | Failed | None:
        """Take a new track, which may take its time to come; None if there is none now, or will be none."""
        track: Track | Failed | None = None
        is_last = True
        try:
            track = next(self._tracks)
            is_last = False
        except StopIteration:
            pass
        finally:
            with self._changed:
                self._is_taking = False
                self._has_all |= is_last
                self._n_open += track is not None
                self._n_busy += track is not None
                self._changed.notify_all()
        return track

    def _hear(self, hearing: Hearing) -> None:
        """Hear one round of a track, or all of it."""
        try:
            if hearing.n_rounds == 0:
                self._recall(hearing)
            hearing.n_rounds += 1
            if hearing.remembered is None and not hearing.is_whole:
                self._hear_round(hearing)
            if hearing.remembered is None and hearing.is_whole:
                self._hear_whole(hearing)
        except NothingToHearError as error:
            hearing.problem = Skipped(hearing.track, error.reason)
        except FileError as error:
            hearing.problem = Failed(hearing.track, error.reason)
        except _ClosedError:
            raise
        except Exception as error:  # a defect met in one file must not take the others down
            hearing.problem = Failed(hearing.track, f"unexpected {type(error).__name__}: {error}")

    def _recall(self, hearing: Hearing) -> None:
        """Begin to hear a track, with what was heard in it before."""
        with contextlib.suppress(OSError):  # decoding says what is wrong with it
            status = hearing.track.path.stat()
            hearing.stamp = Stamp.of(status)
            if self._cache is not None and stat.S_ISREG(status.st_mode):  # a pipe would not let itself be read
                recalled = (
                    self._cache.recall(hearing.track.path, hearing.stamp, way) for way in self._plan.ways
                )
                n_genres = len(self._plan.artefact.card.genres)
                hearing.remembered = next((one for one in recalled if one and one.is_sound(n_genres)), None)
        hearing.is_whole = self._plan.effort == "full"

    def _hear_round(self, hearing: Hearing) -> None:
        """Hear the next few windows of those spread over the track; all of it if that is no more work."""
        plan = self._plan
        try:
            if hearing.excerpts is None:
                hearing.excerpts = Excerpts(hearing.track.path, plan)
            if hearing.excerpts.n_windows < sampling.LEAST_WINDOWS:
                hearing.start_over()
                return
            n_before = hearing.n_taken
            for heard in hearing.excerpts.next_round():
                hearing.n_taken += 1
                if vote.has_vote(heard):
                    self._put((hearing, heard))
            hearing.is_broken = hearing.n_taken == n_before
        except FileError:  # hearing all of it tells what is wrong, or goes round the damage
            hearing.is_broken = True

    def _hear_whole(self, hearing: Hearing) -> None:
        plan = self._plan

        def counted() -> Iterator[NDArray[np.float32]]:
            for block in self._decoders.blocks(hearing.track.path, plan.artefact.card.front_end.sample_rate):
                hearing.n_samples += len(block)
                yield block

        frames = frontend.stream(counted(), plan.artefact.card.front_end)
        for heard in window.slide(frames, plan.window_frames, plan.hop_frames):
            if vote.has_vote(heard):
                self._put((hearing, heard))

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
