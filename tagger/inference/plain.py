"""Values from JSON that somebody may have changed by hand, checked and refused in words for people."""

from __future__ import annotations

import dataclasses
import math
import sys
from collections.abc import Mapping
from typing import Any, ClassVar, Protocol, TypeVar

WORDS = {
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list",
    "dict": "an object",
}
"""What people call a type, by its name."""


class _Dataclass(Protocol):
    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]


_Part = TypeVar("_Part", bound=_Dataclass)


def demand(holds: object, sentence: str) -> None:
    """Raise `ValueError` with a sentence unless something holds."""
    if not holds:
        raise ValueError(sentence)


def finite(text: str) -> float:
    """Read a number; JSON has no others, though Python reads and writes them.

    Raises:
        ValueError: It is not finite.
    """
    value = float(text)
    demand(math.isfinite(value), f"{text} is no finite number")
    return value


def fits(value: Any, kind: str) -> bool:
    """Whether a value has a type, by its name; a type that `WORDS` does not hold is not checked.

    A number is finite, and may have been written without a point; true and false are no numbers.
    """
    if value is None and kind.endswith(" | None"):
        return True
    kind = _bare(kind)
    if kind == "float":
        return type(value) in (int, float) and abs(value) <= sys.float_info.max
    return kind not in WORDS or type(value).__name__ == kind


def part(kind: type[_Part], raw: Mapping[str, Any], name: str) -> _Part:
    """Make a dataclass of the object of this name, since by itself one takes a value of any type.

    Raises:
        ValueError: A value is missing, not known, or of another type.
    """
    given, known = raw[name], {entry.name: entry for entry in dataclasses.fields(kind)}
    for key, value in given.items():
        demand(key in known, f"{name}.{key} is not known")
        kind_of = str(known[key].type)
        demand(fits(value, kind_of), f"{name}.{key} must be {WORDS.get(_bare(kind_of))}")
    for key, entry in known.items():
        is_optional = (entry.default, entry.default_factory) != (dataclasses.MISSING, dataclasses.MISSING)
        demand(key in given or is_optional, f"{name}.{key} is missing")
    return kind(**given)


def _bare(kind: str) -> str:
    """The name of a type as in `WORDS`, if it is there."""
    return "dict" if kind.startswith("Mapping[") else kind.removesuffix(" | None")
