"""A connection to a web server: bytes as they come, and why they came no more."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import socket
import time
import urllib.error
import urllib.request

from tagger import __version__
from tagger.errors import SourceError

# How long a server may take to answer, and to send something.
_STALL_SECONDS = 10.0

_CONTAINERS = {
    "audio/mpeg": "mpeg",
    "audio/mp3": "mpeg",
    "audio/aac": "aac",
    "audio/aacp": "aac",
}
_PLAYLISTS = ("mpegurl", "scpls", "xspf", "dash+xml")


def is_address(text: str) -> bool:
    """Whether a text names something on a web server."""
    return re.match(r"https?://", text, re.IGNORECASE) is not None


class Connection:
    """An answer to a request, read as it comes; what goes wrong then ends it, and is told by `trouble`.

    Args:
        url: Address, http or https.
        stall_seconds: How long nothing may come.

    Raises:
        SourceError: There is no such server, or it refuses.

    Attributes:
        container: What the server says it sends, as named by `sniff.container`; None if that is not known.
        is_finite: Whether the server said how long it is: a file, not a stream.
        is_complete: Whether all has come.
        trouble: Why nothing comes any more; empty while something does.
        last_seconds: When the last byte came, on the monotonic clock.
    """

    def __init__(self, url: str, stall_seconds: float = _STALL_SECONDS) -> None:
        self._url, self._stall_seconds = url, stall_seconds
        try:
            request = urllib.request.Request(url, headers={"User-Agent": f"tagger/{__version__}"})
            self._response = urllib.request.urlopen(request, timeout=stall_seconds)
        except urllib.error.HTTPError as error:
            error.close()
            raise SourceError(f"{url}: the server says {error.code} {error.reason}") from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise SourceError(f"{url}: {self._why(error)}") from error
        kind = self._response.headers.get_content_type().lower()
        if any(word in kind for word in _PLAYLISTS):
            self.close()
            raise SourceError(
                f"{url}: a playlist, not audio", hint="give the address of a stream that stands in it"
            )
        self.container = _CONTAINERS.get(kind)
        self._n_left: int | None = self._response.length
        self.is_finite = self._n_left is not None
        self.is_complete, self.trouble = False, ""
        self.last_seconds = time.monotonic()

    def read(self, n_bytes: int) -> bytes:
        """Some of the next bytes, as soon as there are any; none at the end, whatever ended it."""
        if self.trouble or self.is_complete:
            return b""
        try:
            chunk = self._response.read1(n_bytes)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.trouble = self._why(error)
            return b""
        if chunk:
            self.last_seconds = time.monotonic()
        if self._n_left is not None:
            self._n_left -= len(chunk)
            self.is_complete = not self._n_left
        if not chunk and not self.is_complete:
            self.is_complete = bool(self._response.chunked)
            self.trouble = "" if self.is_complete else "the server broke it off"
        return chunk

    def hang_up(self) -> None:
        """End the connection from another thread than the one that reads, whose read then ends."""
        with contextlib.suppress(OSError, ValueError), self._line() as line:  # it may have ended by itself
            line.shutdown(socket.SHUT_RDWR)

    def _line(self) -> socket.socket:
        return socket.socket(fileno=os.dup(self._response.fileno()))

    def close(self) -> None:
        """Give back what it takes."""
        self._response.close()

    def _why(self, error: BaseException) -> str:
        """Say in plain words what went wrong."""
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        if isinstance(reason, TimeoutError):
            return f"nothing comes for {self._stall_seconds:g} s"
        if isinstance(reason, http.client.IncompleteRead):
            return "the server broke it off"
        if isinstance(reason, http.client.HTTPException | ValueError):
            return "no answer of a web server, or no address of one"
        if isinstance(reason, OSError):
            return (reason.strerror or str(reason)).lower()
        return str(reason)
