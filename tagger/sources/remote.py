"""Decoding in a process of its own: PyAV holds Python's lock between packets, and threads wait for it.

A request is a line of JSON on the helper's stdin. It answers with blocks: a length in bytes, and so many bytes
of float32; 0 ends a file, and -1 comes before a line of JSON that says what is wrong with it. The helper runs
the very code that decodes elsewhere, and ends with its stdin. What kills a decoder kills only a helper.
"""

from __future__ import annotations

import contextlib
import json
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from tagger import children
from tagger.errors import DecodeError, FileError, NothingToHearError
from tagger.sources import decode

_PROGRAM = "from tagger.sources import remote; remote.serve_parent()"
_LENGTH = struct.Struct("<i")
_END, _TROUBLE = 0, -1
_ERRORS = {error.__name__: error for error in (DecodeError, NothingToHearError)}


class CrashedError(DecodeError):
    """Raised when a helper is gone in the middle of a file, or before it."""


class Helper:
    """A process that decodes one file at a time.

    Attributes:
        is_idle: Whether it can take another file; False while it decodes, and for ever once it has gone.
    """

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            children.command(_PROGRAM),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
            process_group=0,  # Ctrl-C is for the process that asks
        )
        self.is_idle = True

    def blocks(self, path: Path, sample_rate: int) -> Iterator[NDArray[np.float32]]:
        """What `decode.blocks` yields and raises.

        Raises:
            CrashedError: The helper has died.
        """
        self.is_idle = False
        requests, answers = children.pipes(self._process)
        try:
            requests.write(json.dumps({"path": os.fspath(path), "sample_rate": sample_rate}).encode() + b"\n")
            requests.flush()
            while (n_bytes := _LENGTH.unpack(_exactly(answers, _LENGTH.size))[0]) > 0:
                yield np.frombuffer(_exactly(answers, n_bytes), np.float32)
            trouble = json.loads(answers.readline()) if n_bytes == _TROUBLE else None
        except (OSError, EOFError, ValueError) as exc:
            self.close()
            raise CrashedError(path, "its decoder crashed") from exc
        self.is_idle = True
        if trouble is not None:
            raise _ERRORS.get(trouble["kind"], DecodeError)(path, trouble["reason"])

    def kill(self) -> None:
        """End the process at once; whoever reads from it finds out."""
        self._process.kill()

    def close(self) -> None:
        """End the process, in the middle of a file too."""
        if not self.is_idle:
            self._process.kill()
        self.is_idle = False
        for pipe in children.pipes(self._process):
            with contextlib.suppress(OSError):
                pipe.close()
        self._process.wait()


def _exactly(stream: IO[bytes], n_bytes: int) -> bytes:
    """Read so many bytes; raise `EOFError` if the stream ends before."""
    content = stream.read(n_bytes)
    if len(content) < n_bytes:
        raise EOFError
    return content


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Answer requests until there are no more."""
    for line in requests:
        request = json.loads(line)
        try:
            for block in decode.blocks(request["path"], request["sample_rate"]):
                answers.write(_LENGTH.pack(block.nbytes))
                answers.write(np.ascontiguousarray(block).data)
            answers.write(_LENGTH.pack(_END))
        except FileError as error:
            _tell(answers, type(error).__name__, error.reason)
        except Exception as error:  # a defect met in one file must not take the others down
            _tell(answers, "", f"unexpected {type(error).__name__}: {error}")
        answers.flush()


def _tell(answers: IO[bytes], kind: str, reason: str) -> None:
    answers.write(_LENGTH.pack(_TROUBLE))
    answers.write(json.dumps({"kind": kind, "reason": reason}).encode() + b"\n")


def serve_parent() -> None:
    """Be a helper of the process that holds the other ends of stdin and stdout."""
    with os.fdopen(os.dup(1), "wb") as stdout:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # libraries may print what is no answer
        with contextlib.suppress(BrokenPipeError):
            serve(sys.stdin.buffer, stdout)
        with contextlib.suppress(BrokenPipeError):
            stdout.flush()
