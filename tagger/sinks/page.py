"""A page of one file that needs no network and no script: headings, paragraphs, tables, pictures."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Sequence

TOKENS = """
:root { color-scheme: light dark; --ink: #1b1b1b; --soft: #595959; --paper: #fff; --line: #d5d5d5;
  --alarm: #8a1f00; --alarm-band: #fdeee8; --link: #00568a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8e8; --soft: #a8a8a8; --paper: #16181b;
  --line: #3d4146; --alarm: #ffb59b; --alarm-band: #3a1d13; --link: #7cc4f5; } }
"""
"""The colours of every page, on light and on dark."""

_STYLE = """
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 62rem; color: var(--ink); background: var(--paper);
  font: 1rem/1.55 system-ui, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .3rem; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2.4rem 0 .6rem; padding-top: .8rem; border-top: 1px solid var(--line); }
p, li { max-width: 46rem; }
.lead { font-size: 1.1rem; }
.soft { color: var(--soft); }
.alarm { color: var(--alarm); background: var(--alarm-band); border-left: .3rem solid var(--alarm);
  padding: .6rem .8rem; max-width: 46rem; }
.wide { overflow-x: auto; margin: .8rem 0 1.2rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); padding: .2rem 0 .4rem; }
caption span { display: block; position: sticky; left: 0; max-width: min(46rem, 100vw - 2rem); }
th, td { padding: .3rem .8rem .3rem 0; text-align: right; border-bottom: 1px solid var(--line);
  vertical-align: top; }
th:first-child, .text { text-align: left; }
tbody th { min-width: 8rem; }
th { font-weight: 600; }
th small { font-weight: 400; }
thead th { border-bottom: 2px solid var(--soft); vertical-align: bottom; }
td small, th small { color: var(--soft); white-space: nowrap; display: block; }
figure { margin: 1rem 0 1.6rem; }
figure svg { max-width: 100%; height: auto; background: #fff; border-radius: .4rem; padding: .4rem; }
figure img { max-width: 100%; height: auto; }
figcaption { color: var(--soft); max-width: 46rem; }
details { margin: .6rem 0; }
summary { cursor: pointer; color: var(--link); }
@media print { body { max-width: none; } figure, table { break-inside: avoid; } }
"""


class Markup(str):
    """What is HTML already."""

    __slots__ = ()


Cell = str | tuple[str, str]
"""Text, `Markup`, or text and smaller text below it."""


def document(title: str, parts: Iterable[str], *, head: str = "") -> str:
    """The whole page; its parts, and what else its head holds, are HTML already."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"{head}<title>{text(title)}</title>\n<style>{TOKENS.rstrip()}{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(parts)
        + "\n</main>\n</body>\n</html>\n"
    )


def text(value: object) -> str:
    """A value as text that means nothing in HTML."""
    shown = str(value).encode("utf-8", "backslashreplace").decode("utf-8")
    return html.escape(shown)


def heading(title: str, level: int = 2) -> str:
    """A heading, of text or `Markup`."""
    return f"<h{level}>{_cell(title)}</h{level}>"


def paragraph(sentence: str, kind: str = "") -> str:
    """A paragraph; `kind` is "lead", "soft" or "alarm"."""
    return f'<p class="{kind}">{text(sentence)}</p>' if kind else f"<p>{text(sentence)}</p>"


def listing(sentences: Iterable[str]) -> str:
    """A list of sentences."""
    return "<ul>" + "".join(f"<li>{text(one)}</li>" for one in sentences) + "</ul>"


def table(caption: str, head: Sequence[Cell], rows: Iterable[Sequence[Cell]], n_text: int = 1) -> str:
    """A table that says to screen readers what its cells are.

    Args:
        caption: What it shows.
        head: Names of the columns; none for rows of names and values.
        rows: Cells; the first of each names the row.
        n_text: How many columns hold text, not numbers.
    """
    columns = "".join(
        f'<th scope="col"{_kind(number, n_text)}>{_cell(name)}</th>' for number, name in enumerate(head)
    )
    header = f"<thead><tr>{columns}</tr></thead>" if columns else ""
    body = "".join(
        f'<tr><th scope="row">{_cell(row[0])}</th>'
        + "".join(
            f"<td{_kind(number, n_text)}>{_cell(cell)}</td>" for number, cell in enumerate(row[1:], start=1)
        )
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="wide" role="region" aria-label="{text(caption)}" tabindex="0"><table>'
        f"<caption><span>{text(caption)}</span></caption>{header}<tbody>{body}</tbody></table></div>"
    )


def picture(svg: str, caption: str) -> str:
    """A picture with what it shows."""
    return f"<figure>{svg}<figcaption>{text(caption)}</figcaption></figure>"


def image(light: bytes, dark: bytes, said: str, caption: str) -> str:
    """Two PNG pictures in one place, for light and for dark screens.

    Args:
        light: For light screens, and for paper.
        dark: For dark screens.
        said: What screen readers say.
        caption: What it shows.
    """
    inline, at_night = (f"data:image/png;base64,{base64.b64encode(one).decode()}" for one in (light, dark))
    return (
        f'<figure><picture><source srcset="{at_night}" media="screen and (prefers-color-scheme: dark)">'
        f'<img src="{inline}" alt="{text(said)}"></picture><figcaption>{text(caption)}</figcaption></figure>'
    )


def folded(title: str, content: str) -> str:
    """Content that is shown when its title is chosen."""
    return f"<details><summary>{text(title)}</summary>{content}</details>"


def _kind(number: int, n_text: int) -> str:
    return ' class="text"' if number < n_text else ""


def _cell(cell: Cell) -> str:
    if isinstance(cell, Markup):
        return cell
    if isinstance(cell, str):
        return text(cell)
    return f"{text(cell[0])}<small>{text(cell[1])}</small>"
