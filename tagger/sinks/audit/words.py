"""Sentences of an audit, the same in a terminal and on a page."""

from __future__ import annotations

from tagger.sinks.audit.findings import Audit, Expectation


def number(count: int, of: str) -> str:
    """A number of things; `of` is their name, of which the first word is one in the singular."""
    first, *rest = of.split(" ")
    return " ".join([f"{count:,}", first if count == 1 else f"{first}s", *rest])


def at_odds(audit: Audit) -> str:
    """How many albums disagree in themselves; compilations may."""
    n_disagreeing = sum(not album.is_compilation for album in audit.albums)
    whose = "itself" if audit.n_albums == 1 else "themselves"
    return f"{n_disagreeing:,} of {number(audit.n_albums, 'album')} at odds with {whose}"


def expectation(found: Expectation) -> str:
    """How many tags are wrong, as far as that can be said."""
    told = (
        f"Of {found.judged:,} tags that can be compared, {found.differing:,} differ from what is heard; a "
        f"model that is right as often as this one in its tests ({100 * found.accuracy:.0f} %, as genres are "
        f"mixed here) differs in about {found.by_itself:,} of them by itself"
    )
    if not found.most:
        return f"{told}, so that the model's own mistakes explain all of them"
    if not found.wrong:
        return f"{told}, so that its mistakes may explain all: wrong tags are {found.most:,} at most"
    return f"{told}, so that wrong tags are about {found.wrong:,} ({found.fewest:,} to {found.most:,})"


def absent(audit: Audit) -> list[str]:
    """What the cache knows but is not shown, each a sentence; none for nothing."""
    lost = audit.absent
    told = []
    if lost.gone:
        told.append(f"{number(len(lost.gone), 'file')} gone from where they were heard")
    if lost.changed:
        told.append(f"{number(len(lost.changed), 'file')} changed since they were heard: scan them again")
    if lost.unplaced:
        told.append(f"{number(lost.unplaced, 'recording')} heard, but nobody knows where: scan the folders")
    return told
