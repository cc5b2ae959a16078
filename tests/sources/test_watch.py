"""Files that arrive in watched folders are given once each, when they are complete, whatever way they came."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from tagger.errors import SettingsError
from tagger.records import Failed, Notice, Track
from tagger.sources.watch import Watcher
from tests.sources.watched import wait_for, watched

WAYS = {"told by the system": {}, "polling": {"poll_seconds": 0.05}}
every_way = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder to watch."""
    (tmp_path / "watched").mkdir()
    return tmp_path / "watched"


@every_way
def test_what_arrives_is_given_once(folder: Path, way: dict) -> None:
    """New files are given with their whole content, those that were there before are not."""
    (folder / "old.mp3").write_bytes(b"old")
    with watched(folder, **way) as seen:
        (folder / "new.mp3").write_bytes(b"new")
        (folder / "a" / "b").mkdir(parents=True)
        (folder / "a" / "b" / "deep.flac").write_bytes(b"deep")
        seen.catch_up()
    assert Counter(one for one in seen.given if one[1] != b"mark") == {
        (folder / "new.mp3", b"new"): 1,
        (folder / "a" / "b" / "deep.flac", b"deep"): 1,
    }
    assert seen.told("found") == [path for path, _ in seen.given]


@every_way
def test_what_is_there_comes_first_if_wanted(folder: Path, way: dict) -> None:
    """With `once_first`, files that are there are given once, and then what arrives."""
    for number in range(20):
        (folder / f"{number}.mp3").write_bytes(b"old")
    with watched(folder, once_first=True, **way) as seen:
        seen.catch_up()
        (folder / "new.mp3").write_bytes(b"new")
        seen.catch_up()
    assert seen.names == [*sorted(f"{number}.mp3" for number in range(20)), "new.mp3"]


@every_way
def test_a_slow_copy_is_given_when_it_is_complete(folder: Path, way: dict) -> None:
    """A file that grows in pieces, with pauses longer than it takes to settle, comes once and whole."""
    with watched(folder, **way) as seen:
        with (folder / "slow.wav").open("wb") as file:
            for _ in range(4):
                file.write(b"piece ")
                file.flush()
                seen.mark()  # takes longer than a file needs to settle
            assert seen.names == []
        wait_for(lambda: seen.names)
        seen.catch_up()
    assert [content for path, content in seen.given if path.name == "slow.wav"] == [b"piece " * 4]


def test_a_file_that_is_written_again_and_again_is_waited_for(folder: Path) -> None:
    """Whoever opens and closes a file for each piece keeps it from being given, as long as it goes on."""
    with watched(folder, settle_seconds=0.5) as seen:
        for _ in range(10):
            with (folder / "log.wav").open("ab") as file:
                file.write(b"piece ")
            time.sleep(0.1)
        wait_for(lambda: seen.names)
        seen.catch_up()
    assert [content for path, content in seen.given if path.name == "log.wav"] == [b"piece " * 10]


@every_way
def test_changes_count_and_looking_does_not(folder: Path, way: dict) -> None:
    """A file is given again after its content or its date changed, not after it was opened or read."""
    path = folder / "song.mp3"
    path.write_bytes(b"one")
    with watched(folder, **way) as seen:
        path.write_bytes(b"two")
        seen.catch_up()
        with path.open("r+b") as file:
            file.read()
        seen.catch_up()
        assert seen.names == ["song.mp3"]
        with path.open("r+b") as file:
            file.write(b"six")
        seen.catch_up()
    assert [content for path, content in seen.given if path.name == "song.mp3"] == [b"two", b"six"]


def test_who_may_write_counts_for_what_was_taken(folder: Path) -> None:
    """After chmod a file is given again, as it may have been read-only; one that was never given is not."""
    (folder / "old.mp3").write_bytes(b"old")
    with watched(folder) as seen:
        (folder / "new.mp3").write_bytes(b"new")
        seen.catch_up()
        for name in ("old.mp3", "new.mp3"):
            (folder / name).chmod(0o640)
        wait_for(lambda: len(seen.names) > 1)
        seen.catch_up()
    assert seen.names == ["new.mp3", "new.mp3"]


@every_way
def test_temporary_names_are_never_given(folder: Path, way: dict) -> None:
    """Downloads under hidden names and suffixes of their own are given under the names they end with."""
    with watched(folder, **way) as seen:
        for temporary in (".song.mp3.x7", "song.mp3.part", "song.crdownload", ".hidden/song.mp3"):
            (folder / temporary).parent.mkdir(exist_ok=True)
            (folder / temporary).write_bytes(b"song")
        seen.catch_up()
        assert seen.names == []
        (folder / "song.mp3.part").rename(folder / "song.mp3")
        (folder / ".song.mp3.x7").rename(folder / "other.mp3")
        (folder / ".hidden").rename(folder / "visible")
        seen.catch_up()
    assert sorted(seen.names) == ["other.mp3", "song.mp3", "song.mp3"]


@every_way
def test_an_atomic_replace_is_a_change(folder: Path, way: dict) -> None:
    """A new version that takes a file's place under its name is given, and the one before is not missed."""
    with watched(folder, **way) as seen:
        (folder / "song.mp3").write_bytes(b"one")
        seen.catch_up()
        (folder / ".song.tmp").write_bytes(b"two")
        (folder / ".song.tmp").replace(folder / "song.mp3")
        seen.catch_up()
    assert [content for path, content in seen.given if path.name == "song.mp3"] == [b"one", b"two"]
    assert not seen.told("gone")


@every_way
def test_a_rename_is_no_new_file(folder: Path, way: dict) -> None:
    """Files and folders that only move, old ones and new ones, are told to have moved and not given again."""
    (folder / "album").mkdir()
    (folder / "album" / "old.mp3").write_bytes(b"old")
    with watched(folder, **way) as seen:
        (folder / "new.mp3").write_bytes(b"new")
        seen.catch_up()
        (folder / "new.mp3").rename(folder / "album" / "newer.mp3")
        seen.catch_up()
        (folder / "album").rename(folder / "disc")
        seen.catch_up()
    assert seen.names == ["new.mp3"]
    assert {notice for notice in seen.notices if notice.kind == "moved"} == {
        Notice("moved", folder / "album" / "newer.mp3", folder / "new.mp3"),
        Notice("moved", folder / "disc" / "newer.mp3", folder / "album" / "newer.mp3"),
        Notice("moved", folder / "disc" / "old.mp3", folder / "album" / "old.mp3"),
    }


def test_two_files_that_change_names(folder: Path) -> None:
    """A dance of names, by way of a third one, gives no file again."""
    with watched(folder) as seen:
        for name in "abc":
            (folder / f"{name}.mp3").write_bytes(name.encode())
        seen.catch_up()
        for old, new in ["at", "ba", "cb", "tc"] * 3:
            (folder / f"{old}.mp3").rename(folder / f"{new}.mp3")
        seen.catch_up()
    assert Counter(content for _, content in seen.given if content != b"mark") == {b"a": 1, b"b": 1, b"c": 1}


@every_way
def test_folders_that_come_and_go(folder: Path, tmp_path: Path, way: dict) -> None:
    """A folder moved here gives its files, one moved away is told gone, and what is deleted is, too."""
    (tmp_path / "ready" / "disc").mkdir(parents=True)
    for name in ("1.mp3", "disc/2.mp3"):
        (tmp_path / "ready" / name).write_bytes(b"song")
    with watched(folder, **way) as seen:
        (tmp_path / "ready").rename(folder / "here")
        seen.catch_up()
        assert sorted(seen.names) == ["1.mp3", "2.mp3"]
        (folder / "here" / "disc").rename(tmp_path / "away")
        wait_for(lambda: folder / "here" / "disc" / "2.mp3" in seen.told("gone"))
        shutil.rmtree(folder / "here")
        wait_for(lambda: folder / "here" / "1.mp3" in seen.told("gone"))


def test_files_in_new_folders_are_not_missed(folder: Path) -> None:
    """Folders that are made and filled faster than anybody can begin to watch them lose nothing."""
    with watched(folder) as seen:
        for number in range(200):
            deep = folder / f"{number}" / "disc 1" / "side a"
            deep.mkdir(parents=True)
            (deep / f"{number}.mp3").write_bytes(b"song")
        seen.catch_up()
    assert Counter(seen.names) == {f"{number}.mp3": 1 for number in range(200)}


@every_way
def test_two_trees_and_one_inside_the_other(folder: Path, tmp_path: Path, way: dict) -> None:
    """Each file comes once, however many of the watched folders hold it."""
    (folder / "inner").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "link").symlink_to(folder)
    with watched(folder, folder / "inner", tmp_path / "other", tmp_path / "link", **way) as seen:
        (folder / "inner" / "a.mp3").write_bytes(b"a")
        (tmp_path / "other" / "b.mp3").write_bytes(b"b")
        seen.catch_up()
    assert sorted(seen.names) == ["a.mp3", "b.mp3"]


@every_way
def test_links_are_treated_as_in_a_scan(folder: Path, tmp_path: Path, way: dict) -> None:
    """Links to files are followed, each file comes once, links to folders that are met lead nowhere."""
    (tmp_path / "outside" / "folder").mkdir(parents=True)
    for name in ("song.mp3", "folder/more.mp3"):
        (tmp_path / "outside" / name).write_bytes(b"song")
    with watched(folder, **way) as seen:
        (folder / "link.mp3").symlink_to(tmp_path / "outside" / "song.mp3")
        (folder / "same.mp3").symlink_to(tmp_path / "outside" / "song.mp3")
        (folder / "loop").symlink_to(folder)
        (folder / "elsewhere").symlink_to(tmp_path / "outside" / "folder")
        (folder / "nothing.flac").symlink_to(tmp_path / "nothing")
        seen.catch_up()
    assert len(seen.names) == 1
    assert seen.names[0] in {"link.mp3", "same.mp3"}


@every_way
def test_content_decides_where_the_name_does_not(folder: Path, way: dict) -> None:
    """As in a scan, a name without a known suffix is given if its first bytes are audio."""
    with watched(folder, **way) as seen:
        (folder / "song").write_bytes(b"fLaC" + bytes(100))
        (folder / "notes.unknown").write_bytes(b"words")
        (folder / "cover.jpg").write_bytes(b"fLaC" + bytes(100))
        (folder / "name \udcff.mp3").write_bytes(b"song")
        seen.catch_up()
    assert sorted(seen.names) == ["name \udcff.mp3", "song"]


@every_way
def test_a_watched_folder_that_vanishes_is_waited_for(folder: Path, way: dict) -> None:
    """It is told once to be lost and once to be back; then all that is new in it is given, and more to come."""
    other = folder.with_name("other")
    other.mkdir()
    with watched(other, folder, **way) as seen:
        (folder / "1.mp3").write_bytes(b"1")
        wait_for(lambda: seen.names)
        shutil.rmtree(folder)
        wait_for(lambda: seen.told("lost"))
        seen.catch_up()
        folder.mkdir()
        (folder / "2.mp3").write_bytes(b"2")
        wait_for(lambda: "2.mp3" in seen.names)
        (folder / "3.mp3").write_bytes(b"3")
        wait_for(lambda: "3.mp3" in seen.names)
    assert seen.told("lost") == seen.told("back") == [folder]
    assert seen.names == ["1.mp3", "2.mp3", "3.mp3"]


def test_a_folder_that_comes_back_as_it_was_gives_nothing(folder: Path) -> None:
    """A folder taken away and put back, as a disk that is unplugged, does not count as new; its changes do."""
    other = folder.with_name("other")
    other.mkdir()
    (folder / "old.mp3").write_bytes(b"old")
    with watched(other, folder) as seen:
        (folder / "1.mp3").write_bytes(b"1")
        wait_for(lambda: seen.names)
        folder.rename(folder.with_name("unplugged"))
        wait_for(lambda: seen.told("lost"))
        (folder.with_name("unplugged") / "2.mp3").write_bytes(b"2")
        folder.with_name("unplugged").rename(folder)
        wait_for(lambda: seen.told("back"))
        wait_for(lambda: "2.mp3" in seen.names)
        seen.catch_up()
    assert seen.names == ["1.mp3", "2.mp3"]


def test_own_files_are_passed_over(folder: Path) -> None:
    """What `is_own` says to be ours is not given; once it is changed by somebody else, it is."""
    with watched(folder, is_own=lambda path: path.read_bytes().startswith(b"ours")) as seen:
        (folder / "song.mp3").write_bytes(b"ours")
        seen.catch_up()
        (folder / "song.mp3").write_bytes(b"theirs")
        seen.catch_up()
        (folder / "song.mp3").write_bytes(b"ours again")
        seen.catch_up()
    assert [content for path, content in seen.given if path.name == "song.mp3"] == [b"theirs"]


def test_a_track_in_hand_is_not_given_twice(folder: Path) -> None:
    """A file that changes while it is heard waits until it is done; one to be heard again comes again."""
    stop = threading.Event()
    with Watcher([folder], stop, settle_seconds=0) as watcher:
        tracks = watcher.tracks()
        (folder / "song.mp3").write_bytes(b"one")
        track = next(track for track in tracks if track)
        (folder / "song.mp3").write_bytes(b"two")
        assert [next(tracks) for _ in range(5)] == [None] * 5
        watcher.done(track)
        assert next(track for track in tracks if track) == track
        watcher.again(track)
        assert next(track for track in tracks if track) == track
        (folder / "song.mp3").rename(folder / "moved.mp3")
        watcher.done(track, has_failed=True)
        assert next(track for track in tracks if track) == Track(folder / "moved.mp3")
        stop.set()
        assert list(tracks) == []


def test_what_cannot_be_read_is_told_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that may not be read is one failure, however often it is walked, and the others are watched."""
    really_scan = os.scandir

    def scan(path: Path) -> object:
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied")
        return really_scan(path)

    monkeypatch.setattr(os, "scandir", scan)
    with watched(folder, poll_seconds=0.05) as seen:
        (folder / "locked").mkdir()
        for _ in range(3):
            seen.catch_up()
    assert seen.failed == [Failed(Track(folder / "locked"), "no permission to read it")]


def test_any_dance_loses_nothing_and_gives_nothing_twice(folder: Path) -> None:
    """After any writes, moves, replaces and deletions, what is there was given; again only if it was gone."""
    for seed in range(3):
        chance, here = random.Random(seed), folder / f"{seed}"
        here.mkdir()
        with watched(here) as seen:
            dance(here, chance)
            seen.catch_up()
        assert seen.failed == []
        contents = Counter(content for _, content in seen.given)
        there = {path: path.read_bytes() for path in here.rglob("*.mp3")}
        assert [path for path, content in there.items() if not contents[content]] == [], seed
        del contents[b"mark"]
        assert contents.total() - len(contents) <= len(seen.told("gone")), seed


def dance(here: Path, chance: random.Random) -> None:
    """Do a hundred things with files and folders; every content is written once."""
    for number in range(100):
        files = list(here.rglob("*.mp3"))
        folders = [here, *(path for path in here.rglob("*") if path.is_dir())]
        new = chance.choice(folders) / f"{chance.randrange(20)}.mp3"
        match chance.randrange(8) if files else 0:
            case 0 | 1:
                new.write_bytes(f"{here.name} {number}".encode())
            case 2:
                (here / ".new").write_bytes(f"{here.name} {number}".encode())
                (here / ".new").replace(new)
            case 3 | 4:
                chance.choice(files).replace(new)
            case 5:
                (chance.choice(folders) / f"folder {number}").mkdir()
            case 6:
                chance.choice(files).unlink()
            case 7 if len(folders) > 1:
                moved = chance.choice(folders[1:])
                if moved.exists():
                    moved.rename(here / f"moved {number}")
        if chance.random() < 0.1:
            time.sleep(chance.uniform(0, 0.4))


FLOOD = """
import json, sys, threading
from pathlib import Path
from tagger.records import Track
from tagger.sources.watch import Watcher
folder, n_files = Path(sys.argv[1]), int(sys.argv[2])
names, kinds, stop = [], [], threading.Event()
with Watcher([folder], stop, settle_seconds=0.1, on_notice=lambda notice: kinds.append(notice.kind)) as watcher:
    print("ready", flush=True)
    for track in watcher.tracks():
        if track is not None:
            names.append(track.path.name)
            watcher.done(track)
        elif len(names) >= n_files:
            stop.set()
print(json.dumps({"names": names, "kinds": kinds}))
"""


def test_a_flood_that_the_system_cannot_queue_loses_nothing(folder: Path) -> None:
    """When the system's queue of events overflows, the folders are looked through, and each file comes once."""
    queued = Path("/proc/sys/fs/inotify/max_queued_events")
    n_files = int(queued.read_text()) * 2 // 3 if queued.exists() else 0
    if not 0 < n_files < 50_000:
        pytest.skip("the system's queue is too long to be filled here, or unknown")
    for number in range(0, n_files, 100):
        (folder / f"{number}").mkdir()
    process = subprocess.Popen([sys.executable, "-c", FLOOD, folder, str(n_files)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(signal.SIGSTOP)  # so that nobody reads the queue
    for number in range(n_files):
        (folder / f"{number // 100 * 100}" / f"{number}.mp3").touch()
    process.send_signal(signal.SIGCONT)
    deadline = threading.Timer(50, process.kill)
    deadline.start()
    told = json.loads(process.communicate()[0])
    deadline.cancel()
    assert "rescan" in told["kinds"]
    assert Counter(told["names"]) == {f"{number}.mp3": 1 for number in range(n_files)}


def test_the_end_comes_at_once(folder: Path) -> None:
    """A watch in which nothing happens ends within a second of being told to, and leaves no threads."""
    before = threading.active_count()
    with watched(folder):
        began = time.monotonic()
    assert time.monotonic() - began < 2
    assert threading.active_count() <= before


def test_limits_of_the_system_are_told(folder: Path) -> None:
    """Where the system allows no more watches, that is an error with a remedy, not a silent loss."""
    for number in range(40):
        (folder / f"{number}").mkdir()
    program = (
        "import threading; from pathlib import Path; from tagger.sources.watch import Watcher\n"
        "limit = Path('/proc/sys/user/max_inotify_watches')\nlimit.write_text('20')\n"
        f"with Watcher([Path({str(folder)!r})], threading.Event()): print('watching')"
    )
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-Ur", "true"], capture_output=True).returncode:
        pytest.skip("no user namespace of our own can be had here")
    run = subprocess.run([unshare, "-Ur", sys.executable, "-c", program], capture_output=True, text=True)
    if "Permission" in run.stderr or "Read-only" in run.stderr:
        pytest.skip("the limit cannot be lowered here")
    assert "watching" not in run.stdout
    assert "SettingsError: the folders cannot be watched: inotify watch limit reached" in run.stderr


def test_a_folder_that_is_not_there_cannot_be_watched(folder: Path) -> None:
    """Beginning to watch nothing fails, and leaves no threads."""
    before = threading.active_count()
    with pytest.raises((OSError, SettingsError)), Watcher([folder / "nowhere"], threading.Event()):
        pass
    assert threading.active_count() <= before
