"""Moments as runs note them, ISO 8601 with a time zone."""

from __future__ import annotations

import datetime


def is_moment(text: str) -> bool:
    """Whether a text is a date and a time with its zone."""
    try:
        return datetime.datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def seconds(began: str, ended: datetime.datetime) -> float:
    """Time from a beginning to an end; none where a clock was set back."""
    return max(0.0, round((ended - datetime.datetime.fromisoformat(began)).total_seconds(), 3))
