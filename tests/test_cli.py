"""The command line keeps its promises: data on stdout, the rest on stderr, a sentence and a code for errors."""

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import mutagen
import numpy as np
import pytest
import soundfile

Tune = Callable[..., Path]
EXAMPLES = Path(__file__).resolve().parents[1] / "examples" / "music"

KEYS = [
    "format",
    "path",
    "status",
    "genre",
    "confidence",
    "genres",
    "tags_before",
    "tags_after",
    "written",
    "reason",
    "duration_seconds",
    "n_windows",
    "model",
]


def tagger(*arguments: object, stdin: bytes = b"", **environ: str) -> subprocess.CompletedProcess[bytes]:
    """Run the program as a user does."""
    return subprocess.run(
        [sys.executable, "-m", "tagger", *(os.fspath(a) if isinstance(a, Path) else str(a) for a in arguments)],
        input=stdin,
        capture_output=True,
        env=os.environ | environ,
        timeout=120,
        check=False,
    )


def objects(run: subprocess.CompletedProcess[bytes]) -> list[dict]:
    """The JSON Lines on stdout."""
    return [json.loads(line) for line in run.stdout.splitlines()]


@pytest.fixture
def album(tmp_path: Path, tune: Tune) -> Path:
    """A folder with a WAV and two FLAC files, in two levels."""
    folder = tmp_path / "an album"
    (folder / "disc 2").mkdir(parents=True)
    tune(folder / "one.wav", seed=1)
    tune(folder / "two.flac", seed=2)
    tune(folder / "disc 2" / "drei – Ünï.flac", seed=3)
    return folder


def test_json_lines_have_the_documented_keys(album: Path) -> None:
    """One object a track on stdout, the keys in their order, and the ledger on stderr only."""
    run = tagger("scan", album, "--json")
    assert run.returncode == 0, run.stderr.decode()
    found = objects(run)
    assert {Path(row["path"]).name for row in found} == {"one.wav", "two.flac", "drei – Ünï.flac"}
    for row in found:
        assert list(row) == KEYS
        assert row["status"] == "named"
        assert row["genre"] == row["genres"][0]["genre"]
        assert row["confidence"] == row["genres"][0]["probability"]
        assert len(row["genres"]) == 3
        assert row["written"] is False
        assert row["n_windows"] >= 2
        assert row["duration_seconds"] == pytest.approx(5.0, abs=0.01)
        assert row["model"] == "default"
    assert "Ünï" in run.stdout.decode()
    assert b"found" in run.stderr


def test_csv_is_read_back(album: Path) -> None:
    """CSV has a header and a row a track."""
    run = tagger("scan", album, "--csv", "--top-k", "2")
    rows = list(csv.DictReader(io.StringIO(run.stdout.decode())))
    assert list(rows[0]) == KEYS
    assert len(rows) == 3
    assert all(row["genres"].count(";") == 1 for row in rows)


def test_the_report_goes_to_a_file(album: Path, tmp_path: Path) -> None:
    """`-o FILE` takes the JSON and leaves stdout to the table; the suffix says which kind."""
    run = tagger("scan", album, "-o", tmp_path / "report.json")
    assert run.returncode == 0, run.stderr.decode()
    assert len((tmp_path / "report.json").read_text().splitlines()) == 3
    assert b"two.flac" in run.stdout
    unclear = tagger("scan", album, "-o", tmp_path / "report.xls")
    assert unclear.returncode == 2
    assert b"hint: add --json or --csv" in unclear.stderr


def test_nothing_is_written_unasked(album: Path) -> None:
    """Neither a plain scan nor a dry run touches a byte or a time."""
    before = {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in album.rglob("*.*")}
    assert tagger("scan", album).returncode == 0
    dry = tagger("scan", album, "--dry-run", "--min-confidence", "0", "--json")
    assert dry.returncode == 0
    assert {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in album.rglob("*.*")} == before
    told = {Path(row["path"]).name: row for row in objects(dry)}["two.flac"]
    assert (told["tags_before"], told["tags_after"], told["reason"]) == ([], [told["genre"]], "had no genre")


def test_writing_puts_the_genre_into_the_file(album: Path) -> None:
    """`--write-tags` writes what the report says, once; the second run changes nothing."""
    first = {
        Path(r["path"]).name: r
        for r in objects(tagger("scan", album, "--write-tags", "--min-confidence", 0, "--json"))
    }
    two = album / "two.flac"
    assert first["two.flac"]["written"] is True
    assert first["two.flac"]["tags_before"] == []
    assert mutagen.File(two)["genre"] == [first["two.flac"]["genre"]]
    assert first["one.wav"]["written"] is True
    content, mtime = two.read_bytes(), two.stat().st_mtime_ns
    again = {
        Path(r["path"]).name: r
        for r in objects(tagger("scan", album, "--write-tags", "--min-confidence", 0, "--json"))
    }
    assert again["two.flac"]["written"] is False
    assert again["two.flac"]["tags_before"] == [first["two.flac"]["genre"]]
    assert (two.read_bytes(), two.stat().st_mtime_ns) == (content, mtime)


def test_the_users_genre_is_kept_unless_replacing_is_asked_for(album: Path) -> None:
    """A genre that is there stays; `--policy replace` changes it."""
    two = album / "two.flac"
    tags = mutagen.File(two)
    tags["genre"] = ["Krautrock"]
    tags["title"] = ["A title"]
    tags.save()
    tagger("scan", two, "--write-tags", "--min-confidence", 0)
    assert mutagen.File(two)["genre"] == ["Krautrock"]
    tagger("scan", two, "--write-tags", "--min-confidence", 0, "--policy", "replace")
    assert mutagen.File(two)["genre"] != ["Krautrock"]
    assert mutagen.File(two)["title"] == ["A title"]


def test_dont_know_is_no_genre(album: Path) -> None:
    """Below the wished confidence there is no genre but its runners-up, and the tags are left alone."""
    run = tagger("scan", album, "--min-confidence", "1", "--write-tags", "--json")
    assert run.returncode == 0
    for row in objects(run):
        assert (row["status"], row["genre"], row["written"]) == ("abstained", None, False)
        assert len(row["genres"]) == 3
    assert b"don't know" in tagger("scan", album, "--min-confidence", "1").stdout


def test_bad_files_are_results_and_change_the_exit_code(album: Path) -> None:
    """Bad files are named with a reason, the good ones still get a genre, and the exit code tells."""
    (album / "text.mp3").write_text("not music\n" * 1000)
    (album / "empty.ogg").touch()
    soundfile.write(album / "silence.flac", np.zeros(44100), 22050)
    run = tagger("scan", album, "--json")
    assert run.returncode == 1
    rows = {Path(row["path"]).name: row for row in objects(run)}
    assert {name: row["status"] for name, row in rows.items()} == {
        "one.wav": "named",
        "two.flac": "named",
        "drei – Ünï.flac": "named",
        "text.mp3": "failed",
        "empty.ogg": "failed",
        "silence.flac": "skipped",
    }
    for name in ("text.mp3", "empty.ogg", "silence.flac"):
        assert rows[name]["reason"]
        assert list(rows[name]) == KEYS
    assert run.stderr.count(b"Traceback") == 0


def test_a_closed_stdin_is_no_error(album: Path) -> None:
    """A scan whose stdin was closed by whoever started it, as by cron, works."""
    command = f"{sys.executable} -m tagger scan two.flac -q --json <&-"
    run = subprocess.run(["bash", "-c", command], capture_output=True, cwd=album, timeout=60, check=False)
    assert run.returncode == 0, run.stderr.decode()
    assert objects(run)[0]["status"] == "named"


def test_paths_come_on_stdin_and_by_glob(album: Path) -> None:
    """`-` reads a list from stdin, and a glob that the shell did not expand is expanded."""
    listed = tagger("scan", "-", "--json", stdin=os.fsencode(album / "two.flac") + b"\n")
    assert [Path(row["path"]).name for row in objects(listed)] == ["two.flac"]
    globbed = tagger("scan", album / "**" / "*.flac", "--json")
    assert {Path(row["path"]).name for row in objects(globbed)} == {"two.flac", "drei – Ünï.flac"}


def test_names_that_are_not_utf8_come_back_whole(album: Path) -> None:
    """A name of arbitrary bytes is scanned, written, and found again from the report."""
    name = os.fsencode(album) + b"/caf\xe9.flac"
    shutil.copy(album / "two.flac", name)
    run = tagger("scan", album, "--json", "--write-tags", "--min-confidence", 0)
    assert run.returncode == 0, run.stderr.decode()
    paths = [os.fsencode(row["path"]) for row in objects(run)]
    assert name in paths
    with open(name, "rb") as file:  # noqa: PTH123
        assert mutagen.File(file)["genre"]
    assert tagger("scan", album).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["scan"], 2, "Missing argument"),
        (["scan", "x", "--jobs", "many"], 2, "--jobs"),
        (["scan", "x", "--jobs", "-3"], 2, "jobs must be a whole number"),
        (["scan", "x", "--min-confidence", "7"], 2, "min_confidence must be a number from 0 to 1"),
        (["scan", "x", "--vote", "loud"], 2, "vote must be one of"),
        (["scan", "x", "--json", "--csv"], 2, "exclude each other"),
        (["scan", "x", "--hop", "9", "--window", "3"], 2, "music would be lost"),
        (["scan", "x", "--model", "nowhere"], 3, "nowhere: no such model"),
        (["scan", "x", "--config", "/nonexistent.toml"], 2, "no such config file"),
        (["scan", "--fast", "x"], 2, "--fast"),
        (["scna"], 2, "scna"),
        (["models", "nowhere"], 3, "no such model"),
        (["train", "--dataset", "nonsense"], 4, "nonsense"),
        (["train", "--dataset", "folder:/nonexistent"], 4, "/nonexistent"),
        (["train"], 2, "--dataset"),
    ],
)
def test_errors_are_a_sentence_and_an_exit_code(arguments: list[str], code: int, message: str) -> None:
    """Whatever is wrong with a command, stderr says it in one sentence, and stdout stays empty."""
    run = tagger(*arguments)
    errors = run.stderr.decode()
    assert run.returncode == code, errors
    assert errors.startswith("error: ")
    assert message in errors
    assert len(errors.splitlines()) <= 2
    assert run.stdout == b""


def test_without_a_command_there_is_help() -> None:
    """`tagger` alone shows its commands, and no error."""
    run = tagger()
    assert run.returncode == 2
    assert b"scan" in run.stdout
    assert run.stderr == b""


def test_nothing_found_is_not_success(tmp_path: Path) -> None:
    """An empty folder and a missing file are told, and the exit code is not 0."""
    (tmp_path / "empty").mkdir()
    empty = tagger("scan", tmp_path / "empty")
    assert empty.returncode == 1
    assert b"no audio files" in empty.stderr
    missing = tagger("scan", tmp_path / "missing.mp3", "--json")
    assert missing.returncode == 1
    assert objects(missing)[0]["status"] == "failed"


def test_settings_come_from_file_environment_and_options(album: Path, tmp_path: Path) -> None:
    """`tagger config` shows each value with its origin, and a scan obeys."""
    config = tmp_path / "c.toml"
    config.write_text("top_k = 1\n")
    shown = json.loads(tagger("config", "--json", "--config", config, TAGGER_VOTE="median").stdout)
    assert shown["top_k"] == {"value": 1, "from": str(config)}
    assert shown["vote"] == {"value": "median", "from": "TAGGER_VOTE"}
    assert shown["jobs"]["from"] == "default"
    assert str(config).encode() in tagger("config", "--config", config).stdout.replace(b"\n", b"")
    run = tagger("scan", album / "one.wav", "--json", "--config", config)
    assert len(objects(run)[0]["genres"]) == 1


def test_models_are_listed_and_shown(tmp_path: Path) -> None:
    """The bundled model is listed, its card is shown, and a damaged one is listed with its problem."""
    home = tmp_path / "home"
    shutil.copytree(
        Path(__file__).parents[1] / "tagger" / "models" / "default", home / "data" / "models" / "broken"
    )
    (home / "data" / "models" / "broken" / "model.onnx").write_bytes(b"")
    listed = {row["name"]: row for row in json.loads(tagger("models", "--json", TAGGER_HOME=str(home)).stdout)}
    assert listed["default"]["problem"] == ""
    assert "checksum" in listed["broken"]["problem"]
    assert b"default" in tagger("models").stdout
    card = json.loads(tagger("models", "default", "--json").stdout)
    assert card["format"] == "tagger-model"
    shown = tagger("models", "default").stdout.decode()
    assert all(genre in shown for genre in card["genres"])


def test_windows_can_be_chosen(album: Path) -> None:
    """A shorter hop gives more windows, a longer window fewer."""

    def n_windows(*options: object) -> int:
        return objects(tagger("scan", album / "one.wav", "--json", *options))[0]["n_windows"]

    usual = n_windows()
    assert n_windows("--hop", 0.5) > usual
    assert n_windows("--window", 10.0, "--hop", 10.0) < usual


@pytest.mark.parametrize(
    "arguments",
    ["scan . --json -q", "scan . --csv -q", "scan . -q", "config", "models", "--help", "scan --help"],
)
def test_a_reader_that_leaves_is_no_error(album: Path, arguments: str) -> None:
    """When nobody reads what it says, as after `| head -1`, it ends quietly and with 0."""
    command = f"{sys.executable} -m tagger {arguments} 2>err.txt | true; echo ${{PIPESTATUS[0]}}; cat err.txt"
    run = subprocess.run(["bash", "-c", command], capture_output=True, cwd=album, timeout=120, check=False)
    assert run.stdout == b"0\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize(
    "arguments", ["scan . -q", "scan . -q --json", "scan . -q --csv", "config", "models default", "--version"]
)
def test_a_full_disk_is_one_sentence(album: Path, arguments: str) -> None:
    """Output that cannot be written ends in a sentence and its exit code, not in a traceback."""
    run = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m tagger {arguments} >/dev/full"],
        capture_output=True,
        cwd=album,
        timeout=60,
        check=False,
    )
    assert run.returncode == 5
    assert run.stderr.count(b"\n") == 1
    assert b"No space left" in run.stderr


def test_ctrl_c_finishes_and_reports(tmp_path: Path, tune: Tune) -> None:
    """After Ctrl-C the tracks in hand are finished, and the report tells of every file that was written."""
    folder = tmp_path / "many"
    folder.mkdir()
    model = tune(folder / "0.flac", seconds=20.0)
    for i in range(1, 300):
        shutil.copy(model, folder / f"{i}.flac")
    process = subprocess.Popen(
        [sys.executable, "-m", "tagger", "scan", folder, "--json", "--write-tags", "--min-confidence", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,  # else lines behind the first wait in a buffer that `communicate` does not look into
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    rest, errors = process.communicate(timeout=60)
    assert time.monotonic() - began < 30
    assert process.returncode == 130
    rows = [json.loads(line) for line in [first, *rest.splitlines()]]
    assert 1 <= len(rows) < 300
    written = {Path(row["path"]) for row in rows if row["written"]}
    tagged = {path for path in folder.iterdir() if mutagen.File(path).get("genre")}
    assert tagged == written
    assert b"interrupted" in errors
    assert f"{len(rows)}".encode() in errors
    assert b"Traceback" not in errors


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_terminals_of_any_width(album: Path, columns: int) -> None:
    """In a terminal no line of the table is wider than the terminal."""
    script = shutil.which("script")
    if script is None:
        pytest.skip("`script` is not installed, which gives a command a terminal")
    run = subprocess.run(
        [script, "-qec", f"stty cols {columns}; {sys.executable} -m tagger scan '{album}'", "/dev/null"],
        capture_output=True,
        timeout=120,
        check=False,
        env=os.environ | {"COLUMNS": str(columns), "NO_COLOR": "1", "TERM": "xterm"},
    )
    assert run.returncode == 0
    text = run.stdout.decode()
    assert "two.flac" in text or columns == 40


@pytest.mark.real
def test_two_hundred_real_tracks_are_named(music: Path) -> None:
    """Two hundred real tracks of four corpora are all named, none fails."""
    files = sorted(path for path in music.rglob("*") if path.suffix in {".ogg", ".mp3"})
    chosen = files[:: max(1, len(files) // 200)][:200]
    run = tagger("scan", "-", "--json", stdin=b"\n".join(os.fsencode(path) for path in chosen))
    rows = objects(run)
    assert run.returncode == 0, run.stderr.decode()[-2000:]
    assert len(rows) == 200
    assert {row["status"] for row in rows} == {"named"}


def audio_hash(path: Path) -> bytes:
    """Hash of the audio packets, by FFmpeg."""
    command = ["ffmpeg", "-v", "error", "-i", path, "-map", "0:a", "-c", "copy", "-f", "hash", "-"]
    return subprocess.run(command, capture_output=True, check=True).stdout


@pytest.mark.real
def test_real_files_are_tagged_and_their_audio_is_untouched(music: Path, tmp_path: Path) -> None:
    """FFmpeg's prober sees the genres that were written, and the audio packets are what they were."""
    if shutil.which("ffprobe") is None:
        pytest.skip("ffprobe is not installed")
    files = sorted((music / "songs").glob("*.mp3"))[:4] + sorted((music / "gtzan").rglob("*.ogg"))[::50]
    for file in files:
        Path(shutil.copy(file, tmp_path)).chmod(0o644)
    hashes = {path.name: audio_hash(path) for path in tmp_path.iterdir()}
    run = tagger("scan", tmp_path, "--write-tags", "--min-confidence", 0, "--policy", "replace", "--json")
    rows = objects(run)
    assert len(rows) == len(files)
    for row in rows:
        path = Path(row["path"])
        probe = ["ffprobe", "-v", "error", "-show_entries", "format_tags:stream_tags", "-of", "json", path]
        seen = json.loads(subprocess.run(probe, capture_output=True, check=True).stdout)
        tags = seen["format"].get("tags", {}) | seen["streams"][0].get("tags", {})
        assert {key.lower(): value for key, value in tags.items()}["genre"] == row["genre"]
        assert audio_hash(path) == hashes[path.name]


@pytest.mark.parametrize(
    "command",
    [
        ["scan", "--write-tags"],
        ["report"],
        ["watch"],
        ["show"],
        ["ui", "--share-library"],
        ["explain"],
        ["timeline"],
        ["undo", "--file"],
        ["corpus", "folder:.", "--gallery"],
        ["evaluate", "default", "--dataset", "folder:.", "--report"],
        ["train", "--out"],
        ["runs", "--runs"],
    ],
    ids=" ".join,
)
def test_an_empty_path_is_not_the_current_folder(
    album: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    """An empty path, as of an unset variable, is refused by every command, and nothing is touched."""
    before = {path: path.read_bytes() for path in album.rglob("*") if path.is_file()}
    monkeypatch.setenv("PYTHONPATH", str(EXAMPLES.parents[1]))
    monkeypatch.chdir(album)
    run = tagger(*command, "")
    assert (run.returncode, run.stdout) == (2, b"")
    assert run.stderr.decode() == "error: an empty path names nothing\nhint: `.` is the current folder\n"
    assert {path: path.read_bytes() for path in album.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("option", ["--config", "--genres", "--tree", "--map", "--model"])
def test_a_home_of_nobody_is_told(album: Path, option: str) -> None:
    """`~name` of a user that does not exist is one sentence with a hint, whichever option names it."""
    run = tagger("scan", album, option, "~nosuchuser/x")
    assert (run.returncode, run.stdout) == (2, b"")
    error, hint = run.stderr.decode().splitlines()
    assert error == "error: ~nosuchuser/x: there is no home folder ~nosuchuser"
    assert hint.startswith("hint: ")


@pytest.mark.parametrize(
    ("arguments", "code", "message", "hint"),
    [
        (["scan", "x", "--policy", "replce"], 2, "policy must be one of", "did you mean `replace`?"),
        (["scan", "x", "--vote", "zzz"], 2, "vote must be one of", "leave --vote out"),
        (["scan", "x", "--multi", "0"], 2, "multi must be a whole number", "leave --multi out"),
        (["config", "--config", "/nonexistent"], 2, "no such config file", "check the path"),
        (["scan", "x", "-o", "/nonexistent/x.json"], 5, "there is no folder /nonexistent", "create it first"),
        (["show", "nosuch"], 1, "nosuch: No such file", "check the path"),
    ],
)
def test_wrong_values_come_with_a_hint(arguments: list[str], code: int, message: str, hint: str) -> None:
    """Whatever is wrong in a setting or a path is one sentence, and a second line says what to do."""
    run = tagger(*arguments)
    assert (run.returncode, run.stdout) == (code, b"")
    said = run.stderr.decode().splitlines()
    assert message in said[0]
    assert said[1].startswith(f"hint: {hint}")
