"""Values as SQLite takes them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def storable(values: Iterable[Any]) -> tuple[Any, ...]:
    """The values, every text fit for UTF-8: bytes of a name that are not become escapes, as in reports.

    Whatever must come back as it was, such as a path, is bound as bytes.
    """
    return tuple(
        value.encode("utf-8", "backslashreplace").decode("utf-8") if isinstance(value, str) else value
        for value in values
    )
