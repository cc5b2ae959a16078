"""`tagger scan --album`, as a user runs it and as a library."""

import csv
import dataclasses
import functools
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tagger import engine, pipeline, tagging
from tagger.inference.runtime import Runtime
from tagger.records import Tagged, Verdict
from tagger.settings import Settings
from tagger.sinks import album_columns, report, tags
from tagger.sinks.cache import Cache

MUSIC = Path(__file__).resolve().parents[1] / "examples" / "music"
CALM = ("calm.mp3", "calm.flac", "calm.m4a", "calm.wav", "CD2/calm.ogg")
ODD = "reggae.m4a"


def tagger(*arguments: object, code: int = 0, **environ: str) -> subprocess.CompletedProcess[bytes]:
    """Run the program."""
    command = [sys.executable, "-m", "tagger", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, env=os.environ | environ, timeout=120, check=False)
    assert done.returncode == code, done.stderr.decode()
    assert b"Traceback" not in done.stderr
    return done


def rows(*arguments: object, **environ: str) -> dict[str, dict[str, Any]]:
    """The tracks of a scan, by file name, in the order of names."""
    found = map(json.loads, tagger("scan", *arguments, "--json", **environ).stdout.splitlines())
    return {Path(row["path"]).name: row for row in sorted(found, key=lambda row: row["path"])}


@pytest.fixture(scope="module")
def prototype(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An album in five containers and two folders, with one track that sounds otherwise, and other tracks."""
    if not shutil.which("ffmpeg"):
        pytest.skip("no ffmpeg")
    folder = tmp_path_factory.mktemp("library")
    (folder / "Album" / "CD2").mkdir(parents=True)
    album = ["-metadata", "album=Night Music", "-metadata", "album_artist=Example", "-metadata", "genre="]
    for name in CALM:
        convert(MUSIC / "adagio.mp2", folder / "Album" / name, *album)
    convert(MUSIC / ODD, folder / "Album" / ODD, *album, "-codec", "copy")
    convert(MUSIC / "jazz.wv", folder / "Album" / "loose.flac")
    (folder / "Mix").mkdir()
    for name in ("adagio.mp2", "ambient.flac", "hiphop.opus", "disco.wav", "jazz.wv"):
        convert(MUSIC / name, folder / "Mix" / f"mix {Path(name).stem}.flac", "-metadata", "album=Mix")
    return folder


def convert(source: Path, target: Path, *options: str) -> None:
    """Let ffmpeg, which knows nothing of us, write audio and tags."""
    command = ["ffmpeg", "-v", "error", "-i", str(source), "-map_metadata", "-1", *options, str(target)]
    subprocess.run(command, check=True)


@pytest.fixture
def library(prototype: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(prototype, tmp_path / "library"))


@pytest.fixture(scope="module")
def scans(prototype: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., bytes]:
    """What scans of the library print, each run once; all know what the first one heard."""
    home = str(tmp_path_factory.mktemp("home"))

    @functools.cache
    def printed(*options: str) -> bytes:
        return tagger("scan", prototype, "--jobs", "1", *options, TAGGER_HOME=home).stdout

    printed("--json")
    return printed


def by_name(printed: bytes) -> dict[str, dict[str, Any]]:
    """The rows of a report, by file name."""
    return {Path(row["path"]).name: row for row in map(json.loads, printed.splitlines())}


Scans = Callable[..., bytes]


def test_off_is_the_default_and_adds_nothing(scans: Scans) -> None:
    """Without the option, and with `off`, reports are of format 2 and tell of no album."""
    plain = scans("--json")
    assert scans("--json", "--album", "off") == plain
    assert {tuple(json.loads(line)) for line in plain.splitlines()} == {report.COLUMNS}
    assert plain.count(b'"format": 2') == 12
    assert {line.count(b"\t") for line in scans("--album", "off").splitlines()} == {4}


def test_suggest_tells_beside_what_is_as_before(scans: Scans) -> None:
    """Every verdict stays; what the album says, how surely, and where each track stands is told."""
    off, found = by_name(scans("--json")), by_name(scans("--json", "--album", "suggest"))
    for name, row in found.items():
        assert tuple(row) == report.COLUMNS + album_columns.COLUMNS
        assert {key: row[key] for key in report.COLUMNS} == off[name] | {"format": 3}
        assert row["own_genres"] == row["genres"]
    members = [found[Path(name).name] for name in (*CALM, ODD)]
    told = {(row["album"], row["album_tracks"], row["album_genre"], row["album_reason"]) for row in members}
    assert told == {("Night Music", 6, "Classical", "")}
    assert len({row["album_confidence"] for row in members}) == 1
    assert 0.5 < members[0]["album_confidence"] < 1
    assert [row["album_standing"] for row in members] == ["agrees"] * 5 + ["differs"]
    assert (found["loose.flac"]["album"], found["loose.flac"]["album_standing"]) == (None, None)
    mixed = [row for row in found.values() if row["album"] == "Mix"]
    assert len(mixed) == 5
    for row in mixed:
        assert (row["album_standing"], row["album_genre"], row["album_confidence"]) == (
            "left alone",
            None,
            None,
        )
        assert "of its 5 tracks sound most like" in row["album_reason"]


def test_votes_help_within_the_album_only(scans: Scans) -> None:
    """The unsure track takes its album's genre, own scores stay; those of no album are as before."""
    off, found = by_name(scans("--json")), by_name(scans("--json", "--album", "vote"))
    assert off[ODD]["genre"] == "Electronic"
    assert found[ODD]["genre"] == "Classical"
    assert off[ODD]["confidence"] < 0.5 < found[ODD]["confidence"] < 0.6
    calm = {name: row["confidence"] for name, row in found.items() if name.startswith("calm")}
    assert all(
        off[name]["confidence"] - 0.5 < confidence < off[name]["confidence"]
        for name, confidence in calm.items()
    )
    for name, row in found.items():
        assert row["own_genres"] == off[name]["genres"]
        is_helped = row["album"] == "Night Music"
        assert (row["genres"] != off[name]["genres"]) is is_helped
        if not is_helped:
            assert {key: row[key] for key in report.COLUMNS} == off[name] | {"format": 3}


def test_csv_and_table_tell_of_albums(scans: Scans) -> None:
    """CSV has the same columns, and the table a sixth cell."""
    found = scans("--album", "suggest", "--csv", "--top-k", "2").decode()
    for row in csv.DictReader(io.StringIO(found, newline="")):
        assert tuple(row) == report.COLUMNS + album_columns.COLUMNS
        assert row["own_genres"] == row["genres"]
        assert row["own_genres"].count(";") == 1
    table = scans("--album", "suggest").decode().splitlines()
    cells = {Path(line.split("\t")[0]).name: line.split("\t")[5:] for line in table}
    assert cells.pop("loose.flac") == [""]
    (told,) = cells.pop(ODD)
    assert told.startswith("Night Music, 6 tracks: Classical ")
    assert told.endswith(" %; differs")
    voted = [line for line in scans("--album", "vote").decode().splitlines() if ODD in line]
    assert voted[0].endswith(" %; differs; by itself Electronic 42 %")
    assert any("left alone" in told for (told,) in cells.values())


def test_reports_of_both_formats_may_be_replaced(library: Path, tmp_path: Path) -> None:
    """A report of format 3 takes the place of one of format 2, and the other way round."""
    for how, version in [("off", 2), ("vote", 3), ("off", 2)]:
        tagger("scan", library / "Album" / ODD, "--album", how, "-o", tmp_path / "report.json")
        assert json.loads((tmp_path / "report.json").read_text())["format"] == version


def test_votes_are_written_and_taken_back(library: Path) -> None:
    """What a vote made sure enough is written, which alone it was not; undo gives every byte back."""
    before = {path: path.read_bytes() for path in library.rglob("*.*")}
    alone = rows(library, "--album", "suggest", "--dry-run")
    assert alone[ODD]["tags_after"] == []
    assert alone["calm.mp3"]["tags_after"] == ["Classical"]
    found = rows(library, "--album", "vote", "--write-tags")
    for name in (*CALM, ODD):
        assert found[Path(name).name]["written"]
        assert tags.read(library / "Album" / name) == ("Classical",)
    tagger("undo")
    assert {path: path.read_bytes() for path in library.rglob("*.*")} == before


def test_a_part_of_an_album_is_judged_by_that_part(prototype: Path, scans: Scans) -> None:
    """Of an album named in part, only that part counts, whatever the cache knows of the others."""
    assert scans("--json")
    (row,) = rows(prototype / "Album" / ODD, "--album", "vote").values()
    assert row["genres"] == row["own_genres"]
    assert (row["album"], row["album_reason"]) == ("Night Music", "no other of its tracks was heard")


@pytest.mark.parametrize("where", ["option", "environment", "file"])
def test_votes_and_promises_exclude_each_other(where: str, tmp_path: Path) -> None:
    """`--max-error` with votes is refused in a sentence before any file is looked for."""
    (tmp_path / "config.toml").write_text('album = "vote"\n' if where == "file" else "")
    environ = {"TAGGER_ALBUM": "vote"} if where == "environment" else {}
    options = ["--album", "vote"] if where == "option" else []
    scan = ["scan", "nowhere.mp3", "--max-error", "25%", "--config", tmp_path / "config.toml"]
    done = tagger(*scan, *options, code=2, **environ)
    assert b"named by themselves, not with their album's help" in done.stderr
    assert b"hint: leave out --max-error, or take --album suggest" in done.stderr
    assert b"nowhere" not in done.stderr


def test_suggestions_and_promises_go_together(scans: Scans) -> None:
    """A promise names as without albums; what an album says is told beside it."""
    promised, told = (
        by_name(scans("--json", "--max-error", "25%", "--effort", "full", *more))
        for more in ((), ("--album", "suggest"))
    )
    assert {name: row["genre"] for name, row in promised.items()} == {
        name: row["genre"] for name, row in told.items()
    }
    assert {row["status"] for row in told.values()} == {"named", "abstained"}


def test_nonsense_is_refused() -> None:
    """There are three ways to treat albums."""
    done = tagger("scan", "nowhere.mp3", "--album", "always", code=2)
    assert b"album must be one of off, suggest, vote; received 'always'" in done.stderr


def looking(plan: engine.Plan) -> tagging.Tagging:
    """A scan that writes nothing."""
    return tagging.prepare(Settings(), plan.artefact.card)


def test_another_way_needs_no_hearing(library: Path, tmp_path: Path) -> None:
    """The cache keeps what each track says by itself: suggestions, votes and none follow from it alone."""
    cache = Cache(tmp_path / "cache")
    plan = pipeline.prepare(Settings())
    deaf = dataclasses.replace(plan, runtime=Deaf())
    told: dict[str, list[tuple[Any, ...]]] = {}
    for how, listener in [("vote", plan), ("off", deaf), ("suggest", deaf), ("again", deaf)]:
        album = "vote" if how == "again" else how
        results = pipeline.scan([library], listener, looking(plan), cache=cache, album=album)
        told[how] = sorted((str(one.track.path), one.verdict) for one in results if isinstance(one, Tagged))
        assert len(told[how]) == 12
    cache.close()
    assert told["again"] == told["vote"]
    for (_, vote), (_, off), (_, suggest) in zip(told["vote"], told["off"], told["suggest"], strict=True):
        assert dataclasses.replace(suggest, standing=None) == off
        assert suggest.standing == vote.standing
    assert [
        vote.scores != off.scores for (_, vote), (_, off) in zip(told["vote"], told["off"], strict=True)
    ].count(True) == 6


class Deaf:
    """A network that must not be asked."""

    name = device = "none"

    def logits(self, windows: Any) -> Any:
        """Raises always."""
        raise AssertionError("something was heard again")

    outputs = logits


class Halting:
    """A network that asks the run to end when it is first asked."""

    def __init__(self, runtime: Runtime, halt: engine.Halt) -> None:
        self.name, self.device, self._runtime, self._halt = runtime.name, runtime.device, runtime, halt

    def logits(self, windows: Any) -> Any:
        """The network's."""
        return self.outputs(windows)[0]

    def outputs(self, windows: Any) -> Any:
        """The network's."""
        self._halt.after_tracks_in_hand.set()
        return self._runtime.outputs(windows)


def test_an_interrupt_keeps_what_was_heard(prototype: Path) -> None:
    """A run that is told to end gives every track that it heard, those of a half-heard album, too."""
    halt, usual = engine.Halt(), pipeline.prepare(Settings())
    plan = dataclasses.replace(usual, jobs=1, batch_size=1, runtime=Halting(usual.runtime, halt))
    results = list(pipeline.scan([prototype / "Album"], plan, looking(plan), halt=halt, album="vote"))
    assert 0 < len(results) < 7
    for result in results:
        assert isinstance(result, Tagged)
        assert result.verdict.standing is not None
        assert result.verdict.standing.album.n_tracks == len(results)


def test_a_file_that_changes_meanwhile_keeps_its_albums_help(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Retagged by another program before it was written, a track is heard again and named as before."""
    path, real_tag, n_tries = library / "Album" / ODD, tagging.tag, 0

    def tag(heard: Verdict, wanted: tagging.Tagging, cache: Cache | None) -> Tagged:
        nonlocal n_tries
        if heard.track.path == path:
            n_tries += 1
            if n_tries == 1:
                (tmp_path / "tagged.m4a").unlink(missing_ok=True)
                convert(path, tmp_path / "tagged.m4a", "-codec", "copy", "-metadata", "album=Night Music")
                shutil.move(tmp_path / "tagged.m4a", path)
        return real_tag(heard, wanted, cache)

    monkeypatch.setattr(tagging, "tag", tag)
    plan = pipeline.prepare(Settings())
    with pipeline.journal() as journal:
        writer = pipeline.writer(journal, "test")
        wanted = tagging.prepare(Settings(), plan.artefact.card, wanted=True, writer=writer)
        results = list(pipeline.scan([library / "Album"], plan, wanted, album="vote"))
    assert n_tries == 2
    assert len(results) == 7
    assert tags.read(path) == ("Classical",)


@pytest.mark.real
def test_one_artists_music_is_an_album_and_a_mix_is_none(music: Path, tmp_path: Path) -> None:
    """Clips of one artist and genre are judged together; one clip of each of eight genres is left alone."""
    with (music / "manifest.csv").open(newline="") as file:
        manifest = [row for row in csv.DictReader(file) if row["corpus"] in {"emotify", "taffc"}]
    one_artist = [row["file"] for row in manifest if row["group"] == "artist:ivan ilic"][:8]
    first = {row["genres"]: row["file"] for row in reversed(manifest)}
    wanted = ("classical", "rock", "hiphop", "electronic", "jazz", "blues", "country", "metal")
    mix = [first[genre] for genre in wanted if genre in first]
    for title, files in (("Preludes", one_artist), ("Mix", mix)):
        (tmp_path / title).mkdir()
        for n, name in enumerate(files):
            convert(
                music / name,
                tmp_path / title / f"{title}{n}.ogg",
                "-codec",
                "copy",
                "-metadata",
                f"album={title}",
            )
    found = list(rows(tmp_path, "--album", "vote").values())
    assert {(row["album"], row["album_standing"] == "left alone") for row in found} == {
        ("Preludes", False),
        ("Mix", True),
    }
    assert {row["genre"] for row in found if row["album"] == "Preludes"} == {"Classical"}
