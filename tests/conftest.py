"""Fixtures shared by all tests."""

import os
from pathlib import Path

import numpy as np
import pytest

_BESIDE_THE_CHECKOUT = Path(__file__).resolve().parents[2] / "shared" / "music"


@pytest.fixture(scope="session")
def music() -> Path:
    """The folder of labelled real music; it holds `manifest.csv`, which lists the files."""
    folder = Path(os.environ.get("TAGGER_TEST_MUSIC", _BESIDE_THE_CHECKOUT))
    if not (folder / "manifest.csv").is_file():
        pytest.skip(f"no labelled real music at {folder}; TAGGER_TEST_MUSIC names another folder")
    return folder


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
