"""Corpora by name: one file each, a folder or a table on disk → examples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tagger.errors import CorpusError
from trainer.corpora import folder, gtzan, table
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
    "gtzan": lambda argument, places: gtzan.load(argument, places.data, places.cache),
}

_TAKE_A_PATH = ("folder", "csv")


def load(dataset: str, *, data: Path | None, cache: Path) -> Corpus:
    """Find a corpus on disk.

    Args:
        dataset: `folder:DIR`, `csv:FILE` or `gtzan`.
        data: Where its files are, if it needs to be told.
        cache: Where archives are unpacked.

    Raises:
        CorpusError: There is no such corpus, or it cannot be used.
    """
    name, _, argument = dataset.partition(":")
    if name not in CORPORA:
        raise CorpusError(f"{dataset}: no such dataset", hint="datasets are folder:DIR, csv:FILE and gtzan")
    if name in _TAKE_A_PATH and not argument:
        raise CorpusError(f"{dataset}: no path given", hint=f"write {name}:PATH")
    return CORPORA[name](argument, Places(data, cache))
