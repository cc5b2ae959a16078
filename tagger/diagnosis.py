"""What a scan would use, where everything is, and what is wrong: looked at, never changed.

Nothing is made that is not there: neither folders nor databases, nor the files that SQLite puts beside one.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import os
import platform
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, TypeAlias

from tagger import __version__, paths, settings
from tagger.errors import ModelError, SettingsError, TaggerError
from tagger.inference import artefact, runtime
from tagger.settings import Resolved, Settings
from tagger.sinks import journal

LIBRARIES = ("numpy", "scipy", "soxr", "soundfile", "av", "mutagen", "onnxruntime", "keras", "tensorflow")
LEAST_FREE_BYTES = 100_000_000

Facts: TypeAlias = dict[str, Any]
Found: TypeAlias = tuple[Facts, list[tuple[str, str]]]
"""What is so, and what is wrong: problems and their hints."""

_ELSEWHERE = "set TAGGER_HOME to another folder"
_AGAIN = "install tagger again"
_OTHER_CACHE = "made by another version of tagger: the next scan empties it"


@dataclass(frozen=True)
class _Begun(Resolved):
    rehearsal: Facts


def examine(rehearsal: Facts) -> tuple[Facts, list[dict[str, str]]]:
    """Look at everything.

    Args:
        rehearsal: `threads` and `cache_format` of a scan that was begun, if it came so far, and its `problems`.

    Returns:
        Facts by section, as JSON can hold them; and what is wrong, each with its `section`, the `problem` in a
        sentence without a full stop, and a `hint`, which is empty if nothing is known to help.
    """
    begun = _Begun(**vars(in_force()), rehearsal=rehearsal)
    facts: Facts = {}
    problems = []
    for section, look in _SECTIONS.items():
        facts[section], wrong = look(begun)
        problems += [{"section": section, "problem": problem, "hint": hint} for problem, hint in wrong]
    if facts["codecs"]["libraries"] is not None:  # else nothing can begin, and why is told
        known = [row["problem"] for row in problems]
        problems += [row for row in rehearsal["problems"] if row["problem"] not in known]
    return facts, problems


def in_force() -> Resolved:
    """The settings, or the defaults where they make no sense."""
    try:
        return settings.resolve({})
    except (SettingsError, OSError):
        return Resolved(Settings(), dict.fromkeys(settings.names(), "default"))


def _versions(_: Resolved) -> Found:
    found = {name: _version(name) for name in LIBRARIES}
    wrong = [(f"{name} is not installed", _AGAIN) for name, version in found.items() if version is None]
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    return {"tagger": __version__, "python": platform.python_version(), "system": system, **found}, wrong


def _version(library: str) -> str | None:
    """A library's version, told without importing it; None if it is not installed."""
    with contextlib.suppress(metadata.PackageNotFoundError):
        return metadata.version(library)
    # Such as onnxruntime-gpu bring the same module under another name.
    return "unknown" if importlib.util.find_spec(library) else None


def _runtime(resolved: _Begun) -> Found:
    asked = resolved.settings.runtime
    chosen = runtime.choose(asked)
    origin = f"{resolved.origins['runtime']} asks for {asked}; " if asked != "auto" else ""
    facts = {
        "name": chosen.name,
        "device": chosen.device,
        "threads": resolved.rehearsal.get("threads") if chosen.name == "onnx" else None,
        "reason": f"{origin}{chosen.reason}",
    }
    return facts, [(chosen.reason, chosen.hint)] if chosen.hint else []


def _model(resolved: Resolved) -> Found:
    name = resolved.settings.model
    try:
        found = artefact.load(artefact.find(name, [settings.home_folder("data") / "models", artefact.BUNDLED]))
    except (ModelError, OSError) as error:
        return {"name": name, "folder": None, "genres": None, "checksums": None}, [told(error)]
    facts = {"folder": str(found.folder), "genres": len(found.card.genres), "checksums": "fine"}
    return {"name": name, **facts}, []


def _processor(resolved: Resolved) -> Found:
    return {
        "cores": _n_cores(),
        "threads": os.cpu_count(),
        "allowed_threads": len(os.sched_getaffinity(0)),
        "jobs": resolved.settings.jobs or os.cpu_count() or 1,
    }, []


def _n_cores() -> int:
    """Number of cores, of which each may run several threads."""
    processors = Path("/sys/devices/system/cpu").glob("cpu[0-9]*/topology/thread_siblings_list")
    return len({processor.read_text() for processor in processors}) or os.cpu_count() or 1


def _codecs(_: Resolved) -> Found:
    try:
        from tagger.sources import codecs  # a library of decoders that cannot be loaded is what we are to tell
    except (ImportError, OSError) as error:
        return {"libraries": None, "decoders": {}}, [(f"the decoders cannot be loaded: {error}", _AGAIN)]
    found = {kind.name: list(codecs.decoders(kind)) for kind in codecs.KINDS}
    missing = [name for name, decoders in found.items() if not decoders]
    wrong = [
        (f"no decoder for {', '.join(missing)}", "`pip install --force-reinstall soundfile av` brings them all")
    ]
    return {"libraries": codecs.libraries(), "decoders": found}, wrong if missing else []


def _configuration(_: Resolved) -> Found:
    asked = os.environ.get("TAGGER_CONFIG")
    file = Path(asked) if asked else settings.home_folder("config") / "config.toml"
    try:
        file = paths.expanded(file)
        settings.resolve({})
    except (SettingsError, OSError) as error:
        return _place(file, [file]), [told(error)]
    return _place(file, [file]), []


def _own_models(_: Resolved) -> Found:
    folder = settings.home_folder("data") / "models"
    return _place(folder, folder.rglob("*")), []


def _cache(begun: _Begun) -> Found:
    file = settings.home_folder("cache") / "cache.sqlite3"
    price, cure = "nothing that is heard is remembered", "delete the file: that costs time only"
    ours = begun.rehearsal.get("cache_format")

    def look(database: sqlite3.Connection) -> Found:
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version != ours:
            return {"state": _OTHER_CACHE} if version and ours else {}, []
        missing = {"files", "results"} - {
            name for (name,) in database.execute("SELECT name FROM sqlite_master")
        }
        problem = f"{file}: damaged, so that {price}: no table {' and '.join(sorted(missing))}"
        return ({"state": "damaged"}, [(problem, cure)]) if missing else ({}, [])

    return _database(file, price, cure, look)


def _journal(_: Resolved) -> Found:
    file = settings.home_folder("data") / "journal" / "journal.sqlite3"
    cure = "move the file away: a new journal is begun, and what was written before cannot be undone"

    def look(database: sqlite3.Connection) -> Found:
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version not in {0, journal.FORMAT}:
            return {}, [(f"{file}: this journal was made by another version of tagger", cure)]
        cut_off = _cut_off(database, file.parent) if version else []
        cure_of_one = "`tagger history` finishes it, or takes it back"
        wrong = [(f"{path}: a write was cut off", cure_of_one) for path in cut_off]
        return {"cut_off": cut_off}, wrong

    facts, wrong = _database(file, "no genre can be written", cure, look)
    return {"cut_off": []} | facts, wrong


def _place(path: Path, files: Iterable[Path]) -> Facts:
    """Where something is, whether it can be written there, its size, and the room that is left on the disk."""
    nearest = next(place for place in (path, *path.absolute().parents) if os.access(place, os.F_OK))
    folder = nearest if nearest.is_dir() else nearest.parent
    writable = os.access(nearest, os.W_OK) and (nearest == path or nearest.is_dir())
    return {
        "path": str(path),
        "exists": nearest == path,
        "writable": writable and os.access(folder, os.W_OK | os.X_OK),
        "size_bytes": _size(files),
        "free_bytes": shutil.disk_usage(folder).free,
    }


def _size(files: Iterable[Path]) -> int:
    """Size in bytes of those files that may be looked at."""
    total = 0
    with contextlib.suppress(OSError):
        for file in files:
            total += file.stat().st_size if file.is_file() else 0
    return total


def told(error: Exception) -> tuple[str, str]:
    """What an error says in a line, and its hint."""
    if isinstance(error, TaggerError):
        return error.message, error.hint
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}", _ELSEWHERE
    return f"a scan would end with {type(error).__name__}: {' '.join(str(error).split())}", _AGAIN


def _database(
    file: Path, price: str, cure: str, look: Callable[[sqlite3.Connection], Found] = lambda database: ({}, [])
) -> Found:
    """Look at a database and its place.

    Args:
        file: Where it is, or would be.
        price: What it means if it cannot be used.
        cure: What helps if it is damaged.
        look: Tells more of one that is whole.
    """
    facts: Facts = _place(file, file.parent.glob(f"{file.name}*")) | {"state": "not found"}
    wrong = []
    if not facts["writable"]:
        wrong.append((f"{file}: cannot be written, so that {price}", _ELSEWHERE))
    if facts["free_bytes"] < LEAST_FREE_BYTES:
        wrong.append((f"{file}: only {facts['free_bytes'] // 10**6} MB are left on its disk", _ELSEWHERE))
    if not facts["exists"]:
        return facts, wrong
    try:
        with _opened(file) as database:
            (found,) = database.execute("PRAGMA integrity_check(1)").fetchone()
            if found != "ok":
                raise sqlite3.DatabaseError(found.splitlines()[-1])
            more, also_wrong = look(database)
    except (sqlite3.OperationalError, OSError) as error:  # it may be whole
        wrong.append((f"{file}: cannot be read, so that {price}: {error}", _ELSEWHERE))
        return facts | {"state": "cannot be read"}, wrong
    except sqlite3.DatabaseError as error:
        return facts | {"state": "damaged"}, [*wrong, (f"{file}: damaged, so that {price}: {error}", cure)]
    return facts | {"state": "fine"} | more, wrong + also_wrong


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[sqlite3.Connection]:
    """Open a database to read it, even while others write it, without a trace in its folder."""
    log, index = (file.with_name(f"{file.name}-{end}") for end in ("wal", "shm"))
    with contextlib.ExitStack() as stack:
        how = "mode=ro&immutable=1"  # else SQLite makes a log and an index, and leaves them there
        if log.is_file() and log.stat().st_size:
            how = "mode=ro"
            if not index.is_file():
                folder = stack.enter_context(tempfile.TemporaryDirectory())
                file = [Path(shutil.copy(part, folder)) for part in (log, file)][-1]
        database = sqlite3.connect(f"{file.absolute().as_uri()}?{how}", uri=True)
        yield stack.enter_context(contextlib.closing(database))


def _cut_off(database: sqlite3.Connection, folder: Path) -> list[str]:
    """The files whose writing was begun and never closed, by processes that no longer live."""
    rows = database.execute("SELECT run, path FROM writes WHERE state IN ('begun', 'prepared') ORDER BY id")
    return [os.fsdecode(path) for run, path in rows if not _lives(folder / f"run-{run}.lock")]


def _lives(lock: Path) -> bool:
    """Whether a process holds the lock of a run."""
    try:
        with lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


_SECTIONS: dict[str, Callable[[_Begun], Found]] = {
    "versions": _versions,
    "runtime": _runtime,
    "model": _model,
    "processor": _processor,
    "codecs": _codecs,
    "configuration": _configuration,
    "own_models": _own_models,
    "cache": _cache,
    "journal": _journal,
}
