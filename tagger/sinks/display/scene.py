"""What the live view shows: a source now, how loud it is, and what it sounded like in the last minutes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from rich.cells import cell_len
from rich.text import Text

from tagger.records import CLIPPED, Moment, Score
from tagger.sinks.display import drawing, letters
from tagger.sinks.display.timeline import Timeline, colour

_WIDE = 72
_MOST_NAME, _LONGEST_BAR = 16, 60
_LARGEST_SCALE = 2
_N_NUMBER = 8
_FLOOR_DB = -60.0
_METER = ((-12.0, "green"), (-6.0, "yellow"), (0.0, "red"))
_LATE_SECONDS = 1.0
# Longer than any usual hop: a source that tells nothing for so long has stalled.
_STALLED_SECONDS = 15.0

# What is shown, the most important first, in rows; what does not fit is left out.
_WISHES = (
    ("word", 1),
    ("head", 1),
    ("strip", 1),
    ("level", 1),
    ("bars", 1),
    ("word", letters.n_rows(0) - 1),
    ("legend", 1),
    ("bars", 1),
    ("bars", 1),
    ("bars", 2),
    ("gaps", 3),
    ("reason", 1),
    ("word", letters.n_rows(1) - letters.n_rows(0)),
    ("axis", 1),
    ("word", letters.n_rows(2) - letters.n_rows(1)),
)


@dataclass(frozen=True)
class Scene:
    """All that the view shows but the time.

    Attributes:
        source: What is heard.
        genres: Every genre of the model, in its order.
        moment: What was told last; None before anything was.
        timeline: What was told in the last minutes.
    """

    source: str
    genres: tuple[str, ...]
    moment: Moment | None = None
    timeline: Timeline = field(default_factory=Timeline)

    def after(self, moment: Moment) -> Scene:
        """The scene with one more moment."""
        return replace(self, moment=moment, timeline=self.timeline.after(moment))


def draw(
    scene: Scene,
    *,
    elapsed_seconds: float,
    waiting_seconds: float,
    width: int,
    height: int,
    ascii_only: bool = False,
) -> Text:
    """Draw a scene in fewer than `width` cells and `height` rows, whose number depends on `height` alone.

    Args:
        scene: What is to be seen.
        elapsed_seconds: Time since the start.
        waiting_seconds: Time since the last moment was told.
        width: Of the terminal.
        height: Of the terminal.
        ascii_only: Whether the terminal shows nothing but ASCII.
    """
    room = max(1, width - 2)  # a margin on the left, and the last cell stays free
    rows = _rows(max(1, height - 1))
    gap = [Text("")] * (rows["gaps"] // 3)
    lines = [
        *[_head(scene, elapsed_seconds, waiting_seconds, room)] * rows["head"],
        *gap,
        *_word(scene, rows, room, smallest=1 if ascii_only else 0),
        *[_reason(scene.moment)] * rows["reason"],
        *_bars(scene, rows["bars"], room),
        *gap,
        *[_level(scene, room)] * rows["level"],
        *gap,
        *[scene.timeline.strip(room, scene.genres)] * rows["strip"],
        *[scene.timeline.axis(room)] * rows["axis"],
        *[scene.timeline.legend(room, scene.genres)] * rows["legend"],
    ]
    text = Text(no_wrap=True, overflow="crop", end="")
    for number, line in enumerate(lines):
        if ascii_only:
            line.plain = drawing.as_ascii(line.plain)
        line.truncate(room)
        text.append("\n " if number else " ").append_text(line)
    return text


def _rows(most: int) -> Mapping[str, int]:
    """How many rows each part gets where there are so many."""
    rows = dict.fromkeys((name for name, _ in _WISHES), 0)
    for name, count in _WISHES:
        if sum(rows.values()) + count <= most:
            rows[name] += count
    return rows


def _head(scene: Scene, elapsed_seconds: float, waiting_seconds: float, room: int) -> Text:
    """Draw the source at the left and the times at the right."""
    is_wide = room >= _WIDE
    times = Text(f"{drawing.clock(elapsed_seconds)}{' elapsed' if is_wide else ''}")
    if scene.moment is not None:
        behind, lost = scene.moment.behind_seconds, scene.moment.lost_seconds
        is_late = behind >= _LATE_SECONDS
        if waiting_seconds >= _STALLED_SECONDS:
            times.append(f"  nothing for {drawing.clock(waiting_seconds)}", "bold red")
        elif is_wide or is_late or not lost:
            times.append(f"  {_exactly(behind)} behind", "bold red" if is_late else "")
        if lost or is_wide:
            times.append(f"  {_exactly(lost) if lost else 'nothing'} lost", "bold red" if lost else "")
    n_times = cell_len(times.plain)
    name = drawing.shortened(drawing.printable(scene.source), max(1, room - n_times - 2))
    return Text.assemble((name, "bold"), " " * (room - cell_len(name) - n_times), times)


def _exactly(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else drawing.clock(seconds)


def _word(scene: Scene, rows: Mapping[str, int], room: int, *, smallest: int) -> list[Text]:
    """Draw what is told as large as there is room for, in the middle of its rows; at least in bold."""
    moment = scene.moment
    word, style = ("listening", "dim") if moment is None else (moment.told, _style(moment, scene.genres))
    lines = [Text(drawing.printable(word), f"bold {style}")]
    if not rows["reason"]:
        lines[0].append("  ").append_text(_reason(moment))
    for scale in range(smallest, _LARGEST_SCALE + 1):
        larger = letters.drawn(word, scale)
        if larger and len(larger) <= rows["word"] and len(larger[0]) <= room:
            lines = [Text(row, style) for row in larger]
    above = (rows["word"] - len(lines)) // 2
    return [Text("")] * above + lines + [Text("")] * (rows["word"] - len(lines) - above)


def _style(moment: Moment, genres: Sequence[str]) -> str:
    if moment.told == moment.genre:
        return colour(moment.genre, genres)
    return "red" if moment.told == CLIPPED else "dim"


def _reason(moment: Moment | None) -> Text:
    return Text("" if moment is None else drawing.printable(moment.reason), "dim")


def _bars(scene: Scene, n_rows: int, room: int) -> list[Text]:
    """Draw the strongest genres, each in its colour; what is shown in bold."""
    scores: tuple[Score, ...] = () if scene.moment is None else scene.moment.scores[:n_rows]
    n_name, n_bar = _columns(scene, room)
    lines = []
    for score in scores:
        is_shown = scene.moment is not None and scene.moment.told == score.genre
        name = drawing.fitted(drawing.printable(score.genre), n_name)
        lines.append(Text(f"{name} ", "bold" if is_shown else ""))
        lines[-1].append(drawing.bar(score.probability, n_bar), colour(score.genre, scene.genres))
        lines[-1].append(drawing.percent(score.probability).rjust(_N_NUMBER))
    return lines + [Text("")] * (n_rows - len(lines))


def _level(scene: Scene, room: int) -> Text:
    """Draw how loud the last window was, from -60 dB to full scale, and at the scale's end if it clipped."""
    n_name, n_bar = _columns(scene, room)
    line = Text(f"{drawing.fitted('level', n_name)} ")
    if scene.moment is None:
        return line
    level_db = scene.moment.level_db
    bar = drawing.bar(1 - level_db / _FLOOR_DB, n_bar)
    mark = f" {CLIPPED}"[-n_bar:] if scene.moment.is_clipped and n_bar else ""
    begin, end = 0, n_bar - len(mark)
    for upper_db, style in _METER:
        line.append(bar[begin : min(end, round(n_bar * (1 - upper_db / _FLOOR_DB)))], style)
        begin = len(line) - n_name - 1
    line.append(mark, "bold reverse red")
    return line.append(f"{level_db:.0f} dB".replace("-", "−").rjust(_N_NUMBER))


def _columns(scene: Scene, room: int) -> tuple[int, int]:
    """Cells for names and for bars."""
    n_name = min(max(map(cell_len, scene.genres), default=0), _MOST_NAME, room // 3)
    return n_name, max(0, min(room - n_name - _N_NUMBER - 1, _LONGEST_BAR))
