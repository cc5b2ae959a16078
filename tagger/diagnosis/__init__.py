"""What a scan would use, where everything is, and what is wrong: looked at, never changed.

Nothing is made that is not there: neither folders nor databases, nor the files that SQLite puts beside one.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import platform
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from tagger import __version__, paths, settings
from tagger.diagnosis import databases
from tagger.diagnosis.databases import Facts, Found
from tagger.errors import ModelError, SettingsError, TaggerError
from tagger.inference import artefact, runtime
from tagger.settings import Resolved, Settings
from tagger.sinks import journal

LIBRARIES = ("numpy", "scipy", "soxr", "soundfile", "av", "mutagen", "onnxruntime", "keras", "tensorflow")

_AGAIN = "install tagger again"
_OTHER_CACHE = "made by another version of tagger: the next scan empties it"


@dataclass(frozen=True)
class _Begun(Resolved):
    rehearsal: Facts
    model: artefact.Artefact | ModelError | OSError


def examine(rehearsal: Facts) -> tuple[Facts, list[dict[str, str]]]:
    """Look at everything.

    Args:
        rehearsal: `threads` and `cache_format` of a scan that was begun, if it came so far, and its `problems`.

    Returns:
        Facts by section, as JSON can hold them; and what is wrong, each with its `section`, the `problem` in a
        sentence without a full stop, and a `hint`, which is empty if nothing is known to help.
    """
    resolved = in_force()
    begun = _Begun(**vars(resolved), rehearsal=rehearsal, model=_found(resolved.settings.model))
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
    asked, model = resolved.settings.runtime, resolved.model
    chosen = runtime.choose(asked, has_keras=not isinstance(model, artefact.Artefact) or model.has_keras)
    origin = f"{resolved.origins['runtime']} asks for {asked}; " if asked != "auto" else ""
    facts = {
        "name": chosen.name,
        "device": chosen.device,
        "threads": resolved.rehearsal.get("threads") if chosen.name == "onnx" else None,
        "reason": f"{origin}{chosen.reason}",
    }
    return facts, [(chosen.reason, chosen.hint)] if chosen.hint else []


def _model(begun: _Begun) -> Found:
    name, found = begun.settings.model, begun.model
    if not isinstance(found, artefact.Artefact):
        return {"name": name, "folder": None, "genres": None, "checksums": None}, [told(found)]
    facts = {"folder": str(found.folder), "genres": len(found.card.genres), "checksums": "fine"}
    return {"name": name, **facts}, []


def _found(model: str) -> artefact.Artefact | ModelError | OSError:
    """The model, or why there is none."""
    try:
        return artefact.load(artefact.find(model, [settings.home_folder("data") / "models", artefact.BUNDLED]))
    except (ModelError, OSError) as error:
        return error


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
        return databases.place(file, [file]), [told(error)]
    return databases.place(file, [file]), []


def _own_models(_: Resolved) -> Found:
    folder = settings.home_folder("data") / "models"
    return databases.place(folder, folder.rglob("*")), []


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

    return databases.look_at(file, price, cure, look)


def _journal(_: Resolved) -> Found:
    file = settings.home_folder("data") / "journal" / "journal.sqlite3"
    cure = "move the file away: a new journal is begun, and what was written before cannot be undone"

    def look(database: sqlite3.Connection) -> Found:
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version not in {0, journal.FORMAT}:
            return {}, [(f"{file}: this journal was made by another version of tagger", cure)]
        cut_off = databases.cut_off(database, file.parent) if version else []
        cure_of_one = "`tagger history` finishes it, or takes it back"
        wrong = [(f"{path}: a write was cut off", cure_of_one) for path in cut_off]
        return {"cut_off": cut_off}, wrong

    facts, wrong = databases.look_at(file, "no genre can be written", cure, look)
    return {"cut_off": []} | facts, wrong


def told(error: Exception) -> tuple[str, str]:
    """What an error says in a line, and its hint."""
    if isinstance(error, TaggerError):
        return error.message, error.hint
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}", databases.ELSEWHERE
    return f"a scan would end with {type(error).__name__}: {' '.join(str(error).split())}", _AGAIN


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
