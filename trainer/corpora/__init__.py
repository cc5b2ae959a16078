"""Corpora by name: one file each, a folder or a table on disk → examples."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tagger import paths
from tagger.errors import CorpusError, SettingsError
from tagger.records import Track
from tagger.sources import discover
from trainer.corpora import corrections, emotify, fma, folder, gtzan, library, table, taffc
from trainer.corpora.interface import Corpus


@dataclass(frozen=True)
class Places:
    """Where a corpus may be looked for, and where it may unpack what it finds.

    Attributes:
        data: The folder the user gave; None if there is none.
        cache: A folder of our own that is kept from run to run.
    """

    data: Path | None
    cache: Path


# What stands before the colon of `--dataset` → what loads it; each takes what stands behind the colon.
CORPORA: dict[str, Callable[[str, Places], Corpus]] = {
    "folder": lambda argument, places: folder.load(argument),
    "csv": lambda argument, places: table.load(argument, places.data),
    "library": lambda argument, places: library.load(argument),
    "corrections": lambda argument, places: corrections.load(argument),
    "gtzan": lambda argument, places: gtzan.load(argument, places.data, places.cache),
    "fma-small": lambda argument, places: fma.load("small", argument, places.data, places.cache),
    "fma-medium": lambda argument, places: fma.load("medium", argument, places.data, places.cache),
    "fma-large": lambda argument, places: fma.load("large", argument, places.data, places.cache),
    "emotify": lambda argument, places: emotify.load(argument, places.data, places.cache),
    "taffc": lambda argument, places: taffc.load(argument, places.data, places.cache),
}

_TAKE_A_PATH = {"folder": "DIR", "csv": "FILE", "library": "DIR"}
_TAKE_NO_DATA = ("folder", "library", "corrections")

NAMES = ", ".join(f"{name}:{_TAKE_A_PATH[name]}" if name in _TAKE_A_PATH else name for name in CORPORA)
"""The datasets there are, as users write them."""


def load(dataset: str, *, data: Path | None, cache: Path) -> Corpus:
    """Find a corpus on disk.

    Args:
        dataset: A name in `CORPORA`; behind a colon a path, which some names need.
        data: Where its files are, if it needs to be told.
        cache: Where archives are unpacked.

    Raises:
        CorpusError: There is no such corpus, or it cannot be used.
        SettingsError: It would not look into `data`.
    """
    name, _, argument = dataset.partition(":")
    if name not in CORPORA:
        raise CorpusError(f"{dataset}: no such dataset", hint=f"datasets are {NAMES}")
    if name in _TAKE_A_PATH and not argument:
        raise CorpusError(f"{dataset}: no path given", hint=f"write {name}:{_TAKE_A_PATH[name]}")
    if data is not None and not takes_data(dataset):
        raise SettingsError(f"--data: {dataset} says by itself where its files are", hint="leave --data out")
    try:
        return CORPORA[name](argument, Places(data, cache))
    except OSError as error:
        raise CorpusError(
            f"{error.filename or dataset}: cannot be read: {error.strerror or error}",
            hint="see whether the path is right, and whether you may read it",
        ) from error


def load_all(datasets: Sequence[str], *, data: Path | None, cache: Path) -> list[Corpus]:
    """Find several corpora on disk, of which those that can use `data` are given it; else as `load`."""
    takers = [dataset for dataset in datasets if takes_data(dataset)] or datasets
    return [load(dataset, data=data if dataset in takers else None, cache=cache) for dataset in datasets]


def takes_data(dataset: str) -> bool:
    """Whether a dataset looks into a folder that is given apart: not where a path of its own says all."""
    name, _, argument = dataset.partition(":")
    return name == "csv" or not (name in _TAKE_NO_DATA or argument)


def beside(corpus: Corpus, folder: Path) -> Corpus:
    """A corpus with the sound files of a folder that hold no music.

    Raises:
        CorpusError: The folder is missing, or holds no audio.
    """
    root = paths.expanded(folder)
    if not root.is_dir():
        raise CorpusError(f"{root}: no such folder", hint="give one with recordings of speech and noise")
    found = [one.path for one in discover.audio_files([root]) if isinstance(one, Track)]
    if not found:
        raise CorpusError(f"{root}: no audio files", hint="put recordings of speech and noise there")
    return dataclasses.replace(corpus, background=tuple(sorted(found)))
