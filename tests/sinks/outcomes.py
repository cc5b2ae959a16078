"""Results of every sort to show; light to import, for programs that tests start."""

import dataclasses
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tagger import records
from tagger.sinks import ledger

ODD_NAME = os.fsdecode(b"music/\xff\xe9\x1b[31m\n\xe2\x80\xaetxt.\xe6\x9d\xb1.mp3")
LONG_NAME = (
    "music/Various Artists/A Compilation of Some Length (1999)/Disc 2/14 東京事変 - A Song of Some Length.flac"
)


def result(
    name: str = "music/a.mp3", genre: str | None = "Rock", confidence: float = 0.87, **outcome: object
) -> records.Tagged:
    """A track that was heard."""
    scores = tuple(records.Score(*score) for score in [("Rock", confidence), ("Pop", 0.08), ("Jazz", 0.02)])
    reason = "" if genre else "the strongest genre is below 50 %"
    verdict = records.Verdict(records.Track(Path(name)), scores, genre, 60.0, 20, "default", reason)
    return records.Tagged(verdict, **outcome)  # type: ignore[arg-type]


RESULTS: list[records.Result] = [
    result(LONG_NAME, tags_before=(), tags_after=("Rock",), written=True, reason="had no genre"),
    result("a.mp3", tags_before=("Pop",), tags_after=("Pop",), reason="already has a genre"),
    result(ODD_NAME, None, 0.31, tags_before=(), tags_after=(), reason="don't know"),
    result("b.mp3", tags_before=(), tags_after=(), reason="Permission denied", failed=True),
    result("c.mp3", tags_before=(), tags_after=("Rock",), reason="had no genre", planned=True),
    records.Skipped(records.Track(Path("hush.wav")), "it holds only silence"),
    records.Failed(
        records.Track(Path("broken.mp3")), "decoded 12 s of 180 s, which is less than it claims to hold"
    ),
]


def on_album(name: str, album: records.Album, own: tuple[records.Score, ...]) -> records.Tagged:
    """A track on an album."""
    heard = result(name)
    standing = records.Standing(album, own)
    return dataclasses.replace(heard, verdict=dataclasses.replace(heard.verdict, standing=standing))


_ROCK = (records.Score("Rock", 0.62), records.Score("Pop", 0.3))
_POP = (records.Score("Pop", 0.48), records.Score("Rock", 0.4))
_BEST_OF = records.Album("Best of", 2, _ROCK)

ON_ALBUMS = [
    on_album("a.mp3", _BEST_OF, _ROCK),
    on_album("b.mp3", _BEST_OF, _POP),
    on_album("c.mp3", records.Album("A Mix\x1b[31m", 9, _ROCK, "it has 9 artists"), _ROCK),
    on_album("d.mp3", records.Album("Lone", 1, _ROCK, "no other of its tracks was heard"), _ROCK),
    result("e.mp3"),
]


def counts_of(outcomes: Sequence[records.Result]) -> ledger.Ledger:
    """The ledger of some results."""
    counts = ledger.Ledger()
    for each in outcomes:
        counts.add(each)
    return counts


@dataclass(frozen=True)
class Epoch:
    """What one epoch reached, for the trainer's rows."""

    number: int
    of: int = 30
    loss: float = 1.5
    validation_loss: float = 1.25
    validation_accuracy: float = 0.625
    validation_macro_f1: float = 0.5
    learning_rate: float = 1e-3
    seconds: float = 12.0
    best: bool = False
