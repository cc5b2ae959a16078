"""The way of a watched folder, called as a library: what arrives is heard and written once."""

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import mutagen
import pytest

from tagger import engine, pipeline, tagging, watching
from tagger.records import Notice, Result, Tagged, Verdict
from tagger.settings import Settings
from tagger.sinks import tags
from tests.sources.watched import wait_for

Tune = Callable[..., Path]
SETTINGS = Settings(min_confidence=0.0, policy="replace")


class Watch:
    """A watch that writes tags, in a thread of its own, and what it told."""

    def __init__(self, folder: Path, plan: engine.Plan, **options: object) -> None:
        self._folder, self._plan, self._options = folder, plan, options
        self.results: list[Result] = []
        self.notices: list[Notice] = []
        self.halt = engine.Halt()
        self.is_ready = threading.Event()

    def run(self) -> None:
        """Watch until `halt`."""
        options = {"settle_seconds": 0.2} | self._options
        with pipeline.journal() as book:
            writer = pipeline.writer(book, "test", kind="watch")
            wanted = tagging.prepare(SETTINGS, self._plan.artefact.card, wanted=True, writer=writer)
            begun = watching.watcher(
                [self._folder], self.halt, journal=book, on_notice=self.notices.append, **options
            )
            with begun as watcher:
                self.is_ready.set()
                for result in watching.watch(watcher, self._plan, wanted, halt=self.halt):
                    self.results.append(result)

    def names(self) -> list[str]:
        """The names of the files that have a result."""
        return [result.track.path.name for result in self.results]


@pytest.fixture(scope="module")
def plan() -> engine.Plan:
    """The bundled model, ready to listen."""
    return pipeline.prepare(Settings())


@contextlib.contextmanager
def watched(folder: Path, plan: engine.Plan, **options: object) -> Iterator[Watch]:
    """Watch a folder while the context is open."""
    watch = Watch(folder, plan, **options)
    thread = threading.Thread(target=watch.run)
    thread.start()
    try:
        wait_for(watch.is_ready.is_set)
        yield watch
    finally:
        watch.halt.after_tracks_in_hand.set()
        thread.join()


@pytest.mark.parametrize("settle_seconds", [0.0, 0.3])
def test_own_writes_wake_nobody_and_those_of_others_do(
    tmp_path: Path, plan: engine.Plan, tune: Tune, settle_seconds: float
) -> None:
    """A file is heard and written once; then it is heard again only after somebody else changed it."""
    with watched(tmp_path, plan, settle_seconds=settle_seconds) as watch:
        for name in ("in place.flac", "replaced.wav"):
            tune(tmp_path / f".{name}").rename(tmp_path / name)
        wait_for(lambda: len(watch.results) == 2)
        assert all(isinstance(result, Tagged) and result.written for result in watch.results)
        tune(tmp_path / ".next.wav", seed=1).rename(tmp_path / "next.wav")
        wait_for(lambda: "next.wav" in watch.names())
        audio = mutagen.File(tmp_path / "in place.flac")
        audio["title"] = "Somebody else's"
        audio.save()
        wait_for(lambda: watch.names().count("in place.flac") == 2)
        tune(tmp_path / ".last.wav", seed=2).rename(tmp_path / "last.wav")
        wait_for(lambda: "last.wav" in watch.names())
    assert sorted(watch.names()) == ["in place.flac"] * 2 + ["last.wav", "next.wav", "replaced.wav"]
    assert mutagen.File(tmp_path / "in place.flac")["title"] == ["Somebody else's"]


def test_a_change_between_hearing_and_writing_is_kept(
    tmp_path: Path, plan: engine.Plan, tune: Tune, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that changes before its tag is written is heard anew, has one result, and keeps the change."""
    real_tag, verdicts = tagging.tag, []

    def tag(heard: Verdict, *others: object) -> Tagged:
        verdicts.append(heard)
        if len(verdicts) == 1:
            audio = mutagen.File(tmp_path / "a.flac")
            audio["title"] = "Changed"
            audio.save()
        return real_tag(heard, *others)

    monkeypatch.setattr(tagging, "tag", tag)
    with watched(tmp_path, plan) as watch:
        tune(tmp_path / ".a.flac").rename(tmp_path / "a.flac")
        wait_for(lambda: watch.results)
    (result,) = watch.results
    assert len(verdicts) == 2
    assert isinstance(result, Tagged)
    assert result.written
    assert mutagen.File(tmp_path / "a.flac")["title"] == ["Changed"]
    assert tags.read(tmp_path / "a.flac") == (result.verdict.genre,)


def test_a_file_that_goes_while_it_is_heard_is_no_failure(
    tmp_path: Path, plan: engine.Plan, tune: Tune, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deleted, it is only told gone; renamed, it is heard and written under its new name."""
    real_tag = tagging.tag

    def tag(heard: Verdict, *others: object) -> Tagged:
        if heard.track.path.name == "deleted.flac":
            heard.track.path.unlink()
        elif heard.track.path.name == "renamed.flac":
            heard.track.path.rename(tmp_path / "new name.flac")
        return real_tag(heard, *others)

    monkeypatch.setattr(tagging, "tag", tag)
    with watched(tmp_path, plan) as watch:
        for seed, name in enumerate(("deleted.flac", "renamed.flac")):
            tune(tmp_path / f".{name}", seed=seed).rename(tmp_path / name)
        wait_for(lambda: watch.results)
        wait_for(lambda: len([notice for notice in watch.notices if notice.kind == "gone"]) == 2)
    assert watch.names() == ["new name.flac"]
    assert tags.read(tmp_path / "new name.flac") != ()


def test_a_defect_ends_the_watch(
    tmp_path: Path, plan: engine.Plan, tune: Tune, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error that is nobody's file's is raised instead of waiting for ever, and no thread is left."""
    before = threading.active_count()
    halt = engine.Halt()
    monkeypatch.setattr(tagging, "tag", lambda *arguments: (_ for _ in ()).throw(RuntimeError("out of order")))
    looking = tagging.prepare(Settings(), plan.artefact.card)
    tune(tmp_path / "a.flac")
    begun = watching.watcher([tmp_path], halt, settle_seconds=0, once_first=True)
    with pytest.raises(RuntimeError, match="out of order"), begun as watcher:
        list(watching.watch(watcher, plan, looking, halt=halt))
    wait_for(lambda: threading.active_count() == before)


def test_names_of_any_bytes(tmp_path: Path, plan: engine.Plan, tune: Tune) -> None:
    """A file whose name is not UTF-8 is heard and written as any other."""
    with watched(tmp_path, plan) as watch:
        tune(tmp_path / ".a.flac").rename(tmp_path / os.fsdecode(b"caf\xe9\n.flac"))
        wait_for(lambda: watch.results)
    assert tags.read(tmp_path / os.fsdecode(b"caf\xe9\n.flac")) != ()
