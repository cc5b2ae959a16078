"""`tagger report` as a user runs it."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tagger.sinks import tags
from tagger.sinks.tags import fields
from tests.sources.watched import wait_for
from tests.test_cli_listen import caught

MUSIC = Path(__file__).resolve().parents[1] / "examples" / "music"
FORBIDDEN = {"tensorflow", "keras", "librosa", "onnxruntime", "matplotlib"}


def tagger(*arguments: object, code: int = 0, **environ: str) -> subprocess.CompletedProcess[bytes]:
    """Run the program."""
    command = [
        sys.executable,
        "-m",
        "tagger",
        *(os.fspath(a) if isinstance(a, Path) else str(a) for a in arguments),
    ]
    done = subprocess.run(command, capture_output=True, env=os.environ | environ, timeout=120, check=False)
    assert done.returncode == code, done.stderr.decode()
    assert b"Traceback" not in done.stderr
    return done


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The user's folder, the same for all tests that share a library."""
    return {"TAGGER_HOME": str(tmp_path_factory.mktemp("home"))}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, home: dict[str, str]) -> Path:
    """The example library, into which the program wrote what it heard, and a wrong tag as it was told."""
    folder = Path(shutil.copytree(MUSIC, tmp_path_factory.mktemp("tagged") / "music"))
    wrong = folder.parent / "map.yaml"
    wrong.write_text("Classical: Hip-Hop\n")
    tagger("scan", folder, "--write-tags", "--min-confidence", 0, "--policy", "replace", "-q", **home)
    odd = os.fsdecode(os.fsencode(folder) + b"/\xff<script>.mp2")
    (folder / "adagio.mp2").rename(odd)
    (folder / "ambient.flac").rename(folder / "am\nbient.flac")
    retag = ("scan", folder / "am\nbient.flac", "--write-tags", "--policy", "replace", "--map", wrong, "-q")
    tagger(*retag, **home)
    (folder / "broken.mp3").write_bytes(b"no music" * 500)
    return folder


def written(library: Path, home: dict[str, str], suffix: str, *more: object) -> Path:
    """A report in a file, from the cache."""
    path = library.parent / f"report{suffix}"
    tagger("report", "--cached", "-o", path, *more, **home)
    return path


def test_a_folder_is_heard_and_reported_on(library: Path, home: dict[str, str]) -> None:
    """The wrong tag is the first of the list; what failed is told, and makes the exit code 1, as in a scan."""
    before = {path: path.read_bytes() for path in library.iterdir()}
    found = json.loads(tagger("report", library, "--json", code=1, **home).stdout)
    assert {path: path.read_bytes() for path in library.iterdir()} == before
    assert found["tracks"][0]["rank"] == 1
    assert Path(found["tracks"][0]["path"]).name == "am\nbient.flac"
    assert found["tracks"][0]["tags"] == ["Hip-Hop"]
    assert found["tracks"][0]["genre"] == "Classical"
    assert found["counts"] | {"heard": 12, "differs": 1, "suspects": 1, "unread": 3} == found["counts"]
    assert {Path(one["path"]).name: one["kind"] for one in found["unread"]} | {
        "broken.mp3": "failed",
        "silence.flac": "skipped",
    } == {Path(one["path"]).name: one["kind"] for one in found["unread"]}


def test_the_cache_alone_tells_the_same(library: Path, home: dict[str, str]) -> None:
    """`--cached` hears nothing, loads no network, and gives the same tracks; nothing is gone."""
    scanned = json.loads(tagger("report", library, "--json", code=1, **home).stdout)
    cached = json.loads(tagger("report", "--cached", "--json", **home).stdout)
    assert cached["tracks"] == scanned["tracks"]
    assert cached["confusion"] == scanned["confusion"]
    assert (cached["counts"]["gone"], cached["counts"]["changed"], cached["counts"]["unplaced"]) == (0, 0, 0)
    report = library.parent / "modules"
    program = (
        "import sys, atexit\n"
        "report = sys.argv.pop()\n"
        "atexit.register(lambda: open(report, 'w').write(' '.join(sys.modules)))\n"
        "from tagger import cli\n"
        "cli.main(['report', '--cached'])\n"
    )
    command = [sys.executable, "-c", program, str(report)]
    subprocess.run(command, capture_output=True, check=True, env=os.environ | home)
    assert not FORBIDDEN & {name.split(".")[0] for name in report.read_text().split()}


def test_the_summary_says_what_to_look_at(library: Path, home: dict[str, str]) -> None:
    """Without a file there are tables on stdout, and a note on stderr where the page can be had."""
    done = tagger("report", "--cached", **home)
    text = done.stdout.decode()
    assert "Tags that are probably wrong, the most surprising 1 of 1\n" in text
    assert "music/am\\nbient.flac\tHip-Hop\tClassical " in text
    assert "of the tags 10 agree with what is heard, 1 differ; 0 tracks without one" in text
    assert "-o report.html" in done.stderr.decode()
    assert tagger("report", "--cached", "-q", **home).stderr == b""


def test_reports_in_files(library: Path, home: dict[str, str]) -> None:
    """The suffix chooses the kind; each holds every track, and names as they are."""
    page = written(library, home, ".html").read_text("utf-8")
    assert "\\\\udcff\\u003cscript>.mp2" in page
    assert "<script>.mp2" not in page
    data = json.loads(written(library, home, ".json").read_bytes())
    assert b"/\xff<script>.mp2" in b"".join(os.fsencode(track["path"]) for track in data["tracks"])
    with written(library, home, ".csv").open(newline="", encoding="utf-8") as stream:
        read = list(csv.DictReader(stream))
    assert [row["genre"] for row in read] == [track["genre"] for track in data["tracks"]]
    assert written(library, home, ".json", "--json").read_bytes().startswith(b'{"format": 1, "kind": "audit"')


def test_thresholds_make_less_known(library: Path, home: dict[str, str]) -> None:
    """Options of listening are those of a scan: what is not sure enough is not compared."""
    found = json.loads(tagger("report", "--cached", "--json", "--min-confidence", 1, **home).stdout)
    assert found["counts"]["unsure"] == 11
    assert (found["counts"]["suspects"], found["expectation"]) == (0, None)


def hints(done: subprocess.CompletedProcess[bytes]) -> Iterable[str]:
    """The lines of stderr: an error and a hint."""
    error, hint = done.stderr.decode().splitlines()
    assert error.startswith("error: ")
    assert hint.startswith("hint: ")
    return error, hint


def test_what_makes_no_sense_is_said(library: Path, home: dict[str, str], tmp_path: Path) -> None:
    """Nothing to report on, two things at once, kinds and places that cannot be: a sentence and a hint."""
    assert "nothing to report on" in next(iter(hints(tagger("report", code=2, **home))))
    assert "exclude each other" in next(iter(hints(tagger("report", library, "--cached", code=2, **home))))
    hints(tagger("report", "--cached", "-o", tmp_path / "report.docx", code=2, **home))
    hints(tagger("report", "--cached", "-o", tmp_path / "no" / "report.html", code=5, **home))
    song = tmp_path / "song.csv"
    song.write_bytes(b"ID3 a song")
    hints(tagger("report", "--cached", "-o", song, code=5, **home))
    assert song.read_bytes() == b"ID3 a song"
    hints(tagger("report", "--cached", "--model", "nowhere", code=3, **home))


def test_where_nothing_is_there_nothing_is_written(tmp_path: Path) -> None:
    """An empty cache and an empty folder are told, with exit code 1."""
    page = tmp_path / "report.html"
    assert b"hint: `tagger report DIR` hears" in tagger("report", "--cached", "-o", page, code=1).stderr
    (tmp_path / "empty").mkdir()
    assert b"no audio files found" in tagger("report", tmp_path / "empty", "-o", page, code=1).stderr
    assert not page.exists()


def test_a_damaged_cache_is_an_error(tmp_path: Path) -> None:
    """Without what was heard there is nothing that `--cached` could tell."""
    database = tmp_path / "cache" / "cache.sqlite3"
    database.parent.mkdir()
    database.write_bytes(b"damaged " * 1000)
    done = tagger("report", "--cached", code=5, TAGGER_HOME=str(tmp_path))
    assert b"hint: `tagger cache` says why" in done.stderr


@pytest.mark.parametrize("words", [("-o", "report.html"), ("-o", "new.html"), ("--json",), ()])
def test_an_interrupt_leaves_the_last_report(words: tuple[str, ...], tmp_path: Path) -> None:
    """Part of a library is no report: the older one stays, nothing is on stdout, and the cache remembers."""
    songs = tmp_path / "songs"
    for number in range(20):
        shutil.copytree(MUSIC, songs / str(number))
    before = b'<!doctype html><meta name="generator" content="tagger report">'
    (tmp_path / "report.html").write_bytes(before)
    command = [sys.executable, "-m", "tagger", "report", songs, "--effort", "full", "--jobs", "1", *words]
    root = os.environ | {"TAGGER_HOME": str(tmp_path / "home"), "PYTHONPATH": str(MUSIC.parents[1])}
    with subprocess.Popen(command, stdout=-1, stderr=-1, cwd=tmp_path, env=root) as run:
        wait_for(lambda: signal.SIGTERM in caught(run.pid))
        time.sleep(0.5)
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=60)
    assert (run.returncode, out) == (130, b"")
    what = {"report.html": "report.html stays as it was", "new.html": "new.html is not written"}
    told = what.get(words[-1] if words else "", "a report is not written")
    assert f"interrupted; {told}; what was heard is remembered" in err.decode()
    assert (tmp_path / "report.html").read_bytes() == before
    assert not (tmp_path / "new.html").exists()


def tracks_of(found: dict[str, Any]) -> list[str]:
    """The names of the suspects, in their order."""
    return [Path(track["path"]).name for track in found["tracks"] if track["rank"]]


@pytest.mark.real
def test_wrong_tags_of_real_music_come_first(tmp_path: Path, music: Path) -> None:
    """Of 18 clips with their labels as tags, three of them exchanged, these three are the first of the list."""
    with (music / "manifest.csv").open(newline="", encoding="utf-8") as stream:
        rows = [
            row for row in csv.DictReader(stream) if row["corpus"] == "emotify" and float(row["seconds"]) > 20
        ]
    wrong = []
    for label, other in (("classical", "Hip-Hop"), ("electronic", "Country"), ("rock", "Classical")):
        for number, row in enumerate([row for row in rows if row["genres"] == label][:6]):
            path = Path(shutil.copy(music / row["file"], tmp_path / f"{label} {number}.ogg"))
            if number == 0:
                wrong.append(path.name)
            with path.open("r+b") as file:
                tags.apply(path, file, {fields.GENRE: (other if number == 0 else label.title(),)})
    found = json.loads(tagger("report", tmp_path, "--json", "-q").stdout)
    assert sorted(tracks_of(found)[: len(wrong)]) == sorted(wrong)
    assert found["map"]["method"] == "t-SNE"
