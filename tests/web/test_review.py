"""What a person says of doubtful verdicts: ordered, kept, written and taken back."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.testclient import TestClient
from starlette.types import Message

from tagger import engine, pipeline, settings, tagging
from tagger.errors import OutputError, SettingsError
from tagger.records import Result, Score, Tagged, Track, Verdict
from tagger.sinks import tags
from tagger.sinks.cache import Cache
from tagger.sinks.corrections import Corrections
from tagger.sinks.tags import fields, payload, spelling
from tagger.web import uploads
from tagger.web.app import Shared, app
from tagger.web.doubts import doubt
from tagger.web.ear import MOST_WAITING, Ear, in_thread
from tagger.web.guard import Door
from tagger.web.library import Library
from tagger.web.overview import Overview
from tagger.web.review import Ledger, Review
from tests.web.test_door import eventually

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "music"


@dataclasses.dataclass
class Desk:
    """A library and all that its review needs."""

    library: Library
    review: Review
    corrections: Corrections
    ledger: Ledger
    ear: Ear

    def again(self) -> Review:
        """The review of another day."""
        return Review(self.library, self.ear, self.ledger, self.corrections)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A copy of some of the example library, heard."""
    folder = tmp_path / "library"
    folder.mkdir()
    for name in ("blues.mp3", "bossa.m4a", "pop.ogg", "adagio.mp2", "silence.flac"):
        shutil.copy(EXAMPLES / name, folder)
    plan = pipeline.prepare(settings.Settings(runtime="onnx"))
    tags_ = tagging.prepare(settings.Settings(), plan.artefact.card)
    with contextlib.ExitStack() as stack:
        journal = stack.enter_context(pipeline.journal())
        corrections = stack.enter_context(contextlib.closing(Corrections(tmp_path / "corrections")))
        ear = Ear(plan, tags_, None, hold_seconds=20, with_gradients=False)
        library = stack.enter_context(contextlib.closing(Library(folder, ear)))
        ledger = Ledger(journal, lambda kind: pipeline.writer(journal, "test", kind=kind))
        library.scan()
        assert eventually(lambda: not library.progress["busy"], 60)
        yield Desk(library, Review(library, ear, ledger, corrections), corrections, ledger, ear)


def names(review: Review) -> list[str]:
    """The queue."""
    return [row["name"] for row in review.state()["queue"]]


def test_the_queue_is_what_is_doubtful_the_most_first(desk: Desk) -> None:
    """Sure and silent tracks are not asked about."""
    rows = desk.review.state()["queue"]
    assert [row["name"] for row in rows] == ["bossa.m4a", "blues.mp3", "pop.ogg"]
    assert [row["doubt"]["weight"] for row in rows] == sorted(
        (row["doubt"]["weight"] for row in rows), reverse=True
    )
    assert {row["doubt"]["kind"] for row in rows} == {"unsure"}
    assert desk.library.progress == {"busy": False, "found": 5, "done": 5, "problem": ""}


def test_a_finer_genre_in_the_file_speaks_for_a_broader_one(desk: Desk) -> None:
    """The file says Ambient, which is Electronic to the model, and Classical is heard: this comes first."""
    shutil.copy(EXAMPLES / "ambient.flac", desk.library.root)
    desk.library.scan()
    assert eventually(lambda: not desk.library.progress["busy"], 60)
    first = desk.review.state()["queue"][0]
    assert (first["name"], first["doubt"]["kind"]) == ("ambient.flac", "disagrees")
    assert first["doubt"]["reason"] == "the file says Ambient, heard Classical 52 %"


def test_what_is_said_is_kept_by_the_audio(desk: Desk) -> None:
    """A correction names the recording, what was said and what was heard; "don't know" is kept too."""
    first, second, _ = desk.review.state()["queue"]
    desk.review.decide(first["id"], "  bossa   nova ")
    desk.review.decide(second["id"], None)
    one, other = desk.corrections.latest()
    path = desk.library.root / "bossa.m4a"
    assert (one.recording, one.path, one.genre, one.heard) == (
        payload.identity(path),
        path,
        "bossa nova",
        "Latin",
    )
    assert (other.genre, other.heard, other.model) == (None, "Rock", "default")
    assert names(desk.review) == ["pop.ogg"]
    assert tags.read(path) == ()


def test_what_was_said_is_not_asked_again(desk: Desk) -> None:
    """Another day, and under another name, a recording that was looked at is not in the queue."""
    desk.review.decide(desk.review.state()["queue"][0]["id"], "Latin")
    (desk.library.root / "bossa.m4a").rename(desk.library.root / "another name.m4a")
    desk.library.scan()
    assert eventually(lambda: not desk.library.progress["busy"], 60)
    assert names(desk.again()) == ["blues.mp3", "pop.ogg"]


def test_what_was_said_but_not_written_is_taken_up_again(desk: Desk) -> None:
    """Another day it waits to be written, and can be written, or asked again; what is written is done."""
    first, second, _ = desk.review.state()["queue"]
    desk.review.decide(first["id"], "Latin")
    desk.review.decide(second["id"], "Blues")
    other = desk.again()
    assert [row["name"] for row in other.state()["queue"]] == ["pop.ogg"]
    assert (other.state()["unwritten"], other.state()["undoes"]) == (2, None)
    other.reopen(second["id"])
    assert names(other) == ["blues.mp3", "pop.ogg"]
    assert [one.genre for one in desk.corrections.latest()] == ["Latin"]
    assert other.write()["written"] == 1
    with pytest.raises(SettingsError, match="not written"):
        other.reopen(first["id"])
    desk.library.scan()
    assert eventually(lambda: not desk.library.progress["busy"], 60)
    last = desk.again().state()
    assert ([row["name"] for row in last["queue"]], last["decided"]) == (["blues.mp3", "pop.ogg"], [])


def test_asking_again_takes_a_decision_out_of_what_is_undone(desk: Desk) -> None:
    """After it, undo takes back what was said before, and nothing twice."""
    first, second, _ = desk.review.state()["queue"]
    desk.review.decide(first["id"], "Latin")
    desk.review.decide(second["id"], "Blues")
    desk.review.reopen(second["id"])
    assert desk.review.undo()["id"] == first["id"]
    assert desk.review.state()["undoes"] is None


def test_genres_are_spelled_as_the_model_spells_them(desk: Desk) -> None:
    """What the model knows is written as it writes it."""
    desk.review.decide(desk.review.state()["queue"][0]["id"], "hip hop")
    assert desk.review.state()["decided"][0]["genre"] == "Hip-Hop"


@pytest.mark.parametrize("text", ["", " ", "Unknown", "x" * 81, "a\x00b", "line\nbreak\x1b[0m", "\udc80"])
def test_what_is_no_genre_is_refused(desk: Desk, text: str) -> None:
    """Placeholders, endless texts and signs that cannot be printed are told, and nothing is kept."""
    with pytest.raises(SettingsError, match="that is no genre"):
        desk.review.decide(desk.review.state()["queue"][0]["id"], text)
    assert list(desk.corrections.latest()) == []


def test_a_track_that_is_not_there_is_refused(desk: Desk) -> None:
    """An identifier that was made up leads nowhere."""
    for number in ("", "../../etc/passwd", "0" * 24):
        with pytest.raises(SettingsError, match="not in the library"):
            desk.review.decide(number, "Jazz")


def test_writes_are_one_run_and_are_taken_back_in_one_step(desk: Desk) -> None:
    """Two genres are one run of the journal; undo puts back every byte, then what was said."""
    before = {path: path.read_bytes() for path in desk.library.root.iterdir()}
    for row, genre in zip(desk.review.state()["queue"][:2], ("Latin", "Blues"), strict=True):
        desk.review.decide(row["id"], genre)
    done = desk.review.write()
    assert (done["written"], done["same"], done["problems"]) == (2, 0, [])
    assert tags.read(desk.library.root / "bossa.m4a") == ("Latin",)
    assert [(run.id, run.kind, run.n_done) for run in desk.ledger.journal.runs()] == [
        (done["run"], "review", 2)
    ]
    assert desk.review.state()["unwritten"] == 0
    assert desk.review.undo() == {"undone": "write", "files": 2, "problems": []}
    assert before == {path: path.read_bytes() for path in desk.library.root.iterdir()}
    assert desk.review.state()["unwritten"] == 2
    again = desk.review.write()
    assert (again["written"], again["problems"]) == (2, [])
    assert desk.review.undo()["files"] == 2
    assert desk.review.undo()["name"] == "blues.mp3"
    assert desk.review.undo()["name"] == "bossa.m4a"
    assert list(desk.corrections.latest()) == []
    with pytest.raises(SettingsError, match="nothing to take back"):
        desk.review.undo()


def test_a_file_that_changed_meanwhile_is_left_alone(desk: Desk) -> None:
    """Somebody else's change is not overwritten; the others are written, and the problem has a sentence."""
    for row in desk.review.state()["queue"][:2]:
        desk.review.decide(row["id"], "Latin")
    changed = desk.library.root / "bossa.m4a"
    os.utime(changed, (1, 1))
    content = changed.read_bytes()
    done = desk.review.write()
    assert done["written"] == 1
    assert [(one["name"], one["reason"]) for one in done["problems"]] == [
        ("bossa.m4a", "it changed after it was heard")
    ]
    assert changed.read_bytes() == content
    assert desk.review.state()["unwritten"] == 1


def test_a_genre_that_is_there_already_needs_no_write(desk: Desk) -> None:
    """Saying what the file says changes nothing, and counts as said."""
    row = desk.review.state()["queue"][0]
    desk.review.decide(row["id"], "Latin")
    desk.review.write()
    desk.library.scan()
    assert eventually(lambda: not desk.library.progress["busy"], 60)
    other = desk.again()
    other.decide(row["id"], "Latin")
    done = other.write()
    assert (done["written"], done["same"], done["problems"]) == (0, 1, [])
    assert other.state()["undoes"] == "decision"


def retag(desk: Desk, name: str, *genres: str) -> Path:
    """Have another program put genres into a file, and look through the library again."""
    path = desk.library.root / name
    with path.open("r+b") as file:
        tags.apply(path, file, {fields.GENRE: genres}, desk.ear.tags.manner)
    os.utime(path, (1, len(genres)))
    desk.library.scan()
    assert eventually(lambda: not desk.library.progress["busy"], 60)
    return path


def test_what_the_file_says_can_be_kept_as_it_is(desk: Desk) -> None:
    """All genres of it: nothing is written, now or another day, and training learns them all."""
    path = retag(desk, "bossa.m4a", "Bossa Nova", "Samba")
    content = path.read_bytes()
    row = next(row for row in desk.review.state()["queue"] if row["name"] == "bossa.m4a")
    assert row["keeps"] == ["Bossa Nova", "Samba"]
    desk.review.decide(row["id"], None, keeps=True)
    state = desk.review.state()
    assert [(one["genre"], one["kept"]) for one in state["decided"]] == [("Bossa Nova, Samba", True)]
    assert state["unwritten"] == 0
    with pytest.raises(SettingsError, match="nothing to write"):
        desk.review.write()
    assert path.read_bytes() == content
    assert (desk.again().state()["unwritten"], "bossa.m4a" in names(desk.again())) == (0, False)
    (said,) = desk.corrections.latest()
    assert (said.genre, said.tags, said.state) == ("Bossa Nova", ("Bossa Nova", "Samba"), "kept")


def test_what_says_nothing_cannot_be_kept(desk: Desk) -> None:
    """A placeholder is no genre."""
    retag(desk, "bossa.m4a", "Unknown")
    row = next(row for row in desk.review.state()["queue"] if row["name"] == "bossa.m4a")
    assert row["keeps"] == []
    with pytest.raises(SettingsError, match="no genre that could be kept"):
        desk.review.decide(row["id"], None, keeps=True)


def test_what_the_user_tagged_since_is_not_overwritten(desk: Desk) -> None:
    """What was said another day waits no more when the file says something else than then."""
    desk.review.decide(desk.review.state()["queue"][0]["id"], "Latin")
    assert desk.again().state()["unwritten"] == 1
    retag(desk, "bossa.m4a", "Bossa Nova")
    state = desk.again().state()
    assert (state["unwritten"], state["decided"]) == (0, [])


def test_a_writing_that_was_taken_back_does_not_wait_another_day(desk: Desk) -> None:
    """After undo, what was written once is written again only when it is asked for on the same day."""
    desk.review.decide(desk.review.state()["queue"][0]["id"], "Latin")
    desk.review.write()
    desk.review.undo()
    assert (desk.review.state()["unwritten"], desk.again().state()["unwritten"]) == (1, 0)


def test_a_partly_failed_undo_can_be_tried_again(desk: Desk) -> None:
    """A file that was changed since is told, and put back by the next try if it can be then."""
    first, second, _ = desk.review.state()["queue"]
    for row in (first, second):
        desk.review.decide(row["id"], "Latin")
    before = (desk.library.root / first["name"]).read_bytes()
    desk.review.write()
    path = desk.library.root / first["name"]
    path.rename(path.with_suffix(".away"))
    done = desk.review.undo()
    assert (done["files"], [one["name"] for one in done["problems"]]) == (1, [first["name"]])
    path.with_suffix(".away").rename(path)
    assert desk.review.state()["undoes"] == "write"
    assert desk.review.undo() == {"undone": "write", "files": 1, "problems": []}
    assert path.read_bytes() == before
    assert desk.review.undo()["undone"] == "decision"


def test_what_was_written_before_the_journal_broke_can_be_taken_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error in the middle of a writing does not hide what was written."""
    for row in desk.review.state()["queue"][:2]:
        desk.review.decide(row["id"], "Latin")
    assign, calls = tagging.assign, []

    def breaks(*arguments: object) -> Tagged:
        calls.append(arguments)
        if len(calls) == 2:
            raise OutputError("the disk is full")
        return assign(*arguments)

    monkeypatch.setattr(tagging, "assign", breaks)
    with pytest.raises(OutputError):
        desk.review.write()
    assert desk.review.undo() == {"undone": "write", "files": 1, "problems": []}


def test_only_the_users_own_genres_are_offered(desk: Desk, tmp_path: Path) -> None:
    """Of a user who has three genres, the queue offers these and no others."""
    (tmp_path / "genres.txt").write_text("Electronic\nRock\nBlues\n")
    chosen = settings.Settings(genres=str(tmp_path / "genres.txt"))
    desk.ear.tags = tagging.prepare(chosen, desk.ear.plan.artefact.card)
    desk.library.scan()
    assert eventually(lambda: not desk.library.progress["busy"], 60)
    row = desk.review.state()["queue"][0]
    offered = [score["genre"] for score in row["choices"]]
    assert sorted(offered) == ["Blues", "Electronic", "Rock"]


def test_nothing_outside_the_folder_is_shown_or_opened(desk: Desk, tmp_path: Path) -> None:
    """Links that lead out of the library are not followed, not even when they are made afterwards."""
    outside = Path(shutil.copy(EXAMPLES / "disco.wav", tmp_path))
    (desk.library.root / "link.wav").symlink_to(outside)
    desk.library.scan()
    assert eventually(lambda: not desk.library.progress["busy"], 60)
    assert "link.wav" not in [item.name for item in desk.library.items()]
    item = next(item for item in desk.library.items() if item.name == "pop.ogg")
    with contextlib.closing(desk.library.opened(item)) as file:
        assert file.read(4) == b"OggS"
    item.path.unlink()
    item.path.symlink_to(outside)
    assert desk.library.opened(item) is None
    desk.review.decide(item.id, "Disco")
    assert desk.review.write()["problems"][0]["reason"] == "it is not in the library any more"
    assert outside.read_bytes() == (EXAMPLES / "disco.wav").read_bytes()


def test_files_that_are_gone_leave_the_library(desk: Desk) -> None:
    """What a second look does not find is not listed any more."""
    (desk.library.root / "pop.ogg").unlink()
    desk.library.scan()
    assert eventually(lambda: not desk.library.progress["busy"], 60)
    assert [item.name for item in desk.library.items()] == [
        "adagio.mp2",
        "blues.mp3",
        "bossa.m4a",
        "silence.flac",
    ]


def found(genre: str | None, confidence: float, *said: str, reason: str = "") -> Tagged:
    """A verdict of a model of three genres, and what stands in the file."""
    names = [genre or "Jazz", *(name for name in ("Rock", "Jazz", "Hip-Hop") if name != (genre or "Jazz"))]
    shares = [confidence, (1 - confidence) * 0.75, (1 - confidence) * 0.25]
    scores = tuple(map(Score, names, shares))
    return Tagged(Verdict(Track(Path("x")), scores, genre, 1.0, 1, "m", reason), tags_before=said)


def known(text: str) -> list[str]:
    """What a tag stands for: one of the three, however it is spelled, or nothing."""
    return [genre for genre in ("Rock", "Jazz", "Hip-Hop") if spelling.same(genre, text)]


@pytest.mark.parametrize(
    ("one", "kind"),
    [
        (found("Rock", 0.9), None),
        (found("Rock", 0.9, "rock"), None),
        (found("Rock", 0.9, "Ambient"), None),
        (found("Rock", 0.9, "Jazz", "ROCK"), None),
        (found("Hip-Hop", 0.9, "hip hop"), None),
        (found("Rock", 0.4), "unsure"),
        (found("Rock", 0.9, "Jazz"), "disagrees"),
        (found(None, 0.4, reason="too low"), "don't know"),
    ],
)
def test_verdicts_are_doubtful_for_a_reason(one: Tagged, kind: str | None) -> None:
    """No verdict, another genre in the file, or little confidence; a genre the model lacks is no doubt."""
    told = doubt(one, lambda genre: 0.5, known)
    assert (told and told.kind) == kind
    assert told is None or told.reason


def test_doubts_have_an_order() -> None:
    """No verdict comes before contradiction, a plain contradiction before a slight one and before weakness."""
    weights = [
        doubt(one, lambda genre: 0.5, known).weight
        for one in (
            found(None, 0.4, reason="too low"),
            found("Rock", 0.95, "Jazz"),
            found("Rock", 0.55, "Jazz"),
            found("Rock", 0.45),
        )
    ]
    assert weights == sorted(weights, reverse=True)


def test_an_ear_hears_one_upload_at_a_time(desk: Desk) -> None:
    """A second upload waits for the first; explaining one keeps none from being heard."""

    async def order() -> list[str]:
        told: list[str] = []

        async def take(name: str, what: str, seconds: float) -> None:
            async with desk.ear.turn(what):
                told.append(f"{name} begins")
                await asyncio.sleep(seconds)
                told.append(f"{name} ends")

        await asyncio.gather(take("a", "hear", 0.05), take("b", "hear", 0), take("c", "explain", 0.01))
        return told

    assert asyncio.run(order()) == ["a begins", "c begins", "c ends", "a ends", "b begins", "b ends"]


def test_an_upload_that_stands_still_is_given_up(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sends nothing more does not keep a place for ever."""
    monkeypatch.setattr(uploads, "_PATIENCE_SECONDS", 0.05)

    async def never() -> Message:
        await asyncio.sleep(60)
        raise AssertionError

    async def answer() -> Response:
        scope = {"type": "http", "method": "POST", "path": "/api/hear", "headers": [], "query_string": b""}
        return await uploads.Uploads(desk.ear, 1000, lambda path: None).answer(Request(scope, never))

    for _ in range(MOST_WAITING + 1):
        assert asyncio.run(answer()).status_code == 408


async def uploaded(ear: Ear, path: Path, *, stays: bool) -> list[dict[str, Any]]:
    """Upload a file, ask for reasons, and give the rows that are told; or leave at the first of them."""
    said: list[bytes] = []
    gone = asyncio.Event()

    async def body() -> Message:
        return {"type": "http.request", "body": path.read_bytes(), "more_body": False}

    async def leaving() -> Message:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        said.append(message.get("body", b""))
        if said[-1] and not stays:
            gone.set()

    scope = {"type": "http", "method": "POST", "path": "/api/hear", "headers": [], "query_string": b"why"}
    answer = await uploads.Uploads(ear, 2**30, lambda path: None).answer(Request(scope, body))
    await answer(scope, leaving, send)
    return [json.loads(line) for line in b"".join(said).splitlines()]


def test_a_page_that_is_closed_ends_the_hearing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody hears on for a page that is gone."""
    halts, hear, waits = [], desk.ear.hear, threading.Event()

    def slowly(path: Path, halt: engine.Halt) -> Result:
        halts.append(halt)
        waits.wait(2)
        return hear(path, halt)

    monkeypatch.setattr(desk.ear, "hear", slowly)
    assert asyncio.run(uploaded(desk.ear, EXAMPLES / "blues.mp3", stays=False)) == [{"event": "hearing"}]
    waits.set()
    assert [halt.now.is_set() for halt in halts] == [True]


def test_a_defect_in_an_explanation_leaves_the_verdict(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was told stands; the reasons are what is not known."""

    def breaks(path: Path) -> None:
        raise ValueError("broken")

    monkeypatch.setattr(desk.ear, "explain", breaks)
    rows = asyncio.run(uploaded(desk.ear, EXAMPLES / "blues.mp3", stays=True))
    told = [row for row in rows if row["event"] != "hearing"]
    assert [row["event"] for row in told] == ["verdict", "explanation"]
    assert told[1] == {"event": "explanation", "problem": "unexpected ValueError: broken"}


def test_an_audit_hears_nothing_new(desk: Desk, tmp_path: Path) -> None:
    """A file that came since the library was heard waits for the next look; an end of the program ends it."""
    with contextlib.closing(Cache(tmp_path / "cache")) as cache:
        desk.ear.cache = cache
        desk.library.scan()
        assert eventually(lambda: not desk.library.progress["busy"], 60)
        shutil.copy(EXAMPLES / "disco.wav", desk.library.root)
        known = {place.path for place in cache.places([])}
        Overview(desk.library, desk.ear).row()
        assert {place.path for place in cache.places([])} == known
        assert len(known) == 5
        desk.library.close()
        with pytest.raises(SettingsError, match="not shared any more"):
            Overview(desk.library, desk.ear).row()


def test_a_defect_is_told_on_the_page_and_in_the_terminal(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence each, and no traceback."""

    def breaks() -> None:
        raise KeyError("broken")

    monkeypatch.setattr(desk.review, "state", breaks)
    shared = Shared(desk.library, desk.review, Overview(desk.library, desk.ear))
    page = app(desk.ear, Door(frozenset({"x"})), most_bytes=1, shared=shared)
    answer = TestClient(page, base_url="http://x").get("/api/review")
    assert (answer.status_code, answer.json()) == (500, {"error": "unexpected KeyError: 'broken'"})
    said = capsys.readouterr().err
    assert "the page met an unexpected KeyError: 'broken'" in said
    assert "Traceback" not in said


def test_long_work_keeps_no_program_from_ending() -> None:
    """Work in a thread gives its result or its error, and is left behind when the program ends."""

    async def work() -> int:
        with pytest.raises(ZeroDivisionError):
            await in_thread(divmod, 1, 0)
        unfinished = asyncio.ensure_future(in_thread(time.sleep, 30))
        await asyncio.sleep(0.01)
        unfinished.cancel()
        return await in_thread(max, 1, 2)

    began = time.monotonic()
    assert asyncio.run(work()) == 2
    assert time.monotonic() - began < 10
