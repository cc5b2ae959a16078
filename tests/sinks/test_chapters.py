"""Chapters: they tile the time, nothing is lost, and other programs read the lists."""

import itertools
import json
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger.errors import OutputError, SettingsError
from tagger.records import Moment, Score
from tagger.sinks import chapters
from tagger.sinks.chapters import Chapter, Chapters

WINDOW = 3.0
ODD = 'a = b; #1 "live" \\o/ \n東京\x1b[31m'

genres = st.sampled_from(["Rock", "Pop", "R&B", None])
seconds = st.floats(0, 20_000, allow_nan=False)


@st.composite
def sessions(draw: st.DrawFn) -> list[Moment]:
    """Any moments, in any order of time."""
    count = draw(st.integers(1, 60))
    in_order = draw(st.booleans())
    ends = [draw(seconds) for _ in range(count)]
    return [
        moment(end, draw(genres), is_new=draw(st.booleans()), is_silent=draw(st.booleans()))
        for end in (sorted(ends) if in_order else ends)
    ]


def moment(end: float, genre: str | None = "Rock", probability: float = 0.75, **said: bool) -> Moment:
    """A moment at a time."""
    other = Score("Other", 1 - probability)
    scores = (Score(genre, probability), other) if genre else (other,)
    return Moment(end, scores, genre, **said)


def heard(
    *stretches: tuple[str | None, float],
    hop: float = 1.0,
    least: float = 10.0,
    new_at: Sequence[float] = (),
) -> tuple[Chapter, ...]:
    """The chapters of a session in which each genre ("" for silence) was told for so long."""
    growing, time = Chapters(WINDOW, least_seconds=least), WINDOW - hop
    for genre, length in stretches:
        end = time + length
        while time < end:
            time += hop
            growing.add(moment(time, genre or None, is_silent=genre == "", is_new=time in new_at))
    return growing.close(time)


def spans(found: Sequence[Chapter]) -> list[tuple[str, float, float]]:
    """Title, start and end of chapters."""
    return [(chapter.title, chapter.start_seconds, chapter.end_seconds) for chapter in found]


# Where chapters begin


@given(sessions(), seconds, st.floats(0, 100), st.floats(0, 100))
def test_chapters_tile_the_time(said: list[Moment], end: float, window: float, least: float) -> None:
    """Whatever is told: from 0 to the end, no overlap, no hole, none too short, and shares are the whole."""
    growing = Chapters(window, least_seconds=least)
    for each in said:
        growing.add(each)
    found = growing.close(end)
    assert found[0].start_seconds == 0
    assert found[-1].end_seconds == max(end, *(each.end_seconds for each in said))
    for chapter, following in itertools.pairwise(found):
        assert chapter.end_seconds == following.start_seconds
    if len(found) > 1:
        assert min(chapter.seconds for chapter in found) >= least
        assert min(chapter.seconds for chapter in found[:-1]) > 0
    assert {chapter.title for chapter in found} <= {each.told for each in said}
    assert all(0 <= chapter.probability <= 1 for chapter in found)
    assert sum(chapters.shares(found).values()) == pytest.approx(found[-1].end_seconds)
    assert growing.close(end) == found


def test_a_chapter_begins_where_the_telling_window_begins() -> None:
    """Not at the window's end, where the change is told."""
    found = heard(("Rock", 30), ("Pop", 30))
    assert spans(found) == [("Rock", 0, 30), ("Pop", 30, 62)]  # told at 33, of the window from 30
    assert [chapter.genre for chapter in found] == ["Rock", "Pop"]
    assert [chapter.probability for chapter in found] == [0.75, 0.75]


def test_another_piece_of_the_same_genre_is_a_chapter() -> None:
    """What is new begins a chapter, also if its genre is the same."""
    assert spans(heard(("Rock", 60), new_at=[33])) == [("Rock", 0, 30), ("Rock", 30, 62)]
    crossfade = heard(("Rock", 60), new_at=[33, 36])
    assert spans(crossfade) == [("Rock", 0, 30), ("Rock", 30, 62)]


@pytest.mark.parametrize(
    ("between", "expected"),
    [
        ("Pop", [("Rock", 0, 66)]),
        (None, [("Rock", 0, 66)]),
        ("", [("Rock", 0, 34), ("Rock", 34, 66)]),
    ],
    ids=["blip", "don't know", "pause"],
)
def test_what_is_too_short_is_joined(between: str | None, expected: list[tuple[str, float, float]]) -> None:
    """A short excursion belongs to the piece around it; a pause ends a piece, and belongs to it."""
    assert spans(heard(("Rock", 30), (between, 4), ("Rock", 30))) == expected


def test_a_new_piece_that_is_not_known_at_once_begins_where_doubt_began() -> None:
    """Short doubt between two genres belongs to the second."""
    assert spans(heard(("Rock", 30), (None, 4), ("Pop", 30))) == [("Rock", 0, 30), ("Pop", 30, 66)]


def test_long_doubt_and_silence_are_chapters() -> None:
    """States have titles of their own, and no genre."""
    found = heard(("", 20), ("Rock", 20), (None, 20))
    assert spans(found) == [("silent", 0, 20), ("Rock", 20, 40), ("don't know", 40, 62)]
    assert [chapter.genre for chapter in found] == [None, "Rock", None]
    assert [chapter.probability for chapter in found] == [0, 0.75, 0]
    assert chapters.shares(found) == {"don't know": 22, "silent": 20, "Rock": 20}


def test_a_short_end_is_joined() -> None:
    """The last seconds are no chapter; nor is a whole session too short for one."""
    assert spans(heard(("Rock", 30), ("Pop", 5))) == [("Rock", 0, 37)]
    assert spans(heard(("Rock", 4))) == [("Rock", 0, 6)]
    assert Chapters(WINDOW).close(5) == ()


def test_memory_grows_with_chapters_only() -> None:
    """An endless song is one chapter, and flicker is not kept."""
    growing = Chapters(WINDOW)
    for second in range(20_000):
        growing.add(moment(second, "Rock" if second % 3 else "Pop"))
    assert len(growing._growing) <= 3
    assert sum(len(each.told) for each in growing._growing) <= 6


@pytest.mark.parametrize(("window", "least"), [(-1, 10), (3, -1)])
def test_lengths_are_not_negative(window: float, least: float) -> None:
    """A negative length is refused."""
    with pytest.raises(ValueError, match="must not be negative"):
        Chapters(window, least_seconds=least)


# Lists for other programs


def listed(count: int, *, title: str = "Rock", start: float = 0.0, length: float = 61.28) -> list[Chapter]:
    """Chapters of equal length, one after another."""
    return [Chapter(start + n * length, start + (n + 1) * length, title, title, 0.87654) for n in range(count)]


@pytest.fixture
def cue_tool() -> Callable[..., list[str]]:
    """Runs one of the cuetools on a sheet and gives its lines."""
    if shutil.which("cueprint") is None or shutil.which("cuebreakpoints") is None:
        pytest.skip("cuetools are not installed")

    def run(program: str, *arguments: str | Path) -> list[str]:
        done = subprocess.run([program, *arguments], capture_output=True, text=True, check=True)
        assert not done.stderr
        return done.stdout.splitlines()

    return run


def test_a_cue_sheet_is_read_by_cuetools(cue_tool: Callable[..., list[str]], tmp_path: Path) -> None:
    """Titles and times come back from an independent parser, to the frame, beyond 99 minutes too."""
    path = tmp_path / "mix.cue"
    found = [*listed(2), *listed(2, title=ODD, start=122.56, length=7000)]
    assert chapters.write(path, found, source="mix.flac") == (path,)
    odd = "a = b; #1 'live' \\o/  東京 [31m"
    assert cue_tool("cueprint", "-t", r"%n %t\n", path) == ["1 Rock", "2 Rock", f"3 {odd}", f"4 {odd}"]
    assert cue_tool("cueprint", "-d", r"%N %T\n", path) == ["4 mix"]
    assert cue_tool("cuebreakpoints", path) == ["1:01.21", "2:02.42", "118:42.42"]


def test_a_cue_sheet_says_only_what_is_known() -> None:
    """Genres are remarks, what has none gets none, and no performer is invented."""
    found = [*listed(1), Chapter(61.28, 90, "don't know", None, 0.0)]
    assert chapters.FORMATS[".cue"](found, 'my "mix".mp3').splitlines() == [
        'REM COMMENT "Chapters by tagger"',
        "TITLE \"my 'mix'\"",
        "FILE \"my 'mix'.mp3\" MP3",
        "  TRACK 01 AUDIO",
        '    TITLE "Rock"',
        '    REM GENRE "Rock"',
        "    INDEX 01 00:00:00",
        "  TRACK 02 AUDIO",
        '    TITLE "don\'t know"',
        "    INDEX 01 01:01:21",
    ]


@given(seconds)
def test_cue_times_are_exact_to_a_frame(start: float) -> None:
    """MM:SS:FF is the nearest frame, with seconds below 60 and frames below 75."""
    text = chapters.FORMATS[".cue"]([Chapter(start, start + 1, "Rock", "Rock", 1.0)], "a.wav")
    minutes, rest, frames = map(int, re.findall(r"INDEX 01 (\d\d+):(\d\d):(\d\d)\n", text)[0])
    assert rest < 60
    assert frames < 75
    assert abs(minutes * 60 + rest + frames / 75 - start) <= 0.5 / 75 + 1e-9


def test_more_tracks_than_a_sheet_holds(cue_tool: Callable[..., list[str]], tmp_path: Path) -> None:
    """The hundredth track begins a second sheet, and no chapter is lost."""
    found = listed(250, length=30)
    paths = chapters.write(tmp_path / "mix.cue", found, source="mix.wav")
    assert [path.name for path in paths] == ["mix.cue", "mix.2.cue", "mix.3.cue"]
    assert [len(cue_tool("cueprint", "-t", r"%n\n", path)) for path in paths] == [99, 99, 52]
    assert "INDEX 01 49:30:00" in paths[1].read_text().splitlines()[6]
    assert len(chapters.write(tmp_path / "mix.json", found, source="mix.wav")) == 1


@pytest.mark.parametrize("suffix", [".ffmeta", ".ffmetadata", ".txt"])
def test_ffmetadata_is_read_by_ffmpeg(
    ffmpeg: str, tune: Callable[..., Path], tmp_path: Path, suffix: str
) -> None:
    """Chapters arrive in a sound file with their times and titles, and its own tags stay."""
    song, meta, out = tune(tmp_path / "song.wav"), tmp_path / f"list{suffix}", tmp_path / "out.mka"
    found = [Chapter(0, 2.5, "R&B", "R&B", 0.9), Chapter(2.5, 5, ODD, ODD, 0.9)]
    chapters.write(meta, found, source="so\nng.wav")
    tagged = tmp_path / "tagged.flac"
    subprocess.run([ffmpeg, "-v", "error", "-i", song, "-metadata", "title=kept", tagged], check=True)
    inputs = ["-i", tagged, "-i", meta, "-map_metadata", "0", "-map_chapters", "1"]
    command = [ffmpeg, "-v", "error", *inputs, "-codec", "copy", out]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert not done.stderr
    probe = ["ffprobe", "-v", "error", "-show_chapters", "-show_format", "-of", "json", out]
    read = json.loads(subprocess.run(probe, capture_output=True, check=True).stdout)
    assert [(each["start_time"], each["end_time"], each["tags"]["title"]) for each in read["chapters"]] == [
        ("0.000000", "2.500000", "R&B"),
        ("2.500000", "5.000000", ODD.replace("\x1b", " ")),
    ]
    assert read["format"]["tags"]["title"] == "kept"


def test_json_has_everything(tmp_path: Path) -> None:
    """All that is known is in the JSON list, also a name that is not UTF-8."""
    source = os.fsdecode(b"m\xff\n.mp3")
    found = [*listed(1), Chapter(61.28, 90, "silent", None, 0.0)]
    chapters.write(tmp_path / "a.JSON", found, source=source)
    read = json.loads((tmp_path / "a.JSON").read_text("utf-8"))
    rock = {"start_seconds": 0.0, "end_seconds": 61.28, "title": "Rock", "genre": "Rock", "probability": 0.8765}
    hush = {"start_seconds": 61.28, "end_seconds": 90, "title": "silent", "genre": None, "probability": 0.0}
    shared = {"Rock": 61.28, "silent": 28.72}
    assert read == {
        "format": 1,
        "source": source,
        "duration_seconds": 90,
        "shares": shared,
        "chapters": [rock, hush],
    }


every_suffix = pytest.mark.parametrize("suffix", chapters.FORMATS)


@every_suffix
@given(st.text(), st.text())
def test_any_name_can_be_written(suffix: str, title: str, source: str) -> None:
    """No title and no name of a source breaks a list into other lines, or cannot be encoded."""
    write = chapters.FORMATS[suffix]
    text = write([Chapter(0, 60, title, title, 0.5)], source)
    text.encode("utf-8", errors="surrogateescape")
    plain = write([Chapter(0, 60, "Rock", "Rock", 0.5)], "a.wav")
    unescaped = re.sub(r"\\.", "", text, flags=re.DOTALL) if write is chapters.FORMATS[".txt"] else text
    assert unescaped.count("\n") == plain.count("\n")


@every_suffix
def test_a_list_takes_the_place_of_an_older_one(suffix: str, tmp_path: Path) -> None:
    """Also through a link; nothing else is left in the folder, and a list of no chapters can be written."""
    real, path = tmp_path / f"real{suffix}", tmp_path / f"link{suffix}"
    path.symlink_to(real)
    for found in ([], listed(3), listed(2)):
        chapters.write(path, found, source="mix.wav")
    assert real.read_bytes().count(b"Rock") == chapters.FORMATS[suffix](listed(2), "mix.wav").count("Rock")
    assert path.is_symlink()
    assert sorted(tmp_path.iterdir()) == sorted([path, real])


@every_suffix
def test_what_is_no_list_of_ours_is_kept(suffix: str, tmp_path: Path) -> None:
    """The sheet of a ripped album is not overwritten; an empty file may be."""
    path = tmp_path / f"album{suffix}"
    path.write_text('PERFORMER "Somebody"\n')
    with pytest.raises(OutputError, match="is no chapter list of tagger"):
        chapters.write(path, listed(2), source="album.flac")
    assert path.read_text() == 'PERFORMER "Somebody"\n'
    path.write_bytes(b"")
    chapters.write(path, listed(2), source="album.flac")
    assert path.stat().st_size


def test_a_later_sheet_of_somebody_else_is_kept(tmp_path: Path) -> None:
    """Nothing is written at all if one of several sheets cannot be."""
    (tmp_path / "mix.2.cue").write_text("mine")
    with pytest.raises(OutputError, match=r"mix\.2\.cue: exists"):
        chapters.write(tmp_path / "mix.cue", listed(100), source="mix.wav")
    assert [path.name for path in tmp_path.iterdir()] == ["mix.2.cue"]


@pytest.mark.parametrize("name", ["song.mp3", "list", ".cue"])
def test_an_unknown_suffix_is_refused(name: str, tmp_path: Path) -> None:
    """There is a hint that names the known ones, and nothing is written; also before a session begins."""
    for call in (chapters.check, lambda path: chapters.write(path, [], source="a")):
        with pytest.raises(SettingsError, match="unclear") as refusal:
            call(tmp_path / name)
        assert ".cue, .json, .ffmeta" in refusal.value.hint
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing folder, a folder in the way, and a full disk are one sentence; nothing half written is left."""
    with pytest.raises(OutputError, match="there is no folder"):
        chapters.check(tmp_path / "nowhere" / "a.cue")
    (tmp_path / "b.cue").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        chapters.write(tmp_path / "b.cue", listed(1), source="a")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"c\.cue: the chapter list cannot be written: No space left"):
        chapters.write(tmp_path / "c.cue", listed(1), source="a")
    assert [path.name for path in tmp_path.iterdir()] == ["b.cue"]


def test_lists_are_readable_as_other_files_are(tmp_path: Path) -> None:
    """A list has the mode that the user's files have."""
    chapters.write(tmp_path / "a.cue", listed(1), source="a")
    (tmp_path / "usual").touch()
    written, usual = ((tmp_path / name).stat().st_mode for name in ("a.cue", "usual"))
    assert stat.S_IMODE(written) == stat.S_IMODE(usual)
