"""Files are found once, in a stable order, wherever they hide, and what cannot be had is told."""

import os
import random
from pathlib import Path

import pytest

from tagger.errors import SettingsError
from tagger.records import Failed, Track
from tagger.sources import discover
from tests.sources import libraries


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A folder with albums, pictures and hidden files."""
    return libraries.filled(tmp_path / "library")


def test_a_folder_gives_its_audio_in_order(library):
    """Known suffixes and audio content are taken; other files and hidden ones are passed over."""
    assert libraries.names(discover.audio_files([library]), library) == libraries.EXPECTED
    assert libraries.names(discover.audio_files([str(library)]), library) == libraries.EXPECTED


def test_the_order_is_not_that_of_the_disk(tmp_path):
    """However the files came onto the disk, they are found in the same order."""
    paths = [f"{folder}/{n}.mp3" for folder in "abc" for n in range(5)]
    orders = []
    for seed in range(3):
        shuffled = paths.copy()
        random.Random(seed).shuffle(shuffled)
        for name in shuffled:
            libraries.touch(tmp_path / str(seed) / name)
        orders.append(libraries.names(discover.audio_files([tmp_path / str(seed)]), tmp_path / str(seed)))
    assert orders == [paths] * 3


@pytest.mark.parametrize("name", ["notes.txt", ".hidden.mp3", "cover.jpg", "none"])
def test_a_named_file_is_always_taken(tmp_path, name):
    """What the user names is tried, whatever its name."""
    path = libraries.touch(tmp_path / name)
    assert list(discover.audio_files([path])) == [Track(path)]


def test_the_first_bytes_are_read_only_where_the_suffix_says_nothing(library, monkeypatch):
    """Files with known suffixes, of audio or not, are not opened."""
    opened = []
    really_open = Path.open
    monkeypatch.setattr(Path, "open", lambda self, *args: opened.append(self.name) or really_open(self, *args))
    list(discover.audio_files([library]))
    assert sorted(opened) == ["data.unknown", "no suffix", "song.unknown"]


def test_each_file_comes_once(library):
    """The same file by name, by folder, by pattern, by link and by a list comes once, where it is met first."""
    (library / "c").mkdir()
    (library / "c" / "link.mp3").symlink_to(library / "b" / "2.mp3")
    again = [
        library / "b" / "2.mp3",
        library,
        library / "a",
        library / "a" / ".." / "z.m4a",
        f"{library}/*/*.mp3",
    ]
    found = libraries.names(
        discover.audio_files([*again, "-"], stdin=[os.fsencode(library / "z.m4a")]), library
    )
    assert found == ["b/2.mp3", *libraries.EXPECTED[:-1]]


def test_links_to_files_are_followed(tmp_path):
    """A link to a file outside the folder is found under the name of the link."""
    libraries.touch(tmp_path / "elsewhere" / "song.mp3")
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "link.mp3").symlink_to(tmp_path / "elsewhere" / "song.mp3")
    assert libraries.names(discover.audio_files([tmp_path / "here"]), tmp_path) == ["here/link.mp3"]


def test_hard_links_are_several_files(tmp_path):
    """Two names of one file are two files, for each can get a life of its own."""
    libraries.touch(tmp_path / "a.mp3")
    (tmp_path / "b.mp3").hardlink_to(tmp_path / "a.mp3")
    assert libraries.names(discover.audio_files([tmp_path]), tmp_path) == ["a.mp3", "b.mp3"]


def test_links_to_folders_are_followed_only_where_named(library, tmp_path):
    """A link to a folder is walked when it is named, not when it is met."""
    outside = libraries.touch(tmp_path / "outside" / "o.mp3").parent
    (library / "link").symlink_to(outside)
    assert libraries.names(discover.audio_files([library]), library) == libraries.EXPECTED
    assert libraries.names(discover.audio_files([library / "link"]), library) == ["link/o.mp3"]


def test_loops_end(library):
    """Links that lead back, to folders and to themselves, neither loop nor fail the walk."""
    (library / "a" / "up").symlink_to(library)
    (library / "a" / "self").symlink_to(library / "a" / "self")
    (library / "b" / "self.mp3").symlink_to(library / "b" / "self.mp3")
    found = list(discover.audio_files([library, f"{library}/**/*"]))
    assert {one.track.path.name for one in found if isinstance(one, Failed)} == {"self", "self.mp3"}
    assert libraries.names([one for one in found if isinstance(one, Track)], library) == libraries.EXPECTED


@pytest.mark.parametrize(
    ("given", "words"),
    [("none.mp3", "no such file or folder"), ("none/*.mp3", "no file matches"), ("*.xyz", "no file matches")],
)
def test_what_is_not_there_is_told(library, given, words):
    """A missing file and a pattern without a match are results with a reason, and the rest goes on."""
    found = list(discover.audio_files([str(library / given), library / "z.m4a"]))
    assert found[0] == Failed(Track(library / given), found[0].reason)
    assert words in found[0].reason
    assert found[1:] == [Track(library / "z.m4a")]


def test_a_broken_link_is_told(tmp_path):
    """A link to nothing, under the name of a song, is no silent loss."""
    (tmp_path / "gone.mp3").symlink_to(tmp_path / "nothing")
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "nothing")
    (found,) = discover.audio_files([tmp_path])
    assert found == Failed(Track(tmp_path / "gone.mp3"), "no such file or folder")


def test_an_unreadable_folder_is_told(library, monkeypatch):
    """A folder that may not be read is one failure; the others are walked."""
    really_scan = os.scandir

    def scan(path):
        if Path(path).name == "b":
            raise PermissionError(13, "Permission denied")
        return really_scan(path)

    monkeypatch.setattr(os, "scandir", scan)
    found = list(discover.audio_files([library]))
    assert [one for one in found if isinstance(one, Failed)] == [
        Failed(Track(library / "b"), "no permission to read it")
    ]
    assert libraries.names([one for one in found if isinstance(one, Track)], library) == libraries.EXPECTED[:5]


def test_an_impossible_name_is_told():
    """A name that no file can have is a failure, not a crash."""
    for name in ("a\0b", "x" * 5000):
        (found,) = discover.audio_files([name])
        assert isinstance(found, Failed)
        assert found.reason


@pytest.mark.parametrize("end", ["\n", "\r\n", "\0"])
def test_a_list_on_stdin(library, end):
    """Paths come one a line or ended by NUL, with or without a last end, empty ones ignored."""
    wanted = [library / "b" / "2.mp3", library / "a" / "x.ogg"]
    for last in ("", end, end * 2):
        data = (end.join(map(str, wanted)) + last).encode()
        found = discover.audio_files(["-"], stdin=data.splitlines(keepends=True))
        assert [one.path for one in found] == wanted


def test_a_list_with_nul_may_hold_line_breaks(tmp_path):
    """In a list with NULs, a line break belongs to a name; so do bytes that are not UTF-8."""
    strange = [os.fsencode(tmp_path) + b"/new\nline.mp3", os.fsencode(tmp_path) + b"/caf\xe9.mp3"]
    for path in strange:
        Path(os.fsdecode(path)).touch()
    found = list(discover.audio_files(["-"], stdin=[b"\0".join(strange)]))
    assert [os.fsencode(one.path) for one in found] == strange
    walked = list(discover.audio_files([tmp_path]))
    assert sorted(os.fsencode(one.path) for one in walked) == sorted(strange)


def test_stdin_is_the_process_s_own_by_default(library, monkeypatch):
    """Without a list given, `-` reads standard input."""

    class Stdin:
        buffer = (os.fsencode(library / "z.m4a") + b"\n",)

    monkeypatch.setattr("sys.stdin", Stdin)
    assert libraries.names(discover.audio_files(["-"]), library) == ["z.m4a"]


def test_only_one_folder_is_read_ahead(tmp_path, monkeypatch):
    """The first tracks come before later folders are looked into."""
    for n in range(50):
        libraries.touch(tmp_path / f"{n:02}" / "song.mp3")
    scanned = []
    really_scan = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: scanned.append(path) or really_scan(path))
    stream = discover.audio_files([tmp_path])
    next(stream)
    assert len(scanned) == 2
    assert len(list(stream)) == 49


def test_a_tree_deeper_than_the_stack_of_python(tmp_path, monkeypatch):
    """Depth is no matter of recursion."""
    monkeypatch.chdir(tmp_path)
    folder = Path()
    for _ in range(1200):
        folder = folder / "d"
        folder.mkdir()
    (folder / "deep.mp3").touch()
    found = [list(discover.audio_files([given])) for given in ("d", "d/**/*.mp3")]
    (folder / "deep.mp3").unlink()
    os.removedirs(folder)  # pytest's own clean-up would recurse
    assert found == [[Track(folder / "deep.mp3")]] * 2


def test_video_and_pipes_in_folders_are_passed_over(tmp_path):
    """Films without a suffix are no music, and a pipe is not waited for."""
    (tmp_path / "film").write_bytes(b"RIFF\0\0\0\0AVI LIST" + bytes(100))
    os.mkfifo(tmp_path / "pipe.mp3")
    os.mkfifo(tmp_path / "pipe")
    assert list(discover.audio_files([tmp_path])) == []


def test_folders_in_others_are_left_out(tmp_path):
    """Of folders that hold each other the outermost stay, once each; what a walk does not meet stays too."""
    for name in ("a/b/c", "a/.hidden/d", "ab"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "a" / "b")
    names = ["a/b/c", "a", "ab", "a/.hidden/d", "a", "link", "a/b/../../ab"]
    assert [path.name for path in discover.apart(tmp_path / name for name in names)] == ["a", "ab", "d"]
    assert discover.apart([tmp_path / "link", tmp_path / "a" / "b"]) == [tmp_path / "link"]


def test_an_empty_path_is_refused_before_anything_is_found(library, monkeypatch):
    """An empty path is not the current folder, and nothing beside it is taken first."""
    monkeypatch.chdir(library)
    with pytest.raises(SettingsError, match="names nothing"):
        discover.audio_files([library, ""])


def test_a_list_may_begin_with_a_mark_of_utf_8(library):
    """The three bytes that some editors put in front of UTF-8 belong to no path."""
    data = b"\xef\xbb\xbf" + os.fsencode(library / "z.m4a") + b"\n"
    assert list(discover.audio_files(["-"], stdin=[data])) == [Track(library / "z.m4a")]
