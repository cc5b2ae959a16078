"""A sound device that breaks as real ones do, in the place where one is opened; all around it is real."""

import os
import signal
import threading
from pathlib import Path
from typing import Any

import numpy as np

from tagger.sources import portaudio

RATE, BLOCK, N_BLOCKS = 44100, 441, 20
_WORDS = "Error starting stream: Device unavailable"


def level(number: int) -> float:
    """The value of all samples of a block."""
    return (number + 1) / 64


class BrokenStream:
    """Gives some blocks as `sounddevice.InputStream` does, and breaks."""

    samplerate, channels = float(RATE), 2

    def __init__(self, library: Any, how: str, hear: Any) -> None:
        self._sounddevice = library
        self._how, self._hear = how, hear
        self._is_over = threading.Event()

    def start(self) -> None:
        """Let blocks come, or refuse."""
        if self._how == "refuses":
            raise self._sounddevice.PortAudioError(_WORDS, -9985)
        threading.Thread(target=self._run, daemon=True).start()

    @property
    def active(self) -> bool:
        """Whether it pretends that more may come."""
        if self._how == "fails" and self._is_over.is_set():
            raise self._sounddevice.PortAudioError(
                "Unanticipated host error", -9999, (0, -19, "No such device")
            )
        return self._how != "ends" or not self._is_over.is_set()

    def _run(self) -> None:
        for number in range(N_BLOCKS):
            status = self._sounddevice.CallbackFlags()
            status.input_overflow = self._how == "overflows" and number == N_BLOCKS // 2
            self._hear(np.full((BLOCK, 2), level(number), np.float32), BLOCK, None, status)
            if number < N_BLOCKS // 2:  # the last come at once
                self._is_over.wait(BLOCK / RATE)
        if self._how == "crashes":
            os.kill(os.getpid(), signal.SIGSEGV)
        self._is_over.set()


def install(how: str, once: str) -> None:
    """Have the next device that is opened break; those after it are real again.

    Args:
        how: Whether it refuses to start, ends, fails, stalls, crashes, or overflows.
        once: A file that is made when it has been opened.
    """
    real = portaudio.open_stream

    def open_stream(library: Any, number: int, sample_rate: float, n_channels: int, hear: Any) -> Any:
        if Path(once).exists():
            return real(library, number, sample_rate, n_channels, hear)
        Path(once).touch()
        return BrokenStream(library, how, hear)

    portaudio.open_stream = open_stream
