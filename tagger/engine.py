"""How tracks are heard fast: a pool decodes side by side, the network takes batches across files.

Memory is bounded: windows wait in a queue of fixed length, and whoever fills it waits too.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from math import floor

import numpy as np
from numpy.typing import NDArray

from tagger.errors import FileError, NothingToHearError
from tagger.inference import calibrate, frontend, vote, window
from tagger.inference.artefact import Artefact
from tagger.inference.runtime import Runtime
from tagger.records import Failed, Heard, Score, Skipped, Stamp, Track, Verdict, Window
from tagger.sources import decode

# Windows that may wait for the network, in batches.
_BATCHES_WAITING = 4

# How long a request to end may go unnoticed.
_PATIENCE_SECONDS = 0.2


@dataclass(frozen=True)
class Plan:
    """How a model listens.

    Attributes:
        artefact: The model folder.
        runtime: What computes its network.
        window_frames: Length of a window, in frames.
        hop_frames: Distance of windows, in frames.
        batch_size: Number of windows the network takes at a time, always.
        jobs: Number of tracks decoded side by side.
        vote: A key of `tagger.inference.vote.METHODS`.
        min_confidence: Below it a verdict is "don't know", 0 to 1.
    """

    artefact: Artefact
    runtime: Runtime
    window_frames: int
    hop_frames: int
    batch_size: int = 64
    jobs: int = 1
    vote: str = "soft"
    min_confidence: float = 0.0


class Halt:
    """Asks a run to end: `after_tracks_in_hand` finishes what was begun, `now` drops it."""

    def __init__(self) -> None:
        self.after_tracks_in_hand = threading.Event()
        self.now = threading.Event()


@dataclass(eq=False)
class _Hearing:
    """What is known so far of a track that is being heard."""

    track: Track
    logits: list[NDArray[np.float32]] = field(default_factory=list)
    loudness_db: list[float] = field(default_factory=list)
    n_waiting: int = 0
    n_samples: int = 0
    stamp: Stamp | None = None
    all_came: bool = False
    problem: Skipped | Failed | None = None


def hear(tracks: Iterable[Track | Failed], plan: Plan, halt: Halt | None = None) -> Iterator[Heard]:
    """Give each track a verdict, or the reason why there is none, in order of completion.

    Args:
        tracks: What was found; taken one by one as the pool becomes free.
        plan: How to listen.
        halt: Ends the run early when it is set.
    """
    halt = halt or Halt()
    pool = _Pool(tracks, plan, halt)
    batch: list[tuple[_Hearing, Window]] = []
    try:
        for event in pool.events():
            if isinstance(event, Failed):
                yield event
                continue
            hearing, heard = event
            if heard is not None:
                hearing.n_waiting += 1
                batch.append((hearing, heard))
            else:
                hearing.all_came = True
            done = [hearing] if hearing.all_came else []
            if len(batch) == plan.batch_size:
                done += _compute(batch, plan)
                batch.clear()
            yield from (_conclude(one, plan) for one in done if _is_complete(one))
        done = _compute(batch, plan) if batch and not halt.now.is_set() else []
        yield from (_conclude(one, plan) for one in done if _is_complete(one))
    finally:
        pool.close()


def _compute(batch: list[tuple[_Hearing, Window]], plan: Plan) -> list[_Hearing]:
    """Run the network on a batch, padded to the fixed size, and give the tracks it served, each once."""
    windows = np.zeros((plan.batch_size, *batch[0][1].frames.shape), np.float32)
    for row, (_, heard) in zip(windows, batch, strict=False):
        row[:] = heard.frames
    for (hearing, heard), logits in zip(batch, plan.runtime.logits(windows), strict=False):
        hearing.logits.append(logits)
        hearing.loudness_db.append(heard.loudness_db)
        hearing.n_waiting -= 1
    return list(dict.fromkeys(hearing for hearing, _ in batch))


def _is_complete(hearing: _Hearing) -> bool:
    return hearing.all_came and not hearing.n_waiting


def _conclude(hearing: _Hearing, plan: Plan) -> Heard:
    """All windows are heard: vote."""
    if hearing.problem is not None:
        return hearing.problem
    if not hearing.logits:
        return Skipped(hearing.track, f"silent: no window reaches {vote.SILENT_DB:g} dB")
    card = plan.artefact.card
    windows = calibrate.probabilities(np.stack(hearing.logits), card.calibration)
    track, order = vote.cast(windows, np.array(hearing.loudness_db), plan.vote)
    scores = tuple(Score(card.genres[index], float(track[index])) for index in order)
    named = scores[0].probability >= plan.min_confidence
    return Verdict(
        track=hearing.track,
        scores=scores,
        genre=scores[0].genre if named else None,
        duration_seconds=hearing.n_samples / card.front_end.sample_rate,
        n_windows=len(windows),
        model=card.name,
        stamp=hearing.stamp,
        reason=""
        if named
        else f"confidence {floor(100 * scores[0].probability)} % is below {100 * plan.min_confidence:g} %",
    )


class _Pool:
    """Threads that turn tracks into windows; soundfile and numpy let the GIL go while they work."""

    def __init__(self, tracks: Iterable[Track | Failed], plan: Plan, halt: Halt) -> None:
        self._tracks = iter(tracks)
        self._taking = threading.Lock()
        self._plan = plan
        self._halt = halt
        self._closed = threading.Event()
        self._queue: queue.Queue[tuple[_Hearing, Window | None] | Failed | BaseException | None] = queue.Queue(
            _BATCHES_WAITING * plan.batch_size
        )
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(plan.jobs)]
        for thread in self._threads:
            thread.start()

    def events(self) -> Iterator[tuple[_Hearing, Window | None] | Failed]:
        """Windows as they come, and None after the last of a track."""
        n_working = len(self._threads)
        while n_working and not self._halt.now.is_set():
            try:
                event = self._queue.get(timeout=_PATIENCE_SECONDS)
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
                    self._hear(track)
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

    def _hear(self, track: Track) -> None:
        hearing, plan = _Hearing(track), self._plan

        def counted() -> Iterator[NDArray[np.float32]]:
            with contextlib.suppress(OSError):  # decoding says what is wrong with it
                hearing.stamp = Stamp.of(track.path.stat())
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
        self._put((hearing, None))

    def _put(self, event: tuple[_Hearing, Window | None] | Failed | BaseException | None) -> None:
        while not (self._closed.is_set() or self._halt.now.is_set()):
            try:
                return self._queue.put(event, timeout=_PATIENCE_SECONDS)
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


def ahead(
    tracks: Iterator[Track | Failed],
    on_found: Callable[[int], None],
    on_all_found: Callable[[], None],
    halt: Halt | None = None,
) -> Iterator[Track | Failed]:
    """Let discovery run ahead in a thread of its own, so that the number of tracks is known early.

    Args:
        tracks: What discovery finds.
        on_found: Called, from that thread, with the number found so far.
        on_all_found: Called, from that thread, when there are no more.
        halt: Ends the wait for more when it is set: a list on stdin may take for ever.
    """
    halt = halt or Halt()
    found: queue.SimpleQueue[Track | Failed | BaseException | None] = queue.SimpleQueue()

    def run() -> None:
        try:
            for count, track in enumerate(tracks, 1):
                found.put(track)
                on_found(count)
            on_all_found()
            found.put(None)
        except BaseException as error:
            found.put(error)

    threading.Thread(target=run, daemon=True).start()
    while not halt.after_tracks_in_hand.is_set():
        try:
            track = found.get(timeout=_PATIENCE_SECONDS)
        except queue.Empty:
            continue
        if track is None:
            return
        if isinstance(track, BaseException):
            raise track
        yield track
