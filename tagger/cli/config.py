"""`tagger config`: the settings in force, and where each came from."""

from __future__ import annotations

import dataclasses
import json

from tagger import settings
from tagger.cli import options
from tagger.sinks import display


def config(config: options.Config = None, as_json: options.AsJson = False) -> None:
    """Print every setting, its value, and where the value came from."""
    resolved = settings.resolve({}, config=config)
    values = dataclasses.asdict(resolved.settings)
    if as_json:
        rows = {name: {"value": value, "from": resolved.origins[name]} for name, value in values.items()}
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    display.settings_table([(name, value, resolved.origins[name]) for name, value in values.items()])
