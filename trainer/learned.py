"""The recordings that made a model, told by their audio: `learned.txt` of the model folder, an identity a line.

No score may come from these, whatever their files are called by now and whatever tags they hold.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tagger.errors import ModelError, TagError
from tagger.inference.artefact import Artefact
from tagger.sinks.tags import payload

FILE = "learned.txt"


def write(paths: Iterable[Path], folder: Path) -> str:
    """Note the recordings that weights were learned from or chosen by, and return the name of the file."""
    identities = sorted({_identity(path) for path in paths} - {""})
    (folder / FILE).write_text("".join(f"{one}\n" for one in identities), "ascii")
    return FILE


def among(artefact: Artefact, paths: Iterable[Path]) -> frozenset[Path] | None:
    """Those of these recordings that made a model; None if its folder does not tell.

    Raises:
        ModelError: The list cannot be read.
    """
    if FILE not in artefact.card.checksums:
        return None
    try:
        known = set((artefact.folder / FILE).read_text("ascii").split())
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{artefact.folder / FILE}: cannot be read: {error}") from error
    return frozenset(path for path in paths if _identity(path) in known)


def _identity(path: Path) -> str:
    """See `payload.identity`; empty if the file cannot be read."""
    try:
        return payload.identity(path).hex()
    except TagError:
        return ""
