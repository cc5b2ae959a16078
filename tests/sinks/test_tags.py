"""Laws that hold in every container with a writer."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tagger import errors
from tagger.sinks import tags
from tests.sinks import containers

every_container = pytest.mark.parametrize("case", containers.CASES)
GENRES = [
    ("Rock",),
    ("R&B/Soul",),
    ("R&B/Soul", "Rock"),
    ("Drum & Bass", "Synthwave"),
    ("Музыка", "東京", "Fado canção", "🎷 Jazz", "Rock"),
    ("Rock", "Rock"),
    (" spaced ", "a;b", "(live)"),
]


def test_every_registered_container_is_tested() -> None:
    """The cases cover the whole registry, so that no writer escapes the laws."""
    assert {kind for kind, _ in containers.CASES.values()} == set(tags.CONTAINERS)


@every_container
@pytest.mark.parametrize("genres", GENRES, ids=" + ".join)
def test_what_was_written_is_read(sample: Callable[[str], Path], case: str, genres: tuple[str, ...]) -> None:
    """Reading gives exactly the genres that were written, in their order."""
    path = sample(case)
    assert tags.write(path, genres)
    assert tags.read(path) == genres


@every_container
def test_later_genres_take_the_place_of_earlier_ones(sample: Callable[[str], Path], case: str) -> None:
    """Nothing is left of genres written before, however many there were."""
    path = sample(case)
    for genres in [("A" * 300, "B", "C"), ("D",), ("E", "F")]:
        assert tags.write(path, genres)
        assert tags.read(path) == genres


@every_container
def test_writing_twice_touches_nothing(sample: Callable[[str], Path], case: str) -> None:
    """Where the genres stand already, neither bytes nor times of the file change, not even its inode's."""
    path = sample(case)
    tags.write(path, ["R&B/Soul", "Rock"])
    bytes_before, before = path.read_bytes(), path.stat()
    assert not tags.write(path, ["R&B/Soul", "Rock"])
    assert path.read_bytes() == bytes_before
    assert (path.stat().st_mtime_ns, path.stat().st_ctime_ns) == (before.st_mtime_ns, before.st_ctime_ns)


@every_container
def test_times_are_kept(sample: Callable[[str], Path], case: str) -> None:
    """A written file shows the times of access and change it had, to the nanosecond."""
    path = sample(case)
    os.utime(path, ns=(1_234_567_890_123_456_789, 987_654_321_987_654_321))
    assert tags.write(path, ["Rock"])
    assert path.stat().st_mtime_ns == 987_654_321_987_654_321
    assert path.stat().st_atime_ns == 1_234_567_890_123_456_789


@every_container
def test_everything_else_stays(sample: Callable[[str], Path], case: str) -> None:
    """Other tags, pictures, chapters and unknown fields stay byte for byte, however large the genres."""
    path = sample(case)
    kind = containers.CASES[case][0]
    before = containers.others(path, kind)
    if case in {"MP3", "MP3, APEv2", "MP3, ID3v1"}:
        tags.write(path, ["First"])  # the tag is new
        before = containers.others(path, kind)
    for genres in [["Rock"], ["R&B/Soul", "Ж" * 3000], ["Jazz"]]:
        tags.write(path, genres)
        assert containers.others(path, kind) == before


@every_container
def test_audio_stays(sample: Callable[[str], Path], audio_hash: Callable[[Path], str], case: str) -> None:
    """The program ffmpeg finds the same audio packets before and after."""
    path = sample(case)
    before = audio_hash(path)
    for genres in [["Rock"], ["R&B/Soul", "Ж" * 70_000], ["Jazz"]]:
        tags.write(path, genres)
        assert audio_hash(path) == before


@every_container
def test_another_reader_sees_the_genre(
    sample: Callable[[str], Path], probe: Callable[[Path], dict[str, str]], case: str
) -> None:
    """The program ffprobe, which shares no code with us, reads the first genre, and other tags as before."""
    path = sample(case)
    before = probe(path)
    tags.write(path, ["R&B/Soul", "Rock"])
    after = probe(path)
    assert after.pop("genre").startswith("R&B/Soul")
    before.pop("genre", None)
    if case != "FLAC, ID3v2 in front":  # ffprobe shows one or the other
        assert {name: after.get(name) for name in before} == before


@every_container
def test_names_need_not_be_utf8(sample: Callable[[str], Path], case: str) -> None:
    """A file of any name that the system allows is read and written, by path or by string."""
    path = sample(case)
    odd = path.with_name(os.fsdecode(b"\xff\xe9 '\n=-.txt"))
    path.rename(odd)
    assert tags.write(odd, ["Rock"])
    assert tags.read(os.fspath(odd)) == ("Rock",)


@every_container
@pytest.mark.parametrize("genres", [[], [""], ["Rock", "  "], ["a\0b"], ["a\nb"], ["\udce9"]], ids=repr)
def test_what_cannot_be_a_genre_is_refused(sample: Callable[[str], Path], case: str, genres: list[str]) -> None:
    """No, empty and unprintable genres are an error, and the file stays as it is."""
    path = sample(case)
    before = path.read_bytes()
    with pytest.raises(errors.TagError, match=r"genre"):
        tags.write(path, genres)
    assert path.read_bytes() == before


@every_container
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_files_end_in_our_errors(sample: Callable[[str], Path], case: str, data: st.DataObject) -> None:
    """Whatever a file holds, the genre is written, or a TagError leaves every byte as it was; never a crash."""
    path = sample(case)
    content = bytearray(path.read_bytes()[: data.draw(st.integers(0, 9000))])
    for _ in range(data.draw(st.integers(0, 8))):
        if content:
            content[data.draw(st.integers(0, min(len(content), 700) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        tags.write(path, ["Rock"])
    except errors.TagError:
        assert path.read_bytes() == bytes(content)
    else:
        assert tags.read(path) == ("Rock",)


def test_a_symlink_stays_a_symlink(sample: Callable[[str], Path]) -> None:
    """Writing through a link changes the file it leads to."""
    path = sample("FLAC")
    link = path.with_name("link")
    link.symlink_to(path)
    assert tags.write(link, ["Rock"])
    assert link.is_symlink()
    assert tags.read(path) == ("Rock",)


def test_a_missing_file_is_a_tag_error(tmp_path: Path) -> None:
    """What the system says about a file reaches the user with the path in front."""
    with pytest.raises(errors.TagError, match=r"nothing\.mp3: No such file or directory"):
        tags.read(tmp_path / "nothing.mp3")
    with pytest.raises(errors.TagError, match=r"Is a directory"):
        tags.read(tmp_path)


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (b"", "unknown kind of file"),
        (b"just some words\n" * 100, "unknown kind of file"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "WAV"),
        (b"FORM\0\0\0\0AIFFCOMM", "AIFF"),
        (b"\0\0\0\x20ftypM4A ", "MP4"),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "WMA"),
        (b"wvpk\0\0\0\0", "WavPack"),
        (b"\x0b\x77\0\0\0\0\0\0", "AC-3"),
        (b"ID3\x04\0\0\0\0\0\x0a" + bytes(10) + b"RIFF\x24\0\0\0WAVEfmt ", "WAV"),
        (b"OggS" + bytes(22) + b"\x01\x1e\x80theora", "Ogg Theora"),
        (b"\xff\xf1\x50\x80\x02\x1f\xfc" + bytes(300), "AAC"),
    ],
)
def test_a_container_without_writer_is_named(tmp_path: Path, head: bytes, reason: str) -> None:
    """A file of a kind that cannot be tagged is told apart by its content, whatever its suffix."""
    path = tmp_path / "song.mp3"
    path.write_bytes(head)
    with pytest.raises(errors.UntaggableError, match=reason):
        tags.read(path)
    with pytest.raises(errors.UntaggableError, match=reason):
        tags.write(path, ["Rock"])
    assert path.read_bytes() == head


def test_reading_tags_loads_nothing_heavy() -> None:
    """The tag reader starts without numpy, so that light commands stay light."""
    code = "import sys, tagger.sinks.tags; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
