"""A web server on this machine that sends what a test wants, as badly as real ones do."""

from __future__ import annotations

import contextlib
import http.server
import threading
from collections.abc import Callable, Iterator

Answer = Callable[["Handler", int], None]
"""Answers the request of a number, from 0."""


class Handler(http.server.BaseHTTPRequestHandler):
    """Leaves every answer to the test."""

    protocol_version = "HTTP/1.0"

    def do_GET(self) -> None:
        """Answer."""
        number = self.server.n_requests  # type: ignore[attr-defined]
        self.server.n_requests += 1  # type: ignore[attr-defined]
        with contextlib.suppress(OSError):  # the listener may have hung up
            self.server.answer(self, number)  # type: ignore[attr-defined]

    def begin(self, kind: str = "audio/mpeg", length: int | None = None, status: int = 200) -> None:
        """Send the head of an answer; without a length it is a stream."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def play(self, data: bytes, bytes_a_second: float, stop: threading.Event) -> None:
        """Send data at a speed, in pieces of a fiftieth of a second."""
        n_bytes = max(1, int(bytes_a_second / 50))
        for start in range(0, len(data), n_bytes):
            if stop.wait(0.02):
                return
            self.wfile.write(data[start : start + n_bytes])

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def station(answer: Answer) -> Iterator[str]:
    """Serve while the context is open; gives the address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.answer, server.n_requests = answer, 0  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/live"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
