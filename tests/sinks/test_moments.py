"""Moments as lines and as JSON."""

from __future__ import annotations

from pathlib import Path

import pytest

from tagger.records import Moment, Score, Skipped, Tagged, Track, Verdict
from tagger.sinks import display, moments
from tagger.sinks.display import listening

SCORES = (Score("Rock", 0.612345), Score("Blues", 0.3), Score("Jazz", 0.087655))


def moment(end_seconds: float = 3.0, genre: str | None = "Rock", **more) -> Moment:
    """A moment of rock."""
    return Moment(end_seconds=end_seconds, scores=SCORES, genre=genre, **more)


def printed(capsys: pytest.CaptureFixture[str], *told: Moment) -> list[list[str]]:
    """The cells of the lines for some moments."""
    lines = display.Changes(top_k=2)
    for one in told:
        lines.add(one)
    return [line.split("\t") for line in capsys.readouterr().out.splitlines()]


def test_a_line_when_something_changes_and_none_else(capsys: pytest.CaptureFixture[str]) -> None:
    """Genre, don't know, silence, another piece, the first clipping, and a loss are changes; time is none."""
    rows = printed(
        capsys,
        moment(3),
        moment(6),
        moment(9, None, reason="confidence 30 % is below 50 %"),
        moment(12, None, reason="confidence 31 % is below 50 %"),
        moment(15, None, is_silent=True, reason="silent"),
        moment(18),
        moment(21, is_new=True),
        moment(24, is_clipped=True),
        moment(27, is_clipped=True),
        moment(30, lost_seconds=2.5),
        moment(33, lost_seconds=2.5),
    )
    assert [row[0] for row in rows] == ["0:03", "0:09", "0:15", "0:18", "0:21", "0:24", "0:30"]
    assert rows[0][1:] == ["Rock", "61 %", "Blues 30 %", ""]
    assert rows[1][1:] == ["don't know", "", "Rock 61 %, Blues 30 %", "confidence 30 % is below 50 %"]
    assert rows[2][1:] == ["silent", "", "", "silent"]
    assert rows[5][4] == "clipped"
    assert rows[6][4] == "2.5 s lost"


def test_names_cannot_steer_the_terminal() -> None:
    """A genre of a foreign model is shown, not obeyed."""
    odd = Moment(1.0, (Score("\x1b[2J", 1.0),), "\x1b[2J")
    assert "\x1b" not in listening.plain_row(odd, 3)


def test_the_whole_has_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A verdict, no verdict, silence, and nothing at all."""
    track = Track(Path("x"))
    named = Verdict(track, SCORES, "Rock", 60.0, 20, "default")
    unsure = Verdict(track, SCORES, None, 60.0, 20, "default", "too unsure")
    for result in (Tagged(named), Tagged(unsure), Skipped(track, "silent: all")):
        display.whole(result, seconds=60, top_k=2)
    display.whole(Skipped(track, "nothing was heard"), seconds=0, top_k=2)
    assert [line.split("\t") for line in capsys.readouterr().out.splitlines()] == [
        ["1:00", "Rock", "61 %", "Blues 30 %", "all of it"],
        ["1:00", "don't know", "", "Rock 61 %, Blues 30 %", "all of it: too unsure"],
        ["1:00", "silent", "", "", "all of it: silent: all"],
        ["0:00", "nothing", "", "", "all of it: nothing was heard"],
    ]


def test_the_summary_is_in_shares(capsys: pytest.CaptureFixture[str]) -> None:
    """Percent and time of each thing that was told, on stderr, and what was lost."""
    display.listened({"Rock": 90.0, "silent": 30.0}, seconds=125, lost_seconds=5)
    out, err = capsys.readouterr()
    assert not out
    assert [line.split() for line in err.splitlines()] == [
        ["2:05", "heard,", "5.0", "s", "lost"],
        ["75", "%", "1:30", "Rock"],
        ["25", "%", "0:30", "silent"],
    ]


def test_json_rounds_as_reports_do() -> None:
    """Four digits for probabilities; null where there is no genre."""
    row = moments.moment_row(moment(3.14159, behind_seconds=0.01234), 1)
    assert (row["confidence"], row["genres"]) == (0.6123, [{"genre": "Rock", "probability": 0.6123}])
    assert (row["end_seconds"], row["behind_seconds"], row["told"]) == (3.142, 0.012, "Rock")
    unsure = moments.moment_row(moment(genre=None, reason="why"), 3)
    assert (unsure["genre"], unsure["confidence"], unsure["told"]) == (None, None, "don't know")


def test_every_key_is_documented() -> None:
    """The head of the module names what is in the rows."""
    row = moments.moment_row(moment(), 3)
    assert all(f"    {key} " in (moments.__doc__ or "") for key in row if key != "event")
    summary = moments.summary_row(
        Skipped(Track(Path("x")), "why"), 3, source="http://x", shares={"Rock": 1.0}, lost_seconds=0
    )
    assert summary["path"] == "http://x"
    assert summary["format"] == 1
    assert "written" not in summary
