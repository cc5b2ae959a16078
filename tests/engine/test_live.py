"""What is played gets the verdict of what is scanned, and what cannot be heard in time is counted."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tagger import engine, pipeline
from tagger.engine.live import Listening
from tagger.errors import DecodeError, NothingToHearError, OutputError, SourceError
from tagger.inference import runtime
from tagger.inference.abstain import Rule
from tagger.inference.artefact import Artefact
from tagger.records import Gap, Moment, Skipped, Track, Verdict
from tagger.sources import decode, stream
from tagger.sources.live import Source
from tests.engine.live_sources import Played, SlowRuntime
from tests.sources import tones

Tune = Callable[..., Path]
RATE = 16000
ME = Track(Path("me"))


@pytest.fixture(scope="module")
def plan(bundled: Artefact) -> engine.Plan:
    """The bundled model's plan, as the command line makes it."""
    shape = bundled.card.window
    return engine.Plan(bundled, runtime.load(bundled, "onnx", 1), shape.frames, shape.hop_frames)


def scanned(path: Path, plan: engine.Plan) -> Verdict | Skipped:
    """What `scan --effort full` says of a file."""
    (found,) = engine.hear([Track(path)], plan)
    return dataclasses.replace(found, stamp=None) if isinstance(found, Verdict) else found


def played(source: Source, plan: engine.Plan, **more) -> tuple[list[Moment], Listening]:
    """All moments of a source."""
    listening = Listening(source, plan, **({"hold_seconds": 20.0} | more))
    return list(listening.moments()), listening


def of_file(path: Path, *, is_paced: bool = False) -> Source:
    """A file as a source."""
    return stream.source(str(path), RATE, threading.Event(), is_paced=is_paced)


def digits(verdict: Verdict) -> list[tuple[str, float]]:
    """What reports print of a verdict."""
    return [(score.genre, round(score.probability, 4)) for score in verdict.scores]


def music(seconds: float, seed: int = 0) -> np.ndarray:
    """Something with a beat and partials."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * RATE)) / RATE
    notes = 110 * 2 ** (rng.integers(0, 24, 3) / 12)
    y = sum(np.sin(2 * np.pi * note * t) for note in notes) * np.exp(-3 * (t % 0.5))
    return (0.2 * y + 0.05 * rng.standard_normal(len(t))).astype(np.float32)


@pytest.mark.parametrize(
    "encoding", ["wav-s16", "flac", "mp3-vbr", "mp3-cbr-bare", "vorbis", "m4a-aac", "opus"]
)
def test_a_file_has_the_verdict_of_a_scan(encoding: str, plan: engine.Plan, tmp_path: Path) -> None:
    """The whole record, every probability to the last bit, in every format."""
    path = tmp_path / f"x.{tones.ENCODINGS[encoding][0]}"
    path.write_bytes(tones.encoded(encoding))
    _, listening = played(of_file(path), plan)
    assert listening.verdict(Track(path)) == scanned(path, plan)


@pytest.mark.parametrize(("seconds", "batch_size"), [(0.4, 64), (3.0, 64), (14.2, 1), (60.0, 7), (200.0, 64)])
def test_any_length_and_batch_has_the_verdict_of_a_scan(
    seconds: float, batch_size: int, plan: engine.Plan, tune: Tune, tmp_path: Path
) -> None:
    """Shorter than a window, or more windows than a batch: the same record."""
    path = tune(tmp_path / "x.wav", seconds=seconds, seed=int(seconds))
    asked = dataclasses.replace(plan, batch_size=batch_size, rule=Rule(min_confidence=0.5))
    moments, listening = played(of_file(path), asked)
    found = listening.verdict(Track(path))
    assert found == scanned(path, asked)
    assert isinstance(found, Verdict)
    assert len(moments) == found.n_windows
    assert listening.lost_seconds == 0
    assert moments[-1].end_seconds == pytest.approx(found.duration_seconds)


@pytest.mark.parametrize("vote", ["weighted", "majority", "median"])
def test_every_vote_is_the_scans(vote: str, plan: engine.Plan, tune: Tune, tmp_path: Path) -> None:
    """However windows vote in the end, they vote as in a scan."""
    path = tune(tmp_path / "x.wav", seconds=20)
    asked = dataclasses.replace(plan, vote=vote)
    _, listening = played(of_file(path), asked)
    assert listening.verdict(Track(path)) == scanned(path, asked)


@pytest.mark.parametrize("n_block", [160, 777, 4096, 65_536, 10**7])
def test_cuts_change_no_digit(n_block: int, plan: engine.Plan, tune: Tune, tmp_path: Path) -> None:
    """Blocks of any length, computed as they come, give every digit that a report prints."""
    path = tune(tmp_path / "x.wav", seconds=14.2)
    y = np.concatenate(list(decode.blocks(path, RATE)))
    blocks = [y[start : start + n_block] for start in range(0, len(y), n_block)]
    _, listening = played(Played(blocks), plan)
    found, expected = listening.verdict(ME), scanned(path, plan)
    assert isinstance(found, Verdict)
    assert isinstance(expected, Verdict)
    assert digits(found) == digits(expected)
    assert (found.genre, found.n_windows) == (expected.genre, expected.n_windows)
    assert found.duration_seconds == expected.duration_seconds


def test_a_paced_file_comes_in_time_and_says_the_same(plan: engine.Plan, tune: Tune, tmp_path: Path) -> None:
    """At playing speed nothing is lost, each window is told soon, and the verdict is the scan's."""
    path = tune(tmp_path / "x.wav", seconds=4.5)
    began = time.monotonic()
    moments, listening = played(of_file(path, is_paced=True), plan)
    assert 4.4 < time.monotonic() - began < 10
    assert all(moment.behind_seconds < 2 for moment in moments)
    found, expected = listening.verdict(ME), scanned(path, plan)
    assert isinstance(found, Verdict)
    assert isinstance(expected, Verdict)
    assert digits(found) == digits(expected)
    assert listening.lost_seconds == 0


def test_silence_is_told_and_has_no_vote(plan: engine.Plan) -> None:
    """Silent windows have no genre; all of them give no verdict, and a mixture that of the sound."""
    silence = np.zeros(20 * RATE, np.float32)
    moments, listening = played(Played([silence]), plan)
    assert moments
    assert all(moment.is_silent and moment.genre is None and not moment.scores for moment in moments)
    assert listening.verdict(ME) == Skipped(ME, "silent: no window reaches -60 dB")
    moments, listening = played(Played([music(9), silence, music(9)]), plan)
    told = [moment.is_silent for moment in moments]
    assert told[0] is told[-1] is False
    assert any(told)
    assert listening.verdict(ME).n_windows == told.count(False)


def test_clipping_is_told(plan: engine.Plan) -> None:
    """Windows that hold what is overdriven say so, the others do not."""
    loud = np.clip(20 * music(3), -1, 1)
    moments, _ = played(Played([music(6), loud, music(6)]), plan)
    assert [moment.is_clipped for moment in moments] == [False, False, True, True, False, False][: len(moments)]


def test_overload_drops_the_oldest_and_says_so(plan: engine.Plan) -> None:
    """A network that is too slow loses sound of a live source: it is counted, and the newest is heard."""
    slow = dataclasses.replace(plan, runtime=SlowRuntime(plan.runtime, 0.1))
    y = music(150)
    blocks = [y[start : start + 1600] for start in range(0, len(y), 1600)]
    moments, listening = played(Played(blocks, pace="live", speed=100.0), slow)
    heard = sum(moment.end_seconds > 0 for moment in moments)
    assert listening.lost_seconds > 5
    assert moments[-1].end_seconds == pytest.approx(150)
    assert moments[-1].lost_seconds == pytest.approx(listening.lost_seconds)
    lost = [moment.lost_seconds for moment in moments]
    assert lost == sorted(lost)
    ends = [moment.end_seconds for moment in moments[-10:]]
    assert np.diff(ends).max() < 2.9  # all that still waited when the source ended was the newest
    assert heard * 2.848 + listening.lost_seconds == pytest.approx(150, abs=0.16 * heard + 3)
    assert listening.seconds == pytest.approx(150)


def test_what_waits_is_never_dropped(plan: engine.Plan) -> None:
    """The same slow network hears all of a source that can wait, and memory holds few windows meanwhile."""
    slow = dataclasses.replace(plan, runtime=SlowRuntime(plan.runtime, 0.02))
    y = music(150)
    for pace in ("as it comes", "at hand"):
        moments, listening = played(Played([y], pace=pace), slow)
        assert listening.lost_seconds == 0
        assert len(moments) == listening.verdict(ME).n_windows == 53


def test_a_gap_cuts_the_stream(plan: engine.Plan) -> None:
    """Windows on both sides are those of two pieces; the time goes on, and what is missing is lost."""
    first, second = music(8, 1), music(11, 2)
    seen = []
    moments, listening = played(
        Played([first, Gap(5.0, "away"), second]), plan, on_block=lambda part: seen.append(part)
    )
    alone = [played(Played([part]), plan)[0] for part in (first, second)]
    assert [m.level_db for m in moments] == [m.level_db for one in alone for m in one]
    assert [m.end_seconds for m in moments[len(alone[0]) :]] == pytest.approx(
        [13 + m.end_seconds for m in alone[1]]
    )
    assert [m.lost_seconds for m in moments] == [0.0] * len(alone[0]) + [5.0] * len(alone[1])
    assert listening.seconds == 24
    assert listening.verdict(ME).duration_seconds == 19
    assert [isinstance(part, Gap) for part in seen] == [False, True, False]


def test_crumbs_between_gaps_have_no_vote(plan: engine.Plan) -> None:
    """A device that comes and goes has no say by tenths of seconds; that is lost sound too."""
    crumbs = [part for n in range(20) for part in (music(0.1, n), Gap(0.0, "flutter"))]
    moments, listening = played(Played([*crumbs, music(4), Gap(1.0, "away")]), plan)
    assert len(moments) == 2
    assert moments[0].lost_seconds == pytest.approx(2.0, abs=1e-3)
    assert listening.lost_seconds == pytest.approx(3.0, abs=1e-3)


def test_what_came_but_was_not_told_is_not_lost(plan: engine.Plan) -> None:
    """Whoever ends a live source between two windows has lost nothing."""
    halt = engine.Halt()

    def parts() -> Iterator[np.ndarray]:
        yield music(4)
        halt.after_tracks_in_hand.set()
        halt.now.set()
        yield music(1)

    listening = Listening(Played(parts(), pace="live"), plan, hold_seconds=20, halt=halt)
    n_told = len(list(listening.moments()))
    assert n_told < 2
    assert listening.seconds >= 4
    assert listening.lost_seconds == 0


@pytest.mark.parametrize("error", [SourceError("gone"), OutputError("full"), RuntimeError("defect")])
def test_what_goes_wrong_is_raised_after_what_came(error: Exception, plan: engine.Plan) -> None:
    """A source that breaks for good has its moments and verdict, and then the error."""
    listening = Listening(Played([music(7), error]), plan, hold_seconds=20)
    moments: list[Moment] = []
    with pytest.raises(type(error), match=str(error)):
        moments.extend(listening.moments())
    assert len(moments) == 3
    assert listening.verdict(ME).n_windows == 3


def test_a_recorder_that_fails_ends_it(plan: engine.Plan) -> None:
    """What is wrong with the disk is told, not swallowed."""

    def full(block: object) -> None:
        raise OutputError("disk full")

    with pytest.raises(OutputError, match="disk full"):
        played(Played([music(7)]), plan, on_block=full)


def test_files_fail_as_in_a_scan(plan: engine.Plan, tmp_path: Path) -> None:
    """No audio at all is skipped for the same reason; what cannot be decoded is an error with that reason."""
    text = tmp_path / "x.mp3"
    text.write_text("no music")
    with pytest.raises(DecodeError, match="not a known audio format"):
        played(of_file(text), plan)
    empty = tmp_path / "x.wav"
    tones.soundfile.write(empty, np.zeros(0), RATE)
    _, listening = played(of_file(empty), plan)
    assert listening.verdict(Track(empty)) == scanned(empty, plan)
    with pytest.raises(NothingToHearError):
        next(decode.blocks(empty, RATE))


def test_the_limit_is_kept(plan: engine.Plan) -> None:
    """So many seconds are heard, to the sample; of a live source that stands still too."""
    _, listening = played(Played([music(20)]), plan, limit_seconds=7.25)
    assert listening.verdict(ME).duration_seconds == 7.25
    assert not listening.is_interrupted

    class Still(Played):
        def blocks(self):
            """Some music, and then nothing for longer than anybody waits."""
            yield music(4)
            threading.Event().wait(60)

    began = time.monotonic()
    _, listening = played(Still([], pace="live"), plan, limit_seconds=1.0)
    assert time.monotonic() - began < 10


def test_a_source_that_begins_late_is_heard_as_long_as_asked_for(plan: engine.Plan) -> None:
    """What is counted is the sound, not the time that it is waited for."""

    class Late(Played):
        def blocks(self):
            """Nothing, then music, then nothing."""
            time.sleep(2.5)
            yield music(4)
            time.sleep(1)
            yield music(4)

    _, listening = played(Late([], pace="live"), plan, limit_seconds=6.0)
    assert listening.verdict(ME).duration_seconds == 6
    assert listening.lost_seconds == 0


def test_a_request_to_end_is_obeyed(plan: engine.Plan) -> None:
    """What came so far is told, also while nothing comes; to end now drops it."""
    halt = engine.Halt()

    class Endless(Played):
        def blocks(self):
            """Music until told to end, and then a read that does not return."""
            while not halt.after_tracks_in_hand.is_set():
                yield music(1)
                time.sleep(0.01)
            threading.Event().wait(60)

    listening = Listening(Endless([], pace="live"), plan, hold_seconds=20, halt=halt)
    began = time.monotonic()
    for moment in listening.moments():
        assert moment.end_seconds > 0
        halt.after_tracks_in_hand.set()
    assert time.monotonic() - began < 10
    assert listening.is_interrupted
    assert isinstance(listening.verdict(ME), Verdict)


def test_whoever_leaves_early_leaves_no_thread(plan: engine.Plan) -> None:
    """A moment may be the last that is asked for: then the source is closed too."""
    before = set(threading.enumerate())
    listening = Listening(Played([music(10)] * 1000), plan, hold_seconds=20)
    with contextlib.closing(listening.moments()) as moments:
        next(moments)
        (reader,) = set(threading.enumerate()) - before
    reader.join(10)
    assert not reader.is_alive()


def test_memory_of_a_day_stays_small(plan: engine.Plan) -> None:
    """What is kept of a window for the verdict is its logits and level, and nothing of the sound."""
    n_genres = len(plan.artefact.card.genres)
    moments, listening = played(Played([music(60)]), plan)
    kept = listening._logits.itemsize * len(listening._logits) + 8 * len(listening._loudness_db)
    assert kept == len(moments) * (4 * n_genres + 8)


def test_the_pipeline_records_what_is_heard(plan: engine.Plan, tmp_path: Path) -> None:
    """A recording scans to the verdict of the session; a gap is silence in its place."""
    from tagger.sources.recorder import Recorder

    path, gaps = tmp_path / "kept.wav", []
    source = Played([music(8, 3), Gap(1.0, "away"), music(4, 3)])
    with Recorder(path, RATE) as recorder:
        listening = pipeline.listen(source, plan, hold_seconds=20, recorder=recorder, on_gap=gaps.append)
        assert list(listening.moments())
    y = np.concatenate(list(decode.blocks(path, RATE)))
    assert len(y) == 13 * RATE
    assert not y[8 * RATE : 9 * RATE].any()
    np.testing.assert_array_equal(y[: 8 * RATE], music(8, 3))
    assert gaps == [Gap(1.0, "away")]


@pytest.mark.real
def test_another_song_is_noticed(plan: engine.Plan, music: Path) -> None:
    """Two songs of different genres, one after the other: a change point within a few windows of the seam."""
    with (music / "manifest.csv").open(newline="") as rows:
        by_genre = {}
        for row in csv.DictReader(rows):
            if row["corpus"] == "gtzan":
                by_genre.setdefault(row["genres"].lower(), []).append(music / row["file"])
    pairs = [("classical", "metal"), ("hiphop", "classical"), ("jazz", "metal"), ("metal", "blues")]
    found = 0
    for number, (one, other) in enumerate(pairs):
        parts = [np.concatenate(list(decode.blocks(by_genre[genre][number], RATE))) for genre in (one, other)]
        seam = len(parts[0]) / RATE
        moments, _ = played(Played(parts), plan)
        found += any(m.is_new and seam < m.end_seconds < seam + 3 * 2.85 for m in moments)
    assert found == len(pairs)
