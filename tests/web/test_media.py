"""Tracks for the player: ranges are the file's own bytes, and nothing but tracks of the library is given."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tagger.sources import decode
from tests.web.pages import Page, served
from tests.web.test_door import eventually

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "music"
CONTENT = (EXAMPLES / "blues.mp3").read_bytes()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The program with a small library, and a link in it that leads out."""
    folder = tmp_path_factory.mktemp("page")
    library = folder / "library"
    library.mkdir()
    for name in ("blues.mp3", "jazz.wv"):
        shutil.copy(EXAMPLES / name, library)
    shutil.copy(EXAMPLES / "disco.wav", folder / "secret.wav")
    (library / "link.wav").symlink_to(folder / "secret.wav")
    (library / "notes.txt").write_text("no track")
    with served(folder, "--share-library", library) as one:
        assert eventually(lambda: not one.get("/api/library/progress")["busy"], 60)
        yield one


def addresses(page: Page) -> dict[str, str]:
    """Where each track is to be had."""
    return {row["name"]: f"/audio/{row['id']}" for row in page.get("/api/library")["rows"]}


def test_only_tracks_of_the_library_are_listed(page: Page) -> None:
    """Links that lead out, and files that are no audio, have no address; nor is told where it lies."""
    assert sorted(addresses(page)) == ["blues.mp3", "jazz.wv"]
    assert "/tmp" not in json.dumps(page.get("/api/library")) + json.dumps(page.get("/api/about"))


@pytest.mark.parametrize(
    ("asked", "status", "part", "content_range"),
    [
        (None, 200, CONTENT, None),
        ("bytes=0-", 206, CONTENT, f"bytes 0-{len(CONTENT) - 1}/{len(CONTENT)}"),
        ("bytes=10-19", 206, CONTENT[10:20], f"bytes 10-19/{len(CONTENT)}"),
        ("bytes=-5", 206, CONTENT[-5:], f"bytes {len(CONTENT) - 5}-{len(CONTENT) - 1}/{len(CONTENT)}"),
        ("bytes=100-99999999", 206, CONTENT[100:], f"bytes 100-{len(CONTENT) - 1}/{len(CONTENT)}"),
        ("bytes=-99999999", 206, CONTENT, f"bytes 0-{len(CONTENT) - 1}/{len(CONTENT)}"),
        ("bytes=99999999-", 416, b"", f"bytes */{len(CONTENT)}"),
        (f"bytes={'9' * 5000}-", 200, CONTENT, None),
        ("bytes=20-10", 416, b"", f"bytes */{len(CONTENT)}"),
        ("bytes=-", 200, CONTENT, None),
        ("lines=1-2", 200, CONTENT, None),
        ("bytes=0-1,5-6", 200, CONTENT, None),
    ],
)
def test_ranges_are_the_files_bytes(
    page: Page, asked: str | None, status: int, part: bytes, content_range: str | None
) -> None:
    """RFC 9110, 14: one range is given, several are answered with the whole."""
    headers = {} if asked is None else {"Range": asked}
    answered, given, content = page.ask(addresses(page)["blues.mp3"], **headers)
    assert (answered, content, given.get("content-range")) == (status, part, content_range)
    if status != 416:
        assert given["content-type"] == "audio/mpeg"
        assert int(given["content-length"]) == len(part)


def test_what_browsers_do_not_play_comes_as_wav(page: Page) -> None:
    """A WavPack track is decoded, in one channel; ranges of that are its bytes too."""
    address = addresses(page)["jazz.wv"]
    status, headers, content = page.ask(address)
    assert (status, headers["content-type"]) == (200, "audio/wav")
    y, rate = soundfile.read(io.BytesIO(content), dtype="float32")
    expected = np.concatenate(list(decode.blocks(EXAMPLES / "jazz.wv", rate)))
    np.testing.assert_allclose(y, expected, atol=1e-4)
    assert page.ask(address, Range="bytes=100-199")[2] == content[100:200]
    assert page.ask(f"{addresses(page)['blues.mp3']}?as=wav")[2][:4] == b"RIFF"


def test_a_pipe_in_place_of_a_track_keeps_nobody_waiting(page: Page) -> None:
    """What is no file is not opened, and the page answers meanwhile."""
    address = addresses(page)["blues.mp3"]
    path = page.uploads.parent / "library" / "blues.mp3"
    path.rename(path.with_suffix(".away"))
    os.mkfifo(path)
    try:
        with contextlib.closing(socket.create_connection(("127.0.0.1", page.port))) as raw:
            raw.sendall(f"GET {address} HTTP/1.1\r\nHost: 127.0.0.1:{page.port}\r\n\r\n".encode())
            raw.settimeout(10)
            assert raw.recv(100).startswith(b"HTTP/1.1 404")
        assert page.ask("/api/about")[0] == 200
    finally:
        with contextlib.suppress(OSError):
            os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
        path.with_suffix(".away").rename(path)


@pytest.mark.parametrize("said", [b"[" * 10_000, b'{"id": "x", "genre": ' + b"[" * 10_000])
def test_nested_nonsense_is_refused(page: Page, said: bytes) -> None:
    """JSON that is nested too deep to be read is no track and no genre."""
    status, _, answer = page.ask("/api/review/decide", method="POST", body=said)
    assert (status, json.loads(answer)["error"]) == (400, "a track and a genre must be said")


def test_a_track_that_is_gone_is_told(page: Page) -> None:
    """An address without a track, and a track that left meanwhile, are told in a sentence."""
    address = addresses(page)["blues.mp3"]
    library = page.uploads.parent / "library"
    (library / "blues.mp3").rename(library / "away")
    try:
        for gone in (address, "/audio/0000", "/audio/%2e%2e"):
            status, _, said = page.ask(gone)
            assert status == 404
            assert "error" in json.loads(said)
    finally:
        (library / "away").rename(library / "blues.mp3")
