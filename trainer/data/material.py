"""A corpus → what a run learns from and is judged by."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tagger.errors import CorpusError, FileError
from tagger.sources import decode
from trainer.corpora.interface import Corpus, Example
from trainer.data import background, checks, features, inputs, kept, labels, leaks, splits, unjudged
from trainer.data.drawing import BACKGROUND, OPEN, Clip
from trainer.data.sounds import hear
from trainer.data.unjudged import Unjudged
from trainer.progress import Progress
from trainer.recipe import Recipe

_NOT_PARTED = (
    "where windows are parted, changed copies and clips with several possible genres are not learned, "
    "and inner folds are not drawn"
)


@dataclass(frozen=True, eq=False)
class Material:
    """Clips with their genres, split.

    Attributes:
        recipe: What it was prepared for, with the rate of the corpus if the recipe asks for that.
        genres: In the order of the logits.
        examples: Those that are used.
        clips: The frames and the genre of each.
        variants: Changed copies of some clips, each with the index of its clip.
        split: Which of them train, choose and test.
        notes: What is missing or was left out, each a sentence.
        unjudged: Clips to learn from that have no genre; they are on no side.
        background: Made and recorded sounds to learn from, that are no music.
    """

    recipe: Recipe
    genres: tuple[str, ...]
    examples: tuple[Example, ...]
    clips: tuple[Clip, ...]
    variants: tuple[tuple[int, Clip], ...]
    split: splits.Split
    notes: tuple[str, ...]
    unjudged: tuple[Unjudged, ...] = ()
    background: tuple[Clip, ...] = ()

    def side(self, name: str) -> list[Clip]:
        """The clips of a side of the split, "train", "validation" or "test", unchanged."""
        indices = getattr(self.split, name)
        if not self.split.leaky:
            return [self.clips[index] for index in indices]
        return [clip for clip in self._dealt(splits.SIDES.index(name)) if clip.starts]

    def to_learn(self, indices: NDArray[np.intp] | None = None) -> list[Clip]:
        """The clips to learn from, of the train side or of these indices, and what may be learned beside them.

        That is changed copies, clips without a genre of nobody who is on another side, and made sounds.
        """
        if self.split.leaky:
            return self.side("train")
        chosen = self.split.train if indices is None else indices
        wanted = set(chosen.tolist())
        copies = [clip for index, clip in self.variants if index in wanted]
        beside = [one.clip for one in unjudged.free(self.unjudged, self.split, wanted)]
        return [*(self.clips[index] for index in chosen), *copies, *beside, *self.background]

    @property
    def learned_beside(self) -> list[Unjudged]:
        """The clips without a genre that the model learns from."""
        sides = ("train", "validation") if self.recipe.fitting.inner_folds else ("train",)
        wanted = {int(index) for side in sides for index in getattr(self.split, side)}
        return unjudged.free(self.unjudged, self.split, wanted)

    @property
    def told(self) -> tuple[str, ...]:
        """The notes, and a sentence on each kind of what is learned from but has no genre."""
        sentences = {
            OPEN: "clips whose labels leave several genres open are learned from, by any of these genres",
            BACKGROUND: "clips of no music are learned from, as none of the genres",
        }
        told = list(self.notes)
        for target, sentence in sentences.items():
            n_all = sum(one.clip.target == target for one in self.unjudged)
            n_learned = sum(one.clip.target == target for one in self.learned_beside)
            if n_all:
                told.append(f"{n_learned} of {n_all} {sentence}; none of them chooses or tests")
        if self.background:
            n_made = sum(clip.corpus == background.MADE for clip in self.background)
            n_recorded = len(self.background) - n_made
            told.append(f"{n_made} made and {n_recorded} recorded sounds that are no music are learned from")
        return tuple(told)

    @property
    def side_of(self) -> dict[Path, str]:
        """The side of each recording; "train" for all where windows are parted."""
        sides = splits.SIDES if not self.split.leaky else ("train",)
        known = {self.examples[index].path: side for side in sides for index in getattr(self.split, side)}
        return known | {one.example.path: "train" for one in self.learned_beside}

    @property
    def digest(self) -> str:
        """Tells other data, labels, sides or frames from these."""
        side_of = self.side_of
        rows = [
            [str(one.path), clip.target, clip.file.name, side_of.get(one.path, ""), *_sets(clip)]
            for one, clip in zip(self.examples, self.clips, strict=True)
        ]
        variants = [[index, clip.file.name] for index, clip in self.variants]
        sets = [[str(one.example.path), one.clip.file.name, *_sets(one.clip)] for one in self.learned_beside]
        sounds = [clip.file.name for clip in self.background]
        content = [self.genres, rows, variants, *([sets] if sets else []), *([sounds] if sounds else [])]
        return hashlib.sha256(json.dumps(content).encode("ascii")).hexdigest()

    @property
    def n_parted(self) -> int:
        """Number of clips whose windows are on several sides."""
        return sum(len(set(sides.tolist())) > 1 for _, sides in self._windows()) if self.split.leaky else 0

    def _dealt(self, side: int) -> Iterator[Clip]:
        """All clips, each with its windows on a side of a split that parts the windows of a clip."""
        for clip, (starts, sides) in zip(self.clips, self._windows(), strict=True):
            chosen = tuple(start for start, one in zip(starts, sides, strict=True) if one == side)
            yield dataclasses.replace(clip, starts=chosen)

    def _windows(self) -> Iterator[tuple[list[int], NDArray[np.int8]]]:
        """Of each clip, the first frames of its windows, and the side that each was dealt to."""
        length, hop = self.recipe.window_frames, self.recipe.hop_frames
        starts = [inputs.positions(len(features.load(clip.file)), length, hop) for clip in self.clips]
        targets = [clip.target for clip in self.clips]
        sides = splits.assign_windows([len(one) for one in starts], targets, self.recipe.seed)
        return zip(starts, sides, strict=True)


def prepare(
    corpus: Corpus,
    recipe: Recipe,
    cache: Path,
    progress: Progress,
    *,
    protocol: str = "",
    allow_leaks: bool = False,
    jobs: int = 0,
) -> list[Material]:
    """Choose genres, hear the clips, leave out what does not decode, and split.

    Args:
        corpus: What was found on disk.
        recipe: Which genres, how to hear, and the seed of the split.
        cache: Where frames and fingerprints are kept from run to run.
        progress: Told of every clip.
        protocol: See `splits.splits`.
        allow_leaks: Whether the same audio may be on two sides of a split that the corpus gives.
        jobs: Number of processes; 0 means one for each core.

    Returns:
        One for each split of the protocol.

    Raises:
        CorpusError: The corpus supports no training.
        OutputError: The cache cannot be written.
        SettingsError: There is no such protocol.
    """
    features_folder = kept.frames(cache)
    wanted = _chosen(corpus, recipe)
    if recipe.native_rate:
        recipe = _at_native_rate(recipe, [one.path for one in wanted.examples])
    paths = (one.path for one in wanted.examples)
    heard = features.build(paths, recipe.front_end, features_folder, progress, jobs=jobs)
    decoded = [one for one in wanted.examples if one.path not in heard.left_out]
    known = hear((one.path for one in decoded), kept.fingerprints(cache), progress, jobs=jobs)
    audible, silent = checks.sounding(decoded, known)
    # Genres that were taken out by name are not among these, and would be missed.
    again = dataclasses.replace(recipe, selection=dataclasses.replace(recipe.selection, without=()))
    learned = _chosen(dataclasses.replace(corpus, examples=audible), again)
    notes = dict.fromkeys(
        (*corpus.problems, *_undecoded(heard.left_out), *silent, *wanted.left_out, *learned.left_out)
    )
    pairs = checks.pairs(learned.examples, known)
    groups = splits.groups_with_duplicates(learned.examples, pairs)
    clips = tuple(_clips(corpus, learned, heard.files, groups))
    parts = _split(learned, pairs, recipe, protocol)
    for part in () if allow_leaks else parts:
        leaks.refuse(part, learned.examples, pairs)
    parts = [leaks.counted(part, pairs) for part in parts]
    unsure, unheard = unjudged.heard(corpus, learned, recipe, cache, progress, protocol=protocol, jobs=jobs)
    notes |= dict.fromkeys(_undecoded(unheard))
    if parts[0].leaky and (recipe.variants or recipe.fitting.inner_folds or unsure):
        notes[_NOT_PARTED] = None
    sounds: tuple[Clip, ...] = ()
    if recipe.sampling.background_share and not parts[0].leaky:
        sounds, unheard = background.clips(corpus.background, recipe, features_folder, progress, jobs=jobs)
        notes |= dict.fromkeys(_undecoded(unheard))
    changed = tuple(_changed(learned, clips, parts, recipe, features_folder, progress, jobs))
    return [
        Material(recipe, learned.genres, learned.examples, clips, changed, part, tuple(notes), unsure, sounds)
        for part in parts
    ]


def _split(
    learned: labels.Targets, pairs: Sequence[tuple[int, int]], recipe: Recipe, protocol: str
) -> list[splits.Split]:
    """The splits of a protocol; where sides are drawn, recordings that are there twice stay on one."""
    examples, targets, seed = learned.examples, learned.indices, recipe.seed
    groups = splits.groups_with_duplicates(examples, pairs, protocol)
    least = (recipe.min_examples, recipe.min_groups)
    return splits.splits(examples, targets, seed, protocol, groups=groups, shares=recipe.shares, least=least)


def _chosen(corpus: Corpus, recipe: Recipe) -> labels.Targets:
    return labels.select(
        labels.targets(corpus, recipe), **dataclasses.asdict(recipe.selection), seed=recipe.seed
    )


def _clips(
    corpus: Corpus, learned: labels.Targets, files: Mapping[Path, Path], groups: Sequence[str]
) -> list[Clip]:
    return [
        Clip(
            files[one.path],
            target,
            one.corpus,
            group,
            also=labels.also(one, corpus, learned.genres),
            allowed=labels.allowed(one, corpus, learned.genres),
        )
        for one, target, group in zip(learned.examples, learned.indices, groups, strict=True)
    ]


def _sets(clip: Clip) -> list[tuple[int, ...]]:
    """What a clip's labels say beside its genre, if anything."""
    return [clip.also, clip.allowed] if clip.also or set(clip.allowed) - {clip.target} else []


def _changed(
    learned: labels.Targets,
    clips: Sequence[Clip],
    parts: Sequence[splits.Split],
    recipe: Recipe,
    cache: Path,
    progress: Progress,
    jobs: int,
) -> Iterator[tuple[int, Clip]]:
    """Changed copies of the clips that any part learns or validates by, each with the index of its clip."""
    if parts[0].leaky or not recipe.variants:
        return
    indices = np.unique(np.concatenate([np.append(one.train, one.validation) for one in parts]))
    paths = [learned.examples[index].path for index in indices]
    for variant in recipe.variants:
        heard = features.build(paths, recipe.front_end, cache, progress, jobs=jobs, variant=variant)
        for index, path in zip(indices, paths, strict=True):
            if path in heard.files:
                yield int(index), dataclasses.replace(clips[index], file=heard.files[path])


def _at_native_rate(recipe: Recipe, paths: Sequence[Path]) -> Recipe:
    """The recipe with the rate that most of the files have.

    Raises:
        CorpusError: No file tells its rate.
    """
    rates: Counter[int] = Counter()
    for path in paths:
        try:
            rates[decode.probe(path).sample_rate] += 1
        except FileError:
            continue  # it will be left out, with its reason, when it is heard
    if not rates:
        raise CorpusError("no file of the corpus can be read")
    rate = rates.most_common(1)[0][0]
    front_end = dataclasses.replace(recipe.front_end, sample_rate=rate, fmax=rate / 2)
    scale = rate / recipe.front_end.sample_rate
    return dataclasses.replace(
        recipe,
        front_end=front_end,
        window_frames=round(recipe.window_frames * scale),
        hop_frames=round(recipe.hop_frames * scale),
    )


def _undecoded(left_out: Mapping[Path, str]) -> list[str]:
    """A sentence on each reason why clips do not decode; names without folders, since cards travel."""
    first = {reason: path.name for path, reason in reversed(list(left_out.items()))}
    return [
        f"{count} clip{'s' if count > 1 else ''} left out: {reason} (the first: {first[reason]})"
        for reason, count in Counter(left_out.values()).items()
    ]
