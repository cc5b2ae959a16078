"""What a corpus looks like: random clips of each genre as waveforms, spectrograms, mel spectrograms and MFCCs.

Singh & Gupta (figures 2 to 6).
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.fft

from tagger.errors import CorpusError, FileError, SettingsError
from tagger.inference import frontend
from tagger.inference.frontend import Array, FrontEnd
from tagger.sources import decode
from trainer import plots
from trainer.corpora.interface import Corpus, Example
from trainer.data import labels
from trainer.places import check_pictures

_SPECTROGRAM = FrontEnd(kind="log_spectrogram")
_MEL = FrontEnd(kind="log_mel", n_mels=128)
_SAMPLE_RATE = _MEL.sample_rate
_N_MFCC = 20

_RANGE_DB = 80
_LEVELS: dict[str, Any] = {"cmap": "magma", "vmin": -_RANGE_DB, "vmax": 0}
_N_STROKES = 400  # of a waveform, each from its least to its greatest sample
_OF_ONE_CLIP = "clip"
_MEL_TICKS_HZ = (128, 512, 1024, 2048, 4096, 8192)


@dataclass(frozen=True, eq=False)
class Excerpt:
    """What is drawn of a clip.

    Attributes:
        genre: Its genre.
        y: Its samples, shape (n_samples,), at 22,050 Hz.
    """

    genre: str
    y: Array

    @property
    def seconds(self) -> float:
        """Its duration."""
        return len(self.y) / _SAMPLE_RATE


@dataclass(frozen=True)
class _Kind:
    """A way to draw clips.

    Attributes:
        title: Above the picture.
        y_label: What goes up, with its unit.
        scale: Whether colours have a scale, and its name; empty if there are none.
        draw: Draws a clip, and returns what the scale belongs to.
    """

    title: str
    y_label: str
    scale: str
    draw: Callable[[Any, Excerpt], Any]


def draw(
    corpus: Corpus, folder: Path, *, n_clips: int = 5, seconds: float = 30.0, seed: int = 0
) -> tuple[str, ...]:
    """Draw random clips of each genre, a picture for each of `KINDS`, and one clip in all ways, named "clip".

    Args:
        corpus: Where to draw from.
        folder: Where the pictures go, each as SVG and as PNG.
        n_clips: Clips of a genre.
        seconds: Most that is drawn of a clip.
        seed: Of the choice.

    Returns:
        The names of the pictures, without suffix.

    Raises:
        CorpusError: No clip can be decoded.
        OutputError: The folder cannot be written.
        SettingsError: matplotlib is not installed.
    """
    rows = excerpts(corpus, n_clips=n_clips, seconds=seconds, seed=seed)
    for name, kind in KINDS.items():
        title = f"{kind.title} of random clips of {corpus.name}"
        plots.save(_grid(rows, kind, title, n_clips), folder, name)
    first = rows[0][0]
    plots.save(_one_clip(first, f"A clip of {corpus.name}, {first.genre}"), folder, _OF_ONE_CLIP)
    return (*KINDS, _OF_ONE_CLIP)


def folders(corpora: Sequence[Corpus], place: Path) -> list[Path]:
    """Where the pictures of each corpus go: of several each has a folder of its own in a place of the user's.

    It is called after the corpus, with a number behind the name if another corpus before it has it.

    Raises:
        OutputError: A file there that is no picture of tagger's would be replaced.
    """
    found: dict[str, Path] = {}
    for corpus in corpora:
        names = itertools.chain([corpus.name], (f"{corpus.name}-{number}" for number in itertools.count(2)))
        # Some file systems take names for one that differ in case alone.
        name = next(one for one in names if one.casefold() not in found)
        found[name.casefold()] = place / name if len(corpora) > 1 else place
    for folder in found.values():
        check_pictures(folder, (*KINDS, _OF_ONE_CLIP))
    return list(found.values())


def excerpts(corpus: Corpus, *, n_clips: int, seconds: float, seed: int) -> list[list[Excerpt]]:
    """Random clips, a list for each genre that has any; genres are those of first labels, in order of names.

    A clip that cannot be decoded is replaced by another, as long as there are any. No more of a clip is taken
    than half of them have, so that the pictures are not mostly empty.

    Raises:
        CorpusError: No clip can be decoded.
    """
    shuffled = _shuffled(corpus, seed)
    rows = [list(_decoded(genre, examples, n_clips, seconds)) for genre, examples in shuffled.items()]
    lengths = [len(excerpt.y) for row in rows for excerpt in row]
    if not lengths:
        raise CorpusError(f"{corpus.name}: no clip of a known genre can be decoded")
    most = int(np.median(lengths))
    return [[Excerpt(excerpt.genre, excerpt.y[:most]) for excerpt in row] for row in rows if row]


def mfcc(y: Array) -> Array:
    """MFCCs of a waveform at 22,050 Hz, shape (n_frames, 20): those of `librosa.feature.mfcc`."""
    log_mel = frontend.analyse(y, _MEL).values
    # Bands that a codec has left empty would drown the others.
    raised = np.maximum(log_mel, log_mel.max() - _RANGE_DB)
    return scipy.fft.dct(raised, axis=1, norm="ortho")[:, :_N_MFCC]


def _shuffled(corpus: Corpus, seed: int) -> Mapping[str, Sequence[Example]]:
    """The examples of each genre, in random order; genres in order of their names."""
    of_genre: dict[str, list[Example]] = defaultdict(list)
    for example in corpus.examples:
        if genre := labels.meaning(example.labels[0], own_names=corpus.names_are_genres).genre:
            of_genre[genre].append(example)
    rng = np.random.default_rng(seed)
    return {
        genre: [of_genre[genre][place] for place in rng.permutation(len(of_genre[genre]))]
        for genre in sorted(of_genre)
    }


def _decoded(genre: str, examples: Sequence[Example], n_clips: int, seconds: float) -> Iterator[Excerpt]:
    """The first examples that decode."""
    n_left = n_clips
    for example in examples:
        if not n_left:
            return
        try:
            y = np.concatenate(list(decode.blocks(example.path, _SAMPLE_RATE, duration_seconds=seconds)))
        except FileError:
            continue
        n_left -= 1
        yield Excerpt(genre, y)


def _grid(rows: Sequence[Sequence[Excerpt]], kind: _Kind, title: str, n_clips: int) -> Any:
    """Genres below each other, their clips side by side, all on the same axes."""
    figure = _figure(1.6 + 2.1 * n_clips, 1.0 + 1.15 * len(rows))
    grid = figure.subplots(len(rows), n_clips, sharex=True, sharey=True, squeeze=False)
    drawn = None
    for row, places in zip(rows, grid, strict=True):
        for axes, excerpt in zip(places, row, strict=False):
            drawn = kind.draw(axes, excerpt)
        for axes in places[len(row) :]:
            axes.set_visible(False)
        places[0].set_ylabel(row[0].genre, fontweight="bold")
    grid[0, 0].set_xlim(0, max(excerpt.seconds for row in rows for excerpt in row))
    for axes in grid.flat:
        axes.tick_params(labelsize=7)
        axes.label_outer()
    figure.suptitle(title)
    figure.supxlabel("time in s", fontsize=10)
    figure.supylabel(kind.y_label, fontsize=10)
    if kind.scale:
        figure.colorbar(drawn, ax=grid, label=kind.scale, aspect=40, shrink=min(1.0, 4 / len(rows)))
    return figure


def _one_clip(excerpt: Excerpt, title: str) -> Any:
    figure = _figure(8, 9)
    for axes, kind in zip(figure.subplots(len(KINDS), 1, sharex=True), KINDS.values(), strict=True):
        drawn = kind.draw(axes, excerpt)
        axes.set(title=kind.title.removesuffix("s"), ylabel=kind.y_label, xlim=(0, excerpt.seconds))
        if kind.scale:
            figure.colorbar(drawn, ax=axes, label=kind.scale)
    axes.set_xlabel("time in s")
    figure.suptitle(title)
    return figure


def _draw_waveform(axes: Any, excerpt: Excerpt) -> None:
    cuts = np.linspace(0, len(excerpt.y), min(_N_STROKES, len(excerpt.y)) + 1).astype(int)
    low, high = (reduce(excerpt.y, cuts[:-1]) for reduce in (np.minimum.reduceat, np.maximum.reduceat))
    axes.fill_between(cuts[:-1] / _SAMPLE_RATE, low, high, linewidth=0.4, color="#0072B2", edgecolor="#0072B2")
    axes.set_ylim(-1, 1)


def _draw_spectrogram(axes: Any, excerpt: Excerpt) -> Any:
    image = _image(axes, excerpt, _decibels(excerpt, _SPECTROGRAM), (0, _SAMPLE_RATE / 2), **_LEVELS)
    axes.set_yticks([0, 2500, 5000, 7500, 10000])
    return image


def _draw_mel(axes: Any, excerpt: Excerpt) -> Any:
    image = _image(axes, excerpt, _decibels(excerpt, _MEL), (-0.5, _MEL.n_mels - 0.5), **_LEVELS)
    peaks_hz = _MEL.filter_bank.argmax(axis=0) * _SAMPLE_RATE / _MEL.n_fft
    axes.set_yticks(np.interp(_MEL_TICKS_HZ, peaks_hz, np.arange(_MEL.n_mels)), _MEL_TICKS_HZ)
    return image


def _draw_mfcc(axes: Any, excerpt: Excerpt) -> Any:
    """The first coefficients are ten times as large as the last: above 10 dB colours follow the logarithm."""
    import matplotlib.colors

    norm = matplotlib.colors.SymLogNorm(linthresh=10, vmin=-500, vmax=500)
    image = _image(axes, excerpt, mfcc(excerpt.y), (0.5, _N_MFCC + 0.5), cmap="RdBu_r", norm=norm)
    axes.set_yticks([1, 5, 10, 15, 20])
    return image


def _decibels(excerpt: Excerpt, front_end: FrontEnd) -> Array:
    values = frontend.analyse(excerpt.y, front_end).values
    return values - values.max()


def _image(axes: Any, excerpt: Excerpt, values: Array, up: tuple[float, float], **colours: Any) -> Any:
    """Draw values, shape (n_frames, n_bands), over time and from the lower to the upper end of `up`."""
    return axes.imshow(values.T, aspect="auto", origin="lower", extent=(0, excerpt.seconds, *up), **colours)


_BELOW_MAXIMUM = "level in dB re maximum"

KINDS = {
    "waveforms": _Kind("Waveforms", "amplitude, full scale 1", "", _draw_waveform),
    "spectrograms": _Kind("Spectrograms", "frequency in Hz", _BELOW_MAXIMUM, _draw_spectrogram),
    "mel_spectrograms": _Kind("Mel spectrograms", "frequency in Hz", _BELOW_MAXIMUM, _draw_mel),
    "mfccs": _Kind("MFCCs", "coefficient", "value in dB", _draw_mfcc),
}
"""The pictures of a gallery, by the name of their files."""


def _figure(width: float, height: float) -> Any:
    """An empty picture, in inches; it touches nothing global."""
    try:
        import matplotlib.figure  # takes a second
    except ImportError as error:
        raise SettingsError(
            "matplotlib, which draws the pictures, is not installed",
            hint="`pip install matplotlib`",
        ) from error
    return matplotlib.figure.Figure(figsize=(width, height), layout="constrained", facecolor="white")
