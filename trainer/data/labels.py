"""A corpus' labels → the genre that an example is learned and judged as, and the set of those left open.

What each label means is in `trainer.data.vocabulary`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from tagger.errors import CorpusError
from trainer.corpora.interface import Corpus, Example
from trainer.data.vocabulary import MEANINGS, Meaning, key
from trainer.recipe import Recipe


@dataclass(frozen=True)
class Targets:
    """What is learned.

    Attributes:
        genres: The genres, in the order of the logits.
        examples: The examples that have one of them.
        indices: The genre of each example, an index into `genres`.
        left_out: What was left out and why, each a sentence.
    """

    genres: tuple[str, ...]
    examples: tuple[Example, ...]
    indices: tuple[int, ...]
    left_out: tuple[str, ...] = ()


def meaning(label: str, *, own_names: bool = False) -> Meaning:
    """What a label means; one that the table does not hold is a genre itself.

    Args:
        label: As the corpus spells it.
        own_names: Whether the label is a name the user chose, which is never left out.
    """
    known = MEANINGS.get(key(label))
    if known and (known.genre or not own_names):
        return known
    return Meaning((label.title() if label.islower() else label,))


def targets(corpus: Corpus, recipe: Recipe) -> Targets:
    """Choose the genres that the corpus supports, and give each example its one.

    The genre of an example is that of its first label which is learned. A genre with too few examples or groups
    is dropped; its examples then count for their next label.

    Raises:
        CorpusError: Fewer than two genres are left.
    """
    meanings = [_meanings(example, corpus) for example in corpus.examples]
    possible = [_possible(of_example) for of_example in meanings]
    vocabulary = set(recipe.genres or (genre for genres in possible for genre in genres))
    messages: list[str] = []
    while True:
        chosen = [next((genre for genre in genres if genre in vocabulary), None) for genres in possible]
        dropped = min(_too_small(corpus.examples, chosen, vocabulary, recipe), default=None)
        if dropped is None:
            break
        n_examples, genre, n_groups = dropped
        messages.append(f"{genre}: dropped: {n_examples} examples of {n_groups} artists or source tracks")
        vocabulary.remove(genre)
    if recipe.sampling.partial:
        meanings = [one for one in meanings if _named(one, vocabulary) or not _open(one, vocabulary)]
    if recipe.sampling.background_share:
        meanings = [one for one in meanings if any(label.is_music for label in one)]
    told = (*_omissions(meanings), *messages)
    if len(vocabulary) < 2:
        raise CorpusError(
            f"{corpus.name}: fewer than two genres have at least {recipe.min_examples} examples "
            f"by {recipe.min_groups} artists or source tracks",
            hint="; ".join([*told[-3:], "`--set min_examples=N --set min_groups=N` asks for fewer"]),
        )
    genres = tuple(sorted(vocabulary))
    kept = [
        (example, genres.index(genre)) for example, genre in zip(corpus.examples, chosen, strict=True) if genre
    ]
    return Targets(genres, tuple(e for e, _ in kept), tuple(i for _, i in kept), told)


def also(example: Example, corpus: Corpus, genres: Sequence[str]) -> tuple[int, ...]:
    """What the further labels of an example name beside its genre, each beyond doubt: indices into `genres`."""
    return tuple(map(genres.index, _named(_meanings(example, corpus), genres)[1:]))


def allowed(example: Example, corpus: Corpus, genres: Sequence[str]) -> tuple[int, ...]:
    """The label set of an example: all genres that its labels may mean, indices into `genres`, ascending.

    It is empty if a label that leaves several genres open may mean one that is not learned: such a set excludes
    nothing. Labels hold together, so that a further one of a genre that is not learned changes nothing.
    """
    return tuple(sorted(map(genres.index, _open(_meanings(example, corpus), genres))))


def ambiguous(corpus: Corpus, genres: Sequence[str]) -> list[Example]:
    """The examples that have a label set, but no label that says which of its genres comes first."""
    return [
        example
        for example in corpus.examples
        if not _named(_meanings(example, corpus), genres) and allowed(example, corpus, genres)
    ]


def background(corpus: Corpus) -> list[Example]:
    """The examples none of whose labels names music."""
    return [
        example for example in corpus.examples if not any(one.is_music for one in _meanings(example, corpus))
    ]


def select(
    chosen: Targets,
    *,
    most: int | None = None,
    least: int = 0,
    n_genres: int | None = None,
    without: Sequence[str] = (),
    seed: int = 0,
) -> Targets:
    """Fewer genres and examples: first genres are taken out by name, then small ones, then examples are drawn.

    Args:
        chosen: What to select from.
        most: Most examples of a genre, drawn at random; None keeps all.
        least: A genre with fewer examples is taken out.
        n_genres: Only so many genres are kept, those with most examples; None keeps all.
        without: Names of genres to take out.
        seed: Of the draw.

    Raises:
        CorpusError: Fewer than two genres are left, or one to take out is not there.
    """
    if unknown := sorted(set(without) - set(chosen.genres)):
        raise CorpusError(
            f"{unknown[0]}: no such genre to take out", hint=f"genres are {', '.join(chosen.genres)}"
        )
    sizes = Counter(chosen.genres[index] for index in chosen.indices)
    large = [genre for genre, size in sizes.most_common() if genre not in without and size >= least]
    genres = tuple(sorted(large[:n_genres]))
    if len(genres) < 2:
        raise CorpusError(
            f"fewer than two genres are left of {len(chosen.genres)}",
            hint=f"their sizes are {', '.join(f'{genre} {size}' for genre, size in sizes.most_common())}",
        )
    rng = np.random.default_rng(seed)
    targets = np.array([chosen.genres[index] for index in chosen.indices])
    kept: list[int] = []
    for genre in genres:
        own = np.flatnonzero(targets == genre)
        kept += map(int, own if most is None else rng.permutation(own)[:most])
    messages = [
        f"{genre}: taken out: {sizes[genre]} examples" for genre in chosen.genres if genre not in genres
    ]
    messages += [
        f"{genre}: {most} of {sizes[genre]} examples" for genre in genres if most and sizes[genre] > most
    ]
    return Targets(
        genres,
        tuple(chosen.examples[index] for index in sorted(kept)),
        tuple(genres.index(str(targets[index])) for index in sorted(kept)),
        (*chosen.left_out, *messages),
    )


def _meanings(example: Example, corpus: Corpus) -> list[Meaning]:
    return [meaning(label, own_names=corpus.names_are_genres) for label in example.labels]


def _named(meanings: Sequence[Meaning], genres: Collection[str]) -> list[str]:
    """Those of the genres that labels name beyond doubt, strongest first; none if the first is ambiguous."""
    return list(dict.fromkeys(genre for genre in _possible(meanings) if genre in genres))


def _open(meanings: Sequence[Meaning], genres: Collection[str]) -> set[str]:
    """See `allowed`."""
    if any(one.ambiguous and not set(one.genres) <= set(genres) for one in meanings):
        return set()
    return {genre for one in meanings for genre in one.genres if genre in genres}


def _possible(meanings: Sequence[Meaning]) -> list[str]:
    """Genres of an example, strongest first; none if its first label is ambiguous."""
    return [] if meanings[0].ambiguous else [one.genre for one in meanings if one.genre]


def _omissions(meanings: Iterable[Sequence[Meaning]]) -> Iterable[str]:
    """Sentences on the examples that none of their labels names a genre for, by the first label's reason."""
    counts = Counter(of_example[0].reason for of_example in meanings if not _possible(of_example))
    for reason, count in sorted(counts.items()):
        yield f"{count} examples left out, by their first label: {reason}"


def _too_small(
    examples: Sequence[Example], chosen: Sequence[str | None], vocabulary: set[str], recipe: Recipe
) -> Iterable[tuple[int, str, int]]:
    """Number of examples, name and number of groups of each genre that has too few.

    Its examples may count for another genre once it is gone: so the smallest goes first, alone.
    """
    for genre in vocabulary:
        own = [example for example, of_example in zip(examples, chosen, strict=True) if of_example == genre]
        n_groups = len({example.group for example in own})
        if len(own) < recipe.min_examples or n_groups < recipe.min_groups:
            yield len(own), genre, n_groups
