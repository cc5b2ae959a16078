"""A listening session as chapters: where they begin, shares of time, and lists for other programs."""

from tagger.sinks.chapters.division import LEAST_SECONDS, Chapter, Chapters, shares
from tagger.sinks.chapters.lists import FORMATS, MOST_TRACKS, check, write

__all__ = ["FORMATS", "LEAST_SECONDS", "MOST_TRACKS", "Chapter", "Chapters", "check", "shares", "write"]
