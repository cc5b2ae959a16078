"""What the cache knows of a library, and what an audit makes of it, with real files and real verdicts."""

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import mutagen
import pytest

from tagger import audit, engine, pipeline, tagging
from tagger.audit.library import Kept
from tagger.errors import TagError
from tagger.inference import runtime
from tagger.inference.artefact import Artefact
from tagger.records import Credits, Result
from tagger.settings import Settings
from tagger.sinks.audit.findings import Audit, Standing
from tagger.sinks.cache import Cache
from tagger.sinks.tags import credits
from tagger.sinks.taxonomy import Taxonomy

MUSIC = Path(__file__).resolve().parents[2] / "examples" / "music"


@pytest.fixture(scope="module")
def plan(bundled: Artefact) -> engine.Plan:
    """A plan with the bundled model that hears all."""
    shape = bundled.card.window
    return engine.Plan(bundled, runtime.load(bundled, "onnx"), shape.frames, shape.hop_frames)


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory, plan: engine.Plan) -> Path:
    """A folder with a library of an album, a piece of silence, a text that is no music, and its cache."""
    folder = tmp_path_factory.mktemp("heard")
    (folder / "library").mkdir()
    for name, genre in {
        "disco.wav": "",
        "blues.mp3": "Blues",
        "pop.ogg": "Indie Rock",
        "ambient.flac": "Nose",
    }.items():
        path = Path(shutil.copy(MUSIC / name, folder / "library"))
        if genre:
            tags = mutagen.File(path, easy=True)
            tags["genre"], tags["album"], tags["artist"] = genre, "An Album", "Somebody"
            tags.save()
    shutil.copy(MUSIC / "silence.flac", folder / "library")
    (folder / "library" / "broken.mp3").write_bytes(b"no music at all" * 100)
    cache = Cache(folder / "cache", pytest.fail)
    list(
        pipeline.scan([folder / "library"], plan, tagging.prepare(Settings(), plan.artefact.card), cache=cache)
    )
    cache.close()
    return folder


@pytest.fixture
def library(tmp_path: Path, heard: Path) -> Path:
    """A library whose files may be changed; the cache, in the folder above, knows another one."""
    shutil.copytree(heard, tmp_path / "own")
    return tmp_path / "own" / "library"


@pytest.fixture
def cache(library: Path) -> Iterator[Cache]:
    """What was heard, its files being met again where they are now."""
    opened = Cache(library.parent / "cache", pytest.fail)
    yield opened
    opened.close()


@pytest.fixture
def tags(plan: engine.Plan) -> tagging.Tagging:
    """Nothing is done about tags."""
    return tagging.prepare(Settings(), plan.artefact.card)


@pytest.fixture
def results(library: Path, plan: engine.Plan, tags: tagging.Tagging, cache: Cache) -> list[Result]:
    """Of a scan of the library, which the cache knows but for its places."""
    return list(pipeline.scan([library], plan, tags, cache=cache))


def inside(kept: Kept, folder: Path) -> list[Path]:
    """The files of a folder of which results are kept."""
    return sorted(one.track.path for one in kept.results if one.track.path.is_relative_to(folder))


def test_what_is_kept_is_what_a_scan_gives(
    library: Path, results: list[Result], plan: engine.Plan, tags: tagging.Tagging, cache: Cache
) -> None:
    """The cache alone gives the same audit as the scan; only of what failed it does not know why."""
    kept = audit.kept(cache, plan, tags)
    own = [one for one in kept.results if one.track.path.is_relative_to(library)]
    scanned, remembered = (audit.audit(one, plan, cache) for one in (results, own))
    assert remembered.entries == scanned.entries
    assert remembered.suspects == scanned.suspects
    assert remembered.landscape == scanned.landscape
    assert {(one.path.name, one.kind) for one in scanned.unread} == {
        ("broken.mp3", "failed"),
        ("silence.flac", "skipped"),
    }
    assert [(one.path.name, one.kind) for one in kept.unheard if one.path.parent == library] == [
        ("broken.mp3", "not heard")
    ]


def test_the_audit_joins_tags_and_sound(results: list[Result], plan: engine.Plan, cache: Cache) -> None:
    """Each track has its verdict, its tags, what they mean, and how the two stand to each other."""
    found: Audit = audit.audit(results, plan, cache)
    by_name = {entry.path.name: entry for entry in found.entries}
    assert list(by_name) == ["ambient.flac", "blues.mp3", "disco.wav", "pop.ogg"]
    assert by_name["pop.ogg"].meant == ("Pop", "Rock")
    assert {name: entry.standing for name, entry in by_name.items()} == {
        "ambient.flac": Standing.foreign,
        "blues.mp3": Standing.differs,
        "disco.wav": Standing.untagged,
        "pop.ogg": Standing.differs,
    }
    assert {name: entry.genre for name, entry in by_name.items() if name != "disco.wav"} == {
        "ambient.flac": "Classical",
        "blues.mp3": "Rock",
        "pop.ogg": "Electronic",
    }
    assert found.tagged == {"Blues": 1, "Pop": 1}
    assert sum(found.heard.values()) == 4
    tenths = Counter(int(10 * entry.confidence) for entry in found.entries)
    assert found.histogram == tuple(tenths[tenth] for tenth in range(10))
    assert found.confusion == {("Blues", "Rock"): 1, ("Pop", "Electronic"): 1}
    assert [(one.name, one.count, one.meant) for one in found.names] == [
        ("Blues", 1, ("Blues",)),
        ("Indie Rock", 1, ("Pop", "Rock")),
        ("Nose", 1, ()),
    ]
    assert (found.n_albums, found.albums[0].title, found.albums[0].size) == (1, "An Album", 3)
    assert found.landscape.method == "principal components"
    assert None not in found.landscape.points


def test_names_of_the_user_are_read(results: list[Result], plan: engine.Plan, cache: Cache) -> None:
    """What the user's map calls a genre of the model can be compared."""
    users = Taxonomy(map={"classical": "nose"})
    entry = audit.audit(results, plan, cache, users).entries[0]
    assert (entry.meant, entry.standing) == (("Classical",), Standing.agrees)


def test_without_a_cache_there_is_no_map(results: list[Result], plan: engine.Plan) -> None:
    """Everything else is there."""
    found = audit.audit(results, plan)
    assert found.landscape.reason
    assert len(found.entries) == 4
    assert found.entries[1].made.album == "An Album"


def test_files_that_are_gone_or_changed_are_told(
    library: Path, results: list[Result], plan: engine.Plan, tags: tagging.Tagging, cache: Cache
) -> None:
    """They are counted and not shown; a file that moved and was met again is neither."""
    (library / "pop.ogg").unlink()
    os.utime(library / "disco.wav", ns=(1, 1))
    (library / "blues.mp3").rename(library / "moved.mp3")
    kept = audit.kept(cache, plan, tags)
    assert {path.name for path in kept.absent.gone if path.parent == library} == {"pop.ogg", "blues.mp3"}
    assert [path.name for path in kept.absent.changed if path.parent == library] == ["disco.wav"]
    assert [path.name for path in inside(kept, library)] == ["ambient.flac", "silence.flac"]
    list(pipeline.scan([library], plan, tags, cache=cache))
    kept = audit.kept(cache, plan, tags)
    assert {path.name for path in kept.absent.gone if path.parent == library} == {"pop.ogg"}
    assert "moved.mp3" in [path.name for path in inside(kept, library)]


def test_files_of_unknown_places_are_counted(
    heard: Path, library: Path, plan: engine.Plan, tags: tagging.Tagging, cache: Cache
) -> None:
    """A cache that an earlier program filled knows recordings, but not where they are."""
    assert audit.kept(cache, plan, tags).absent.unplaced == 0
    cache._do("DELETE FROM places")
    kept = audit.kept(cache, plan, tags)
    assert (kept.results, kept.absent.unplaced) == ((), 5)


def test_credits_are_read_once(
    results: list[Result], plan: engine.Plan, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who made a track is kept until the file changes."""
    first = audit.audit(results, plan, cache)
    read: list[Path] = []
    real: Callable[[Path], Credits] = credits.read
    monkeypatch.setattr(credits, "read", lambda path: read.append(path) or real(path))
    assert audit.audit(results, plan, cache) == first
    assert read == []
    os.utime(first.entries[1].path, ns=(1, 1))
    again = list(pipeline.scan([entry.path for entry in first.entries], plan, _tags(plan), cache=cache))
    assert audit.audit(again, plan, cache).entries == first.entries
    assert [path.name for path in read] == ["blues.mp3"]


def test_a_compilation_is_known_by_its_flag_alone(
    library: Path, plan: engine.Plan, tags: tagging.Tagging, cache: Cache
) -> None:
    """Read from the tags, and then from the cache; what an earlier program kept had three texts and no flag."""
    for name in ("blues.mp3", "pop.ogg"):
        file = mutagen.File(library / name, easy=True)
        file["compilation"] = "1"
        file.save()
    paths = [library / name for name in ("blues.mp3", "pop.ogg", "ambient.flac")]
    results = list(pipeline.scan(paths, plan, tags, cache=cache))
    stamps = [(one.track.path, one.verdict.stamp) for one in results]

    def album() -> bool:
        (found,) = audit.audit(results, plan, cache).albums
        return found.is_compilation

    assert album()
    kept = {place.path: place.credits for place in cache.places(plan.ways)}
    assert [kept[path] for path in paths[1:]] == [
        ("Somebody", "", "An Album", "compilation"),
        ("Somebody", "", "An Album", ""),
    ]
    assert album()
    cache.keep_credits([(path, stamp, ("Somebody", "", "An Album")) for path, stamp in stamps])
    assert not album()


def test_credits_that_cannot_be_read_are_none(
    results: list[Result], plan: engine.Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file whose tags are damaged is still in the audit."""

    def damaged(path: Path) -> Credits:
        raise TagError(path, "damaged")

    monkeypatch.setattr(credits, "read", damaged)
    found = audit.audit(results, plan)
    assert [entry.made.album for entry in found.entries] == [""] * 4
    assert found.n_albums == 0


def _tags(plan: engine.Plan) -> tagging.Tagging:
    return tagging.prepare(Settings(), plan.artefact.card)
