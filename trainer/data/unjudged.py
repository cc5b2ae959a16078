"""Clips without a genre, learned from but never judged by: label sets that leave several open, and no music."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from trainer.corpora.interface import Corpus, Example
from trainer.data import checks, features, kept, labels, sounds, splits
from trainer.data.drawing import BACKGROUND, OPEN, Clip
from trainer.progress import Progress
from trainer.recipe import Recipe


@dataclass(frozen=True, eq=False)
class Unjudged:
    """A clip without a genre of its own.

    Attributes:
        example: What the corpus says of it.
        clip: Its frames and its label set.
        kin: Indices of the examples of its artist, source track or recording, all of which must be on the train
            side for it to be learned.
    """

    example: Example
    clip: Clip
    kin: frozenset[int]


def heard(
    corpus: Corpus,
    learned: labels.Targets,
    recipe: Recipe,
    cache: Path,
    progress: Progress,
    *,
    protocol: str = "",
    jobs: int = 0,
) -> tuple[tuple[Unjudged, ...], Mapping[Path, str]]:
    """The clips of a corpus that have no genre but are learned from, and those that are left out and why.

    Args:
        corpus: What was found on disk.
        learned: The examples with a genre.
        recipe: How to hear, whether labels are sets, and whether what is no music is learned from.
        cache: Where frames and fingerprints are kept from run to run.
        progress: Told of every clip.
        protocol: What stays together, see `splits.groups_with_duplicates`.
        jobs: Number of processes; 0 means one for each core.

    Raises:
        OutputError: The cache cannot be written.
    """
    unsure = labels.ambiguous(corpus, learned.genres) if recipe.sampling.partial else []
    spoken = labels.background(corpus) if recipe.sampling.background_share else []
    n_open, unsure = len(unsure), [*unsure, *spoken]
    if not unsure:
        return (), {}
    targets = {one.path: OPEN if place < n_open else BACKGROUND for place, one in enumerate(unsure)}
    paths = [one.path for one in unsure]
    found = features.build(paths, recipe.front_end, kept.frames(cache), progress, jobs=jobs)
    # Silence may teach what is no music, but no genre.
    named = [path for path in found.files if targets[path] == OPEN]
    silent = checks.silent(sounds.hear(named, kept.fingerprints(cache), progress, jobs=jobs))
    left_out = {**found.left_out, **silent}
    unsure = [one for one in unsure if one.path not in left_out]
    kin = _kin(learned.examples, unsure, cache, progress, protocol, jobs)
    clips = [
        Clip(
            found.files[one.path],
            targets[one.path],
            one.corpus,
            one.group,
            allowed=labels.allowed(one, corpus, learned.genres),
        )
        for one in unsure
    ]
    return tuple(map(Unjudged, unsure, clips, kin)), left_out


def free(found: Sequence[Unjudged], split: splits.Split, held: set[int]) -> list[Unjudged]:
    """Those that may be learned beside some examples: nothing that is held back is of their artist or corpus.

    One that the corpus itself puts on another side than the train side is never learned.

    Args:
        found: All of them.
        split: What they would be learned in.
        held: Indices of the examples that are learned from.
    """
    if split.leaky:
        return []
    return [
        one
        for one in found
        if one.kin <= held and one.example.corpus != split.left_out and one.example.split in (None, "train")
    ]


def _kin(
    examples: Sequence[Example],
    unsure: Sequence[Example],
    cache: Path,
    progress: Progress,
    protocol: str,
    jobs: int,
) -> list[frozenset[int]]:
    everything = [*examples, *unsure]
    pairs = checks.same_audio(everything, kept.fingerprints(cache), progress, jobs=jobs)
    groups = splits.groups_with_duplicates(everything, pairs, protocol)
    of_group: dict[str, set[int]] = {}
    for index, group in enumerate(groups[: len(examples)]):
        of_group.setdefault(group, set()).add(index)
    return [frozenset(of_group.get(group, ())) for group in groups[len(examples) :]]
