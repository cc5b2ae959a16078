"""How names, numbers and shares look in a terminal."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_AS_ASCII = str.maketrans("▏▎▍▌▋▊▉█·×−–…╵’", "   #####.x--.|'")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """Escape what is not UTF-8 in a name, and what would steer the terminal or turn the writing round."""
    return _UNSEEN.sub(lambda match: match.group().encode("unicode_escape").decode("ascii"), text)


def as_ascii(text: str) -> str:
    """Draw with ASCII alone, in as many cells; other letters become question marks."""
    plain = text.translate(_AS_ASCII)
    return "".join(sign if sign.isascii() else "?" * cell_len(sign) for sign in plain)


def fitted(text: str, width: int) -> str:
    """Pad or cut at the end to exactly `width` cells; East Asian characters take two."""
    if cell_len(text) > width:
        text = set_cell_size(text, width - 1).rstrip() + "…"
    return set_cell_size(text, width)


def shortened(path: str, width: int) -> str:
    """Cut the middle out of a path of more than `width` cells; two thirds stay of the end, which tells more."""
    if cell_len(path) <= width:
        return path
    n_head = (width - 1) // 3
    head = set_cell_size(path, n_head)
    tail = path[-(width - 1 - n_head) :]
    while cell_len(head) + cell_len(tail) >= width:
        tail = tail[1:]
    return f"{head}…{tail}"


def bar(share: float, width: int) -> str:
    """Draw a share, 0 to 1, as a bar of blocks in exactly `width` cells, an eighth of a cell exact."""
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (_EIGHTHS[rest] if rest else "")).ljust(width)


def percent(share: float) -> str:
    """A share, 0 to 1, in whole percent, rounded."""
    return f"{share * 100:.0f} %"


def clock(seconds: float) -> str:
    """A duration as 0:07, 12:34 or 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def times_real(audio_seconds: float, seconds: float) -> str:
    """How much faster than playing, as "940×"; empty before anything is known."""
    return f"{audio_seconds / seconds:,.0f}×" if audio_seconds and seconds > 0 else ""


def listed(values: Sequence[str]) -> str:
    """Several values in one text, as people write them; a dash for none."""
    return "; ".join(values) or "–"
