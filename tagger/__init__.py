"""Hears the genre of music and writes it into the files' own metadata. Start reading at `tagger.pipeline`."""

__version__ = "0.1.0"
