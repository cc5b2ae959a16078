"""Reports: what is written is read back, and nothing is lost when a run ends badly."""

import csv
import dataclasses
import io
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger import errors, records
from tagger.sinks import album_columns, report

ODD_NAME = os.fsdecode(b'=cmd|\' /\xff\xe9\n"x",;\\ \xd0\x96.mp3')
SCORES = (records.Score("R&B/Soul", 0.87654321), records.Score("Rock", 0.1), records.Score("Жанр", 0.02345679))

OLDER = '{"format": 1, "path": "an older report"}\n'


def track(name: str = "music/a.mp3") -> records.Track:
    """A track at a path."""
    return records.Track(Path(name))


def verdict(genre: str | None = "R&B/Soul", name: str = "music/a.mp3", reason: str = "") -> records.Verdict:
    """A verdict over three genres."""
    return records.Verdict(track(name), SCORES, genre, 187.123456, 62, "default", reason)


WRITTEN = records.Tagged(verdict(), ("Other", "(12)"), ("R&B/Soul",), True, "had only placeholders")
ABSTAINED = records.Tagged(verdict(None, reason="too close"), None, None)
WRITE_FAILED = records.Tagged(verdict(), (), (), False, "Permission denied", failed=True)
SKIPPED = records.Skipped(track("music/hush.wav"), "it holds only silence")
FAILED = records.Failed(track("music/b.mp3"), "no frame found")
RESULTS = [WRITTEN, ABSTAINED, WRITE_FAILED, SKIPPED, FAILED]

every_kind = pytest.mark.parametrize("kind", report.FORMATS)


def interrupt(path: Path, kind: str, error: BaseException) -> None:
    """Save a report whose run ends after one row."""
    with report.saved(path, kind) as rows:
        rows.add(SKIPPED)
        raise error


def json_rows(*results: records.Result, top_k: int | None = None) -> list[dict[str, object]]:
    """The objects of a JSON Lines report."""
    stream = io.BytesIO()
    rows = report.JsonLines(stream, top_k=top_k)
    for result in results:
        rows.add(result)
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def csv_rows(*results: records.Result, top_k: int | None = None) -> list[dict[str, str]]:
    """The rows of a CSV report, by column."""
    stream = io.StringIO(newline="")
    rows = report.Csv(stream, top_k=top_k)
    for result in results:
        rows.add(result)
    return list(csv.DictReader(io.StringIO(stream.getvalue(), newline="")))


def test_a_named_track_as_json() -> None:
    """The whole object, in the order that format version 2 promises."""
    (row,) = json_rows(WRITTEN)
    assert list(row.items()) == [
        ("format", 2),
        ("path", "music/a.mp3"),
        ("status", "named"),
        ("genre", "R&B/Soul"),
        ("confidence", 0.8765),
        (
            "genres",
            [
                {"genre": "R&B/Soul", "probability": 0.8765},
                {"genre": "Rock", "probability": 0.1},
                {"genre": "Жанр", "probability": 0.0235},
            ],
        ),
        ("tags_before", ["Other", "(12)"]),
        ("tags_after", ["R&B/Soul"]),
        ("written", True),
        ("reason", "had only placeholders"),
        ("duration_seconds", 187.123),
        ("n_windows", 62),
        ("model", "default"),
    ]


def test_every_row_has_every_key_in_order() -> None:
    """Readers can rely on keys and columns whatever became of a track."""
    assert [tuple(row) for row in json_rows(*RESULTS)] == [report.COLUMNS] * len(RESULTS)
    assert [tuple(row) for row in csv_rows(*RESULTS)] == [report.COLUMNS] * len(RESULTS)


def test_albums_have_columns_behind_the_others() -> None:
    """With albums, every row has every key of format 3, whatever became of a track, in JSON and CSV."""
    album = records.Album("Best of", 7, SCORES)
    standing = records.Standing(album, SCORES[::-1])
    apart = records.Standing(dataclasses.replace(album, reason="it has 7 artists"), SCORES)
    on_albums = [
        dataclasses.replace(WRITTEN, verdict=dataclasses.replace(WRITTEN.verdict, standing=one))
        for one in (standing, apart)
    ]
    rows = {}
    for kind, read in {"jsonl": lambda text: map(json.loads, text.splitlines()), "csv": csv_of}.items():
        stream = io.BytesIO()
        growing = report.FORMATS[kind](stream, top_k=2, albums=True)
        for result in (*on_albums, *RESULTS):
            growing.add(result)
        rows[kind] = list(read(stream.getvalue().decode()))
        assert {tuple(row) for row in rows[kind]} == {report.COLUMNS + album_columns.COLUMNS}
        assert {str(row["format"]) for row in rows[kind]} == {"3"}
    first, second, lone, *_, failed = ([row[name] for name in album_columns.COLUMNS] for row in rows["jsonl"])
    weakest = [{"genre": "Жанр", "probability": 0.0235}, {"genre": "Rock", "probability": 0.1}]
    assert first == ["Best of", "differs", "R&B/Soul", 0.8765, 7, "", weakest]
    assert second[:-1] == ["Best of", "left alone", None, None, 7, "it has 7 artists"]
    assert lone == [None, None, None, None, None, "", rows["jsonl"][2]["genres"]]
    assert failed == [None, None, None, None, None, "", []]
    cells = [rows["csv"][0][name] for name in album_columns.COLUMNS]
    assert cells == ["Best of", "differs", "R&B/Soul", "0.8765", "7", "", "Жанр:0.0235; Rock:0.1000"]


def csv_of(text: str) -> list[dict[str, str]]:
    """The rows of a CSV."""
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_the_status_says_what_became_of_a_track() -> None:
    """A failed write is a failure, but what was heard is told all the same."""
    rows = json_rows(*RESULTS)
    assert [row["status"] for row in rows] == ["named", "abstained", "failed", "skipped", "failed"]
    assert [row["genre"] for row in rows] == ["R&B/Soul", None, "R&B/Soul", None, None]
    assert [row["confidence"] for row in rows] == [0.8765, 0.8765, 0.8765, None, None]
    assert [len(row["genres"]) for row in rows] == [3, 3, 3, 0, 0]  # type: ignore[arg-type]
    assert [row["tags_before"] for row in rows] == [["Other", "(12)"], None, [], None, None]
    assert [row["reason"] for row in rows] == [
        "had only placeholders",
        "too close",
        "Permission denied",
        "it holds only silence",
        "no frame found",
    ]


def test_a_list_of_genres_can_be_cut() -> None:
    """At most `top_k` genres are listed, the strongest first."""
    (row,) = json_rows(WRITTEN, top_k=2)
    assert [score["genre"] for score in row["genres"]] == ["R&B/Soul", "Rock"]  # type: ignore[attr-defined]
    assert csv_rows(WRITTEN, top_k=1)[0]["genres"] == "R&B/Soul:0.8765"


def test_a_named_track_as_csv() -> None:
    """Cells hold plain texts: null is empty, lists are joined, truth is true or false."""
    (row,) = csv_rows(WRITTEN)
    assert row["genres"] == "R&B/Soul:0.8765; Rock:0.1000; Жанр:0.0235"
    assert (row["tags_before"], row["written"], row["confidence"]) == ("Other; (12)", "true", "0.8765")
    (row,) = csv_rows(FAILED)
    assert (row["genre"], row["confidence"], row["genres"], row["written"]) == ("", "", "", "false")


def test_csv_follows_the_standard() -> None:
    """Lines end in CR LF, and cells with quotes, commas or line ends are quoted (RFC 4180)."""
    stream = io.BytesIO()
    report.Csv(stream).add(records.Failed(track('a "b", c\n.mp3'), "why"))
    head, row = stream.getvalue().split(b"\r\n", 1)
    assert head.decode().split(",") == list(report.COLUMNS)
    assert row.startswith(b'2,"a ""b"", c\n.mp3",failed,')
    assert row.endswith(b"\r\n")


@given(name=st.binary(min_size=1, max_size=30).filter(lambda raw: b"\0" not in raw))
def test_json_keeps_every_name(name: bytes) -> None:
    """Whatever bytes a name has, they come back from the report."""
    path = os.fspath(Path(os.fsdecode(name)))
    (row,) = json_rows(records.Failed(track(path), "why"))
    assert os.fsencode(str(row["path"])) == os.fsencode(path)


@given(name=st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20))
def test_csv_keeps_every_name_that_is_text(name: str) -> None:
    """No cell is altered to guard spreadsheets, so that a path is the path."""
    path = os.fspath(Path(f"={name}"))
    assert csv_rows(records.Failed(track(path), "why"))[0]["path"] == path


@every_kind
def test_reports_are_utf8_whatever_the_names(kind: str) -> None:
    """A name that is no text makes no report unreadable; text stays readable as it is."""
    stream = io.BytesIO()
    report.FORMATS[kind](stream).add(records.Failed(track(ODD_NAME), "why"))
    text = stream.getvalue().decode("utf-8")
    assert "\\udcff\\udce9" in text
    assert "Ж" in text


@every_kind
def test_every_sort_of_stream_gets_the_same(kind: str, tmp_path: Path) -> None:
    """Binary streams, text streams of any encoding and texts in memory hold the same rows."""
    binary, text = io.BytesIO(), io.StringIO(newline="")
    with (tmp_path / "r").open("w", encoding="latin-1") as narrow:
        for stream in (binary, text, narrow):
            rows = report.FORMATS[kind](stream)  # type: ignore[arg-type]
            rows.add(dataclasses.replace(WRITTEN, verdict=verdict(name=ODD_NAME)))
    assert text.getvalue().encode() == binary.getvalue() == (tmp_path / "r").read_bytes()


@every_kind
def test_every_row_arrives_at_once(kind: str) -> None:
    """A reader at the other end of a pipe sees a row as soon as it is added."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as reader, os.fdopen(writing, "w") as writer:
        rows = report.FORMATS[kind](writer)
        rows.add(SKIPPED)
        assert b"hush.wav" in os.read(reader.fileno(), 65536)


@every_kind
def test_a_gone_reader_is_the_callers_matter(kind: str) -> None:
    """A broken pipe is passed on as it is."""
    reading, writing = os.pipe()
    os.close(reading)
    stream = os.fdopen(writing, "wb", buffering=0)
    with stream, pytest.raises(BrokenPipeError):
        report.FORMATS[kind](stream).add(SKIPPED)


@every_kind
def test_a_saved_report_takes_its_place_at_the_end(kind: str, tmp_path: Path) -> None:
    """Until the run ends the older report stands; afterwards the new one, and nothing else."""
    path = tmp_path / "report.out"
    path.write_text(OLDER)
    with report.saved(path, kind) as rows:
        rows.add(SKIPPED)
        assert path.read_text() == OLDER
    assert "hush.wav" in path.read_text()
    assert list(tmp_path.iterdir()) == [path]


@every_kind
@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit])
def test_an_interrupted_report_is_kept(kind: str, interruption: type[BaseException], tmp_path: Path) -> None:
    """Ctrl-C keeps the rows until then."""
    path = tmp_path / "report.out"
    with pytest.raises(interruption):
        interrupt(path, kind, interruption())
    assert path.read_bytes().endswith(b"\n")
    assert path.read_bytes().count(b"hush.wav") == 1


@every_kind
def test_a_run_that_dies_keeps_both_reports(kind: str, tmp_path: Path) -> None:
    """An error leaves the older report in place, and the rows until then beside it."""
    path = tmp_path / "report.out"
    path.write_text(OLDER)
    with pytest.raises(errors.ModelError):
        interrupt(path, kind, errors.ModelError("gone"))
    assert path.read_text() == OLDER
    assert "hush.wav" in next(tmp_path.glob("report.out.*.partial")).read_text()


@every_kind
def test_what_is_no_report_is_never_replaced(kind: str, tmp_path: Path) -> None:
    """A song that stands where the report should go stays as it is, and nothing is left beside it."""
    song = tmp_path / "song.flac"
    song.write_bytes(b"fLaC" + bytes(100))
    with pytest.raises(errors.OutputError, match="is not a report of tagger"), report.saved(song, kind):
        pass
    assert song.read_bytes() == b"fLaC" + bytes(100)
    assert list(tmp_path.iterdir()) == [song]


def test_a_killed_run_keeps_both_reports(tmp_path: Path) -> None:
    """Not even SIGKILL loses the older report or a whole row."""
    path = tmp_path / "report.out"
    path.write_text(OLDER)
    code = (
        "import os, sys; from pathlib import Path\n"
        "from tagger import records; from tagger.sinks import report\n"
        "with report.saved(sys.argv[1], 'jsonl') as rows:\n"
        "    rows.add(records.Failed(records.Track(Path('a')), 'b')); os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", code, path], cwd=Path(__file__).parents[2])
    assert killed.returncode == -signal.SIGKILL
    assert path.read_text() == OLDER
    assert json.loads(next(tmp_path.glob("report.out.*.partial")).read_text())["path"] == "a"


def test_a_report_may_go_to_what_is_no_file(tmp_path: Path) -> None:
    """A pipe is written to and stays a pipe; a link stays a link, and the file that it leads to is replaced."""
    pipe, target, link = tmp_path / "pipe", tmp_path / "target", tmp_path / "link"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with report.saved(pipe, "jsonl") as rows:
        rows.add(SKIPPED)
    assert b"hush.wav" in os.read(reader, 65536)
    os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    target.write_text(OLDER)
    link.symlink_to(target)
    with report.saved(link, "jsonl") as rows:
        rows.add(SKIPPED)
    assert link.is_symlink()
    assert "hush.wav" in target.read_text()


@pytest.mark.parametrize("name", ["missing/report.csv", "."])
def test_an_impossible_place_is_an_output_error(tmp_path: Path, name: str) -> None:
    """A report that cannot be written is told before anything is heard."""
    with pytest.raises(errors.OutputError, match="cannot be written"), report.saved(tmp_path / name, "csv"):
        pytest.fail("the run began")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_an_output_error() -> None:
    """A row that does not fit ends the run with a sentence."""
    with pytest.raises(errors.OutputError, match="No space left"), report.saved("/dev/full", "csv"):
        pytest.fail("the run began")


def test_an_unknown_kind_names_the_known(tmp_path: Path) -> None:
    """A misspelled kind of report is an error whose hint lists what there is."""
    with pytest.raises(errors.OutputError, match="xlsx") as caught, report.saved(tmp_path / "r", "xlsx"):
        pytest.fail("the run began")
    assert "jsonl, csv" in caught.value.hint
