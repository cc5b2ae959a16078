"""The page in a real browser: what people see is what the program says, and every key does what it promises."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tagger.sinks import tags
from tagger.sinks.tags import fields
from tagger.sinks.tags.interface import Manner
from tagger.sources import decode
from tests.web.pages import Page, chromium, opened, served, shoot, until
from tests.web.test_door import eventually

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "music"
PHONE = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "has_touch": True}
DESK = {"viewport": {"width": 1200, "height": 900}, "color_scheme": "light"}


@pytest.fixture(scope="module")
def microphone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the browser's microphone hears: a piece that the model is sure of, as WAV."""
    path = tmp_path_factory.mktemp("microphone") / "adagio.wav"
    soundfile.write(path, np.concatenate(list(decode.blocks(EXAMPLES / "adagio.mp2", 48_000))), 48_000)
    return path


@pytest.fixture(scope="module")
def browser(microphone: Path) -> Iterator[Any]:
    """One browser for all tests; its microphone plays a file."""
    with chromium(
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={microphone}",
        "--autoplay-policy=no-user-gesture-required",
    ) as one:
        yield one


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the example library."""
    return Path(shutil.copytree(EXAMPLES, tmp_path_factory.mktemp("shared") / "Music of mine"))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, library: Path, browser: Any) -> Iterator[Page]:
    """The program, with that library."""
    with served(tmp_path_factory.mktemp("page"), "--share-library", library) as one:
        yield one


def scanned(path: Path, home: Path) -> dict[str, Any]:
    """What `tagger scan` says of a file."""
    run = subprocess.run(
        [sys.executable, "-m", "tagger", "scan", path, "--json", "--top-k", "14", "--runtime", "onnx"],
        capture_output=True,
        check=True,
        env=os.environ | {"TAGGER_HOME": str(home)},
        timeout=120,
    )
    return json.loads(run.stdout)


def shown_bars(card: Any) -> list[tuple[str, float, str]]:
    """Genre, probability and words of each bar."""
    return [
        (
            row.locator(".name").inner_text(),
            float(row.locator("data").get_attribute("value")),
            row.locator("data").inner_text(),
        )
        for row in card.locator(".bars li").all()
    ]


@pytest.mark.real
def test_a_real_track_has_the_verdict_of_a_scan(page: Page, browser: Any, music: Path, tmp_path: Path) -> None:
    """The bold genre and every bar are those of `tagger scan`, and the bars are as long as they say."""
    song = sorted((music / "songs").glob("*.mp3"))[0]
    expected = scanned(song, tmp_path)
    with opened(browser, page, **DESK) as tab:
        tab.set_input_files("#files", song)
        card = tab.locator("article.card")
        bold = card.locator("strong.genre")
        bold.wait_for(timeout=60_000)
        assert bold.inner_text() == (expected["genre"] or "don’t know")
        assert int(bold.evaluate("one => getComputedStyle(one).fontWeight")) >= 700
        bars = shown_bars(card)
        assert [(name, value) for name, value, _ in bars] == [tuple(one.values()) for one in expected["genres"]]
        assert all(words == f"{int(100 * value + 0.5)} %" for _, value, words in bars)
        widths = [
            fill.evaluate("one => one.offsetWidth / one.parentElement.offsetWidth")
            for fill in card.locator(".fill").all()
        ]
        assert widths == pytest.approx([value for _, value, _ in bars], abs=0.01)
        assert tab.locator("#said").inner_text().startswith(f"{song.name}: ")
        shoot(tab, "hear-desk-light")


def test_files_that_mean_no_good_are_told_and_leave_the_others_alone(
    page: Page, browser: Any, tmp_path: Path
) -> None:
    """Names with paths and markup are only shown; each bad file gets its sentence, the good one its genre."""
    names = {
        "<img src=x onerror=alert(1)>.mp3": b"no audio at all",
        "..\\..\\etc\\passwd.wav": (EXAMPLES / "disco.wav").read_bytes(),
        "%2e%2e%2fetc%2fpasswd": b"",
        "song'; DROP TABLE files;--.flac": b"fLaC" + bytes(100),
    }
    with opened(browser, page, **PHONE) as tab:
        tab.set_input_files(
            "#files",
            [{"name": name, "mimeType": "audio/mpeg", "buffer": content} for name, content in names.items()],
        )
        tab.locator("article.card strong.genre").wait_for(timeout=60_000)
        until(tab, "document.querySelectorAll('.card .alarm').length === 3")
        assert tab.locator(".card h3").all_inner_texts() == list(names)[::-1]
        assert tab.locator(".card .alarm").all_inner_texts()[-1] == "cannot be heard: not a known audio format"
        assert tab.locator("img").count() == 0
        shoot(tab, "hear-phone-dark")
        tab.get_by_role("button", name="Clear").click()
        assert tab.locator("article.card").count() == 0
    assert page.left_behind() == []
    assert not list(tmp_path.parent.rglob("*passwd*"))


def test_a_file_that_is_too_long_is_refused_in_the_page(browser: Any, tmp_path: Path) -> None:
    """The page itself refuses what the program would."""
    with served(tmp_path, "--max-upload", "1") as small, opened(browser, small, **DESK) as tab:
        (tmp_path / "long.wav").write_bytes(bytes(2**20 + 1))
        tab.set_input_files("#files", tmp_path / "long.wav")
        tab.locator(".card .alarm").wait_for()
        assert "longer than 1 MiB" in tab.locator(".card .alarm").inner_text()
        assert tab.locator("#tab-review").is_hidden()


def test_three_tracks_are_reviewed_written_and_put_back(page: Page, browser: Any, library: Path) -> None:
    """By keys alone: one accepted, one corrected, one typed; written; then undone, byte for byte."""
    before = {path.name: hashlib.sha256(path.read_bytes()).digest() for path in library.iterdir()}
    with opened(browser, page, **DESK) as tab:
        tab.locator("#tab-hear").focus()
        for _ in range(2):
            tab.keyboard.press("ArrowRight")
        assert tab.evaluate("document.activeElement.id") == "tab-review"
        tab.wait_for_selector(".stage .verdict")
        shoot(tab, "review-desk-light")
        reviewed = []
        tab.locator(".stage").focus()
        for keys in (["Enter"], ["2"], ["c", "Zydeco", "Enter"]):
            reviewed.append(
                (tab.locator(".stage h3").inner_text(), tab.locator(".stage .name").all_inner_texts())
            )
            for key in keys:
                if key == "Zydeco":
                    tab.keyboard.type(key)
                else:
                    tab.keyboard.press(key)
            until(tab, f"document.querySelectorAll('.decided li').length === {len(reviewed)}")
        said = [reviewed[0][1][0], reviewed[1][1][1], "Zydeco"]
        assert unchanged(library, before), "nothing is written before it is asked for"
        tab.keyboard.press("w")
        tab.wait_for_selector(".note")
        assert tab.locator(".note").inner_text().startswith("3 files written")
        files = [library / name for name, _ in reviewed]
        assert [tags.read(path) for path in files] == [(genre,) for genre in said]
        history = tagger("history", page)
        assert re.search(r"\b3\b.*review", history), history
        tab.keyboard.press("u")
        until(tab, "(document.querySelector('.note')?.textContent ?? '').includes('byte for byte')")
        assert unchanged(library, before)
        for left in (2, 1, 0):
            tab.keyboard.press("u")
            until(tab, f"document.querySelectorAll('.decided li').length === {left}")
        assert tab.locator(".stage h3").inner_text() == reviewed[0][0]
        tab.keyboard.press("d")
        tab.wait_for_selector(".decided li")
        assert "don’t know" in tab.locator(".decided li").inner_text()
        assert tab.get_by_role("button", name="Write 0 genres").is_disabled()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, browser: Any) -> Iterator[Page]:
    """The program with a library of two doubtful tracks, of which the first has two genres in its tags."""
    folder = tmp_path_factory.mktemp("small")
    music = folder / "music"
    music.mkdir()
    for name in ("ambient.flac", "bossa.m4a"):
        shutil.copy(EXAMPLES / name, music)
    with (music / "ambient.flac").open("r+b") as file:
        tags.apply(music / "ambient.flac", file, {fields.GENRE: ("Ambient", "Drone")}, Manner())
    with served(folder, "--share-library", music) as one:
        assert eventually(lambda: not one.get("/api/library/progress")["busy"], 60)
        yield one


def test_whoever_types_is_not_disturbed(small: Page, browser: Any) -> None:
    """When more of the library has been heard, what is typed stays where it is."""
    with opened(browser, small, **DESK) as tab:
        tab.locator("#tab-review").click()
        tab.wait_for_selector(".stage .verdict")
        tab.keyboard.press("c")
        tab.keyboard.type("d")
        with tab.expect_response("**/api/review"):
            tab.locator("#review").get_by_role("button", name="Look again").evaluate("one => one.click()")
        tab.wait_for_timeout(300)
        tab.keyboard.type("ub")
        assert tab.evaluate("document.activeElement.id") == "correction"
        assert tab.locator("#correction").input_value() == "dub"
        assert small.get("/api/review")["decided"] == []


def test_a_key_that_is_held_counts_once(small: Page, browser: Any) -> None:
    """Nobody says "don't know" of a whole library by a heavy hand."""
    with opened(browser, small, **DESK) as tab:
        tab.locator("#tab-review").click()
        tab.wait_for_selector(".stage .verdict")
        tab.locator(".stage").focus()
        for _ in range(3):
            tab.keyboard.down("d")
            tab.wait_for_selector(".decided li")
            tab.wait_for_timeout(200)
        tab.keyboard.up("d")
        assert tab.locator(".decided li").count() == 1
        tab.keyboard.press("u")
        until(tab, "document.querySelectorAll('.decided li').length === 0")


def test_what_the_file_says_is_kept_by_a_key(small: Page, browser: Any) -> None:
    """K keeps all genres of the file, and leaves nothing to write; without any there is nothing to keep."""
    path = small.uploads.parent / "music" / "ambient.flac"
    content = path.read_bytes()
    with opened(browser, small, **DESK) as tab:
        tab.locator("#tab-review").click()
        tab.get_by_role("button", name="Keep Ambient, Drone (K)").wait_for()
        tab.keyboard.press("k")
        tab.wait_for_selector(".decided li")
        assert "as the file says" in tab.locator(".decided li").inner_text()
        assert tab.get_by_role("button", name="Write 0 genres").is_disabled()
        assert tab.locator(".stage h3").inner_text() == "bossa.m4a"
        assert tab.get_by_role("button", name="Keep").count() == 0
        tab.keyboard.press("k")
        tab.keyboard.press("w")
        tab.wait_for_timeout(300)
        assert tab.locator(".decided li").count() == 1
    assert path.read_bytes() == content


def unchanged(library: Path, before: dict[str, bytes]) -> bool:
    """Whether all files are as they were, and no other is there."""
    return before == {path.name: hashlib.sha256(path.read_bytes()).digest() for path in library.iterdir()}


def tagger(command: str, page: Page) -> str:
    """What a command of the same user prints."""
    run = subprocess.run(
        [sys.executable, "-m", "tagger", command],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"TAGGER_HOME": str(page.uploads.parent / "home"), "COLUMNS": "200"},
        timeout=60,
    )
    return run.stdout


@pytest.mark.parametrize("name", ["blues.mp3", "jazz.wv", "rock.wma"])
def test_tracks_of_the_library_are_filtered_and_played(page: Page, browser: Any, name: str) -> None:
    """A track is found by its name and plays in place, also where the browser cannot decode it."""
    with opened(browser, page, **PHONE) as tab:
        tab.locator("#tab-library").click()
        until(tab, "document.querySelectorAll('.tracks tbody tr').length === 13")
        tab.get_by_label("Search").fill(name.split(".")[0].upper())
        assert tab.locator(".tracks tbody th").all_inner_texts() == [name]
        tab.get_by_role("button", name=f"Play {name}").click()
        until(tab, "document.querySelector('.dock audio').currentTime > 0.2")
        assert tab.locator(".now").inner_text() == name
        shoot(tab, "library-phone-dark")
        tab.get_by_label("Search").fill("")
        tab.get_by_label("Which").select_option("skipped")
        assert tab.locator(".tracks tbody th").all_inner_texts() == ["silence.flac"]


def test_the_map_is_filtered_and_played(page: Page, browser: Any) -> None:
    """Every track has a point with its name, which plays it; what is filtered out has none."""
    with opened(browser, page, **DESK) as tab:
        tab.locator("#tab-library").click()
        tab.locator("canvas.map").wait_for(timeout=60_000)
        points = {row["id"]: row for row in page.get("/api/library/audit")["map"]}
        row = next(row for row in page.get("/api/library")["rows"] if row["name"] == "disco.wav")
        assert len(points) == 12
        box = tab.locator("canvas.map").evaluate("one => [one.clientWidth, one.clientHeight]")
        point = points[row["id"]]
        place = {"x": 10 + point["x"] * (box[0] - 20), "y": 10 + (1 - point["y"]) * (box[1] - 20)}
        tab.locator("canvas.map").hover(position=place)
        assert tab.locator("figcaption").inner_text() == "disco.wav: Electronic 68 %"
        tab.locator("canvas.map").click(position=place)
        until(tab, "document.querySelector('.dock audio').currentTime > 0.1")
        assert tab.locator(".now").inner_text() == "disco.wav"
        shoot(tab, "library-desk-light")
        tab.get_by_label("Search").fill("adagio")
        tab.locator("canvas.map").hover(position=place)
        assert "disco" not in tab.locator("figcaption").inner_text()


def test_the_report_opens_under_a_policy_of_its_own(page: Page, browser: Any) -> None:
    """The page of `tagger report` is shown whole; its one script runs, and no other could."""
    with opened(browser, page, **DESK) as tab:
        tab.locator("#tab-library").click()
        tab.get_by_role("link", name="The whole report").wait_for(timeout=60_000)
        with tab.context.expect_page() as coming:
            tab.get_by_role("link", name="The whole report").click()
        report = coming.value
        report.wait_for_url("**/report")
        complaints: list[str] = []
        report.on("console", lambda said: complaints.append(said.text))
        report.reload()
        report.get_by_role("heading", name="The library as it stands").wait_for()
        assert not complaints
    _, headers, text = page.ask("/report")
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-")
    assert text.count(b"<script>") == policy.count("sha256-") == 1


def test_reasons_are_told_and_drawn(page: Page, browser: Any) -> None:
    """One file alone is explained: its timeline, the windows that decided, and what speaks for which genre."""
    with opened(browser, page, **PHONE) as tab:
        tab.set_input_files("#files", EXAMPLES / "disco.wav")
        tab.locator(".why-so").wait_for(timeout=120_000)
        assert tab.locator(".why-so h4").all_inner_texts()[:3] == [
            "When",
            "Windows that decided",
            "What speaks for it",
        ]
        assert (
            tab.locator("canvas.wave")
            .get_attribute("aria-label")
            .startswith("Waveform; strongest in most windows")
        )
        assert tab.locator(".deciding li").first.inner_text().count("Disco") == 1
        plain = colours_of(tab, "canvas.spectrogram", "plain")
        winner = colours_of(tab, "canvas.spectrogram", "for Disco")
        assert plain == 0
        assert winner > 0.02
        assert (
            tab.locator("canvas.spectrogram").get_attribute("aria-label")
            == "Spectrogram with what speaks for Disco"
        )
        tab.locator(".deciding button").first.click()
        until(tab, "document.querySelector('.card audio').currentTime > 0.1")
        until(tab, "document.querySelector('.playhead').classList.contains('on')")
        assert tab.evaluate("document.scrollingElement.scrollWidth") <= 390
        shoot(tab, "why-phone-dark")


def colours_of(tab: Any, canvas: str, choice: str) -> float:
    """Share of a picture's points that have a colour, not a grey, after something was chosen."""
    tab.get_by_label(choice, exact=True).check()
    return tab.locator(canvas).evaluate(
        """one => { const { data } = one.getContext('2d').getImageData(0, 0, one.width, one.height);
        let count = 0;
        for (let at = 0; at < data.length; at += 4) count += Math.abs(data[at] - data[at + 1]) > 20;
        return count / (data.length / 4); }"""
    )


def test_several_files_are_explained_when_asked(page: Page, browser: Any) -> None:
    """Of several files only the verdicts come at once; each has a button for the reasons."""
    with opened(browser, page, **DESK) as tab:
        tab.set_input_files("#files", [EXAMPLES / "disco.wav", EXAMPLES / "hiphop.opus"])
        until(tab, "document.querySelectorAll('.card strong.genre').length === 2", 60)
        assert tab.locator(".why-so").count() == 0
        assert tab.get_by_role("button", name="Why?").count() == 2
        tab.get_by_role("button", name="Why?").first.click()
        tab.locator(".why-so").wait_for(timeout=120_000)
        assert tab.locator(".why-so").count() == 1
        shoot(tab, "why-desk-light")


def test_the_microphone_is_named_while_it_plays(page: Page, browser: Any, microphone: Path) -> None:
    """The live tab shows the genre of what the microphone plays, and in the end the verdict over all of it."""
    with opened(browser, page, **DESK) as tab:
        tab.locator("#tab-live").click()
        tab.get_by_role("button", name="Listen").click()
        until(tab, "document.querySelectorAll('.strip .cell').length >= 2", 60)
        assert tab.locator(".word strong").inner_text() == "Classical"
        assert re.fullmatch(r"0:\d\d · \d\.\d s behind", tab.locator(".times").inner_text())
        assert float(tab.locator("meter").evaluate("one => one.value")) > -60
        assert tab.locator(".legend").inner_text().startswith("Classical")
        shoot(tab, "live-desk-light")
        tab.get_by_role("button", name="Stop").click()
        tab.wait_for_selector(".summary", timeout=20_000)
        assert tab.locator(".summary").inner_text().startswith("All together: Classical, ")
        tab.get_by_role("button", name="Listen").wait_for()


def test_a_recording_is_heard_like_a_file(page: Page, browser: Any) -> None:
    """What the microphone plays for some seconds becomes a card with a verdict and a player."""
    with opened(browser, page, **PHONE) as tab:
        tab.get_by_role("button", name="Record").click()
        tab.wait_for_timeout(4_000)
        tab.get_by_role("button", name="Stop").click()
        tab.locator("article.card strong.genre").wait_for(timeout=60_000)
        assert tab.locator(".card h3").inner_text() == "recording 1.webm"
        assert tab.locator(".card strong.genre").inner_text() == "Classical"
        assert tab.locator(".card audio").count() == 1


_SLOW_MICROPHONE = """
  const original = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  const Socket = window.WebSocket;
  window.streams = [];
  window.WebSocket = class extends Socket { constructor(url) { super(url); window.socket = this; } };
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    await new Promise((resolve) => setTimeout(resolve, 500));
    const stream = await original(wanted);
    window.streams.push(stream);
    return stream;
  };"""
_LIVE = "window.streams.flatMap((one) => one.getTracks()).filter((one) => one.readyState === 'live').length"


@contextlib.contextmanager
def watched(browser: Any, page: Page, script: str = "") -> Iterator[Any]:
    """A tab whose microphone is slow to be allowed; all that it ever gave is counted."""
    with opened(browser, page, **DESK) as tab:
        tab.add_init_script(_SLOW_MICROPHONE + script)
        tab.reload()
        tab.wait_for_selector(".zone")
        yield tab


def test_a_recording_that_is_asked_for_twice_is_one(page: Page, browser: Any) -> None:
    """After a double click one microphone is on, and it can be stopped."""
    with watched(browser, page) as tab:
        tab.get_by_role("button", name="Record").evaluate("one => (one.click(), one.click())")
        tab.get_by_role("button", name="Stop").wait_for()
        tab.wait_for_timeout(700)
        assert tab.evaluate("window.streams.length") == 1
        tab.get_by_role("button", name="Stop").click()
        until(tab, f"{_LIVE} === 0")
        tab.get_by_role("button", name="Record", exact=True).wait_for()


@pytest.mark.parametrize(("name", "button"), [("hear", "Record"), ("live", "Listen")])
def test_whoever_leaves_before_the_microphone_is_allowed_is_not_heard(
    page: Page, browser: Any, name: str, button: str
) -> None:
    """Another tab of the page turns off what comes too late; it can be asked for again."""
    with watched(browser, page) as tab:
        tab.locator(f"#tab-{name}").click()
        tab.get_by_role("button", name=button).click()
        tab.locator("#tab-library").click()
        until(tab, "window.streams.length === 1")
        tab.wait_for_timeout(700)
        assert tab.evaluate(_LIVE) == 0
        tab.locator(f"#tab-{name}").click()
        assert tab.get_by_role("button", name=button).is_enabled()


def test_what_fails_after_the_microphone_was_allowed_turns_it_off(page: Page, browser: Any) -> None:
    """A browser that cannot listen says so, and does not keep the microphone."""
    broken = "AudioWorklet.prototype.addModule = () => Promise.reject(new Error('no worklets here'));"
    with watched(browser, page, broken) as tab:
        tab.locator("#tab-live").click()
        tab.get_by_role("button", name="Listen").click()
        tab.locator("#live .alarm").wait_for()
        assert tab.locator("#live .alarm").inner_text() == "no worklets here"
        assert tab.evaluate(_LIVE) == 0


def test_a_connection_that_ends_is_told(page: Page, browser: Any) -> None:
    """Where the program is gone, the live tab says so, and the microphone is off."""
    with watched(browser, page) as tab:
        tab.locator("#tab-live").click()
        tab.get_by_role("button", name="Listen").click()
        tab.get_by_role("button", name="Stop").wait_for()
        assert tab.evaluate(_LIVE) == 1
        tab.evaluate("window.socket.close()")
        tab.locator("#live .alarm").wait_for()
        assert "the program does not listen any more" in tab.locator("#live .alarm").inner_text()
        assert tab.evaluate(_LIVE) == 0
        tab.get_by_role("button", name="Listen").wait_for()


def test_everything_has_a_name_and_fits_a_phone(page: Page, browser: Any) -> None:
    """On every tab each control has a name for screen readers, and nothing is wider than a phone."""
    with opened(browser, page, **PHONE) as tab:
        for name in ("hear", "live", "review", "library"):
            tab.locator(f"#tab-{name}").click()
            tab.wait_for_timeout(500)
            assert tab.evaluate(_NAMELESS) == []
            assert tab.evaluate("document.scrollingElement.scrollWidth") <= 390, name
            panel = tab.locator(f"#{name}")
            assert panel.get_attribute("aria-labelledby") == f"tab-{name}"
            assert tab.locator("[role=tabpanel]:not([hidden])").count() == 1
            shoot(tab, f"{name}-phone-dark-plain")


def test_texts_can_be_read_in_light_and_dark(page: Page, browser: Any) -> None:
    """Every text has a contrast of 4.5 at least against what is behind it (WCAG 2.2, 1.4.3)."""
    for scheme in ("light", "dark"):
        with opened(browser, page, **(PHONE | {"color_scheme": scheme})) as tab:
            tab.set_input_files("#files", [EXAMPLES / "disco.wav", EXAMPLES / "COPYING"])
            tab.locator("article.card strong.genre").wait_for(timeout=60_000)
            tab.locator(".card .alarm").wait_for()
            for name in ("hear", "live", "review", "library"):
                tab.locator(f"#tab-{name}").click()
                tab.mouse.move(0, 0)
                tab.wait_for_timeout(500)
                poor = [one for one in tab.evaluate(_CONTRASTS) if one[0] < 4.5]
                assert not poor, (scheme, name)


_NAMELESS = """() => [
  ...document.querySelectorAll('button, input, select, audio, progress, meter, [role=region]')]
  .filter((one) => one.checkVisibility())
  .filter((one) => !one.getAttribute('aria-label') && !one.textContent.trim())
  .filter((one) => !one.labels?.[0]?.textContent.trim())
  .map((one) => one.outerHTML)"""

_CONTRASTS = """() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgb = (colour, behind) => {
    canvas.fillStyle = behind; canvas.fillRect(0, 0, 1, 1);
    canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const linear = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  const light = (one) => one.map((c) => linear(c / 255))
    .reduce((sum, c, place) => sum + c * [0.2126, 0.7152, 0.0722][place], 0);
  const behind = (one) => {
    const colours = [];
    for (let at = one; at; at = at.parentElement) colours.unshift(getComputedStyle(at).backgroundColor);
    return colours.reduce((below, colour) => `rgb(${rgb(colour, below)})`, 'white');
  };
  return [...document.querySelectorAll('body *')]
    .filter((one) => one.checkVisibility() && !one.disabled && !one.closest('.unseen, option'))
    .filter((one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()))
    .map((one) => {
      const paper = behind(one);
      const [a, b] = [light(rgb(getComputedStyle(one).color, paper)), light(rgb(paper, paper))];
      return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), one.outerHTML.slice(0, 120)];
    });
}"""
