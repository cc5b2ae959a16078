"""An explanation as a page of one file, light or dark as the reader's screen is."""

from __future__ import annotations

from collections.abc import Iterator

from tagger.explanation import Explanation
from tagger.records import DONT_KNOW
from tagger.sinks import page, picture, shown, told


def page_of(found: Explanation) -> str:
    """The whole page.

    Raises:
        SettingsError: matplotlib cannot be loaded.
    """
    name = told.name(found)
    return page.document(f"{name}: {found.verdict.genre or DONT_KNOW}", _parts(found, name))


def _parts(found: Explanation, name: str) -> Iterator[str]:
    heard = found.verdict
    yield f"<!-- {picture.MARK} -->"
    yield page.heading(shown.isolated(name), 1)
    yield page.paragraph(told.verdict(found), "lead")
    yield page.paragraph(
        f"{told.clock(heard.duration_seconds)}, {heard.n_windows} windows, model {heard.model}.", "soft"
    )
    said = f"{told.verdict(found)}. {told.bands(found)}"
    light, dark = (
        picture.drawn(found, "png", theme, is_titled=False) for theme in (picture.LIGHT, picture.DARK)
    )
    caption = (
        "From above: the waveform in the colours of the strongest genres; their probabilities; what in the "
        f"part that did most speaks for {found.winner}, and what for {found.runner_up}; the bands."
    )
    yield page.image(light, dark, said, caption)
    yield from _decided(found)
    yield from _confidence(found)
    yield from _alike(found)


def _decided(found: Explanation) -> Iterator[str]:
    """Windows and bands."""
    yield page.heading("Windows that decided")
    yield page.table(
        f"Without such a window {found.winner} would lead {found.runner_up} by so many points less",
        ("window", "lead", found.winner, found.runner_up),
        [
            (
                f"{told.clock(one.start_seconds)}–{told.clock(one.end_seconds)}",
                told.change(one.lead),
                told.percent(one.winner),
                told.percent(one.runner_up),
            )
            for one in found.deciding
        ],
    )
    yield page.heading("Bands of frequencies")
    yield page.paragraph(told.bands(found))
    yield page.table(
        f"What becomes of {found.winner} without what moves in a band, in points ({found.n_tried} windows)",
        ("band", "from", "to", "change"),
        [
            (one.name, f"{one.low_hz:,.0f} Hz", f"{one.high_hz:,.0f} Hz", told.change(one.change))
            for one in found.bands
        ],
    )


def _confidence(found: Explanation) -> Iterator[str]:
    """Every genre with and without calibration."""
    yield page.heading("Confidence")
    yield page.paragraph(f"{told.confidence(found)}.")
    uncalibrated = {score.genre: score.probability for score in found.raw}
    yield page.table(
        "Every genre of the model",
        ("genre", "calibrated", "as the network says it"),
        [
            (one.genre, f"{100 * one.probability:.1f} %", f"{100 * uncalibrated[one.genre]:.1f} %")
            for one in found.verdict.scores
        ],
    )


def _alike(found: Explanation) -> Iterator[str]:
    """Tracks of the library."""
    yield page.heading("Sounds alike")
    yield page.paragraph(told.neighbours(found))
    if found.neighbours:
        yield page.table(
            "Cosine of the embeddings",
            ("track", "heard", "tags", "similarity"),
            [
                (
                    "?" if near.path is None else shown.isolated(told.safe(near.path)),
                    f"{near.genre} {told.percent(near.confidence)}",
                    shown.isolated("; ".join(near.tags or ()) or "–"),
                    f"{near.similarity:.2f}",
                )
                for near in found.neighbours
            ],
            n_text=3,
        )
