"""The live view: it fits every terminal, tells the truth of every state, and leaves the terminal clean."""

import dataclasses
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.color import Color

from tagger.records import Moment, Score
from tagger.sinks import colours, display
from tagger.sinks.display import drawing, letters, scene, timeline
from tagger.sinks.display.scene import Scene
from tagger.sinks.display.timeline import SECONDS_PER_CELL, Timeline
from tests.sinks import moments, terminals

END = moments.session()[-1].end_seconds + moments.HOP_SECONDS
SOURCE = "microphone: HDA Intel PCH (hw:0,0)"

Golden = Callable[[str, str], None]


@pytest.fixture(autouse=True)
def _default_manner() -> None:
    """Every test begins neither quiet nor verbose."""
    display.configure()


names = st.text(min_size=1, max_size=30)
shares = st.floats(0, 1)


@st.composite
def anything(draw: st.DrawFn) -> Moment:
    """A moment of any genre, also of one with a name that nobody would choose."""
    scores = tuple(Score(draw(names), draw(shares)) for _ in range(draw(st.integers(0, 8))))
    return Moment(
        end_seconds=draw(st.floats(0, 1e6)),
        scores=scores,
        genre=draw(st.sampled_from([None, *(score.genre for score in scores)])),
        reason=draw(st.sampled_from(["", "confidence 41 % is below 50 %", "\x1b[31m"])),
        level_db=draw(st.floats(-150, 3)),
        is_silent=draw(st.booleans()),
        is_clipped=draw(st.booleans()),
        behind_seconds=draw(st.floats(0, 1e5)),
        lost_seconds=draw(st.floats(0, 1e6)),
    )


def after(*told: Moment, source: str = SOURCE) -> Scene:
    """The scene after some moments."""
    seen = Scene(source, moments.GENRES)
    for each in told:
        seen = seen.after(each)
    return seen


def drawn(seen: Scene, width: int = 80, height: int = 24, **how: Any) -> str:
    """The scene as text."""
    times = {"elapsed_seconds": 249.0, "waiting_seconds": 0.5}
    return scene.draw(seen, width=width, height=height, **times | how).plain


# The whole


LAST: dict[str, tuple[Moment, ...]] = {
    "genre": (),
    "unsure": (moments.moment(END, None, **moments.UNSURE, lost_seconds=11.4),),
    "silent": (moments.moment(END, None, **moments.SILENT, lost_seconds=11.4),),
    "clipped": (moments.moment(END, None, **moments.CLIPPED, lost_seconds=11.4),),
    "loud": (moments.moment(END, "Metal", **moments.CLIPPED, lost_seconds=11.4, behind_seconds=2.4),),
}


@pytest.mark.parametrize("state", LAST)
def test_every_state_is_shown(state: str, golden: Golden) -> None:
    """Genre, doubt, silence and clipping are told apart at a glance."""
    golden(f"live-{state}-80x24.txt", drawn(after(*moments.session(*LAST[state]))))


@pytest.mark.parametrize(("width", "height"), [(40, 10), (40, 24), (80, 10), (120, 30), (200, 50)])
def test_every_size_is_used(width: int, height: int, golden: Golden) -> None:
    """A small terminal shows what matters most, a large one more, and larger letters."""
    golden(f"live-{width}x{height}.txt", drawn(after(*moments.session()), width, height))


def test_the_view_without_anything_heard(golden: Golden) -> None:
    """Before the first window has been heard the view has its place already."""
    golden("live-listening-80x24.txt", drawn(after()))


def test_the_view_in_ascii(golden: Golden) -> None:
    """Where only ASCII can be shown, large letters are made of hashes, and nothing is lost."""
    golden("live-ascii-80x24.txt", drawn(after(*moments.session()), ascii_only=True))


@given(
    st.lists(anything(), max_size=6),
    names,
    st.integers(1, 250),
    st.integers(1, 70),
    st.booleans(),
    st.floats(0, 1e6),
)
def test_the_view_fits_every_terminal(
    told: list[Moment], source: str, width: int, height: int, ascii_only: bool, seconds: float
) -> None:
    """Whatever is told: no more rows and columns than the terminal has, and nothing that steers it."""
    how: dict[str, Any] = {"ascii_only": ascii_only, "elapsed_seconds": seconds, "waiting_seconds": seconds}
    text = drawn(after(*told, source=source), width, height, **how)
    lines = text.split("\n")
    assert len(lines) <= max(1, height - 1)
    assert len(lines) == len(drawn(after(), width, height).split("\n"))
    assert max(map(cell_len, lines)) < max(width, 3)
    assert drawing.printable(text.replace("\n", "")) == text.replace("\n", "")
    assert not ascii_only or text.isascii()


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ({"behind_seconds": 0.04}, "4:09 elapsed  0.0 s behind  nothing lost"),
        ({"behind_seconds": 75.0}, "4:09 elapsed  1:15 behind  nothing lost"),
        ({"lost_seconds": 0.5}, "4:09 elapsed  0.1 s behind  0.5 s lost"),
        ({"lost_seconds": 3700.0}, "4:09 elapsed  0.1 s behind  1:01:40 lost"),
    ],
)
def test_delay_and_loss_are_told(said: dict[str, float], shown: str) -> None:
    """The head tells how far behind the view is and how much was lost."""
    seen = after(moments.moment(3, "Rock", **said))
    assert drawn(seen).splitlines()[0] == f" {SOURCE}{shown.rjust(78 - len(SOURCE))}"


def test_a_narrow_head_tells_what_is_wrong() -> None:
    """In 40 columns a loss or a delay is told, and the source still has room."""
    for said, shown in (
        ({}, "0.1 s behind"),
        ({"lost_seconds": 4.0}, "4.0 s lost"),
        ({"lost_seconds": 4.0, "behind_seconds": 2.0}, "4:09  2.0 s behind  4.0 s lost"),
    ):
        head = drawn(after(moments.moment(3, "Rock", **said)), 40).splitlines()[0]
        assert head.endswith(shown)
        assert head.startswith(" m")


def test_a_source_that_stalls_is_told() -> None:
    """When nothing has come for long, an old delay is not shown as if it were true."""
    seen = after(moments.moment(3, "Rock"))
    assert "0.1 s behind" in drawn(seen, waiting_seconds=14.0)
    assert "nothing for 1:15" in drawn(seen, waiting_seconds=75.0)
    assert "behind" not in drawn(seen, waiting_seconds=75.0)


@given(st.floats(-150, 3), st.booleans())
def test_the_meter_grows_with_the_level(level: float, is_clipped: bool) -> None:
    """From -60 dB to full scale; that something clipped is written at the end of the scale."""
    rows = [
        next(
            line
            for line in drawn(after(moments.moment(3, "Rock", level_db=db, is_clipped=is_clipped))).splitlines()
            if line.startswith(" level")
        )
        for db in (level, level + 6)
    ]
    assert rows[0].count("█") <= rows[1].count("█")
    assert all(("clipped" in row) == is_clipped for row in rows)
    assert f"{level:.0f} dB".replace("-", "−") in rows[0]


def test_names_that_have_no_large_letters_are_bold() -> None:
    """A genre in another writing is shown in its own letters."""
    seen = after(dataclasses.replace(moments.moment(3, "演歌"), scores=(Score("演歌", 0.9),)))
    assert " 演歌\n" in drawn(seen)
    plain = drawn(seen, ascii_only=True)
    assert " ????\n" in plain


# Letters


@pytest.mark.parametrize("scale", [0, 1, 2])
def test_letters_are_told_apart(scale: int) -> None:
    """Every letter and figure differs from every other, and words have the height they should."""
    signs = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789&-'?/+!"
    shapes = {tuple(letters.drawn(sign, scale)) for sign in signs}
    assert len(shapes) == len(signs)
    for word in (*moments.GENRES, "don't know", "silent", "clipped", "listening", "Drum & Bass/2-Step (UK)"):
        rows = letters.drawn(word, scale)
        assert len(rows) == letters.n_rows(scale)
        assert len(set(map(len, rows))) == 1
    assert letters.drawn("Música", scale) == letters.drawn("MUSICA", scale)
    assert letters.drawn("東", scale) == letters.drawn("", scale) == []


def test_the_usual_genres_are_large_in_80_columns() -> None:
    """No genre of the bundled model, and no state, is wider than the usual terminal in large letters."""
    for word in (*moments.GENRES, "don't know", "silent", "clipped", "listening"):
        assert len(letters.drawn(word, 1)[0]) <= 78, word


# Colours


def luminance(red: int, green: int, blue: int) -> float:
    """Relative luminance of a colour, after WCAG 2."""
    parts = [part / 255 for part in (red, green, blue)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("number", colours.PALETTE)
def test_colours_are_read_on_black_and_on_white(number: int) -> None:
    """Each has a contrast of 3 to 1, as WCAG 2 wants of large text and of drawings, to both backgrounds."""
    light = luminance(*Color.parse(f"color({number})").get_truecolor())
    assert 1.05 / (light + 0.05) >= 3
    assert (light + 0.05) / 0.05 >= 3


def test_every_genre_of_the_bundled_model_has_its_own_colour() -> None:
    """And an unknown one has none."""
    assert len({timeline.colour(genre, moments.GENRES) for genre in moments.GENRES}) == len(moments.GENRES)
    assert timeline.colour("Polka", moments.GENRES) == ""


@given(names)
def test_ascii_takes_as_many_cells(text: str) -> None:
    """What cannot be shown is replaced by as many question marks as it has cells."""
    text = drawing.printable(text)
    assert cell_len(drawing.as_ascii(text)) == cell_len(text)
    assert drawing.as_ascii(text).isascii()


# The timeline


@given(st.lists(anything(), min_size=1, max_size=30))
def test_a_timeline_has_a_cell_for_every_time(told: list[Moment]) -> None:
    """Whatever is told, the last cell is what was told last, and each has its time; letters are unambiguous."""
    line = Timeline()
    latest = 0.0
    for each in told:
        line = line.after(each)
        latest = max(latest, each.end_seconds)
        assert line.cells[-1] == each.told
        assert line.n_past + len(line.cells) == latest // SECONDS_PER_CELL + 1
        assert len(line.cells) <= timeline.MOST_CELLS
    known = [letter for letter in line.letters.values() if letter != "*"]
    assert len(known) == len(set(known))


def test_a_cell_tells_of_all_since_the_last_moment() -> None:
    """Windows far apart leave no holes, and what was lost is shown where it was."""
    line = Timeline().after(moments.moment(8, "Rock")).after(moments.moment(24, "Pop"))
    assert line.cells == ("Rock", "Rock", "Rock", "Pop", "Pop", "Pop", "Pop")
    line = line.after(moments.moment(48, "Pop", lost_seconds=20.0))
    assert line.cells[7:] == ("lost",) * 5 + ("Pop",)
    line = line.after(moments.moment(49, "Jazz", lost_seconds=20.0))
    assert line.cells[12:] == ("Jazz",)


def test_names_in_the_strip_where_they_fit() -> None:
    """A long run shows its name, a short one its letter, which the legend explains; states have signs."""
    line = Timeline()
    for genre, cells in (("Reggae", 8), ("Rock", 3), ("R&B", 1), (None, 3)):
        for _ in range(cells):
            line = line.after(moments.moment(SECONDS_PER_CELL * len(line.cells), genre))
    assert line.strip(80, moments.GENRES).plain == "Reggae  r  B???"
    assert line.strip(6, moments.GENRES).plain == "r B???"
    assert line.axis(80).plain == "╵0:00"
    explained = "R Reggae 0:32  r Rock 0:12  ? don't know 0:12  B R&B 0:04"
    assert line.legend(80, moments.GENRES).plain == explained
    assert line.legend(40, moments.GENRES).plain == "R Reggae  r Rock  ? don't know  B R&B"
    assert line.legend(20, moments.GENRES).plain == "R Reggae  r Rock"


def test_the_strip_scrolls() -> None:
    """When the strip is full the latest cells are shown, and the times below move with them."""
    line = Timeline()
    for number in range(60):
        line = line.after(moments.moment(SECONDS_PER_CELL * number, "Rock" if number < 55 else "Pop"))
    assert line.strip(20, moments.GENRES).plain == "Rock           Pop  "
    assert line.axis(20).plain == "     ╵3:00"


# In a terminal


SHOW = """
import time
from tests.sinks import moments
from tagger.sinks import display
with display.LiveView("microphone", moments.GENRES) as view:
    display.note("listening to the microphone")
    for each in moments.session():
        view.show(each)
        time.sleep({pause})
    {then}
print("summary")
"""


def program(pause: float = 0.0, then: str = "time.sleep(60)") -> str:
    """A program that shows a session and does something at its end."""
    return SHOW.format(pause=pause, then=then)


def at_start(text: str) -> str:
    """A screen as if no time had gone by."""
    return re.sub(r" \d+:\d\d( elapsed|(?=  \d\d?\.\d s))", r" 0:00\1", text)


def is_complete(text: str) -> bool:
    """Whether the end of the session is on the screen."""
    return "╵4:00" in text or "× lost" in text


@pytest.mark.parametrize(("columns", "lines"), [(40, 24), (80, 10), (80, 24), (200, 50)])
def test_the_screen_shows_the_view(columns: int, lines: int, golden: Golden) -> None:
    """A real terminal shows, below what was printed, what the drawing functions drew."""
    with terminals.running(program(), columns, lines) as terminal:
        text = terminal.wait_for(lambda text: "Rock" in text and " 62 %" in text and "level" in text)
        golden(f"screen-{columns}x{lines}.txt", at_start(text))
        assert text.splitlines()[0] == "listening to the microphone" or lines == 10


def test_colours_in_the_terminal() -> None:
    """Genres have colours; with NO_COLOR nothing has, and the strip is still reversed letters."""
    for environment, has_colours in (({}, True), ({"NO_COLOR": "1"}, False)):
        with terminals.running(program(), **environment) as terminal:
            terminal.wait_for(is_complete)
            cells = [cell for row in terminal.screen.buffer.values() for cell in row.values()]
            assert any(cell.fg != "default" for cell in cells) is has_colours
            assert sum(cell.reverse for cell in cells) > 20


def test_an_ascii_terminal_gets_ascii() -> None:
    """Where the encoding of the terminal is ASCII, no escapes of signs break the drawing."""
    with terminals.running(program(), PYTHONIOENCODING="ascii") as terminal:
        text = terminal.wait_for(lambda text: "x lost" in text)
        assert text.isascii()
        assert "\\u" not in text
        assert "######" in text


def test_the_view_follows_the_size_of_the_terminal() -> None:
    """Smaller and larger while it runs: there is one view, whole, as if it had begun so."""
    with terminals.running(program()) as terminal:
        terminal.wait_for(is_complete)
        for columns, lines in ((40, 24), (120, 30), (60, 12), (80, 24)):
            terminal.resize(columns, lines)
            seen = after(*moments.session(), source="microphone")
            expected = [line.rstrip() for line in drawn(seen, columns, lines).splitlines()]
            expected[0] = at_start(expected[0])
            terminal.wait_for(
                lambda text, expected=expected: at_start(text).splitlines()[-len(expected) :] == expected
            )
            assert terminal.text.count("level") == 1


def test_what_is_printed_stays_above() -> None:
    """Messages and rows scroll by above the view, in order, and none is lost."""
    code = program(
        then="for n in range(40): display.note(f'message {n}'), time.sleep(0.01)\n    time.sleep(60)"
    )
    with terminals.running(code, 80, 30) as terminal:
        text = terminal.wait_for(lambda text: "message 39" in text and is_complete(text))
        printed = [line for line in text.splitlines() if line.startswith("message")]
        assert printed == [f"message {n}" for n in range(40 - len(printed), 40)]
        assert len(printed) > 5


@pytest.mark.parametrize("then", ["time.sleep(60)", "raise SystemExit(130)"], ids=["Ctrl-C", "exit"])
def test_the_terminal_is_left_clean(then: str) -> None:
    """However it ends, the view is gone, what was printed stays, and the cursor is back."""
    code = (
        f"try:\n{program(then=then)}".replace("\n", "\n ") + "\nexcept KeyboardInterrupt: print('interrupted')"
    )
    with terminals.running(code) as terminal:
        if "sleep" in then:
            terminal.wait_for(is_complete)
            assert terminal.screen.cursor.hidden
            terminal.interrupt()
        terminal.finish()
        assert terminal.text.replace("^C", "").splitlines() == [
            "listening to the microphone",
            *(["interrupted"] if "sleep" in then else []),
        ]
        assert not terminal.screen.cursor.hidden


def test_a_view_that_ends_leaves_the_summary() -> None:
    """After the end of the context only what was printed is on the screen."""
    with terminals.running(program(then="assert view.is_drawn")) as terminal:
        assert terminal.finish() == 0
        assert terminal.text.splitlines() == ["listening to the microphone", "summary"]


def test_it_is_drawn_at_once_but_not_often() -> None:
    """A new moment is drawn when it comes; many are drawn eight times a second; a clock ticks once a second."""
    begin = b"\x1b[?2026h"
    with terminals.running(program(pause=0.02, then="time.sleep(60)")) as terminal:
        terminal.wait_for(is_complete)
        n_busy = terminal.received.count(begin)
        assert 4 <= n_busy <= 25  # 86 moments in about two seconds
        terminal.watch(2.5)
        assert 2 <= terminal.received.count(begin) - n_busy <= 4
    assert terminal.received.count(begin) - terminal.received.count(b"\x1b[?2026l") in (0, 1)


def test_a_stopped_terminal_stops_nothing_else(tmp_path: Path) -> None:
    """While nobody reads what is drawn (Ctrl-S), moments still pass; and the view ends well when it is read."""
    done = tmp_path / "done"
    then = f"import pathlib; pathlib.Path({str(done)!r}).touch()"
    repeated = program(then=then).replace(
        "for each in moments.session():", "for each in moments.session() * 200:"
    )
    with terminals.running(repeated.replace("time.sleep(0.0)", "time.sleep(0.0002)")) as terminal:
        end = time.monotonic() + 20
        while not done.exists():  # nothing is read until then: the terminal's buffer of a few KB is full
            assert time.monotonic() < end
            time.sleep(0.05)
        assert terminal.process.poll() is None
        assert terminal.finish() == 0
        assert terminal.text.splitlines()[-1] == "summary"


def test_data_go_to_stdout(tmp_path: Path) -> None:
    """With stdout in a file, and stdin no terminal either, the view is drawn in the size of its terminal."""
    code = "import os; os.close(0)\n" + program()
    with (
        (tmp_path / "data").open("wb") as file,
        terminals.running(code, 60, 20, stdout=file.fileno()) as terminal,
    ):
        text = terminal.wait_for(is_complete)
        assert len(text.splitlines()) > 15
        assert 55 < max(map(len, text.splitlines())) < 60
    assert (tmp_path / "data").read_bytes() == b""


def test_dumb_terminals_and_logs_get_no_drawing(capsys: pytest.CaptureFixture[str]) -> None:
    """Where the cursor cannot be moved nothing is drawn, nor when quiet, nor when not wanted."""
    with display.LiveView("microphone", moments.GENRES) as view:
        assert not view.is_drawn
        view.show(moments.moment(3, "Rock"))
    assert capsys.readouterr() == ("", "")
    quiet = "from tagger.sinks import display; display.configure(quiet=True)\n" + program(0, "time.sleep(0.3)")
    unwanted = program(0, "time.sleep(0.3)").replace("GENRES)", "GENRES, drawn=False)")
    for code, term in ((program(0, "time.sleep(0.3)"), "dumb"), (quiet, "xterm"), (unwanted, "xterm")):
        with terminals.running(code, TERM=term) as terminal:
            assert terminal.finish() == 0
            assert set(terminal.text.splitlines()) <= {"listening to the microphone", "summary"}
            assert b"\x1b[?" not in terminal.received


def test_drawing_costs_little() -> None:
    """A drawing takes less than a fiftieth of a second's eighth, with room for a busy machine."""
    seen = after(*moments.session())
    times = []
    for _ in range(20):
        began = time.thread_time()
        drawn(seen, 200, 50)
        times.append(time.thread_time() - began)
    assert sorted(times)[len(times) // 2] < 0.0025


def test_the_environment_may_set_the_size() -> None:
    """COLUMNS is obeyed, as by other programs."""
    with terminals.running(program(), 80, 24, COLUMNS="50", LINES=os.environ.get("LINES", "24")) as terminal:
        text = terminal.wait_for(is_complete)
        assert max(map(len, text.splitlines())) < 50
