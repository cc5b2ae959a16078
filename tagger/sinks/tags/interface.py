"""What every container family offers, whatever the tags look like inside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO, Protocol, TypeAlias

from tagger.sinks.tags.fields import Field

Values: TypeAlias = Mapping[Field, tuple[str, ...]]
"""What is to stand in fields; in each at least one value, neither blank nor with control characters."""


class NotKeepableError(Exception):
    """Raised when writing would lose something in the file, or there is no writer for it.

    Args:
        reason: One sentence without a full stop, without the path.
        hint: What the user may do about it; empty if nothing is known to help.
    """

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.hint = hint


class NotStorableError(Exception):
    """Raised when a value would not read back as it was given; the message is the reason, without the path."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How values are put into tags, where a container leaves a choice.

    Attributes:
        id3_version: Of a new ID3v2 tag: 3 or 4. A tag that is there keeps its own.
        separator: What stands between values where only one is possible: in ID3v2.3 and older, in RIFF INFO.
        joined: Whether several values become one with `separator` in every container.
        wav_info: Whether a WAV file without `LIST/INFO` `IGNR` gets one, unless that would hide from FFmpeg's
            readers what else its ID3 tag says; one that is there is kept in step.
    """

    id3_version: int = 4
    separator: str = "; "
    joined: bool = False
    wav_info: bool = True

    @property
    def reads_as_usual(self) -> bool:
        """Whether values are parted on reading as they are by default."""
        return not self.joined and self.separator == "; "


@dataclass(frozen=True, slots=True)
class Place:
    """One place in a file that names genres.

    Attributes:
        system: The kind of tag: "ID3v2.3", "ID3v1", "APEv2", "RIFF INFO", "Vorbis comment", "MP4", "ASF".
        name: The field's name in it, such as "TCON".
        values: The texts that stand there, unsplit, as any reader finds them; numbers are left as they are.
    """

    system: str
    name: str
    values: tuple[str, ...]


class Family(Protocol):
    """The tags of one container family.

    Files come in open, so that a copy can be tagged as well as the original; all methods may leave the
    position anywhere. Errors of mutagen and of the file system are passed on as they are.
    """

    def read(self, file: BinaryIO, field: Field) -> tuple[str, ...]:
        """Read the values of a field, in their order in the file; empty if there is none.

        For the genre, the first place that says something counts, in the order in which players look.

        Raises:
            NotKeepableError: The tags are of a kind that cannot be read.
        """
        ...

    def write(self, file: BinaryIO, values: Values, manner: Manner) -> None:
        """Replace the values of fields and leave everything else as it is.

        Every place in the file that names a genre is kept in step with the genre.

        Args:
            file: Open for reading and writing.
            values: What is to stand in fields.
            manner: How, where the container leaves a choice.

        Raises:
            NotKeepableError: Something else in the file would be lost; nothing was written.
            NotStorableError: A value would not read back as it was given; nothing was written.
        """
        ...

    def places(self, file: BinaryIO) -> tuple[Place, ...]:
        """List every place that names genres, in the order in which `read` looks; empty ones are left out."""
        ...
