"""The program's page, started as users start it, and a browser to open it with."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SCREENS = Path(__file__).resolve().parents[2] / ".cache" / "screens"


@dataclass(frozen=True)
class Page:
    """A page that is served.

    Attributes:
        url: What the program printed.
        process: The program.
        uploads: Where it keeps what is not finished.
    """

    url: str
    process: subprocess.Popen[str]
    uploads: Path

    @property
    def origin(self) -> str:
        """Its address without what stands behind."""
        parts = urllib.parse.urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def port(self) -> int:
        """Where it is."""
        return urllib.parse.urlsplit(self.url).port or 0

    def ask(
        self, address: str, *, method: str = "GET", body: Any = None, chunked: bool = False, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """Ask over a connection of one's own: status, headers in lower case, and content."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if method == "POST":
            given = {"Origin": self.origin} | given
        with contextlib.closing(connection):
            connection.request(method, address, body=body, headers=given, encode_chunked=chunked)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()

    def hear(self, content: Any, **headers: str) -> list[dict[str, Any]]:
        """Upload a file, and give the rows that are told."""
        status, _, said = self.ask("/api/hear", method="POST", body=content, **headers)
        assert status == 200, said
        return [json.loads(line) for line in said.splitlines()]

    def get(self, address: str) -> Any:
        """What it answers, as JSON."""
        status, _, said = self.ask(address)
        assert status == 200, said
        return json.loads(said)

    def left_behind(self) -> list[str]:
        """What of uploads lies on the disk."""
        return [str(path) for path in self.uploads.rglob("*")]

    def held(self) -> list[str]:
        """Files without a name that the program still has open."""
        places = Path(f"/proc/{self.process.pid}/fd").iterdir()
        targets = []
        for place in places:
            with contextlib.suppress(OSError):
                targets.append(str(place.readlink()))
        return [target for target in targets if target.startswith(str(self.uploads))]


@contextlib.contextmanager
def served(folder: Path, *arguments: object) -> Iterator[Page]:
    """Start the program, with a folder of its own for what it keeps meanwhile, and end it as Ctrl-C does."""
    uploads = folder / "uploads"
    uploads.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "tagger", "ui", "--port", "0", "--runtime", "onnx", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(uploads), "TAGGER_HOME": str(folder / "home")},
    )
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    try:
        assert url, process.communicate(timeout=30)[1]
        yield Page(url, process, uploads)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)


@contextlib.contextmanager
def chromium(*arguments: str) -> Iterator[Any]:
    """Debian's Chromium, driven by Playwright; skips where there is none."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*_ARGUMENTS, *arguments])
        with contextlib.closing(browser):
            yield browser


@contextlib.contextmanager
def opened(browser: Any, page: Page, **context: Any) -> Iterator[Any]:
    """A tab with the page; in the end nothing was asked of any other host, and no script complained."""
    with contextlib.closing(browser.new_context(**context)) as made:
        tab = made.new_page()
        asked: list[str] = []
        complaints: list[str] = []
        tab.on("request", lambda request: asked.append(request.url))
        tab.on("websocket", lambda socket: asked.append(socket.url))
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("console", lambda said: said.type == "error" and complaints.append(said.text))
        tab.goto(page.url)
        tab.wait_for_selector(".zone")
        yield tab
        hosts = {urllib.parse.urlsplit(url).netloc for url in asked if not url.startswith(("blob:", "data:"))}
        assert hosts == {urllib.parse.urlsplit(page.url).netloc}, hosts
        assert not complaints


def until(tab: Any, expression: str, seconds: float = 20.0) -> None:
    """Wait until an expression holds in the page, whose policy lets no test evaluate strings in it."""
    deadline = time.monotonic() + seconds
    while not tab.evaluate(expression):
        assert time.monotonic() < deadline, expression
        tab.wait_for_timeout(50)


def shoot(tab: Any, name: str) -> None:
    """Keep a picture of the page for whoever wants to look at it."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    tab.screenshot(path=SCREENS / f"{name}.png", full_page=True)
