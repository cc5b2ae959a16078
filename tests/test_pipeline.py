"""The whole way, called as a library: from paths to tags."""

import os
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import mutagen
import pytest

from tagger import engine, pipeline, tagging
from tagger.errors import ModelError
from tagger.inference import artefact
from tagger.inference.artefact import Artefact
from tagger.records import Failed, Result, Skipped, Tagged, Track, Verdict
from tagger.settings import Settings
from tagger.sinks import tags
from tagger.sinks.cache import Cache

Tune = Callable[..., Path]
MUSIC = Path(__file__).resolve().parents[1] / "examples" / "music"
DEFAULTS = Settings()


@pytest.fixture(scope="module")
def plan() -> engine.Plan:
    """The bundled model, ready to listen."""
    return pipeline.prepare(DEFAULTS)


def looking(plan: engine.Plan) -> tagging.Tagging:
    """A scan that writes nothing."""
    return tagging.prepare(DEFAULTS, plan.artefact.card)


def by_name(results: list[Result]) -> dict[str, Result]:
    """Results by file name."""
    return {result.track.path.name: result for result in results}


def test_the_example_library_in_every_container(plan: engine.Plan) -> None:
    """Every piece of the example library is named, in twelve containers; silence is skipped."""
    results = by_name(list(pipeline.scan([MUSIC], plan, looking(plan))))
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
    results = list(pipeline.scan(paths, plan, looking(plan), on_found=counts.append, on_all_found=finished.set))
    assert len(results) == 1
    assert counts == [1]
    assert finished.is_set()


def test_what_cannot_be_found_is_a_result(tmp_path: Path, plan: engine.Plan) -> None:
    """A path that leads nowhere fails alone."""
    (result,) = pipeline.scan([tmp_path / "nowhere.flac"], plan, looking(plan))
    assert isinstance(result, Failed)


def test_a_file_that_changed_since_it_was_heard_is_heard_again(
    tmp_path: Path, plan: engine.Plan, tune: Tune, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program's change between hearing and writing is kept: the file is heard anew and then written."""
    path = tune(tmp_path / "a.flac")
    real_tag, verdicts = tagging.tag, []

    def tag(heard: Verdict, tags_wanted: tagging.Tagging, cache: Cache | None) -> Tagged:
        verdicts.append(heard)
        if len(verdicts) <= n_changes:
            audio = mutagen.File(path)
            audio["title"] = f"Change {len(verdicts)}"
            audio.save()
        return real_tag(heard, tags_wanted, cache)

    monkeypatch.setattr(tagging, "tag", tag)
    for n_changes in (2, 3):
        verdicts.clear()
        settings = Settings(
            min_confidence=0.0, policy="replace", map=str(named(tmp_path, f"Genre {n_changes}"))
        )
        with pipeline.journal() as journal:
            writer = pipeline.writer(journal, "test")
            tags_wanted = tagging.prepare(settings, plan.artefact.card, wanted=True, writer=writer)
            (result,) = pipeline.scan([path], plan, tags_wanted)
        assert len(verdicts) == 3
        if n_changes == 2:
            assert isinstance(result, Tagged)
            assert result.written
        else:
            assert result == Failed(Track(path), "it changes faster than it can be heard")
        assert mutagen.File(path)["title"] == [f"Change {n_changes}"]
        assert tags.read(path) == ("Genre 2",)


def named(folder: Path, name: str) -> Path:
    """A map that gives all genres one name."""
    card = artefact.load(artefact.BUNDLED / "default").card
    path = folder / "map.yaml"
    path.write_text("".join(f"{genre!r}: {name}\n" for genre in card.genres))
    return path


def test_tags_of_a_scan_are_the_verdicts(tmp_path: Path, plan: engine.Plan) -> None:
    """After a scan that writes, every file that could be tagged carries its verdict, and only that is new."""
    for piece in MUSIC.iterdir():
        shutil.copy(piece, tmp_path)
    settings = Settings(min_confidence=0.0)
    with pipeline.journal() as journal:
        writer = pipeline.writer(journal, "test")
        tags_wanted = tagging.prepare(settings, plan.artefact.card, wanted=True, writer=writer)
        results = by_name(list(pipeline.scan([tmp_path], plan, tags_wanted)))
    written = (
        "blues.mp3",
        "pop.ogg",
        "hiphop.opus",
        "disco.wav",
        "country.aiff",
        "bossa.m4a",
        "rock.wma",
        "jazz.wv",
    )
    for name in written:
        result = results[name]
        assert isinstance(result, Tagged)
        assert result.written, result.reason
        assert tags.read(tmp_path / name) == (result.verdict.genre,)
    for name in written[:3]:
        title = mutagen.File(MUSIC / name, easy=True)["title"]
        assert mutagen.File(tmp_path / name, easy=True)["title"] == title
    kept = results["ambient.flac"]
    assert isinstance(kept, Tagged)
    assert kept.tags_before == kept.tags_after == ("Ambient",)
    assert (tmp_path / "ambient.flac").read_bytes() == (MUSIC / "ambient.flac").read_bytes()


@pytest.mark.parametrize(
    ("window", "hop", "seconds", "hop_seconds"),
    [(None, None, 2.99, 2.85), (6.0, None, 6.0, 5.71), (None, 0.5, 2.99, 0.5), (4.0, 4.0, 4.0, 4.0)],
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
    with pytest.raises(ModelError, match=r"hears windows of 2\.99 s only"):
        pipeline.window_lengths(replace(bundled, card=fixed), Settings(window=5.0))


def test_own_models_are_found_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model folder in the user's data folder is listed and can be named."""
    monkeypatch.setenv("TAGGER_HOME", str(tmp_path))
    shutil.copytree(artefact.BUNDLED / "default", tmp_path / "data" / "models" / "mine")
    assert {"mine", "default"} <= {row["name"] for row in pipeline.installed_models()}
    assert pipeline.prepare(Settings(model="mine")).artefact.folder == tmp_path / "data" / "models" / "mine"
