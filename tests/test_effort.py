"""Hearing parts of a track: the same windows as in the whole, enough of them, and the same verdict."""

import csv
import dataclasses
import itertools
import resource
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tagger import engine
from tagger.engine.excerpts import Excerpts
from tagger.inference import frontend, runtime, sampling, window
from tagger.inference.artefact import Artefact
from tagger.records import Failed, Skipped, Track, Verdict
from tagger.sources import decode
from tests.bench import effort

Tune = Callable[..., Path]
SUFFIXES = ["wav", "flac", "mp3", "ogg"]


@pytest.fixture(scope="module")
def plan(bundled: Artefact) -> engine.Plan:
    """A plan with the bundled model that hears no more than needed."""
    shape = bundled.card.window
    network = runtime.load(bundled, "onnx")
    return engine.Plan(bundled, network, shape.frames, shape.hop_frames, batch_size=16, jobs=2, effort="auto")


def by_path(tracks: list[Track], plan: engine.Plan, effort: str) -> dict[Path, Verdict | Skipped | Failed]:
    """Results of an effort."""
    return {heard.track.path: heard for heard in engine.hear(tracks, dataclasses.replace(plan, effort=effort))}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_window_is_the_same_alone_as_in_the_whole(
    tmp_path: Path, tune: Tune, plan: engine.Plan, suffix: str
) -> None:
    """Every window that is heard by seeking has the numbers it has in a run from the start."""
    path = tmp_path / f"coded.{suffix}"
    sound, sample_rate = soundfile.read(tune(tmp_path / "a.wav", seconds=70, sample_rate=44100))
    with soundfile.SoundFile(path, "w", sample_rate, 1) as coded:
        for block in np.array_split(sound, 70):  # libsndfile dies of much Vorbis at once
            coded.write(block)
    front_end = plan.artefact.card.front_end
    frames = frontend.stream(decode.blocks(path, front_end.sample_rate), front_end)
    whole = list(window.slide(frames, plan.window_frames, plan.hop_frames))
    excerpts = Excerpts(path, plan)
    rounds = [list(excerpts.next_round()) for _ in range(20)]
    excerpts.close()
    heard = list(itertools.chain(*rounds))
    assert len(whole) - 3 <= excerpts.n_windows == len(heard) <= len(whole)
    audible = [np.maximum(one.frames, -90) for one in whole]  # below it lies the noise of rounding
    for alone in heard:
        gaps = [np.abs(np.maximum(alone.frames, -90) - other).max() for other in audible]
        assert min(gaps) < (0.1 if suffix in {"mp3", "ogg"} else 0.02)  # dB
    assert [len(part) for part in rounds[:5]] == [6, 4, 4, 4, 4]


def test_clear_tracks_are_heard_in_part(tmp_path: Path, tune: Tune, plan: engine.Plan) -> None:
    """A long track whose music does not change takes few windows, and gets the genre of the whole."""
    tracks = [Track(tune(tmp_path / f"{seed}.flac", seconds=120, seed=seed)) for seed in range(6)]
    full, auto, fast = (by_path(tracks, plan, effort) for effort in ("full", "auto", "fast"))
    n_heard = 0
    for path, whole in full.items():
        part, few = auto[path], fast[path]
        assert isinstance(whole, Verdict)
        assert isinstance(part, Verdict)
        assert isinstance(few, Verdict)
        assert part.scores[0].genre == whole.scores[0].genre
        assert part.duration_seconds == pytest.approx(whole.duration_seconds, abs=0.05)
        assert part.n_windows <= whole.n_windows
        assert few.n_windows == sampling.FIRST_ROUND
        n_heard += part.n_windows
    assert n_heard < sum(whole.n_windows for whole in full.values() if isinstance(whole, Verdict)) / 2


def test_the_bench_tells_what_a_scan_says(tmp_path: Path, tune: Tune, plan: engine.Plan) -> None:
    """What the bench makes of a song's windows is what a scan by parts makes of the song."""
    paths = [tune(tmp_path / f"{seed}.flac", seconds=120, seed=seed) for seed in range(4)]
    auto = by_path([Track(path) for path in paths], plan, "auto")
    for path in paths:
        song = effort.heard(path, plan)
        part, verdict = effort.in_part(song, plan.thresholds), auto[path]
        assert part is not None
        assert isinstance(verdict, Verdict)
        assert part.max() == pytest.approx(verdict.scores[0].probability, abs=5e-3)


def test_short_tracks_are_heard_whole(tmp_path: Path, tune: Tune, plan: engine.Plan) -> None:
    """Where seeking gains nothing, all efforts give the same, to the last digit."""
    tracks = [Track(tune(tmp_path / f"{n}.wav", seconds=n, seed=n)) for n in (1, 5, 30)]
    full, auto, fast = (by_path(tracks, plan, effort) for effort in ("full", "auto", "fast"))
    for path, whole in full.items():
        assert isinstance(whole, Verdict)
        for part in (auto[path], fast[path]):
            assert isinstance(part, Verdict)
            assert part.n_windows == whole.n_windows
            np.testing.assert_allclose(
                [s.probability for s in part.scores], [s.probability for s in whole.scores], atol=1e-5
            )


def test_what_is_wrong_with_a_file_is_found(tmp_path: Path, tune: Tune, plan: engine.Plan) -> None:
    """Truncated, silent and foreign files get the same results as when they are heard whole."""
    content = tune(tmp_path / "a.flac", seconds=120).read_bytes()
    (tmp_path / "cut.flac").write_bytes(content[: len(content) // 3])
    (tmp_path / "text.mp3").write_text("no music\n" * 500)
    soundfile.write(tmp_path / "silence.flac", np.zeros(22050 * 120), 22050)
    lying = bytearray(tune(tmp_path / "lying.wav", seconds=60).read_bytes())
    lying[40:44] = (2**32 - 200).to_bytes(4, "little")  # a length of a day
    (tmp_path / "lying.wav").write_bytes(lying)
    noise = np.zeros(22050 * 120)
    noise[-22050 * 4 :] = np.random.default_rng(0).normal(0, 0.1, 22050 * 4)
    soundfile.write(tmp_path / "late.flac", noise, 22050)
    tracks = [Track(path) for path in sorted(tmp_path.iterdir()) if path.name != "a.flac"]
    full, auto = by_path(tracks, plan, "full"), by_path(tracks, plan, "auto")
    assert isinstance(full[tmp_path / "late.flac"], Verdict)
    assert isinstance(full[tmp_path / "cut.flac"], Failed)
    for path, whole in full.items():
        assert type(auto[path]) is type(whole)
        if isinstance(whole, Skipped | Failed):
            assert auto[path] == whole
        else:
            assert auto[path].n_windows == whole.n_windows  # type: ignore[union-attr]


def test_many_tracks_at_once(tmp_path: Path, tune: Tune, plan: engine.Plan) -> None:
    """More tracks than may be open at a time all get their verdict, whatever the batch."""
    path = tune(tmp_path / "a.flac", seconds=60)
    tracks = [Track(path)] * 100
    for batch_size, jobs in [(1, 1), (7, 3), (64, 2)]:
        heard = list(engine.hear(iter(tracks), dataclasses.replace(plan, batch_size=batch_size, jobs=jobs)))
        assert len(heard) == 100
        assert len({one.scores[0].genre for one in heard if isinstance(one, Verdict)}) == 1


def test_few_files_are_open_at_a_time(tmp_path: Path, tune: Tune, plan: engine.Plan) -> None:
    """However large the batch, a library needs few file descriptors."""
    content = tune(tmp_path / "a.flac", seconds=60).read_bytes()
    tracks = []
    for n in range(90):
        (tmp_path / f"{n}.flac").write_bytes(content)
        tracks.append(Track(tmp_path / f"{n}.flac"))
    usual = resource.getrlimit(resource.RLIMIT_NOFILE)
    n_open = len(list(Path("/proc/self/fd").iterdir()))
    resource.setrlimit(resource.RLIMIT_NOFILE, (n_open + 60, usual[1]))
    try:
        heard = list(engine.hear(tracks, dataclasses.replace(plan, batch_size=4096)))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, usual)
    assert [type(one) for one in heard] == [Verdict] * 90


def songs(music: Path, folder: Path) -> Iterator[Track]:
    """Full-length songs, and others joined from clips of one genre, corpus and fold in random order."""
    yield from (Track(path) for path in sorted((music / "songs").glob("*.mp3")))
    with (music / "manifest.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["fold"] in {"3", "4"}]
    groups: dict[tuple[str, ...], list[Path]] = {}
    for row in sorted(rows, key=lambda row: row["file"]):
        groups.setdefault((row["corpus"], row["genres"], row["fold"]), []).append(music / row["file"])
    rng = np.random.default_rng(0)
    for number, paths in enumerate(groups.values()):
        clips = [np.concatenate(list(decode.blocks(path, 22050))) for path in paths]
        for order in range(3):
            y = np.concatenate([clips[index] for index in rng.permutation(len(clips))])
            for start in range(0, len(y) - 120 * 22050, 180 * 22050):
                path = folder / f"{number}-{order}-{start}.flac"
                soundfile.write(path, y[start : start + 180 * 22050], 22050)
                yield Track(path)


@pytest.mark.real
@pytest.mark.slow
def test_real_songs_get_the_verdict_of_the_whole(music: Path, tmp_path: Path, plan: engine.Plan) -> None:
    """Of real songs at least 99 in 100 get the genre that they get when heard whole, and a fair confidence."""
    tracks = list(songs(music, tmp_path))
    assert len(tracks) >= 100
    full, auto = by_path(tracks, plan, "full"), by_path(tracks, plan, "auto")
    pairs = [(full[path], auto[path]) for path in full]
    verdicts = [(a, b) for a, b in pairs if isinstance(a, Verdict) and isinstance(b, Verdict)]
    in_part = [(a, b) for a, b in verdicts if b.n_windows < 0.9 * a.n_windows]
    n_same = sum(a.scores[0].genre == b.scores[0].genre for a, b in verdicts)
    n_wrong = sum(a.scores[0].genre != b.scores[0].genre for a, b in in_part)
    excess = np.array([b.scores[0].probability - a.scores[0].probability for a, b in in_part])
    sides = np.array([[one.scores[0].probability >= 0.5 for one in pair] for pair in verdicts])
    print(
        f"{n_same} of {len(verdicts)} the same; of {len(in_part)} heard in part {n_wrong} wrong, "
        f"confidence {excess.mean():+.3f}, {np.abs(excess).mean():.3f} off; "
        f"{np.sum(sides[:, 0] != sides[:, 1])} on the other side of 0.5, "
        f"{np.sum(sides[:, 1] & ~sides[:, 0])} of them above"
    )
    assert n_same >= 0.99 * len(verdicts)
    assert len(in_part) >= 0.5 * len(verdicts)
    assert abs(excess.mean()) < 0.02
    assert np.mean(sides[:, 0] == sides[:, 1]) > 0.9
