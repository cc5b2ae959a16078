"""Writes and undoes tags in child processes that are killed, at random moments or line by line.

usage: python killing.py times JOURNAL N_KILLS FILE...
       python killing.py lines JOURNAL FILE GENRE HARDLINKS

Run by test_killing.py; a process of its own, with one thread, so that it may fork. After each kill it recovers
and checks, and in the end it prints counts as JSON.
"""

import collections
import contextlib
import itertools
import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from tagger.sinks import changes, journal, recovery, tags, undo
from tagger.sinks.tags import fields
from tagger.sources import packets

GENRES = (("Rock",), ("Drum & Bass",), ("Musique concrète" * 40,), ("R&B/Soul" * 3000,))
WATCHED = tuple(f"{name}.py" for name in ("changes", "files", "in_place", "journal", "recovery"))


def in_child(work: Callable[[], object], kill_after_seconds: float | None = None) -> bool:
    """Do something in a child, perhaps killed after a time; say whether it was killed."""
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            work()
            os._exit(0)
        os._exit(1)
    if kill_after_seconds is not None:
        time.sleep(kill_after_seconds)
        os.kill(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise SystemExit("a child failed")
    return os.WIFSIGNALED(status)


def write(folder: Path, path: Path, genres: tuple[str, ...], hardlinks: str = "skip") -> None:
    """Write genres into one file, as a run of its own."""
    book = journal.Journal(folder)
    writer = changes.Writer(book, book.begin_run("scan", "killed"), packets.digest, hardlinks=hardlinks)
    note = journal.Note("genre", (), genres)
    writer.rewrite(path, lambda file: tags.apply(path, file, {fields.GENRE: genres}), note)


def write_for_ever(folder: Path, files: list[Path], chance: random.Random) -> NoReturn:
    """Write genres into files and undo them, in any order."""
    book = journal.Journal(folder)
    writer = changes.Writer(book, book.begin_run("undo", "killed"), packets.digest)
    while True:
        path = chance.choice(files)
        written = list(book.entries("path = ? AND undone_by IS NULL AND undoes IS NULL", os.fsencode(path)))
        if written and chance.random() < 0.6:
            if any(undone.problem for undone in undo.undo(written, writer)):
                raise SystemExit(f"{path}: cannot be undone")
        else:
            write(folder, path, chance.choice(GENRES))


def recover(folder: Path) -> list[recovery.Recovered]:
    """Put right what a killed child left."""
    book = journal.Journal(folder)
    with contextlib.closing(book):
        return recovery.recover(book)


def killed_at_line(number: int, work: Callable[[], object]) -> bool:
    """Do something in a child that dies before the given line of `WATCHED`; say whether it came to it."""
    left = itertools.count(number, -1)

    def trace(frame: Any, event: str, argument: Any) -> Any:
        if not frame.f_code.co_filename.endswith(WATCHED):
            return None
        if event == "line" and next(left) == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace

    def traced() -> None:
        sys.settrace(trace)
        work()
        sys.settrace(None)

    return in_child(traced)


def by_time(folder: Path, n_kills: int, files: list[Path]) -> collections.Counter[str]:
    """Kill at random moments: audio stays, and the tag is one that was written, or the first."""
    chance, counts = random.Random(n_kills), collections.Counter[str]()
    audio = {path: digest(path) for path in files}
    allowed = {path: {tags.read(path), *GENRES} for path in files}
    for number in range(n_kills):
        work = random.Random(number)
        if not in_child(lambda work=work: write_for_ever(folder, files, work), chance.uniform(0.02, 0.3)):
            raise SystemExit("the child ended by itself")
        counts.update(recovered.outcome for recovered in recover(folder))
        for path in files:
            if digest(path) != audio[path]:
                raise SystemExit(f"{path}: its audio is lost after kill {number}")
            if tags.read(path) not in allowed[path]:
                raise SystemExit(f"{path}: {tags.read(path)} was never written")
        counts["kills"] += 1
    return counts


def by_line(folder: Path, path: Path, genre: str, hardlinks: str) -> collections.Counter[str]:
    """Kill before every line of one write, and again in the recovery: the file has the old bytes or the new."""
    old, status = path.read_bytes(), path.stat()
    write(folder, path, (genre,), hardlinks)
    new, counts = path.read_bytes(), collections.Counter[str]()
    for number in itertools.count():
        path.write_bytes(old)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        if not killed_at_line(number, lambda: write(folder, path, (genre,), hardlinks)):
            return counts
        counts["half"] += path.read_bytes() not in {old, new}
        killed_at_line(number * 7 % 80, lambda: recover(folder))
        counts.update(recovered.outcome for recovered in recover(folder))
        if path.read_bytes() not in {old, new}:
            raise SystemExit(f"line {number}: the file is neither old nor new")
        if path.stat().st_mtime_ns != status.st_mtime_ns:
            raise SystemExit(f"line {number}: the time of change is lost")
        counts["kills"] += 1
        counts["new"] += path.read_bytes() == new
    raise SystemExit("never")


def digest(path: Path) -> str:
    """The digest of the audio."""
    with path.open("rb") as file:
        return packets.digest(path, file)


def main() -> None:
    """Kill, recover and check, again and again."""
    how, folder, *more = sys.argv[1:]
    if how == "times":
        print(json.dumps(by_time(Path(folder), int(more[0]), [Path(name) for name in more[1:]])))
    else:
        print(json.dumps(by_line(Path(folder), Path(more[0]), *more[1:])))


if __name__ == "__main__":
    main()
