"""A session to show; light to import, for programs that tests start."""

from typing import Any

from tagger.records import Moment, Score

GENRES = (
    "Blues",
    "Classical",
    "Country",
    "Disco",
    "Electronic",
    "Folk",
    "Hip-Hop",
    "Jazz",
    "Latin",
    "Metal",
    "Pop",
    "R&B",
    "Reggae",
    "Rock",
)
HOP_SECONDS = 2.848

UNSURE: dict[str, Any] = {"probability": 0.31, "reason": "confidence 31 % is below 50 %"}
SILENT: dict[str, Any] = {"is_silent": True, "level_db": -78.0, "reason": "too quiet to say anything"}
CLIPPED: dict[str, Any] = {"is_clipped": True, "level_db": -3.4}
UNHEARD_SECONDS = 11.4


def moment(end: float, genre: str | None, probability: float = 0.62, **said: Any) -> Moment:
    """A moment of a genre, with four others behind it."""
    others = [other for other in ("Metal", "Pop", "Blues", "Country", "Folk") if other != genre][:4]
    shares = (probability, 0.14, 0.08, 0.05, 0.02)
    scores = tuple(Score(name, share) for name, share in zip([genre or "Disco", *others], shares, strict=True))
    return Moment(end, scores, genre, **{"level_db": -14.2, "behind_seconds": 0.08} | said)


def session(*last: Moment) -> list[Moment]:
    """Some minutes with all that can happen."""
    stretches: list[tuple[str | None, int, dict[str, Any]]] = [
        ("Rock", 14, {}),
        ("Reggae", 20, {}),
        (None, 6, UNSURE),
        (None, 3, SILENT),
        ("R&B", 2, {}),
        ("Electronic", 25, {}),
        ("Pop", 8, {"lost_seconds": UNHEARD_SECONDS}),
        ("Rock", 8, {"lost_seconds": UNHEARD_SECONDS}),
    ]
    told: list[Moment] = []
    time = 0.0
    for genre, count, said in stretches:
        if genre == "Pop":
            time += UNHEARD_SECONDS
        for _ in range(count):
            time += HOP_SECONDS
            told.append(moment(time, genre, **said))
    return told + list(last)
