"""The rules of the house: imports go down only, modules stay small, start-up stays light."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted(path for package in ("tagger", "trainer") for path in (ROOT / package).rglob("*.py"))

# Lower rooms never import higher ones; rooms on the same floor never import each other.
FLOORS = {
    "tagger.__main__": 6,
    "tagger.cli": 5,
    "tagger.rehearsal": 4,
    "tagger.web": 4,
    "tagger.pipeline": 3,
    "tagger.watching": 3,
    "tagger.explaining": 3,
    "tagger.chaptering": 3,
    "tagger.audit": 3,
    "tagger.engine": 2,
    "tagger.tagging": 2,
    "tagger.albums": 2,
    "tagger.diagnosis": 2,
    "tagger.sources": 1,
    "tagger.inference": 1,
    "tagger.sinks": 1,
    "tagger.explanation": 0.5,
    "tagger.settings": 0,
    "tagger.children": 0,
    "tagger.records": 0,
    "tagger.tails": 0,
    "tagger.paths": -0.5,
    "tagger.errors": -1,
    "tagger": -2,
}

# Where each foreign library may be met; standard library and numpy are everybody's.
FOREIGN = {
    "av": {"tagger.sources"},
    "keras": {"tagger.inference", "trainer"},
    "h5py": {"trainer.data.archive"},
    "kagglehub": {"trainer.network.pretrained"},
    "keras_hub": {"trainer.network.pretrained"},
    "librosa": {"tagger.inference.descriptors", "trainer"},
    "matplotlib": {"tagger.sinks.picture", "trainer.plots", "trainer.gallery", "trainer.network.image"},
    "mutagen": {"tagger.sinks.tags"},
    "onnx": {"trainer.classical", "trainer.network.compress", "trainer.network.sound_filters"},
    "onnxmltools": {"trainer.classical"},
    "onnxruntime": {"tagger.inference.onnx", "trainer.network.compress"},
    "platformdirs": {"tagger.settings"},
    "rich": {"tagger.sinks.display"},
    "scipy": {"tagger.inference", "trainer"},
    "skl2onnx": {"trainer.classical"},
    "sklearn": {"tagger.audit.landscape", "trainer"},
    "sounddevice": {"tagger.sources.portaudio"},
    "soundfile": {"tagger.sources"},
    "soxr": {"tagger.sources"},
    "starlette": {"tagger.web", "tagger.cli.ui"},
    "threadpoolctl": {"tagger.engine"},
    "tensorflow": {"tagger.inference.device", "tagger.inference.gradients", "trainer.network.live_filters"},
    "torch": {"trainer.wav2vec2", "trainer.network.torchvision"},
    "transformers": {"trainer.wav2vec2"},
    "typer": {"tagger.cli"},
    "uvicorn": {"tagger.web.server", "tagger.cli.ui"},
    "watchdog": {"tagger.sources.inotify"},
    "websockets": {"tagger.cli.ui"},
    "xgboost": {"trainer.classical"},
    "yaml": {"tagger.sinks.taxonomy"},
}

HEAVY = {
    "keras",
    "librosa",
    "matplotlib",
    "numba",
    "onnxruntime",
    "sklearn",
    "sounddevice",
    "starlette",
    "tensorflow",
    "torch",
    "uvicorn",
    "websockets",
    "xgboost",
}


def module_name(path: Path) -> str:
    """`tagger/sources/decode.py` → `tagger.sources.decode`."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, anywhere in it, with the module of each imported name."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative import"
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if full in NAMES else str(node.module)


NAMES = {module_name(path) for path in MODULES}


def room(module: str) -> str | None:
    """The room of `tagger` that a module is in."""
    return next((name for name in FLOORS if module == name or module.startswith(name + ".")), None)


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_imports_go_down_only(path: Path) -> None:
    """No room of tagger imports one above it or beside it, and tagger never imports trainer but to mount it."""
    here = module_name(path)
    mounts_trainer = here.startswith("tagger.cli.")
    for target in imports(path):
        if here.startswith("tagger") and target.split(".")[0] == "trainer":
            assert mounts_trainer, f"{here} imports {target}"
            assert target not in top_level_imports(path), f"{here} imports {target} at the top"
        own, other = room(here), room(target)
        if own and other and own != other and target != "tagger":
            assert FLOORS[own] > FLOORS[other], f"{here} imports {target}"


def top_level_imports(path: Path) -> set[str]:
    """What a file imports outside functions."""
    found = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_no_import_cycles() -> None:
    """Following imports never leads back."""
    graph = {module_name(path): sorted(set(imports(path)) & NAMES - {module_name(path)}) for path in MODULES}
    done: set[str] = set()

    def visit(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, " → ".join([*way, module])
        if module not in done:
            for target in graph[module]:
                visit(target, (*way, module))
            done.add(module)

    for module in graph:
        visit(module, ())


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_foreign_libraries_are_met_in_one_place(path: Path) -> None:
    """Each foreign library has one room, and no other is used."""
    here = module_name(path)
    for target in imports(path):
        library = target.split(".")[0]
        if library in sys.stdlib_module_names or library in {"tagger", "trainer", "numpy"}:
            continue
        assert library in FOREIGN, f"{here} imports {library}, which has no place yet"
        assert any(here == place or here.startswith(place + ".") for place in FOREIGN[library]), (
            f"{here} imports {library}, whose place is {FOREIGN[library]}"
        )


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_modules_and_functions_stay_small(path: Path) -> None:
    """No module over 300 lines, no function over 60, docstrings of functions left out."""
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= 300, path
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
            length = (node.end_lineno or 0) - first.lineno + 1
            assert length <= 60, f"{path}: {node.name} has {length} lines"


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_no_checks_by_assert(path: Path) -> None:
    """Input is checked by exceptions, which optimisation does not remove."""
    assert not [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Assert)]


def test_cli_commands_stay_short() -> None:
    """One file a command, under 150 lines."""
    for path in (ROOT / "tagger" / "cli").glob("*.py"):
        assert len(path.read_text("utf-8").splitlines()) < 150, path


def test_no_pickle() -> None:
    """Nothing in the product can load code as data."""
    for path in MODULES:
        assert not {"pickle", "joblib", "dill", "shelve", "marshal"} & {
            target.split(".")[0] for target in imports(path)
        }, path
        assert "allow_pickle=True" not in path.read_text("utf-8"), path


def test_top_level_is_as_agreed() -> None:
    """The top level holds what was agreed, and dot files."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    top = {name.split("/")[0] for name in listed.stdout.splitlines() if not name.startswith(".")}
    assert top <= {"pyproject.toml", "tagger", "trainer", "tests", "examples", "README.md"}


LIGHT_COMMANDS = {
    "help": ["--help"],
    "version": ["--version"],
    "scan help": ["scan", "--help"],
    "train help": ["train", "--help"],
    "listen help": ["listen", "--help"],
    "ui help": ["ui", "--help"],
    "no library to share": ["ui", "--share-library", "nowhere"],
    "nonsense to listen to": ["listen", "x.mp3", "--duration", "-1"],
    "explain help": ["explain", "--help"],
    "nonsense to explain": ["explain", "x.mp3", "--json", "--html"],
    "timeline help": ["timeline", "--help"],
    "nonsense to divide": ["timeline", "x.mp3", "--min-seconds", "-1"],
    "config": ["config"],
    "models": ["models"],
    "doctor": ["doctor"],
    "cache": ["cache"],
    "report help": ["report", "--help"],
    "report of nothing": ["report"],
    "report where nothing is remembered": ["report", "--cached"],
    "report of no kind": ["report", ".", "-o", "report.docx"],
    "history": ["history"],
    "undo": ["undo"],
    "show": ["show", "nowhere.mp3"],
    "unknown command": ["scna"],
    "unknown option": ["scan", "--fast", "."],
    "wrong value": ["scan", "--jobs", "many", "."],
    "wrong model": ["scan", "--model", "nowhere", "."],
    "unknown corpus": ["train", "--dataset", "nonsense"],
}


@pytest.mark.parametrize("arguments", LIGHT_COMMANDS.values(), ids=LIGHT_COMMANDS)
def test_light_commands_load_nothing_heavy(arguments: list[str]) -> None:
    """Help, error paths and everything that needs no network load neither TensorFlow nor librosa."""
    loaded = modules_after(arguments)
    assert not HEAVY & loaded, sorted(HEAVY & loaded)


def test_scanning_loads_neither_tensorflow_nor_librosa(tmp_path: Path) -> None:
    """A scan on the CPU names tracks without TensorFlow, Keras and librosa."""
    piece = next((ROOT / "examples" / "music").glob("*.flac"))
    loaded = modules_after(["scan", str(piece), "--runtime", "onnx"])
    assert "onnxruntime" in loaded
    assert not (HEAVY - {"onnxruntime"}) & loaded


def modules_after(arguments: list[str]) -> set[str]:
    """Top-level names of the modules that a command has loaded when it ends."""
    program = (
        "import sys, json, atexit\n"
        "atexit.register(lambda: open(sys.argv.pop(), 'w').write(json.dumps(sorted(sys.modules))))\n"
        "sys.argv[0] = 'tagger'; report = sys.argv.pop(1); arguments = sys.argv[1:]; sys.argv.append(report)\n"
        "from tagger import cli\n"
        "cli.main(arguments)\n"
    )
    report = Path(os.environ["TAGGER_HOME"]) / "modules.json"
    subprocess.run(
        [sys.executable, "-c", program, str(report), *arguments], capture_output=True, check=False, timeout=120
    )
    return {name.split(".")[0] for name in json.loads(report.read_text())}
