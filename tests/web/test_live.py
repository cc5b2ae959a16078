"""The socket of the microphone: what comes through it is heard like a file, and nonsense ends it well."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tagger.sources import decode
from tests.web.pages import Page, served
from tests.web.test_door import eventually

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "music"
RATE = 16_000
OF_THE_VERDICT = ("status", "genre", "confidence", "genres", "duration_seconds", "n_windows", "model")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A page without a library."""
    with served(tmp_path_factory.mktemp("page")) as one:
        yield one


@contextlib.contextmanager
def microphone(page: Page, first: Any = None) -> Iterator[ClientConnection]:
    """A socket as the page opens it, after its first message."""
    address = f"ws://127.0.0.1:{page.port}/api/live"
    with connect(address, origin=page.origin, close_timeout=5) as socket:
        with contextlib.suppress(ConnectionClosedOK):  # it may be told already that there is no room
            socket.send(first if isinstance(first, str | bytes) else json.dumps(first or {"sample_rate": RATE}))
        yield socket


def told(socket: ClientConnection) -> list[dict[str, Any]]:
    """Everything that is told until the program closes the socket."""
    return [json.loads(row) for row in socket]


def test_what_is_played_gets_the_verdict_of_a_scan(page: Page, tmp_path: Path) -> None:
    """Samples through the socket have the moments of a listener, and in the end the scan's own numbers."""
    y = np.concatenate(list(decode.blocks(EXAMPLES / "disco.wav", RATE)))
    soundfile.write(tmp_path / "same.wav", y, RATE, subtype="FLOAT")
    with microphone(page) as socket:
        for start in range(0, len(y), 2048):
            socket.send(y[start : start + 2048].astype("<f4").tobytes())
        socket.send(json.dumps({"event": "stop"}))
        *moments, summary = told(socket)
    run = subprocess.run(
        [
            *[
                sys.executable,
                "-m",
                "tagger",
                "scan",
                str(tmp_path / "same.wav"),
                "--json",
                "--runtime",
                "onnx",
            ],
            *["--top-k", "14", "--effort", "full", "--no-cache"],
        ],
        capture_output=True,
        check=True,
        timeout=60,
    )
    scanned = json.loads(run.stdout)
    assert {key: summary[key] for key in OF_THE_VERDICT} == {key: scanned[key] for key in OF_THE_VERDICT}
    assert [one["event"] for one in moments] == ["moment"] * scanned["n_windows"]
    assert len(moments[0]["genres"]) == 14
    assert summary["path"] == "microphone"


def test_nothing_played_is_told(page: Page) -> None:
    """Whoever stops at once is told that nothing was heard."""
    with microphone(page) as socket:
        socket.send(json.dumps({"event": "stop"}))
        (summary,) = told(socket)
    assert (summary["event"], summary["status"], summary["reason"]) == (
        "summary",
        "skipped",
        "nothing was heard",
    )


@pytest.mark.parametrize(
    ("first", "sentence"),
    [
        ("no JSON", "a sample rate must come first"),
        ("[]", "a sample rate must come first"),
        (b"\x00" * 400, "a sample rate must come first"),
        ({"sample_rate": "fast"}, "a sample rate must come first"),
        ({"sample_rate": -1}, "microphone: no sound device has a rate of -1 Hz"),
        ({"sample_rate": 10**12}, "microphone: no sound device has a rate of 1000000000000 Hz"),
    ],
)
def test_nonsense_gets_a_sentence(page: Page, first: Any, sentence: str) -> None:
    """What does not begin as it should ends with the reason."""
    with microphone(page, first) as socket:
        (row,) = told(socket)
    assert (row["event"], row["error"]) == ("error", sentence)


def test_two_are_heard_at_a_time_and_leave_room(page: Page) -> None:
    """A third microphone is told to wait; when one has gone without a word, there is room again."""
    with contextlib.ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(microphone(page)).send(bytes(4 * 2048))
        with microphone(page) as third:
            assert told(third)[0]["error"] == "too much is being heard at the moment"

    def is_room() -> bool:
        with microphone(page) as socket:
            with contextlib.suppress(ConnectionClosedOK):
                socket.send(json.dumps({"event": "stop"}))
            return told(socket)[0]["event"] == "summary"

    assert eventually(is_room)


def test_messages_that_are_too_long_end_it(page: Page) -> None:
    """Nobody fills the memory through the socket."""
    with microphone(page) as socket:
        socket.send(bytes(2**20))
        with pytest.raises(ConnectionClosedError, match="1009"):
            told(socket)


def test_other_pages_are_not_let_in(page: Page) -> None:
    """A socket of another origin is refused before it is open."""
    with pytest.raises(InvalidStatus):
        connect(f"ws://127.0.0.1:{page.port}/api/live", origin="http://evil.example")
