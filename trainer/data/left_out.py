"""Each corpus left out in turn: what a model is worth on music that somebody else collected and labelled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tagger.errors import CorpusError
from trainer.corpora.interface import Example
from trainer.data import folds

LEAST_TESTED = 50
"""Examples that a corpus must have for the others to know, to be left out; a smaller one only ever trains."""

_VALIDATION_FOLDS = 5  # one of which validates


@dataclass(frozen=True)
class LeftOut:
    """A corpus that tests what was learned from the others.

    Attributes:
        corpus: Its name.
        sides: The side of each example, "" for those that are not used.
        how: How they were chosen, for people.
    """

    corpus: str
    sides: tuple[str, ...]
    how: str

    @property
    def n_tested(self) -> int:
        """Number of examples on the test side."""
        return self.sides.count("test")


def in_turn(
    examples: Sequence[Example],
    targets: Sequence[int],
    groups: Sequence[str],
    seed: int,
    *,
    min_examples: int = 1,
    min_groups: int = 1,
) -> list[LeftOut]:
    """The sides for each corpus that can be left out, in order of names.

    Nobody who is in the corpus that is left out is learned from; genres that the others hold too little of are
    neither learned nor tested.

    Args:
        examples: What to split.
        targets: The genre of each, an index.
        groups: What stays together, a name for each example.
        seed: Of the draw of the validation side, where the corpora give no folds.
        min_examples: Examples of a genre below which the others do not know it.
        min_groups: Groups of a genre below which the others do not know it.

    Raises:
        CorpusError: No corpus can be left out.
    """
    names = sorted({one.corpus for one in examples})
    parts = [
        _part(name, examples, targets, groups, seed, min_examples, min_groups)
        for name, size in sorted(Counter(one.corpus for one in examples).items())
        if size >= LEAST_TESTED and len(names) > 1
    ]
    kept = [part for part in parts if part.n_tested >= LEAST_TESTED]
    if not kept:
        raise CorpusError(
            f"no corpus of {', '.join(names)} can be left out",
            hint=f"that takes {LEAST_TESTED} examples of genres that the others hold too; a table names the "
            "corpus of each file in a column `corpus`",
        )
    return kept


def _part(
    corpus: str,
    examples: Sequence[Example],
    targets: Sequence[int],
    groups: Sequence[str],
    seed: int,
    min_examples: int,
    min_groups: int,
) -> LeftOut:
    own = {index for index, one in enumerate(examples) if one.corpus == corpus}
    met = {groups[index] for index in own}
    others = [index for index in range(len(examples)) if groups[index] not in met]
    rest = _of_known(others, targets, groups, min_examples, min_groups)
    validation, how = _validation(rest, examples, targets, groups, seed)
    held = {groups[index] for index in validation}
    train = {index for index in rest if groups[index] not in held}
    learned = {targets[index] for index in train}
    side_of = dict.fromkeys((index for index in own if targets[index] in learned), "test")
    side_of |= dict.fromkeys((index for index in validation if targets[index] in learned), "validation")
    side_of |= dict.fromkeys(train, "train")
    told = [f"{corpus} tests and the other corpora train, {how}"]
    if n_untested := sum(targets[index] not in learned for index in own):
        told.append(f"{n_untested} of its {len(own)} tracks not tested, of genres that the others hardly hold")
    if n_met := len(examples) - len(own) - len(others):
        told.append(f"{n_met} of the others' tracks not learned, by artists or of recordings that it holds too")
    return LeftOut(corpus, tuple(side_of.get(index, "") for index in range(len(examples))), "; ".join(told))


def _of_known(
    indices: Sequence[int],
    targets: Sequence[int],
    groups: Sequence[str],
    min_examples: int,
    min_groups: int,
) -> list[int]:
    """Those whose genre has enough examples and groups among them."""
    n_examples = Counter(targets[index] for index in indices)
    n_groups = Counter(genre for genre, _ in {(targets[index], groups[index]) for index in indices})
    known = {
        genre for genre in n_examples if n_examples[genre] >= min_examples and n_groups[genre] >= min_groups
    }
    return [index for index in indices if targets[index] in known]


def _validation(
    rest: Sequence[int],
    examples: Sequence[Example],
    targets: Sequence[int],
    groups: Sequence[str],
    seed: int,
) -> tuple[list[int], str]:
    """Those of the rest that validate, and how they were chosen."""
    fold_of = [examples[index].fold for index in rest]
    present = {fold for fold in fold_of if fold is not None}
    if len(present) > 1 and None not in fold_of:
        return [
            i for i, fold in zip(rest, fold_of, strict=True) if fold == max(present)
        ], "their last fold validates"
    if not rest:
        return [], "none of them known"
    drawn = folds.drawn([groups[i] for i in rest], [targets[i] for i in rest], _VALIDATION_FOLDS, seed)
    last = _VALIDATION_FOLDS - 1
    chosen = [index for index, fold in zip(rest, drawn, strict=True) if fold == last]
    return chosen, f"a fifth of their artists or source tracks validates, stratified, seed {seed}"
