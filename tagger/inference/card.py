"""The card of a model folder: everything that must be known to use the model, as data."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tagger.errors import ModelError
from tagger.inference import plain
from tagger.inference.frontend import FrontEnd

FORMAT = "tagger-model"
FORMAT_VERSION = 1

_MOST_OFFSET = 20.0
# Far beyond what training fits; colder, a division overflows, and every answer claims to be certain.
_COLDEST, _HOTTEST = 1e-3, 1e3

_KINDS: dict[type, tuple[str, ...]] = {
    str: ("name", "description", "licence", "created", "tagger_version"),
    list: ("genres", "corpora"),
    dict: (
        "front_end",
        "window",
        "calibration",
        "thresholds",
        "network",
        "recipe",
        "split",
        "scores",
        "checksums",
    ),
}
HINT = "copy the model folder again, or train the model again"
"""What helps where a model folder is damaged."""


@dataclass(frozen=True)
class WindowShape:
    """The excerpt the network was trained on.

    Attributes:
        frames: Length, in spectrogram frames.
        hop_frames: Distance of windows, in frames; 1 to `frames`.
        seconds: Length, in seconds.
        hop_seconds: Distance, in seconds.
        variable: Whether the network also takes windows of another length.
    """

    frames: int
    hop_frames: int
    seconds: float
    hop_seconds: float
    variable: bool


@dataclass(frozen=True)
class Calibration:
    """How logits become probabilities.

    Attributes:
        method: "temperature": the logits are divided by `temperature` before the softmax.
        temperature: 0.001 to 1000; 1 leaves the logits as they are.
    """

    method: str = "temperature"
    temperature: float = 1.0


@dataclass(frozen=True)
class HeldOut:
    """Answers to tracks that were not learned from: what a promise on errors rests on.

    They are of this model, or of models of the same recipe that did not hear the track; what is proven for
    these is assumed for the one that is kept.

    Attributes:
        source: Which tracks these are and how they were answered, for people.
        genre: The genre that was strongest, an index, for each track.
        confidence: Its calibrated probability, 0 to 1.
        right: 1 where it was right, else 0.
        scale: For each genre, what is added to the logit of a confidence to make genres comparable; -20 to 20,
            fitted on other tracks than these.
    """

    source: str
    genre: tuple[int, ...]
    confidence: tuple[float, ...]
    right: tuple[int, ...]
    scale: Mapping[str, float]


@dataclass(frozen=True)
class Card:
    """What `card.json` says.

    Attributes:
        name: The model's name.
        description: One sentence for people.
        licence: Licence of the weights.
        created: Date, ISO 8601.
        tagger_version: Version of the program that wrote the folder.
        genres: The genres, in the order of the logits.
        front_end: How audio becomes the network's input.
        window: The excerpt the network sees.
        calibration: How logits become probabilities.
        thresholds: Confidence from which a genre is written into files, 0 to 1; one for each genre.
        network: Architecture, number of parameters, floating-point operations, size of the embedding.
        recipe: Every number that shaped the model.
        corpora: What it was trained on, each with its licence.
        split: Which examples trained, chose and tested it.
        scores: What it reached, per window and per track, with 95 % intervals.
        checksums: SHA-256 of each file of the folder that inference reads.
        held_out: Answers to tracks that it never learned from; None in cards without them.
    """

    name: str
    description: str
    licence: str
    created: str
    tagger_version: str
    genres: tuple[str, ...]
    front_end: FrontEnd
    window: WindowShape
    calibration: Calibration
    thresholds: Mapping[str, float]
    network: Mapping[str, Any] = field(default_factory=dict)
    recipe: Mapping[str, Any] = field(default_factory=dict)
    corpora: tuple[Mapping[str, Any], ...] = ()
    split: Mapping[str, Any] = field(default_factory=dict)
    scores: Mapping[str, Any] = field(default_factory=dict)
    checksums: Mapping[str, str] = field(default_factory=dict)
    held_out: HeldOut | None = None


def dumps(card: Card) -> str:
    """The text of `card.json`; the answers to held-out tracks, thousands of numbers, are one line of it."""
    facts = {"format": FORMAT, "format_version": FORMAT_VERSION} | dataclasses.asdict(card)
    held_out = facts.pop("held_out")
    text = json.dumps(facts, indent=2, ensure_ascii=False, allow_nan=False)
    if held_out is not None:
        line = json.dumps(held_out, ensure_ascii=False, allow_nan=False)
        text = f'{text.removesuffix("}").rstrip()},\n  "held_out": {line}\n}}'
    return text + "\n"


def loads(text: str, where: str) -> Card:
    """Read and check the text of a `card.json`.

    Args:
        text: The JSON text.
        where: What messages call it, the path as a rule.

    Raises:
        ModelError: The text is no card, of another format version, or a value makes no sense.
    """
    try:
        raw = json.loads(text, parse_float=plain.finite, parse_constant=plain.finite)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{where}: not valid JSON: {error}", hint=HINT) from error
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise ModelError(
            f"{where}: not the card of a tagger model", hint="`tagger models` lists the models found"
        )
    if raw.get("format_version") != FORMAT_VERSION:
        raise ModelError(
            f"{where}: format version {raw.get('format_version')!r} cannot be read, only {FORMAT_VERSION}",
            hint="update tagger, or train the model again with this version",
        )
    try:
        card = _card(raw)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        problem = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise ModelError(f"{where}: damaged card: {problem}", hint=HINT) from error
    return card


def _card(raw: dict[str, Any]) -> Card:
    values = {entry.name: raw[entry.name] for entry in dataclasses.fields(Card) if entry.name != "held_out"}
    for kind, names in _KINDS.items():
        for name in names:
            plain.demand(isinstance(raw[name], kind), f"{name} must be {plain.WORDS[kind.__name__]}")
    genres = tuple(raw["genres"])
    plain.demand(
        genres and all(isinstance(g, str) and g.strip() for g in genres) and len(set(genres)) == len(genres),
        "genres must be distinct, non-empty names",
    )
    plain.demand(raw["name"].strip(), "name must not be empty")
    plain.demand(
        all(isinstance(one, dict) and isinstance(one.get("name"), str) for one in raw["corpora"]),
        "corpora must be objects, each with a name",
    )
    plain.demand(all(isinstance(one, str) for one in raw["checksums"].values()), "checksums must be texts")
    calibration = plain.part(Calibration, raw, "calibration")
    plain.demand(calibration.method == "temperature", f"there is no calibration by {calibration.method}")
    plain.demand(
        _COLDEST <= calibration.temperature <= _HOTTEST,
        f"calibration.temperature must be within {_COLDEST:g} to {_HOTTEST:g}",
    )
    return Card(
        **values
        | {
            "genres": genres,
            "front_end": plain.part(FrontEnd, raw, "front_end"),
            "window": _window(raw),
            "calibration": calibration,
            "thresholds": _thresholds(raw["thresholds"], genres),
            "corpora": tuple(raw["corpora"]),
            "held_out": None if raw.get("held_out") is None else _held_out(raw["held_out"], genres),
        }
    )


def _window(raw: Mapping[str, Any]) -> WindowShape:
    window = plain.part(WindowShape, raw, "window")
    plain.demand(
        1 <= window.hop_frames <= window.frames,
        f"window hop of {window.hop_frames} frames is not within 1 to {window.frames}",
    )
    plain.demand(window.seconds > 0 and window.hop_seconds > 0, "lengths of windows must be above 0 s")
    return window


def _thresholds(raw: Mapping[str, Any], genres: Sequence[str]) -> dict[str, float]:
    for genre in genres:
        plain.demand(genre in raw, f"there is no threshold for {genre}")
        plain.demand(
            plain.fits(raw[genre], "float") and 0 <= raw[genre] <= 1, "thresholds must be within 0 to 1"
        )
    return {genre: float(raw[genre]) for genre in genres}


def _held_out(raw: Any, genres: Sequence[str]) -> HeldOut:
    plain.demand(isinstance(raw, dict), "held_out must be an object")
    plain.demand(isinstance(raw["source"], str), "the source of held-out tracks must be a text")
    answers = [raw[name] for name in ("genre", "confidence", "right")]
    plain.demand(
        all(isinstance(one, list) for one in answers) and len({len(one) for one in answers}) == 1,
        "held-out tracks must each have a genre, a confidence, and whether it was right",
    )
    genre, confidence, right = answers
    plain.demand(
        all(type(one) is int and 0 <= one < len(genres) for one in genre),
        f"genres of held-out tracks must be whole numbers below {len(genres)}",
    )
    plain.demand(
        all(type(one) is int and one in {0, 1} for one in right), "held-out tracks are right, 1, or wrong, 0"
    )
    plain.demand(
        all(plain.fits(one, "float") and 0 <= one <= 1 for one in confidence),
        "confidences of held-out tracks must be within 0 to 1",
    )
    plain.demand(isinstance(raw["scale"], dict), "the scale of held-out tracks must be an object")
    offsets: list[Any] = [raw["scale"].get(genre) for genre in genres]
    plain.demand(
        all(plain.fits(one, "float") and abs(one) <= _MOST_OFFSET for one in offsets),
        f"the scale of held-out tracks must be within -{_MOST_OFFSET:g} to {_MOST_OFFSET:g} for each genre",
    )
    return HeldOut(
        source=raw["source"],
        genre=tuple(genre),
        confidence=tuple(map(float, confidence)),
        right=tuple(right),
        scale=dict(zip(genres, map(float, offsets), strict=True)),
    )
