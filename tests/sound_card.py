"""A sound card made of a file: ALSA reads what it records from a pipe, which is fed at playing speed.

PortAudio, ALSA and their threads are the real ones; `ALSA_CONFIG_PATH` must be set before PortAudio is
loaded, so what listens has to be a process of its own, as `microphone.blocks` makes one.
"""

import fcntl
import functools
import os
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes.util import find_library
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tagger.sources import portaudio

_ALSA = Path("/usr/share/alsa/alsa.conf")
NO_CARD = f"<{_ALSA}>\n"
"""The system's ALSA configuration, without which PortAudio aborts."""

_FRAME_BYTES = 4  # two channels of 16 bits
_BUFFER_PERIODS = 5  # of PortAudio's buffers
_PIPE_BYTES = 2**20
_NAP_SECONDS = 0.0005
_CATCH_UP_SECONDS = 0.1
_COUNTING = (
    "import sounddevice, sys, threading; has = threading.Event(); counts = []\n"
    "def hear(block, n, *more): counts.append(n); has.set()\n"
    "with sounddevice.InputStream(device='card', channels=2, latency=float(sys.argv[1]), callback=hear):\n"
    "    has.wait(10)\n"
    "print(counts[0])"
)


class SoundCard:
    """A sound card that records what it is given.

    Attributes:
        name: What PortAudio calls it.
        config: The file that `ALSA_CONFIG_PATH` must name.
        is_fed: Cleared, no samples come, and whoever reads hangs in ALSA, as when a driver stalls.
    """

    def __init__(self, folder: Path, samples: np.ndarray, sample_rate: int, speed: float, name: str) -> None:
        self.name, self.config = name, folder / "asound.conf"
        self._path = folder / "card.raw"
        os.mkfifo(self._path)
        self._rate = sample_rate
        self._period_bytes = period(sample_rate) * _FRAME_BYTES
        self._bytes = np.broadcast_to(samples, (len(samples), 2)).astype("<i2").tobytes()
        self._speed = speed
        self._is_over = False
        self.is_fed, self._is_full = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._feed, daemon=True)
        self._thread.start()
        self.plug_in()

    def plug_in(self) -> None:
        """Let the card be found by whoever looks for one from now on."""
        self._is_full.clear()
        self.is_fed.set()
        self._is_full.wait(10)
        replace(self.config, config(self.name, self._path, self._rate))

    def pull_out(self) -> None:
        """Let the card fall silent, and be found no more."""
        replace(self.config, NO_CARD)
        self.is_fed.clear()

    def close(self) -> None:
        """Stop playing."""
        self._is_over = True
        self.is_fed.set()
        self._thread.join()

    def _feed(self) -> None:
        """Write a whole buffer for the first read, and then a period each time that the pipe is empty.

        ALSA asks for more than it needs: of what it finds beyond that it keeps nothing, and what it lacks at
        the first read it makes up from old samples.
        """
        pipe = os.open(self._path, os.O_RDWR)  # so that neither side sees an end while the other is away
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        seconds = self._period_bytes / (_FRAME_BYTES * self._rate * self._speed)
        place, due = 0, 0.0
        while not self._is_over:
            self.is_fed.wait()
            n_waiting = _waiting(pipe) // self._period_bytes
            if self._is_full.is_set() and n_waiting:
                due = max(due, time.monotonic() - _CATCH_UP_SECONDS)
                time.sleep(_NAP_SECONDS)
            elif self._is_full.is_set() and time.monotonic() < due:
                time.sleep(max(0.0, due - time.monotonic()))
            else:
                os.write(pipe, self._bytes[place : place + self._period_bytes].ljust(self._period_bytes, b"\0"))
                place += self._period_bytes
                due += seconds
                if n_waiting + 1 >= _BUFFER_PERIODS:
                    self._is_full.set()
        os.close(pipe)


def _waiting(pipe: int) -> int:
    """Bytes in a pipe that nobody has read."""
    return int(struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, b"\0\0\0\0"))[0])


def replace(path: Path, text: str) -> None:
    """Write a file so that whoever reads it sees all or nothing of it."""
    path.with_suffix(".new").write_text(text)
    path.with_suffix(".new").replace(path)


def config(name: str, raw: Path, sample_rate: int) -> str:
    """An ALSA configuration with a card that records 16-bit stereo from a file, as fast as it can."""
    recording = f'type file slave.pcm {{ type null }} file "/dev/null" infile "{raw}" format "raw"'
    slave = f"format S16_LE rate {sample_rate} channels 2 pcm {{ {recording} }}"
    return f"{NO_CARD}pcm.{name} {{ type plug slave {{ {slave} }} }}\n"


@functools.cache
def period(sample_rate: int) -> int:
    """How many samples PortAudio reads from ALSA at once, as it opens devices for us."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "asound.conf")
        path.write_text(config("card", Path("/dev/zero"), sample_rate))
        counted = subprocess.run(
            [sys.executable, "-c", _COUNTING, str(portaudio.LATENCY_SECONDS)],
            env=os.environ | {"ALSA_CONFIG_PATH": str(path)},
            capture_output=True,
            check=True,
            timeout=60,
        )
        return int(counted.stdout)


def need() -> None:
    """Skip the test where PortAudio or ALSA is missing."""
    if find_library("portaudio") is None or not _ALSA.is_file():
        pytest.skip("no PortAudio with ALSA: the package libportaudio2 brings both")


@contextmanager
def playing(
    samples: np.ndarray, sample_rate: int, *, speed: float = 1.0, name: str = "song"
) -> Iterator[SoundCard]:
    """Have a sound card that records these samples, and silence after them.

    Args:
        samples: Whole numbers of 16 bits, shape (n_samples, 2), or (n_samples, 1) for both channels.
        sample_rate: In Hz; the only one that the card has by itself.
        speed: How much faster than a real card it is.
        name: What it is called; the only card there is, and so the default one.

    Yields:
        The card; `ALSA_CONFIG_PATH` is set, for the processes that are started from now on.
    """
    need()
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        card = SoundCard(Path(folder), samples, sample_rate, speed, name)
        patch.setenv("ALSA_CONFIG_PATH", str(card.config))
        try:
            yield card
        finally:
            card.close()


def decoded(path: Path) -> tuple[np.ndarray, int]:
    """The samples of a sound file as whole numbers of 16 bits, shape (n_samples, n_channels), and its rate."""
    samples, sample_rate = soundfile.read(path, dtype="int16", always_2d=True)
    return samples, sample_rate
