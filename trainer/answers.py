"""What a model answers to labelled music, beside what is true: the material that all scores are taken from."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger import engine
from tagger.errors import FileError
from tagger.inference import calibrate, frontend, runtime, vote, window
from tagger.inference.artefact import Artefact
from tagger.records import Failed, Skipped, Track, Verdict
from tagger.sources import decode
from trainer.data import inputs
from trainer.data.drawing import Clip
from trainer.metrics import Floats, Indices
from trainer.recipe import Recipe

_BATCH = 64
_TRUTHS = ("y_true", "groups", "corpora", "names", "accepted")


@dataclass(frozen=True)
class Truth:
    """What is true of a track.

    Attributes:
        path: The sound file.
        target: Its genre, an index; of several labels the first.
        group: Its artist or source track.
        corpus: Where it comes from.
        also: Genres that its further labels name.
    """

    path: Path
    target: int
    group: str
    corpus: str
    also: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Answers:
    """What was answered, one row for each window or for each track.

    Attributes:
        genres: The model's, in the order of the columns.
        y_true: True genre of each row, shape (n,).
        y_prob: Probabilities, shape (n, n_genres), each row summing to 1.
        groups: Artist or source track of each row, shape (n,).
        corpora: Corpus of each row, shape (n,).
        names: Name of each row's file, shape (n,).
        accepted: Whether any label of the row names the genre, shape (n, n_genres).
    """

    genres: tuple[str, ...]
    y_true: Indices
    y_prob: Floats
    groups: NDArray[Any]
    corpora: NDArray[Any]
    names: NDArray[Any]
    accepted: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.y_true)

    @property
    def y_pred(self) -> Indices:
        """The strongest genre of each row, shape (n,)."""
        return self.y_prob.argmax(axis=1)


@dataclass(frozen=True, eq=False)
class Heard:
    """Answers to the same tracks, and those that there are none for.

    Attributes:
        tracks: One row for each track: the verdicts that users get.
        windows: One row for each audible window of these tracks.
        without: Tracks without a verdict, and why.
    """

    tracks: Answers
    windows: Answers
    without: tuple[Skipped | Failed, ...]


def of_model(
    artefact: Artefact,
    truths: Sequence[Truth],
    *,
    jobs: int = 0,
    effort: str = "full",
    on_track: Callable[[], None] = lambda: None,
) -> Heard:
    """Let a model hear tracks as `tagger scan` does, then the windows that the verdicts come from.

    Args:
        artefact: The model folder.
        truths: The tracks, each path once.
        jobs: Number of files decoded side by side; 0 means one for each core.
        effort: How much of a track the verdict comes from; the windows are always all of them.
        on_track: Called twice for each track: when its verdict is there, and when its windows are.
    """
    jobs = jobs or os.cpu_count() or 1
    said: dict[Path, Verdict] = {}
    without: list[Skipped | Failed] = []
    for one in engine.hear((Track(truth.path) for truth in truths), plan(artefact, jobs, effort)):
        on_track()
        if isinstance(one, Verdict):
            said[one.track.path] = one
        else:
            without.append(one)
    heard = [truth for truth in truths if truth.path in said]
    tracks = together(artefact.card.genres, heard, [_row(said[truth.path], artefact)[None] for truth in heard])
    windows = together(artefact.card.genres, heard, list(_windows(artefact, heard, jobs, on_track)))
    return Heard(tracks, windows, tuple(without))


def verdicts(artefact: Artefact, paths: Sequence[Path], *, jobs: int = 0) -> dict[Path, Verdict]:
    """What tagger says of files; those it has no verdict on are left out.

    Args:
        artefact: The model folder.
        paths: Sound files.
        jobs: Number of files decoded side by side; 0 means one for each core.
    """
    heard = engine.hear((Track(path) for path in paths), plan(artefact, jobs or os.cpu_count() or 1))
    return {one.track.path: one for one in heard if isinstance(one, Verdict)}


def of_tracks(artefact: Artefact, truths: Sequence[Truth], *, jobs: int = 0) -> Answers:
    """The verdicts on tracks, by the very path users run; tracks without one are left out."""
    said = verdicts(artefact, [truth.path for truth in truths], jobs=jobs)
    heard = [truth for truth in truths if truth.path in said]
    return together(artefact.card.genres, heard, [_row(said[truth.path], artefact)[None] for truth in heard])


def of_kept_windows(artefact: Artefact, clips: Sequence[Clip], recipe: Recipe) -> Answers:
    """The exported network's answers to all windows of clips whose spectrograms are kept.

    Args:
        artefact: The model folder.
        clips: Where the spectrograms are, and what is true of each.
        recipe: Length and distance of windows.
    """
    network = runtime.load(artefact, "onnx")
    truths = [Truth(clip.file, clip.target, clip.group, clip.corpus, clip.also) for clip in clips]
    rows = [_answered(artefact, network, inputs.cut([clip], recipe).frames) for clip in clips]
    return together(artefact.card.genres, truths, rows)


def voted(windows: Answers) -> Answers:
    """The soft vote of each track's windows, for splits that part the windows of a track."""
    _, first, owner = np.unique(windows.names, return_index=True, return_inverse=True)
    sums = np.zeros((len(first), len(windows.genres)))
    np.add.at(sums, owner, windows.y_prob)
    order = np.argsort(first)
    rows = first[order]
    return dataclasses.replace(
        windows,
        y_prob=(sums / np.bincount(owner)[:, None])[order],
        **{name: getattr(windows, name)[rows] for name in _TRUTHS},
    )


def plan(artefact: Artefact, jobs: int, effort: str = "full") -> engine.Plan:
    """How a model listens when it is judged: as for users, on the CPU, whose numbers are the same anywhere."""
    return engine.Plan(
        artefact=artefact,
        runtime=runtime.load(artefact, "onnx"),
        window_frames=artefact.card.window.frames,
        hop_frames=artefact.card.window.hop_frames,
        jobs=jobs,
        effort=effort,
    )


def together(genres: Sequence[str], truths: Sequence[Truth], rows: Sequence[Floats]) -> Answers:
    """Put answers beside what is true.

    Args:
        genres: In the order of the columns.
        truths: What is true of each track.
        rows: Probabilities for each track, shape (n_rows, n_genres); no rows are as good as any.
    """
    owner = np.repeat(np.arange(len(truths)), [len(part) for part in rows])
    accepted = np.zeros((len(truths), len(genres)), bool)
    for index, truth in enumerate(truths):
        accepted[index, [truth.target, *truth.also]] = True
    return Answers(
        genres=tuple(genres),
        y_true=np.array([truth.target for truth in truths], np.intp)[owner],
        y_prob=np.concatenate([np.zeros((0, len(genres))), *rows]),
        groups=np.array([truth.group for truth in truths], object)[owner],
        corpora=np.array([truth.corpus for truth in truths], object)[owner],
        names=np.array([truth.path.name for truth in truths], object)[owner],
        accepted=accepted[owner],
    )


def joined(parts: Sequence[Answers]) -> Answers:
    """The rows of several answers of the same genres, one after the other: those of all folds, as a rule."""
    arrays = {name: np.concatenate([getattr(one, name) for one in parts]) for name in ("y_prob", *_TRUTHS)}
    return Answers(genres=parts[0].genres, **arrays)


def _windows(
    artefact: Artefact, truths: Sequence[Truth], jobs: int, on_track: Callable[[], None]
) -> Iterator[Floats]:
    """Probabilities of each track's audible windows, in the order of the tracks."""
    front_end, shape = artefact.card.front_end, artefact.card.window
    network = runtime.load(artefact, "onnx", threads=1)

    def hear(truth: Truth) -> Floats:
        try:
            frames = frontend.stream(decode.blocks(truth.path, front_end.sample_rate), front_end)
            windows = window.slide(frames, shape.frames, shape.hop_frames)
            audible = [one.frames for one in windows if vote.has_vote(one)]
        except FileError:  # it was there when its verdict was taken
            audible = []
        if not audible:
            return np.zeros((0, len(artefact.card.genres)))
        return _answered(artefact, network, np.stack(audible))

    with ThreadPoolExecutor(jobs) as pool:
        for rows in pool.map(hear, truths):
            on_track()
            yield rows


def _answered(artefact: Artefact, network: runtime.Runtime, windows: NDArray[np.float32]) -> Floats:
    parts = [network.logits(windows[start : start + _BATCH]) for start in range(0, len(windows), _BATCH)]
    return calibrate.probabilities(np.concatenate(parts), artefact.card.calibration)


def _row(verdict: Verdict, artefact: Artefact) -> Floats:
    """Probabilities in the order of the genres, shape (n_genres,)."""
    of_genre = {score.genre: score.probability for score in verdict.scores}
    return np.array([of_genre[genre] for genre in artefact.card.genres])
