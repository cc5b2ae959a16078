"""A program in a terminal whose screen can be read, which can be resized, stopped and interrupted."""

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyte

ROOT = Path(__file__).parents[2]
_MOST_SECONDS = 20.0


def _take_terminal() -> None:
    """In the new process: let Ctrl-C reach it, also where whoever runs the tests ignores it."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Terminal:
    """A terminal with a program in it.

    Args:
        code: Python, run as a program.
        columns: Width.
        lines: Height.
        environment: What differs from the environment of the tests.
        stdout: Where data go; None for the terminal.
    """

    def __init__(
        self, code: str, columns: int, lines: int, environment: dict[str, str], stdout: int | None = None
    ) -> None:
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self._leader, follower = pty.openpty()
        self.received = b""
        self._set_size()
        unset = {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "COLORTERM"}
        inherited = {name: value for name, value in os.environ.items() if name not in unset}
        settings = {"TERM": "xterm-256color", "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=follower,
            stdout=stdout or follower,
            stderr=follower,
            env=inherited | settings | environment,
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        os.close(follower)

    @property
    def text(self) -> str:
        """What the screen shows."""
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip()

    def wait_for(self, condition: Callable[[str], bool]) -> str:
        """Read until the screen fulfils a condition, and give its text."""
        end = time.monotonic() + _MOST_SECONDS
        while not condition(self.text):
            assert time.monotonic() < end, f"not shown:\n{self.text}"
            self._read(0.05)
        return self.text

    def watch(self, seconds: float) -> None:
        """Read for some time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._read(0.02)

    def finish(self) -> int:
        """Read until the program ends, and give its exit status."""
        end = time.monotonic() + _MOST_SECONDS
        while self._read(0.05):
            assert time.monotonic() < end, self.text
        return self.process.wait(_MOST_SECONDS)

    def resize(self, columns: int, lines: int) -> None:
        """Give the terminal another size; lines that are too long are cut, as xterm does."""
        self.screen.resize(lines, columns)
        self._set_size()

    def press(self, keys: bytes) -> None:
        """Type."""
        os.write(self._leader, keys)

    def interrupt(self) -> None:
        """Press Ctrl-C until the program ends: Python drops an interruption that comes amid a finaliser."""
        end = time.monotonic() + _MOST_SECONDS
        while self.process.poll() is None:
            assert time.monotonic() < end, self.text
            self.press(b"\x03")
            self.watch(1.0)

    def close(self) -> None:
        """End the program, if it still runs."""
        self.process.kill()
        self.process.wait()
        os.close(self._leader)

    def _read(self, timeout: float) -> bool:
        """Read what there is; False when the other end is closed."""
        if not select.select([self._leader], [], [], timeout)[0]:
            return True
        try:
            data = os.read(self._leader, 65536)
        except OSError:  # Linux says so when the other end is closed
            return False
        self.received += data
        self._stream.feed(data)
        return bool(data)

    def _set_size(self) -> None:
        size = struct.pack("HHHH", self.screen.lines, self.screen.columns, 0, 0)
        fcntl.ioctl(self._leader, termios.TIOCSWINSZ, size)


@contextlib.contextmanager
def running(
    code: str, columns: int = 80, lines: int = 24, *, stdout: int | None = None, **environment: str
) -> Iterator[Terminal]:
    """Run code in a terminal of this size."""
    terminal = Terminal(code, columns, lines, environment, stdout)
    try:
        yield terminal
    finally:
        terminal.close()
