"""What the user sees: it fits, it is whole where it is read by programs, and it never steers the terminal."""

import io
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tagger import records
from tagger.sinks import display
from tagger.sinks.display import drawing, progress, results, training
from tests.sinks import outcomes

ROOT = Path(__file__).parents[2]
names = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=60)


@pytest.fixture(autouse=True)
def _default_manner() -> None:
    """Every test begins neither quiet nor verbose."""
    display.configure()


# Drawing


@given(names, st.integers(1, 50))
def test_a_fitted_text_has_the_width(text: str, width: int) -> None:
    """Padded or cut, a cell of a table has exactly its width, with East Asian characters too."""
    text = drawing.printable(text)
    assert cell_len(drawing.fitted(text, width)) == width
    if cell_len(text) <= width:
        assert drawing.fitted(text, width).startswith(text)


@given(names, st.integers(1, 50))
def test_a_shortened_path_fits_and_keeps_its_end(text: str, width: int) -> None:
    """A path that fits is not changed; of one that does not, start and end are left around one sign."""
    text = drawing.printable(text)
    short = drawing.shortened(text, width)
    assert cell_len(short) <= width
    if cell_len(text) <= width:
        assert short == text
    else:
        start, end = short.split("…", 1) if "…" not in text else (short[:1], "")
        assert text.startswith(start.rstrip())
        assert text.endswith(end)


@given(st.floats(-1, 2), st.integers(1, 40))
def test_a_bar_has_its_width_and_grows(share: float, width: int) -> None:
    """A bar is as wide as asked for any share, full at 1, empty at 0, and never shorter for more."""
    assert len(drawing.bar(share, width)) == width
    assert drawing.bar(1.0, width) == "█" * width
    assert drawing.bar(0.0, width).strip() == ""
    assert drawing.bar(share, width).count("█") <= drawing.bar(share + 0.1, width).count("█")


@given(st.binary(min_size=1, max_size=40))
def test_nothing_printable_steers_the_terminal(name: bytes) -> None:
    """No control character, lone surrogate or change of writing direction is left of any name."""
    shown = drawing.printable(os.fsdecode(name))
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)
    assert shown.encode("utf-8")


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0:00"), (7.4, "0:07"), (59.6, "1:00"), (754, "12:34"), (3723, "1:02:03")]
)
def test_durations_are_read_like_a_clock(seconds: float, shown: str) -> None:
    """Seconds are rounded before they are split, so that there is no 0:60."""
    assert drawing.clock(seconds) == shown


# Rows


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 160, 200])
@pytest.mark.parametrize("shown", outcomes.RESULTS, ids=lambda each: each.track.path.name[-12:])
def test_a_row_fits_every_terminal(shown: records.Result, width: int) -> None:
    """From 40 columns on a row is one line that leaves the last cell free, and shows the end of the name."""
    head, *below = results.row(shown, 3, width)
    assert cell_len(head.plain) < width
    assert drawing.printable(os.fsdecode(shown.track.path))[-4:] in head.plain
    assert len(below) <= 1


@pytest.mark.parametrize("width", [40, 80, 160])
def test_a_row_tells_the_essentials(width: int) -> None:
    """Genre, percent and fate are shown at every width, and why a file was left alone."""
    written, left, unknown, failed, dry, skipped, broken = (
        "\n".join(line.plain for line in results.row(each, 3, width)) for each in outcomes.RESULTS
    )
    assert re.search(r"\.flac +Rock .* 87 % .*✓", written)
    assert re.search(r"Rock .* 87 % .*–\s+already has a genre", left)
    assert re.search(r"don't know .* 31 % .*–\s+the strongest genre is below 50 %", unknown)
    assert re.search(r"✗\s+Permission denied", failed)
    assert re.search(r"○\s+– → Rock: had no genre", dry)
    assert re.search(r"skipped .*–\s+it holds only silence", skipped)
    assert re.search(r"failed .*✗\s+decoded 12 s of 180 s", broken)


def test_room_shows_more() -> None:
    """With more columns there is a bar, then the runners-up, then the reason beside."""
    shown = {
        width: [line.plain for line in results.row(outcomes.RESULTS[1], 3, width)]
        for width in (40, 60, 80, 160)
    }
    assert [("█" in lines[0]) for lines in shown.values()] == [False, True, True, True]
    assert [("Pop 8 %, Jazz 2 %" in lines[0]) for lines in shown.values()] == [False, False, True, True]
    assert [len(lines) for lines in shown.values()] == [2, 2, 2, 1]


def test_no_terminal_gets_whole_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """Where a program reads stdout, rows are five cells parted by tabs, without codes, and paths are whole."""
    rows = display.Results(top_k=3)
    for each in outcomes.RESULTS:
        rows.add(each)
    shown = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert {len(cells) for cells in shown} == {5}
    assert shown[0] == [outcomes.LONG_NAME, "Rock", "87 %", "Pop 8 %, Jazz 2 %", "– → Rock: had no genre"]
    assert shown[2][:4] == [
        drawing.printable(outcomes.ODD_NAME),
        "don't know",
        "31 %",
        "Rock 31 %, Pop 8 %, Jazz 2 %",
    ]
    assert shown[5] == ["hush.wav", "skipped", "", "", "it holds only silence"]


def test_a_narrow_encoding_is_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal that knows only Latin-1 gets escapes for the rest."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    monkeypatch.setattr(sys, "stdout", stream)
    display.Results().add(outcomes.result("東.mp3"))
    stream.flush()
    assert stream.buffer.getvalue().startswith(b"\\u6771.mp3\tRock")  # type: ignore[attr-defined]


# Messages


def test_an_error_is_a_sentence_and_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    """Both go to stderr, each on one line, also when quiet."""
    display.configure(quiet=True)
    display.error("music/[b].mp3: no such file " + "x" * 200, "check :cat: the spelling")
    display.error("no hint known")
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines() == [
        "error: music/[b].mp3: no such file " + "x" * 200,
        "hint: check :cat: the spelling",
        "error: no hint known",
    ]


@pytest.mark.parametrize(
    ("manner", "shown"), [({}, ["note"]), ({"quiet": True}, []), ({"verbose": True}, ["note", "detail"])]
)
def test_quiet_and_verbose(
    capsys: pytest.CaptureFixture[str], manner: dict[str, bool], shown: list[str]
) -> None:
    """Notes are left out when quiet, and details are only for users who asked for more."""
    display.configure(**manner)
    display.note("note")
    display.detail("detail")
    assert capsys.readouterr().err.splitlines() == shown


# Progress


@given(
    n_done=st.integers(0, 10**6),
    n_more=st.integers(0, 10**6),
    all_found=st.booleans(),
    seconds=st.floats(0, 10**6),
    audio_seconds=st.floats(0, 10**8),
    width=st.integers(40, 200),
)
def test_progress_fits_every_terminal(
    n_done: int, n_more: int, all_found: bool, seconds: float, audio_seconds: float, width: int
) -> None:
    """Whatever the numbers, the line is one line."""
    line = progress.line(
        n_done=n_done,
        n_found=n_done + n_more,
        all_found=all_found,
        seconds=seconds,
        audio_seconds=audio_seconds,
        width=width,
    )
    assert cell_len(line.plain) < width


def test_progress_tells_what_is_known() -> None:
    """While tracks are still looked for, the total has a plus; afterwards the time left is known."""
    known = {"n_done": 30, "n_found": 1200, "seconds": 10.0, "audio_seconds": 6000.0}
    growing = progress.line(**known, all_found=False, width=120)  # type: ignore[arg-type]
    assert growing.plain == "30/1,200+  3.0 tracks/s  600× real time  0:10 elapsed"
    settled = progress.line(**known, all_found=True, width=120)  # type: ignore[arg-type]
    assert settled.plain.endswith("30/1,200  3.0 tracks/s  600× real time  0:10 elapsed  6:30 left")
    narrow = progress.line(**known, all_found=True, width=40)  # type: ignore[arg-type]
    assert narrow.plain == "30/1,200  3.0/s  600×  0:10  6:30 left"


def in_terminal(code: str, columns: int, *, stdout: int | None = None, **environment: str) -> str:
    """Run code in a terminal of so many columns and give all that reached it."""
    leader, follower = pty.openpty()
    inherited = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR"}}
    settings = {"COLUMNS": str(columns), "LINES": "50", "TERM": "xterm-256color", "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=follower,
        stdout=stdout or follower,
        stderr=follower,
        env=inherited | settings | environment,
    )
    os.close(follower)
    shown = b""
    while block := _read(leader):
        shown += block
    os.close(leader)
    assert process.wait() == 0, shown.decode()
    return shown.decode()


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # Linux says so when the other end is closed
        return b""


SCAN = """
import time
from tests.sinks import outcomes
from tagger.sinks import display
with display.ScanProgress() as progress:
    progress.found(7), progress.all_found()
    rows = display.Results()
    for each in outcomes.RESULTS:
        progress.add(each), rows.add(each), time.sleep(0.05)
    display.error("an error in between")
"""


ALBUMS = """
from tests.sinks import outcomes
from tagger.sinks import display
rows = display.Results(albums=True)
for each in outcomes.ON_ALBUMS:
    rows.add(each)
"""


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_rows_stand_above_the_progress(columns: int) -> None:
    """In a terminal every row is whole, the progress line is erased, and colour is used."""
    shown = in_terminal(SCAN, columns)
    assert "7/7" in shown
    assert "\x1b[1mRock" in shown
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    for each in outcomes.RESULTS:
        assert results.row(each, 3, columns)[0].plain in plain
    assert "error: an error in between" in plain
    assert shown.rstrip().endswith("\x1b[2K")


def test_albums_stand_above_their_tracks() -> None:
    """Each album has a line above its tracks, once; a track that differs has one below; others have none."""
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", in_terminal(ALBUMS, 100)).replace("\r", "")
    lines = [line.strip() for line in plain.splitlines() if "elapsed" not in line and line.strip()]
    told = [line for line in lines if ".mp3" not in line]
    assert told == [
        "Best of, 2 tracks: Rock 62 %",
        "its album: Rock 62 %; by itself Pop 48 %",
        "A Mix\\x1b[31m, 9 tracks: left alone: it has 9 artists",
    ]
    assert [line.split()[0] for line in lines if ".mp3" in line] == [
        "a.mp3",
        "b.mp3",
        "c.mp3",
        "d.mp3",
        "e.mp3",
    ]


def test_albums_are_a_sixth_cell_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    """Where there is no terminal, what is told of albums is one more cell, empty for tracks on none."""
    table = display.Results(albums=True)
    for each in [*outcomes.ON_ALBUMS, outcomes.RESULTS[-1]]:
        table.add(each)
    cells = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert {len(row) for row in cells} == {6}
    assert [row[5] for row in cells] == [
        "Best of, 2 tracks: Rock 62 %; agrees",
        "Best of, 2 tracks: Rock 62 %; differs; by itself Pop 48 %",
        "A Mix\\x1b[31m, 9 tracks: left alone: it has 9 artists",
        "Lone, 1 track: left alone: no other of its tracks was heard",
        "",
        "",
    ]


def test_no_color_is_honoured() -> None:
    """With NO_COLOR set there is no colour, whatever the terminal can do."""
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", in_terminal(SCAN, 80, NO_COLOR="1"))
    assert re.search(r"\x1b\[[0-9;]*3[0-7]m", in_terminal(SCAN, 80))


def test_data_go_to_stdout_while_progress_is_on_the_terminal(tmp_path: Path) -> None:
    """With stdout in a file, the rows are there as plain text, and the terminal shows the progress alone."""
    with (tmp_path / "rows").open("wb") as file:
        shown = in_terminal(SCAN, 80, stdout=file.fileno())
    rows = (tmp_path / "rows").read_text().splitlines()
    assert rows == [results.plain_row(each, 3) for each in outcomes.RESULTS]
    assert "7/7" in shown
    assert "hush.wav" not in shown


def test_progress_is_silent_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """A log gets no progress lines."""
    with display.ScanProgress() as scan:
        scan.found(3)
        scan.add(outcomes.RESULTS[0])
    assert capsys.readouterr() == ("", "")


# The end of a run


def test_the_ledger_tells_every_count_and_cause(capsys: pytest.CaptureFixture[str]) -> None:
    """All that happened is told on stderr, with reasons and example paths, and the pace."""
    display.ledger(outcomes.counts_of(outcomes.RESULTS), seconds=30)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines() == [
        "7 tracks found",
        "      4  named",
        "      1  don't know",
        "      1  written",
        "      1  would be written",
        "      1  not written",
        "         1 × already has a genre",
        "           a.mp3",
        "      1  skipped",
        "         1 × it holds only silence",
        "           hush.wav",
        "      2  failed",
        "         1 × Permission denied",
        "           b.mp3",
        "         1 × decoded 12 s of 180 s, which is less than it claims to hold",
        "           broken.mp3",
        "0:30 elapsed, 10× real time",
    ]


def test_the_ledger_shows_the_most_frequent_first_and_some_examples(capsys: pytest.CaptureFixture[str]) -> None:
    """Causes come in order of their number, and only the first examples are named."""
    failures = [records.Failed(records.Track(Path(f"{n}.mp3")), "gone" if n else "odd") for n in range(6)]
    display.ledger(outcomes.counts_of(failures), seconds=1)
    lines = [line.strip() for line in capsys.readouterr().err.splitlines()]
    assert lines[4:10] == ["5 × gone", "1.mp3", "2.mp3", "3.mp3", "and 2 more", "1 × odd"]


def test_the_ledger_is_for_those_who_want_it(capsys: pytest.CaptureFixture[str]) -> None:
    """When quiet there is no summary."""
    display.configure(quiet=True)
    display.ledger(outcomes.counts_of(outcomes.RESULTS), seconds=1)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("columns", [40, 80])
def test_the_ledger_fits_the_terminal(columns: int) -> None:
    """In a terminal the summary is a panel no wider than the screen."""
    code = (
        "from tests.sinks import outcomes; from tagger.sinks import display\n"
        "display.ledger(outcomes.counts_of(outcomes.RESULTS), seconds=30)"
    )
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", in_terminal(code, columns))
    assert max(cell_len(line) for line in plain.splitlines()) <= columns
    assert "7 tracks found" in plain.splitlines()[0]


# Tables


def test_settings_show_their_origin(capsys: pytest.CaptureFixture[str]) -> None:
    """Name, value and origin stand on one line each."""
    display.settings_table(
        [("batch_size", 64, "--batch-size"), ("window", None, "default"), ("hop", 0.5, "a b")]
    )
    assert capsys.readouterr().out == "batch_size\t64\t--batch-size\nwindow\t–\tdefault\nhop\t0.5\ta b\n"


def test_models_show_what_is_wrong_with_them(capsys: pytest.CaptureFixture[str]) -> None:
    """A model that cannot be used is listed with its problem."""
    good = {"name": "default", "genres": "10", "description": "small", "folder": "/m/default", "problem": ""}
    bad = {"name": "mine", "genres": "", "description": "", "folder": "/m/mine", "problem": "damaged card"}
    display.models_table([good, bad])
    assert capsys.readouterr().out == "default\t10\tsmall\t/m/default\nmine\t\tdamaged card\t/m/mine\n"


@pytest.mark.parametrize("columns", [40, 120])
def test_tables_fit_the_terminal(columns: int) -> None:
    """Long descriptions wrap, and nothing is wider than the screen."""
    code = (
        "from tagger.sinks import display\n"
        "row = dict(name='default', genres='10', description='small ' * 30, folder='/m/' * 40, problem='')\n"
        "display.models_table([row]); display.settings_table([('model', 'x' * 200, 'default')])"
    )
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", in_terminal(code, columns))
    assert max(cell_len(line) for line in plain.splitlines()) <= columns
    assert "default" in plain


def test_a_card_shows_all_its_facts(capsys: pytest.CaptureFixture[str]) -> None:
    """Nested facts are indented below their name; what is for programs only is left out."""
    card = {
        "format": "tagger-model",
        "name": "default",
        "description": "A small network",
        "genres": ["Blues", "Rock"],
        "window": {"seconds": 2.97, "variable": True},
        "corpora": [{"name": "GTZAN", "clips": 1000}, {"licence": None}],
        "recipe": {},
        "checksums": {"model.onnx": "0af3"},
    }
    display.card_view(card, "/m/default")
    shown = [re.sub(r"(?<=\S) {2,}", " | ", line) for line in capsys.readouterr().out.splitlines()]
    assert shown == [
        "default",
        "A small network",
        "folder | /m/default",
        "genres | Blues, Rock",
        "window",
        "  seconds | 2.97",
        "  variable | yes",
        "corpora",
        "  GTZAN",
        "    clips | 1000",
        "  2",
        "    licence | –",
        "recipe | –",
    ]


# Training


def test_a_training_run_leaves_a_row_per_epoch(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a terminal there are the heads and a row for each epoch, and what the trainer says."""
    with display.TrainingProgress() as watching:
        watching.say("930 clips of 10 genres")
        watching.stage("train", 100)
        watching.advance()
        watching.epoch(outcomes.Epoch(1, best=True))
        watching.epoch(outcomes.Epoch(2))
    assert [line.split() for line in capsys.readouterr().err.splitlines()] == [
        ["930", "clips", "of", "10", "genres"],
        ["epoch", "loss", "val", "loss", "val", "acc", "val", "F1", "rate", "time"],
        ["1/30", "1.5000", "1.2500", "62.5", "%", "50.0", "%", "1.0e-03", "0:12", "best"],
        ["2/30", "1.5000", "1.2500", "62.5", "%", "50.0", "%", "1.0e-03", "0:12"],
    ]


@pytest.mark.parametrize("width", [40, 60, 80])
def test_an_epoch_fits_every_terminal(width: int) -> None:
    """Columns that do not fit are left out from the right."""
    whole = training.epoch_row(outcomes.Epoch(30, best=True), None).plain
    row = training.epoch_row(outcomes.Epoch(30, best=True), width).plain
    assert len(row) < width
    assert whole.startswith(row)


def test_training_shows_how_far_it_is() -> None:
    """In a terminal there is a bar for the steps of a stage, and one for the epochs."""
    code = (
        "import time; from tests.sinks import outcomes; from tagger.sinks import display\n"
        "with display.TrainingProgress() as watching:\n"
        "    watching.stage('features', 4), watching.advance()\n"
        "    watching.epoch(outcomes.Epoch(3)), time.sleep(0.4)\n"
        "    watching.stage('something of unknown length'), watching.advance(), time.sleep(0.4)"
    )
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", in_terminal(code, 60))
    assert re.search(r"features +█+.* +1/4 ", plain)
    assert re.search(r"epochs +█+.* +3/30 +1:48 left", plain)
    assert "something of…  1\n" in plain.replace("\r", "")
