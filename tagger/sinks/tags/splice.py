"""Bytes of a file put in the place of others, however many."""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO, TypeAlias

from mutagen._util import resize_bytes

Splice: TypeAlias = tuple[int, int, bytes]
"""Offset, how many bytes to take out there, and what to put in."""


def apply(file: BinaryIO, splices: Iterable[Splice]) -> None:
    """Make changes that do not overlap; offsets are those before all of them. Equal bytes are not written."""
    for place, n_old, new in sorted(splices, reverse=True):
        file.seek(place)
        if file.read(n_old) != new:
            resize_bytes(file, n_old, len(new), place)
            file.seek(place)
            file.write(new)
