"""What `tagger listen` leaves behind, as the user said it: a recording, a list of chapters."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tagger.errors import OutputError
from tagger.sinks import display

if TYPE_CHECKING:  # it takes its time to import, and most sessions record nothing
    from tagger.sources.recorder import Recorder


class Recording:
    """A recording that is made while the context is open, if one is wanted; trouble is told at once.

    Args:
        path: The file; None for no recording.
        sample_rate: Of what is recorded, in Hz.

    Attributes:
        recorder: Takes what is heard; None if nothing is recorded.
        exit_code: 0 as long as all is well.

    Raises:
        OutputError: The file is there, or cannot be made.
    """

    def __init__(self, path: Path | None, sample_rate: int) -> None:
        self.recorder: Recorder | None = None
        self.exit_code = 0
        if path is not None:
            from tagger.sources.recorder import Recorder

            self.recorder = Recorder(path, sample_rate)

    def __enter__(self) -> Recording:
        return self

    def __exit__(self, *exception: object) -> None:
        if self.recorder is not None:
            try:
                self.recorder.close()
            except OutputError as error:
                self.failed(error)

    def failed(self, error: OutputError) -> None:
        """Say why no more is recorded; what is heard matters more, and goes on."""
        display.error(f"{error.message}; nothing more is recorded", error.hint)
        self.exit_code = error.exit_code


def check_outputs(record: Path | None, chapter_list: Path | None) -> None:
    """Refuse, before a long session, names of files that could not be written in the end."""
    if chapter_list is not None:
        from tagger.sinks import chapters

        chapters.check(chapter_list)
    if record is not None:
        from tagger.sources import recorder

        recorder.check(record)
