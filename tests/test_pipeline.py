"""The whole way, called as a library: from paths to tags."""

import os
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import mutagen
import pytest

from tagger import engine, pipeline
from tagger.errors import ModelError
from tagger.inference import artefact
from tagger.inference.artefact import Artefact
from tagger.records import Failed, Result, Score, Skipped, Tagged, Track, Verdict, Writing
from tagger.settings import Settings
from tagger.sinks import tags

Tune = Callable[..., Path]
MUSIC = Path(__file__).resolve().parents[1] / "examples" / "music"
DEFAULTS = Settings()


@pytest.fixture(scope="module")
def plan() -> engine.Plan:
    """The bundled model, ready to listen."""
    return pipeline.prepare(DEFAULTS)


def verdict(path: Path, genre: str | None = "Jazz", confidence: float = 0.9) -> Verdict:
    """What the model might say of a file."""
    scores = (Score("Jazz", confidence), Score("Blues", 1 - confidence))
    return Verdict(Track(path), scores, genre, 5.0, 3, "default", "" if genre else "not sure")


def by_name(results: list[Result]) -> dict[str, Result]:
    """Results by file name."""
    return {result.track.path.name: result for result in results}


def test_the_example_library_in_every_container(plan: engine.Plan) -> None:
    """Every piece of the example library is named, in twelve containers; silence is skipped."""
    results = by_name(list(pipeline.scan([MUSIC], plan, DEFAULTS, Writing())))
    assert isinstance(results.pop("silence.flac"), Skipped)
    assert len(results) >= 12
    for name, result in results.items():
        assert isinstance(result, Tagged), name
        assert result.verdict.genre in plan.artefact.card.genres
        assert 8 <= result.verdict.duration_seconds <= 14
        assert sum(score.probability for score in result.verdict.scores) == pytest.approx(1)
        assert (result.written, result.failed, result.reason) == (False, False, "")


def test_a_file_is_heard_once_and_counted(tmp_path: Path, plan: engine.Plan, tune: Tune) -> None:
    """However often a file is named it is heard once, and the number found is told."""
    tune(tmp_path / "a.wav")
    counts: list[int] = []
    finished = threading.Event()
    paths = [tmp_path, tmp_path / "a.wav", os.fspath(tmp_path / "*.wav")]
    results = list(
        pipeline.scan(paths, plan, DEFAULTS, Writing(), on_found=counts.append, on_all_found=finished.set)
    )
    assert len(results) == 1
    assert counts == [1]
    assert finished.is_set()


def test_what_cannot_be_found_is_a_result(tmp_path: Path, plan: engine.Plan) -> None:
    """A path that leads nowhere fails alone."""
    (result,) = pipeline.scan([tmp_path / "nowhere.flac"], plan, DEFAULTS, Writing())
    assert isinstance(result, Failed)


@pytest.mark.parametrize(
    ("confidence", "settings", "written"),
    [
        (0.9, DEFAULTS, True),
        (0.49, DEFAULTS, False),
        (0.49, replace(DEFAULTS, min_confidence=0.4), True),
        (0.9, replace(DEFAULTS, min_confidence=0.95), False),
        (0.01, replace(DEFAULTS, min_confidence=0.0), True),
    ],
)
def test_confidence_decides(
    tmp_path: Path, bundled: Artefact, tune: Tune, confidence: float, settings: Settings, written: bool
) -> None:
    """The model's threshold decides about writing, unless the user gave one."""
    path = tune(tmp_path / "a.flac")
    result = pipeline.tag(verdict(path, confidence=confidence), bundled.card, settings, Writing(wanted=True))
    assert result.written is written
    assert tags.read(path) == (("Jazz",) if written else ())
    assert result.tags_after == tags.read(path)
    assert result.reason


@pytest.mark.parametrize("policy", ["only-missing", "replace"])
def test_dont_know_changes_nothing(tmp_path: Path, bundled: Artefact, tune: Tune, policy: str) -> None:
    """A verdict without a genre never touches a file, under any policy and threshold."""
    path = tune(tmp_path / "a.flac")
    tags.write(path, ["Krautrock"])
    content = path.read_bytes()
    settings = Settings(policy=policy, min_confidence=0.0)
    result = pipeline.tag(verdict(path, genre=None), bundled.card, settings, Writing(wanted=True))
    assert not result.written
    assert path.read_bytes() == content


def test_a_dry_run_says_what_would_be(tmp_path: Path, bundled: Artefact, tune: Tune) -> None:
    """A dry run decides like a real one, and writes nothing."""
    path = tune(tmp_path / "a.flac")
    content = path.read_bytes()
    dry = pipeline.tag(verdict(path), bundled.card, DEFAULTS, Writing(wanted=True, dry_run=True))
    assert path.read_bytes() == content
    assert (dry.tags_before, dry.tags_after, dry.written) == ((), ("Jazz",), False)
    real = pipeline.tag(verdict(path), bundled.card, DEFAULTS, Writing(wanted=True))
    assert real.tags_after == dry.tags_after == tags.read(path)
    assert real.reason in dry.reason


def test_containers_without_a_writer_are_heard_and_left_alone(tmp_path: Path, bundled: Artefact) -> None:
    """A WAV is left as it is, with the reason; that is no failure."""
    path = Path(shutil.copy(MUSIC / "disco.wav", tmp_path))
    content = path.read_bytes()
    result = pipeline.tag(verdict(path), bundled.card, DEFAULTS, Writing(wanted=True))
    assert (result.written, result.failed, result.tags_before) == (False, False, None)
    assert result.reason
    assert path.read_bytes() == content


def test_a_vanished_file_is_a_failed_write(tmp_path: Path, bundled: Artefact) -> None:
    """A file that is gone when its tags are to be written is a failure of that file."""
    result = pipeline.tag(verdict(tmp_path / "gone.flac"), bundled.card, DEFAULTS, Writing(wanted=True))
    assert result.failed
    assert not result.written
    assert result.reason


def test_tags_of_a_scan_are_the_verdicts(tmp_path: Path, plan: engine.Plan) -> None:
    """After a scan that writes, every file that could be tagged carries its verdict, and only that is new."""
    for piece in MUSIC.iterdir():
        shutil.copy(piece, tmp_path)
    settings = Settings(min_confidence=0.0)
    results = by_name(list(pipeline.scan([tmp_path], plan, settings, Writing(wanted=True))))
    for name in ("blues.mp3", "pop.ogg", "hiphop.opus"):
        result = results[name]
        assert isinstance(result, Tagged)
        assert result.written, result.reason
        assert tags.read(tmp_path / name) == (result.verdict.genre,)
        assert (
            mutagen.File(tmp_path / name, easy=True)["title"] == mutagen.File(MUSIC / name, easy=True)["title"]
        )
    kept = results["ambient.flac"]
    assert isinstance(kept, Tagged)
    assert kept.tags_before == kept.tags_after == ("Ambient",)
    assert (tmp_path / "ambient.flac").read_bytes() == (MUSIC / "ambient.flac").read_bytes()


@pytest.mark.parametrize(
    ("window", "hop", "seconds", "hop_seconds"),
    [(None, None, 2.97, 1.49), (6.0, None, 6.0, 3.0), (None, 0.5, 2.97, 0.5), (4.0, 4.0, 4.0, 4.0)],
)
def test_windows_follow_the_wish(
    bundled: Artefact, window: float | None, hop: float | None, seconds: float, hop_seconds: float
) -> None:
    """Lengths in seconds become frames; without a hop the overlap stays the model's."""
    frames, hop_frames = pipeline.window_lengths(bundled, Settings(window=window, hop=hop))
    rate = bundled.card.front_end.frames_per_second
    assert frames / rate == pytest.approx(seconds, abs=0.02)
    assert hop_frames / rate == pytest.approx(hop_seconds, abs=0.02)


def test_impossible_windows_are_refused(bundled: Artefact) -> None:
    """A hop longer than the model's window, and a window that the model cannot take, are one sentence."""
    with pytest.raises(ModelError, match="music would be lost"):
        pipeline.window_lengths(bundled, Settings(hop=5.0))
    fixed = replace(bundled.card, window=replace(bundled.card.window, variable=False))
    with pytest.raises(ModelError, match=r"hears windows of 2\.97 s only"):
        pipeline.window_lengths(replace(bundled, card=fixed), Settings(window=5.0))


def test_own_models_are_found_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model folder in the user's data folder is listed and can be named."""
    monkeypatch.setenv("TAGGER_HOME", str(tmp_path))
    shutil.copytree(artefact.BUNDLED / "default", tmp_path / "data" / "models" / "mine")
    assert {"mine", "default"} <= {row["name"] for row in pipeline.installed_models()}
    assert pipeline.prepare(Settings(model="mine")).artefact.folder == tmp_path / "data" / "models" / "mine"
