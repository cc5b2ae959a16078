"""What corpora hold, by ear: how much of what, and what does not decode, is silent, or is there twice."""

from __future__ import annotations

import itertools
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.corpora.interface import Corpus, Example
from trainer.data import duplicates, fingerprint, sounds
from trainer.data.sounds import Outcome, Sound
from trainer.progress import Progress

SILENT = "silent throughout"
"""Why a clip in which nothing sounds is left out."""

_NOTHING = fingerprint.of(())


@dataclass(frozen=True)
class Contents:
    """What a corpus holds.

    Attributes:
        corpus: As it was found.
        labels: Number of examples by first label, most first.
        n_groups: Number of artists or source tracks.
        lengths_seconds: Of the files that decode, ascending.
        sample_rates: Number of files by rate in Hz, most first.
        codecs: Number of files by coding, most first.
        undecodable: Files that do not decode, and why.
        silent: Files with nothing louder than -80 dB.
    """

    corpus: Corpus
    labels: Mapping[str, int]
    n_groups: int
    lengths_seconds: tuple[float, ...]
    sample_rates: Mapping[int, int]
    codecs: Mapping[str, int]
    undecodable: Mapping[Path, str]
    silent: tuple[Path, ...]

    def as_dict(self) -> dict[str, Any]:
        """All of it as plain data."""
        lengths = self.lengths_seconds
        return {
            "name": self.corpus.name,
            "licence": self.corpus.licence,
            "citation": self.corpus.citation,
            "files": len(self.corpus.examples),
            "artists" if self.corpus.artists_known else "groups": self.n_groups,
            "hours": round(sum(lengths) / 3600, 3),
            "seconds": {
                "shortest": round(lengths[0], 2),
                "median": round(statistics.median(lengths), 2),
                "longest": round(lengths[-1], 2),
            }
            if lengths
            else {},
            "labels": dict(self.labels),
            "sample_rates": {str(rate): count for rate, count in self.sample_rates.items()},
            "codecs": dict(self.codecs),
            "problems": list(self.corpus.problems),
            "undecodable": [{"path": str(path), "reason": why} for path, why in self.undecodable.items()],
            "silent": [str(path) for path in self.silent],
        }


@dataclass(frozen=True)
class Duplicate:
    """Two examples with the same audio.

    Attributes:
        first: One of them.
        second: The other.
        common_seconds: Length of what they have in common.
        bit_error_rate: Share of the fingerprints' bits that differ there, 0 to 1.
    """

    first: Example
    second: Example
    common_seconds: float
    bit_error_rate: float

    @property
    def faults(self) -> tuple[str, ...]:
        """What the corpora say differently of the two."""
        named = {
            "labels": self.first.labels != self.second.labels,
            "groups": self.first.group != self.second.group,
        }
        return tuple(f"different {name}" for name, differ in named.items() if differ)

    def as_dict(self) -> dict[str, Any]:
        """All of it as plain data."""
        return {
            "first": str(self.first.path),
            "second": str(self.second.path),
            "common_seconds": round(self.common_seconds, 2),
            "bit_error_rate": round(self.bit_error_rate, 3),
            "same_labels": self.first.labels == self.second.labels,
            "same_group": self.first.group == self.second.group,
        }


@dataclass(frozen=True)
class Report:
    """What was found in corpora, each by itself and together."""

    contents: tuple[Contents, ...]
    duplicates: tuple[Duplicate, ...]

    @property
    def is_clean(self) -> bool:
        """Whether every file decodes, sounds, and is there once."""
        return not self.duplicates and not any(one.undecodable or one.silent for one in self.contents)

    def as_dict(self) -> dict[str, Any]:
        """All of it as plain data."""
        return {
            "corpora": [one.as_dict() for one in self.contents],
            "duplicates": [one.as_dict() for one in self.duplicates],
        }


def inspect(corpora: Sequence[Corpus], folder: Path, progress: Progress, *, jobs: int = 0) -> Report:
    """Hear every file of corpora.

    Args:
        corpora: What was found on disk; duplicates are looked for across all.
        folder: Where it is kept what files hold.
        progress: Told of every file.
        jobs: Files decoded side by side; 0 means one for each core.

    Raises:
        OutputError: The folder cannot be written.
    """
    examples = [example for corpus in corpora for example in corpus.examples]
    heard = sounds.hear((example.path for example in examples), folder, progress, jobs=jobs)
    twice = tuple(
        Duplicate(examples[match.first], examples[match.second], match.common_seconds, match.bit_error_rate)
        for match in _matches(examples, heard)
    )
    return Report(tuple(_contents(corpus, heard) for corpus in corpora), twice)


def same_audio(
    examples: Sequence[Example], folder: Path, progress: Progress, *, jobs: int = 0
) -> list[tuple[int, int]]:
    """Indices of the pairs of examples with the same audio, for `splits`.

    Args: As for `inspect`.

    Raises:
        OutputError: The folder cannot be written.
    """
    heard = sounds.hear((example.path for example in examples), folder, progress, jobs=jobs)
    return pairs(examples, heard)


def pairs(examples: Sequence[Example], heard: Mapping[Path, Outcome]) -> list[tuple[int, int]]:
    """As `same_audio`, of examples that were heard already."""
    return [(match.first, match.second) for match in _matches(examples, heard)]


def sounding(
    examples: Sequence[Example], heard: Mapping[Path, Outcome]
) -> tuple[tuple[Example, ...], list[str]]:
    """The examples in which anything sounds, and a sentence on the others if there are any."""
    left_out = silent(heard)
    if not left_out:
        return tuple(examples), []
    count = f"{len(left_out)} clip{'s' if len(left_out) > 1 else ''} left out"
    told = f"{count}: {SILENT} (the first: {next(iter(left_out)).name})"
    return tuple(one for one in examples if one.path not in left_out), [told]


def silent(heard: Mapping[Path, Outcome]) -> dict[Path, str]:
    """The files in which nothing sounds, each with that as the reason to leave it out."""
    return {path: SILENT for path, sound in heard.items() if isinstance(sound, Sound) and sound.is_silent}


def _matches(examples: Sequence[Example], heard: Mapping[Path, Outcome]) -> list[duplicates.Match]:
    """Pairs with the same audio, in order: those that fingerprints find, and copies too short for these."""
    outcomes = [heard[example.path] for example in examples]
    found = duplicates.find([one.fingerprint if isinstance(one, Sound) else _NOTHING for one in outcomes])
    known = {(match.first, match.second) for match in found}
    copies: dict[str, list[tuple[int, Sound]]] = {}
    for index, one in enumerate(outcomes):
        if isinstance(one, Sound) and not one.is_silent:
            copies.setdefault(one.digest, []).append((index, one))
    for same in copies.values():
        for (first, sound), (second, _) in itertools.combinations(same, 2):
            if (first, second) not in known:
                found.append(duplicates.Match(first, second, 0.0, sound.seconds, 0.0))
    return sorted(found, key=lambda match: (match.first, match.second))


def _contents(corpus: Corpus, heard: Mapping[Path, Outcome]) -> Contents:
    outcomes = {example.path: heard[example.path] for example in corpus.examples}
    decoded = {path: one for path, one in outcomes.items() if isinstance(one, Sound)}
    return Contents(
        corpus,
        labels=dict(Counter(example.labels[0] for example in corpus.examples).most_common()),
        n_groups=len({example.group for example in corpus.examples}),
        lengths_seconds=tuple(sorted(one.seconds for one in decoded.values())),
        sample_rates=dict(Counter(one.sample_rate for one in decoded.values()).most_common()),
        codecs=dict(Counter(one.codec for one in decoded.values()).most_common()),
        undecodable={path: one for path, one in outcomes.items() if isinstance(one, str)},
        silent=tuple(path for path, one in decoded.items() if one.is_silent),
    )
