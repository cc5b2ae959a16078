"""Names of genres that are probably one, or that hold several: found and told, never changed."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from tagger.audit import names
from tagger.sinks.audit.findings import Variant
from tagger.sinks.tags import spelling

_SEPARATORS = re.compile(r"\s*(?:[;,|/\\\x00]|\s-\s)\s*")
_NUMBERED = re.compile(r"\(\d{1,3}\)|\d{1,3}$")

# Shelves of shops that are one genre there.
_SHELVES = frozenset(
    map(
        spelling.key,
        ["R&B/Soul", "Hip-Hop/Rap", "Funk / Soul", "Singer/Songwriter", "Folk, World, & Country", "Death/Doom"],
    )
)

# Shorter words that differ by a sign are other words: Dub and Pub, Trap and Trip, House and Mouse.
_LEAST_WORD = 5
_LEAST_KEY = 6
_LEAST_PLURAL = 4

# A misspelling of a name that is not established either is at most so often there, as a share.
_RARE = 0.25


def found(counts: Mapping[str, int], genres: Collection[str] = ()) -> tuple[Variant, ...]:
    """What could be put in order, the most tracks first.

    Args:
        counts: Names as they stand in tags, with the number of tracks that have each.
        genres: Of the model: established names, and the spelling that is best.
    """
    by_key: dict[str, list[str]] = defaultdict(list)
    for name in sorted(counts, key=lambda name: (-counts[name], name)):
        if not spelling.says_nothing(name):
            by_key[spelling.key(name)].append(name)
    established = names.known() | {spelling.key(genre) for genre in genres}
    best = {key: _best(key, of_key, genres) for key, of_key in by_key.items()}
    lists = dict(_lists(by_key, established))
    plain = {key: sum(counts[name] for name in of_key) for key, of_key in by_key.items() if key not in lists}
    absent = {key: genre for genre in genres if (key := spelling.key(genre)) not in by_key}
    best |= absent
    told = [
        *(
            _variant("spelling", of_key, counts, best[key])
            for key, of_key in by_key.items()
            if len(of_key) > 1 and key not in lists
        ),
        *(_variant("list", by_key[key], counts, *parts) for key, parts in lists.items()),
        *_numbers(counts),
        *(
            _variant(kind, [*by_key.get(better, ()), *by_key[worse]], counts, best[better])
            for kind, (better, worse) in _alike(plain | dict.fromkeys(absent, 0), best, established)
            if worse in by_key
        ),
    ]
    return tuple(sorted(told, key=lambda one: (-_affected(one), one.kind, one.names)))


def _affected(variant: Variant) -> int:
    """Number of tracks that would get another name."""
    return sum(count for name, count in variant.names if (name,) != variant.suggestion)


def _variant(kind: str, of_it: list[str], counts: Mapping[str, int], *suggestion: str) -> Variant:
    ordered = sorted(of_it, key=lambda name: (-counts[name], name))
    return Variant(kind, tuple((name, counts[name]) for name in ordered), suggestion)


def _best(key: str, of_key: list[str], genres: Collection[str]) -> str:
    """The model's own spelling, else the most frequent one."""
    return next((genre for genre in genres if spelling.key(genre) == key), of_key[0])


def _lists(
    by_key: Mapping[str, list[str]], established: Collection[str]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Names that join several, each of which is a name on its own."""
    known = {*established, *by_key}
    for key, (name, *_) in by_key.items():
        parts = [part.strip() for part in _SEPARATORS.split(name) if part.strip()]
        is_shelf = key in _SHELVES
        keys = [spelling.key(part) for part in parts]
        if len(set(keys)) > 1 and not is_shelf and all(one in known for one in keys):
            yield key, tuple(parts)


def _numbers(counts: Mapping[str, int]) -> Iterator[Variant]:
    """Numbers of ID3v1, which mean something to programs only."""
    for name, count in counts.items():
        read = tuple(dict.fromkeys(spelling.names(name))) if _NUMBERED.match(name.strip()) else ()
        if read and read != (name,) and not all(map(spelling.says_nothing, read)):
            yield Variant("number", ((name, count),), read)


def _alike(
    counts: Mapping[str, int], best: Mapping[str, str], established: Collection[str]
) -> Iterator[tuple[str, tuple[str, str]]]:
    """Pairs of keys that are probably one genre, with the better one first, and why."""

    def standing(key: str) -> tuple[bool, int, str]:
        return key in established, counts[key], key

    def ordered(one: str, other: str) -> tuple[str, str]:
        better, worse = sorted((one, other), key=standing, reverse=True)
        return better, worse

    for key in counts:
        if len(key) >= _LEAST_PLURAL and not key.endswith("s") and f"{key}s" in counts:
            yield "plural", ordered(key, f"{key}s")
    for one, other in _same_words(counts, best):
        yield "word order", ordered(one, other)
    for pair in _near(counts):
        better, worse = ordered(*pair)
        is_new = worse not in established
        is_rare = better in established or counts[worse] <= _RARE * counts[better]
        is_plural = f"{better}s" == worse or f"{worse}s" == better
        if is_new and is_rare and not is_plural and _is_slip(_words(best[better]), _words(best[worse])):
            yield "misspelling", (better, worse)


def _same_words(keys: Collection[str], best: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Pairs of the same words in another order."""
    by_words: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for key in keys:
        words = tuple(sorted(_words(best[key])))
        if len(words) > 1:
            by_words[words].append(key)
    for of_words in by_words.values():
        yield from itertools.combinations(of_words, 2)


def _words(name: str) -> list[str]:
    return re.findall(r"[^\W_]+", name.casefold())


def _near(keys: Collection[str]) -> list[tuple[str, str]]:
    """Pairs that a sign left out, put in, changed or swapped parts; found by what is left without each sign."""
    without: dict[str, set[str]] = defaultdict(set)
    for key in keys:
        if len(key) >= _LEAST_WORD:
            without[key].add(key)
            for place in range(len(key)):
                without[key[:place] + key[place + 1 :]].add(key)
    pairs = {
        pair
        for alike in without.values()
        if len(alike) > 1
        for pair in itertools.combinations(sorted(alike), 2)
    }
    return sorted(pair for pair in pairs if edit(*pair))


def edit(one: str, other: str) -> str:
    """How one text becomes another: "insertion", "substitution", "transposition", or empty for neither.

    An insertion stands for its reverse too: Damerau's four kinds of error (A technique for computer detection
    and correction of spelling errors, Communications of the ACM 7, 1964) with no regard to direction.
    """
    short, long = sorted((one, other), key=len)
    start = next((n for n, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    if len(long) == len(short) + 1:
        return "insertion" if short[start:] == long[start + 1 :] else ""
    if len(long) != len(short) or one == other:
        return ""
    if short[start + 1 :] == long[start + 1 :]:
        return "substitution"
    is_swapped = short[start : start + 2] == long[start : start + 2][::-1]
    return "transposition" if is_swapped and short[start + 2 :] == long[start + 2 :] else ""


def _is_slip(one: list[str], other: list[str]) -> bool:
    """Whether a slip of the pen is likelier than two words: it spares first letters, and short words mostly."""
    if len(one) != len(other):
        return edit("".join(one), "".join(other)) != "substitution"
    pairs = [(a, b) for a, b in zip(one, other, strict=True) if a != b]
    if len(pairs) != 1 or pairs[0][0][0] != pairs[0][1][0]:
        return False
    pair = pairs[0]
    how, whole = edit(*pair), min(len("".join(one)), len("".join(other)))
    is_long = min(map(len, pair)) >= _LEAST_WORD
    return bool(how) and (is_long or (how != "substitution" and whole >= _LEAST_KEY))
