"""Names as they stand on pages and in pictures: nothing in them is hidden, or turns the writing round."""

from __future__ import annotations

import re

from tagger.sinks.page import Markup, text

# Signs that cannot be seen, that XML cannot hold, or that would turn the writing of a page round.
_UNSEEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def visible(value: object) -> str:
    """A text in which nothing is hidden; it still has to be made HTML."""
    return _UNSEEN.sub(lambda match: match.group().encode("unicode_escape").decode("ascii"), str(value))


def isolated(value: object) -> Markup:
    """A name as HTML, whose direction of writing stays its own."""
    return Markup(f"<bdi>{text(visible(value))}</bdi>")
