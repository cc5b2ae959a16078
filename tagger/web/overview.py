"""The audit of the shared library: its map and findings for the page, and its report as a page of its own."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import re
import threading
from pathlib import Path
from typing import Any

from tagger import audit, pipeline
from tagger.errors import SettingsError
from tagger.sinks.audit import page, words
from tagger.sinks.audit.findings import Audit
from tagger.sinks.taxonomy import Taxonomy
from tagger.web.ear import Ear
from tagger.web.library import Library

_MOST_ROWS = 100
_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


class Overview:
    """Looks through the library with `tagger.audit`; what was found is kept until the library changes.

    Args:
        library: The tracks.
        ear: Whose verdicts these are; its cache knows how tracks sound.
    """

    def __init__(self, library: Library, ear: Ear) -> None:
        self._library, self._ear = library, ear
        self._lock = threading.Lock()
        self._found: tuple[int, Audit] | None = None

    def row(self) -> dict[str, Any]:
        """The map, tags that are probably wrong, names that are probably one, and albums that disagree.

        Tracks are called as the page calls them.

        Raises:
            SettingsError: The library is being heard, or there is no cache.
        """
        found = self._audit()
        points = found.landscape.points or (None,) * len(found.entries)
        placed = zip(found.entries, points, strict=True)
        expected = found.expectation
        return {
            "map": [
                {"id": item.id, "x": point[0], "y": point[1]}
                for entry, point in placed
                if point is not None and (item := self._library.at(entry.path)) is not None
            ],
            "method": found.landscape.method,
            "reason": found.landscape.reason,
            "expectation": None if expected is None else words.expectation(expected),
            "suspects": [
                {"id": item.id, "rank": rank}
                for rank, one in enumerate(found.suspects, start=1)
                if (item := self._library.at(one.entry.path)) is not None
            ],
            "variants": [
                {"kind": one.kind, "names": dict(one.names), "suggestion": list(one.suggestion)}
                for one in found.variants[:_MOST_ROWS]
            ],
            "albums": [
                {
                    "title": one.title or self._folder(one.folder),
                    "tracks": one.size,
                    "tags": dict(one.tagged),
                    "genres": dict(one.heard),
                }
                for one in found.albums[:_MOST_ROWS]
                if not one.is_compilation
            ],
        }

    def report(self) -> tuple[str, str]:
        """The page of `tagger report`, and the policy under which a browser shows it.

        Raises:
            SettingsError: As in `row`.
        """
        text = page.text(self._audit())
        digests = [hashlib.sha256(script.encode()).digest() for script in _SCRIPT.findall(text)]
        sources = " ".join(f"'sha256-{base64.b64encode(one).decode()}'" for one in digests) or "'none'"
        policy = (
            f"default-src 'none'; style-src 'unsafe-inline'; script-src {sources}; img-src data:; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        return text, policy

    def _audit(self) -> Audit:
        """Audit what the cache knows of the library, in the model's own genres."""
        if self._library.progress["busy"]:
            raise SettingsError("the library is still being heard", hint="look again when that is done")
        cache = self._ear.cache
        if cache is None or cache.trouble:
            raise SettingsError("without the cache there is no map", hint="leave out --no-cache")
        with self._lock:
            version = self._library.version
            if self._found is None or self._found[0] != version:
                own = dataclasses.replace(self._ear.tags, taxonomy=Taxonomy())
                halt, paths = self._library.halt, [item.path for item in self._library.items()]
                results = list(pipeline.scan(paths, self._ear.plan, own, halt=halt, cache=cache))
                if halt.after_tracks_in_hand.is_set():
                    raise SettingsError("the library is not shared any more")
                self._found = (
                    version,
                    audit.audit(results, self._ear.plan, cache, self._ear.tags.taxonomy),
                )
            return self._found[1]

    def _folder(self, folder: Path) -> str:
        """A folder below the library's own, for people."""
        inside = folder.is_relative_to(self._library.root)
        return str(folder.relative_to(self._library.root)) if inside else folder.name
