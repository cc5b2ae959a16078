"""Who is let in, and what becomes of uploads that mean no good."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tagger.web.guard import Door
from tests.web.pages import Page, served

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "music"
MEBIBYTE = 2**20


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A page without a library, which takes uploads of a mebibyte."""
    with served(tmp_path_factory.mktemp("page"), "--max-upload", "1") as one:
        yield one


@pytest.fixture(autouse=True)
def _nothing_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """After every test, no upload lies on the disk and none is held open."""
    yield
    if "page" in request.fixturenames:
        one = request.getfixturevalue("page")
        assert eventually(lambda: not one.held())
        assert one.left_behind() == []


def eventually(holds: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Whether something becomes true in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_only_this_computer_is_listened_on(page: Page) -> None:
    """Without --host the page is bound to 127.0.0.1."""
    assert page.url.startswith("http://127.0.0.1:")
    with socket.socket() as other, pytest.raises(OSError, match="refused"):
        other.connect(("127.0.0.2", page.port))


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", ""])
def test_another_name_for_our_address_is_refused(page: Page, host: str) -> None:
    """A page of another site that gives its own name our address reads nothing."""
    status, _, said = page.ask("/api/about", Host=host.format(port=page.port))
    assert (status, json.loads(said)) == (403, {"error": "this page answers to its own address only"})


def test_localhost_is_our_name(page: Page) -> None:
    """The address may be written with the name that every computer has for itself."""
    assert page.ask("/api/about", Host=f"localhost:{page.port}")[0] == 200


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "https://127.0.0.1:{port}", "http://127.0.0.1:1"]
)
def test_other_sites_cannot_have_anything_heard(page: Page, origin: str) -> None:
    """A request that changes something must come from our page."""
    status, _, _ = page.ask("/api/hear", method="POST", body=b"x", Origin=origin.format(port=page.port))
    assert status == 403


def test_a_request_without_an_origin_changes_nothing(page: Page) -> None:
    """Browsers say where a request comes from; what does not say so is not a browser's."""
    with contextlib.closing(socket.create_connection(("127.0.0.1", page.port))) as raw:
        raw.sendall(
            f"POST /api/hear HTTP/1.1\r\nHost: 127.0.0.1:{page.port}\r\nContent-Length: 0\r\n\r\n".encode()
        )
        assert raw.recv(100).startswith(b"HTTP/1.1 403")


@pytest.mark.parametrize(
    ("origin", "status"), [("http://evil.example", b"403"), ("http://127.0.0.1:{port}", b"101")]
)
def test_other_sites_cannot_open_the_microphones_socket(page: Page, origin: str, status: bytes) -> None:
    """The same holds for the socket."""
    request = (
        f"GET /api/live HTTP/1.1\r\nHost: 127.0.0.1:{page.port}\r\n"
        f"Upgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nOrigin: {origin}\r\n\r\n"
    ).format(port=page.port)
    with contextlib.closing(socket.create_connection(("127.0.0.1", page.port))) as raw:
        raw.sendall(request.encode())
        assert raw.recv(100).split()[1] == status


def test_other_sites_cannot_embed_what_is_here(page: Page) -> None:
    """What a browser fetches for another site is refused; a link to the page is not."""
    assert page.ask("/api/about", Sec_Fetch_Site="cross-site")[0] == 403
    assert page.ask("/", Sec_Fetch_Site="cross-site")[0] == 200


def test_browsers_are_told_to_load_nothing_from_elsewhere(page: Page) -> None:
    """Every answer carries a policy without other hosts, inline scripts or inline styles."""
    for address in ("/", "/static/main.js", "/api/about", "/nowhere"):
        _, headers, _ = page.ask(address)
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"
    _, _, html = page.ask("/")
    assert b"<style" not in html
    assert b"<script>" not in html
    assert b"http" not in html


@pytest.mark.parametrize(
    "address",
    [
        "/static/../ear.py",
        "/static/%2e%2e/ear.py",
        "/static/..%2fear.py",
        "//etc/passwd",
        "/audio/../../etc/passwd",
        "/audio/%2fetc%2fpasswd",
        "/static/",
        "/openapi.json",
    ],
)
def test_nothing_is_found_by_tricks_in_the_address(page: Page, address: str) -> None:
    """Only the page's own files have addresses."""
    assert page.ask(address)[0] == 404


def test_a_file_that_is_too_long_is_refused_before_it_is_sent(page: Page) -> None:
    """The length that a request claims is enough to refuse it, in a sentence with a hint."""
    head = f"POST /api/hear HTTP/1.1\r\nHost: 127.0.0.1:{page.port}\r\nOrigin: {page.origin}\r\n"
    with contextlib.closing(socket.create_connection(("127.0.0.1", page.port), timeout=20)) as raw:
        raw.sendall(f"{head}Content-Length: {MEBIBYTE + 1}\r\n\r\n".encode())
        answer = http.client.HTTPResponse(raw)
        answer.begin()
        said = json.loads(answer.read())
    assert answer.status == 413
    assert said["error"] == "the file is longer than 1 MiB"
    assert "--max-upload" in said["hint"]


def test_a_file_that_hides_its_length_is_stopped(page: Page) -> None:
    """Without a length, or with a wrong one, no more is kept than may be."""

    def endless() -> Iterator[bytes]:
        while True:
            yield bytes(MEBIBYTE // 4)

    with contextlib.closing(socket.create_connection(("127.0.0.1", page.port), timeout=20)) as raw:
        head = f"POST /api/hear HTTP/1.1\r\nHost: 127.0.0.1:{page.port}\r\nOrigin: {page.origin}\r\n"
        raw.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        sent = 0
        with contextlib.suppress(ConnectionError):
            for chunk in endless():
                raw.sendall(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
                sent += len(chunk)
                assert sent < 64 * MEBIBYTE, "nobody stops it"
                if sent > MEBIBYTE:
                    raw.settimeout(0.2)
                    with contextlib.suppress(TimeoutError):
                        assert raw.recv(1000).split()[1] == b"413"
                        break
    assert page.get("/api/about")["most_bytes"] == MEBIBYTE


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty file"),
        (b"<script>alert(1)</script>", "not a known audio format"),
        (b"\x89PNG\r\n\x1a\n" + bytes(1000), "not a known audio format"),
        (b"RIFF\xff\xff\xff\xffWAVEfmt ", ""),
        (os.urandom(20_000), "not a known audio format"),
        (b"#!/bin/sh\nrm -rf /\n", "not a known audio format"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "not a known audio format"),
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n", "not a known audio format"),
    ],
)
def test_what_is_no_audio_is_told_so(page: Page, content: bytes, reason: str) -> None:
    """Any bytes get a sentence, and nothing in it tells where they lay."""
    told = page.hear(content)[-1]
    assert told["event"] == "verdict"
    assert told["status"] in {"failed", "skipped"}
    assert told["reason"].startswith(reason)
    assert told["reason"]
    assert "/proc" not in json.dumps(told)


def test_a_browser_that_leaves_in_the_middle_leaves_nothing(page: Page) -> None:
    """What had come of an upload is gone with the connection."""
    head = f"POST /api/hear HTTP/1.1\r\nHost: 127.0.0.1:{page.port}\r\nOrigin: {page.origin}\r\n"
    with contextlib.closing(socket.create_connection(("127.0.0.1", page.port))) as raw:
        raw.sendall(f"{head}Content-Length: 500000\r\n\r\n".encode() + bytes(100_000))
        assert eventually(lambda: bool(page.held()))
    assert eventually(lambda: not page.held())


def test_a_browser_that_leaves_while_it_is_heard_leaves_nothing(page: Page) -> None:
    """The same holds when the file was there and is being heard; the next one is heard all the same."""
    content = (EXAMPLES / "disco.wav").read_bytes()
    head = f"POST /api/hear HTTP/1.1\r\nHost: 127.0.0.1:{page.port}\r\nOrigin: {page.origin}\r\n"
    with contextlib.closing(socket.create_connection(("127.0.0.1", page.port))) as raw:
        raw.sendall(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
    assert page.hear(content)[-1]["status"] == "named"


def test_uploads_wait_for_a_place_or_are_told_so(page: Page) -> None:
    """More uploads than there are places get a sentence; when the others leave there is room again."""
    head = f"POST /api/hear HTTP/1.1\r\nHost: 127.0.0.1:{page.port}\r\nOrigin: {page.origin}\r\n"
    with contextlib.ExitStack() as stack:
        for _ in range(16):
            raw = stack.enter_context(socket.create_connection(("127.0.0.1", page.port)))
            raw.sendall(f"{head}Content-Length: 500000\r\n\r\n".encode() + bytes(10))
        assert eventually(lambda: len(page.held()) == 16)
        status, _, said = page.ask("/api/hear", method="POST", body=b"x")
        assert (status, json.loads(said)["error"]) == (503, "too much is being heard at the moment")
    assert eventually(lambda: not page.held())
    assert page.hear(b"x")[-1]["status"] == "failed"


def test_nothing_is_left_by_a_kill(tmp_path: Path) -> None:
    """Even a process that is killed in the middle of an upload leaves no file behind."""
    with served(tmp_path) as one:
        head = f"POST /api/hear HTTP/1.1\r\nHost: 127.0.0.1:{one.port}\r\nOrigin: {one.origin}\r\n"
        with contextlib.closing(socket.create_connection(("127.0.0.1", one.port))) as raw:
            raw.sendall(f"{head}Content-Length: 500000\r\n\r\n".encode() + bytes(100_000))
            assert eventually(lambda: bool(one.held()))
            one.process.send_signal(signal.SIGKILL)
            one.process.wait(10)
        assert one.left_behind() == []


def test_others_need_the_token(tmp_path: Path) -> None:
    """A page that others can reach asks for the token of its address, once; then a cookie knows it."""
    with served(tmp_path, "--host", "0.0.0.0") as one:
        bare, token = one.url.split("?token=")
        assert len(token) > 20
        assert bare.startswith("http://")
        assert one.ask("/api/about")[0] == 403
        assert one.ask("/?token=wrong")[0] == 403
        status, headers, _ = one.ask(f"/?token={token}")
        assert (status, headers["location"]) == (303, "/")
        assert {"HttpOnly", "SameSite=strict"} <= set(headers["set-cookie"].split("; "))
        cookie = headers["set-cookie"].split(";")[0]
        assert one.ask("/api/about", Cookie=cookie)[0] == 200
        assert one.ask("/api/about", Cookie="tagger=wrong")[0] == 403
        one.process.send_signal(signal.SIGINT)
        said = one.process.communicate(timeout=30)[1]
    assert "others can open this page" in said


def test_a_door_of_one_address_has_its_names() -> None:
    """An address that is ours by name and by number is both, in any case, and nothing else."""
    from tagger.web import server

    door, address = server.door("Box.local", "192.168.0.7", 81, "secret")
    assert address == "http://192.168.0.7:81/?token=secret"
    assert door == Door(frozenset({"box.local:81", "192.168.0.7:81"}), "secret")
    assert server.door("box", "127.0.0.1", 80, "")[0].hosts == {"box", "localhost", "127.0.0.1"}
    assert server.door("::1", "::1", 81, "secret")[1] == "http://[::1]:81/"


def ui(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command where it ends at once."""
    return subprocess.run(
        [sys.executable, "-m", "tagger", "ui", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_port_that_is_taken_is_told(page: Page) -> None:
    """One sentence, one hint, exit code 2."""
    run = ui("--port", str(page.port), "--runtime", "onnx")
    assert run.returncode == 2
    assert f"the page cannot be at 127.0.0.1, port {page.port}: address already in use" in run.stderr
    assert "hint: give another --port; 0 takes any that is free" in run.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--share-library", "nowhere"], "nowhere: no such folder"),
        (["--host", "no such host"], "the page cannot be at no such host"),
        (["--port", "70000"], "--port': Input should be less than"),
        (["--max-upload", "0"], "--max-upload': Input should be greater than"),
    ],
)
def test_wrong_options_are_told(arguments: list[str], sentence: str) -> None:
    """Nothing is served with options that make no sense."""
    run = ui(*arguments)
    assert run.returncode == 2
    assert sentence in run.stderr
    assert "Traceback" not in run.stderr


def test_without_the_extra_one_sentence_says_so(tmp_path: Path) -> None:
    """Where Starlette is missing, the command says what to install."""
    (tmp_path / "starlette.py").write_text("raise ModuleNotFoundError(name='starlette')")
    run = subprocess.run(
        [sys.executable, "-m", "tagger", "ui"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=os.environ
        | {"PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", str(Path.cwd()))])},
    )
    assert run.returncode == 2
    assert run.stderr == (
        "error: the page needs starlette, which is not installed\nhint: pip install 'audio-genre-tagger[ui]'\n"
    )


def test_ctrl_c_ends_it_well(tmp_path: Path) -> None:
    """Whoever presses Ctrl-C wanted that: exit code 0, and nothing on stderr but how to open it."""
    with served(tmp_path) as one:
        assert one.get("/api/about")["library"] is None
        one.process.send_signal(signal.SIGINT)
        assert one.process.wait(15) == 0
        assert one.process.stderr is not None
        assert one.process.stderr.read() == "open it in a browser; Ctrl-C ends it\n"


def test_uploads_are_what_a_scan_says(page: Page, tmp_path: Path) -> None:
    """Every field of an upload's verdict is that of `tagger scan --json` of the same file."""
    names = ["blues.mp3", "hiphop.opus", "jazz.wv", "silence.flac"]
    run = subprocess.run(
        [
            *[sys.executable, "-m", "tagger", "scan", "--json", "--runtime", "onnx", "--top-k", "14"],
            *[str(EXAMPLES / name) for name in names],
        ],
        capture_output=True,
        check=True,
        timeout=120,
        env=os.environ | {"TAGGER_HOME": str(tmp_path)},
    )
    scanned = {Path(row.pop("path")).name: row for row in map(json.loads, run.stdout.splitlines())}
    for name in names:
        told = page.hear(
            io.BytesIO((EXAMPLES / name).read_bytes()), Content_Length=str((EXAMPLES / name).stat().st_size)
        )
        assert told[-1] == {"event": "verdict"} | scanned[name], name
