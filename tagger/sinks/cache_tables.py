"""The tables of the cache, as SQLite makes them."""

from __future__ import annotations

FORMAT = 2

SCHEMA = (
    """
CREATE TABLE files (
    device INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    ctime_ns INTEGER NOT NULL,
    recording BLOB NOT NULL,
    genres TEXT,                    -- JSON, as they were at ctime_ns; NULL if they were not read
    PRIMARY KEY (device, inode)
) WITHOUT ROWID
""",
    """
CREATE TABLE results (
    recording BLOB NOT NULL,
    way BLOB NOT NULL,              -- of listening: the model and all that shapes its numbers
    duration_seconds REAL NOT NULL,
    n_windows INTEGER NOT NULL,
    ranking BLOB NOT NULL,          -- see Ranking; empty where nothing could be heard
    embedding BLOB NOT NULL,        -- float32
    reason TEXT NOT NULL,           -- why nothing could be heard
    PRIMARY KEY (recording, way)
) WITHOUT ROWID
""",
)

# Programs of before it do without this table, so that its coming makes no cache worthless: it is made where it
# is missing.
PLACES = """
CREATE TABLE IF NOT EXISTS places (
    path BLOB PRIMARY KEY,          -- absolute
    device INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    ctime_ns INTEGER NOT NULL,
    credits TEXT                    -- JSON, as they were at ctime_ns; NULL if they were not read
) WITHOUT ROWID
"""

TABLES = ("files", "results", "places")
