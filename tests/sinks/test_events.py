"""Events are JSON Lines with a time, a kind, and what a report says of the same result."""

import datetime
import io
import json
import threading
from pathlib import Path

import pytest

from tagger.records import Failed, Notice, Skipped, Track
from tagger.sinks import events, report
from tests.sinks import outcomes


def lines(stream: io.BytesIO) -> list[dict]:
    """The objects that were written."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_results_are_rows_of_a_report_with_a_time() -> None:
    """Each result has its kind, the time in UTC, and then the keys of a report in their order."""
    stream = io.BytesIO()
    told = events.Events(stream, top_k=2)
    results = [*outcomes.RESULTS, Skipped(Track(Path("a")), "silent"), Failed(Track(Path("b")), "broken")]
    before = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=1)
    for result in results:
        told.add(result)
    for row, result in zip(lines(stream), results, strict=True):
        assert tuple(row) == ("time", "event", *report.COLUMNS)
        assert before < datetime.datetime.fromisoformat(row["time"]) < before + datetime.timedelta(minutes=1)
        assert row["event"] == events.kind(result)
        assert {key: row[key] for key in report.COLUMNS} == json.loads(json.dumps(report.fields(result, 2)))
    assert {row["event"] for row in lines(stream)} >= {"heard", "written", "skipped", "failed"}


@pytest.mark.parametrize(
    ("notice", "expected"),
    [
        (Notice("found", Path("a\udcff.mp3")), {"event": "found", "path": "a\udcff.mp3"}),
        (Notice("moved", Path("b"), Path("a")), {"event": "moved", "path": "b", "old": "a"}),
        (Notice("lost", Path("/disk")), {"event": "lost", "path": "/disk"}),
    ],
)
def test_what_happens_besides_is_told_with_its_path(notice: Notice, expected: dict) -> None:
    """A notice is its kind and its path, and where it was before if it moved."""
    stream = io.BytesIO()
    events.Events(stream).notice(notice)
    (row,) = lines(stream)
    del row["time"]
    assert row == expected


def test_lines_of_several_threads_do_not_mix() -> None:
    """Every line is whole, whoever writes at the same time."""
    stream = io.BytesIO()
    told = events.Events(stream)
    threads = [
        threading.Thread(
            target=lambda name=name: [told.notice(Notice("found", Path(name * 500))) for _ in range(100)]
        )
        for name in "abcd"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {row["path"] for row in lines(stream)} == {name * 500 for name in "abcd"}
    assert len(lines(stream)) == 400
