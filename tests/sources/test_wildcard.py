"""Patterns match as in a shell, and suffixes promise what users have."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger.records import Track
from tagger.sources import discover, suffixes, wildcard
from tests.sources import libraries


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A folder with albums, pictures and hidden files."""
    return libraries.filled(tmp_path / "library")


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.m4a", ["z.m4a"]),
        ("b/*", ["b/10.FLAC", "b/2.mp3"]),
        ("?/[0-9].mp3", ["b/2.mp3"]),
        ("**/*.wav", ["a/deep/er/y.wav"]),
        ("**", libraries.EXPECTED),
        ("a/**/*.ogg", ["a/x.ogg"]),
        ("*/deep", ["a/deep/er/y.wav"]),
        ("[ab]/x.ogg", ["a/x.ogg"]),
        (".trash/*", [".trash/t.mp3"]),
        (".t*/*.mp3", [".trash/t.mp3"]),
        ("*/.h*", ["a/.hidden.flac"]),
    ],
)
def test_patterns(library, monkeypatch, pattern, expected):
    """Patterns match files and folders as in a shell, absolute or relative; `**` is any depth."""
    assert libraries.names(discover.audio_files([str(library / pattern)]), library) == expected
    monkeypatch.chdir(library)
    assert libraries.names(discover.audio_files([pattern]), Path()) == expected


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path):
    """Brackets in the name of an existing file are no pattern."""
    path = libraries.touch(tmp_path / "Song [Live].mp3")
    libraries.touch(tmp_path / "Song L.mp3")
    assert libraries.names(discover.audio_files([str(path)]), tmp_path) == ["Song [Live].mp3"]


@settings(max_examples=50)
@given(st.lists(st.text(st.sampled_from("ab*?[]."), min_size=1, max_size=4), min_size=1, max_size=3))
def test_no_pattern_breaks_the_search(tmp_path_factory, parts):
    """Any pattern, however odd, gives tracks or one failure, and nothing outside its folder's reach."""
    root = tmp_path_factory.getbasetemp() / "patterns"
    for name in ("a.mp3", "b/a.mp3", "b/ab/b.mp3"):
        libraries.touch(root / name)
    parts = [part for part in parts if part not in (".", "..")]
    pattern = str(root.joinpath(*parts))
    found = list(discover.audio_files([pattern]))
    assert len({one.path for one in found if isinstance(one, Track)}) <= 3
    for one in found:
        path = one.path if isinstance(one, Track) else one.track.path
        assert path.is_relative_to(root)


def test_suffixes_promise_what_users_have():
    """Common suffixes, in any case, promise audio; covers, texts and lists promise something else."""
    for name in (
        "a.MP3",
        "a.flac",
        "a.ogg",
        "a.opus",
        "a.m4a",
        "a.wav",
        "a.aiff",
        "a.wma",
        "a.ape",
        "a.wv",
        "a.dsf",
    ):
        assert suffixes.promise(Path(name)) == "audio"
    for name in ("a.jpg", "a.CUE", "a.m3u8", "a.nfo", "a.pdf", "a.mkv", "a.mp3.part"):
        assert suffixes.promise(Path(name)) == "other"
    for name in ("a", "a.xyz", ".mp3", "mp3"):
        assert suffixes.promise(Path(name)) == "unknown"


@pytest.mark.parametrize(("path", "answer"), [("a*", True), ("a?", True), ("[a", True), ("a]{b}~!", False)])
def test_signs_of_a_pattern(path, answer):
    """Only `*`, `?` and `[` make a pattern."""
    assert wildcard.is_pattern(path) is answer
