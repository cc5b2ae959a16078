"""An audit as a page, JSON and CSV: whole, harmless whatever names hold, in place of nothing but reports."""

import csv
import dataclasses
import html.parser
import io
import json
import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger.errors import OutputError, SettingsError
from tagger.sinks import display
from tagger.sinks.audit import page, rows, save, words
from tagger.sinks.audit.findings import Absent, Album, Audit, Expectation, Landscape, Name, Unread, Variant
from tests.audit.made import audit, entry

NASTY = [
    "<script>alert(1).mp3",
    os.fsdecode(b"\xff\xfe.mp3"),
    "new\nline\0.mp3",
    "\u202eright to left.mp3",
    "\"quotes\" & 'more'.mp3",
    "<!-- <b>.mp3",
    "עברית.mp3",
]
TAG = "</script><script>alert(2)</script>"
VOID = {"meta", "br", "img", "link", "input", "path", "circle"}


class Outline(html.parser.HTMLParser):
    """Elements that are open, in order; every end must fit the last start."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """It ends."""
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """It does both."""
        self.seen.append((tag, dict(attrs)))


def outline(text: str) -> list[tuple[str, dict[str, str | None]]]:
    """The elements of a page that is well formed."""
    parser = Outline()
    parser.feed(text)
    parser.close()
    assert not parser.open
    return parser.seen


@pytest.fixture
def full() -> Audit:
    """An audit in which every name is nasty."""
    found = audit([entry(Path("/m") / name, (TAG, "Blues"), "Rock", album=TAG) for name in NASTY])
    return dataclasses.replace(
        found,
        names=tuple(Name(name, 1, ()) for name in [TAG, *NASTY]),
        variants=(Variant("spelling", tuple((name, 2) for name in NASTY), (TAG,)),),
        albums=(
            Album(
                Path("/m") / NASTY[0], NASTY[5], 2, False, {NASTY[0]: 1, "x": 1}, {"Rock": 2}, (Path(NASTY[1]),)
            ),
            Album(Path("/m/various"), "Hits", 9, True, {"Rock": 1, "Pop": 1}, {}, ()),
        ),
        n_albums=3,
        unread=tuple(Unread(Path("/m") / name, "failed", name) for name in NASTY),
        expectation=Expectation(100, 60, 40, 33, 27, 38, 0.6),
        absent=Absent(gone=(Path("/m/gone"),), changed=(), unplaced=4),
    )


def test_the_page_is_well_formed_and_harmless(full: Audit) -> None:
    """Names with markup, line ends, bytes that are not UTF-8 and turned writing are text, and nothing more."""
    text = page.text(full)
    text.encode("utf-8")
    seen = outline(text)
    assert [tag for tag, _ in seen if tag == "script"] == ["script", "script"]
    assert "<script>alert" not in text
    assert not re.search("[\x00-\x09\x0b-\x1f\u202e\ud800-\udfff]", text)
    assert text.count("\\udcff\\udcfe.mp3") >= 3
    assert "<bdi>עברית.mp3</bdi>" in text


markup = st.sampled_from(
    ["<script>", "</script>", "<!--", "-->", "&", '"', "'", "]]>", "\0", "\u202e", "\udcff"]
)


@given(signs=st.lists(markup | st.characters(exclude_categories=()), max_size=12))
def test_any_name_is_text(signs: list[str]) -> None:
    """Whatever a tag or a file is called, the page has the same elements, and is UTF-8."""
    name = "".join(signs)
    plain, nasty = (
        page.text(audit([entry(Path("/m") / file, (tag, "Blues"), "Rock", album=tag)]))
        for file, tag in (("x", "x"), (name.replace("/", "") or "x", name))
    )
    assert [tag for tag, _ in outline(nasty)] == [tag for tag, _ in outline(plain)]
    nasty.encode("utf-8")


def test_the_page_needs_no_network(full: Audit) -> None:
    """Nothing is loaded from anywhere: no address stands in it, and no element that would fetch."""
    text = page.text(full)
    assert not re.search(r"(?:https?:)?//[a-z]", text)
    assert not {"img", "link", "iframe", "object"} & {tag for tag, _ in outline(text)}
    assert all("src" not in attributes for _, attributes in outline(text))
    assert "url(" not in text
    assert "@import" not in text


def test_the_page_can_be_read_aloud_and_by_keyboard(full: Audit) -> None:
    """Tables have captions and scopes, links lead to headings, and the map has words."""
    text = page.text(full)
    seen = outline(text)
    names = [tag for tag, _ in seen]
    assert names.count("table") == names.count("caption") == len(re.findall("<table><caption>", text)) > 4
    assert all(attributes.get("scope") in {"col", "row"} for tag, attributes in seen if tag == "th")
    targets = {attributes["href"] for tag, attributes in seen if tag == "a"}
    assert targets == {f"#{attributes['id']}" for tag, attributes in seen if tag == "h2"}
    assert [attributes.get("role") for tag, attributes in seen if tag == "svg"] == ["img"]
    assert all(attributes.get("aria-label") for tag, attributes in seen if tag in {"svg", "nav"})
    assert "lang" in seen[0][1]


def test_the_page_says_what_was_found(full: Audit) -> None:
    """Counts, figures, what is not shown, and compilations apart."""
    text = page.text(full)
    assert "7 tracks in /m, heard by the model a model." in text
    assert "7 tags probably wrong" in text
    assert "1 of 3 albums at odds with themselves" in text
    assert "1 compilation of many artists left out" in text
    assert "Hits" not in text
    assert "wrong tags are about 33 (27 to 38)" in text
    assert "1 file gone from where they were heard" in text
    assert "4 recordings heard, but nobody knows where" in text
    assert '<span class="heat same" style="--share:0.60">3</span>' in text


def luminance(colour: list[float]) -> float:
    """Of red, green and blue from 0 to 255: WCAG 2.2, relative luminance, 0 to 1."""
    parts = [one / 255 for one in colour]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return sum(weight * one for weight, one in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("scheme", [0, 1])
def test_the_darkest_cell_can_be_read(full: Audit, scheme: int) -> None:
    """In light and dark, a count on the strongest shade has the contrast of 4.5 that WCAG 2.2 asks for."""
    text = page.text(full)
    (percent,) = re.findall(r"color-mix\(in srgb, var\(--link\) calc\(var\(--share\) \* (\d+)%\), transp", text)
    ink, paper, link = (
        [int(found * (2 if len(found) == 1 else 1), 16) for found in re.findall("[0-9a-f]" * size, colour)]
        for name in ("ink", "paper", "link")
        for colour in [re.findall(f"--{name}: #([0-9a-f]+)", text)[scheme]]
        for size in [len(colour) // 3]
    )
    shade = [
        over * int(percent) / 100 + under * (1 - int(percent) / 100)
        for over, under in zip(link, paper, strict=True)
    ]
    lighter, darker = sorted((luminance(shade), luminance(ink)), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


def test_the_map_names_every_track_once(full: Audit) -> None:
    """The script's tracks are the entries, and each is a dot of the picture that needs no script."""
    text = page.text(full)
    (data,) = re.findall('id="map-tracks">(.+?)</script>', text)
    tracks = json.loads(data)["tracks"]
    assert len(tracks) == len(NASTY) == len(re.findall(r"M\d+ \d+h0", text))
    assert (tracks[0][5], tracks[0][6]) == (NASTY[0], f"{TAG}; Blues")
    without = dataclasses.replace(full, landscape=Landscape(reason="there is nothing"))
    assert "There is no map: there is nothing." in page.text(without)
    assert "<script" not in page.text(without)


def test_an_empty_audit_has_a_page() -> None:
    """Where nothing is found, that is said."""
    text = page.text(dataclasses.replace(audit([]), confusion={}, landscape=Landscape(reason="no track")))
    outline(text)
    assert "0 tracks, heard" in text
    assert text.count("None") == 3


def test_large_libraries_have_small_pages() -> None:
    """Lists end with how many more there are, and where; 10,000 tracks take less than 2 MB."""
    entries = [entry(f"/music/album {n // 10}/{n} a title.mp3", ("Blues",), "Rock") for n in range(10_000)]
    found = audit(entries, tuple(Unread(Path(f"/music/{n}"), "failed", "why") for n in range(500)))
    text = page.text(found)
    assert len(text) < 2e6
    assert text.count('class="rank"') == page.MOST["suspects"]
    assert f"And {10_000 - page.MOST['suspects']:,} more: JSON and CSV hold all." in text
    assert f"And {500 - page.MOST['unread']:,} more: JSON holds all." in text
    assert len(rows.whole(found)["tracks"]) == 10_000
    assert rows.table(found).count("\r\n") == 10_001


def test_one_album_is_one(full: Audit, capsys: pytest.CaptureFixture[str]) -> None:
    """Sentences fit their numbers."""
    for n_disagreeing, sentence in (
        (0, "0 of 1 album at odds with itself"),
        (1, "1 of 1 album at odds with itself"),
    ):
        one = dataclasses.replace(full, albums=full.albums[:n_disagreeing], n_albums=1)
        display.audit_summary(one)
        assert sentence in page.text(one)
        assert sentence in capsys.readouterr().out


def test_csv_has_the_suspects_first(full: Audit) -> None:
    """One row for each track, suspects in their order with their rank, then the others by path."""
    agreeing = entry("/m/a.mp3", ("Rock",), "Rock")
    found = dataclasses.replace(full, entries=(agreeing, *full.entries), landscape=Landscape(reason="none"))
    read = list(csv.DictReader(io.StringIO(rows.table(found), newline="")))
    assert tuple(read[0]) == rows.COLUMNS
    assert [row["rank"] for row in read] == [*map(str, range(1, len(NASTY) + 1)), ""]
    assert [row["path"] for row in read] == [f"/m/{name}" for name in NASTY] + ["/m/a.mp3"]
    assert (read[0]["standing"], read[0]["genre"], read[0]["confidence"]) == ("differs", "Rock", "0.9")
    assert read[0]["tags"] == f"{TAG}; Blues"
    assert read[0]["mistaken"] == "0.25"


def test_json_comes_back(full: Audit, tmp_path: Path) -> None:
    """What is written is read again, every byte of a name with it."""
    save.write(tmp_path / "report.json", full)
    found = json.loads((tmp_path / "report.json").read_bytes())
    assert found == json.loads(json.dumps(rows.whole(full)))
    assert [os.fsencode(track["path"]) for track in found["tracks"]] == [
        os.fsencode(f"/m/{name}") for name in NASTY
    ]
    assert found["counts"]["suspects"] == len(NASTY)
    assert found["albums"][1]["is_compilation"] is True


@pytest.mark.parametrize("suffix", [".html", ".json", ".csv"])
def test_reports_replace_reports_only(full: Audit, tmp_path: Path, suffix: str) -> None:
    """An older report is replaced in one step; a file that holds something else is not."""
    path = tmp_path / f"report{suffix.upper()}"
    save.write(path, full)
    first = path.read_bytes()
    save.write(path, audit([entry("a", ("Blues",), "Rock")]))
    assert path.read_bytes() != first
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
    for other in (b"<!doctype html><title>mine</title>", b"ID3 song", b'{"format": 1}', b"rank,path\n"):
        path.write_bytes(other)
        with pytest.raises(OutputError, match="no report of tagger"):
            save.write(path, full)
        assert path.read_bytes() == other
    path.write_bytes(b"")
    save.write(path, full)
    assert path.read_bytes() == first


def test_places_that_cannot_be_written_are_told_before(tmp_path: Path) -> None:
    """A kind that is not known, a folder that is not there and one that is no file are errors at once."""
    with pytest.raises(SettingsError, match="the kind of report is unclear"):
        save.check(tmp_path / "report.docx")
    with pytest.raises(OutputError, match="there is no folder"):
        save.check(tmp_path / "nowhere" / "report.html")
    (tmp_path / "folder.html").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        save.check(tmp_path / "folder.html")


@pytest.mark.parametrize(
    ("wrong", "fewest", "most", "told"),
    [
        (33, 27, 38, "about 33 (27 to 38)"),
        (0, 0, 5, "5 at most"),
        (0, 0, 0, "the model's own mistakes explain all"),
    ],
)
def test_how_many_are_wrong_is_said_as_far_as_it_is_known(
    wrong: int, fewest: int, most: int, told: str
) -> None:
    """With a range, with a bound alone, or not at all."""
    sentence = words.expectation(Expectation(1000, 60, 40, wrong, fewest, most, 0.6))
    assert told in sentence
    assert "Of 1,000 tags that can be compared, 60 differ" in sentence
    assert "60 %" in sentence


def test_the_summary_is_plain_where_it_is_read_by_programs(
    full: Audit, capsys: pytest.CaptureFixture[str]
) -> None:
    """Tables are cells parted by tabs, names steer nothing, and long lists are cut."""
    many = audit([entry(f"/m/{n:02}.mp3", ("Blues",), "Rock") for n in range(30)])
    display.audit_summary(many)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "30 tracks heard by the model a model"
    assert "Tags that are probably wrong, the most surprising 10 of 30" in lines
    assert [line for line in lines if line.startswith("m/")][-1] == "m/09.mp3\tBlues\tRock 90 %"
    display.audit_summary(full)
    text = capsys.readouterr().out
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e\ud800-\udfff]", text)
    assert "7 files not heard, or tags not read\n1 file gone from where they were heard\n" in text
    assert "1 of 3 albums at odds with themselves" in text
