"""One process at a time loads a package that compiles itself."""

from __future__ import annotations

import select
import subprocess
import sys
from pathlib import Path

import pytest

from tagger.inference import compiling

_ALONE = """
from tagger.inference import compiling
print("asks", flush=True)
with compiling.alone("self_made"):
    print("in", flush=True)
    input()
"""
_LIBRARY = """
from tagger.inference import descriptors
print("asks", flush=True)
descriptors.library()
print("in", flush=True)
"""


@pytest.fixture
def self_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that can be found."""
    (tmp_path / "self_made").mkdir()
    (tmp_path / "self_made" / "__init__.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path / "self_made"


def _loading(code: str = _ALONE) -> subprocess.Popen[bytes]:
    """A process that has asked."""
    command = [sys.executable, "-c", code]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
    assert process.stdout.readline() == b"asks\n"
    return process


def _says(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether a process says something within some time."""
    return bool(select.select([process.stdout], [], [], seconds)[0])


@pytest.mark.usefixtures("self_made")
def test_a_second_process_waits_for_the_first():
    """What one process compiles and keeps is whole before another looks for it."""
    with _loading() as first:
        assert first.stdout.readline() == b"in\n"
        with _loading() as second:
            assert not _says(second, 1)
            first.communicate(b"leave\n")
            assert second.stdout.readline() == b"in\n"
            second.communicate(b"leave\n")
    assert first.returncode == second.returncode == 0


@pytest.mark.usefixtures("self_made")
def test_a_process_that_is_killed_keeps_nobody_waiting():
    """The lock ends with the process."""
    with _loading() as first:
        assert first.stdout.readline() == b"in\n"
        first.kill()
        first.wait()
        with _loading() as second:
            assert _says(second, 60)
            second.communicate(b"leave\n")


def test_librosa_is_loaded_alone():
    """Who hears with it waits until nobody else is about to compile it."""
    with compiling.alone("librosa"):
        waiting = _loading(_LIBRARY)
        assert not _says(waiting, 8)
    with waiting:
        assert waiting.stdout.readline() == b"in\n"
    assert waiting.returncode == 0


def test_a_package_that_is_not_there_is_left_to_whoever_imports_it():
    """Its absence is told by the import."""
    with compiling.alone("no_such_package_anywhere"):
        pass
