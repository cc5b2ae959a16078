"""`tagger doctor` tells what a scan would use and what is wrong, and changes nothing."""

import json
import os
import pty
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from tagger import pipeline
from tagger.inference import artefact, runtime
from tagger.settings import Settings
from tagger.sinks.journal import Journal, Note
from tagger.sources import codecs, decode, ffmpeg, sniff
from tests.sources import tones

NO_DRIVER = pytest.mark.skipif(runtime.DRIVER.exists(), reason="this machine has the driver of a GPU")
MUSIC = Path(__file__).resolve().parents[1] / "examples" / "music"
HEAVY = {"tensorflow", "keras", "librosa", "sklearn", "onnxruntime", "sounddevice", "scipy", "mutagen"}
SECTIONS = [
    *("versions", "runtime", "model", "processor", "codecs", "configuration", "own_models", "cache", "journal"),
    *("terminal", "problems"),
]
PROGRAM = """
import atexit, os, sys, typer
from tagger.cli import doctor
if report := os.environ.get("REPORT"):
    atexit.register(lambda: open(report, "w").write(" ".join(sys.modules)))
app = typer.Typer()
app.command()(doctor.doctor)
sys.exit(app(sys.argv[1:], standalone_mode=False))
"""
AS_NOBODY = """
import os, sys
from tagger import diagnosis
from tagger.cli import doctor
diagnosis.examine({"problems": []})  # imports what it needs while it may
if os.geteuid() == 0:
    os.setresuid(65534, 65534, 65534)
sys.exit(doctor.doctor(as_json=True))
"""


def doctor(*arguments: str, program: str = PROGRAM, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does."""
    command = [sys.executable, "-c", program, *arguments]
    run = subprocess.run(command, capture_output=True, text=True, env=os.environ | environ, check=False)
    assert "Traceback" not in run.stderr, run.stderr
    return run


def tagger(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the program."""
    command = [sys.executable, "-m", "tagger", *arguments]
    run = subprocess.run(command, capture_output=True, text=True, env=os.environ | environ, check=False)
    assert "Traceback" not in run.stderr, run.stderr
    return run


def told(program: str = PROGRAM, **environ: str) -> dict[str, Any]:
    """What it says in JSON; the exit code must fit the number of problems."""
    run = doctor("--json", program=program, **environ)
    row = json.loads(run.stdout)
    assert run.returncode == bool(row["problems"])
    return row


def problems(section: str, **environ: str) -> list[str]:
    """The problems of a section; there must be none elsewhere."""
    row = told(**environ)
    assert {problem["section"] for problem in row["problems"]} <= {section}
    assert all(problem["hint"] for problem in row["problems"])
    return [problem["problem"] for problem in row["problems"]]


def content(folder: Path) -> dict[str, tuple[bytes, int]]:
    """All that is in a folder; without SQLite's index of its log, which readers share and may rebuild."""
    files = [file for file in sorted(folder.rglob("*")) if not file.name.endswith("-shm")]
    return {str(f): (b"" if f.is_dir() else f.read_bytes(), f.stat().st_mtime_ns) for f in files}


@pytest.fixture
def home() -> Path:
    """The folder of the user's own files, which is empty."""
    return Path(os.environ["TAGGER_HOME"])


@pytest.fixture
def used_home(home: Path, tmp_path: Path) -> Path:
    """One with a cache and a journal, made by a scan that wrote."""
    song = shutil.copy(MUSIC / "ambient.flac", tmp_path)
    command = [sys.executable, "-m", "tagger", "scan", song, "--write-tags", "--policy", "replace"]
    subprocess.run([*command, "--min-confidence", "0"], check=True, capture_output=True)
    return home


def test_nothing_is_wrong_and_nothing_is_made(tmp_path: Path) -> None:
    """Where nothing was used yet all is fine; no folder is made, and both ways of printing say the same."""
    new = {"TAGGER_HOME": str(tmp_path / "new" / "home")}
    row = told(**new)
    assert list(row) == SECTIONS
    assert row["cache"]["state"] == row["journal"]["state"] == "not found"
    assert row["cache"]["writable"] is row["journal"]["writable"] is True
    assert row["model"]["checksums"] == "fine"
    assert row["processor"]["jobs"] == os.cpu_count()
    lines = doctor(**new).stdout.splitlines()
    assert lines[1] == "nothing is wrong"
    assert "    MP3                libsndfile, FFmpeg mp3" in lines
    assert lines[-1] == "problems               nothing is wrong"
    assert list(tmp_path.iterdir()) == []


def test_it_finds_what_a_scan_made_and_leaves_it_as_it_is(used_home: Path) -> None:
    """Size and state are those of the real cache and journal, and not a byte or time changes."""
    before = content(used_home)
    row = told()
    assert content(used_home) == before
    for place in ("cache", "journal"):
        path = Path(row[place]["path"])
        assert path.is_file()
        assert (row[place]["state"], row[place]["size_bytes"]) == ("fine", path.stat().st_size)


def test_nothing_heavy_is_loaded(used_home: Path, tmp_path: Path) -> None:
    """The process itself asks no network's library, and reads no tags: what tries them is another."""
    told(REPORT=str(tmp_path / "modules"))
    loaded = {name.split(".")[0] for name in (tmp_path / "modules").read_text().split()}
    assert not loaded & (HEAVY - ({"tensorflow", "keras"} if runtime.DRIVER.exists() else set()))


@pytest.mark.parametrize(("place", "cost"), [("cache", "remembered"), ("journal", "no genre can be written")])
def test_damaged_databases_are_told(used_home: Path, place: str, cost: str) -> None:
    """Both what is no database and a page that is destroyed are found, with what that costs and what helps."""
    file = Path(told()[place]["path"])
    whole = file.read_bytes()
    file.write_bytes(whole[:4096] + b"\xff" * 4096 + whole[8192:])
    (torn,) = problems(place)
    file.write_bytes(b"damaged " * 1000)
    (foreign,) = problems(place)
    assert f"{file}: damaged, so that" in torn
    assert cost in torn
    assert "file is not a database" in foreign


@pytest.mark.parametrize("jobs", [1, 13])
def test_the_threads_are_those_of_a_scan(jobs: int) -> None:
    """The network has as many threads as a scan with so many jobs gives it."""
    plan = pipeline.prepare(Settings(jobs=jobs, runtime="onnx"))
    threads = plan.runtime.loaded._session.get_session_options().intra_op_num_threads
    assert told(TAGGER_JOBS=str(jobs), TAGGER_RUNTIME="onnx")["runtime"]["threads"] == threads


def test_a_cache_of_another_version_is_no_problem(used_home: Path) -> None:
    """A scan empties such a cache without a word, so that doctor tells what will become of it."""
    file = Path(told()["cache"]["path"])
    with sqlite3.connect(file) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    row = told()
    assert row["cache"]["state"] == "made by another version of tagger: the next scan empties it"
    assert row["problems"] == []
    done = tagger("scan", str(MUSIC / "ambient.flac"))
    assert done.returncode == 0
    assert "cache" not in done.stderr
    assert told()["cache"]["state"] == "fine"


@pytest.mark.parametrize("table", ["files", "results"])
def test_a_cache_without_a_table_is_told(used_home: Path, table: str) -> None:
    """Such a cache is a whole database, but a scan remembers nothing."""
    file = Path(told()["cache"]["path"])
    with sqlite3.connect(file) as database:
        database.execute(f"DROP TABLE {table}")
    database.close()
    assert problems("cache") == [
        f"{file}: damaged, so that nothing that is heard is remembered: no table {table}"
    ]
    assert told()["cache"]["state"] == "damaged"
    assert "the cache cannot be used" in tagger("scan", str(MUSIC / "ambient.flac")).stderr


def test_a_journal_of_another_version_is_told(used_home: Path) -> None:
    """Such a journal is whole, but nothing can be written."""
    with sqlite3.connect(told()["journal"]["path"]) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    assert "made by another version" in problems("journal")[0]


CUT_OFF = """
import os, signal, sys
from pathlib import Path
from tagger.sinks.journal import Journal, Note
journal = Journal(Path(sys.argv[1]))
number = journal.begin(journal.begin_run("scan", ""), Path("/music/song.mp3"), Note("genre", (), ()), None)
journal.prepare(number, how="replace")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("index", ["there", "gone"])
def test_a_write_that_was_cut_off_is_told(home: Path, index: str) -> None:
    """After a crash the log alone tells of it; it is read, also without its index, and nothing is put right."""
    folder = home / "data" / "journal"
    subprocess.run([sys.executable, "-c", CUT_OFF, str(folder)], check=False)
    if index == "gone":
        (folder / "journal.sqlite3-shm").unlink()
    before, names = content(home), sorted(folder.iterdir())
    assert problems("journal") == ["/music/song.mp3: a write was cut off"]
    assert told()["journal"]["cut_off"] == ["/music/song.mp3"]
    assert (content(home), sorted(folder.iterdir())) == (before, names)


def test_a_write_that_goes_on_is_no_problem(home: Path) -> None:
    """What a living process has begun is its own affair, and it keeps its lock."""
    journal = Journal(home / "data" / "journal")
    journal.begin(journal.begin_run("scan", ""), Path("/music/song.mp3"), Note("genre", (), ()), None)
    row = told()
    assert (row["journal"]["state"], row["journal"]["cut_off"], row["problems"]) == ("fine", [], [])
    assert (home / "data" / "journal" / "run-1.lock").exists()
    journal.close()


@pytest.mark.parametrize(("is_used", "mode"), [(False, 0o555), (True, 0o555), (False, 0o000)])
def test_a_home_that_cannot_be_written_is_told(used_home: Path, is_used: bool, mode: int) -> None:
    """Where nobody may write, or even look, what does not work is told, be the databases there or not."""
    with tempfile.TemporaryDirectory() as place:  # unlike tmp_path, one that others than its owner may enter
        Path(place).chmod(0o755)
        folder = Path(place, "home")
        if is_used:
            shutil.copytree(used_home, folder)
        else:
            folder.mkdir()
        parts = [*folder.rglob("*"), folder]
        for part in parts:
            part.chmod(mode if part.is_dir() else 0o444)
        row = told(AS_NOBODY, TAGGER_HOME=str(folder))
        for part in parts:
            part.chmod(0o755)
    for section in ("cache", "journal"):
        assert row[section]["writable"] is False
        assert row[section]["state"] == ("fine" if is_used else "not found")
        (found,) = [problem for problem in row["problems"] if problem["section"] == section]
        assert "cannot be written, so that" in found["problem"]
        assert "TAGGER_HOME" in found["hint"]
    assert any(problem["section"] == "configuration" for problem in row["problems"]) == (mode == 0)


def test_a_disk_that_is_nearly_full_is_told() -> None:
    """Whatever room is left is too little if more is asked for."""
    program = f"from tagger.diagnosis import databases; databases.LEAST_FREE_BYTES = 2**62\n{PROGRAM}"
    found = [
        problem for problem in told(program)["problems"] if "MB are left on its disk" in problem["problem"]
    ]
    assert [problem["section"] for problem in found] == ["cache", "journal"]


def test_a_model_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    """One that is missing, and one whose network is not the one that its card describes."""
    assert problems("model", TAGGER_MODEL="nowhere") == ["nowhere: no such model"]
    folder = Path(shutil.copytree(artefact.BUNDLED / "default", tmp_path / "model"))
    with (folder / "model.onnx").open("ab") as file:
        file.write(b"more")
    assert "checksum differs" in problems("model", TAGGER_MODEL=str(folder))[0]


def test_settings_that_make_no_sense_are_told(home: Path) -> None:
    """A wrong key is a problem like others; the rest is told as by the defaults."""
    (home / "config.toml").write_text("modle = 'mine'\n")
    (found,) = told()["problems"]
    assert (found["section"], found["hint"]) == ("configuration", "did you mean `model`?")
    assert told()["model"]["name"] == "default"
    printed = doctor().stdout
    assert "one thing is wrong" in printed
    assert "  1 configuration\n    what " in printed


@pytest.mark.parametrize(
    "wrong",
    [
        {"TAGGER_WINDOW": "600"},
        {"TAGGER_BATCH_SIZE": "100000"},
        {"TAGGER_GENRES": "/nowhere.txt"},
        {"TAGGER_FIELD": "xx:y"},
        {"TAGGER_SEPARATOR": "/"},
        {"TAGGER_WINDOW": "600", "TAGGER_FIELD": "xx:y"},
    ],
    ids=" ".join,
)
def test_settings_that_a_scan_refuses_are_told(wrong: dict[str, str]) -> None:
    """What ends a scan before its first track is a problem, with the scan's own words; each has its own."""
    found = told(**wrong)["problems"]
    assert [problem["section"] for problem in found] == ["configuration"] * len(wrong)
    scan = tagger("scan", str(MUSIC / "ambient.flac"), **wrong)
    assert scan.stderr.splitlines()[0] == f"error: {found[0]['problem']}"


BROKEN = [
    ("keras", "tensorflow", "raise ImportError('libcuda.so.1: too old\\nand more')", "libcuda.so.1: too old"),
    ("keras", "keras", "raise RuntimeError", "RuntimeError"),
    ("onnx", "onnxruntime", "raise OSError('libgomp.so.1 is missing')", "libgomp.so.1 is missing"),
    ("onnx", "onnxruntime", "", "module 'onnxruntime' has no attribute 'SessionOptions'"),
]


@pytest.mark.parametrize(("runtime_name", "library", "content", "reason"), BROKEN)
def test_a_library_that_cannot_be_loaded_is_told(
    tmp_path: Path, runtime_name: str, library: str, content: str, reason: str
) -> None:
    """The scan ends with one sentence and a hint, and doctor says the same beforehand."""
    (tmp_path / f"{library}.py").write_text(content)
    environ = {"PYTHONPATH": str(tmp_path), "TAGGER_RUNTIME": runtime_name}
    scan = tagger("scan", str(MUSIC / "ambient.flac"), **environ)
    error, hint = scan.stderr.splitlines()
    assert scan.returncode == 3
    assert error.endswith(f" cannot be loaded: {reason}")
    assert f"--force-reinstall {library}" in hint or f"keras {library}" in hint
    assert f"--runtime {'onnx' if runtime_name == 'keras' else 'keras'}" in hint
    assert [f"error: {problem}" for problem in problems("runtime", **environ)] == [error]


def test_a_library_that_ends_the_process_is_told(tmp_path: Path) -> None:
    """Code that the processor does not know kills a scan, but not doctor; what was found before is kept."""
    (tmp_path / "onnxruntime.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGILL)")
    found = problems("runtime", PYTHONPATH=str(tmp_path), TAGGER_RUNTIME="onnx")
    assert found == ["a process that tries the network ends with SIGILL"]
    row = told(PYTHONPATH=str(tmp_path), TAGGER_RUNTIME="onnx", TAGGER_FIELD="xx:y")
    assert [problem["section"] for problem in row["problems"]] == ["configuration", "runtime"]
    assert row["runtime"]["threads"] >= 1


def test_tags_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    """A library of tags that is broken is a problem, not a crash."""
    (tmp_path / "mutagen.py").write_text("raise ImportError('half of it is missing')")
    assert "half of it is missing" in problems("versions", PYTHONPATH=str(tmp_path))[0]


def test_keras_leaves_no_trace(tmp_path: Path) -> None:
    """The network is tried without the folder that Keras makes for itself."""
    assert problems("runtime", TAGGER_RUNTIME="keras", HOME=str(tmp_path)) == []
    assert list(tmp_path.iterdir()) == []


@NO_DRIVER
@pytest.mark.parametrize(
    ("asked", "name", "reason"),
    [
        ("auto", "onnx", "there is no driver of an NVIDIA GPU"),
        ("onnx", "onnx", "TAGGER_RUNTIME asks for onnx; "),
        ("keras", "keras", "TAGGER_RUNTIME asks for keras; there is no driver of an NVIDIA GPU"),
    ],
)
def test_the_runtime_has_its_reason(asked: str, name: str, reason: str) -> None:
    """Whether it was asked for or chosen, it is named with its device."""
    found = told(TAGGER_RUNTIME=asked)["runtime"]
    assert (found["name"], found["device"]) == (name, "CPU")
    assert found["reason"].startswith(reason)
    assert (found["threads"] is None) == (name == "keras")


def test_a_model_without_a_network_of_keras_has_its_reason() -> None:
    """Where Keras cannot run the model, no GPU is looked for, even if Keras was asked for."""
    reason = "Keras cannot run this model"
    assert told(TAGGER_MODEL="accurate")["runtime"]["reason"] == reason
    asked = told(TAGGER_MODEL="accurate", TAGGER_RUNTIME="keras")
    assert asked["runtime"]["reason"] == f"TAGGER_RUNTIME asks for keras; {reason}"
    assert [reason in row["problem"] for row in asked["problems"]] == [True]


@NO_DRIVER
def test_a_gpu_that_cannot_be_used_has_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver without a device, as in a container, has a cure; GPUs that the user hides need none."""
    driver = tmp_path / "version"
    driver.touch()
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    found = runtime.choose("auto", driver)
    assert (found.name, found.device) == ("onnx", "CPU")
    assert "/dev/nvidia0" in found.reason
    assert "--gpus all" in found.hint
    assert not runtime.choose("auto", driver, has_keras=False).hint
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert runtime.choose("keras", driver) == runtime.Choice(
        "keras", "CPU", "CUDA_VISIBLE_DEVICES hides every GPU"
    )
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert runtime.choose("keras", driver).device == "jax"


KINDS = (
    ("mp3-vbr", "MP3"),
    ("mp2", "MP2"),
    ("m4a-aac", "AAC in M4A"),
    ("adts", "AAC, bare"),
    ("m4a-alac", "ALAC in M4A"),
    ("flac", "FLAC"),
    ("vorbis", "Ogg Vorbis"),
    ("opus", "Opus"),
    ("webm-opus", "Opus in WebM"),
    ("wav-s16", "WAV"),
    ("aiff", "AIFF"),
    ("wma", "WMA"),
    ("wavpack", "WavPack"),
    ("tta", "True Audio"),
    ("ac3", "AC-3"),
    ("eac3", "E-AC-3"),
    ("dts", "DTS"),
)


@pytest.mark.parametrize(("encoding", "name"), KINDS)
def test_the_decoder_named_first_is_the_one_that_decodes(encoding: str, name: str, tmp_path: Path) -> None:
    """What is said of a kind of file is what happens to one."""
    path = tmp_path / "sound"
    path.write_bytes(tones.encoded(encoding))
    (kind,) = [kind for kind in codecs.KINDS if kind.name == name]
    info = decode.probe(path)
    first = "libsndfile" if info.decoder == "soundfile" else f"FFmpeg {info.codec}"
    assert codecs.decoders(kind)[0] == first
    with path.open("rb") as file:
        assert sniff.container(file.read(sniff.HEAD_BYTES)) == kind.container


def test_decoders_that_are_missing_are_not_named() -> None:
    """A coding or a format that a library does not know has no decoder there."""
    assert all(kind.container in ffmpeg.CONTAINERS for kind in codecs.KINDS)
    assert codecs.decoders(codecs.Kind("", "mp4", "nonesuch")) == ()
    assert codecs.decoders(codecs.Kind("", "ogg", "vorbis", ("OGG", "NONESUCH"))) == ("FFmpeg vorbis",)


def test_decoders_that_cannot_be_loaded_are_told(tmp_path: Path) -> None:
    """A library that is broken is a problem, not a crash."""
    (tmp_path / "soundfile.py").write_text("raise OSError('sndfile library not found')")
    (found,) = problems("codecs", PYTHONPATH=str(tmp_path))
    assert found == "the decoders cannot be loaded: sndfile library not found"


def test_a_terminal_without_utf8_is_told() -> None:
    """In a terminal its width and colours are told; an encoding that cannot show all names is a problem."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", PROGRAM, "--json"]
    environ = os.environ | {"PYTHONIOENCODING": "latin-1", "COLUMNS": "77", "TERM": "xterm-256color"}
    with subprocess.Popen(command, stdout=theirs, env=environ) as process:
        os.close(theirs)
        said = b""
        while not said.endswith(b"\n"):
            said += os.read(ours, 4096)
    os.close(ours)
    row = json.loads(said)
    assert (process.returncode, row["terminal"]["width"], row["terminal"]["colours"]) == (1, 77, "256")
    assert [problem["section"] for problem in row["problems"]] == ["terminal"]
