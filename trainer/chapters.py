"""The chapters of a report that scores fill: how good a model is, where it errs, and the pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tagger.sinks import page
from tagger.sinks.page import Cell
from trainer import comparison, evaluate, plots, studies

MEANINGS = {
    "corpora": "Every track is tested by a model that learned from other corpora only, which somebody else "
    "collected, labelled and encoded: the scores say what to expect of another collection of music.",
    "artists": "No artist is on two sides of the split, or where artists are not known no source track: the "
    "scores say what to expect of music by artists that the model never heard.",
    "official": "The sides are those that the corpus gives; whether they keep artists apart is its affair.",
    "kfold": "Every track is tested once, by a model that learned from the other folds, which hold other "
    "artists.",
    "tracks": "No track is on two sides, but an artist may be: part of what is scored is that the model knows "
    "the sound of an artist or an album again.",
    "windows": "Windows of one track are on both sides: the model is tested on tracks that it learned. Many "
    "published figures came about in this way; they say nothing about music that the model never heard.",
    "all": "Every track of the dataset was judged. Where the model learned from some of them, the scores are "
    "too high.",
}
"""What a protocol means, in the order of trust."""

_UNITS = {"per_track": "per track", "per_window": "per window"}


def main_protocol(scores: Mapping[str, Any]) -> str:
    """The most honest of the protocols that something was judged by; empty if it was not judged."""
    order = list(MEANINGS)
    names = sorted(scores.get("protocols", {}), key=lambda name: order.index(_kind(name)))
    return names[0] if names else ""


def scored(scores: Mapping[str, Any], reported: Mapping[str, Any]) -> Iterator[str]:
    """How good it is: what each protocol means, all scores, and what a paper reports (`Reported`, or empty)."""
    yield page.heading("Scores")
    protocols = scores.get("protocols", {})
    if not protocols:
        yield page.paragraph("It was not judged.")
        return
    for name in sorted(protocols, key=lambda name: list(MEANINGS).index(_kind(name))):
        leaky = protocols[name].get("leaky")
        warning = "LEAKED, not a measure of quality. " if leaky else ""
        told = f"{name}: {warning}{MEANINGS[_kind(name)]} Here: {protocols[name].get('how', 'not told')}."
        yield page.paragraph(told, "alarm" if leaky else "")
    yield from _inflation(protocols, main_protocol(scores))
    yield _table_of_scores(scores)
    if reported:
        yield _reported(reported, scores)


def _table_of_scores(scores: Mapping[str, Any]) -> str:
    columns: dict[Cell, Mapping[str, Any]] = {
        (_column(protocol, one, unit), f"n = {one[unit]['n']:,}"): one[unit]
        for protocol, one in scores["protocols"].items()
        for unit in _UNITS
        if one.get(unit)
    }
    baseline = scores.get("baseline") or {}
    if baseline.get("per_track"):
        columns["yardstick, per track"] = baseline["per_track"]
    rows = [
        [title, *(score(name, column.get(name)) for column in columns.values())]
        for name, title in comparison.TITLES.items()
        if any(name in column for column in columns.values())
    ]
    caption = "In per cent, or from 0 to 1; below each score its 95 % interval over artists or source tracks"
    if caution := next(filter(None, map(comparison.caution, columns.values())), ""):
        caption += f". {caution}"
    if baseline:
        caption += f". The yardstick is {baseline['model']}"
    return page.table(caption, ("", *columns), rows)


def _column(protocol: str, judged: Mapping[str, Any], unit: str) -> str:
    return f"{protocol}{', LEAKED' if judged.get('leaky') else ''}, {_UNITS[unit]}"


def _inflation(protocols: Mapping[str, Any], main: str) -> Iterator[str]:
    """How much higher than the honest score each leaky one is."""
    honest = protocols[main].get("per_track", {}).get("accuracy")
    for name, one in protocols.items():
        unit = "per_track" if one.get("per_track") else "per_window"
        if one.get("leaky") and name != main and honest:
            found = one[unit]["accuracy"]
            points = 100 * (found["value"] - honest["value"])
            yield page.paragraph(
                f"The leak is worth {points:+.1f} points: the same recipe reaches {_with_interval(found)} "
                f"{_UNITS[unit]} by {name}, and {_with_interval(honest)} per track by {main}.",
                "alarm",
            )


def _reported(reported: Mapping[str, Any], scores: Mapping[str, Any]) -> str:
    """What the paper says, beside what was reached here by the most honest protocol and by the others."""
    ours = {
        f"here: {_column(protocol, one, unit)}": one[unit]
        for protocol, one in scores["protocols"].items()
        for unit in _UNITS
        if one.get(unit)
    }
    rows: list[list[Cell]] = [
        [
            comparison.TITLES.get(name, name.replace("_", " ")),
            comparison.shown(name, value),
            *(score(name, column.get(name)) for column in ours.values()),
        ]
        for name, value in reported["scores"].items()
    ]
    theirs = f"{reported['study']} report, on {reported['corpus']} by {reported['protocol']}"
    caption = f"What {theirs}, and what was reached here"
    return page.table(caption, ("", "paper", *ours), rows)


def genres(scores: Mapping[str, Any]) -> Iterator[str]:
    """Where it errs: scores by genre, confusions, the surest mistakes, corpora."""
    main = main_protocol(scores)
    if not main:
        return
    judged = scores["protocols"][main]
    unit = "per_track" if judged.get("per_track") else "per_window"
    found = judged[unit]
    yield page.heading("Genres")
    rows = [
        [genre, *(f"{100 * one[name]:.0f}" for name in ("precision", "recall", "f1")), f"{one['support']:.0f}"]
        for genre, one in found["per_genre"].items()
    ]
    yield page.table(
        f"By genre in per cent, {_UNITS[unit]}, {main}", ("genre", "precision", "recall", "F1", "number"), rows
    )
    worst = evaluate.confusions(found["confusion_matrix"], list(found["per_genre"]))
    rows = [[one["truth"], one["answer"], str(one["n"]), f"{100 * one['share']:.0f} %"] for one in worst]
    yield page.table(
        f"Most frequent confusions, {_UNITS[unit]}, {main}",
        ("truth", "answer", "number", "of the truth"),
        rows,
        n_text=2,
    )
    if mistakes := found.get("curves", {}).get("mistakes"):
        surest = [[m["name"], m["truth"], m["answer"], f"{100 * m['confidence']:.0f} %"] for m in mistakes]
        table = page.table("Wrong answers", ("file", "truth", "answer", "confidence"), surest, n_text=3)
        yield page.folded("The surest wrong answers", table)
    if len(comparison.by_corpus(found)) > 1:
        yield _corpora(found, f"{_UNITS[unit]}, {main}")


def _corpora(found: Mapping[str, Any], said: str) -> str:
    """Scores in each corpus."""
    held = found.get("macro_f1_by_corpus", {})
    rows: list[list[Cell]] = [
        [
            name,
            *(score(title, one.get(title)) for title in ("accuracy", "macro_f1")),
            str(held[name]["n_genres"]) if name in held else "–",
            f"{found['accuracy_by_corpus'][name]['n']:,}",
        ]
        for name, one in comparison.by_corpus(found).items()
    ]
    caption = f"By corpus in per cent, {said}; macro F1 is the mean over the genres that the corpus holds"
    return page.table(caption, ("corpus", "accuracy", "macro F1", "genres", "number"), rows)


def figures(
    scores: Mapping[str, Any], epochs: Sequence[Mapping[str, Any]]
) -> dict[str, tuple[plots.Figure, str]]:
    """Pictures and what they show, by name."""
    found: dict[str, tuple[plots.Figure, str]] = {}
    main = main_protocol(scores)
    for unit, name in _UNITS.items():
        one = scores["protocols"][main].get(unit) if main else None
        if not one:
            continue
        names, curves, said = list(one["per_genre"]), one.get("curves", {}), f"{name}, {main}"
        found[f"confusion_{unit}"] = (
            plots.confusion_matrix(one["confusion_matrix"], names, f"Confusion matrix, {said}"),
            f"Confusion matrix {said}: how many per cent of each true genre got each answer.",
        )
        if curves:
            found[f"roc_{unit}"] = (
                plots.roc_curves(curves["roc"], f"ROC curves, {said}"),
                f"ROC curves {said}: each genre against the rest.",
            )
            found[f"reliability_{unit}"] = (
                plots.reliability(curves["reliability"], f"Reliability, {said}"),
                f"Reliability {said}: how often the model is right when it is so sure.",
            )
        if unit == "per_track":
            found["genres"] = (
                plots.per_genre(one["per_genre"], f"Genres, {said}"),
                f"Precision, recall and F1 of each genre, {said}.",
            )
        if curves and unit == "per_track":
            found["selection"] = (
                plots.selection(
                    curves["selection"], f"Fewer answers, more of them right, {said}", one.get("written")
                ),
                "What a threshold of confidence costs and brings.",
            )
    if len(epochs) > 1:
        found["training"] = (plots.training_curves(epochs, "Training"), "Losses and scores epoch by epoch.")
    return found | dict(_studied(scores))


def _studied(scores: Mapping[str, Any]) -> Iterator[tuple[str, tuple[plots.Figure, str]]]:
    """Pictures of the further trainings of a run, if there were any."""
    if outcomes := scores.get("bootstrap"):
        drawn = [one["scores"]["accuracy"] for one in outcomes]
        title = f"Accuracy per track of {len(drawn)} trainings on tracks drawn with replacement"
        yield "bootstrap", (plots.bootstrap_box({"accuracy": drawn}, title), f"{title}.")
    if outcomes := scores.get("learning_curve"):
        found = studies.quartiles([studies.Outcome(**one) for one in outcomes])
        sizes = {one["share"]: one["n_examples"] for one in outcomes}
        points = [
            {"n": sizes[share], "median": own.median, "low": own.lower, "high": own.upper}
            for share, by_score in found.items()
            for own in [by_score["accuracy"]]
        ]
        title = "Accuracy per track by number of training tracks"
        yield "learning_curve", (plots.learning_curve(points, title), f"{title}: median and middle half.")


def score(name: str, value: Mapping[str, float] | None) -> Cell:
    """A score with its interval, as a cell; a dash where it is not known."""
    if value is None:
        return "–"
    return comparison.shown(name, value["value"]), (
        f"{comparison.shown(name, value['low'])}–{comparison.shown(name, value['high'])}"
    )


def _with_interval(score: Mapping[str, float]) -> str:
    return f"{_percent(score['value'])} ({_percent(score['low'])} to {_percent(score['high'])})"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _kind(protocol: str) -> str:
    """The key of `MEANINGS` for a protocol."""
    name = protocol.partition(":")[0]
    return name if name in MEANINGS else "official"
