"""A corpus → what a run learns from and is judged by."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainer.corpora.interface import Corpus, Example
from trainer.data import features, labels, splits
from trainer.data.inputs import Clip
from trainer.progress import Progress
from trainer.recipe import Recipe


@dataclass(frozen=True, eq=False)
class Material:
    """Clips with their genres, split.

    Attributes:
        genres: In the order of the logits.
        examples: Those that are used.
        clips: The spectrogram and the genre of each.
        split: Which of them train, choose and test.
        notes: What is missing or was left out, each a sentence.
    """

    genres: tuple[str, ...]
    examples: tuple[Example, ...]
    clips: tuple[Clip, ...]
    split: splits.Split
    notes: tuple[str, ...]

    def side(self, indices: NDArray[np.intp]) -> list[Clip]:
        """The clips of a side of the split."""
        return [self.clips[index] for index in indices]


def prepare(corpus: Corpus, recipe: Recipe, cache: Path, progress: Progress, *, jobs: int = 0) -> Material:
    """Choose genres, compute spectrograms, leave out what does not decode, and split.

    Args:
        corpus: What was found on disk.
        recipe: Which genres, how to hear, and the seed of the split.
        cache: Where spectrograms are kept from run to run.
        progress: Told of every clip.
        jobs: Number of processes; 0 means one for each core.

    Raises:
        CorpusError: The corpus supports no training.
        OutputError: The cache cannot be written.
    """
    wanted = labels.targets(corpus, recipe)
    heard = features.build([one.path for one in wanted.examples], recipe.front_end, cache, progress, jobs=jobs)
    decoded = tuple(one for one in corpus.examples if one.path not in heard.left_out)
    learned = labels.targets(dataclasses.replace(corpus, examples=decoded), recipe)
    clips = tuple(
        Clip(heard.files[one.path], target, one.corpus, one.group)
        for one, target in zip(learned.examples, learned.indices, strict=True)
    )
    split = splits.split(learned.examples, learned.indices, recipe.seed)
    notes = (*corpus.problems, *_undecoded(heard.left_out), *learned.left_out)
    return Material(learned.genres, learned.examples, clips, split, notes)


def _undecoded(left_out: Mapping[Path, str]) -> list[str]:
    """A sentence on each reason why clips do not decode; names without folders, since cards travel."""
    first = {reason: path.name for path, reason in reversed(list(left_out.items()))}
    return [
        f"{count} clip{'s' if count > 1 else ''} left out: {reason} (the first: {first[reason]})"
        for reason, count in Counter(left_out.values()).items()
    ]
