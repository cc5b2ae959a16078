"""Pictures of scores, drawn from the plain data of `trainer.evaluate`; matplotlib is met here only.

Colours are those of Okabe & Ito (Color Universal Design, 2008), which colour-blind readers tell apart; dashes
help where there are more lines than colours.
"""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tagger.errors import OutputError, SettingsError
from trainer import places

Figure = Any
"""A `matplotlib.figure.Figure`."""

_BLUE, _VERMILION, _GREEN, _GREY = "#0072B2", "#D55E00", "#009E73", "#767676"
_COLOURS = (_BLUE, _VERMILION, _GREEN, "#CC79A7", "#000000", "#E69F00", "#56B4E9")
_DASHES = ("-", "--", ":")
_STYLE = {"svg.fonttype": "none", "svg.hashsalt": "tagger", "font.size": 10}
_DOTS_PER_INCH = 144
_PER_CENT = 100


def confusion_matrix(matrix: Sequence[Sequence[int]], genres: Sequence[str], title: str) -> Figure:
    """Per cent of each true genre's rows that got each answer, and their number beside the genre."""
    counts = np.array(matrix)
    support = counts.sum(axis=1)
    shares = _PER_CENT * counts / np.maximum(support, 1)[:, None]
    side = 2.4 + 0.46 * len(genres)
    figure = _figure(side, side)
    axes = figure.subplots()
    edges = np.arange(len(genres) + 1) - 0.5
    colours = {"cmap": "Blues", "vmin": 0, "vmax": _PER_CENT, "edgecolors": "#dddddd", "linewidth": 0.6}
    axes.pcolormesh(edges, edges, shares, **colours)
    for row, column in itertools.product(range(len(genres)), repeat=2):
        if counts[row, column]:
            colour = "white" if shares[row, column] > 65 else "black"
            axes.text(column, row, f"{shares[row, column]:.0f}", ha="center", va="center", color=colour, size=9)
    axes.set_xticks(range(len(genres)), genres, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(genres)), [f"{name} ({n})" for name, n in zip(genres, support, strict=True)])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.invert_yaxis()
    axes.set(title=title, xlabel="answer, in per cent of the truth", ylabel="truth (number)", aspect="equal")
    return figure


def roc_curves(roc: Mapping[str, Mapping[str, Any]], title: str) -> Figure:
    """The curve of each genre against the rest, and their mean."""
    figure = _figure(8.2, 5.4)
    axes = figure.subplots()
    places = np.linspace(0, 1, 201)
    for (name, curve), style in zip(roc.items(), _line_styles(), strict=False):
        false_rate, true_rate = curve["false_positive_rate"], curve["true_positive_rate"]
        axes.plot(false_rate, true_rate, linewidth=1.4, label=f"{name}: {curve['area']:.2f}", **style)
    rates = [np.interp(places, one["false_positive_rate"], one["true_positive_rate"]) for one in roc.values()]
    areas = [one["area"] for one in roc.values()]
    if rates:
        mean = np.concatenate([[0], np.mean(rates, axis=0)])
        label = f"mean of genres: {np.mean(areas):.2f}"
        axes.plot(np.append(0, places), mean, color=_GREY, linewidth=4, alpha=0.6, label=label, zorder=1)
    axes.plot([0, 1], [0, 1], color=_GREY, linewidth=0.8, linestyle=":")
    axes.set(
        title=title,
        xlabel="false positive rate: share of other genres named so",
        ylabel="true positive rate: share of the genre found",
        xlim=(-0.01, 1.01),
        ylim=(-0.01, 1.01),
        aspect="equal",
    )
    _tidy(axes)
    figure.legend(loc="outside right upper", title="area under the curve", frameon=False)
    return figure


def training_curves(epochs: Sequence[Mapping[str, float]], title: str) -> Figure:
    """Losses, scores and learning rate over the epochs; the best epoch is marked."""
    figure = _figure(8.2, 6.6)
    of_loss, of_score, of_rate = figure.subplots(3, sharex=True, height_ratios=(3, 3, 1.6))
    numbers = [epoch["number"] for epoch in epochs]
    lines = (
        (of_loss, "loss", "training", _BLUE, "-"),
        (of_loss, "validation_loss", "validation", _VERMILION, "--"),
        (of_score, "validation_accuracy", "validation accuracy", _VERMILION, "-"),
        (of_score, "validation_macro_f1", "validation macro F1", _GREEN, "--"),
        (of_rate, "learning_rate", "learning rate", _GREY, "-"),
    )
    for axes, name, label, colour, dash in lines:
        values = [epoch.get(name, np.nan) for epoch in epochs]
        scale = _PER_CENT if axes is of_score else 1
        axes.plot(numbers, scale * np.array(values, float), dash, color=colour, label=label, marker=".")
    best = [epoch["number"] for epoch in epochs if epoch.get("best")]
    for axes in (of_loss, of_score, of_rate):
        if best:
            axes.axvline(
                best[-1], color="black", linewidth=0.8, linestyle=":", label=f"best: epoch {best[-1]:g}"
            )
        _tidy(axes)
    of_loss.set(title=title, ylabel="cross-entropy in nats")
    of_score.set(ylabel="per cent of tracks")
    of_rate.set(ylabel="learning rate", xlabel="epoch", yscale="log" if _varies(epochs) else "linear")
    of_rate.xaxis.get_major_locator().set_params(integer=True)
    for axes in (of_loss, of_score):
        axes.legend(frameon=False)
    return figure


def reliability(bins: Sequence[Mapping[str, float]], title: str) -> Figure:
    """Accuracy over confidence, and how many answers there are of each; too sure is below the diagonal."""
    figure = _figure(6.0, 6.0)
    upper, lower = figure.subplots(2, sharex=True, height_ratios=(4, 1))
    confidence = _PER_CENT * np.array([one["confidence"] for one in bins])
    accuracy = _PER_CENT * np.array([one["accuracy"] for one in bins])
    upper.plot(
        [0, _PER_CENT], [0, _PER_CENT], color=_GREY, linewidth=1, linestyle="--", label="as it should be"
    )
    upper.vlines(confidence, confidence, accuracy, color=_VERMILION, linewidth=2, alpha=0.6, label="gap")
    upper.plot(confidence, accuracy, "o-", color=_BLUE, label="this model")
    upper.set(title=title, ylabel="right answers in per cent", xlim=(0, 101), ylim=(0, 101))
    upper.legend(frameon=False)
    lower.bar(confidence, [one["n"] for one in bins], width=6, color=_BLUE)
    lower.set(xlabel="confidence in per cent", ylabel="answers")
    for axes in (upper, lower):
        _tidy(axes)
    return figure


def per_genre(scores: Mapping[str, Mapping[str, float]], title: str) -> Figure:
    """Precision, recall and F1 of each genre, the best F1 on top."""
    names = sorted(scores, key=lambda name: scores[name]["f1"])
    figure = _figure(7.6, 1.6 + 0.46 * len(names))
    axes = figure.subplots()
    places = np.arange(len(names))
    axes.barh(places, [_PER_CENT * scores[name]["f1"] for name in names], color="#c9dff0", label="F1")
    for metric, marker, colour in (("precision", "D", _VERMILION), ("recall", "o", _BLUE)):
        values = [_PER_CENT * scores[name][metric] for name in names]
        axes.plot(values, places, marker, color=colour, label=metric, markersize=6, clip_on=False)
    axes.set_yticks(places, [f"{name} ({scores[name]['support']:.0f})" for name in names])
    axes.set(title=title, xlabel="per cent", xlim=(0, _PER_CENT), ylim=(-0.6, len(names) - 0.4))
    _tidy(axes)
    axes.grid(axis="y", visible=False)
    figure.legend(loc="outside lower right", ncols=3, frameon=False)
    return figure


def selection(
    curve: Mapping[str, Sequence[float]], title: str, written: Mapping[str, Any] | None = None
) -> Figure:
    """Accuracy over the share of tracks that get an answer, as the threshold falls, and where `written` is."""
    figure = _figure(7.2, 4.6)
    axes = figure.subplots()
    coverage, accuracy = (_PER_CENT * np.array(curve[name]) for name in ("coverage", "accuracy"))
    axes.plot(coverage, accuracy, color=_BLUE, label="one threshold for all genres")
    if written:
        place = [_PER_CENT * written[name]["value"] for name in ("coverage", "accuracy")]
        axes.plot(
            *place, "D", color=_VERMILION, markersize=8, label="the model's own thresholds", clip_on=False
        )
    axes.set(
        title=title,
        xlabel="tracks that get an answer, in per cent",
        ylabel="of these right, in per cent",
        xlim=(0, 101),
        ylim=(min(50.0, float(accuracy.min()) - 5), 101),
    )
    _tidy(axes)
    axes.legend(frameon=False, loc="lower left")
    return figure


def learning_curve(points: Sequence[Mapping[str, float]], title: str, score: str = "accuracy") -> Figure:
    """A score over the number of training examples: `n`, `median`, and if known `low` and `high`, 0 to 1."""
    figure = _figure(7.2, 4.6)
    axes = figure.subplots()
    ordered = sorted(points, key=lambda point: point["n"])
    sizes = [point["n"] for point in ordered]
    median, low, high = (
        _PER_CENT * np.array([point.get(name, point["median"]) for point in ordered])
        for name in ("median", "low", "high")
    )
    axes.fill_between(sizes, low, high, color=_BLUE, alpha=0.2, linewidth=0)
    axes.plot(sizes, median, "o-", color=_BLUE)
    axes.set(title=title, xlabel="training examples", ylabel=f"{score} in per cent")
    axes.set_xlim(left=0)
    _tidy(axes)
    return figure


def bootstrap_box(scores: Mapping[str, Sequence[float]], title: str) -> Figure:
    """How each model's score, 0 to 1, spreads over training sets that were drawn anew."""
    figure = _figure(7.2, 1.8 + 0.8 * len(scores))
    axes = figure.subplots()
    names, rng = list(scores), np.random.default_rng(0)
    values = [_PER_CENT * np.array(scores[name]) for name in names]
    axes.boxplot(
        values,
        orientation="horizontal",
        tick_labels=names,
        showfliers=False,
        widths=0.5,
        medianprops={"color": _VERMILION, "linewidth": 2},
    )
    for place, drawn in enumerate(values, start=1):
        axes.plot(drawn, place + rng.uniform(-0.12, 0.12, len(drawn)), ".", color=_BLUE, alpha=0.4)
    axes.set(title=title, xlabel="per cent")
    _tidy(axes)
    return figure


def svg(figure: Figure, name: str, description: str) -> str:
    """An SVG element to stand in a page, with ids of its own.

    Args:
        figure: The picture.
        name: Unique in the page.
        description: What screen readers say.
    """
    text = _drawn(figure, "svg").decode("utf-8")
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", text)
    label = description.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return text.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)


def save(figure: Figure, folder: Path, name: str) -> None:
    """Write a picture as NAME.svg and NAME.png.

    Raises:
        OutputError: The folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for suffix in ("svg", "png"):
            (folder / f"{name}.{suffix}").write_bytes(_drawn(figure, suffix))
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written: {error.strerror}") from error


def _figure(width: float, height: float) -> Figure:
    """An empty picture, in inches, that touches nothing global.

    Raises:
        SettingsError: matplotlib is not installed.
    """
    try:
        import matplotlib.figure  # takes a second
    except ImportError as error:
        raise SettingsError(
            "matplotlib, which draws the pictures, is not installed",
            hint="`pip install matplotlib`",
        ) from error
    return matplotlib.figure.Figure(figsize=(width, height), layout="constrained", facecolor="white")


def _drawn(figure: Figure, suffix: str) -> bytes:
    import matplotlib

    stream = io.BytesIO()
    # Without a date the same data gives the same file.
    metadata = {"Date": None, "Creator": places.MARK} if suffix == "svg" else {"Software": places.MARK}
    with matplotlib.rc_context(_STYLE):
        figure.savefig(stream, format=suffix, dpi=_DOTS_PER_INCH, metadata=metadata)
    return stream.getvalue()


def _line_styles() -> Iterator[dict[str, str]]:
    return ({"linestyle": dash, "color": colour} for dash in itertools.cycle(_DASHES) for colour in _COLOURS)


def _tidy(axes: Any) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(visible=True, color="#e6e6e6", linewidth=0.8)
    axes.set_axisbelow(True)


def _varies(epochs: Sequence[Mapping[str, float]]) -> bool:
    """Whether learning rates need a logarithmic axis."""
    rates = [epoch["learning_rate"] for epoch in epochs if epoch["learning_rate"] > 0]
    return bool(rates) and max(rates) > 20 * min(rates)
