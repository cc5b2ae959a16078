"""`tagger cache`, and scans that remember, as a user runs them."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Tune = Callable[..., Path]
MUSIC = Path(__file__).resolve().parents[1] / "examples" / "music"
FORBIDDEN = {"tensorflow", "keras", "librosa", "onnxruntime", "scipy", "sklearn"}


def tagger(*arguments: object, code: int = 0, **environ: str) -> subprocess.CompletedProcess[bytes]:
    """Run the program."""
    command = [sys.executable, "-m", "tagger", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, env=os.environ | environ, timeout=120, check=False)
    assert done.returncode == code, done.stderr.decode()
    assert b"Traceback" not in done.stderr
    return done


def rows(*arguments: object, **environ: str) -> list[dict[str, Any]]:
    """The results of a scan, by path."""
    found = map(json.loads, tagger("scan", *arguments, "--json", **environ).stdout.splitlines())
    return sorted(found, key=lambda row: row["path"])


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A copy of the example library."""
    return Path(shutil.copytree(MUSIC, tmp_path / "music"))


def test_what_is_remembered_is_what_was_heard(library: Path) -> None:
    """A second scan gives the same results to the last digit, silence included; so does one without a cache."""
    first = rows(library)
    assert rows(library) == first == rows(library, "--no-cache")
    counts = json.loads(tagger("cache", "--json").stdout)
    assert (counts["files"], counts["results"]) == (13, 13)


def test_moved_and_retagged_files_are_known(library: Path, tmp_path: Path) -> None:
    """After writing, moving and undoing, nothing is heard again; the results follow the files."""
    first = rows(library, "--write-tags", "--min-confidence", 0)
    moved = library.rename(tmp_path / "elsewhere")
    second = rows(moved, "--min-confidence", 0)
    tagger("undo", code=1)  # the files have gone from where they were written
    for before, after in zip(first, second, strict=True):
        assert (after["genres"], after["tags_before"]) == (before["genres"], before["tags_after"])
    assert json.loads(tagger("cache", "--json").stdout)["results"] == 13


def test_other_thresholds_need_no_hearing_and_other_ways_do(library: Path) -> None:
    """Confidence, policy and the user's genres are applied to what is remembered; windows and votes are not."""
    rows(library)
    assert {row["status"] for row in rows(library, "--min-confidence", 1)} == {"abstained", "skipped"}
    rows(library, "--dry-run", "--policy", "replace", "--top-k", 14)
    assert json.loads(tagger("cache", "--json").stdout)["results"] == 13
    rows(library, "--vote", "majority")
    assert json.loads(tagger("cache", "--json").stdout)["results"] == 26


def test_failures_are_tried_again(library: Path) -> None:
    """A file that could not be heard is heard when it can be."""
    path = library / "pop.ogg"
    content = path.read_bytes()
    path.write_bytes(content[:3000])
    assert tagger("scan", path, code=1).stdout
    path.write_bytes(content)
    assert rows(path)[0]["status"] == "named"


def test_clearing(library: Path) -> None:
    """`tagger cache clear` forgets everything and says what is left; `info` is what is done without a word."""
    rows(library)
    assert b"files\t13\n" in tagger("cache").stdout
    assert tagger("cache", "info").stdout == tagger("cache").stdout
    assert b"files\t0\n" in tagger("cache", "clear").stdout
    assert json.loads(tagger("cache", "--json").stdout)["results"] == 0
    assert b"hint: " in tagger("cache", "empty", code=2).stderr


def test_what_training_keeps_is_counted_and_cleared_by_itself(library: Path, tmp_path: Path) -> None:
    """Frames of clips count, whatever is in them, and go without what scans remember; folders stay."""
    home = tmp_path / "home"
    environ = {"TAGGER_HOME": str(home)}
    rows(library, **environ)
    corpus = tmp_path / "corpus"
    for genre, piece in (("Metal", "metal.ac3"), ("Pop", "pop.ogg"), ("Jazz", "jazz.wv")):
        (corpus / genre).mkdir(parents=True)
        shutil.copy(MUSIC / piece, corpus / genre)
    tagger("corpus", f"folder:{corpus}", **environ)
    before = json.loads(tagger("cache", "--json", **environ).stdout)
    files = [path for path in (home / "cache" / "sounds").rglob("*") if path.is_file()]
    assert before["training_files"] == len(files) > 0
    assert before["training_bytes"] == sum(path.stat().st_size for path in files)
    assert b"hint: tagger cache clear --training" in tagger("cache", "--training", code=2, **environ).stderr
    after = json.loads(tagger("cache", "clear", "--training", "--json", **environ).stdout)
    assert (after["training_files"], after["training_bytes"]) == (0, 0)
    assert (home / "cache" / "sounds").is_dir()
    assert json.loads(tagger("cache", "--json", **environ).stdout)["results"] == before["results"] == 13


def test_a_cache_that_cannot_be_used_is_one_sentence(library: Path, tmp_path: Path) -> None:
    """The scan goes on without it; `tagger cache` is an error."""
    database = tmp_path / "home" / "cache" / "cache.sqlite3"
    database.parent.mkdir(parents=True)
    database.write_bytes(b"damaged " * 1000)
    home = {"TAGGER_HOME": str(tmp_path / "home")}
    done = tagger("scan", library, **home)
    assert done.stderr.count(b"the cache cannot be used, all is heard anew") == 1
    assert len(done.stdout.splitlines()) == 13
    assert b"hint: " in tagger("cache", code=5, **home).stderr


@pytest.mark.parametrize(
    "damage", [lambda whole: b"damaged " * 1000, lambda whole: whole[:4096] + b"\xff" * 40960]
)
def test_a_damaged_cache_cannot_be_cleared(library: Path, damage: Callable[[bytes], bytes]) -> None:
    """Both ways of asking say what they could not do, not what a scan would, and what helps; then it helps."""
    rows(library)
    file = Path(json.loads(tagger("cache", "--json").stdout)["path"])
    file.write_bytes(damage(file.read_bytes()))
    for action, undone in (("info", "read"), ("clear", "cleared")):
        error, hint = tagger("cache", action, code=5).stderr.decode().splitlines()
        assert error.startswith(f"error: {file}: the cache cannot be {undone}: ")
        assert "heard anew" not in error
        assert hint.startswith("hint: delete the file")
    file.unlink()
    assert b"files\t0\n" in tagger("cache", "clear").stdout


def test_a_remembered_scan_loads_no_network(library: Path, tmp_path: Path) -> None:
    """Where all is remembered, neither the network's library nor the transform's is loaded."""
    rows(library)
    report = tmp_path / "modules"
    program = (
        "import sys, atexit\n"
        "report = sys.argv.pop()\n"
        "atexit.register(lambda: open(report, 'w').write(' '.join(sys.modules)))\n"
        "from tagger import cli\n"
        "cli.main(['scan', sys.argv[1]])\n"
    )
    subprocess.run([sys.executable, "-c", program, str(library), str(report)], capture_output=True, check=True)
    assert not FORBIDDEN & {name.split(".")[0] for name in report.read_text().split()}


def test_an_interrupted_scan_goes_on_where_it_stopped(tmp_path: Path, tune: Tune) -> None:
    """What was heard before a kill is not heard again."""
    for number in range(40):
        tune(tmp_path / f"{number:02}.flac", seconds=60, seed=number)
    command = [sys.executable, "-m", "tagger", "scan", str(tmp_path), "--json", "-j", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for _ in range(5):
            process.stdout.readline()
        process.kill()
    known = json.loads(tagger("cache", "--json").stdout)["results"]
    assert 5 <= known < 40
    assert len(rows(tmp_path)) == 40
