"""The model card for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tagger.inference.card import Card
from trainer import comparison

_TITLES = {
    "accuracy": "Accuracy",
    "any_label_accuracy": "Accuracy, any label of a track",
    "macro_f1": "Macro F1",
    "balanced_accuracy": "Balanced accuracy",
    "top_3_accuracy": "Top-3 accuracy",
    "expected_calibration_error": "Expected calibration error",
}
_UNFINISHED = "- **Its training was interrupted**: these are the best weights until then"
_INPUTS = {
    "log_mel": "{0.n_mels} mel bands",
    "log_spectrogram": "{0.n_bands} frequency bins",
    "waveform": "the samples",
    "descriptors": "{0.n_bands} descriptors",
}


def text(card: Card) -> str:
    """Markdown: what the model is, what it reached, what it learned from, what it cannot do."""
    parts = [_head(card), _data(card)]
    if card.scores:
        parts.insert(1, _scores(card))
    if ablations := card.recipe.get("ablations"):
        parts.insert(-1, _ingredients(ablations))
    return "\n\n".join([*parts, _limits(card)]) + "\n"


def _head(card: Card) -> str:
    network, front_end = card.network, card.front_end
    return "\n".join(
        [
            f"# {card.name}",
            "",
            f"{card.description}.",
            "",
            f"- Genres: {', '.join(card.genres)}",
            f"- Hears: windows of {card.window.seconds:.2f} s every {card.window.hop_seconds:.2f} s, "
            f"{_INPUTS[front_end.kind].format(front_end)} of mono sound at {front_end.sample_rate:,} Hz",
            f"- Model: {network['architecture']}, {network['parameters']:,} parameters" + _cost(network),
            f"- Licence of the weights: {card.licence}",
            f"- Made on {card.created} by audio-genre-tagger {card.tagger_version}",
            *([] if card.split.get("finished", True) else [_UNFINISHED]),
            "",
            "Use it with `tagger scan --model FOLDER PATH`, where FOLDER is the path of this folder, or its "
            "name alone if `tagger models` lists it.",
        ]
    )


def _cost(network: Mapping[str, Any]) -> str:
    flops = network.get("flops_per_window")
    return f", {flops / 1e6:.0f} million floating-point operations a window" if flops else ""


def _scores(card: Card) -> str:
    track, window = card.scores["per_track"], card.scores["per_window"]
    columns, header = [track, window], ["", "per track", "per window"]
    if yardstick := card.scores.get("baseline"):
        columns.append(yardstick["per_track"])
        header.append("yardstick, per track")
    written = track["written"]
    rows = [
        [title, *(_interval(column[name]) for column in columns)]
        for name, title in _TITLES.items()
        if all(name in column for column in columns)
    ]
    genres = [
        [
            genre,
            *(f"{100 * one[name]:.0f}" if one["support"] else "–" for name in ("precision", "recall", "f1")),
            f"{one['support']:.0f}",
        ]
        for genre, one in track["per_genre"].items()
    ]
    return "\n".join(
        [
            "## Scores",
            "",
            f"On {track['n']} tracks of {track['n_groups']} artists or source tracks{_heard_before(card)}, in "
            "per cent, with 95 % bootstrap intervals over these groups."
            + (f" **{caution}.**" if (caution := comparison.caution(track)) else "")
            + (f" The yardstick is {yardstick['model']}, on the same split." if yardstick else ""),
            "",
            *_table(header, rows),
            "",
            f"`--write-tags` would write a genre to {_interval(written['coverage'])} % of these tracks; "
            f"{_interval(written['accuracy'])} % of what it writes is right.",
            "",
            *_promises(card),
            *_by_protocol(card.scores.get("protocols", {})),
            *_by_corpus(track),
            "",
            "Per track and genre:",
            "",
            *_table(["genre", "precision", "recall", "F1", "tracks"], genres),
        ]
    )


def _promises(card: Card) -> list[str]:
    """Lines on what promises come to on tracks that they do not rest on."""
    found = card.scores.get("promises")
    if not found:
        return []
    rows = [
        [f"{100 * float(level):g}", _interval(one["coverage"]), _interval(one["error"]), str(one["n_named"])]
        for level, one in found.items()
    ]
    return [
        "What `--max-error` comes to on one track of each artist, four fifths of which choose the thresholds "
        "for the others in turn:",
        "",
        *_table(["promised, per cent", "named", "of these wrong", "tracks named"], rows),
        "",
    ]


def _by_protocol(protocols: Mapping[str, Any]) -> list[str]:
    """Lines on all protocols, if there are several."""
    if len(protocols) < 2:
        return []
    names = ("accuracy", "macro_f1", "expected_calibration_error")
    rows = [
        [
            protocol + _warning(one),
            *(_interval(one["per_track"][name]) for name in names),
            str(one["per_track"]["n"]),
        ]
        for protocol, one in protocols.items()
    ]
    header = ["protocol", *(_TITLES[name] for name in names), "tracks"]
    return ["Per track, by all protocols that it was tested by:", "", *_table(header, rows), ""]


def _warning(judged: Mapping[str, Any]) -> str:
    if n_leaked := judged.get("leaked"):
        return f" (**{n_leaked} of the tracks are on another side as well**)"
    return " (**too high**: it learned from the same tracks)" if judged.get("leaky") else ""


def _heard_before(card: Card) -> str:
    if n_leaked := card.split.get("leaked"):
        return f", **{n_leaked} of which it learned: every score is too high**"
    if card.split.get("leaky"):
        return ", **windows of which it learned: every score is too high**"
    n_models = card.scores.get("models", 1)
    if not card.split["test"]:
        models = f"one of {n_models} models" if n_models > 1 else "a model"
        return f", each by {models} of the same recipe that never heard it; this model learned from all of them"
    if card.split["protocol"] == "corpora":
        return f", each by a model that learned from other corpora only; this is the first of these {n_models}"
    if n_models > 1:
        return f", each by that of {n_models} models which never heard it; this is the first of these models"
    return " that it never heard"


def _ingredients(ablations: Iterable[Mapping[str, Any]]) -> str:
    """What each ingredient gained, by the recipe's own figures."""
    rows = [
        [
            one["ingredient"],
            f"`{one['instead']}`",
            one["protocol"],
            *(_gain(one[name]) for name in ("accuracy", "macro_f1")),
        ]
        for one in ablations
    ]
    return "\n".join(
        [
            "## Ingredients",
            "",
            "Points that the recipe gained over itself with one thing made otherwise, or over another recipe, "
            "per track, with 95 % intervals of the difference on the same tracks, as they were measured when "
            "the recipe was made, whatever this model learned from:",
            "",
            *_table(["ingredient", "instead", "protocol", "accuracy", "macro F1"], rows),
        ]
    )


def _gain(values: Sequence[float]) -> str:
    value, low, high = (f"{100 * one:+.1f}".replace("-", "−") for one in values)
    return f"{value} ({low} to {high})"


def _data(card: Card) -> str:
    split = card.split
    how = split.get("how", split["protocol"])
    lines = [f"- {one['name']}: {one['examples']} clips; {'; '.join(one['licences'])}" for one in card.corpora]
    return "\n".join(
        [
            "## Data",
            "",
            *lines,
            "",
            f"Split: {_sides(split)} ({how}). {split['artists']}.",
            *(f"- {note}" for note in (*card.recipe.get("notes", ()), *split["notes"])),
        ]
    )


def _sides(split: Mapping[str, Any]) -> str:
    if not split["test"]:
        return f"{split['train']} clips trained it, none is left to test it by"
    return (
        f"{split['train']} clips trained it, {split['validation']} chose the best weights and the temperature, "
        f"{split['test']} tested it"
    )


def _limits(card: Card) -> str:
    return "\n".join(
        [
            "## Limits",
            "",
            f"- It knows {len(card.genres)} genres; {_beyond(card)}.",
            "- Its confidence was calibrated on music like that above; on other music it can be too sure.",
            "- Genres shade into each other, and corpora disagree: part of what counts as an error here is "
            "a matter of opinion.",
        ]
    )


def _beyond(card: Card) -> str:
    """What becomes of sounds that have none of the genres."""
    if card.recipe.get("sampling", {}).get("background_share"):
        return "music of any other becomes one of them; speech, noise and tones it has learned not to name"
    return "whatever it hears becomes one of them, speech too"


def _by_corpus(track: Mapping[str, Any]) -> list[str]:
    """Lines on the scores in each corpus; older cards hold accuracies alone."""
    accuracy, macro_f1 = track["accuracy_by_corpus"], track.get("macro_f1_by_corpus")
    if macro_f1 is None:
        told = (f"{name} {100 * one['accuracy']:.0f} (n = {one['n']})" for name, one in accuracy.items())
        return [f"Accuracy by corpus: {', '.join(told)}."]
    rows = [
        [
            name,
            _interval({**one, "value": one["accuracy"]}),
            _interval({**macro_f1[name], "value": macro_f1[name]["macro_f1"]}),
            str(macro_f1[name]["n_genres"]),
            str(one["n"]),
        ]
        for name, one in accuracy.items()
    ]
    header = ["corpus", "accuracy", "macro F1 of its genres", "genres", "tracks"]
    return ["Per track and corpus:", "", *_table(header, rows)]


def _interval(score: Mapping[str, float]) -> str:
    return f"{100 * score['value']:.1f} ({100 * score['low']:.1f}–{100 * score['high']:.1f})"


def _table(header: list[str], rows: Iterable[list[str]]) -> list[str]:
    lines = [header, ["---"] + ["--:"] * (len(header) - 1), *rows]
    return [f"| {' | '.join(line)} |" for line in lines]
