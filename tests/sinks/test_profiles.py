"""What players read: each profile against real files, ffprobe, and what is known of the player."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tagger.sinks import tags
from tagger.sinks.profiles import PROFILES
from tagger.sinks.tags.interface import Manner, Place
from tests.sinks import containers, writing

every_container = pytest.mark.parametrize("case", containers.CASES)
GENRES = ("Drum & Bass", "Jazz")
V1 = Place("ID3v1", "genre byte", ("17",))
V24 = Place("ID3v2.4", "TCON", ("R&B/Soul", "Rock"))
V23 = Place("ID3v2.3", "TCON", ("R&B/Soul; Rock",))
APE = Place("APEv2", "Genre", ("Blues",))
INFO = Place("RIFF INFO", "IGNR", ("Old; Older",))
VORBIS = Place("Vorbis comment", "GENRE", ("R&B/Soul", "Rock"))
ONE = Place("Vorbis comment", "GENRE", ("Folk, World, & Country",))
MP4 = Place("MP4", "©gen", ("R&B/Soul", "Rock"))


@pytest.mark.parametrize(
    ("name", "container", "places", "read"),
    [
        ("default", "MP3", (V24, V1), ("R&B/Soul", "Rock")),
        ("default", "MP3", (V23,), ("R&B/Soul", "Rock")),
        ("default", "MP3", (V1,), ("Rock",)),
        ("default", "WAV", (INFO,), ("Old", "Older")),
        ("navidrome", "MP3", (V24, APE), ("R&B/Soul", "Rock")),
        ("navidrome", "MP3", (V23,), ("R&B", "Soul", "Rock")),
        ("navidrome", "FLAC", (ONE,), ("Folk", "World", "& Country")),
        ("plex", "MP3", (V24,), ("R&B/Soul",)),
        ("plex", "MP3", (V23,), ("R&B/Soul", "Rock")),
        ("plex", "MP3", (APE,), ()),
        ("plex", "FLAC", (VORBIS,), ("R&B/Soul", "Rock")),
        ("plex", "WAV", (V24, INFO), ("Old", "Older")),
        ("itunes", "MP4", (MP4,), ("R&B/Soul",)),
        ("itunes", "WAV", (V24, INFO), ("Old; Older",)),
        ("itunes", "FLAC", (VORBIS,), ()),
        ("serato", "FLAC", (VORBIS,), ("R&B/Soul",)),
        ("serato", "Ogg Opus", (VORBIS,), ()),
        ("rekordbox", "WAV", (V23, INFO), ("R&B/Soul; Rock",)),
        ("car", "MP3", (V24, V1), ("Rock",)),
        ("car", "MP3", (V24,), ()),
        ("car", "MP3", (V23, V1), ("R&B/Soul; Rock",)),
    ],
)
def test_players_read_what_is_known_of_them(
    name: str, container: str, places: tuple[Place, ...], read: tuple[str, ...]
) -> None:
    """The first tag that a player knows, split or cut as it does."""
    assert PROFILES[name].reads(container, places) == read
    assert PROFILES[name].reads(container, ()) == ()


@every_container
def test_a_profile_reaches_its_player(sample: Callable[[str], Path], case: str) -> None:
    """What is written in a profile's manner is what its player shows, all or the first, if it knows the tag."""
    for profile in PROFILES.values():
        path = sample(case)
        genres = GENRES[: profile.multi]
        writing.write(path, genres, profile.manner)
        read = profile.reads(*tags.places(path))
        assert read in {(), genres, (profile.manner.separator.join(genres),)}
        if profile.name in {"default", "navidrome", "plex"}:
            assert read == genres


@pytest.mark.parametrize("case", [case for case in containers.CASES if "ID3v1" not in case])
def test_ffprobe_reads_as_plex_is_said_to(
    sample: Callable[[str], Path], probe: Callable[[Path], dict[str, str]], case: str
) -> None:
    """Plex reads with ffmpeg: what we say it shows is what ffprobe finds, before and after a write.

    But where ID3v1 ends a file: whether ffmpeg looks further depends on it even if it names no genre.
    """
    path = sample(case)
    for manner in (None, Manner(), PROFILES["plex"].manner):
        if manner is not None:
            writing.write(path, ["R&B/Soul", "Rock" if manner.joined else "Pop"], manner)
        found = probe(path).get("genre", "").split(";")
        known = PROFILES["plex"].reads(*tags.places(path))
        assert known == tuple(part.strip() for part in found if part.strip())


def test_profiles_are_as_promised() -> None:
    """There is one for each player, and a title admits what its reader assumes."""
    assert list(PROFILES) == ["default", "navidrome", "plex", "itunes", "serato", "rekordbox", "car"]
    for name, profile in PROFILES.items():
        assert profile.name == name
        assert profile.multi is None or profile.multi > 0
        assert profile.reader.__doc__
        assert ("Assumed:" in profile.reader.__doc__) == ("assumed" in profile.title)
