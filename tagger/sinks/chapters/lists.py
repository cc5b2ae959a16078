r"""A listening session as chapters for other programs: CUE sheets, JSON and FFmetadata.

CUE sheet: UTF-8; a TRACK for each chapter with TITLE, INDEX 01 as MM:SS:FF (75 frames a second; minutes go on
beyond 99), and REM GENRE where there is a genre. There is no PERFORMER: nobody knows who plays, and programs
that split by the sheet would write an invented name into tags. What a sheet cannot quote, `"` and control
characters, becomes `'` and a space. A sheet holds at most 99 tracks: what follows goes to more sheets beside
it, "mix.2.cue" and so on, whose times count from the start of the same sound file.

JSON: one object with the keys "format" (1), "source", "duration_seconds", "shares" (seconds by title) and
"chapters": each with "start_seconds", "end_seconds", "title", "genre" (null if there is none), "probability".

FFmetadata: chapters in milliseconds, for `ffmpeg -i song.mp3 -i song.ffmeta -map_metadata 0 -map_chapters 1
-codec copy out.mp3`. There are no tags of the whole, so that none of the song's is replaced.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from tagger.errors import SettingsError
from tagger.sinks.chapters.division import Chapter, shares
from tagger.sinks.outputs import Output

MOST_TRACKS = 99
"""Of one CUE sheet."""

_FRAMES_PER_SECOND = 75
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udc7f\udd00-\udfff]+")
_CUE_TYPES = {".mp3": "MP3", ".aif": "AIFF", ".aiff": "AIFF"}
_HEADS = (b'{"format": 1, "source"', b'REM COMMENT "Chapters by tagger', b";FFMETADATA1\n; Chapters by tagger")
_OUTPUT = Output("chapter list", lambda head: head.startswith(_HEADS), max(map(len, _HEADS)))


def check(path: Path) -> None:
    """See, before a long session, whether chapters can be written to a path.

    Raises:
        SettingsError: Its suffix names no kind of file that is known.
        OutputError: There is a file that holds something else, or no folder for it.
    """
    if path.suffix.lower() not in FORMATS:
        raise SettingsError(
            f"{path}: the kind of chapter list is unclear", hint=f"choose a name ending in {', '.join(FORMATS)}"
        )
    _OUTPUT.check(path)


def write(path: Path, chapters: Sequence[Chapter], *, source: str) -> tuple[Path, ...]:
    """Write chapters to a file, which takes the place of an older one in one step.

    Args:
        path: Its suffix chooses the kind: a key of `FORMATS`.
        chapters: In the order of time.
        source: The sound file that the chapters are of, or what was heard. A CUE sheet names a file that is
            there as it is seen from the sheet's own folder, where players look for it.

    Returns:
        The files that were written: several if a CUE sheet cannot hold all.

    Raises:
        SettingsError: The suffix names no kind of file that is known.
        OutputError: The file cannot be written, or it holds something else.
    """
    check(path)
    n_each = MOST_TRACKS if path.suffix.lower() == ".cue" else max(1, len(chapters))
    parts = [chapters[start : start + n_each] for start in range(0, len(chapters), n_each)] or [chapters]
    paths = [path, *(path.with_suffix(f".{number}{path.suffix}") for number in range(2, len(parts) + 1))]
    for target in paths:
        check(target)
    if path.suffix.lower() == ".cue" and Path(source).is_file():
        source = os.path.relpath(os.path.realpath(source), os.path.realpath(path.parent))
    for target, part in zip(paths, parts, strict=True):
        text = FORMATS[path.suffix.lower()](part, source)
        _OUTPUT.save(target, text.encode("utf-8", errors="surrogateescape"))
    return tuple(paths)


def _cue(chapters: Sequence[Chapter], source: str) -> str:
    kind = _CUE_TYPES.get(Path(source).suffix.lower(), "WAVE")
    lines = ['REM COMMENT "Chapters by tagger"', f"TITLE {_quoted(Path(source).stem)}"]
    lines.append(f"FILE {_quoted(source)} {kind}")
    for number, chapter in enumerate(chapters, 1):
        lines += [f"  TRACK {number:02} AUDIO", f"    TITLE {_quoted(chapter.title)}"]
        if chapter.genre is not None:
            lines.append(f"    REM GENRE {_quoted(chapter.genre)}")
        lines.append(f"    INDEX 01 {_cue_time(chapter.start_seconds)}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return '"' + _UNWRITABLE.sub(" ", text).replace('"', "'") + '"'


def _cue_time(seconds: float) -> str:
    whole, frames = divmod(round(seconds * _FRAMES_PER_SECOND), _FRAMES_PER_SECOND)
    return f"{whole // 60:02}:{whole % 60:02}:{frames:02}"


def _json(chapters: Sequence[Chapter], source: str) -> str:
    listed = [
        {
            "start_seconds": round(chapter.start_seconds, 3),
            "end_seconds": round(chapter.end_seconds, 3),
            "title": chapter.title,
            "genre": chapter.genre,
            "probability": round(chapter.probability, 4),
        }
        for chapter in chapters
    ]
    whole = {
        "format": 1,
        "source": source,
        "duration_seconds": round(chapters[-1].end_seconds, 3) if chapters else 0.0,
        "shares": {title: round(seconds, 3) for title, seconds in shares(chapters).items()},
        "chapters": listed,
    }
    text = json.dumps(whole, ensure_ascii=False)
    return text.encode("utf-8", errors="backslashreplace").decode("utf-8") + "\n"


def _ffmetadata(chapters: Sequence[Chapter], source: str) -> str:
    lines = [";FFMETADATA1", f"; Chapters by tagger of {_escaped(source)}"]
    for chapter in chapters:
        start, end = (round(seconds * 1000) for seconds in (chapter.start_seconds, chapter.end_seconds))
        lines += ["[CHAPTER]", "TIMEBASE=1/1000", f"START={start}", f"END={end}"]
        lines.append(f"title={_escaped(chapter.title)}")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    """Put a backslash before what has a meaning; a line break is kept, other control characters are not."""
    clean = "\n".join(_UNWRITABLE.sub(" ", line) for line in text.split("\n"))
    return re.sub(r"([=;#\\\n])", r"\\\1", clean)


FORMATS: Mapping[str, Callable[[Sequence[Chapter], str], str]] = MappingProxyType(
    {".cue": _cue, ".json": _json, ".ffmeta": _ffmetadata, ".ffmetadata": _ffmetadata, ".txt": _ffmetadata}
)
"""What writes the text of a chapter list, by the suffix that chooses it."""
