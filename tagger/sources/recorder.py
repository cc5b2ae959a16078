"""What is heard → a FLAC or WAV file, while it is heard."""

from __future__ import annotations

import threading
from pathlib import Path
from types import TracebackType

import numpy as np
import soundfile
from numpy.typing import NDArray

from tagger.errors import OutputError, SettingsError
from tagger.records import Gap

# Samples of WAV stay what they are; FLAC has none of that kind, and cuts what is over full scale.
_SUBTYPES = {".flac": "PCM_24", ".wav": "FLOAT"}

_MOST_WAV_BYTES = 2**32 - 2**16
_FILL_SAMPLES = 2**16


class Recorder:
    """A file that grows by every block, and is whole when the context ends, however it does.

    Blocks may come from another thread; those that come later are left out.

    Args:
        path: The file, which must not be there yet; its suffix says what it becomes.
        sample_rate: Of the blocks, in Hz.

    Raises:
        SettingsError: The suffix is neither .flac nor .wav.
        OutputError: The file is there, or cannot be made.
    """

    def __init__(self, path: Path, sample_rate: int) -> None:
        self._path, self._sample_rate = path, sample_rate
        suffix = check(path)
        self._n_left = _MOST_WAV_BYTES // 4 if suffix == ".wav" else 2**62
        self._is_empty, self._has_failed = True, False
        self._lock = threading.Lock()
        try:
            self._file = path.open("xb")
        except FileExistsError as error:
            raise OutputError(f"{path}: is there already", hint="give a name that is free") from error
        except OSError as error:
            raise OutputError(f"{path}: cannot be made: {error.strerror}") from error
        self._sound = soundfile.SoundFile(
            self._file.fileno(),
            "w",
            sample_rate,
            1,
            _SUBTYPES[suffix],
            format=suffix[1:].upper(),
            closefd=False,
        )

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Make the file whole; what comes later is left out.

        Raises:
            OutputError: It cannot be, and nothing was raised yet.
        """
        with self._lock:
            try:
                self._sound.close()
                self._file.close()
                if self._is_empty:  # it would be in the way of the next try
                    self._path.unlink(missing_ok=True)
            except (OSError, soundfile.SoundFileError) as trouble:
                if not self._has_failed:  # else it was told
                    raise self._unwritable(trouble) from trouble

    def add(self, block: NDArray[np.float32] | Gap) -> None:
        """Write the next samples, shape (n_samples,); a gap becomes silence, so that times are the source's.

        Raises:
            OutputError: The disk is full, or the file as large as its kind can be.
        """
        if not isinstance(block, Gap):
            self._write(block)
            return
        n_samples = round(block.seconds * self._sample_rate)
        for start in range(0, n_samples, _FILL_SAMPLES):
            self._write(np.zeros(min(_FILL_SAMPLES, n_samples - start), np.float32))

    def _write(self, block: NDArray[np.float32]) -> None:
        with self._lock:
            if self._sound.closed:
                return
            self._n_left -= len(block)
            if self._n_left < 0:
                self._has_failed = True
                raise OutputError(f"{self._path}: a WAV file cannot be longer", hint="record FLAC")
            self._is_empty &= not len(block)
            try:
                self._sound.write(block)
            except (OSError, soundfile.SoundFileError) as error:
                self._has_failed = True
                raise self._unwritable(error) from error

    def _unwritable(self, error: Exception) -> OutputError:
        why = error.strerror if isinstance(error, OSError) else str(error).rstrip(".")
        return OutputError(f"{self._path}: cannot be written: {why}", hint="is the disk full?")


def check(path: Path) -> str:
    """The suffix of a recording, in lower case.

    Raises:
        SettingsError: It is neither .flac nor .wav.
    """
    suffix = path.suffix.lower()
    if suffix not in _SUBTYPES:
        raise SettingsError(f"{path}: the kind of recording is unclear", hint="end its name in .flac or .wav")
    return suffix
