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
from tagger.sinks.tags import fields
from tests.sinks import containers, more_cases, writing

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
    assert writing.write(path, genres)
    assert tags.read(path) == genres


@every_container
def test_later_genres_take_the_place_of_earlier_ones(sample: Callable[[str], Path], case: str) -> None:
    """Nothing is left of genres written before, however many there were."""
    path = sample(case)
    for genres in [("A" * 300, "B", "C"), ("D",), ("E", "F")]:
        assert writing.write(path, genres)
        assert tags.read(path) == genres


@every_container
def test_writing_twice_touches_nothing(sample: Callable[[str], Path], case: str) -> None:
    """Where the genres stand already, neither bytes nor times of the file change, not even its inode's."""
    path = sample(case)
    writing.write(path, ["R&B/Soul", "Rock"])
    bytes_before, before = path.read_bytes(), path.stat()
    assert not writing.write(path, ["R&B/Soul", "Rock"])
    assert path.read_bytes() == bytes_before
    assert (path.stat().st_mtime_ns, path.stat().st_ctime_ns) == (before.st_mtime_ns, before.st_ctime_ns)


@every_container
def test_times_are_kept(sample: Callable[[str], Path], case: str) -> None:
    """A written file shows the times of access and change it had, to the nanosecond."""
    path = sample(case)
    os.utime(path, ns=(1_234_567_890_123_456_789, 987_654_321_987_654_321))
    assert writing.write(path, ["Rock"])
    assert path.stat().st_mtime_ns == 987_654_321_987_654_321
    assert path.stat().st_atime_ns == 1_234_567_890_123_456_789


@every_container
def test_everything_else_stays(sample: Callable[[str], Path], case: str) -> None:
    """Other tags, pictures, chapters and unknown fields stay byte for byte, however large the genres."""
    path = sample(case)
    kind = containers.CASES[case][0]
    before = containers.others(path, kind)
    if case.endswith(", ID3v1"):
        writing.write(path, ["First"])  # the tag is new
        before = containers.others(path, kind)
    for genres in [["Rock"], ["R&B/Soul", "Ж" * 3000], ["Jazz"]]:
        writing.write(path, genres)
        assert containers.others(path, kind) == before


@every_container
def test_other_fields_are_written_beside_the_genre(sample: Callable[[str], Path], case: str) -> None:
    """Style, grouping and fields of the user's own hold what was written, and the genre stays as it is."""
    path = sample(case)
    genres = tags.read(path)
    for texts in [("Bop", "R&B/Soul"), ("Жанр",)]:
        more = dict.fromkeys([fields.STYLE, fields.GROUPING, fields.parse("TXXX:TAGGER_GENRE")], texts)
        assert writing.write(path, more=more)
        assert {field: tags.read(path, field) for field in more} == more
        assert tags.read(path) == genres
        assert not writing.write(path, more=more)


@every_container
def test_every_place_agrees(sample: Callable[[str], Path], case: str) -> None:
    """No place in a file names another genre than the one written, in whatever way it is able to."""
    path = sample(case)
    writing.write(path, ["Rock"])
    kind, places = tags.places(path)
    assert kind == containers.CASES[case][0]
    assert places
    assert {place.values for place in places} <= {("Rock",), ("17",)}


@every_container
def test_audio_stays(sample: Callable[[str], Path], audio_hash: Callable[[Path], str], case: str) -> None:
    """The program ffmpeg finds the same audio packets before and after."""
    path = sample(case)
    before = audio_hash(path)
    for genres in [["Rock"], ["R&B/Soul", "Ж" * 70_000], ["Jazz"]]:
        writing.write(path, genres)
        assert audio_hash(path) == before


@every_container
def test_another_reader_sees_the_genre(
    sample: Callable[[str], Path], probe: Callable[[Path], dict[str, str]], case: str
) -> None:
    """The program ffprobe, which shares no code with us, reads the first genre, and other tags as before."""
    if case in more_cases.NOT_FOR_FFPROBE:
        pytest.skip("ffprobe does not look there")
    path = sample(case)
    before = probe(path)
    writing.write(path, ["R&B/Soul", "Rock"])
    after = probe(path)
    genre = after.pop("genre", "")
    if case.endswith("ID3v1") and containers.CASES[case][0] != "MP3":
        assert genre == ""  # ffprobe shows ID3v1 here, which has no such genre
    else:
        assert genre.startswith("R&B/Soul")
    before.pop("genre", None)
    if case != "FLAC, ID3v2 in front":  # ffprobe shows one or the other
        assert {name: after.get(name) for name in before} == before


@every_container
def test_names_need_not_be_utf8(sample: Callable[[str], Path], case: str) -> None:
    """A file of any name that the system allows is read and written, by path or by string."""
    path = sample(case)
    odd = path.with_name(os.fsdecode(b"\xff\xe9 '\n=-.txt"))
    path.rename(odd)
    assert writing.write(odd, ["Rock"])
    assert tags.read(os.fspath(odd)) == ("Rock",)


@every_container
@pytest.mark.parametrize("genres", [[], [""], ["Rock", "  "], ["a\0b"], ["a\nb"], ["\udce9"]], ids=repr)
def test_what_cannot_be_a_genre_is_refused(sample: Callable[[str], Path], case: str, genres: list[str]) -> None:
    """No, empty and unprintable genres are an error, and the file stays as it is."""
    path = sample(case)
    before = path.read_bytes()
    with pytest.raises(errors.TagError, match=r"genre"):
        writing.write(path, genres)
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
        writing.write(path, ["Rock"])
    except errors.TagError:
        assert path.read_bytes() == bytes(content)
    else:
        assert tags.read(path) == ("Rock",)


@every_container
def test_undo_gives_back_every_byte(sample: Callable[[str], Path], case: str) -> None:
    """After several writes, some of which fit the room there is, undo leaves bytes and time as before."""
    path = sample(case)
    content, mtime_ns = path.read_bytes(), path.stat().st_mtime_ns
    writing.write_and_undo(path, [("Rock",), ("R&B/Soul", "Ж" * 5000), ("Jazz", "Pop")])
    assert (path.read_bytes(), path.stat().st_mtime_ns) == (content, mtime_ns)


def test_a_symlink_stays_a_symlink(sample: Callable[[str], Path]) -> None:
    """Writing through a link changes the file it leads to."""
    path = sample("FLAC")
    link = path.with_name("link")
    link.symlink_to(path)
    assert writing.write(link, ["Rock"])
    assert link.is_symlink()
    assert tags.read(path) == ("Rock",)


def test_a_missing_file_is_a_tag_error(tmp_path: Path) -> None:
    """What the system says about a file reaches the user with the path in front."""
    with pytest.raises(errors.TagError, match=r"nothing\.mp3: No such file or directory"):
        tags.read(tmp_path / "nothing.mp3")
    with pytest.raises(errors.TagError, match=r"no regular file"):
        tags.read(tmp_path)


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (b"", "unknown kind of file"),
        (b"just some words\n" * 100, "unknown kind of file"),
        (b"RF64\xff\xff\xff\xffWAVEds64", "RF64"),
        (b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb", "Wave64"),
        (b"\x1a\x45\xdf\xa3\x93\x42\x82\x88", "Matroska"),
        (b"\x0b\x77\0\0\0\0\0\0", "AC-3"),
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
        writing.write(path, ["Rock"])
    assert path.read_bytes() == head


def test_reading_tags_loads_nothing_heavy() -> None:
    """The tag reader starts without numpy, so that light commands stay light."""
    code = "import sys, tagger.sinks.tags; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
