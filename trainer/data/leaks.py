"""The same audio on two sides of a split: found, refused, or counted and told."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from tagger.errors import CorpusError
from trainer.corpora.interface import Example
from trainer.data.splits import Split


def found(chosen: Split, pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The pairs of examples with the same audio that are on two sides; a `leaky` split parts nothing."""
    side_of = {
        int(index): number
        for number, side in enumerate((chosen.train, chosen.validation, chosen.test))
        for index in side
    }
    return [
        (first, second)
        for first, second in pairs
        if first in side_of and second in side_of and side_of[first] != side_of[second]
    ]


def counted(chosen: Split, pairs: Sequence[tuple[int, int]]) -> Split:
    """The split with its number of leaked test examples, which it also tells people."""
    test = set(chosen.test.tolist())
    leaked = {index for pair in ([] if chosen.leaky else found(chosen, pairs)) for index in test & set(pair)}
    if not leaked:
        return chosen
    told = f"{len(leaked)} of {len(test)} test recordings are on another side as well: scores are too high"
    return dataclasses.replace(chosen, n_leaked=len(leaked), how=f"{chosen.how}; {told}")


def refuse(chosen: Split, examples: Sequence[Example], pairs: Sequence[tuple[int, int]]) -> None:
    """Raise if the same audio is on two sides, unless the split says itself that it is leaky.

    Raises:
        CorpusError: It is; the sentence names the first pair.
    """
    leaked = [] if chosen.leaky else found(chosen, pairs)
    if leaked:
        first, second = (examples[index].path.name for index in leaked[0])
        count = f"{len(leaked)} pair{'s' if len(leaked) > 1 else ''} of files"
        raise CorpusError(
            f"{count} with the same audio on two sides of the split, the first: {first} and {second}",
            hint="give both the same group, fold or split; --allow-leaks trains all the same, "
            "and scores come out too high",
        )
