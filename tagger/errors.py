"""What can go wrong, as a tree; each error is one sentence for the user, and carries an exit code and a hint.

TaggerError                     1  anything below
├── SettingsError               2  a setting has a wrong name or value
├── ModelError                  3  a model folder is missing, damaged or foreign
├── CorpusError                 4  a training corpus is missing or unusable
├── OutputError                 5  a report or a model folder could not be written
├── SourceError                 6  a live source could not be opened, or is gone for good
└── FileError                   1  one file could not be read or written; the run goes on
    ├── DecodeError                its audio could not be decoded          → `Failed`
    ├── NothingToHearError         it holds no audio, or only silence      → `Skipped`
    └── TagError                   its tags could not be read or written
        ├── UntaggableError        no writer for this kind of file         → classified, not written
        └── ChangedError           it changed since it was heard           → heard again
"""

from __future__ import annotations

import os


class TaggerError(Exception):
    """Raised for anything the user should hear about.

    Args:
        message: One sentence without a full stop.
        hint: What the user may do about it; empty if nothing is known to help.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class SettingsError(TaggerError):
    """Raised when an option, an environment variable or a config key has a wrong name or value."""

    exit_code = 2


class ModelError(TaggerError):
    """Raised when a model folder is missing, damaged, foreign, or asked for what it cannot do."""

    exit_code = 3


class CorpusError(TaggerError):
    """Raised when a training corpus is missing or cannot be used as asked."""

    exit_code = 4


class OutputError(TaggerError):
    """Raised when a report or a model folder cannot be written."""

    exit_code = 5


class SourceError(TaggerError):
    """Raised when a live source, a sound device or a stream, cannot be opened or does not come back."""

    exit_code = 6


class FileError(TaggerError):
    """Raised when one file cannot be handled; the message of the run puts the path in front of `reason`."""

    def __init__(self, path: str | os.PathLike[str], reason: str, *, hint: str = "") -> None:
        super().__init__(f"{path}: {reason}", hint=hint)
        self.path = path
        self.reason = reason


class DecodeError(FileError):
    """Raised when audio cannot be decoded, or when much less of it decodes than the file claims to hold."""


class NothingToHearError(FileError):
    """Raised when a sound file has no audio stream or no samples, or only silence."""


class TagError(FileError):
    """Raised when the tags of a file cannot be read or written."""


class UntaggableError(TagError):
    """Raised when there is no writer for this kind of file."""


class ChangedError(TagError):
    """Raised when a file is not written because it changed since it was heard."""
