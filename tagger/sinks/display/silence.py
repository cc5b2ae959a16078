"""C libraries print to the terminal behind Python's back; here they are kept quiet."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator

_STDERR = 2


@contextlib.contextmanager
def quiet_c_libraries() -> Iterator[None]:
    """Send file descriptor 2 to nowhere, while `sys.stderr`, and with it every console, still reaches the user.

    Where there is no file descriptor 2 nothing happens; a `sys.stderr` that does not write to it is left alone.
    """
    try:
        real = os.dup(_STDERR)
    except OSError:
        yield
        return
    with contextlib.ExitStack() as restoring:
        restoring.callback(os.close, real)
        if _writes_to_stderr(sys.stderr):
            restoring.enter_context(_moved_stderr(real))
        restoring.callback(os.dup2, real, _STDERR)
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - no path of the user's
            os.dup2(nowhere.fileno(), _STDERR)
        yield


@contextlib.contextmanager
def _moved_stderr(descriptor: int) -> Iterator[None]:
    """Let `sys.stderr` write to another descriptor, which stays open afterwards."""
    before = sys.stderr
    before.flush()
    moved = open(  # noqa: SIM115 - a descriptor, closed below
        descriptor,
        "w",
        encoding=before.encoding,
        errors=before.errors,
        buffering=1,
        closefd=False,
    )
    sys.stderr = moved
    try:
        yield
    finally:
        sys.stderr = before
        # The reader may have gone; there is nobody left to tell.
        with contextlib.suppress(OSError):
            moved.close()


def _writes_to_stderr(stream: object) -> bool:
    try:
        return stream.fileno() == _STDERR  # type: ignore[attr-defined]
    except (AttributeError, OSError, ValueError):
        return False
