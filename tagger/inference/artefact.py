"""The model folder: found, read, validated; needs no TensorFlow.

A model folder is data, never code: ONNX, Keras' own archive (read in safe mode; networks have one), JSON.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tagger import paths
from tagger.errors import ModelError
from tagger.inference import card as cards
from tagger.inference.card import Card

CARD = "card.json"
KERAS = "model.keras"
ONNX = "model.onnx"
README = "README.md"

BUNDLED = Path(__file__).resolve().parent.parent / "models"


@dataclass(frozen=True)
class Artefact:
    """A model folder whose card has been read and whose files have been checked.

    Attributes:
        folder: Where it is.
        card: What it says of itself.
    """

    folder: Path
    card: Card

    @property
    def keras_file(self) -> Path:
        """The trained network; models that are none, such as decision trees, have no such file."""
        return self.folder / KERAS

    @property
    def has_keras(self) -> bool:
        """Whether the model is a network that Keras can run."""
        return KERAS in self.card.checksums

    @property
    def onnx_file(self) -> Path:
        """The same for ONNX Runtime."""
        return self.folder / ONNX


def find(model: str | os.PathLike[str], folders: Iterable[Path]) -> Path:
    """The folder of a model given by name, or by path.

    Args:
        model: A path to a model folder, or the name of a folder in one of `folders`.
        folders: Where named models live, in order of precedence.

    Raises:
        ModelError: There is no such model.
    """
    path = paths.expanded(model)
    if path.name != os.fspath(model) and path.is_dir():
        return path
    places = [folder / model for folder in folders]
    for place in [*places, path]:
        if (place / CARD).is_file():
            return place
    if path.is_dir():
        raise ModelError(f"{path}: not a model folder: it holds no {CARD}")
    raise ModelError(f"{model}: no such model", hint="`tagger models` lists the models found")


def load(folder: Path) -> Artefact:
    """Read a model folder and check that every file it relies on is there and is whole.

    Raises:
        ModelError: The folder is damaged or foreign.
    """
    where = folder / CARD
    try:
        text = where.read_text("utf-8")
    except FileNotFoundError as error:
        raise ModelError(f"{folder}: not a model folder: it holds no {CARD}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{where}: cannot be read: {error}") from error
    card = cards.loads(text, str(where))
    if ONNX not in card.checksums:
        raise ModelError(f"{where}: damaged card: no checksum for {ONNX}", hint=cards.HINT)
    for name, expected in card.checksums.items():
        if name != Path(name).name:
            raise ModelError(f"{where}: damaged card: {name} is no file of a model folder", hint=cards.HINT)
        if checksum(folder / name) != expected:
            raise ModelError(
                f"{folder / name}: damaged: its checksum differs from the card's",
                hint="copy the model folder again, or reinstall tagger if the model came with it",
            )
    return Artefact(folder, card)


def installed(folders: Iterable[Path]) -> Iterator[Path]:
    """The model folders directly inside `folders`, each name once, in order of precedence and name."""
    seen = set()
    for folder in folders:
        for place in sorted(folder.iterdir()) if folder.is_dir() else ():
            if (place / CARD).is_file() and place.name not in seen:
                seen.add(place.name)
                yield place


def checksum(file: Path) -> str:
    """SHA-256 of a file, as `sha256:` and 64 hexadecimal digits.

    Raises:
        ModelError: The file is missing or cannot be read.
    """
    try:
        with file.open("rb") as stream:
            return "sha256:" + hashlib.file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise ModelError(f"{file}: missing from the model folder", hint=cards.HINT) from error
    except OSError as error:
        raise ModelError(f"{file}: cannot be read: {error}") from error
