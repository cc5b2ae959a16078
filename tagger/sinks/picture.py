"""An explanation as a picture; in tagger, matplotlib is met here only.

Evidence is drawn over a grey spectrogram in the genre's own colour, the same as everywhere else.
"""

from __future__ import annotations

import io
import textwrap
import unicodedata
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.errors import SettingsError
from tagger.explanation import Attribution, Explanation
from tagger.sinks import colours, fonts, shown, told

Axes = Any
Figure = Any
"""A `matplotlib.figure.Figure`."""

MARK = "tagger explain"
"""What a picture says of its maker, so that another may take its place."""

_INCHES = (12.0, 12.6)
_DOTS_PER_INCH = 120
_STYLE = {"svg.fonttype": "none", "svg.hashsalt": "tagger", "font.size": 10, "axes.titlesize": 11}
_CREATOR = {"png": "Software", "svg": "Creator", "pdf": "Creator"}
_N_SHOWN = 6
_MOST_COLUMNS = 1600
_MOST_LINES = 16
_POINTS_ACROSS = 740
_DYNAMIC_DB = 70.0
_MOST_CELLS = 84  # of a line above all
_MOST_CELLS_OF_NEIGHBOUR = 38
_TICKS_HZ = (60, 125, 250, 500, 1000, 2000, 4000, 8000, 16000)


@dataclass(frozen=True)
class Theme:
    """Colours of what is no genre.

    Attributes:
        paper: Behind all.
        ink: Text and lines.
        soft: What matters less.
        spectrogram: matplotlib's colour map.
    """

    paper: str
    ink: str
    soft: str
    spectrogram: str


LIGHT = Theme("#ffffff", "#1b1b1b", "#8a8a8a", "gray_r")
DARK = Theme("#16181b", "#e8e8e8", "#8f8f8f", "gray")


def drawn(found: Explanation, suffix: str, theme: Theme = LIGHT, *, is_titled: bool = True) -> bytes:
    """An explanation as the bytes of a picture.

    Signs for which no font is installed are boxes, except in SVG, which is drawn with the reader's fonts.

    Args:
        found: The explanation.
        suffix: "png", "svg" or "pdf".
        theme: Light or dark.
        is_titled: Whether the name of the file and its genre stand above.

    Raises:
        SettingsError: matplotlib cannot be loaded.
    """
    try:
        import matplotlib
        import matplotlib.figure  # takes a second, and only pictures need it
        import matplotlib.font_manager
    except ImportError as error:
        raise SettingsError(
            f"matplotlib, which draws pictures, cannot be loaded: {error}",
            hint="`pip install --force-reinstall matplotlib`",
        ) from error
    stream = io.BytesIO()
    inks = {f"{what}color": theme.ink for what in ("text.", "axes.label", "axes.edge", "xtick.", "ytick.")}
    family = {"font.family": fonts.chosen(matplotlib.font_manager.fontManager.get_font_names())}
    with matplotlib.rc_context(_STYLE | inks | family), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")
        figure = matplotlib.figure.Figure(figsize=_INCHES, layout="constrained", facecolor=theme.paper)
        _draw(figure, found, theme)
        if is_titled:
            lines = [_plain(_cut(line, _MOST_CELLS)) for line in (told.name(found), told.verdict(found))]
            figure.suptitle("\n".join(lines), fontsize=14, color=theme.ink)
        metadata = {_CREATOR[suffix]: MARK}
        figure.savefig(stream, format=suffix, dpi=_DOTS_PER_INCH, metadata=metadata, facecolor=theme.paper)
    return stream.getvalue()


def _draw(figure: Figure, found: Explanation, theme: Theme) -> None:
    heights = (1.4, 1.4, 2.5, 2.5, 2.7)
    rows = figure.add_gridspec(len(heights), 1, height_ratios=heights)
    heard = figure.add_subplot(rows[0])
    shares = figure.add_subplot(rows[1], sharex=heard)
    _waveform(heard, found, theme)
    _shares(shares, found, theme)
    upper = figure.add_subplot(rows[2])
    lower = figure.add_subplot(rows[3], sharex=upper)
    for axes, one in ((upper, found.excerpt.winner), (lower, found.excerpt.runner_up)):
        _spectrogram(axes, found, one, theme)
    lower.set_xlabel(f"the part that did most for the verdict; evidence {told.method(found)}")
    last = rows[4].subgridspec(1, 2, width_ratios=(1, 1))
    _bands(figure.add_subplot(last[0]), found, theme)
    _facts(figure.add_subplot(last[1]), found, theme)


def _waveform(axes: Axes, found: Explanation, theme: Theme) -> None:
    """The samples, each stretch in the colour of the genre that was heard there; the windows that decided."""
    wave = found.waveform
    times = (np.arange(len(wave.lows)) + 0.5) * wave.seconds_per_point
    starts = found.timeline.places[:, 0]
    nearest = np.clip(np.searchsorted(starts, times, side="right") - 1, 0, None)
    loud = max(float(np.abs([wave.lows, wave.highs]).max()), 1e-3)
    axes.set(title="Second by second: the strongest genre", xlim=_extent(found), ylim=(-loud, 1.35 * loud))
    names = [_strongest(row, found.genres) for row in found.timeline.probabilities]
    hues = np.array([colours.css(name, found.genres) if name else theme.soft for name in names])
    thick = max(1.2, _POINTS_ACROSS / len(times))
    axes.vlines(times, wave.lows, wave.highs, colors=hues[nearest], linewidth=thick)
    for one in found.deciding:
        middle = (one.start_seconds + one.end_seconds) / 2
        axes.plot(middle, 1.18 * loud, marker="v", color=theme.ink, markersize=7)
    excerpt = found.excerpt
    axes.axvspan(excerpt.start_seconds, excerpt.end_seconds, ymax=0.03, color=theme.ink, linewidth=0)
    axes.set_yticks([])
    axes.tick_params(labelbottom=False)
    _tidy(axes, theme)
    axes.spines["left"].set_visible(False)
    note = "▾ windows that decided    ▂ shown below"
    axes.text(1, 1.02, note, transform=axes.transAxes, ha="right", va="bottom", fontsize=9, color=theme.soft)


def _shares(axes: Axes, found: Explanation, theme: Theme) -> None:
    """The probabilities of the strongest genres over time, one above the other."""
    timeline = found.timeline
    order = [found.genres.index(score.genre) for score in found.verdict.scores[:_N_SHOWN]]
    edges = np.append(timeline.places[:, 0], timeline.places[-1, 1])
    values = np.nan_to_num(timeline.probabilities)
    base = np.zeros(len(timeline))
    for index in order:
        top = base + values[:, index]
        hue = colours.css(found.genres[index], found.genres)
        axes.stairs(top, edges, baseline=base, fill=True, color=hue, label=_plain(found.genres[index]))
        base = top
    axes.set(ylim=(0, 1), xlim=_extent(found), xlabel="time in the track")
    axes.set_yticks([0, 0.5, 1], ["0", "50 %", "100 %"])
    axes.xaxis.set_major_formatter(_clock)
    legend = axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.05), frameon=False, handlelength=1)
    for text in legend.get_texts():
        text.set_color(theme.ink)
    _tidy(axes, theme)


def _spectrogram(axes: Axes, found: Explanation, one: Attribution, theme: Theme) -> None:
    """The spectrogram in grey, and what speaks for a genre in its colour."""
    import matplotlib.colors

    excerpt = found.excerpt
    n_bands = len(excerpt.band_hz)
    extent = (excerpt.start_seconds, excerpt.end_seconds, -0.5, n_bands - 0.5)
    how = {"aspect": "auto", "origin": "lower", "extent": extent, "interpolation": "antialiased"}
    levels = _thinned(excerpt.spectrogram)
    top = float(np.quantile(levels, 0.999))
    lowest = top - _DYNAMIC_DB
    axes.imshow(levels.T, cmap=theme.spectrogram, vmin=lowest, vmax=top + 25, **how)
    hue = matplotlib.colors.to_rgb(colours.css(one.genre, found.genres))
    layer = np.empty((*_thinned(one.cells).T.shape, 4), np.float32)
    layer[..., :3] = hue
    layer[..., 3] = np.sqrt(_thinned(one.cells).T) * 0.85
    axes.imshow(layer, **how)
    share = next(score.probability for score in found.verdict.scores if score.genre == one.genre)
    axes.set_title(_plain(f"What speaks for {one.genre} ({told.percent(share)})"), color=theme.ink)
    ticks = [hz for hz in _TICKS_HZ if excerpt.band_hz[0] <= hz <= excerpt.band_hz[-1]]
    places = np.interp(ticks, excerpt.band_hz, np.arange(n_bands))
    apart = np.append(np.diff(places) > n_bands / 16, True)  # low ones of a linear scale lie on each other
    ticks, places = [hz for hz, is_apart in zip(ticks, apart, strict=True) if is_apart], places[apart]
    axes.set_yticks(places, [f"{hz / 1000:g} kHz" if hz >= 1000 else f"{hz} Hz" for hz in ticks])
    axes.xaxis.set_major_formatter(_clock)
    for window in found.deciding:
        axes.axvspan(window.start_seconds, window.end_seconds, ymin=0.97, color=theme.ink, linewidth=0)
    axes.set_xlim(extent[:2])
    _tidy(axes, theme)


def _bands(axes: Axes, found: Explanation, theme: Theme) -> None:
    """What the winner gains or loses without each band."""
    changes = [100 * band.change for band in found.bands]
    hue = colours.css(found.winner, found.genres)
    shades = [hue if band.is_decisive else theme.soft for band in found.bands]
    places = np.arange(len(changes))
    axes.barh(places, changes, color=shades, height=0.62)
    names = [f"{band.name}  {_hz(band.low_hz)}–{_hz(band.high_hz)} Hz" for band in found.bands]
    axes.set_yticks(places, names)
    axes.axvline(0, color=theme.ink, linewidth=0.8)
    axes.set_title(_plain(f"{found.winner} if nothing moves in a band"), color=theme.ink)
    axes.set_xlabel("change in points of percent")
    reach = max([10.0, *map(abs, changes)]) * 1.1
    axes.set_xlim(-reach, reach)
    _tidy(axes, theme)


def _facts(axes: Axes, found: Explanation, theme: Theme) -> None:
    """Confidence and neighbours in words."""
    axes.axis("off")
    lines = ["Confidence", *_wrapped(told.confidence(found)), "", "Bands", *_wrapped(told.bands(found)), ""]
    lines += ["Sounds alike", *_wrapped(told.neighbours(found))]
    for near in found.neighbours:
        name = "?" if near.path is None else _cut(told.safe(Path(near.path.name)), _MOST_CELLS_OF_NEIGHBOUR)
        lines.append(f"{near.similarity:.2f}  {name}, {near.genre}")
    for number, line in enumerate(lines):
        is_head = line in {"Confidence", "Bands", "Sounds alike"}
        weight = "bold" if is_head else "normal"
        place = (0.0, 1.03 - number / _MOST_LINES)
        axes.text(*place, _plain(line), fontsize=9, weight=weight, va="top", color=theme.ink)


def _wrapped(sentence: str) -> list[str]:
    return textwrap.wrap(sentence, 62)


def _strongest(row: NDArray[np.float64], genres: Sequence[str]) -> str:
    """The strongest genre of a window; empty for one without a vote."""
    return "" if np.isnan(row).any() else genres[int(np.argmax(row))]


def _extent(found: Explanation) -> tuple[float, float]:
    return 0.0, max(found.verdict.duration_seconds, 0.1)


def _thinned(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    """As many frames as a picture has columns, each the mean of some."""
    n_each = -(-len(frames) // _MOST_COLUMNS)
    n_whole = len(frames) // n_each * n_each
    return frames[:n_whole].reshape(-1, n_each, frames.shape[1]).mean(axis=1)


def _clock(seconds: float, place: int = 0) -> str:
    """A time on an axis."""
    minutes, rest = divmod(round(seconds, 1), 60)
    return f"{minutes:.0f}:{rest:02.0f}" if rest == round(rest) else f"{minutes:.0f}:{rest:04.1f}"


def _hz(hz: float) -> str:
    return f"{hz:,.0f}"


def _plain(text: str) -> str:
    """Text in which nothing is hidden, and a dollar sign begins no formula."""
    return shown.visible(text).replace("$", r"\$")


def _cut(text: str, most: int) -> str:
    """Text cut at the end to so many cells; East Asian signs take two."""
    widths = np.cumsum([2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text])
    if not len(widths) or widths[-1] <= most:
        return text
    return f"{text[: int(np.searchsorted(widths, most))].rstrip()}…"


def _tidy(axes: Axes, theme: Theme) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_facecolor(theme.paper)
