"""Which recordings trained, chose and tested a model: `sides.txt` of its folder, an identity and a side a line.

The identity is that of the encoded audio: no other name and no tag hides a recording, another encoding does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from tagger.errors import ModelError, TagError
from tagger.inference.artefact import Artefact
from tagger.inference.card import HINT
from tagger.sinks.tags import payload
from trainer.data import splits

FILE = "sides.txt"


def write(side_of: Mapping[Path, str], folder: Path) -> str:
    """Note the side of each recording, one of `splits.SIDES`, and return the name of the file."""
    lines = sorted(f"{identity} {side}\n" for path, side in side_of.items() if (identity := _identity(path)))
    (folder / FILE).write_text("".join(lines), "ascii")
    return FILE


def of(artefact: Artefact, paths: Iterable[Path]) -> dict[Path, str] | None:
    """The sides of those recordings that a model has met, or None if its folder does not tell.

    Raises:
        ModelError: The list cannot be read.
    """
    if FILE not in artefact.card.checksums:
        return None
    try:
        lines = (artefact.folder / FILE).read_text("ascii").splitlines()
    except OSError as error:
        raise ModelError(f"{artefact.folder / FILE}: cannot be read: {error.strerror}", hint=HINT) from error
    except ValueError as error:
        raise ModelError(f"{artefact.folder / FILE}: cannot be read: it is no text", hint=HINT) from error
    side_of = {identity: side for identity, _, side in (line.partition(" ") for line in lines)}
    if not set(side_of.values()) <= set(splits.SIDES):
        raise ModelError(
            f"{artefact.folder / FILE}: damaged: not an identity and a side in each line", hint=HINT
        )
    sides = {path: side_of.get(_identity(path), "") for path in paths}
    return {path: side for path, side in sides.items() if side}


def _identity(path: Path) -> str:
    """See `payload.identity`; empty if the file cannot be read."""
    try:
        return payload.identity(path).hex()
    except TagError:
        return ""
