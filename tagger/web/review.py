"""The queue of doubtful verdicts: what a person says of them, written and taken back.

What was said is kept for training at once. Files are changed only when that is asked for, all together, as a
run of the journal that `tagger history` lists and `tagger undo` takes back.
"""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tagger import tagging
from tagger.errors import SettingsError, TagError
from tagger.records import Stamp, Tagged
from tagger.sinks import undo as undoing
from tagger.sinks.changes import Writer
from tagger.sinks.corrections import KEPT, SAID, Correction, Corrections
from tagger.sinks.journal import Journal
from tagger.sinks.tags import payload, spelling
from tagger.web.ear import Ear
from tagger.web.library import Item, Library

MOST_LETTERS = 80
"""Of a genre that a person types."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person said of a track.

    Attributes:
        item: The track, and what was heard.
        genre: What it is; None for "don't know", and where the file's own genres are kept.
        number: Of the correction that was kept.
        keeps: Whether the file's own genres are right, all of them.
        is_written: Whether the file says so.
    """

    item: Item
    genre: str | None
    number: int
    keeps: bool = False
    is_written: bool = False

    def row(self) -> dict[str, Any]:
        """What the page is told of it."""
        said = ", ".join(_telling(self.item)) if self.keeps else self.genre
        told = {"id": self.item.id, "name": self.item.name, "genre": said}
        return told | {"kept": self.keeps, "written": self.is_written}


@dataclass(frozen=True, slots=True)
class Ledger:
    """The journal, as the review uses it.

    Attributes:
        journal: Where writes are told.
        begin: Begins a run of a kind: "review" or "undo".
    """

    journal: Journal
    begin: Callable[[str], Writer]


class Review:
    """What is said of the tracks of a library; one thread at a time does anything here, others wait.

    Args:
        library: The tracks.
        ear: Whose verdicts these are.
        ledger: Where writes are told.
        corrections: Where what was said is kept.
    """

    def __init__(self, library: Library, ear: Ear, ledger: Ledger, corrections: Corrections) -> None:
        self._library, self._ear = library, ear
        self._ledger, self._corrections = ledger, corrections
        self._decisions: dict[str, Decision] = {}
        self._steps: list[tuple[str, ...] | int] = []  # tracks decided on, or the run that wrote
        self._said_before = {said.recording: said for said in corrections.latest()}
        self._recordings: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def state(self) -> dict[str, Any]:
        """The queue, the most doubtful first, what was said so far, and what `undo` would take back."""
        with self._lock:
            waiting = [item for item in self._library.items() if item.doubt and self._is_open(item)]
            waiting.sort(key=lambda item: -item.doubt.weight if item.doubt else 0.0)
            return {
                "queue": [self._row(item) for item in waiting],
                "decided": [one.row() for one in self._decisions.values()],
                "unwritten": len(self._unwritten()),
                "undoes": self._next_undo(),
            }

    def decide(self, number: str, genre: str | None, *, keeps: bool = False) -> None:
        """Keep what a person says of a track.

        Args:
            number: What the page calls the track.
            genre: What it is; None for "don't know".
            keeps: Whether it is what the file says, which is never written; `genre` does not count then.

        Raises:
            SettingsError: There is no such track, or no verdict about it, or that is no genre, or there is none
                to keep.
            OutputError: It cannot be kept.
        """
        with self._lock:
            item = self._library.item(number)
            if item is None or not isinstance(item.result, Tagged):
                raise SettingsError("this track is not in the library any more", hint="look through it again")
            if number in self._decisions:
                raise SettingsError(
                    "something was said of this track already", hint="take that back, or ask again"
                )
            tags = _telling(item)
            if keeps and not tags:
                raise SettingsError("the file names no genre that could be kept", hint="say what it is")
            said = None if genre is None or keeps else self._as_genre(genre)
            verdict = item.result.verdict
            recording = self._recording(item)
            if recording is None:
                raise SettingsError(f"{item.name}: it cannot be read any more", hint="look through it again")
            correction = Correction(
                *(recording, item.path, tags[0] if keeps else said),
                *(verdict.genre, verdict.confidence, verdict.model),
                tags=item.result.tags_before or (),
                state=KEPT if keeps else SAID,
            )
            self._decisions[number] = Decision(item, said, self._corrections.add(correction), keeps)
            self._steps.append((number,))

    def write(self) -> dict[str, Any]:
        """Write what was said into the files that do not say so yet, as one run.

        Returns:
            How many were written or said so already, the run's number, and what was wrong with the others.

        Raises:
            OutputError: The journal cannot be used.
        """
        with self._lock:
            todo = self._unwritten()
            if not todo:
                raise SettingsError("there is nothing to write", hint="say of a track what it is")
            writer = self._ledger.begin("review")
            tags_to_write = dataclasses.replace(self._ear.tags, wanted=True, writer=writer)
            problems, n_changed, n_same = [], 0, 0
            try:
                for one in todo:
                    try:
                        changed = self._write(one, tags_to_write)
                    except TagError as error:
                        problems.append({"id": one.item.id, "name": one.item.name, "reason": error.reason})
                        continue
                    n_changed, n_same = n_changed + changed, n_same + (not changed)
            finally:
                if n_changed:
                    self._steps.append(writer.run)
            return {"run": writer.run, "written": n_changed, "same": n_same, "problems": problems}

    def undo(self) -> dict[str, Any]:
        """Take back the last thing that was done: a write, byte for byte, or what was said of a track.

        Raises:
            SettingsError: Nothing was done.
            OutputError: The journal, or the corrections, cannot be used.
        """
        with self._lock:
            if not self._steps:
                raise SettingsError("there is nothing to take back")
            step = self._steps[-1]
            if isinstance(step, int):
                done = self._unwrite(step)
                if not done["problems"]:
                    self._steps.pop()
                return done
            (number,) = step
            decision = self._decisions[number]
            self._corrections.remove(decision.number)
            del self._decisions[number], self._steps[-1]
            return {"undone": "decision", "id": number, "name": decision.item.name, "problems": []}

    def reopen(self, number: str) -> None:
        """Forget what was said of a track, now or another day, so that it is asked again.

        Args:
            number: What the page calls the track.

        Raises:
            SettingsError: Nothing was said of it, or the file says it already.
            OutputError: It cannot be forgotten.
        """
        with self._lock:
            decision = self._decisions.get(number)
            if decision is None or decision.is_written:
                raise SettingsError(
                    "nothing was said of this track that is not written", hint="undo the writing"
                )
            recording = self._recording(decision.item)
            if recording is not None:
                self._corrections.forget(recording)
                self._said_before.pop(recording, None)
            del self._decisions[number]
            self._steps = [step for step in self._steps if step != (number,)]

    def _row(self, item: Item) -> dict[str, Any]:
        """A track that waits: what of its tags can be kept, and which genres may be written."""
        row, allows = item.row(top_k=None), self._ear.tags.taxonomy.allows
        choices = [score for score in row["genres"] if allows(score["genre"])]
        return row | {"keeps": _telling(item), "choices": choices}

    def _is_open(self, item: Item) -> bool:
        """Whether a track is to be asked about.

        What was said another day and never written is taken up again, if the file still says what it said then.
        """
        if item.id in self._decisions:
            return False
        recording = self._recording(item) if self._said_before else None
        if recording not in self._said_before or recording is None:
            return True
        said, result = self._said_before[recording], item.result
        is_waiting = said.genre is not None and said.state == SAID and said.tags != (said.genre,)
        if is_waiting and isinstance(result, Tagged) and (result.tags_before or ()) == said.tags:
            self._decisions[item.id] = Decision(item, said.genre, said.number)
        return False

    def _unwritten(self) -> list[Decision]:
        return [one for one in self._decisions.values() if one.genre is not None and not one.is_written]

    def _next_undo(self) -> str | None:
        if not self._steps:
            return None
        return "write" if isinstance(self._steps[-1], int) else "decision"

    def _write(self, one: Decision, wanted: tagging.Tagging) -> bool:
        """Write one file, and take note of what it is now."""
        item = self._library.item(one.item.id) or one.item  # its stamp may be of our own last write
        if not isinstance(item.result, Tagged) or not self._library.is_inside(item.path):
            raise TagError(item.path, "it is not in the library any more")
        done = tagging.assign(item.result.verdict, one.genre or "", wanted, self._ear.cache)
        self._renew(item, done.tags_after or ())
        self._decisions[item.id] = dataclasses.replace(one, is_written=True)
        self._corrections.written(one.number)
        return done.written

    def _unwrite(self, run: int) -> dict[str, Any]:
        entries = self._ledger.journal.entries("run = ? AND undone_by IS NULL", run)
        problems, n_undone = [], 0
        by_path = {one.item.path.resolve(): one for one in self._decisions.values()}
        for undone in undoing.undo(entries, self._ledger.begin("undo")):
            one = by_path.get(undone.entry.path)
            if undone.problem:
                problems.append({"name": one.item.name if one else "", "reason": undone.problem})
                continue
            n_undone += 1
            if one is not None:
                self._renew(one.item, undone.entry.note.before)
                self._decisions[one.item.id] = dataclasses.replace(one, is_written=False)
        return {"undone": "write", "files": n_undone, "problems": problems}

    def _renew(self, item: Item, genres: tuple[str, ...]) -> None:
        """Tell the library what stands in a file that we changed."""
        if isinstance(item.result, Tagged):
            verdict = dataclasses.replace(item.result.verdict, stamp=Stamp.of(item.path.stat()))
            self._library.keep(dataclasses.replace(item.result, verdict=verdict, tags_before=genres))

    def _recording(self, item: Item) -> bytes | None:
        """Identity of a track's audio, which no write changes."""
        if item.id not in self._recordings:
            try:
                self._recordings[item.id] = payload.identity(item.path)
            except TagError:
                return None
        return self._recordings[item.id]

    def _as_genre(self, text: str) -> str:
        """A genre as it is to be written: spelled as the model spells it, if that knows it."""
        clean = " ".join(text.split())
        if not clean or len(clean) > MOST_LETTERS or not clean.isprintable() or spelling.says_nothing(clean):
            raise SettingsError("that is no genre", hint=f"write it in at most {MOST_LETTERS} letters")
        known = {spelling.key(genre): genre for genre in self._ear.genres}
        return known.get(spelling.key(clean), clean)


def _telling(item: Item) -> list[str]:
    """All genres that stand in a file, if any of them says something."""
    said = (item.result.tags_before or ()) if isinstance(item.result, Tagged) else ()
    return [] if all(map(spelling.says_nothing, said)) else list(said)
