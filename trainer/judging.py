"""A model folder and a corpus → scores, by the very path users run: what `tagger evaluate` does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tagger.errors import CorpusError, ModelError, SettingsError
from tagger.inference import plain
from tagger.inference.artefact import Artefact
from tagger.inference.card import HINT, Card
from trainer import answers, comparison, evaluate, sides
from trainer.answers import Truth
from trainer.corpora.interface import Corpus, Example
from trainer.data import labels, splits
from trainer.progress import Progress

SIDES = ("test", "validation", "all")

_N_REASONS = 3


@dataclass(frozen=True)
class Judged:
    """What a model reached on a corpus.

    Attributes:
        scores: See `trainer.runs.read_scores`; one protocol.
        side: One of `SIDES`.
        protocol: How the side was chosen: "all", or one of `splits.PROTOCOLS`.
        notes: What the reader should know, each a sentence.
    """

    scores: Mapping[str, Any]
    side: str
    protocol: str
    notes: tuple[str, ...]

    @property
    def leaky(self) -> bool:
        """Whether the model may have learned from what it was judged on."""
        return bool(self.scores["protocols"][self.protocol]["leaky"])


def judge(
    artefact: Artefact,
    corpus: Corpus,
    progress: Progress,
    *,
    side: str = "",
    protocol: str = "",
    jobs: int = 0,
    effort: str = "full",
) -> Judged:
    """Let a model name the tracks of a corpus, and score what it says per window and per track.

    Args:
        artefact: The model folder.
        corpus: What was found on disk.
        progress: Told how it goes.
        side: One of `SIDES`; empty takes the test side of a corpus that the model learned from, if it left one
            out, else all.
        protocol: How sides are chosen: artists, tracks or official; empty takes that of the model's
            training, or the corpus' own.
        jobs: Files decoded side by side; 0 means one for each core.
        effort: How much of a track its verdict comes from.

    Raises:
        CorpusError: No track of the corpus can be judged.
        ModelError: The card does not tell how sides were drawn.
        SettingsError: There is no such side, or no such protocol, or it has no side of its own.
    """
    _check(side, protocol)
    card = artefact.card
    examples, targets, notes = _known(corpus, card.genres)
    met = sides.of(artefact, [one.path for one in examples])
    names = {str(one["name"]) for one in card.corpora}
    shared = {one.corpus for one in examples if (one.corpus in names if met is None else one.path in met)}
    learned_all = bool(shared) and not card.split.get("test", True)
    side = side or ("test" if shared and not learned_all else "all")
    if side == "all":
        if protocol:
            notes.append(f"all tracks are judged: the protocol {protocol} has no say")
        protocol = "all"
    elif met and not protocol and card.split.get("protocol") != "windows":
        examples, protocol = _recorded(examples, met, side, card)
    else:
        examples, protocol, how = _drawn(examples, targets, side, protocol or _of_training(card), card)
        notes.append(f"{side} side: {how}")
        examples = _unlearned(examples, met or {}, card, notes)
    leaky = learned_all or (bool(shared) and (side == "all" or card.split.get("protocol") == "windows"))
    if leaky:
        notes.append(f"{card.name} learned from {', '.join(sorted(shared))}: these scores are too high")
    truths = _truths(examples, card.genres, corpus)
    progress.stage("Listening", 2 * len(truths))
    heard = answers.of_model(artefact, truths, jobs=jobs, effort=effort, on_track=progress.advance)
    notes += _unheard([one.reason for one in heard.without])
    if not len(heard.tracks):
        raise CorpusError(f"{corpus.name}: none of its {len(truths)} tracks can be heard", hint=notes[-1])
    progress.stage("Scoring")
    judged: dict[str, Any] = {
        "leaky": leaky,
        "per_window": evaluate.of_answers(heard.windows) | {"curves": evaluate.curves(heard.windows)},
        "per_track": evaluate.of_answers(heard.tracks)
        | {
            "written": evaluate.written(heard.tracks, card.thresholds),
            "without_verdict": len(heard.without),
            "curves": evaluate.curves(heard.tracks),
        },
    }
    if caution := comparison.caution(judged["per_track"]):
        notes.append(caution)
    return Judged({"protocols": {protocol: judged}}, side, protocol, (*corpus.problems, *notes))


def _known(corpus: Corpus, genres: Sequence[str]) -> tuple[list[Example], list[int], list[str]]:
    """Examples that have a genre of the model, the first such genre of each, and sentences on the others."""
    named = [(example, _genres(example, genres, corpus)) for example in corpus.examples]
    unknown = Counter(example.labels[0] for example, found in named if not found)
    kept = [(example, found[0]) for example, found in named if found]
    if not kept:
        raise CorpusError(
            f"{corpus.name}: none of its labels is a genre of the model",
            hint=f"the model knows {', '.join(genres)}",
        )
    first = ", ".join(f"{label} ({n})" for label, n in unknown.most_common(_N_REASONS))
    notes = [f"{unknown.total()} tracks left out: no genre of the model: {first}"] if unknown else []
    return [example for example, _ in kept], [target for _, target in kept], notes


def _recorded(
    examples: Sequence[Example], met: Mapping[Path, str], side: str, card: Card
) -> tuple[list[Example], str]:
    """The examples that were on a side when the model was trained, and the protocol that put them there."""
    kept = [one for one in examples if met.get(one.path) == side]
    if not kept:
        raise CorpusError(f"no track here was on the {side} side of {card.name}", hint="--side all judges all")
    return kept, str(card.split.get("protocol", ""))


def _unlearned(
    examples: Sequence[Example], met: Mapping[Path, str], card: Card, notes: list[str]
) -> list[Example]:
    """Examples that did not make the model, and a sentence on the others; all of a leaky model's."""
    kept = [one for one in examples if met.get(one.path, "test") == "test"]
    if card.split.get("protocol") == "windows" or len(kept) == len(examples):
        return list(examples)
    if not kept:
        raise CorpusError(f"{card.name} learned from all tracks of this side", hint="--side all judges it so")
    notes.append(
        f"{len(examples) - len(kept)} of {len(examples)} tracks left out: {card.name} learned from them; "
        "of the others it may have learned from the same artists"
    )
    return kept


def _genres(example: Example, genres: Sequence[str], corpus: Corpus) -> list[int]:
    """Genres of the model that the labels of an example name, in order; none if the first is ambiguous."""
    meanings = [labels.meaning(label, own_names=corpus.names_are_genres) for label in example.labels]
    places = {genre.casefold(): index for index, genre in enumerate(genres)}
    named = [(one.genre or "").casefold() for one in meanings]
    return [] if meanings[0].ambiguous else list(dict.fromkeys(places[one] for one in named if one in places))


def _of_training(card: Card) -> str:
    protocol = str(card.split.get("protocol", ""))
    return protocol if protocol in splits.ONE_SIDED else ""


def _check(side: str, protocol: str) -> None:
    if side and side not in SIDES:
        raise SettingsError(f"{side}: no such side", hint=f"sides are {', '.join(SIDES)}")
    splits.check_one_sided(protocol)


def _drawn(
    examples: Sequence[Example], targets: Sequence[int], side: str, protocol: str, card: Card
) -> tuple[list[Example], str, str]:
    """The examples of a side that is drawn as for a training, the protocol's name, and how it chose."""
    seed, shares = _of_recipe(card)
    split = splits.split(examples, targets, seed, protocol, shares=shares)
    return [examples[index] for index in getattr(split, side).tolist()], split.protocol, split.how


def _of_recipe(card: Card) -> tuple[int, tuple[float, float, float]]:
    """The seed and the shares of the sides that a model was trained with, or else those of any training."""
    seed, shares = card.recipe.get("seed", 0), card.recipe.get("shares", list(splits.SHARES))
    try:
        plain.demand(plain.fits(seed, "int") and 0 <= seed < 2**32, "recipe.seed must be a number below 2^32")
        plain.demand(
            plain.fits(shares, "list")
            and len(shares) == len(splits.SIDES)
            and all(plain.fits(one, "float") and one > 0 for one in shares),
            "recipe.shares must be three numbers above 0",
        )
    except ValueError as error:
        raise ModelError(f"{card.name}: damaged card: {error}", hint=HINT) from error
    train, validation, test = shares
    return seed, (train, validation, test)


def _truths(examples: Sequence[Example], genres: Sequence[str], corpus: Corpus) -> list[Truth]:
    found = {}
    for example in examples:
        target, *also = _genres(example, genres, corpus)
        found[example.path] = Truth(example.path, target, example.group, example.corpus, tuple(also))
    return list(found.values())


def _unheard(reasons: Sequence[str]) -> list[str]:
    return [f"{n} tracks without a verdict: {reason}" for reason, n in Counter(reasons).most_common()]
