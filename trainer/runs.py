"""Run folders: what was trained when, on what, how it went and what it reached.

run_20251121_093000/
    run.json         what the run is: see `Run`
    training.jsonl   a `trainer.progress.Epoch` a line, as they come
    scores.json      what it reached: see `read_scores`
    tracks-….csv     what was answered to each test track, by protocol: see `trainer.tested`
    report.html      all of it for people
    figures/         its pictures, as SVG and PNG
    checkpoint/      what an interrupted run goes on from
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import fcntl
import itertools
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tagger import paths, settings
from tagger.errors import OutputError, SettingsError
from tagger.inference import plain
from trainer import documents, moments, versions
from trainer.progress import read_log

RUN = "run.json"
LOG = "training.jsonl"
SCORES = "scores.json"
REPORT = "report.html"
FIGURES = "figures"
CHECKPOINT = "checkpoint"

STATUSES = ("running", "finished", "interrupted", "failed")


@dataclass(frozen=True)
class Run:
    """What is known of a run.

    Attributes:
        folder: Where it is.
        started: When it began, ISO 8601 with its zone.
        dataset: What it learned from, as given on the command line.
        recipe: Name of the recipe.
        recipe_numbers: Every number of the recipe.
        protocol: How the examples were split.
        seed: Of everything random.
        model: The model folder that it writes; empty if none.
        backend: What computes it.
        versions: Of Python, tagger and the libraries, by name.
        status: One of `STATUSES`.
        finished: When it ended, ISO 8601; None while it runs.
        problem: Why it failed; else empty.
        order: What was asked for, in the words of the command line, so that it can go on.
        worked_seconds: How long it was worked on until it last stopped, pauses left out; None where an older
            version began it.
        session: When it was last begun or resumed, ISO 8601; None as above.
    """

    folder: Path
    started: str
    dataset: str
    recipe: str
    recipe_numbers: Mapping[str, Any]
    protocol: str
    seed: int
    model: str = ""
    backend: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    status: str = "running"
    finished: str | None = None
    problem: str = ""
    order: Mapping[str, Any] = field(default_factory=dict)
    worked_seconds: float | None = None
    session: str | None = None

    @property
    def name(self) -> str:
        """Name of its folder."""
        return self.folder.name

    @property
    def seconds(self) -> float | None:
        """How long it was worked on; None while it runs. Where that was not counted, pauses are in it."""
        if self.finished is None:
            return None
        ended = datetime.datetime.fromisoformat(self.finished)
        return moments.seconds(self.started, ended) if self.worked_seconds is None else self.worked_seconds

    def as_dict(self) -> dict[str, Any]:
        """The content of `run.json`."""
        values = {entry.name: getattr(self, entry.name) for entry in dataclasses.fields(self)}
        return {name: value for name, value in values.items() if name != "folder"}


def home() -> Path:
    """Where runs are kept unless the user says otherwise."""
    return settings.home_folder("data") / "runs"


def create(
    place: Path,
    *,
    dataset: str,
    recipe: str,
    recipe_numbers: Mapping[str, Any],
    protocol: str,
    seed: int,
    model: str = "",
    backend: str = "",
    order: Mapping[str, Any] | None = None,
) -> Run:
    """Begin a run in a folder of its own; two that begin in the same second get two folders.

    All but `place`, the folder of all runs, is as in `Run`.

    Raises:
        OutputError: The folder cannot be written.
    """
    now = _now()
    try:
        place.mkdir(parents=True, exist_ok=True)
        folder = _new_folder(place, f"run_{now:%Y%m%d_%H%M%S}")
    except OSError as error:
        raise OutputError(f"{place}: cannot be written: {error.strerror}") from error
    run = Run(
        folder,
        now.isoformat(timespec="seconds"),
        dataset,
        recipe,
        recipe_numbers,
        protocol,
        seed,
        model,
        backend,
        versions.installed(),
        order=order or {},
        worked_seconds=0.0,
        session=now.isoformat(),
    )
    documents.write(folder / RUN, run.as_dict())
    return run


@contextlib.contextmanager
def held(run: Run) -> Iterator[None]:
    """Keep other processes off a run while the body works on it, and show them that it is still running.

    Raises:
        SettingsError: Another process works on it.
    """
    folder = os.open(run.folder, os.O_RDONLY)
    try:
        if not _free(folder):
            raise SettingsError(f"{run.name}: another process is working on it", hint="wait until it has ended")
        yield
    finally:
        os.close(folder)  # and with it the lock


def mark(run: Run, status: str, problem: str = "") -> Run:
    """Note how a run ended, or that it goes on: one of `STATUSES`, and why if it failed."""
    if status not in STATUSES:
        raise ValueError(f"status must be one of {', '.join(STATUSES)}. Received: {status!r}")
    now = _now()
    finished = None if status == "running" else now.isoformat(timespec="seconds")
    session = now.isoformat() if status == "running" else run.session
    run = dataclasses.replace(run, worked_seconds=_worked(run, now, status), session=session)
    marked = dataclasses.replace(run, status=status, finished=finished, problem=problem)
    documents.write(run.folder / RUN, marked.as_dict())
    return marked


def write_scores(run: Run, scores: Mapping[str, Any]) -> None:
    """Note what a run reached: see `read_scores`."""
    documents.write(run.folder / SCORES, scores, indent=None)


def read_scores(run: Run) -> dict[str, Any]:
    """What a run reached; empty before it was judged.

    Returns:
        `protocols`: by name, each with `leaky`, `per_window` and `per_track` (see `trainer.evaluate.scores`;
        their `curves`, if any, are those of `trainer.evaluate.curves`); `baseline`: what the yardstick reached.

    Raises:
        SettingsError: The file is damaged.
    """
    return documents.read(run.folder / SCORES) if (run.folder / SCORES).exists() else {}


def epochs(run: Run) -> list[dict[str, Any]]:
    """The epochs so far, as plain data; of a run that has not ended, those of the training it is at."""
    logs = sorted(run.folder.glob(f"{CHECKPOINT}/**/{LOG}"), key=lambda log: log.stat().st_mtime)
    return read_log(run.folder / LOG) or (read_log(logs[-1]) if logs else [])


def find_all(place: Path) -> tuple[list[Run], list[str]]:
    """The runs in a folder, oldest first, and a sentence on each folder that looks like one and is none."""
    found, notes = [], []
    for folder in sorted(place.glob("run_*")) if place.is_dir() else ():
        try:
            found.append(read(folder))
        except SettingsError as error:
            notes.append(f"{error.message}: passed over")
    return sorted(found, key=lambda run: (run.started, run.name)), notes


def find(place: Path, name: str) -> Run:
    """A run by its name, by the path of its folder, or by as much of the end of its name as no other has.

    Raises:
        SettingsError: No name is given, there is no such run, or there are several.
    """
    if not name:
        raise SettingsError("no name of a run is given", hint="`tagger runs` lists them all")
    if (paths.expanded(name) / RUN).is_file():
        return read(paths.expanded(name))
    matches = [folder for folder in sorted(place.glob("run_*")) if folder.name in (name, f"run_{name}")]
    matches = matches or [folder for folder in sorted(place.glob("run_*")) if folder.name.endswith(name)]
    if len(matches) != 1:
        problem = "several runs are called so" if matches else "no such run"
        raise SettingsError(f"{name}: {problem} in {place}", hint="`tagger runs` lists them all")
    return read(matches[0])


def read(folder: Path) -> Run:
    """The run of a folder; one whose process was killed counts as interrupted.

    Raises:
        SettingsError: It is no run, or is damaged.
    """
    raw = documents.read(folder / RUN)
    names = {entry.name for entry in dataclasses.fields(Run)}
    values = {name: value for name, value in raw.items() if name in names} | {"folder": folder}
    try:
        run = plain.part(Run, {"run": values}, "run")
        plain.demand(run.status in STATUSES, f"there is no status {run.status}")
        for name, when in (
            ("started", run.started),
            ("finished", run.finished or run.started),
            ("session", run.session or run.started),
        ):
            plain.demand(moments.is_moment(when), f"run.{name} must be a date and a time with its zone")
    except ValueError as error:
        raise SettingsError(f"{folder / RUN}: not that of a run: {error}", hint=documents.HINT) from error
    return dataclasses.replace(run, status="interrupted") if _was_killed(run) else run


def _worked(run: Run, now: datetime.datetime, status: str) -> float:
    """Seconds that a run was worked on until it ends now, or, if it goes on, until it last stopped."""
    if run.finished is not None:
        return run.seconds or 0.0
    ended = now
    if status == "running":  # who was killed noted no end, but what was written last shows how far it came
        written = max(file.stat().st_mtime for file in run.folder.rglob("*") if file.is_file())
        ended = datetime.datetime.fromtimestamp(written).astimezone()
    return (run.worked_seconds or 0.0) + moments.seconds(run.session or run.started, ended)


def _was_killed(run: Run) -> bool:
    """Whether a run says that it is running, and no process holds it."""
    if run.status != "running":
        return False
    folder = os.open(run.folder, os.O_RDONLY)
    try:
        return _free(folder)
    finally:
        os.close(folder)


def _free(folder: int) -> bool:
    """Whether nobody else holds an open folder, which then is held; unknown without locks, and True."""
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _new_folder(place: Path, name: str) -> Path:
    """A folder that was not there before: `name`, or with a number behind it."""
    for number in itertools.count(1):
        folder = place / (name if number == 1 else f"{name}_{number}")
        with contextlib.suppress(FileExistsError):
            folder.mkdir()
            break
    return folder


def _now() -> datetime.datetime:
    return datetime.datetime.now().astimezone()
