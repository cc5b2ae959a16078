"""The library as it stands: what its tags say, what is heard, and where the two do not fit.

`audit` joins what the modules beside it find in a scan's results; `kept` gives the same results from the cache
alone. Nothing here draws, and nothing is changed.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence

from tagger.audit import albums, landscape, library, suspects, variants
from tagger.audit.library import Kept, kept
from tagger.audit.names import Meanings
from tagger.audit.suspects import Habits
from tagger.engine import Plan
from tagger.records import Result
from tagger.sinks.audit.findings import N_BINS, Absent, Audit, Entry, Landscape, Name, Standing, Unread
from tagger.sinks.cache import Cache, Remembered
from tagger.sinks.taxonomy import Taxonomy

__all__ = ["Kept", "audit", "kept"]


def audit(
    results: Sequence[Result],
    plan: Plan,
    cache: Cache | None = None,
    taxonomy: Taxonomy | None = None,
    *,
    unheard: Sequence[Unread] = (),
    absent: Absent | None = None,
) -> Audit:
    """Look through a library.

    Args:
        results: Of a scan that wrote nothing, in the model's own genres.
        plan: How it was listened to.
        cache: Knows how tracks sound, and who made them; without it there is no map.
        taxonomy: What the user calls the model's genres, and what is a kind of what.
        unheard: Further files that were not heard: see `library.kept`.
        absent: What the cache knows besides.
    """
    card = plan.artefact.card
    meanings, habits = Meanings(card.genres, taxonomy), Habits.of(card)
    places = {place.path: place for place in cache.places(plan.ways)} if cache is not None else {}
    entries = library.entries(results, meanings, library.credits_of(results, places, cache))
    heard = [places.get(library.located(entry.path)) for entry in entries]
    counts = Counter(tag for entry in entries for tag in dict.fromkeys(entry.tags or ()))
    n_albums, disagreeing = albums.disagreeing(entries)
    return Audit(
        model=card.name,
        genres=card.genres,
        entries=entries,
        names=tuple(Name(name, count, meanings.of(name)) for name, count in _ordered(counts)),
        heard=Counter(entry.genre for entry in entries if entry.genre),
        tagged=Counter(said for entry in entries if (said := _said(entry))),
        standings=Counter(entry.standing for entry in entries),
        histogram=_histogram(entries),
        confusion=Counter((said, entry.genre) for entry in entries if entry.genre and (said := _said(entry))),
        suspects=suspects.ranked(entries, habits),
        expectation=suspects.expectation(entries, habits),
        variants=variants.found(counts, card.genres),
        albums=disagreeing,
        n_albums=n_albums,
        unread=(*library.unread(results), *unheard),
        landscape=_landscape(entries, [place.heard if place else None for place in heard]),
        absent=absent or Absent(),
    )


def _said(entry: Entry) -> str:
    """The genre that the tags of a track count for: what is heard if they may mean it, else their first."""
    if entry.standing == Standing.agrees and entry.genre:
        return entry.genre
    return entry.meant[0] if entry.meant else ""


def _landscape(entries: Sequence[Entry], heard: Sequence[Remembered | None]) -> Landscape:
    laid_out = landscape.layout([one.embedding if one else b"" for one in heard])
    beside = landscape.beside(laid_out, [entry.genre or "" for entry in entries])
    return dataclasses.replace(laid_out, beside=beside)


def _histogram(entries: Sequence[Entry]) -> tuple[int, ...]:
    bins = Counter(min(N_BINS - 1, int(entry.confidence * N_BINS)) for entry in entries)
    return tuple(bins[number] for number in range(N_BINS))


def _ordered(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
