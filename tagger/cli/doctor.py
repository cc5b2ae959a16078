"""`tagger doctor`: what a scan would use, where everything is, and what is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tagger
from tagger.cli import options, printing
from tagger.sinks import display
from tagger.sinks.display import consoles

EXIT_PROBLEMS = 1


def doctor(as_json: options.AsJson = False) -> int:
    """Say what a scan would use, where everything is, and what is wrong.

    Nothing is changed. The exit code is 0 if nothing is wrong, and 1 otherwise.
    """
    from tagger import diagnosis, rehearsal

    with display.quiet_c_libraries():
        facts, problems = diagnosis.examine(rehearsal.outcome())
    facts["terminal"], wrong = _terminal()
    problems += wrong
    if as_json:
        printing.json_line(facts | {"problems": problems})
    else:
        title = {"name": f"tagger {tagger.__version__}", "description": _summary(len(problems))}
        folder = str(Path(tagger.__file__).parent)
        display.card_view(title | _for_people(facts) | {"problems": _listed(problems)}, folder)
    return EXIT_PROBLEMS if problems else 0


def _terminal() -> tuple[dict[str, Any], list[dict[str, str]]]:
    """What is known of the terminal, and what is wrong with it."""
    console = consoles.out()
    facts = {
        "is_terminal": console.is_terminal,
        "width": console.width,
        "colours": None if console.no_color else console.color_system,
        "encoding": console.encoding,
    }
    if not console.is_terminal or console.encoding.startswith("utf"):
        return facts, []
    problem = f"the terminal's encoding is {console.encoding}, not UTF-8"
    return facts, [{"section": "terminal", "problem": problem, "hint": "set LC_ALL to C.UTF-8"}]


def _summary(n_problems: int) -> str:
    if not n_problems:
        return "nothing is wrong"
    return (
        "one thing is wrong: see the end" if n_problems == 1 else f"{n_problems} things are wrong: see the end"
    )


def _listed(problems: Sequence[Mapping[str, str]]) -> Mapping[str, Any] | str:
    """Problems by number and section, or that there are none."""
    return {
        f"{number} {row['section']}": {"what": row["problem"]} | ({"hint": row["hint"]} if row["hint"] else {})
        for number, row in enumerate(problems, start=1)
    } or "nothing is wrong"


def _for_people(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts with sizes in words, and with a word for decoders that are missing."""
    found: dict[str, Any] = {}
    for name, value in facts.items():
        if name == "decoders":
            found[name] = {kind: decoders or "missing" for kind, decoders in value.items()}
        elif isinstance(value, Mapping):
            found[name] = _for_people(value)
        elif name.endswith("_bytes"):
            found[name.removesuffix("_bytes")] = _size(value)
        else:
            found[name] = value
    return found


def _size(n_bytes: float) -> str:
    """A number of bytes as 0 B, 12.3 MB or 4.0 GB."""
    for unit in ("B", "kB", "MB", "GB"):
        if n_bytes < 1000:
            return f"{n_bytes:.0f} B" if unit == "B" else f"{n_bytes:.1f} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.1f} TB"
