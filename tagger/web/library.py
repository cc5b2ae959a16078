"""The library that is shared with the page: heard through the cache, in a thread of its own."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from tagger import engine, pipeline
from tagger.audit.names import Meanings
from tagger.errors import TaggerError
from tagger.records import Result, Tagged
from tagger.sinks import report
from tagger.sinks.taxonomy import Taxonomy
from tagger.web.doubts import Doubt, doubt
from tagger.web.ear import Ear

_N_GENRES_IN_TABLE = 3
_PATIENCE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Item:
    """A track of the library.

    Attributes:
        id: What the page calls it; tells nothing of where it lies.
        name: Path below the library's folder, for people.
        result: What became of it.
        doubt: Why a person should look at it; None for no reason.
    """

    id: str
    name: str
    result: Result
    doubt: Doubt | None

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self.result.track.path

    def row(self, top_k: int | None = _N_GENRES_IN_TABLE) -> dict[str, Any]:
        """What the page is told of it."""
        said = report.fields(self.result, top_k)
        del said["path"]
        why = self.doubt and {"kind": self.doubt.kind, "reason": self.doubt.reason, "weight": self.doubt.weight}
        return said | {"id": self.id, "name": self.name, "doubt": why}


class Library:
    """A folder whose tracks are heard in the background.

    Args:
        root: The folder.
        ear: Hears them; what the cache knows is not heard again.

    Attributes:
        version: Changes whenever anything that is known of a track does.
    """

    def __init__(self, root: Path, ear: Ear) -> None:
        self.root = root.resolve()
        self._ear = ear
        self._meant = _meanings(ear)
        self._lock = threading.Lock()
        self._items: dict[str, Item] = {}
        self._n_found = self._n_done = self.version = 0
        self._halt = engine.Halt()
        self._thread: threading.Thread | None = None
        self._problem = ""

    @property
    def halt(self) -> engine.Halt:
        """Set when nothing more of the library is to be heard."""
        return self._halt

    @property
    def progress(self) -> dict[str, Any]:
        """How far it is."""
        is_busy = self._thread is not None and self._thread.is_alive()
        return {"busy": is_busy, "found": self._n_found, "done": self._n_done, "problem": self._problem}

    def items(self) -> list[Item]:
        """All that was heard so far, in the order of names."""
        with self._lock:
            return sorted(self._items.values(), key=lambda item: item.name)

    def item(self, number: str) -> Item | None:
        """The track that the page calls so."""
        with self._lock:
            return self._items.get(number)

    def scan(self) -> None:
        """Look through the folder again, unless that is being done."""
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                return
            self._n_found = self._n_done = 0
            self._halt, self._problem = engine.Halt(), ""
            self._thread = threading.Thread(target=self._run, args=(self._halt,), name="library", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._halt.after_tracks_in_hand.set()
        self._halt.now.set()
        if self._thread is not None:
            self._thread.join(_PATIENCE_SECONDS)

    def keep(self, result: Result) -> Item:
        """Take note of what a track is now."""
        number = self._number(result.track.path)
        name = os.path.relpath(result.track.path, self.root).encode("utf-8", "backslashreplace").decode()
        item = Item(
            number,
            name,
            result,
            doubt(result, self._asked, self._meant) if isinstance(result, Tagged) else None,
        )
        with self._lock:
            self._items[number] = item
            self.version += 1
        return item

    def at(self, path: Path) -> Item | None:
        """The track at a path."""
        return self.item(self._number(path))

    def opened(self, item: Item) -> BinaryIO | None:
        """Open a track; None if that is no file, or lies outside the folder, whatever links lead to it."""
        try:
            file = open(item.path, "rb", opener=_at_once)  # noqa: SIM115 - whoever plays it closes it
        except OSError:
            return None
        is_inside = Path(f"/proc/self/fd/{file.fileno()}").readlink().is_relative_to(self.root)
        if not is_inside or not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            file.close()
            return None
        return file

    def is_inside(self, path: Path) -> bool:
        """Whether a path lies in the folder, links resolved."""
        return Path(os.path.realpath(path)).is_relative_to(self.root)

    def _number(self, path: Path) -> str:
        """What the page calls a track, which tells nothing of where it lies."""
        relative = os.path.relpath(path, self.root)
        return hashlib.blake2b(os.fsencode(relative), digest_size=12).hexdigest()

    def _asked(self, genre: str) -> float:
        """Confidence from which a genre is written; for a user's own genre, the strictest of the model's."""
        thresholds = self._ear.plan.artefact.card.thresholds
        return thresholds.get(genre, max(thresholds.values()))

    def _run(self, halt: engine.Halt) -> None:
        seen: set[str] = set()
        try:
            for result in pipeline.scan(
                [self.root],
                self._ear.plan,
                self._ear.tags,
                halt=halt,
                cache=self._ear.cache,
                on_found=self._found,
            ):
                self._n_done += 1
                if self.is_inside(result.track.path):
                    seen.add(self.keep(result).id)
        except TaggerError as error:
            self._problem = error.message
        except Exception as error:  # a defect must be told, not leave the page waiting
            self._problem = f"unexpected {type(error).__name__}: {error}"
        if not halt.after_tracks_in_hand.is_set() and not self._problem:
            with self._lock:
                self._items = {number: item for number, item in self._items.items() if number in seen}
                self.version += 1

    def _found(self, count: int) -> None:
        self._n_found = count


def _at_once(path: str, flags: int) -> int:
    """Open a file; a pipe that stands in its place keeps nobody waiting."""
    return os.open(path, flags | os.O_NONBLOCK)


def _meanings(ear: Ear) -> Callable[[str], Iterable[str]]:
    """What tags may stand for: genres of the model, or, where the user calls these otherwise, the user's."""
    taxonomy = ear.tags.taxonomy
    if taxonomy == Taxonomy():
        return Meanings(ear.genres).of
    return lambda text: [text] if taxonomy.allows(text) else []
