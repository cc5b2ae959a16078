"""An audit as one page that needs no network, and of its script only that points of the map are named."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from tagger.records import DONT_KNOW
from tagger.sinks import colours, page
from tagger.sinks.audit import chart, words
from tagger.sinks.audit.findings import N_BINS, SURE, Album, Audit, Standing, Suspect
from tagger.sinks.audit.shown import Tracks, bar, counted, genre, isolated, percent, visible
from tagger.sinks.page import Markup

MARK = '<meta name="generator" content="tagger report">'
"""What tells a page of ours from others."""

MOST = {"suspects": 100, "variants": 60, "albums": 40, "unread": 60, "names": 60}
"""Rows of each list; JSON holds all, and CSV all tracks."""

_STYLE = """
nav ul { padding-left: 1.2rem; }
a { color: var(--link); }
.file { display: flex; gap: .5rem; }
.rank { color: var(--soft); font-weight: 400; min-width: 2em; text-align: right; }
.track { overflow-wrap: anywhere; }
tbody th .track { display: inline-block; max-width: 22rem; min-width: 8rem; vertical-align: top; }
td .track small, th .track small, td bdi { white-space: normal; overflow-wrap: anywhere; }
td.text { min-width: min(7rem, 20vw); max-width: 24rem; }
.dot { display: inline-block; width: .7em; height: .7em; border-radius: 50%; margin-right: .4em; }
.bar { white-space: nowrap; }
.bar span { display: inline-block; width: clamp(4rem, 16vw, 12rem); height: .7em; margin-right: .6rem; }
.bar i { display: block; height: 100%; min-width: 1px; background: var(--soft); border-radius: 2px; }
.heat { display: block; padding: 0 .35rem; border-radius: .2rem;
  background: color-mix(in srgb, var(--link) calc(var(--share) * 45%), transparent); }
.same .heat, .heat.same { outline: 2px solid var(--soft); }
"""

_Row = TypeVar("_Row")


def text(audit: Audit) -> str:
    """The page."""
    named = Tracks(
        [
            *(entry.path for entry in audit.entries),
            *(one.path for one in audit.unread),
            *(album.folder / "track" for album in audit.albums),
        ]
    )
    body: list[str] = [
        page.heading("The library as it stands", 1),
        page.paragraph(_lead(audit, named), "lead"),
        *_overview(audit),
    ]
    for key, (title, chapter) in _CHAPTERS.items():
        body.append(page.heading(title).replace("<h2>", f'<h2 id="{key}">', 1))
        body += chapter(audit, named)
    head = f"{MARK}\n<style>{_STYLE}{chart.STYLE}</style>\n"
    return page.document("The library as it stands", body, head=head)


def _lead(audit: Audit, named: Tracks) -> str:
    where = f" in {visible(named.common)}" if named.common else ""
    return f"{words.number(len(audit.entries), 'track')}{where}, heard by the model {audit.model}."


def _overview(audit: Audit) -> Iterator[str]:
    """What there is to do, each with a link; and what is not shown."""
    points = {
        "genres": "What the tags say and what is heard",
        "suspects": words.number(len(audit.suspects), "tag probably wrong"),
        "variants": words.number(len(audit.variants), "suggestion to put names of genres in order"),
        "albums": words.at_odds(audit),
        "unread": words.number(len(audit.unread), "file not heard, or tags not read"),
        "map": "Map of the library",
    }
    links = "".join(f'<li><a href="#{key}">{page.text(title)}</a></li>' for key, title in points.items())
    yield f'<nav aria-label="Parts of this page"><ul>{links}</ul></nav>'
    yield from (page.paragraph(f"{sentence}.", "alarm") for sentence in words.absent(audit))


def _genres(audit: Audit, named: Tracks) -> Iterator[str]:
    standings = audit.standings
    told = {
        Standing.agrees: "the tags agree with what is heard",
        Standing.differs: "the tags say something else",
        Standing.unsure: "the model does not know",
        Standing.foreign: "the tags name no genre that the model knows, so that nothing can be compared",
        Standing.untagged: "there is no genre in the tags, or one that says nothing",
        Standing.unread: "the tags cannot be read",
    }
    rows = [
        (sentence, bar(standings.get(one, 0), len(audit.entries)))
        for one, sentence in told.items()
        if standings.get(one)
    ]
    yield page.table("Tracks, by how their tags and what is heard stand to each other", (), rows, n_text=2)
    shown = [one for one in audit.genres if audit.heard.get(one) or audit.tagged.get(one)]
    most = max([*audit.heard.values(), *audit.tagged.values()], default=0)
    yield page.table(
        "Tracks of each genre, by the tags and by ear; a tag counts as the model's genre that it stands for",
        ("genre", "in tags", "heard"),
        [
            (
                genre(one, audit.genres),
                bar(audit.tagged.get(one, 0), most, colours.css(one, audit.genres)),
                bar(audit.heard.get(one, 0), most, colours.css(one, audit.genres)),
            )
            for one in shown
        ],
        n_text=3,
    )
    yield page.folded("What each name in the tags stands for", "".join(_names(audit)))
    yield page.table(
        "Confidence of what is heard: a calibrated probability, so that of the tracks at 70 % about 7 of 10 "
        "are right, in music like that of the model's tests",
        ("confidence", "tracks"),
        [
            (f"{10 * number}–{10 * number + 10} %", bar(count, max(audit.histogram)))
            for number, count in enumerate(audit.histogram[:N_BINS])
        ],
        n_text=2,
    )
    yield from _confusion(audit)


def _names(audit: Audit) -> Iterator[str]:
    rows = [
        (isolated(one.name), f"{one.count:,}", Markup(page.text(", ".join(one.meant) or "none of the model's")))
        for one in audit.names[: MOST["names"]]
    ]
    caption = "Names in the tags, and the genres of the model that would not be wrong to hear in their music"
    yield page.table(caption, ("name", "tracks", "stands for"), rows, n_text=3)
    yield _more(len(audit.names), "names")


def _confusion(audit: Audit) -> Iterator[str]:
    """What the tags say against what is heard."""
    said = [one for one in audit.genres if any(row == one for row, _ in audit.confusion)]
    heard = [one for one in audit.genres if any(column == one for _, column in audit.confusion)]
    if not said:
        return
    rows = []
    for one in said:
        counts = [audit.confusion.get((one, other), 0) for other in heard]
        total = sum(counts)
        cells = [
            Markup(
                f'<span class="heat{" same" if one == other else ""}" style="--share:{count / total:.2f}">'
                f"{count:,}</span>"
            )
            if count
            else ""
            for other, count in zip(heard, counts, strict=True)
        ]
        rows.append((genre(one, audit.genres), *cells))
    yield page.table(
        "What the tags say (down) and what is heard (across), in tracks; the stronger, the more of the row",
        ("tags say", *heard),
        rows,
    )


def _suspects(audit: Audit, named: Tracks) -> Iterator[str]:
    if not audit.suspects:
        yield page.paragraph("None: no tag differs from what is heard with a confidence of half or more.")
        return
    yield page.paragraph(
        "The most surprising first: where the model finds what it hears many times more probable than what the "
        f"tag says, and seldom mixes up these two in its tests. Only what is heard with {percent(SURE)} "
        "confidence or more is listed, and only where the tag names a genre of the model. The model errs "
        "too: the list says where to listen first, not what to write."
    )
    if audit.expectation is not None:
        yield page.paragraph(
            f"{words.expectation(audit.expectation)}. That holds as far as this music is like the music of the "
            "tests."
        )
    else:
        yield page.paragraph(
            "The model's card does not tell how often it is right, nor what it mixes up.", "soft"
        )
    yield page.table(
        "Tags that are probably wrong",
        ("track", "tag", "heard", "probability of the tag", "mixed up in tests"),
        [
            _suspect(one, rank, audit, named)
            for rank, one in enumerate(audit.suspects[: MOST["suspects"]], start=1)
        ],
        n_text=3,
    )
    yield _more(len(audit.suspects), "suspects")


def _suspect(one: Suspect, rank: int, audit: Audit, named: Tracks) -> Sequence[page.Cell]:
    entry = one.entry
    tags = Markup("; ".join(isolated(tag) for tag in entry.tags or ()))
    mixed = "–" if one.mistaken is None else percent(one.mistaken)
    return (
        named.cell(entry.path, rank),
        tags,
        genre(entry.genre or DONT_KNOW, audit.genres, percent(entry.confidence)),
        percent(entry.tag_probability),
        mixed,
    )


def _variants(audit: Audit, named: Tracks) -> Iterator[str]:
    if not audit.variants:
        yield page.paragraph("None: every genre has one name.")
        return
    yield page.paragraph(
        "Suggestions only: nothing is changed, and two names that look alike may be two genres."
    )
    rows = [
        (counted(one.names), one.kind, Markup("; ".join(map(isolated, one.suggestion))))
        for one in audit.variants[: MOST["variants"]]
    ]
    caption = "Names that are probably one genre, or that hold several, with the number of tracks"
    yield page.table(caption, ("names", "why", "suggestion"), rows, n_text=3)
    yield _more(len(audit.variants), "variants")


def _albums(audit: Audit, named: Tracks) -> Iterator[str]:
    own = [album for album in audit.albums if not album.is_compilation]
    n_compilations = len(audit.albums) - len(own)
    yield page.paragraph(
        "An album is what has one title in one folder; discs in folders of their own are one. What is heard "
        "counts from 50 % confidence. An album may well be of several genres."
    )
    if n_compilations:
        yield page.paragraph(
            f"{words.number(n_compilations, 'compilation')} of many artists left out: no mistake there.", "soft"
        )
    if not own:
        yield page.paragraph("No album disagrees in itself.")
        return
    rows = [_album(album, named) for album in own[: MOST["albums"]]]
    caption = "Albums whose tracks disagree, with the number of tracks"
    yield page.table(caption, ("album", "tracks", "in tags", "heard", "heard differently"), rows, n_text=5)
    yield _more(len(own), "albums")


def _album(album: Album, named: Tracks) -> Sequence[page.Cell]:
    folder = named.folder(album.folder)
    title = f"<small>{isolated(folder)}</small>" if folder else ""
    outliers = [isolated(path.name) for path in album.outliers[:3]]
    rest = len(album.outliers) - len(outliers)
    listed = ", ".join([*outliers, f"and {rest:,} more"] if rest else outliers)
    return (
        Markup(f'<span class="track">{isolated(album.title)}{title}</span>'),
        f"{album.size:,}",
        counted(album.tagged.items()),
        counted(album.heard.items()),
        Markup(listed or "–"),
    )


def _unread(audit: Audit, named: Tracks) -> Iterator[str]:
    if not audit.unread:
        yield page.paragraph("None.")
        return
    rows = [(named.cell(one.path), one.kind, isolated(one.reason)) for one in audit.unread[: MOST["unread"]]]
    yield page.table("Files, and why", ("file", "what", "why"), rows, n_text=3)
    yield _more(len(audit.unread), "unread")


def _more(count: int, of: str) -> str:
    """What a list leaves out; empty if nothing."""
    rest = count - MOST[of]
    where = "JSON and CSV hold all" if of == "suspects" else "JSON holds all"
    return page.paragraph(f"And {rest:,} more: {where}.", "soft") if rest > 0 else ""


def _map(audit: Audit, named: Tracks) -> Iterator[str]:
    yield from chart.parts(audit, named)


_CHAPTERS: dict[str, tuple[str, Callable[[Audit, Tracks], Iterator[str]]]] = {
    "genres": ("Genres", _genres),
    "suspects": ("Tags that are probably wrong", _suspects),
    "variants": ("Names to put in order", _variants),
    "albums": ("Albums that disagree", _albums),
    "unread": ("Not heard, or not read", _unread),
    "map": ("Map", _map),
}
