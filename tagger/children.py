"""Python processes of our own, beside this one."""

from __future__ import annotations

import subprocess
import sys
from typing import IO

_SETTING_OUT = "import sys; sys.path[:] = sys.argv[1:]; "


def command(program: str) -> list[str]:
    """The command line that runs a program with the modules this process sees, and none of the current folder.

    Args:
        program: Statements in one line.
    """
    return [sys.executable, "-P", "-c", _SETTING_OUT + program, *sys.path]


def pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    """The stdin and stdout of a process that was started with pipes for both."""
    if process.stdin is None or process.stdout is None:
        raise TypeError("a helper needs pipes")
    return process.stdin, process.stdout
