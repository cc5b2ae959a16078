"""The page of an audit in a browser: the map answers to mouse, keys and legend, and nothing is loaded."""

import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tagger.sinks import colours
from tagger.sinks.audit import save
from tagger.sinks.audit.findings import Unread
from tests.audit.made import GENRES, audit, entry

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
NASTY = "<img src=x onerror=alert(1)> & a name that is long enough to be wider than any phone there is.mp3"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, without a window."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A page whose map is a row of five tracks: three of Rock, two of Pop."""
    heard = ("Pop", "Rock", "Rock", "Pop", "Rock")
    entries = [
        entry(Path("/m") / f"{n} {NASTY}", ("Blues", NASTY), genre, album=NASTY)
        for n, genre in enumerate(heard)
    ]
    path = tmp_path_factory.mktemp("page") / "report.html"
    save.write(path, audit(entries, (Unread(Path("/m") / NASTY, "failed", NASTY),)))
    return path.as_uri()


@pytest.fixture
def opened(browser: Any, address: str) -> Iterator[Any]:
    """The page on a phone; a message, a dialogue or a request for anything else is an error."""
    page = browser.new_page(viewport={"width": 390, "height": 844})
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("dialog", lambda dialog: wrong.append(dialog.message))
    page.on("request", lambda request: request.url == address or wrong.append(request.url))
    page.goto(address)
    yield page
    page.close()
    assert not wrong


def told(page: Any) -> str:
    """What the map says of a track."""
    return page.locator(".map output").inner_text()


def test_no_part_is_wider_than_a_phone(opened: Any) -> None:
    """Wide tables can be moved within themselves; the page cannot."""
    assert opened.evaluate("document.documentElement.scrollWidth") == 390


def test_keys_go_from_track_to_track(opened: Any) -> None:
    """Arrow keys lead along the row and no further; Escape ends it; names are text."""
    opened.locator(".map").focus()
    opened.keyboard.press("ArrowDown")
    percent = "90\N{NO-BREAK SPACE}%"
    lines = [line for line in told(opened).splitlines() if line]
    assert lines == [f"2 {NASTY}", f"heard: Rock, {percent}", f"tags: Blues; {NASTY}"]
    for key, first in (("ArrowRight", "3"), ("ArrowRight", "4"), ("ArrowRight", "4"), ("ArrowLeft", "3")):
        opened.keyboard.press(key)
        assert told(opened)[0] == first
    opened.keyboard.press("ArrowUp")
    assert told(opened)[0] == "3"
    opened.keyboard.press("Escape")
    assert told(opened) == ""
    assert opened.locator("img").count() == 0


def test_the_mouse_names_what_it_points_at(opened: Any) -> None:
    """The nearest track is named; far from any, none is."""
    drawing = opened.locator(".map svg")
    drawing.scroll_into_view_if_needed()
    drawing.hover(position={"x": 8, "y": drawing.bounding_box()["height"] / 2})
    assert told(opened)[0] == "0"
    drawing.hover(position={"x": 8, "y": 8})
    assert told(opened) == ""


def test_the_legend_chooses_a_genre(opened: Any) -> None:
    """Only its tracks are reached then; chosen again, all are."""
    pop = opened.get_by_role("button", name="Pop 2")
    pop.click()
    assert pop.get_attribute("aria-pressed") == "true"
    assert opened.locator(".map path.far").count() == 1
    opened.locator(".map").focus()
    opened.keyboard.press("ArrowRight")
    assert told(opened)[0] in "03"
    opened.keyboard.press("ArrowRight")
    assert told(opened)[0] == "3"
    pop.click()
    assert opened.locator(".map path.far").count() == 0


def test_without_a_script_the_map_is_a_picture(browser: Any, address: str) -> None:
    """Points and legend are there, and nothing that would not work."""
    image = pytest.importorskip("matplotlib.image", reason="matplotlib is not installed")
    page = browser.new_page(java_script_enabled=False)
    page.goto(address)
    assert page.locator(".map path").count() == 2
    pixels = image.imread(io.BytesIO(page.locator(".map svg").screenshot()))[..., :3]
    for genre in ("Pop", "Rock"):
        red_green_blue = [int(colours.css(genre, GENRES)[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        assert np.abs(pixels - red_green_blue).max(axis=-1).min() < 0.25
    assert page.locator(".legend button:disabled").count() == 2
    assert not page.locator(".map .ring").is_visible()
    page.close()
