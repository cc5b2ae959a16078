"""What every container family offers, whatever the tags look like inside."""

from __future__ import annotations

from typing import BinaryIO, Protocol


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
    """Raised when a genre would not read back as it was given; the message is the reason, without the path."""


class GenreTags(Protocol):
    """The genre tags of one container family.

    Files come in open, so that a copy can be tagged as well as the original; both methods may leave the
    position anywhere. Errors of mutagen and of the file system are passed on as they are.
    """

    def read(self, file: BinaryIO) -> tuple[str, ...]:
        """Read the genres, in their order in the file; empty if there is none.

        Raises:
            NotKeepableError: The tags are of a kind that cannot be read.
        """
        ...

    def write(self, file: BinaryIO, genres: tuple[str, ...]) -> None:
        """Replace the genres and leave everything else as it is.

        Args:
            file: Open for reading and writing.
            genres: At least one; neither blank nor with control characters.

        Raises:
            NotKeepableError: Something else in the file would be lost; nothing was written.
            NotStorableError: A genre would not read back as it was given; nothing was written.
        """
        ...
