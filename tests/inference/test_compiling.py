"""One process at a time loads a package that compiles itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tagger.inference import compiling

_LOAD = """
import sys
from tagger.inference import compiling
print("asks", flush=True)
with compiling.alone("self_made"):
    print("in", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def self_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that can be found."""
    (tmp_path / "self_made").mkdir()
    (tmp_path / "self_made" / "__init__.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path / "self_made"


def _loading() -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", _LOAD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "asks\n"
    return process


@pytest.mark.usefixtures("self_made")
def test_a_second_process_waits_for_the_first():
    """What one process compiles and keeps is whole before another looks for it."""
    with _loading() as first:
        assert first.stdout.readline() == "in\n"
        with _loading() as second:
            with pytest.raises(subprocess.TimeoutExpired):
                second.wait(1)
            assert second.poll() is None
            first.communicate("leave\n")
            assert second.stdout.readline() == "in\n"
            assert first.returncode == 0
            second.communicate("leave\n")
    assert second.returncode == 0


@pytest.mark.usefixtures("self_made")
def test_a_process_that_is_killed_keeps_nobody_waiting():
    """The lock ends with the process."""
    with _loading() as first:
        assert first.stdout.readline() == "in\n"
        first.kill()
        first.wait()
        with _loading() as second:
            assert second.communicate("leave\n", timeout=60)[0] == "in\n"


def test_a_package_that_is_not_there_is_left_to_whoever_imports_it():
    """Its absence is told by the import."""
    with compiling.alone("no_such_package_anywhere"):
        pass
