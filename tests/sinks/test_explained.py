"""Explanations in words, on the screen, as JSON, as pictures and as pages."""

import base64
import dataclasses
import io
import json
import re
import warnings
from pathlib import Path
from xml.dom import minidom

import matplotlib.image
import numpy as np
import pytest

from tagger.errors import OutputError, SettingsError
from tagger.explanation import BandEffect, Neighbour
from tagger.sinks import display, explained, explained_files, explained_page, picture, told
from tagger.sinks import fonts as fonts_of
from tests.sinks import terminals
from tests.sinks.explanations import GENRES, explanation

PNG = b"\x89PNG\r\n\x1a\n"


def test_what_decided_is_told_strongest_first() -> None:
    """The sentence names the bands that decided, what is left without them, and who would win."""
    assert told.bands(explanation()) == (
        "Bass and mids decided: without the bass Jazz has 20 % instead of 62 %, and R&B would win; "
        "without the mids Jazz has 49 % instead of 62 %."
    )


def test_no_band_is_praised_that_did_not_decide() -> None:
    """Where no band costs ten points alone, that is said, with the most that one costs."""
    weak = (BandEffect("bass", 60, 250, -0.0951, "Jazz"), BandEffect("mids", 500, 2000, 0.3, "Jazz"))
    assert told.bands(explanation(bands=weak)) == (
        "No band decided alone: without any one of them Jazz loses 10 points at most (bass)."
    )
    assert told.bands(explanation(bands=weak[1:])).endswith("loses nothing.")
    assert told.bands(explanation(bands=())) == "The model hears none of the bands."


def test_confidence_is_told_with_and_without_calibration() -> None:
    """Both numbers are there, and the runner-up."""
    assert told.confidence(explanation()) == (
        "62 % calibrated, 48 % as the network says it; the runner-up, R&B, has 23 %"
    )
    assert told.verdict(explanation()) == "Jazz, 62 %"
    assert told.verdict(explanation(genre=None)) == "don't know: confidence is low; the strongest is Jazz"


def test_an_empty_library_is_said_to_be_empty() -> None:
    """Without anything to compare with, people are told what to do."""
    assert "no library has been scanned yet" in told.neighbours(explanation(neighbours=()))
    assert told.neighbours(explanation()) == "Of 1 other recording that was scanned."
    two = dataclasses.replace(explanation(), n_compared=2)
    assert told.neighbours(two) == "Of 2 other recordings that were scanned."


def test_json_holds_all() -> None:
    """Whatever an explanation says is in JSON that is plain JSON, silence as null."""
    row = json.loads(json.dumps(explained.row(explanation()), allow_nan=False))
    assert (row["format"], row["genre"], row["confidence"], row["status"]) == (1, "Jazz", 0.62, "named")
    assert row["genres"][0] == {"genre": "Jazz", "probability": 0.62, "uncalibrated": 0.48}
    assert row["genre_order"] == list(GENRES)
    assert [window["probabilities"] is None for window in row["windows"]] == [False, False, True, False]
    assert row["windows"][3] == {
        "start_seconds": 9.0, "end_seconds": 12.0, "level_db": -22.0, "probabilities": [0.1, 0.2, 0.6, 0.1]
    }  # fmt: skip
    assert row["deciding"][0]["lead"] == 0.2
    assert (row["n_tried"], row["tried_confidence"]) == (3, 0.62)
    assert (row["n_compared"], row["no_neighbours"]) == (1, None)
    assert explained.row(explanation(neighbours=()))["no_neighbours"] == "no library has been scanned yet"
    assert [band["is_decisive"] for band in row["bands"]] == [False, True, True]
    assert row["neighbours"] == [
        {"path": "/music/other.mp3", "similarity": 0.93, "genre": "Jazz", "confidence": 0.7, "tags": ["Bebop"]}
    ]


def test_json_has_the_means_of_frames() -> None:
    """Spectrogram and maps have 500 frames at most, each the mean of some, and say how long they are."""
    found = explanation()
    excerpt = explained.row(found)["excerpt"]
    assert len(excerpt["spectrogram_db"]) == len(excerpt["winner"]["cells"]) == 400
    assert excerpt["seconds_per_frame"] == pytest.approx(0.03)
    levels, cells = found.excerpt.spectrogram, found.excerpt.runner_up.cells
    assert excerpt["spectrogram_db"][7][3] == pytest.approx(levels[21:24, 3].mean(), abs=0.06)
    assert excerpt["runner_up"]["cells"][0][0] == pytest.approx(cells[:3, 0].mean(), abs=0.01)


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_pictures_are_drawn(suffix: str) -> None:
    """Each kind is what it says it is, names its maker, and holds names that mean something to drawers."""
    data = picture.drawn(explanation(), suffix)
    assert data.startswith({"png": PNG, "svg": b"<?xml", "pdf": b"%PDF"}[suffix])
    assert picture.MARK.encode() in data
    if suffix == "svg":
        text = data.decode()
        assert "evidence by integrated gradients of the network, at the spectrogram" in text
        assert explained.row(explanation())["excerpt"]["method"] == "integrated gradients"
        assert "$a &lt;b&gt; \\xff.mp3" in text
        assert "What speaks for R&amp;B (23 %)" in text
        assert "bass  60–250 Hz" in text


def test_a_picture_shows_what_it_is_given() -> None:
    """Another map, another waveform and another theme each give another picture; the same gives the same."""
    found = explanation()
    same = picture.drawn(found, "png")
    assert picture.drawn(explanation(), "png") == same
    cells = dataclasses.replace(found.excerpt.winner, cells=np.zeros((1200, 40), np.float32))
    unmarked = dataclasses.replace(found, excerpt=dataclasses.replace(found.excerpt, winner=cells))
    quiet = dataclasses.replace(
        found, waveform=dataclasses.replace(found.waveform, lows=found.waveform.lows / 9)
    )
    others = [picture.drawn(one, "png") for one in (unmarked, quiet)]
    assert same not in [*others, picture.drawn(found, "png", picture.DARK)]


STEERING = Path("/music/a\x1b[2J\u202eb\tc\nd\ufffe.mp3")
ESCAPED = "a\\x1b[2J\\u202eb\\tc\\nd\\ufffe.mp3"


def test_names_that_steer_are_escaped() -> None:
    """Control signs, and those that turn writing round, are seen as escapes; the SVG is XML all the same."""
    near = Neighbour(STEERING, 0.9, "Jazz", 0.7)
    found = explanation(STEERING, neighbours=(near,))
    texts = minidom.parseString(picture.drawn(found, "svg")).getElementsByTagName("text")
    said = ["".join(node.data for node in one.childNodes if node.nodeType == node.TEXT_NODE) for one in texts]
    assert ESCAPED in said
    assert any(line.startswith("0.90") and ESCAPED in line for line in said)
    page = explained_page.page_of(found)
    assert f"<title>{ESCAPED}: Jazz</title>" in page
    assert f"<h1><bdi>{ESCAPED}</bdi></h1>" in page
    assert f"<bdi>/music/{ESCAPED}</bdi>" in page
    assert not re.search("[\x00-\x09\x0b-\x1f\u202e\ufffe]", page)


def test_other_writing_makes_no_noise() -> None:
    """Signs that no font has are no warning, and fonts that have them are used where they are installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data = picture.drawn(explanation(Path("/music/東京の夜.mp3")), "svg")
    assert "東京の夜.mp3" in data.decode()
    fonts = fonts_of.chosen(["Liberation Sans", "WenQuanYi Zen Hei", "Noto Sans CJK JP", "DejaVu Sans"])
    assert fonts == ["DejaVu Sans", "Noto Sans CJK JP", "WenQuanYi Zen Hei"]


@pytest.mark.parametrize("name", ["a long name " * 20, "長い名前" * 40])
def test_long_names_stay_in_the_picture(name: str) -> None:
    """However long and wide a name is, the picture has a margin of paper; the page has it in full, once."""
    found = explanation(Path(f"/music/{name}.mp3"))
    dots = matplotlib.image.imread(io.BytesIO(picture.drawn(found, "png")))[..., :3]
    assert (dots[:100, :12] == 1).all()
    assert (dots[:100, -12:] == 1).all()
    assert not (dots[:100] == 1).all()
    untitled = matplotlib.image.imread(io.BytesIO(picture.drawn(found, "png", is_titled=False)))
    text = explained_page.page_of(found)
    assert f"<bdi>{name}.mp3</bdi>" in text
    first = io.BytesIO(base64.b64decode(re.findall(r'src="data:image/png;base64,([^"]+)"', text)[0]))
    assert (matplotlib.image.imread(first) == untitled).all()


def test_a_page_needs_nothing_else() -> None:
    """The page has both pictures in it, no script and no address, and names that mean nothing in HTML."""
    text = explained_page.page_of(explanation())
    assert "<script" not in text
    assert not re.search(r'(src|href|srcset)="(?!data:image/png;base64,)', text)
    light, dark = (base64.b64decode(one) for one in re.findall(r"base64,([^\"]+)\"", text)[::-1])
    assert light.startswith(PNG)
    assert dark.startswith(PNG)
    assert light != dark
    assert "$a &lt;b&gt; \\xff.mp3" in text
    for part in (
        "Bass and mids decided",
        "0:03–0:06",
        "R&amp;B",
        "62.0 %",
        "48.0 %",
        "/music/other.mp3",
        "Bebop",
    ):
        assert part in text


@pytest.mark.parametrize("name", ["a.png", "a.svg", "a.pdf", "a.html", "a.json"])
def test_files_take_the_place_of_their_like(tmp_path: Path, name: str) -> None:
    """What was written is written over, and leaves nothing else behind."""
    path = tmp_path / name
    kind = explained_files.check(path)
    explained_files.write(path, kind, explanation())
    before = path.read_bytes()
    explained_files.write(path, explained_files.check(path), explanation(genre=None))
    assert path.read_bytes() != before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["a.png", "a.html", "a.json"])
def test_what_is_somebodys_own_stays(tmp_path: Path, name: str) -> None:
    """A file that is no explanation is not overwritten, though its name is right; folders neither."""
    path = tmp_path / name
    path.write_bytes(PNG + b"a holiday picture")
    with pytest.raises(OutputError, match="is no explanation"):
        explained_files.check(path)
    assert path.read_bytes() == PNG + b"a holiday picture"
    (tmp_path / "b.png").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        explained_files.check(tmp_path / "b.png")
    with pytest.raises(OutputError, match="there is no folder"):
        explained_files.check(tmp_path / "nowhere" / name)


def test_names_must_say_what_is_wanted(tmp_path: Path) -> None:
    """A suffix that is none of ours, or of another kind than an option asks for, is refused."""
    with pytest.raises(SettingsError, match="unclear"):
        explained_files.check(tmp_path / "a.mp3")
    with pytest.raises(SettingsError, match="is a picture by its name, not a page"):
        explained_files.check(tmp_path / "a.png", "page")


def test_lines_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    """Where there is no terminal, lines have a label and cells parted by tabs, and no control codes."""
    display.explanation_view(explanation())
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert lines[0][2:4] == ["Jazz", "62 %"]
    heard = [line[1:] for line in lines if line[0] == "heard"]
    assert heard[1:3] == [["0:03–0:06", "Jazz", "90 %"], ["0:06–0:09", "silent", ""]]
    assert ["band", "bass", "60–250 Hz", "-42.0 points", "decided"] in lines
    assert not any("not known" in cell for line in lines for cell in line)
    display.explanation_view(explanation(neighbours=(Neighbour(None, 0.93, "Jazz", 0.7),)))
    assert "alike\t0.93\t(place not known)\tJazz 70 %" in capsys.readouterr().out
    assert ["alike", "0.93", "/music/other.mp3", "Jazz 70 %", "tag: Bebop"] in lines


PROGRAM = """
from tagger.sinks import display
from tests.sinks.explanations import explanation
display.explanation_view(explanation())
"""


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_the_view_fits_the_terminal(columns: int) -> None:
    """Strip, windows, bands and neighbours are drawn, each line in one line, whatever the width."""
    with terminals.running(PROGRAM, columns, 50) as terminal:
        text = terminal.wait_for(lambda text: "Sounds alike" in text and "0.93" in text)
    lines = text.splitlines()
    strip = next(number for number, line in enumerate(lines) if line.startswith("Second by second")) + 1
    assert lines[strip].startswith("Jazz")
    assert lines[strip].count("·") == pytest.approx(columns / 4, abs=1)
    assert lines[strip].index("R&B") > columns * 0.74
    assert lines[strip + 1].startswith("0:00")
    assert lines[strip + 1].endswith("0:12")
    assert "Bands that decided" not in text
    for part in ("0:03–0:06", "-42.0 points", "decided", "62 % calibrated", "/music/other.mp3"):
        assert part in text


WORK = """
import time
from tagger.sinks import display
display.configure(quiet={quiet})
with display.working("loading") as tell:
    time.sleep(0.5)
    tell("hearing: 0:07")
    time.sleep(1.5)
print("ended")
"""


def test_what_goes_on_is_shown_meanwhile() -> None:
    """A terminal shows a line while work goes on, and nothing of it afterwards; quiet ones show none."""
    with terminals.running(WORK.format(quiet=False), 80, 20) as terminal:
        terminal.wait_for(lambda text: "loading" in text)
        terminal.wait_for(lambda text: "hearing: 0:07" in text)
        assert terminal.wait_for(lambda text: "ended" in text) == "ended"
    with terminals.running(WORK.format(quiet=True), 80, 20) as terminal:
        terminal.wait_for(lambda text: "ended" in text)
        assert b"hearing" not in terminal.received


def test_an_ascii_terminal_gets_ascii() -> None:
    """Where the encoding of the terminal is ASCII, no escapes of signs break the view."""
    with terminals.running(PROGRAM, 80, 50, PYTHONIOENCODING="ascii") as terminal:
        text = terminal.wait_for(lambda text: "0.93" in text)
    assert text.isascii()
    assert "\\u" not in text.replace("\\udcff", "")
