"""How early `tagger audit` lists tags that were exchanged.

python -m tests.bench.exchanged TRACKS.csv

TRACKS.csv is the table of a run folder that tells what was said of each tested track, such as
`tracks-corpora.csv`; a tag is the genre that the corpus gives. Of a share of the tracks the tags are exchanged
at random. How often the model is right, and what it mixes up, is told for each half of the artists by the
other.
"""

from __future__ import annotations

import dataclasses
import itertools
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tagger.audit import suspects
from tagger.inference import artefact
from tagger.inference.card import Card
from tagger.sinks.audit.findings import Entry, Standing
from tests.bench.tested import Tested
from trainer import metrics
from trainer.intervals import Draws, interval

SHARE = 0.085
N_ROUNDS = 100
_FIRST = (20, 50)


def exchanged(y_true: NDArray[np.intp], rng: np.random.Generator) -> NDArray[np.intp]:
    """Labels, some of which were dealt anew among the tracks that had them."""
    chosen = rng.choice(len(y_true), round(SHARE * len(y_true)), replace=False)
    tags = y_true.copy()
    tags[chosen] = rng.permutation(tags[chosen])
    return tags


def entries(tested: Tested, tags: NDArray[np.intp]) -> list[Entry]:
    """What an audit knows of the tracks."""
    found = []
    for index, (file, tag) in enumerate(zip(tested.files, tags, strict=True)):
        scores, name = tested.scores(index), tested.genres[tag]
        standing = Standing.agrees if scores[0].genre == name else Standing.differs
        found.append(Entry(Path(file), scores, scores[0].genre, (name,), (name,), standing))
    return found


def hits(order: Sequence[Entry], is_wrong: dict[Path, bool]) -> list[int]:
    """How many of the first of a list are wrong."""
    return [sum(is_wrong[entry.path] for entry in order[:first]) for first in _FIRST]


def habits(card: Card, tested: Tested, of: NDArray[np.bool_]) -> suspects.Habits | None:
    """What a model mixes up, if its card told only of some tracks."""
    y_true, y_pred = tested.y_true[of], tested.y_prob[of].argmax(axis=1)
    matrix = metrics.confusion_matrix(y_true, y_pred, len(tested.genres))
    accuracy = interval(Draws(tested.groups[of]).means(y_true == y_pred))
    scores = {"confusion_matrix": matrix.tolist(), "accuracy": dataclasses.asdict(accuracy)}
    return suspects.Habits.of(dataclasses.replace(card, scores={"per_track": scores}))


def main(table: Path) -> None:
    """Print, for each way to order the tags, how many of the first were exchanged, and how many it says."""
    tested = Tested.read(table)
    card = artefact.load(artefact.BUNDLED / "default").card
    groups = np.unique(tested.groups)
    in_first = np.isin(tested.groups, np.random.default_rng(7).permutation(groups)[: len(groups) // 2])
    halves = [(part, habits(card, tested, ~part)) for part in (in_first, ~in_first)]
    found: dict[str, list[list[int]]] = {"both ratios": [], "the first alone": [], "confidence": []}
    bounds, n_wrong = [], []
    for seed in range(N_ROUNDS):
        tags = exchanged(tested.y_true, np.random.default_rng(seed))
        known = entries(tested, tags)
        is_wrong = {one.path: bool(wrong) for one, wrong in zip(known, tags != tested.y_true, strict=True)}
        doubted = [
            one
            for part, known_habits in halves
            for one in suspects.ranked(itertools.compress(known, part), known_habits)
        ]
        listed = [one.entry for one in sorted(doubted, key=lambda one: -one.surprise)]
        found["both ratios"].append(hits(listed, is_wrong))
        found["the first alone"].append(hits([one.entry for one in suspects.ranked(known, None)], is_wrong))
        found["confidence"].append(hits(sorted(listed, key=lambda one: -one.confidence), is_wrong))
        n_wrong.append(sum(is_wrong.values()))
        said = [suspects.expectation(list(itertools.compress(known, part)), other) for part, other in halves]
        bounds.append(np.sum([(one.fewest, one.wrong, one.most) for one in said if one], axis=0))
    print(f"{len(tested.files)} tracks, {np.mean(n_wrong):.0f} tags wrong; means of {N_ROUNDS} rounds")
    for name, counts in found.items():
        first = ", ".join(f"{n:.1f} of {of}" for n, of in zip(np.mean(counts, axis=0), _FIRST, strict=True))
        print(f"by {name}: {first} were exchanged")
    fewest, wrong, most = np.mean(bounds, axis=0)
    print(f"said to be wrong: {wrong:.0f}, at least {fewest:.0f}, at most {most:.0f}")


if __name__ == "__main__":
    main(Path(sys.argv[1])) if len(sys.argv) == 2 else sys.exit(__doc__)
