"""One track heard from start to end, with what every window said and where it is."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import threadpoolctl
from numpy.typing import NDArray

from tagger.engine import conclusion
from tagger.engine.plan import Halt, Plan
from tagger.engine.pool import PATIENCE_SECONDS
from tagger.errors import DecodeError, NothingToHearError
from tagger.inference import calibrate, frontend, vote, window
from tagger.inference.frontend import Array, Frames
from tagger.records import Track, Verdict, Window
from tagger.sources import decode

_POINT_SECONDS = 0.05
_MOST_AHEAD = 128


@dataclass(frozen=True, eq=False)
class Whole:
    """What was heard in a track.

    Attributes:
        path: The file.
        plan: How it was heard.
        duration_seconds: Length of the decoded audio.
        places: Start and end of each window, in seconds, shape (n_windows, 2).
        loudness_db: Level of each window, shape (n_windows,).
        is_audible: Whether a window has a vote, shape (n_windows,).
        logits: Of the windows that have a vote, shape (n_audible, n_genres).
        embedding: Mean of their embeddings, shape (n_values,); empty for networks without.
        lows: Least sample of each `point_seconds` of the track.
        highs: Greatest sample of each.
        point_seconds: Length of such a stretch.
    """

    path: Path
    plan: Plan
    duration_seconds: float
    places: NDArray[np.float64]
    loudness_db: NDArray[np.float64]
    is_audible: NDArray[np.bool_]
    logits: Array
    embedding: Array
    lows: Array
    highs: Array
    point_seconds: float

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """Calibrated, of the windows that have a vote, shape (n_audible, n_genres)."""
        return calibrate.probabilities(self.logits, self.plan.artefact.card.calibration)

    @property
    def by_window(self) -> NDArray[np.float64]:
        """The same of all windows, shape (n_windows, n_genres); NaN of those without a vote."""
        rows = np.full((len(self.places), self.logits.shape[1]), np.nan)
        rows[self.is_audible] = self.probabilities
        return rows

    def verdict(self) -> Verdict:
        """What `tagger scan --effort full` says of the track."""
        ranking = conclusion.ranked(self.logits, self.loudness_db[self.is_audible], self.plan)
        return conclusion.verdict(Track(self.path), ranking, self.plan, self.duration_seconds, len(self.logits))


def hear(
    path: Path, plan: Plan, halt: Halt | None = None, *, on_heard: Callable[[float], None] | None = None
) -> Whole:
    """Hear all of a track; memory grows by some hundred bytes for a window.

    Args:
        path: The file.
        plan: How to listen; its effort does not matter.
        halt: Ends it early when it is set, with what was heard so far.
        on_heard: Called after each window with the seconds that were heard so far.

    Raises:
        DecodeError: It cannot be decoded.
        NothingToHearError: It holds no audio, or no window is loud enough to have a vote.
    """
    run = _Run(plan, halt or Halt())
    with threadpoolctl.threadpool_limits(1, "blas"):  # as in a scan, for the same numbers
        blocks = decode.blocks(path, plan.artefact.card.front_end.sample_rate)
        with contextlib.closing(_ahead(run.windows(blocks))) as heard_ahead:
            for heard in heard_ahead:
                run.add(heard)
                if on_heard is not None:
                    on_heard(run.seconds)
        run.compute()
    if not run.logits:
        raise NothingToHearError(path, conclusion.SILENT)
    rate = plan.artefact.card.front_end.sample_rate
    lows, highs = run.outline.points()
    return Whole(
        path=path,
        plan=plan,
        duration_seconds=run.outline.n_samples / rate,
        places=_places(len(run.loudness_db), run.n_frames, run.outline.n_samples, plan),
        loudness_db=np.array(run.loudness_db),
        is_audible=np.array([level >= vote.SILENT_DB for level in run.loudness_db]),
        logits=np.concatenate(run.logits),
        embedding=np.mean(np.concatenate(run.embeddings), axis=0, dtype=np.float32),
        lows=lows,
        highs=highs,
        point_seconds=run.outline.n_point / rate,
    )


def windows(path: Path, plan: Plan, numbers: Iterable[int]) -> dict[int, Window]:
    """Hear some windows of a track once more, by their numbers among all; memory is that of the windows.

    Raises:
        DecodeError: It cannot be decoded, or has fewer windows by now.
    """
    wanted = set(numbers)
    front_end = plan.artefact.card.front_end
    with threadpoolctl.threadpool_limits(1, "blas"):
        frames = frontend.stream(decode.blocks(path, front_end.sample_rate), front_end)
        slid = window.slide(frames, plan.window_frames, plan.hop_frames)
        found = {number: heard for number, heard in enumerate(slid) if number in wanted}
    if len(found) < len(wanted):
        raise DecodeError(path, "it changed while it was heard")
    return found


def samples(path: Path, plan: Plan, places: Mapping[int, Sequence[float]]) -> dict[int, Array]:
    """Hear some windows of a track once more, as the samples in them.

    Args:
        path: The file.
        plan: How it is heard.
        places: Start and end of each window, in seconds, by its number.

    Raises:
        DecodeError: It cannot be decoded.
    """
    rate = plan.artefact.card.front_end.sample_rate
    cuts = {number: (round(start * rate), round(end * rate)) for number, (start, end) in places.items()}
    found: dict[int, list[Array]] = {number: [] for number in places}
    n_before = 0
    for block in decode.blocks(path, rate):
        for number, (start, end) in cuts.items():
            found[number].append(block[max(0, start - n_before) : max(0, end - n_before)])
        n_before += len(block)
    return {number: np.concatenate(parts) for number, parts in found.items()}


@dataclass
class _Run:
    """A track while it is heard."""

    plan: Plan
    halt: Halt
    outline: _Outline = field(init=False)
    loudness_db: list[float] = field(default_factory=list)
    waiting: list[Array] = field(default_factory=list)
    logits: list[Array] = field(default_factory=list)
    embeddings: list[Array] = field(default_factory=list)
    n_frames: int = 0

    def __post_init__(self) -> None:
        self.outline = _Outline(round(self.plan.artefact.card.front_end.sample_rate * _POINT_SECONDS))

    @property
    def seconds(self) -> float:
        """Where the last window that was taken ends, or would end in a longer track."""
        frames = (len(self.loudness_db) - 1) * self.plan.hop_frames + self.plan.window_frames
        return frames / self.plan.artefact.card.front_end.frames_per_second

    def windows(self, blocks: Iterable[Array]) -> Iterator[Window]:
        """The windows of the track."""
        frames = self._counted(frontend.stream(self._outlined(blocks), self.plan.artefact.card.front_end))
        return window.slide(frames, self.plan.window_frames, self.plan.hop_frames)

    def add(self, heard: Window) -> None:
        """Take a window, and run the network on as many at a time as a scan does."""
        self.loudness_db.append(heard.loudness_db)
        if vote.has_vote(heard):
            self.waiting.append(heard.frames)
        if len(self.waiting) == self.plan.batch_size:
            self.compute()

    def compute(self) -> None:
        """Run the network on what waits."""
        if self.waiting:
            logits, embeddings = self.plan.runtime.outputs(np.stack(self.waiting))
            self.logits.append(logits)
            self.embeddings.append(embeddings)
            self.waiting.clear()

    def _outlined(self, blocks: Iterable[Array]) -> Iterator[Array]:
        for block in blocks:
            if self.halt.after_tracks_in_hand.is_set():
                return
            self.outline.add(block)
            yield block

    def _counted(self, stream: Iterable[Frames]) -> Iterator[Frames]:
        for frames in stream:
            self.n_frames += len(frames)
            yield frames


class _Outline:
    """Least and greatest sample of each stretch of so many samples."""

    def __init__(self, n_point: int) -> None:
        self.n_point, self.n_samples = n_point, 0
        self._rest = np.empty(0, np.float32)
        self._points: list[Array] = []

    def add(self, block: Array) -> None:
        """Go on with the next samples."""
        self.n_samples += len(block)
        y = np.concatenate([self._rest, block])
        n_whole = len(y) // self.n_point * self.n_point
        self._rest = y[n_whole:]
        if n_whole:
            self._points.append(_extent(y[:n_whole].reshape(-1, self.n_point)))

    def points(self) -> tuple[Array, Array]:
        """The lows and the highs so far."""
        last = [_extent(self._rest[None])] if len(self._rest) else []
        points = np.concatenate([*self._points, *last])
        return points[:, 0], points[:, 1]


def _ahead(windows: Iterator[Window]) -> Generator[Window, None, None]:
    """Hear windows in a thread of its own, some ahead of the network; what is wrong there is raised here."""
    found: queue.Queue[Window | BaseException | None] = queue.Queue(_MOST_AHEAD)
    ended = threading.Event()

    def put(one: Window | BaseException | None) -> None:
        while not ended.is_set():
            with contextlib.suppress(queue.Full):
                found.put(one, timeout=PATIENCE_SECONDS)
                return

    def run() -> None:
        try:
            for one in windows:
                put(one)
                if ended.is_set():
                    return
            put(None)
        except BaseException as error:
            put(error)

    thread = threading.Thread(target=run, name="ahead", daemon=True)
    thread.start()
    try:
        while (one := found.get()) is not None:
            if isinstance(one, BaseException):
                raise one
            yield one
    finally:
        ended.set()
        thread.join()


def _extent(rows: Array) -> Array:
    return np.stack([rows.min(axis=1), rows.max(axis=1)], axis=1)


def _places(n_windows: int, n_frames: int, n_samples: int, plan: Plan) -> NDArray[np.float64]:
    """Where windows are, in seconds: a frame takes the time of a hop, and the last window reaches back."""
    front_end = plan.artefact.card.front_end
    starts = np.arange(n_windows) * plan.hop_frames
    starts = np.minimum(starts, max(0, n_frames - plan.window_frames))
    places = np.stack([starts, starts + plan.window_frames], axis=1) / front_end.frames_per_second
    return np.minimum(places, n_samples / front_end.sample_rate)
