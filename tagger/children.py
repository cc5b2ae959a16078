"""Python processes of our own, beside this one."""

from __future__ import annotations

import sys

_SETTING_OUT = "import sys; sys.path[:] = sys.argv[1:]; "


def command(program: str) -> list[str]:
    """The command line that runs a program with the modules this process sees, and none of the current folder.

    Args:
        program: Statements in one line.
    """
    return [sys.executable, "-P", "-c", _SETTING_OUT + program, *sys.path]
