"""The table of the README: which law holds in which container, told by the tests themselves.

A law is a test of `test_tags`, run over every case of every container, so that a tick is a test that passed.
"""

import inspect
from collections import Counter

from tagger.sinks import tags
from tests.sinks import containers, more_cases, test_tags

LAWS = {
    "reads what was written": test_tags.test_what_was_written_is_read,
    "all else stays": test_tags.test_everything_else_stays,
    "audio stays": test_tags.test_audio_stays,
    "times stay": test_tags.test_times_are_kept,
    "twice is once": test_tags.test_writing_twice_touches_nothing,
    "other fields": test_tags.test_other_fields_are_written_beside_the_genre,
    "all places agree": test_tags.test_every_place_agrees,
    "ffprobe agrees": test_tags.test_another_reader_sees_the_genre,
    "damage is refused": test_tags.test_damaged_files_end_in_our_errors,
    "undo gives every byte back": test_tags.test_undo_gives_back_every_byte,
}


def table() -> str:
    """The table in Markdown: for each container the number of kinds of files, and a tick for each law."""
    counts = Counter(kind for kind, _ in containers.CASES.values())
    rows = [["container", "states of its tags", *LAWS], ["---", "---:", *[":-:"] * len(LAWS)]]
    rows += [[kind, str(counts[kind]), *(_cell(kind, law) for law in LAWS)] for kind in tags.CONTAINERS]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def covers_all(law: str) -> bool:
    """Whether a law is tested over every case."""
    marks = getattr(LAWS[law], "pytestmark", [])
    return any(mark.args[:2] == ("case", containers.CASES) for mark in marks if mark.name == "parametrize")


def explains_itself(law: str) -> bool:
    """Whether a law says in a sentence what it is."""
    return bool(inspect.getdoc(LAWS[law]))


def _cell(kind: str, law: str) -> str:
    cases = {case for case, (of_kind, _) in containers.CASES.items() if of_kind == kind}
    is_partial = law == "ffprobe agrees" and cases & more_cases.NOT_FOR_FFPROBE
    return "✓ ¹" if is_partial else "✓"
