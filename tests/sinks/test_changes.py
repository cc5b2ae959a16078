"""Files are changed safely: all or nothing, with everything else about them kept, and with a way back."""

import io
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from tagger import errors, records
from tagger.sinks import changes, delta, digests, files, in_place, journal, recovery, tags, undo
from tagger.sinks.tags import fields
from tagger.sources import packets

Sample = Callable[[str], Path]
NOTE = journal.Note("genre", (), ("Rock",))


@pytest.fixture
def book(tmp_path: Path) -> Iterator[journal.Journal]:
    """A journal outside the folder of the music."""
    opened = journal.Journal(tmp_path / "journal")
    yield opened
    opened.close()


@pytest.fixture
def writer(book: journal.Journal) -> Callable[..., changes.Writer]:
    """Makes a writer with a run of its own."""

    def make(hardlinks: str = "skip") -> changes.Writer:
        return changes.Writer(book, book.begin_run("scan", "a test"), packets.digest, hardlinks=hardlinks)

    return make


@pytest.fixture
def song(sample: Sample, tmp_path: Path) -> Callable[[str], Path]:
    """Makes a file in a folder of its own."""

    def make(case: str) -> Path:
        folder = tmp_path / "music"
        folder.mkdir()
        return sample(case).rename(folder / "song")

    return make


def names(folder: Path) -> list[str]:
    """Everything in a folder, hidden files too."""
    return sorted(path.name for path in folder.iterdir())


def naming(path: Path, *genres: str) -> Callable[[BinaryIO], bool]:
    """An edit that writes genres."""
    return lambda file: tags.apply(path, file, {fields.GENRE: genres})


def undo_all(book: journal.Journal) -> list[str]:
    """Take back all that was not taken back; give the problems."""
    writer = changes.Writer(book, book.begin_run("undo", "a test"), packets.digest, hardlinks="write")
    return [
        undone.problem
        for undone in undo.undo(list(book.entries("undone_by IS NULL")), writer)
        if undone.problem
    ]


@pytest.mark.parametrize("case", ["MP3", "FLAC, tagged"])
def test_everything_about_the_file_stays(
    case: str, song: Sample, writer: Callable[..., changes.Writer]
) -> None:
    """Mode, owner, times and extended attributes are the file's, whether it is replaced or written in place."""
    path = song(case)
    path.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(path, 12345, 54321)
    try:
        os.setxattr(path, "user.rating", b"five")
    except OSError:
        pytest.skip("no extended attributes on this file system")
    os.utime(path, ns=(1_234_567_890_123_456_789, 987_654_321_987_654_321))
    before = path.stat()
    assert writer().rewrite(path, naming(path, "Rock"), NOTE)
    after = path.stat()
    for name in ("st_mode", "st_uid", "st_gid", "st_mtime_ns"):
        assert getattr(after, name) == getattr(before, name), name
    assert os.getxattr(path, "user.rating") == b"five"
    assert names(path.parent) == ["song"]


def test_padding_is_written_in_place_and_growth_replaces(
    song: Sample, writer: Callable[..., changes.Writer]
) -> None:
    """What fits the room that is there leaves the file the same one; what does not makes a new one of it."""
    path = song("FLAC, tagged")
    inode = path.stat().st_ino
    assert writer().rewrite(path, naming(path, "Rock"), NOTE)
    assert path.stat().st_ino == inode
    kept = path.open("rb")  # so that its number is not given again
    assert writer().rewrite(path, naming(path, "Rock" * 90_000), NOTE)
    assert path.stat().st_ino != inode
    kept.close()


@pytest.mark.parametrize("case", ["MP3", "MP3, ID3v2.3 and ID3v1", "FLAC, tagged", "Ogg Vorbis, tagged"])
def test_undo_gives_back_every_byte(
    case: str, song: Sample, writer: Callable[..., changes.Writer], book: journal.Journal
) -> None:
    """After any number of writes, undo leaves the first bytes and times; undoing the undo redoes."""
    path = song(case)
    os.utime(path, ns=(10**18, 10**18))
    original = path.read_bytes()
    for genres in [("Rock",), ("R&B/Soul", "Ж" * 5000), ("Jazz",), ("Blues" * 40_000,), ("A",)]:
        assert writer().rewrite(path, naming(path, *genres), NOTE)
    written = path.read_bytes()
    assert undo_all(book) == []
    assert path.read_bytes() == original
    assert path.stat().st_mtime_ns == 10**18
    redo = changes.Writer(book, book.begin_run("undo", "a test"), packets.digest)
    last_undo = max(run.id for run in book.runs() if run.kind == "undo")
    assert not any(undone.problem for undone in undo.undo(list(book.entries("run = ?", last_undo)), redo))
    assert path.read_bytes() == written
    assert not any(entry.undone_by for entry in book.entries() if entry.note.undoes is None)


def test_undo_leaves_what_others_changed(
    song: Sample, writer: Callable[..., changes.Writer], book: journal.Journal
) -> None:
    """What somebody wrote since, took away or put back already is left alone, and said so."""
    path = song("FLAC, tagged")
    original = path.read_bytes()
    writer().rewrite(path, naming(path, "Rock"), NOTE)
    ours = path.read_bytes()
    path.write_bytes(ours.replace(b"Title", b"TITLE"))
    assert undo_all(book) == ["it was changed since by another program or run"]
    path.unlink()
    assert undo_all(book) == ["it is gone"]
    path.write_bytes(ours)
    assert undo_all(book) == []
    assert path.read_bytes() == original


def test_what_is_old_already_counts_as_undone(
    song: Sample, writer: Callable[..., changes.Writer], book: journal.Journal
) -> None:
    """A file that somebody else put back needs nothing, and is not asked about again."""
    path = song("FLAC, tagged")
    original = path.read_bytes()
    writer().rewrite(path, naming(path, "Rock"), NOTE)
    path.write_bytes(original)
    assert undo_all(book) == []
    assert list(book.entries("undone_by IS NULL")) == []


def test_undoing_of_undoing_keeps_count(
    song: Sample, writer: Callable[..., changes.Writer], book: journal.Journal
) -> None:
    """However often a write is taken back and redone, what is in force and what is undone stay told apart."""
    path = song("FLAC, tagged")
    original = path.read_bytes()
    writer().rewrite(path, naming(path, "Rock"), NOTE)
    written = path.read_bytes()
    for depth in range(1, 6):
        run = changes.Writer(book, book.begin_run("undo", ""), packets.digest)
        (newest,) = list(book.entries())[-1:]
        assert [undone.problem for undone in undo.undo([newest], run)] == [""]
        assert path.read_bytes() == (original if depth % 2 else written)
        (first,) = list(book.entries())[:1]
        assert (first.undone_by is not None) == (depth % 2 == 1)
    assert undo.of_file(book, path) == []


def test_a_moved_file_is_known_by_its_bytes(
    song: Sample, writer: Callable[..., changes.Writer], book: journal.Journal
) -> None:
    """Under its new name, all that was written to a file under the old one can be taken back."""
    path = song("MP3")
    original = path.read_bytes()
    for genre in ("Rock", "Jazz"):
        writer().rewrite(path, naming(path, genre), NOTE)
    moved = path.rename(path.with_name("moved"))
    entries = undo.of_file(book, moved)
    assert len(entries) == 2
    assert not any(undone.problem for undone in undo.undo(entries, writer()))
    assert moved.read_bytes() == original


def test_a_copy_is_restored_without_using_up_the_original(
    song: Sample, writer: Callable[..., changes.Writer], book: journal.Journal
) -> None:
    """Taking back what stands in a copy leaves the undo of the file that was written."""
    path = song("MP3")
    original = path.read_bytes()
    assert writer().rewrite(path, naming(path, "Rock"), NOTE)
    early = shutil.copy(path, path.with_name("early"))
    assert writer().rewrite(path, naming(path, "Jazz"), NOTE)
    late = shutil.copy(path, path.with_name("late"))
    for copy, n_writes in ((early, 1), (late, 2)):
        entries = undo.of_file(book, copy)
        assert len(entries) == n_writes
        taking = changes.Writer(book, book.begin_run("undo", ""), packets.digest)
        assert not any(undone.problem for undone in undo.undo(entries, taking))
        assert copy.read_bytes() == original
        assert undo.of_file(book, copy) == []
    assert not any(entry.undone_by for entry in book.entries())
    entries = undo.of_file(book, path)
    assert len(entries) == 2
    assert not any(undone.problem for undone in undo.undo(entries, writer()))
    assert path.read_bytes() == original


def test_of_two_files_with_the_same_bytes_the_one_that_is_gone_was_moved(
    song: Sample, writer: Callable[..., changes.Writer], book: journal.Journal
) -> None:
    """A moved file takes up its own writes, not those of a twin that is where it was."""
    path = song("MP3")
    twin = shutil.copy(path, path.with_name("twin"))
    for genre in ("Rock", "Jazz"):
        run = writer()
        for each in (path, twin):
            assert run.rewrite(each, naming(each, genre), NOTE)
    entries = undo.of_file(book, path.rename(path.with_name("moved")))
    assert not any(undone.problem for undone in undo.undo(entries, writer()))
    assert [entry.path for entry in book.entries("undone_by IS NOT NULL")] == [path, path]
    assert len(undo.of_file(book, twin)) == 2


def test_a_file_that_was_moved_between_writes_goes_back_to_its_first_bytes(
    song: Sample, writer: Callable[..., changes.Writer], book: journal.Journal
) -> None:
    """Writes under an old name and under the new one are all taken back, also where another had that before."""
    path = song("MP3")
    original, other = path.read_bytes(), Path(shutil.copy(path, path.with_name("other")))
    assert writer().rewrite(other, naming(other, "Pop"), NOTE)
    other.unlink()
    assert writer().rewrite(path, naming(path, "Rock"), NOTE)
    moved = path.rename(other)
    assert len(undo.of_file(book, moved)) == 2  # what became of the file before is told, too
    assert writer().rewrite(moved, naming(moved, "Jazz"), NOTE)
    entries = undo.of_file(book, moved)
    assert [entry.id for entry in entries] == [3, 2, 1]
    for taking in (None, writer()):
        assert not any(undone.problem for undone in undo.undo(entries, taking))
    assert moved.read_bytes() == original
    assert [entry.id for entry in book.entries("undone_by IS NOT NULL")] == [1, 2, 3]


def test_a_copy_is_restored_after_its_original(
    song: Sample, writer: Callable[..., changes.Writer], book: journal.Journal
) -> None:
    """What was taken back from a file, or from its copy, can still be taken back from the other."""
    path = song("MP3")
    original = path.read_bytes()
    assert writer().rewrite(path, naming(path, "Rock"), NOTE)
    copy = Path(shutil.copy(path, path.with_name("copy")))
    away = path.rename(path.with_name("away"))  # as on a drive that is not there now
    for each in (copy, path):
        entries = undo.of_file(book, each)
        assert len(entries) == 1
        taking = changes.Writer(book, book.begin_run("undo", ""), packets.digest)
        assert not any(undone.problem for undone in undo.undo(entries, taking))
        assert each.read_bytes() == original
        assert undo.of_file(book, each) == []
        if each == copy:
            away.rename(path)


def test_a_genre_that_came_back_is_taken_back_step_by_step(
    song: Sample, writer: Callable[..., changes.Writer], book: journal.Journal
) -> None:
    """A moved file whose bytes were the same twice goes back through all its writes, and no further."""
    path = song("MP3")
    original = path.read_bytes()
    assert writer().rewrite(path, naming(path, "Rock"), NOTE)
    with path.open("rb") as file:
        digest = digests.whole(file)
    assert writer().rewrite(path, naming(path, "Jazz"), NOTE)
    assert writer().rewrite(path, naming(path, "Rock"), NOTE)
    assert [entry.new_digest for entry in book.entries()].count(digest) == 2
    moved = path.rename(path.with_name("moved"))
    entries = undo.of_file(book, moved)
    assert [entry.id for entry in entries] == [3, 2, 1]
    assert not any(undone.problem for undone in undo.undo(entries, writer()))
    assert moved.read_bytes() == original


def test_a_rehearsed_undo_says_what_the_undo_will_do(
    song: Sample, writer: Callable[..., changes.Writer], book: journal.Journal
) -> None:
    """Several writes to a file, and a file that is read-only by now, come out of both alike."""
    path = song("MP3")
    kept = shutil.copy(path, path.with_name("kept"))
    for genre in ("Rock", "Jazz"):
        for each in (path, kept):
            assert writer().rewrite(each, naming(each, genre), NOTE)
    kept.chmod(0o444)
    written = path.read_bytes()
    entries = list(book.entries())
    rehearsed = [(undone.entry.path, undone.problem) for undone in undo.undo(entries, None)]
    assert path.read_bytes() == written
    done = [(undone.entry.path, undone.problem) for undone in undo.undo(entries, writer("write"))]
    assert rehearsed == done
    assert set(done) == {(path, ""), (kept, "it is read-only")}


def test_a_rehearsed_undo_knows_names_of_one_file(
    song: Sample, writer: Callable[..., changes.Writer], book: journal.Journal
) -> None:
    """Writes to one file under two of its names are followed, as the undo follows them."""
    path = song("MP3")
    name = path.with_name("name")
    name.hardlink_to(path)
    for each, genre in ((path, "Rock"), (name, "Jazz")):
        assert writer("write").rewrite(each, naming(each, genre), NOTE)
    entries = list(book.entries())
    for taking in (None, writer("write")):
        assert [undone.problem for undone in undo.undo(entries, taking)] == ["", ""]


def test_undo_tells_a_damaged_journal(
    song: Sample, writer: Callable[..., changes.Writer], book: journal.Journal
) -> None:
    """Bytes that are not the old ones are never put back, whatever the journal holds."""
    path = song("FLAC, tagged")
    writer().rewrite(path, naming(path, "Rock"), NOTE)
    content = path.read_bytes()
    of_another = delta.encode(io.BytesIO(content[:-9] + b"different"), io.BytesIO(content))
    for damage in (b"", b"\x01xyz", of_another):
        book._do("UPDATE writes SET delta = ?", damage)
        assert "damaged" in undo_all(book)[0]
        assert path.read_bytes() == content


def test_one_name_of_several(
    song: Sample, writer: Callable[..., changes.Writer], book: journal.Journal
) -> None:
    """Hard links are skipped by default; broken, the other name keeps its bytes; written, all have the new."""
    path = song("MP3")
    other = path.with_name("other")
    other.hardlink_to(path)
    original = path.read_bytes()
    with pytest.raises(errors.TagError, match="2 names"):
        writer().rewrite(path, naming(path, "Rock"), NOTE)
    assert path.read_bytes() == original
    assert writer("write").rewrite(path, naming(path, "Rock"), NOTE)
    assert path.samefile(other)
    assert tags.read(other) == ("Rock",)
    assert undo_all(book) == []
    assert path.samefile(other)
    assert other.read_bytes() == original
    assert writer("break").rewrite(path, naming(path, "Rock"), NOTE)
    assert (tags.read(path), other.read_bytes()) == (("Rock",), original)


def test_breaking_links_never_writes_in_place(song: Sample, writer: Callable[..., changes.Writer]) -> None:
    """Even where the tag would fit, the other names keep theirs."""
    path = song("FLAC, tagged")
    other = path.with_name("other")
    other.hardlink_to(path)
    original = path.read_bytes()
    assert writer("break").rewrite(path, naming(path, "Rock"), NOTE)
    assert other.read_bytes() == original != path.read_bytes()


@pytest.mark.parametrize("case", ["MP3", "FLAC, tagged"])
def test_a_link_stays_a_link(
    case: str, song: Sample, writer: Callable[..., changes.Writer], tmp_path: Path
) -> None:
    """Writing through a symbolic link changes the file it leads to, and leaves nothing beside the link."""
    path = song(case)
    link = tmp_path / "links" / "link"
    link.parent.mkdir()
    link.symlink_to(path)
    assert writer().rewrite(link, naming(link, "Rock"), NOTE)
    assert link.is_symlink()
    assert tags.read(path) == ("Rock",)
    assert names(link.parent) == ["link"]


def stamped(path: Path) -> records.Stamp:
    """What a file is now."""
    return records.Stamp.of(path.stat())


def test_a_file_that_changed_is_not_written(song: Sample, writer: Callable[..., changes.Writer]) -> None:
    """A change since it was heard, or while the tag is made, is seen before a byte moves; no trace stays."""
    path = song("FLAC, tagged")
    stamp = stamped(path)
    os.utime(path)
    with pytest.raises(errors.ChangedError, match="after it was heard"):
        writer().rewrite(path, naming(path, "Rock"), NOTE, stamp=stamp)
    for genre in ("Rock", "Rock" * 90_000):

        def touching(file: BinaryIO, genre: str = genre) -> bool:
            path.write_bytes(path.read_bytes() + b"x")
            return naming(path, genre)(file)

        with pytest.raises(errors.ChangedError, match="made ready"):
            writer().rewrite(path, touching, NOTE, stamp=stamped(path))
    assert path.read_bytes().endswith(b"xx")
    assert names(path.parent) == ["song"]


def test_a_file_replaced_under_our_feet_stays_the_new_one(
    song: Sample, writer: Callable[..., changes.Writer]
) -> None:
    """Another program may put a new file under the name while ours is made ready: that one stays."""
    path = song("MP3")
    content = path.read_bytes()[:-100]

    def replacing(file: BinaryIO) -> bool:
        newer = path.with_name("newer")
        newer.write_bytes(content)
        newer.replace(path)
        return naming(path, "Rock")(file)

    with pytest.raises(errors.ChangedError):
        writer().rewrite(path, replacing, NOTE)
    assert path.read_bytes() == content


@pytest.mark.parametrize("case", ["MP3", "FLAC, tagged"])
def test_audio_that_would_not_be_the_same_is_never_written(
    case: str, song: Sample, writer: Callable[..., changes.Writer], book: journal.Journal
) -> None:
    """A tag library gone mad loses nothing: the proof fails before the file is touched."""
    path = song(case)
    content = path.read_bytes()

    def mad(file: BinaryIO) -> bool:
        file.seek(len(content) * 3 // 4)
        file.write(b"\0" * 50)
        return True

    for edit in (mad, lambda file: bool(file.truncate(len(content) // 2))):
        with pytest.raises(errors.TagError, match="audio"):
            writer().rewrite(path, edit, NOTE)
        assert path.read_bytes() == content
    assert names(path.parent) == ["song"]
    assert list(book.entries()) == []


def test_a_write_that_does_not_read_back_is_taken_back(
    song: Sample, writer: Callable[..., changes.Writer], book: journal.Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the disk gives back other bytes than were written, the old ones come back, and it is an error."""
    path = song("FLAC, tagged")
    content, put = path.read_bytes(), in_place.put
    calls: list[int] = []

    def failing(file: BinaryIO, parts: list[tuple[int, bytes]]) -> None:
        calls.append(1)
        put(file, [(place, b"\0" * len(data) if len(calls) == 1 else data) for place, data in parts])

    monkeypatch.setattr(in_place, "put", failing)
    with pytest.raises(errors.TagError, match="did not read back"):
        writer().rewrite(path, naming(path, "Rock"), NOTE)
    assert path.read_bytes() == content
    assert book.left_open() == list(book.entries()) == []


def test_what_is_put_in_place_is_on_disk_before(
    song: Sample, writer: Callable[..., changes.Writer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new version is synced before it takes the old one's place, a write in place before it is closed."""
    path, told = song("MP3"), []
    fsync, replace, finish = os.fsync, files.replace, journal.Journal.finish
    monkeypatch.setattr(files.os, "fsync", lambda number: (told.append("sync"), fsync(number))[1])
    monkeypatch.setattr(files, "replace", lambda new, old: (told.append("replace"), replace(new, old))[1])
    monkeypatch.setattr(journal.Journal, "finish", lambda *given: (told.append("finish"), finish(*given))[1])
    assert writer().rewrite(path, naming(path, "Rock"), NOTE)
    assert writer().rewrite(path, naming(path, "Jazz"), NOTE)
    assert told == ["sync", "replace", "sync", "finish", "sync", "finish"]


def test_a_journal_that_fails_at_the_end_costs_nothing(
    song: Sample, writer: Callable[..., changes.Writer], book: journal.Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is in place was written, though the journal could not be closed; the next run closes it."""
    for case, genre in [("MP3", "Rock"), ("MP3", "Jazz")]:
        path = song(case) if genre == "Rock" else path  # noqa: F821
        with monkeypatch.context() as patch:
            patch.setattr(journal.Journal, "finish", failing_finish)
            assert writer().rewrite(path, naming(path, genre), NOTE)
        assert tags.read(path) == (genre,)
    book.close()
    reopened = journal.Journal(book.folder)
    assert [recovered.outcome for recovered in recovery.recover(reopened)] == ["unclear", "finished"]
    reopened.close()


def failing_finish(self: journal.Journal, number: int, left: object = None) -> None:
    """Fail as on a full disk."""
    raise errors.OutputError("the journal cannot be used: database or disk is full")


def test_a_journal_that_was_taken_away_stops_writing(
    song: Sample, writer: Callable[..., changes.Writer], book: journal.Journal
) -> None:
    """A journal that is deleted while it is in use would remember nothing: nothing is written any more."""
    path = song("MP3")
    content, own = path.read_bytes(), writer()
    (book.folder / "journal.sqlite3").unlink()
    with pytest.raises(errors.TagError, match="not written"):
        own.rewrite(path, naming(path, "Rock"), NOTE)
    assert path.read_bytes() == content
    assert names(path.parent) == ["song"]


def test_read_only_files_are_left_alone(song: Sample, writer: Callable[..., changes.Writer]) -> None:
    """Nobody may write means nobody, the superuser too; and nothing is made writable."""
    path = song("MP3")
    path.chmod(0o444)
    with pytest.raises(errors.TagError, match="read-only"):
        writer().rewrite(path, naming(path, "Rock"), NOTE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o444


def test_what_is_gone_is_told(tmp_path: Path, writer: Callable[..., changes.Writer]) -> None:
    """A file that vanished is an error of that file."""
    with pytest.raises(errors.TagError, match="gone"):
        writer().rewrite(tmp_path / "nowhere.mp3", naming(tmp_path, "Rock"), NOTE)


TRYING = """
import os, resource, signal, sys
from pathlib import Path
from tagger import errors
from tagger.sinks import changes, journal, tags
from tagger.sinks.tags import fields
from tagger.sources import packets
path, book = Path(sys.argv[1]), journal.Journal(Path(sys.argv[2]))
writer = changes.Writer(book, book.begin_run("scan", ""), packets.digest)
packets.digest(path, path.open("rb"))  # imports what it needs while it may
if sys.argv[3] == "small":
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size - 1000, -1))
if sys.argv[3] == "nobody" and os.geteuid() == 0:
    os.setresuid(65534, 65534, 65534)
for genre in sys.argv[4:]:
    edit = lambda file: tags.apply(path, file, {fields.GENRE: (genre,)})
    try:
        print(writer.rewrite(path, edit, journal.Note("genre", (), ())))
    except errors.TagError as error:
        print(error.reason)
"""


def trying(path: Path, journal_folder: Path, how: str, *genres: str) -> list[str]:
    """Write genres in a process of its own that lacks room or rights; what became of each."""
    arguments = [sys.executable, "-c", TRYING, str(path), str(journal_folder), how, *genres]
    return subprocess.run(arguments, capture_output=True, text=True, check=True).stdout.splitlines()


def test_a_read_only_folder_takes_what_fits(song: Sample, tmp_path: Path) -> None:
    """Where no file may be made, padding is still written in place; what does not fit is an error."""
    with tempfile.TemporaryDirectory() as place:  # unlike tmp_path, one that others than its owner may enter
        folder = Path(place)
        path = Path(shutil.copy(song("FLAC, tagged"), folder))
        path.chmod(0o666)
        folder.chmod(0o555)
        book = tmp_path / "journal"
        said = trying(path, book, "nobody", "Rock", "Rock" * 25_000)
        assert said == ["True", "no file may be made in its folder"]
        assert tags.read(path) == ("Rock",)
        folder.chmod(0o755)
        path.chmod(0o600)
        assert trying(path, book, "nobody", "Jazz")[0] in {"no permission to change it", "True"}
        path.chmod(0o644)
        if os.geteuid() == 0:
            assert trying(path, book, "nobody", "Blues") == ["it is read-only"]


def test_a_full_disk_costs_nothing(song: Sample, tmp_path: Path) -> None:
    """Where the new version does not fit on the disk, the old one stays whole and alone."""
    path = song("MP3")
    path.write_bytes(path.read_bytes() * 60)
    content = path.read_bytes()
    assert trying(path, tmp_path / "journal", "small", "Rock") == ["file too large"]
    assert path.read_bytes() == content
    assert names(path.parent) == ["song"]


def test_a_full_file_system_costs_nothing(song: Sample, tmp_path: Path) -> None:
    """The same on a real file system without room, where one may be mounted."""
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", small], capture_output=True)
    if mounted.returncode:
        pytest.skip("no file system may be mounted here")
    try:
        content = song("MP3").read_bytes() * 60
        path = small / "song"
        path.write_bytes(content)
        (small / "filler").write_bytes(bytes(2**20 - len(content) - 8192))
        assert trying(path, tmp_path / "journal", "root", "Rock") == ["no space left on device"]
        assert path.read_bytes() == content
        assert names(small) == ["filler", "song"]
    finally:
        subprocess.run(["umount", small], check=True)


def test_two_writers_take_turns(song: Sample, writer: Callable[..., changes.Writer]) -> None:
    """While one writer holds a file another waits, and then finds that it changed."""
    path = song("FLAC, tagged")
    stamp, started = stamped(path), threading.Event()
    outcome: list[object] = []

    def slowly(file: BinaryIO) -> bool:
        started.set()
        time.sleep(0.3)
        return naming(path, "Rock")(file)

    def first() -> None:
        book = journal.Journal(path.parent.parent / "another")
        outcome.append(
            changes.Writer(book, book.begin_run("scan", ""), packets.digest).rewrite(path, slowly, NOTE)
        )
        book.close()

    thread = threading.Thread(target=first)
    thread.start()
    started.wait(10)
    with pytest.raises(errors.ChangedError):
        writer().rewrite(path, naming(path, "Jazz"), NOTE, stamp=stamp)
    thread.join()
    assert outcome == [True]
    assert tags.read(path) == ("Rock",)


def test_a_file_that_others_keep_locked_is_an_error(
    song: Sample, writer: Callable[..., changes.Writer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wait for another program ends."""
    monkeypatch.setattr(files, "_PATIENCE_SECONDS", 0.05)
    path = song("MP3")
    with path.open("rb") as file, files.locked(file), pytest.raises(errors.TagError, match="keeps it locked"):
        writer().rewrite(path, naming(path, "Rock"), NOTE)
