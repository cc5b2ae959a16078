"""The metadata fields that can be written, by what they mean; each container family has its own names."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tagger.errors import SettingsError

_CUSTOM = "TXXX:"
_NAME = re.compile(r"[\x20-\x3c\x3e-\x7d]{1,100}")


@dataclass(frozen=True, slots=True)
class Field:
    """A field of metadata.

    Attributes:
        name: "genre", "style", "grouping", or the user's own name.
        custom: Whether the name is the user's own: TXXX with this description in ID3, a comment of this name
            elsewhere.
    """

    name: str
    custom: bool = False

    def __str__(self) -> str:
        return f"{_CUSTOM}{self.name}" if self.custom else self.name


GENRE = Field("genre")
STYLE = Field("style")
GROUPING = Field("grouping")

_KNOWN = {str(field): field for field in (GENRE, STYLE, GROUPING)}


def parse(text: str) -> Field:
    """Read a field as users write it: "genre", "style", "grouping" or "TXXX:NAME".

    Raises:
        SettingsError: There is no such field, or a name cannot be stored in every container.
    """
    if text.lower() in _KNOWN:
        return _KNOWN[text.lower()]
    name = text[len(_CUSTOM) :]
    if text.upper().startswith(_CUSTOM) and _NAME.fullmatch(name) and name == name.strip():
        return Field(name, custom=True)
    raise SettingsError(f"there is no field {text!r}", hint=f"choose {', '.join(_KNOWN)} or {_CUSTOM}NAME")
