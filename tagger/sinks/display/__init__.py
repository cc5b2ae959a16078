"""The screen: data on stdout, all else on stderr; nothing else imports rich.

Where a stream is no terminal, it gets plain lines: no control codes, no colour, nothing shortened or wrapped.
"""

from tagger.sinks.display.audit import audit_summary
from tagger.sinks.display.consoles import configure, detail, error, note
from tagger.sinks.display.drawing import clock
from tagger.sinks.display.explanation import chapters_table, explanation_view
from tagger.sinks.display.listening import Changes, listened, whole
from tagger.sinks.display.live import LiveView
from tagger.sinks.display.progress import ScanProgress
from tagger.sinks.display.results import Results
from tagger.sinks.display.silence import quiet_c_libraries
from tagger.sinks.display.summary import ledger
from tagger.sinks.display.tables import (
    card_view,
    changes_table,
    devices_table,
    facts_table,
    models_table,
    recipes_table,
    runs_table,
    settings_table,
)
from tagger.sinks.display.taken_back import undone
from tagger.sinks.display.training import TrainingProgress
from tagger.sinks.display.working import working

__all__ = [
    "Changes",
    "LiveView",
    "Results",
    "ScanProgress",
    "TrainingProgress",
    "audit_summary",
    "card_view",
    "changes_table",
    "chapters_table",
    "clock",
    "configure",
    "detail",
    "devices_table",
    "error",
    "explanation_view",
    "facts_table",
    "ledger",
    "listened",
    "models_table",
    "note",
    "quiet_c_libraries",
    "recipes_table",
    "runs_table",
    "settings_table",
    "undone",
    "whole",
    "working",
]
