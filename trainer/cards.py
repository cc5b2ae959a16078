"""What a run says of the model it made."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from tagger import __version__
from tagger.inference.card import Calibration, Card, WindowShape
from trainer.corpora.interface import Corpus
from trainer.data.material import Material

_LICENCE = "none stated; the terms of the corpora that it learned from may bind its use"
_APART = {
    "windows": "Windows of one track are on all sides: every score is too high",
    "tracks": "No track is on two sides; artists are not kept apart",
}


def of(
    corpus: Corpus, data: Material, calibration: Calibration, model: Mapping[str, Any], *, finished: bool
) -> Card:
    """The card of a model that was not tested yet, without checksums.

    Args:
        corpus: What it learned from.
        data: The same, prepared and split.
        calibration: How its logits become probabilities.
        model: What its learner says of it; see `Learner.describe`.
        finished: Whether training ran to its end.
    """
    recipe = data.recipe
    rate = recipe.front_end.frames_per_second
    return Card(
        name=recipe.name,
        description=recipe.description,
        licence=_LICENCE,
        created=datetime.datetime.now(datetime.UTC).date().isoformat(),
        tagger_version=__version__,
        genres=data.genres,
        front_end=recipe.front_end,
        window=WindowShape(
            recipe.window_frames,
            recipe.hop_frames,
            recipe.window_frames / rate,
            recipe.hop_frames / rate,
            variable=bool(model.get("takes_any_length")),
        ),
        calibration=calibration,
        thresholds=dict.fromkeys(data.genres, recipe.threshold),
        network=dict(model),
        recipe=recipe.as_dict(),
        corpora=_corpora(corpus, data),
        split={side: len(getattr(data.split, side)) for side in ("train", "validation", "test")}
        | {
            "protocol": data.split.protocol,
            "how": data.split.how,
            "leaky": data.split.is_too_high,
            "leaked": data.split.n_leaked,
            "artists": _artists(corpus, data),
            "notes": list(data.told),
            "finished": finished,
        },
    )


def _artists(corpus: Corpus, data: Material) -> str:
    """A sentence on what is kept apart."""
    if data.split.n_leaked:
        return f"{data.split.n_leaked} recordings are on two sides"
    if data.split.protocol in _APART:
        return _APART[data.split.protocol]
    if corpus.artists_known:
        return "No artist or source track is on two sides"
    return "No track is on two sides; artists are not known and not kept apart"


def _corpora(corpus: Corpus, data: Material) -> tuple[dict[str, Any], ...]:
    licences: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for example in (*data.examples, *(one.example for one in data.learned_beside)):
        licences[example.corpus][example.licence or corpus.licence] += 1
    return tuple(
        {
            "name": name,
            "examples": sum(counts.values()),
            "licences": dict(counts),
            "citation": corpus.citation,
        }
        for name, counts in sorted(licences.items())
    )
