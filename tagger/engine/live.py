"""How a live source is heard: windows as they come, a moment for each, and in the end a verdict over all."""

from __future__ import annotations

import math
import time
from array import array
from collections.abc import Callable, Generator, Iterator

import numpy as np
import threadpoolctl

from tagger.engine import conclusion
from tagger.engine.arrivals import Arrival, Arrivals
from tagger.engine.plan import Halt, Plan
from tagger.errors import NothingToHearError
from tagger.inference import calibrate, frontend, vote
from tagger.inference.rolling import Rolling, State
from tagger.records import Gap, Moment, Skipped, Track, Verdict
from tagger.sources.live import Block, Source

# What comes in real time is not kept waiting until a large batch is full.
_LIVE_BATCH = 8

# How long a source that was told to stop may take to give up what it has.
_ENDING_SECONDS = 1.0


class Listening:
    """Hears a source; the thread that reads it is another than the one that asks for its moments.

    Args:
        source: What is listened to.
        plan: How to listen.
        hold_seconds: Time constant of the rolling vote's forgetting, > 0.
        halt: `after_tracks_in_hand` ends it with what came so far, `now` drops that too.
        limit_seconds: How much of the source is heard, gaps included.
        on_block: Given every block that is heard, and every gap, in the thread that reads, which waits for it.

    Attributes:
        lost_seconds: Audio lost so far: gaps, and what was dropped because the network could not keep up.
        is_interrupted: Whether the halt ended it.
    """

    def __init__(
        self,
        source: Source,
        plan: Plan,
        *,
        hold_seconds: float,
        halt: Halt | None = None,
        limit_seconds: float = math.inf,
        on_block: Callable[[Block | Gap], None] = lambda block: None,
    ) -> None:
        self._source, self._plan, self._halt = source, plan, halt or Halt()
        self._limit_seconds, self._on_block = limit_seconds, on_block
        card = plan.artefact.card
        self._sample_rate = card.front_end.sample_rate
        self._rolling = Rolling(card.genres, plan.rule, hold_seconds)
        self._logits, self._loudness_db = array("f"), array("d")
        self._n_told = self._n_lost = self._n_heard = self._n_samples = self._n_reached = 0
        self._nothing = ""
        self.is_interrupted = False

    @property
    def lost_seconds(self) -> float:
        """See the class."""
        n_after = self._n_samples - max(self._n_told, self._n_reached)
        return (self._n_lost + max(0, n_after)) / self._sample_rate

    @property
    def seconds(self) -> float:
        """Length of the source so far, gaps included."""
        return self._n_samples / self._sample_rate

    def moments(self) -> Generator[Moment, None, None]:
        """Hear; a moment for each window, in order. To be called once.

        Raises:
            SourceError: The source cannot be heard, or not any more.
            FileError: It is no audio, or damaged.
        """
        limits = threadpoolctl.threadpool_limits(1, "blas")
        self._warm_up()
        arrivals = Arrivals(self._source, self._plan, self._halt, self._limit_seconds, self._on_block)
        try:
            for batch in self._batches(arrivals):
                yield from self._told(batch)
        except NothingToHearError as error:
            self._nothing = error.reason
        finally:
            self._n_heard, self._n_samples = arrivals.n_heard, arrivals.n_samples
            self._n_reached = arrivals.n_reached
            self.is_interrupted = self._halt.after_tracks_in_hand.is_set()
            arrivals.close()
            limits.restore_original_limits()

    def verdict(self, track: Track) -> Verdict | Skipped:
        """What `tagger scan --effort full` says of all that was heard, once the moments are at their end."""
        if not self._loudness_db:
            return Skipped(
                track, self._nothing or (conclusion.SILENT if self._n_heard else "nothing was heard")
            )
        loudness_db = np.array(self._loudness_db)
        logits = np.array(self._logits, np.float32).reshape(len(loudness_db), -1)
        ranking = conclusion.ranked(logits, loudness_db, self._plan)
        seconds = self._n_heard / self._sample_rate
        return conclusion.verdict(track, ranking, self._plan, seconds, len(loudness_db))

    def _warm_up(self) -> None:
        """Load what is loaded when it is first used, so that the first window does not wait for it."""
        front_end = self._plan.artefact.card.front_end
        frontend.analyse(np.zeros(front_end.n_fft, np.float32), front_end)
        self._plan.runtime.outputs(np.zeros((1, self._plan.window_frames, front_end.n_bands), np.float32))

    def _batches(self, arrivals: Arrivals) -> Iterator[list[Arrival]]:
        """Windows as they come; of a file as many as `scan` computes at a time, for the same numbers."""
        batch: list[Arrival] = []
        n_audible, deadline, n_seen = 0, math.inf, -1
        while not (arrivals.has_ended or self._halt.now.is_set() or time.monotonic() > deadline):
            arrival = arrivals.take()
            if arrivals.n_samples > n_seen:  # only while nothing comes does the clock tell of the limit
                n_seen = arrivals.n_samples
                left = self._limit_seconds - n_seen / self._sample_rate
                limit, deadline = time.monotonic() + left + _ENDING_SECONDS, math.inf
            if arrival is not None:
                batch.append(arrival)
                n_audible += vote.has_vote(arrival.window)
            elif self._halt.after_tracks_in_hand.is_set():
                deadline = min(deadline, time.monotonic() + _ENDING_SECONDS)
            elif self._source.pace == "live":
                deadline = limit
            is_at_hand = self._source.pace == "at hand"
            is_full = n_audible >= (self._plan.batch_size if is_at_hand else _LIVE_BATCH)
            if is_full or (batch and not is_at_hand and arrivals.is_empty):
                yield batch
                batch, n_audible = [], 0
        yield batch
        arrivals.check()

    def _told(self, batch: list[Arrival]) -> Iterator[Moment]:
        """Run the network on the windows that have a vote, and tell of all."""
        audible = [arrival.window.frames for arrival in batch if vote.has_vote(arrival.window)]
        logits = self._plan.runtime.outputs(np.stack(audible))[0] if audible else np.empty((0, 1), np.float32)
        rows = zip(logits, calibrate.probabilities(logits, self._plan.artefact.card.calibration), strict=True)
        for arrival in batch:
            self._n_lost += max(0, arrival.start - self._n_told)
            seconds = max(1, arrival.end - self._n_told) / self._sample_rate
            self._n_told = arrival.end
            self._n_samples = max(self._n_samples, arrival.end)
            if vote.has_vote(arrival.window):
                row, probabilities = next(rows)
                self._logits.extend(map(float, row))
                self._loudness_db.append(arrival.window.loudness_db)
                yield self._moment(arrival, self._rolling.hear(probabilities, seconds))
            else:
                yield self._moment(arrival, self._rolling.rest(seconds))

    def _moment(self, arrival: Arrival, state: State) -> Moment:
        return Moment(
            end_seconds=arrival.end / self._sample_rate,
            scores=state.scores,
            genre=state.genre,
            reason=state.reason,
            is_new=state.is_new,
            level_db=arrival.window.loudness_db,
            is_silent=not vote.has_vote(arrival.window),
            is_clipped=arrival.is_clipped,
            behind_seconds=max(0.0, time.monotonic() - arrival.came_seconds),
            lost_seconds=self._n_lost / self._sample_rate,
        )
