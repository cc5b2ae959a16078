"""The engine hears every track once, whatever its neighbours do, and stops when it is told to."""

import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tagger import engine
from tagger.errors import DecodeError
from tagger.inference import calibrate, frontend, runtime, vote, window
from tagger.inference.abstain import Rule
from tagger.inference.artefact import Artefact
from tagger.records import Failed, Heard, Skipped, Track, Verdict
from tagger.sources import decode

Tune = Callable[..., Path]


class CountingRuntime:
    """A real runtime that notes the shape of every batch."""

    name = "counting"
    device = "CPU"

    def __init__(self, inner: runtime.Runtime) -> None:
        self.inner = inner
        self.shapes: list[tuple[int, ...]] = []

    def outputs(self, windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `Runtime.outputs`."""
        self.shapes.append(windows.shape)
        return self.inner.outputs(windows)


@pytest.fixture(scope="module")
def plan(bundled: Artefact) -> engine.Plan:
    """A plan with the bundled model and small batches."""
    shape = bundled.card.window
    return engine.Plan(
        bundled, runtime.load(bundled, "onnx"), shape.frames, shape.hop_frames, batch_size=7, jobs=3
    )


@pytest.fixture
def library(tmp_path: Path, tune: Tune) -> list[Track]:
    """Tracks of many lengths, one shorter than a window."""
    lengths = [0.4, 1.7, 3.0, 5.0, 9.5, 14.2, 2.2]
    return [Track(tune(tmp_path / f"{i}.wav", seconds=s, seed=i)) for i, s in enumerate(lengths)]


def by_path(heard: Iterator[Heard]) -> dict[Path, Heard]:
    """Results by path; each path must come once."""
    results = list(heard)
    found = {result.track.path: result for result in results}
    assert len(found) == len(results)
    return found


def heard_alone(path: Path, plan: engine.Plan) -> tuple[np.ndarray, int]:
    """The track's probabilities and number of windows, by the plain way: one window after the other."""
    card = plan.artefact.card
    y = np.concatenate(list(decode.blocks(path, card.front_end.sample_rate)))
    windows = [
        heard
        for heard in window.slide([frontend.analyse(y, card.front_end)], plan.window_frames, plan.hop_frames)
        if vote.has_vote(heard)
    ]
    logits = np.concatenate([plan.runtime.logits(heard.frames[None]) for heard in windows])
    levels = np.array([heard.loudness_db for heard in windows])
    return vote.cast(calibrate.probabilities(logits, card.calibration), levels, plan.vote)[0], len(windows)


def test_batches_across_files_change_nothing(library: list[Track], plan: engine.Plan) -> None:
    """Every track gets the verdict that it would get alone, window by window."""
    results = by_path(engine.hear(library, plan))
    assert set(results) == {track.path for track in library}
    for path, result in results.items():
        assert isinstance(result, Verdict)
        expected, n_windows = heard_alone(path, plan)
        probabilities = {score.genre: score.probability for score in result.scores}
        np.testing.assert_allclose([probabilities[g] for g in plan.artefact.card.genres], expected, atol=1e-5)
        assert result.n_windows == n_windows
        assert result.duration_seconds == pytest.approx(soundfile.info(path).duration, abs=0.01)
        assert result.genre == result.scores[0].genre
        assert [s.probability for s in result.scores] == sorted(probabilities.values(), reverse=True)


@pytest.mark.parametrize(("jobs", "batch_size"), [(1, 1), (1, 64), (4, 3), (2, 1000)])
def test_jobs_and_batches_change_nothing(
    library: list[Track], plan: engine.Plan, jobs: int, batch_size: int
) -> None:
    """Any number of decoders and any batch give the same genres, and the same confidence to 1e-5."""
    usual = by_path(engine.hear(library, plan))
    other = by_path(engine.hear(library, replace(plan, jobs=jobs, batch_size=batch_size)))
    for path, result in usual.items():
        again = other[path]
        assert isinstance(result, Verdict)
        assert isinstance(again, Verdict)
        assert again.genre == result.genre
        assert again.confidence == pytest.approx(result.confidence, abs=1e-5)


def test_batches_have_one_size(library: list[Track], plan: engine.Plan) -> None:
    """A long track makes no larger batch, only the last is smaller, and windows of many files share one."""
    counting = CountingRuntime(plan.runtime)
    results = by_path(engine.hear(library, replace(plan, runtime=counting)))
    assert {shape[1:] for shape in counting.shapes} == {
        (plan.window_frames, plan.artefact.card.front_end.n_mels)
    }
    assert {shape[0] for shape in counting.shapes[:-1]} == {7}
    n_windows = sum(result.n_windows for result in results.values() if isinstance(result, Verdict))
    assert len(counting.shapes) == -(-n_windows // 7)


def test_one_bad_file_stops_nobody(library: list[Track], plan: engine.Plan, tmp_path: Path) -> None:
    """Text, emptiness, silence and absence are results with a reason, and the others are still named."""
    (tmp_path / "text.mp3").write_text("la la la\n" * 999)
    (tmp_path / "empty.flac").touch()
    soundfile.write(tmp_path / "silent.wav", np.zeros(66150), 22050)
    bad = [Track(tmp_path / name) for name in ("text.mp3", "empty.flac", "silent.wav", "absent.ogg")]
    mixed = [track for pair in itertools.zip_longest(library, bad) for track in pair if track]
    results = by_path(engine.hear(mixed, plan))
    assert sum(isinstance(result, Verdict) for result in results.values()) == len(library)
    assert isinstance(results[tmp_path / "silent.wav"], Skipped)
    for name in ("text.mp3", "empty.flac", "absent.ogg"):
        result = results[tmp_path / name]
        assert isinstance(result, Failed)
        assert result.reason
        assert str(tmp_path) not in result.reason


def test_what_discovery_could_not_find_comes_out(plan: engine.Plan, library: list[Track]) -> None:
    """A failure of discovery travels through the engine like any result."""
    lost = Failed(Track(Path("lost.mp3")), "no such file")
    assert by_path(engine.hear([lost, library[0]], plan))[Path("lost.mp3")] is lost


def test_quiet_beginnings_have_no_vote(tmp_path: Path, plan: engine.Plan, tune: Tune) -> None:
    """Silence before the music changes the number of heard windows, not the genre."""
    music, sample_rate = soundfile.read(tune(tmp_path / "loud.wav", seconds=9.0))
    silence = np.zeros(30 * sample_rate)
    soundfile.write(tmp_path / "late.wav", np.concatenate([silence, music, silence]), sample_rate)
    results = by_path(engine.hear([Track(tmp_path / "loud.wav"), Track(tmp_path / "late.wav")], plan))
    loud, late = results[tmp_path / "loud.wav"], results[tmp_path / "late.wav"]
    assert isinstance(loud, Verdict)
    assert isinstance(late, Verdict)
    assert late.duration_seconds == pytest.approx(loud.duration_seconds + 60, abs=0.01)
    assert late.n_windows <= loud.n_windows + 3


def test_a_confidence_below_the_wish_is_no_genre(library: list[Track], plan: engine.Plan) -> None:
    """Below the asked confidence the verdict is "don't know", with its scores and its reason."""
    for result in engine.hear(library, replace(plan, rule=Rule(1.0))):
        assert isinstance(result, Verdict)
        assert result.genre is None
        assert "is below 100" in result.reason
        assert len(result.scores) == len(plan.artefact.card.genres)


def test_stopping_finishes_what_is_in_hand(tmp_path: Path, plan: engine.Plan, tune: Tune) -> None:
    """After a request to stop no new track is taken, and every one that was taken gets its result."""
    halt = engine.Halt()
    taken: list[Track] = []

    def tracks() -> Iterator[Track]:
        for i in range(200):
            track = Track(tune(tmp_path / f"{i}.wav", seconds=1.0, seed=i))
            taken.append(track)
            yield track

    results = []
    for result in engine.hear(tracks(), plan, halt):
        results.append(result)
        halt.after_tracks_in_hand.set()
    assert {result.track.path for result in results} == {track.path for track in taken}
    assert len(taken) < 200


def test_giving_up_ends_at_once(tmp_path: Path, plan: engine.Plan, tune: Tune) -> None:
    """A request to end now drops what is in hand; no thread stays behind."""
    tune(tmp_path / "long.wav", seconds=120.0)
    before = threading.active_count()
    halt = engine.Halt()
    hearing = engine.hear(itertools.repeat(Track(tmp_path / "long.wav")), plan, halt)
    next(hearing)
    halt.now.set()
    list(hearing)
    assert threading.active_count() == before


def test_leaving_early_leaves_no_threads(library: list[Track], plan: engine.Plan) -> None:
    """A consumer that walks away takes the pool with it."""
    before = threading.active_count()
    hearing = engine.hear(itertools.cycle(library), plan)
    next(hearing)
    hearing.close()
    assert threading.active_count() == before


def test_a_defect_in_discovery_ends_the_run(library: list[Track], plan: engine.Plan) -> None:
    """An exception of the source reaches the caller instead of hanging the pool."""

    def broken() -> Iterator[Track]:
        yield library[0]
        raise RuntimeError("the disc is on fire")

    with pytest.raises(RuntimeError, match="on fire"):
        list(engine.hear(engine.ahead(broken(), lambda count: None, lambda: None), plan))


def test_a_list_that_never_ends_can_be_interrupted(library: list[Track], plan: engine.Plan) -> None:
    """A request to end is heard while discovery waits for more, as for a pipe that stays open."""
    halt, pipe = engine.Halt(), threading.Event()

    def waiting() -> Iterator[Track]:
        yield library[0]
        pipe.wait(60)

    began = time.monotonic()
    threading.Timer(0.5, halt.after_tracks_in_hand.set).start()
    (heard,) = engine.hear(engine.ahead(waiting(), lambda count: None, lambda: None, halt), plan, halt)
    pipe.set()
    assert heard.track == library[0]
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("jobs", [1, 3])
@pytest.mark.parametrize("effort", ["full", "auto"])
def test_a_trickle_is_heard_at_once(
    tmp_path: Path, tune: Tune, plan: engine.Plan, jobs: int, effort: str
) -> None:
    """A track gets its verdict while nothing more comes, in one round or several, by however few threads."""
    track = Track(tune(tmp_path / "a.wav", seconds=90.0))
    halt = engine.Halt()
    deadline = time.monotonic() + 30

    def trickle() -> Iterator[Track | None]:
        yield track
        while time.monotonic() < deadline:
            time.sleep(0.05)
            yield None

    hearing = engine.hear(trickle(), replace(plan, jobs=jobs, effort=effort), halt)
    assert isinstance(next(hearing), Verdict)
    assert time.monotonic() < deadline
    halt.after_tracks_in_hand.set()
    assert list(hearing) == []


def test_leaving_while_nothing_comes_ends_at_once(plan: engine.Plan, library: list[Track]) -> None:
    """A consumer that walks away from a trickle is not kept waiting for the next track."""
    before = threading.active_count()

    def trickle() -> Iterator[Track | None]:
        yield library[0]
        while True:
            time.sleep(0.05)
            yield None

    hearing = engine.hear(trickle(), plan)
    next(hearing)
    hearing.close()
    assert threading.active_count() == before


def test_discovery_runs_ahead(library: list[Track]) -> None:
    """The number of tracks is told while they wait, and all of them come in order."""
    counts: list[int] = []
    finished = threading.Event()
    stream = engine.ahead(iter(library), counts.append, finished.set)
    first = next(stream)
    assert finished.wait(10)
    assert counts == list(range(1, len(library) + 1))
    assert [first, *stream] == library


@pytest.mark.real
def test_real_tracks_get_the_verdict_of_the_plain_way(music: Path, plan: engine.Plan) -> None:
    """On real music, batches across files and threads give what one window after the other gives."""
    files = sorted((music / "gtzan").rglob("*.ogg"))[::40] + sorted((music / "songs").glob("*.mp3"))[:1]
    for path, result in by_path(engine.hear(map(Track, files), plan)).items():
        assert isinstance(result, Verdict), os.fspath(path)
        expected, _ = heard_alone(path, plan)
        assert result.confidence == pytest.approx(expected.max(), abs=1e-4)


def test_decode_errors_have_reasons_without_paths(tmp_path: Path) -> None:
    """The reason of a decode error does not repeat the path, which the report shows beside it."""
    (tmp_path / "x.mp3").write_bytes(b"\0" * 500)
    with pytest.raises(DecodeError) as caught:
        list(decode.blocks(tmp_path / "x.mp3", 22050))
    assert "x.mp3" not in caught.value.reason
