"""The tags that end a file, behind the audio: where an APE tag, Lyrics3v2 and ID3v1 begin, in this order."""

from __future__ import annotations

import io
import re
import struct
from typing import BinaryIO

APE_MAGIC = b"APETAGEX"
APE_EDGE_BYTES = 32  # of header and footer each
APE_HAS_HEADER = 1 << 31
V1_BYTES = 128


def behind_ape(file: BinaryIO) -> int:
    """Where an APE tag ends: before an ID3v1 tag and a Lyrics3v2 tag, which belongs to that."""
    end = file.seek(0, io.SEEK_END)
    file.seek(max(0, end - V1_BYTES - len("APE")))
    tail = file.read()
    if not tail[-V1_BYTES:].startswith(b"TAG") or tail.startswith(APE_MAGIC) or len(tail) < V1_BYTES:
        return end
    end -= V1_BYTES
    file.seek(max(0, end - 15))
    lyrics = re.fullmatch(rb"(\d{6})LYRICS200", file.read(min(end, 15)))
    return end - 15 - int(lyrics[1]) if lyrics and int(lyrics[1]) + 15 <= end else end


def end_of_audio(file: BinaryIO) -> int:
    """Where the first of the tags begins; the file's length if there is none.

    Raises:
        ValueError: An APE tag says that it is larger than the file, or smaller than possible.
    """
    end = behind_ape(file)
    file.seek(max(0, end - APE_EDGE_BYTES))
    footer = file.read(min(end, APE_EDGE_BYTES))
    if not footer.startswith(APE_MAGIC):
        return end
    _, size, _, flags = struct.unpack_from("<IIII", footer, len(APE_MAGIC))
    start: int = end - size - (APE_EDGE_BYTES if flags & APE_HAS_HEADER else 0)
    if size < APE_EDGE_BYTES or start < 0:
        raise ValueError("an APE tag says that it is larger than the file, or smaller than possible")
    return start
