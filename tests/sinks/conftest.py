"""Fixtures for files with tags."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sinks import containers

Sample = Callable[[str], Path]


@pytest.fixture(scope="session")
def ffmpeg() -> str:
    """The program ffmpeg; ffprobe comes with it."""
    program = shutil.which("ffmpeg")
    if program is None or shutil.which("ffprobe") is None:
        pytest.skip("ffmpeg is not installed")
    return program


@pytest.fixture(scope="session")
def encoded(ffmpeg: str, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], bytes]:
    """Encodes a second of tone into a container, once."""
    made: dict[str, bytes] = {}
    encoders = subprocess.run([ffmpeg, "-v", "error", "-encoders"], capture_output=True, text=True).stdout

    def encode(kind: str) -> bytes:
        codec = containers.CODECS[kind][0] if kind not in containers.MAKERS else ""
        if codec not in encoders:
            pytest.skip(f"this ffmpeg has no encoder {codec}")
        if kind not in made:
            made[kind] = containers.encode(kind, tmp_path_factory.mktemp("encoded"))
        return made[kind]

    return encode


@pytest.fixture
def sample(encoded: Callable[[str], bytes], tmp_path: Path) -> Sample:
    """Makes a file for a key of `containers.CASES`; its name says nothing about its kind."""

    def make(case: str) -> Path:
        kind, tag = containers.CASES[case]
        path = tmp_path / "sample"
        path.write_bytes(encoded(kind))
        tag(path)
        return path

    return make


@pytest.fixture
def mp3(encoded: Callable[[str], bytes], tmp_path: Path) -> Callable[..., Path]:
    """Makes an MP3 file with bytes in front of and behind its audio."""

    def make(in_front: bytes = b"", behind: bytes = b"") -> Path:
        path = tmp_path / "a.mp3"
        path.write_bytes(in_front + encoded("MP3") + behind)
        return path

    return make


@pytest.fixture
def audio_hash(ffmpeg: str) -> Callable[[Path], str]:
    """Digests the audio packets of a file, told by ffmpeg without decoding, or else the decoded audio."""

    def digest(path: Path) -> str:
        # What stands behind the audio in a file of Monkey's Audio is part of the last packet to ffmpeg.
        codec = "pcm_s16le" if b"MAC " in path.read_bytes()[:4] else "copy"
        command = [ffmpeg, "-v", "error", "-i", path, "-map", "0:a", "-c", codec, "-f", "hash", "-"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    return digest


@pytest.fixture
def probe(ffmpeg: str) -> Callable[[Path], dict[str, str]]:
    """Reads the tags of a file with ffprobe; their names come in lower case."""

    def tags(path: Path) -> dict[str, str]:
        command = ["ffprobe", "-v", "error", "-show_format", "-show_streams", "-of", "json", path]
        found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        parts = [*found["streams"], found["format"]]
        return {name.lower(): value for part in parts for name, value in part.get("tags", {}).items()}

    return tags
