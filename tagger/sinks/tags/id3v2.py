"""An ID3v2 tag, taken apart into its frames and put together again, with all that is not changed byte for byte.

mutagen cannot write tags of ID3v2.2, and keeps neither extended headers, unsynchronisation, empty frames nor
the order of frames, so that this is not left to it; the insides of frames are (`id3frames`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import BinaryIO

import mutagen
import mutagen.id3
from mutagen.id3._tags import determine_bpi
from mutagen.id3._util import BitPaddedInt, unsynch

from tagger.sinks.tags.interface import NotKeepableError

HEADER_BYTES = 10
UNSYNCHRONISED = 0x80

_EXTENDED, _FOOTER = 0x40, 0x10
_NAME = re.compile(rb"[A-Z0-9]{3}[A-Z0-9 \0]?")
_MOST_FRAMES = 4096  # more are made by nobody in good faith, and would take minutes to look through


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag taken apart.

    Attributes:
        version: 2, 3 or 4.
        revision: Zero in all versions there are.
        flags: Those of the header.
        extended: The extended header, or nothing.
        frames: Each with its own header.
        has_plain_sizes: Whether frames of 2.4 state their sizes as in 2.3, as old versions of iTunes did.
        unkeepable: Why it cannot be written without loss; empty if it can.
    """

    version: int
    revision: int = 0
    flags: int = 0
    extended: bytes = b""
    frames: tuple[bytes, ...] = ()
    has_plain_sizes: bool = False
    unkeepable: str = ""


def load(file: BinaryIO, place: int) -> bytes | None:
    """Read the bytes of the tag that begins at a place; None if none does.

    Raises:
        NotKeepableError: It is of a version to come.
        ValueError: Its size is damaged.
        EOFError: It is cut off.
    """
    file.seek(place)
    header = file.read(HEADER_BYTES)
    if len(header) < HEADER_BYTES or not header.startswith(b"ID3"):
        return None
    if header[3] not in {2, 3, 4}:
        raise NotKeepableError("its ID3 tag is of an unknown version")
    if not BitPaddedInt.has_valid_padding(header[6:]):
        raise ValueError("the size of the ID3 tag is not synchsafe")
    n_bytes = int(BitPaddedInt(header[6:]))
    body = file.read(n_bytes)
    if len(body) < n_bytes:
        raise EOFError("the ID3 tag is cut off")
    return header + body


def empty(version: int) -> bytes:
    """Give a tag without frames."""
    return rendered(Tag(version), HEADER_BYTES, 0)


def parse(data: bytes) -> Tag:
    """Take a tag apart, as far as it is sound.

    Sources: ID3v2.2 (id3v2-00) 3, ID3v2.3.0 3, ID3v2.4.0-structure 3 to 6.

    Raises:
        NotKeepableError: It is compressed as a whole.
        ValueError: Its extended header is damaged.
    """
    version, flags, body = data[3], data[5], data[HEADER_BYTES:]
    reason = "its ID3 tag has a footer, which cannot be kept" if version == 4 and flags & _FOOTER else ""
    if version == 2 and flags & _EXTENDED:
        raise NotKeepableError("its ID3v2.2 tag is compressed")
    if version < 4 and flags & UNSYNCHRONISED:
        try:
            body = unsynch.decode(body)
        except ValueError:
            reason = "its ID3 tag is not unsynchronised as it says"
    extended = _extended(version, body) if flags & _EXTENDED else b""
    if _has_fixed_content(version, flags, extended):
        reason = reason or "its ID3 tag has an extended header that cannot be kept"
    body = body[len(extended) :]
    has_plain_sizes = version == 4 and determine_bpi(body, mutagen.id3.Frames) is int
    frames, is_sound = _frames(version, body, has_plain_sizes)
    reason = reason or ("" if is_sound else "its ID3 tag is damaged")
    return Tag(version, data[4], flags, extended, frames, has_plain_sizes, reason)


def rendered(tag: Tag, n_room: int, n_behind: int) -> bytes:
    """Put a tag together.

    Args:
        tag: What is in it.
        n_room: Bytes that are there for it; if they suffice, exactly as many are used.
        n_behind: Bytes that have to be moved if they do not, which is a reason to leave room for next time.
    """
    content = tag.extended + b"".join(tag.frames)
    if tag.version < 4 and tag.flags & UNSYNCHRONISED:
        content = unsynch.encode(content)
    info = mutagen.PaddingInfo(n_room - HEADER_BYTES - len(content), n_behind)
    n_padding = info.padding if info.padding >= 0 else info.get_default_padding()
    if tag.version == 3 and tag.extended:
        content = content[:6] + n_padding.to_bytes(4, "big") + content[10:]
    size = BitPaddedInt.to_str(len(content) + n_padding)
    return b"ID3" + bytes([tag.version, tag.revision, tag.flags]) + size + content + bytes(n_padding)


def _extended(version: int, body: bytes) -> bytes:
    # Some programs set the flag without such a header; none is as long as a frame's name is as a number.
    if body[:4].decode("latin-1") in mutagen.id3.Frames:
        return b""
    n_bytes = int(BitPaddedInt(body[:4])) if version == 4 else 4 + int.from_bytes(body[:4], "big")
    if not 6 <= n_bytes <= len(body):
        raise ValueError("the extended header of the ID3 tag is damaged")
    return body[:n_bytes]


def _has_fixed_content(version: int, flags: int, extended: bytes) -> bool:
    """Whether an extended header says something of frames, such as a checksum, that changes with them."""
    if version == 4:
        return bool(extended) and bool(extended[5] & 0x20)
    return bool(extended) and (len(extended) != 10 or bool(flags & UNSYNCHRONISED) or bool(extended[4] & 0x80))


def _frames(version: int, body: bytes, has_plain_sizes: bool) -> tuple[tuple[bytes, ...], bool]:
    """All frames up to the padding, and whether there is nothing else."""
    n_name, n_header = (3, 6) if version == 2 else (4, 10)
    found: list[bytes] = []
    start = 0
    while start + n_header <= len(body):
        name, size = body[start : start + n_name], body[start + n_name : start + 2 * n_name]
        if not name.strip(b"\0"):
            break
        is_synchsafe = version == 4 and not has_plain_sizes
        n_bytes = int(BitPaddedInt(size)) if is_synchsafe else int.from_bytes(size, "big")
        end = start + n_header + n_bytes
        if not _NAME.fullmatch(name) or end > len(body) or len(found) == _MOST_FRAMES:
            return tuple(found), False
        found.append(body[start:end])
        start = end
    return tuple(found), True
