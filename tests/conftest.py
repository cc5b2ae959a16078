"""Fixtures shared by all tests."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tagger.inference import artefact
from tagger.inference.artefact import Artefact

# Workers that compile parts of librosa at once may crash (https://github.com/numba/numba/issues/10128).
if _WORKER := os.environ.get("PYTEST_XDIST_WORKER"):
    os.environ["NUMBA_CACHE_DIR"] = str(Path(__file__).resolve().parents[1] / ".cache" / "numba" / _WORKER)

_BESIDE_THE_CHECKOUT = Path(__file__).resolve().parents[2] / "shared" / "music"


@pytest.fixture(scope="session")
def music() -> Path:
    """The folder of labelled real music; it holds `manifest.csv`, which lists the files."""
    folder = Path(os.environ.get("TAGGER_TEST_MUSIC", _BESIDE_THE_CHECKOUT))
    if not (folder / "manifest.csv").is_file():
        pytest.skip(f"no labelled real music at {folder}; TAGGER_TEST_MUSIC names another folder")
    return folder


def pytest_configure(config: pytest.Config) -> None:
    """Let a crashed worker end the run; else xdist may wait for ever (pytest-xdist issue 1378)."""
    if getattr(config.option, "maxworkerrestart", "") is None:
        config.option.maxworkerrestart = "0"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Lets somebody who has looked at a change accept it."""
    parser.addoption(
        "--update-goldens",
        action="store_true",
        help="write the texts that tests compare with, instead of comparing",
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compares a text with a committed one, in `goldens/` beside the test; lines end with their last sign."""

    def compare(name: str, text: str) -> None:
        path = request.path.parent / "goldens" / name
        shown = "".join(f"{line.rstrip()}\n" for line in text.splitlines())
        if request.config.getoption("--update-goldens"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(shown, "utf-8")
        assert path.is_file(), f"no {path}: look at the text and write it with --update-goldens\n{shown}"
        assert shown == path.read_text("utf-8")

    return compare


@pytest.fixture
def rng() -> np.random.Generator:
    """A random generator with a fixed seed."""
    return np.random.default_rng(20261121)


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's own configuration, cache or models."""
    monkeypatch.setenv("TAGGER_HOME", str(tmp_path_factory.mktemp("tagger-home")))
    for name in [name for name in os.environ if name.startswith("TAGGER_")]:
        if name not in {"TAGGER_HOME", "TAGGER_TEST_MUSIC"}:
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def bundled() -> Artefact:
    """The model that is used unless another is asked for."""
    return artefact.load(artefact.BUNDLED / "default")


@pytest.fixture
def tune() -> Callable[..., Path]:
    """Writes a short piece of music: a chord of plucked partials over a beat, different for each seed."""

    def write(path: Path, *, seconds: float = 5.0, sample_rate: int = 22050, seed: int = 0) -> Path:
        rng = np.random.default_rng(seed)
        t = np.arange(round(seconds * sample_rate)) / sample_rate
        notes = 110 * 2 ** (rng.integers(0, 24, 4) / 12)
        decay = np.exp(-3 * (t % 0.5))
        y = sum(np.sin(2 * np.pi * note * k * t) / k for note in notes for k in (1, 2, 3)) * decay
        beat = rng.standard_normal(len(t)) * np.exp(-40 * (t % 0.25))
        y = y / np.abs(y).max() * 0.5 + 0.1 * beat
        soundfile.write(path, y.astype(np.float32), sample_rate)
        return path

    return write
