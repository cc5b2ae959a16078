"""From verdicts to tags: what is written where, and why."""

import contextlib
import io
import os
import shutil
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mutagen.apev2
import mutagen.id3
import pytest

from tagger import pipeline, settings, tagging
from tagger.errors import ChangedError, SettingsError, TagError
from tagger.inference.artefact import Artefact
from tagger.records import Score, Stamp, Tagged, Track, Verdict
from tagger.settings import Settings
from tagger.sinks import profiles, tags
from tagger.sinks.cache import Cache
from tagger.sinks.changes import Writer
from tagger.sinks.tags import fields
from tagger.sinks.tags.interface import Manner

Tune = Callable[..., Path]
MUSIC = Path(__file__).resolve().parents[1] / "examples" / "music"
HEARD = {"Jazz": 0.6, "Blues": 0.25, "Rock": 0.1, "Pop": 0.05}


@pytest.fixture
def writer() -> Iterator[Writer]:
    """Writes with the user's journal, which in tests is a new one."""
    with pipeline.journal() as journal:
        yield pipeline.writer(journal, "test")


@pytest.fixture
def write(bundled: Artefact, writer: Writer) -> Callable[..., Tagged]:
    """Tags a file by a verdict."""

    def tag(path: Path, heard: dict[str, float] | None = None, *, real: bool = True, **chosen: Any) -> Tagged:
        wanted = tagging.prepare(Settings(**chosen), bundled.card, wanted=True, writer=writer if real else None)
        return tagging.tag(verdict(path, HEARD if heard is None else heard), wanted)

    return tag


def verdict(path: Path, heard: dict[str, float], stamp: Stamp | None = None) -> Verdict:
    """What the model might say of a file; nothing named where it heard nothing."""
    scores = tuple(Score(genre, share) for genre, share in (heard or {"Jazz": 0.1}).items())
    return Verdict(
        Track(path), scores, next(iter(heard), None), 5.0, 3, "default", "" if heard else "not sure", stamp
    )


@pytest.mark.parametrize(
    ("confidence", "chosen", "written"),
    [
        (0.9, {}, True),
        (0.49, {}, False),
        (0.49, {"min_confidence": 0.4}, True),
        (0.9, {"min_confidence": 0.95}, False),
        (0.01, {"min_confidence": 0.0}, True),
    ],
)
def test_confidence_decides(
    tmp_path: Path, tune: Tune, write: Callable[..., Tagged], confidence: float, chosen: Any, written: bool
) -> None:
    """The model's threshold decides about writing, unless the user gave one."""
    path = tune(tmp_path / "a.flac")
    result = write(path, {"Jazz": confidence, "Blues": 1 - confidence}, **chosen)
    assert result.written is written
    assert tags.read(path) == result.tags_after == (("Jazz",) if written else ())
    assert result.reason


@pytest.mark.parametrize("policy", settings.POLICIES)
@pytest.mark.parametrize("before", ["Krautrock", "Other"])
def test_dont_know_changes_nothing(
    tmp_path: Path, tune: Tune, write: Callable[..., Tagged], policy: str, before: str
) -> None:
    """A verdict without a genre never touches a file, under any policy and threshold."""
    path = tune(tmp_path / "a.flac")
    write(path, {before: 1.0}, min_confidence=0.0)
    content = path.read_bytes()
    assert not write(path, {}, policy=policy, min_confidence=0.0, confidence_field="TXXX:SURE").written
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    "name", ["blues.mp3", "pop.ogg", "hiphop.opus", "bossa.m4a", "rock.wma", "jazz.wv", "disco.wav"]
)
def test_several_fields_at_once(tmp_path: Path, write: Callable[..., Tagged], name: str) -> None:
    """Genres, confidence and runners-up go each into their field, and a second run changes nothing."""
    path = Path(shutil.copy(MUSIC / name, tmp_path))
    chosen = {"multi": 2, "ratio": 0.4, "confidence_field": "TXXX:SURE", "runners_up_field": "TXXX:ELSE"}
    assert write(path, **chosen).written
    assert tags.read(path) == ("Jazz", "Blues")
    assert tags.read(path, fields.parse("TXXX:sure")) == ("0.60",)
    assert tags.read(path, fields.parse("TXXX:ELSE")) == ("Rock 0.10",)
    content = path.read_bytes()
    assert not write(path, **chosen, policy="replace").written
    assert path.read_bytes() == content


def test_predictions_beside_the_users_own_genre(tmp_path: Path, write: Callable[..., Tagged]) -> None:
    """Another field takes the prediction, decided by what stands there; the user's genre stays."""
    path = Path(shutil.copy(MUSIC / "ambient.flac", tmp_path))
    first = write(path, field="TXXX:GENRE_HEARD")
    assert (first.written, first.tags_before, first.tags_after) == (True, (), ("Jazz",))
    assert (tags.read(path), tags.read(path, fields.parse("TXXX:GENRE_HEARD"))) == (("Ambient",), ("Jazz",))
    assert not write(path, {"Blues": 0.9}, field="TXXX:GENRE_HEARD").written
    assert write(path, field="style").written
    assert tags.read(path, fields.STYLE) == ("Jazz",)


def test_a_dry_run_says_what_would_be(tmp_path: Path, tune: Tune, write: Callable[..., Tagged]) -> None:
    """A dry run decides like a real one, and writes nothing."""
    path = tune(tmp_path / "a.flac")
    content = path.read_bytes()
    dry = write(path, real=False)
    assert path.read_bytes() == content
    assert (dry.tags_before, dry.tags_after, dry.written) == ((), ("Jazz",), False)
    real = write(path)
    assert real.tags_after == dry.tags_after == tags.read(path)
    assert real.reason == dry.reason


def test_a_dry_run_meets_what_a_real_one_meets(
    tmp_path: Path, tune: Tune, write: Callable[..., Tagged]
) -> None:
    """What could not be written, since it is read-only or has two names, a dry run tells too."""
    path = tune(tmp_path / "a.flac")
    (tmp_path / "b.flac").hardlink_to(path)
    for real in (False, True):
        linked = write(path, real=real)
        assert (linked.written, linked.failed, linked.tags_after) == (False, False, ())
        assert linked.reason == "it has 2 names (hard links)"
    (tmp_path / "b.flac").unlink()
    path.chmod(0o444)
    for real in (False, True):
        assert (write(path, real=real).failed, write(path, real=real).reason) == (True, "it is read-only")


def test_a_dry_run_counts_what_a_real_one_writes(tmp_path: Path, tune: Tune, bundled: Artefact) -> None:
    """Of two names of one file that keeps both, one is written and the other has it; a dry run says so too."""
    path = tune(tmp_path / "a.flac")
    (tmp_path / "b.flac").hardlink_to(path)
    chosen = Settings(hardlinks="write", policy="replace")
    dry = tagging.prepare(chosen, bundled.card, wanted=True)
    planned = [tagging.tag(verdict(tmp_path / name, HEARD), dry).planned for name in ("a.flac", "b.flac")]
    os.utime(path, ns=(0, 0))  # what somebody changed would be written anew
    assert tagging.tag(verdict(path, HEARD), dry).planned
    with pipeline.journal() as journal:
        writer = pipeline.writer(journal, "test", hardlinks="write")
        real = tagging.prepare(chosen, bundled.card, wanted=True, writer=writer)
        written = [tagging.tag(verdict(tmp_path / name, HEARD), real).written for name in ("a.flac", "b.flac")]
    assert planned == written == [True, False]


def test_a_dry_run_finds_joined_values_unchanged(tmp_path: Path, write: Callable[..., Tagged]) -> None:
    """Joined values that stand there already byte for byte are no change, in a dry run as in a real one."""
    path = Path(shutil.copy(MUSIC / "blues.mp3", tmp_path))
    mutagen.id3.ID3(path).delete()
    tag = mutagen.id3.ID3()
    tag.add(mutagen.id3.TIT2(encoding=3, text=["A title"]))
    tag.save(path, v2_version=3)
    chosen = {"policy": "replace", "multi": 2, "ratio": 0.0, "separator": ","}
    assert write(path, **chosen).written
    dry, real = write(path, real=False, **chosen), write(path, **chosen)
    assert (dry.planned, real.written) == (False, False)
    assert dry.reason == real.reason


def test_containers_without_a_writer_are_left_alone(tmp_path: Path, write: Callable[..., Tagged]) -> None:
    """An AC-3 stream has no place for tags: it is left as it is, with the reason; that is no failure."""
    path = Path(shutil.copy(MUSIC / "metal.ac3", tmp_path))
    result = write(path)
    assert (result.written, result.failed, result.tags_before) == (False, False, None)
    assert result.reason == "tags of AC-3 files cannot be written"
    assert path.read_bytes() == (MUSIC / "metal.ac3").read_bytes()


def test_a_vanished_file_is_a_failed_write(tmp_path: Path, write: Callable[..., Tagged]) -> None:
    """A file that is gone when its tags are to be written is a failure of that file."""
    result = write(tmp_path / "gone.flac")
    assert (result.failed, result.written) == (True, False)
    assert result.reason


def test_a_file_that_changed_is_handed_back(
    tmp_path: Path, tune: Tune, bundled: Artefact, writer: Writer
) -> None:
    """A verdict about another version of the file is not written."""
    path = tune(tmp_path / "a.flac")
    stamp = Stamp.of(path.stat())
    content = tune(path, seed=1).read_bytes()
    wanted = tagging.prepare(Settings(), bundled.card, wanted=True, writer=writer)
    with pytest.raises(ChangedError):
        tagging.tag(verdict(path, HEARD, stamp), wanted)
    assert path.read_bytes() == content


def test_the_users_genres_are_written(tmp_path: Path, tune: Tune, write: Callable[..., Tagged]) -> None:
    """List, tree and map of the user decide what a verdict is called; what has no name there is not written."""
    (tmp_path / "genres.txt").write_text("Black Music\nrock\n")
    (tmp_path / "tree.yaml").write_text("- black music:\n  - jazz:\n    - bebop\n  - blues\n- rock\n- pop\n")
    (tmp_path / "map.yaml").write_text("Rock: Rock Music\n")
    mine = {"genres": str(tmp_path / "genres.txt"), "tree": str(tmp_path / "tree.yaml")}
    path = tune(tmp_path / "a.flac")
    result = write(path, {"Jazz": 0.3, "Blues": 0.3, "Pop": 0.4}, **mine)
    assert (result.written, result.verdict.confidence) == (True, 0.6)
    assert tags.read(path) == ("Black Music",)
    unknown = write(path, {"Pop": 0.9, "Rock": 0.1}, policy="replace", **mine)
    assert (unknown.written, unknown.verdict.reason) == (False, "Pop is not among your genres")
    assert write(path, {"Rock": 0.9}, policy="append", map=str(tmp_path / "map.yaml")).written
    assert tags.read(path) == ("Black Music", "Rock Music")


ELSEWHERE = {
    "MP3, ID3v2.3 with Other, ID3v1 with Rock": ("blues.mp3", "ID3v1"),
    "MP3, APEv2 with Rock": ("blues.mp3", "APEv2"),
    "FLAC, ID3v2 in front with Rock": ("ambient.flac", "ID3v2.4"),
    "WAV, RIFF INFO with Rock": ("disco.wav", "RIFF INFO"),
}


@pytest.mark.parametrize("case", ELSEWHERE)
def test_a_genre_in_any_place_is_a_genre(tmp_path: Path, write: Callable[..., Tagged], case: str) -> None:
    """By default no genre is overwritten, wherever in the file it stands; replacing says what it replaces."""
    name, system = ELSEWHERE[case]
    path = Path(shutil.copy(MUSIC / name, tmp_path))
    with_rock(path, system)
    content = path.read_bytes()
    kept = write(path)
    assert (kept.written, kept.tags_before, kept.reason) == (False, ("Rock",), "already has a genre")
    assert path.read_bytes() == content
    replaced = write(path, policy="replace")
    assert (replaced.written, replaced.reason) == (True, 'replaces "Rock"')
    assert {place.values for place in tags.places(path)[1]} <= {("Jazz",), ("8",)}


def with_rock(path: Path, system: str) -> None:
    """Put "Rock" into one place of a file, and "Other" or nothing where players look first."""
    data = path.read_bytes()
    if system == "ID3v1":
        other = mutagen.id3.ID3()
        other.add(mutagen.id3.TCON(encoding=0, text="Other"))
        other.save(path, v2_version=3, v1=0)
        path.write_bytes(path.read_bytes() + b"TAG" + bytes(124) + b"\x11")
    elif system == "APEv2":
        ape = mutagen.apev2.APEv2()
        ape["Genre"] = "Rock"
        ape.save(path)
    elif system == "ID3v2.4":
        flac = mutagen.File(path)
        flac.pop("genre", None)
        flac.save()
        front = io.BytesIO()
        rock = mutagen.id3.ID3()
        rock.add(mutagen.id3.TCON(encoding=0, text="Rock"))
        rock.save(front)
        path.write_bytes(front.getvalue() + path.read_bytes())
    else:
        chunk = b"LIST" + struct.pack("<I", 18) + b"INFOIGNR" + struct.pack("<I", 5) + b"Rock\0\0"
        path.write_bytes(data[:4] + struct.pack("<I", len(data) - 8 + len(chunk)) + data[8:] + chunk)


@pytest.mark.parametrize("name", ["blues.mp3", "pop.ogg", "disco.wav"])
@pytest.mark.parametrize("profile", ["default", "plex", "rekordbox"])
def test_appending_twice_is_once(tmp_path: Path, write: Callable[..., Tagged], name: str, profile: str) -> None:
    """With any separator and profile, what was added once is not added again."""
    path = Path(shutil.copy(MUSIC / name, tmp_path))
    chosen = {"policy": "append", "multi": 3, "ratio": 0.1, "separator": ", ", "profile": profile}
    assert write(path, **chosen).written
    content = path.read_bytes()
    for _ in range(2):
        again = write(path, **chosen)
        assert (again.written, again.failed, again.reason) == (False, False, "already has this genre")
    assert path.read_bytes() == content


def test_what_is_missing_is_completed(tmp_path: Path, tune: Tune, write: Callable[..., Tagged]) -> None:
    """Replacing a genre by itself still writes the fields that were asked for, and joins for a player; once."""
    path = tune(tmp_path / "a.flac")
    write(path)
    chosen = {"policy": "replace", "confidence_field": "TXXX:SURE"}
    dry = write(path, real=False, **chosen)
    assert (dry.planned, dry.written) == (True, False)
    assert write(path, **chosen).written
    assert (tags.read(path), tags.read(path, fields.parse("TXXX:SURE"))) == (("Jazz",), ("0.60",))
    assert not write(path, **chosen).written
    assert not write(path, confidence_field="TXXX:ELSE").written
    write(path, policy="replace", multi=2, ratio=0.1)
    assert write(path, policy="replace", multi=2, ratio=0.1, profile="plex").written
    assert tags.read(path) == ("Jazz; Blues",)


def test_a_misspelled_map_is_told(tmp_path: Path, bundled: Artefact) -> None:
    """A name that the model does not have, and a list that fits none of its genres, do not pass in silence."""
    (tmp_path / "map.yaml").write_text("Rokc: Stone\n")
    (warning,) = tagging.prepare(Settings(map=str(tmp_path / "map.yaml")), bundled.card).warnings
    assert "rokc" in warning
    (tmp_path / "genres.txt").write_text("Gamelan\n")
    with pytest.raises(SettingsError, match="none of the model's genres"):
        tagging.prepare(Settings(genres=str(tmp_path / "genres.txt")), bundled.card)


def test_profiles_choose_how(tmp_path: Path, write: Callable[..., Tagged]) -> None:
    """A player's profile decides about version, joining and number; a separator that is given goes first."""
    for name, chosen, expected in [
        ("navidrome", {}, ("Jazz", "Blues")),
        ("plex", {}, ("Jazz; Blues",)),
        ("plex", {"separator": " & "}, ("Jazz & Blues",)),
        ("itunes", {}, ("Jazz",)),
    ]:
        path = Path(shutil.copy(MUSIC / "pop.ogg", tmp_path))
        assert write(path, profile=name, multi=2, ratio=0.4, **chosen).written
        assert tags.read(path) == expected
    for name, version in [("default", 4), ("car", 3), ("rekordbox", 3)]:
        path = tmp_path / "new.mp3"
        data = (MUSIC / "blues.mp3").read_bytes()
        path.write_bytes(data[data.index(b"\xff\xfb") :])
        assert write(path, profile=name).written
        assert path.read_bytes()[:4] == b"ID3" + bytes([version])
    assert tuple(profiles.PROFILES) == settings.PROFILES


@pytest.mark.parametrize(
    "chosen",
    [
        {"confidence_field": "genre"},
        {"confidence_field": "TXXX:A", "runners_up_field": "TXXX:a"},
        {"field": "mood"},
        {"field": "TXXX:"},
        {"genres": "nowhere.txt"},
        {"separator": "/"},
        {"separator": "\x01"},
        {"separator": ";\n"},
        {"confidence_field": "TXXX:ARTIST"},
        {"runners_up_field": "txxx:Album Artist"},
        {"field": "TXXX:tracknumber"},
        {"confidence_field": "TXXX:GENRE"},
        {"field": "style", "confidence_field": "TXXX:STYLE"},
        {"field": "style", "confidence_field": "TXXX:Genre"},
        {"runners_up_field": "TXXX:wm/AlbumTitle"},
    ],
)
def test_what_makes_no_sense_is_refused(bundled: Artefact, chosen: Any) -> None:
    """Unknown fields, two kinds of values in one field and missing files are settings errors with a hint."""
    with pytest.raises(SettingsError) as caught:
        tagging.prepare(Settings(**chosen), bundled.card)
    assert caught.value.hint


@pytest.mark.parametrize("policy", ["only-missing", "replace"])
def test_what_the_cache_remembers_of_another_version_is_not_believed(
    tmp_path: Path, bundled: Artefact, writer: Writer, policy: str
) -> None:
    """A file that another program tagged since is left alone, also if it once said what the person says."""
    path = Path(shutil.copy(MUSIC / "ambient.flac", tmp_path))
    stamp = Stamp.of(path.stat())
    with contextlib.closing(Cache(tmp_path / "cache")) as cache:
        cache.recall(path, stamp, b"way")
        cache.keep_genres(stamp, tags.read(path))
        with path.open("r+b") as file:
            tags.apply(path, file, {fields.GENRE: ("Drone",)}, Manner())
        wanted = tagging.prepare(Settings(policy=policy), bundled.card, wanted=True, writer=writer)
        with pytest.raises(ChangedError):
            tagging.assign(verdict(path, {}, stamp), "Ambient", wanted, cache)
    with pytest.raises(TagError):
        tagging.assign(verdict(tmp_path / "gone", {}, stamp), "Ambient", wanted)
    assert tags.read(path) == ("Drone",)


@pytest.mark.parametrize("name", ["blues.mp3", "ambient.flac", "bossa.m4a"])
def test_what_a_person_says_is_written_whatever_stood_there(
    tmp_path: Path, bundled: Artefact, writer: Writer, name: str
) -> None:
    """Neither policy nor confidence nor "don't know" keeps it out; the model's own numbers are not written."""
    path = Path(shutil.copy(MUSIC / name, tmp_path))
    before, content = tags.read(path), path.read_bytes()
    wanted = tagging.prepare(
        Settings(min_confidence=0.99, confidence_field="TXXX:SURE"), bundled.card, wanted=True, writer=writer
    )
    done = tagging.assign(verdict(path, {}, Stamp.of(path.stat())), "Zydeco", wanted)
    assert (done.written, done.tags_before, done.tags_after) == (True, before, ("Zydeco",))
    assert tags.read(path) == ("Zydeco",)
    assert tags.read(path, fields.parse("TXXX:SURE")) == ()
    again = tagging.assign(verdict(path, {}, Stamp.of(path.stat())), "Zydeco", wanted)
    assert (again.written, again.reason) == (False, "already has this genre")
    path.write_bytes(content)
    with pytest.raises(ChangedError):
        tagging.assign(verdict(path, {}, Stamp(0, 0, 0, 0, 0)), "Blues", wanted)
    assert path.read_bytes() == content
