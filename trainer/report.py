"""What a model reached, as one page for people: scores, what they mean, where it errs, what it learned from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tagger.errors import OutputError
from tagger.sinks import page
from trainer import chapters, comparison, places, plots, runs
from trainer.runs import Run

_LIMITS = (
    "Whatever a model hears becomes one of its genres, speech and noise too, unless it learned better.",
    "Scores hold for music like that of the test; on other music, and in other sound quality, they fall.",
    "Genres shade into each other and corpora disagree: part of what counts as an error here is opinion.",
    "Intervals are taken over artists or source tracks: they show what other test music would change, not what "
    "another training would.",
)


@dataclass(frozen=True)
class Subject:
    """What a report is about.

    Attributes:
        title: Its heading.
        lead: One sentence below it.
        facts: Names and values.
        notes: What the reader should know, each a sentence.
        reported: What a paper says of the same system: see `trainer.recipe.Reported`; empty if nothing.
        details: What is folded away: names and values.
        corpora: Each with `name`, `examples` and `licences` (numbers by licence).
    """

    title: str
    lead: str
    facts: Mapping[str, str]
    notes: Sequence[str] = ()
    reported: Mapping[str, Any] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    corpora: Sequence[Mapping[str, Any]] = ()


def of_run(run: Run, corpora: Sequence[Mapping[str, Any]] = (), notes: Sequence[str] = ()) -> Path:
    """Write the report and the figures of a run into its folder.

    Args:
        run: A run that was judged.
        corpora: What it learned from: see `Subject`.
        notes: See `Subject`; those of the recipe come in front.

    Raises:
        OutputError: The folder cannot be written.
        SettingsError: The scores of the run are damaged, or matplotlib is missing.
    """
    numbers = run.recipe_numbers
    taken = "not known" if run.seconds is None else f"{run.seconds / 60:.1f} minutes"
    subject = Subject(
        title=f"{run.recipe}: {run.name}",
        lead=f"{run.recipe} learned from {run.dataset}. {numbers.get('description', '')}".strip(),
        facts={
            "recipe": run.recipe,
            "dataset": run.dataset,
            "protocol": run.protocol,
            "seed": str(run.seed),
            "status": run.status + (f": {run.problem}" if run.problem else ""),
            "began": run.started,
            "took": taken,
            "backend": run.backend or "–",
        },
        notes=(*numbers.get("notes", ()), *notes),
        reported=numbers.get("reported") or {},
        details={
            **dict(comparison.flat(numbers, "")),
            **{f"version of {name}": one for name, one in run.versions.items()},
        },
        corpora=corpora,
    )
    return write(run.folder, subject, runs.read_scores(run), runs.epochs(run))


def write(
    folder: Path, subject: Subject, scores: Mapping[str, Any], epochs: Sequence[Mapping[str, Any]] = ()
) -> Path:
    """Write `report.html` and its figures into a folder, whatever is there, and return the page's path.

    Args:
        folder: Where to: that of a run, or one that `places.check_report` let pass.
        subject: What it is about.
        scores: See `runs.read_scores`.
        epochs: See `runs.epochs`.

    Raises:
        OutputError: The folder cannot be written.
        SettingsError: matplotlib is missing.
    """
    place = folder / runs.REPORT
    figures = {name: figure for name, (figure, _) in chapters.figures(scores, epochs).items()}
    for name, figure in figures.items():
        plots.save(figure, folder / runs.FIGURES, name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        place.write_text(text(subject, scores, epochs), "utf-8", errors="backslashreplace")
    except OSError as error:
        raise OutputError(f"{place}: cannot be written: {error.strerror}") from error
    return place


def text(subject: Subject, scores: Mapping[str, Any], epochs: Sequence[Mapping[str, Any]] = ()) -> str:
    """The page: see `write`."""
    pictures = [
        page.picture(plots.svg(figure, name, caption), caption)
        for name, (figure, caption) in chapters.figures(scores, epochs).items()
    ]
    parts = [
        page.heading(subject.title, 1),
        page.paragraph(subject.lead, "lead"),
        page.table("What was done", (), list(subject.facts.items()), n_text=2),
        *chapters.scored(scores, subject.reported),
        *chapters.genres(scores),
        page.heading("Pictures"),
        *pictures,
        *_origin(subject),
        page.heading("Limits"),
        page.listing(_LIMITS),
    ]
    if subject.details:
        rows = [(name, _shown(value)) for name, value in subject.details.items()]
        parts.append(page.folded("All numbers", page.table("Numbers and versions", (), rows, n_text=2)))
    return page.document(subject.title, parts, head=f"{places.GENERATOR}\n")


def _origin(subject: Subject) -> Iterator[str]:
    if subject.corpora:
        yield page.heading("Corpora")
        rows = [
            (one["name"], f"{one['examples']:,}", "; ".join(f"{k} ({n:,})" for k, n in one["licences"].items()))
            for one in subject.corpora
        ]
        yield page.table("What it learned from", ("corpus", "clips", "licences"), rows)
    if subject.notes:
        yield page.heading("Notes")
        yield page.listing(subject.notes)


def _shown(value: Any) -> str:
    if value is None or value in ((), [], {}, ""):
        return "–"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
