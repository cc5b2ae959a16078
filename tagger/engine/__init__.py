"""How tracks are heard fast: a pool decodes side by side, the network takes batches across files.

Memory is bounded: windows wait in a queue of fixed length, and whoever fills it waits too.
"""

from __future__ import annotations

import dataclasses
import queue
import threading
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import threadpoolctl

from tagger.engine import conclusion
from tagger.engine.plan import Halt, Plan
from tagger.engine.pool import PATIENCE_SECONDS, Hearing, Pool
from tagger.inference import calibrate, sampling
from tagger.records import Failed, Heard, Skipped, Track, Window
from tagger.sinks.cache import Cache, Ranking, Remembered

__all__ = ["Halt", "Plan", "ahead", "hear"]


def hear(
    tracks: Iterable[Track | Failed | None], plan: Plan, halt: Halt | None = None, cache: Cache | None = None
) -> Iterator[Heard]:
    """Give each track a verdict, or the reason why there is none, in order of completion.

    While it runs, BLAS is held to one thread in the whole process: threads of its own on top of those that
    decode keep each other waiting, which was measured to take nine times as long on a busy machine.

    Args:
        tracks: What was found; taken one by one as the pool becomes free. None stands for nothing now, but
            perhaps later; whoever gives it should have waited a little.
        plan: How to listen.
        halt: Ends the run early when it is set.
        cache: What was heard before; None to hear all anew and remember nothing.
    """
    halt = halt or Halt()
    pool = Pool(tracks, plan, halt, cache)
    batch: list[tuple[Hearing, Window]] = []
    limits = threadpoolctl.threadpool_limits(1, "blas")
    try:
        for event in pool.events():
            if isinstance(event, Failed):
                yield event
                continue
            ready: list[Hearing] = []
            if event is not None:
                hearing, heard = event
                if heard is None:
                    hearing.round_came = True
                    ready.append(hearing)
                else:
                    hearing.n_waiting += 1
                    batch.append((hearing, heard))
            if len(batch) == plan.batch_size or (event is None and batch):
                ready += _compute(batch, plan)
                batch.clear()
            for one in ready:
                if one.round_came and not one.n_waiting:
                    if _is_enough(one, plan):
                        pool.done()
                        one.close()
                        yield _conclude(one, plan, cache)
                    else:
                        one.round_came = False
                        pool.more(one)
    finally:
        pool.close()
        limits.restore_original_limits()


def _compute(batch: list[tuple[Hearing, Window]], plan: Plan) -> list[Hearing]:
    """Run the network on a batch, and give the tracks it served, each once."""
    windows = np.stack([heard.frames for _, heard in batch])
    for (hearing, heard), logits, embedding in zip(batch, *plan.runtime.outputs(windows), strict=True):
        hearing.logits.append(logits)
        hearing.embeddings.append(embedding)
        hearing.loudness_db.append(heard.loudness_db)
        hearing.n_waiting -= 1
    return list(dict.fromkeys(hearing for hearing, _ in batch))


def _is_enough(hearing: Hearing, plan: Plan) -> bool:
    """Whether nothing more of a track needs to be heard; where parts of it do not tell, all is heard."""
    if hearing.problem or hearing.remembered or hearing.is_whole:
        return True
    outlook = sampling.Outlook.OPEN
    if hearing.excerpts is not None and not hearing.is_broken:
        n_windows, card = hearing.excerpts.n_windows, plan.artefact.card
        if len(hearing.logits) >= sampling.LEAST_VOTES:
            windows = calibrate.probabilities(np.stack(hearing.logits), card.calibration)
            outlook = sampling.outlook(windows, n_windows, plan.thresholds)
            if plan.effort == "fast" or outlook == sampling.Outlook.DECIDED:
                hearing.n_windows_in_all = 0 if plan.effort == "fast" else n_windows
                hearing.n_samples = round(hearing.excerpts.duration_seconds * card.front_end.sample_rate)
                return True
        if outlook == sampling.Outlook.OPEN and hearing.n_taken < n_windows / 2:
            return False
    hearing.start_over()
    return False


def _conclude(hearing: Hearing, plan: Plan, cache: Cache | None) -> Heard:
    """All windows are heard, or were before: vote, and remember."""
    if isinstance(hearing.problem, Failed):
        return hearing.problem
    found = hearing.remembered or _voted(hearing, plan)
    if cache is not None and hearing.stamp is not None and not hearing.remembered and hearing.is_unchanged:
        cache.remember(hearing.stamp, plan.way, found)
    if found.reason:
        return Skipped(hearing.track, found.reason)
    ranked = Ranking.unpack(found.ranking)
    heard = conclusion.verdict(hearing.track, ranked, plan, found.duration_seconds, found.n_windows)
    return dataclasses.replace(heard, stamp=hearing.stamp)


def _voted(hearing: Hearing, plan: Plan) -> Remembered:
    """What all windows say together."""
    card = plan.artefact.card
    seconds = hearing.n_samples / card.front_end.sample_rate
    if hearing.problem is not None:
        return Remembered(seconds, reason=hearing.problem.reason)
    if not hearing.logits:
        return Remembered(seconds, reason=conclusion.SILENT)
    ranked = conclusion.ranked(
        np.stack(hearing.logits), np.array(hearing.loudness_db), plan, hearing.n_windows_in_all
    )
    return Remembered(
        seconds,
        len(hearing.logits),
        ranking=Ranking.pack(ranked),
        embedding=np.mean(hearing.embeddings, axis=0, dtype=np.float32).tobytes(),
    )


def ahead(
    tracks: Iterator[Track | Failed],
    on_found: Callable[[int], None],
    on_all_found: Callable[[], None],
    halt: Halt | None = None,
) -> Iterator[Track | Failed | None]:
    """Let discovery run ahead in a thread of its own, so that the number of tracks is known early.

    Args:
        tracks: What discovery finds.
        on_found: Called, from that thread, with the number found so far.
        on_all_found: Called, from that thread, when there are no more.
        halt: Ends the wait for more when it is set: a list on stdin may take for ever.

    Yields:
        What is found; None after a while in which nothing was.
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
            track = found.get(timeout=PATIENCE_SECONDS)
        except queue.Empty:
            yield None
            continue
        if track is None:
            return
        if isinstance(track, BaseException):
            raise track
        yield track
