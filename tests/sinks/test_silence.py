"""C libraries are silent, Python is not, and afterwards all is as before."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tagger.sinks import display

ROOT = Path(__file__).parents[2]

HEAD = """
import os, sys, ctypes
from tagger.sinks import display
def c_says(words):
    ctypes.CDLL(None).perror(words)
"""


def run(code: str, **options: object) -> subprocess.CompletedProcess[str]:
    """Run code in a process with a real stderr."""
    command = [sys.executable, "-c", HEAD + code]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, **options)  # type: ignore[call-overload]


def test_c_is_silent_and_python_is_heard() -> None:
    """Only what C prints while the context is open is lost, in the right order, and nothing afterwards."""
    outcome = run(
        "c_says(b'C1')\n"
        "with display.quiet_c_libraries():\n"
        "    c_says(b'C2'), os.write(2, b'C3'), print('P1', file=sys.stderr), display.error('E1')\n"
        "c_says(b'C4'), print('P2', file=sys.stderr)"
    )
    assert [line.split(":")[0] for line in outcome.stderr.splitlines()] == ["C1", "P1", "error", "C4", "P2"]
    assert outcome.returncode == 0


def test_all_is_restored_after_an_exception() -> None:
    """An exception passes, and its traceback is seen."""
    outcome = run("with display.quiet_c_libraries():\n    c_says(b'C1')\n    raise RuntimeError('boom')")
    assert outcome.stderr.rstrip().endswith("RuntimeError: boom")
    assert "C1" not in outcome.stderr


def test_it_may_be_nested() -> None:
    """An inner context changes nothing for the outer one."""
    outcome = run(
        "with display.quiet_c_libraries():\n"
        "    with display.quiet_c_libraries():\n"
        "        c_says(b'C1'), print('P1', file=sys.stderr)\n"
        "    c_says(b'C2'), print('P2', file=sys.stderr)\n"
        "c_says(b'C3'), print('P3', file=sys.stderr)"
    )
    assert [line.split(":")[0] for line in outcome.stderr.splitlines()] == ["P1", "P2", "C3", "P3"]


@pytest.mark.parametrize("state", ["os.close(2)", "sys.stderr = None; os.close(2)", "sys.stderr.close()"])
def test_a_closed_stderr_is_no_crash(state: str) -> None:
    """A program whose stderr was closed runs all the same."""
    outcome = run(f"{state}\nwith display.quiet_c_libraries():\n    print('on')\nprint('off')")
    assert (outcome.returncode, outcome.stdout) == (0, "on\noff\n")


def test_a_stderr_that_is_no_file_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """Where `sys.stderr` is something else, such as a test's, it is not replaced."""
    before = sys.stderr
    with display.quiet_c_libraries():
        assert sys.stderr is before
        print("heard", file=sys.stderr)
    assert capsys.readouterr().err == "heard\n"


def test_no_descriptor_is_left_open() -> None:
    """Entering a hundred times costs no file descriptors."""
    open_before = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").is_dir() else None
    if open_before is None:
        pytest.skip("this system does not list open files")
    for _ in range(100):
        with display.quiet_c_libraries():
            os.write(2, b"C")
    assert len(list(Path("/proc/self/fd").iterdir())) == open_before
