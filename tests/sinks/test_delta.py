"""A delta gives the old file back from the new one, and is small where they share much."""

import io
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger.sinks import delta

AUDIO = random.Random(1).randbytes(3_000_000)
PICTURE = random.Random(2).randbytes(400_000)


def back(old: bytes, new: bytes) -> bytes:
    """The old file, out of the new one and the delta."""
    told = delta.encode(io.BytesIO(old), io.BytesIO(new))
    return b"".join(delta.decode(io.BytesIO(new), told))


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([b"", b"a", b"tag " * 50, AUDIO[:9000], PICTURE[:5000], bytes(3000)]), max_size=6),
    st.data(),
)
def test_the_old_file_comes_back(parts: list[bytes], data: st.DataObject) -> None:
    """Whatever was inserted, removed, swapped or overwritten, the old bytes are given exactly."""
    old = b"".join(parts)
    new = b"".join(data.draw(st.permutations(parts)))
    place = data.draw(st.integers(0, len(new)))
    new = new[:place] + data.draw(st.binary(max_size=50)) + new[place + data.draw(st.integers(0, 50)) :]
    assert back(old, new) == old


CHANGES = {
    "first tag in front": (AUDIO, b"ID3 some tag" + bytes(1000) + AUDIO),
    "tag grows before the picture": (b"A" + PICTURE + AUDIO, b"A longer genre" + PICTURE + AUDIO),
    "within padding": (b"Pop" + PICTURE + bytes(999) + AUDIO, b"Drum & Bass" + PICTURE + bytes(991) + AUDIO),
    "front and end": (b"x" + AUDIO + b"TAG\x01", b"xyz" + AUDIO + b"TAG\x02"),
    "at the end": (AUDIO + b"APE tag", AUDIO + b"another APE tag, longer"),
    "renumbered pages": (
        b"".join(b"OggS%06d" % i + AUDIO[i * 4000 : i * 4000 + 4000] for i in range(700)),
        b"more comment"
        + b"".join(b"OggS%06d" % (i + 1) + AUDIO[i * 4000 : i * 4000 + 4000] for i in range(700)),
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_a_tag_moves_is_not_kept_twice(name: str) -> None:
    """Audio and pictures are told, not stored: the delta of megabytes is some kilobytes at most."""
    old, new = CHANGES[name]
    told = delta.encode(io.BytesIO(old), io.BytesIO(new))
    assert b"".join(delta.decode(io.BytesIO(new), told)) == old
    assert len(told) < 20_000


@pytest.mark.parametrize(
    "damage", [lambda d: d[:-3], lambda d: b"\x07" + d[1:], lambda d: b"", lambda d: d[:1] + b"?" * 9]
)
def test_a_damaged_delta_is_told(damage: object) -> None:
    """A delta that is cut, foreign or empty raises our error."""
    told = delta.encode(io.BytesIO(b"old" * 100), io.BytesIO(b"new" * 100))
    with pytest.raises(delta.DamagedError):
        list(delta.decode(io.BytesIO(b"new" * 100), damage(told)))  # type: ignore[operator]


def test_a_file_that_is_too_short_is_told() -> None:
    """A file that is not the one of the delta is found out where bytes are missing."""
    told = delta.encode(io.BytesIO(AUDIO), io.BytesIO(b"tag" + AUDIO))
    with pytest.raises(delta.DamagedError, match="short"):
        list(delta.decode(io.BytesIO(b"tag"), told))
