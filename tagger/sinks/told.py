"""An explanation in words: what every view of it says alike."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from tagger.explanation import BandEffect, Explanation
from tagger.sinks import shown

_MOST_SAID_TO_STAY = 0.005


def verdict(found: Explanation) -> str:
    """What was heard, in a sentence without a full stop."""
    heard = found.verdict
    if heard.genre is None:
        return f"don't know: {heard.reason}; the strongest is {found.winner}"
    return f"{heard.genre}, {percent(heard.confidence)}"


def confidence(found: Explanation) -> str:
    """What calibration changed."""
    calibrated, raw = percent(found.verdict.confidence), percent(found.raw_confidence)
    return (
        f"{calibrated} calibrated, {raw} as the network says it; "
        f"the runner-up, {found.runner_up}, has {percent(found.verdict.scores[1].probability)}"
    )


def bands(found: Explanation) -> str:
    """Which bands of frequencies decided."""
    lost = sorted(found.bands, key=lambda band: band.change)
    if not lost:
        return "The model hears none of the bands."
    if decided := found.decided:
        names = _listed([band.name for band in decided])
        return f"{names[0].upper()}{names[1:]} decided: {'; '.join(_without(band, found) for band in decided)}."
    if -lost[0].change < _MOST_SAID_TO_STAY:
        return f"No band decided alone: without any one of them {found.winner} loses nothing."
    most = points(-lost[0].change)
    return (
        f"No band decided alone: without any one of them {found.winner} loses {most} at most ({lost[0].name})."
    )


def neighbours(found: Explanation) -> str:
    """What was compared."""
    if not found.n_compared:
        return f"None: {found.no_neighbours}."
    many = "recording that was" if found.n_compared == 1 else "recordings that were"
    return f"Of {found.n_compared:,} other {many} scanned."


def method(found: Explanation) -> str:
    """How the maps were found."""
    how = {
        "integrated gradients": "by integrated gradients of the network, at the spectrogram",
        "occlusion": "by letting parts of the spectrogram stand still",
    }
    return how[found.excerpt.method]


def safe(path: Path) -> str:
    """A path as text in which all can be seen; bytes that are not UTF-8, and control signs, become escapes."""
    return shown.visible(os.fsencode(path).decode("utf-8", "backslashreplace"))


def name(found: Explanation) -> str:
    """The name of the file, in the same way."""
    return safe(Path(found.verdict.track.path.name))


def clock(seconds: float) -> str:
    """A time as 0:07, 12:34 or 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def percent(share: float) -> str:
    """A share in whole percent."""
    return f"{share * 100:.0f} %"


def change(difference: float) -> str:
    """A difference of probabilities in points of percent, with its sign; what rounds to nothing has none."""
    rounded = round(100 * difference, 1)
    return f"{rounded:+.1f}" if rounded else "0.0"


def points(difference: float) -> str:
    """A difference of probabilities in points of percent."""
    n = round(difference * 100)
    return f"{n} point{'' if n == 1 else 's'}"


def _without(band: BandEffect, found: Explanation) -> str:
    before, kept = (percent(max(0.0, found.tried_confidence + change)) for change in (0, band.change))
    other = "" if band.genre == found.winner else f", and {band.genre} would win"
    return f"without the {band.name} {found.winner} has {kept} instead of {before}{other}"


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
