"""Which container a file is, told by its first bytes; the suffix is never asked."""

from __future__ import annotations

import re
from typing import BinaryIO

from tagger.sources import mpeg

HEAD_BYTES = 2**14
_MAX_ID3_TAGS = 8

# Patterns match at byte 0 and are tried in this order; `.` is any byte.
_MAGIC: dict[str, bytes] = {
    "wav": rb"(RIFF|RIFX)....WAVE",
    "rf64": rb"(RF64|BW64)....WAVE",
    "w64": rb"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb",
    "aiff": rb"FORM....AIF[FC]",
    "8svx": rb"FORM....8SVX",
    "flac": rb"fLaC",
    "ogg": rb"OggS",
    "mp4": rb"....(ftyp|moov|mdat|pnot)|....(wide|free|skip)....(moov|mdat|ftyp|free|wide)",
    "asf": rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9",
    "ape": rb"MAC [^ -~]",
    "wavpack": rb"wvpk",
    "matroska": rb"\x1a\x45\xdf\xa3",
    "caf": rb"caff\x00\x01",
    "au": rb"\.snd|dns\.",
    "tta": rb"TTA[12]",
    "dsf": rb"DSD \x1c",
    "dsdiff": rb"FRM8........DSD ",
    "musepack7": rb"MP\+.",
    "musepack8": rb"MPCK",
    "tak": rb"tBaK",
    "shorten": rb"ajkg",
    "amr": rb"#!AMR(-WB)?\n",
    "voc": rb"Creative Voice File\x1a",
    "dts": rb"\x7f\xfe\x80\x01|\xfe\x7f\x01\x80|\x1f\xff\xe8\x00|\xff\x1f\x00\xe8",
    "ac3": rb"\x0b\x77...[\x00-\x57].{0,4096}\x0b\x77",
    "eac3": rb"\x0b\x77...[\x58-\x87].{0,4096}\x0b\x77",
    "avi": rb"RIFF....AVI ",
    "flv": rb"FLV\x01",
    "mpegts": rb"G.{187}G.{187}G",
    "realmedia": rb"\.RMF\x00|\.ra\xfd",
}
_PATTERNS = {name: re.compile(magic, re.DOTALL) for name, magic in _MAGIC.items()}
_CONTAINERS = (*_MAGIC, "aac", "mpeg")


def containers() -> tuple[str, ...]:
    """Return every name that `container` can answer."""
    return _CONTAINERS


def container(head: bytes) -> str | None:
    """Name the container by its first bytes, at best `HEAD_BYTES` of them; None if it is not known audio.

    Leading ID3v2 tags are stepped over as far as `head` reaches. "mpeg" is a bare stream of MP1, MP2 or MP3
    frames, "aac" one of ADTS frames, "mp4" also QuickTime, "matroska" also WebM.
    """
    head = head[id3_bytes(head) :]
    for name, pattern in _PATTERNS.items():
        if pattern.match(head):
            return name
    if _is_adts(head):
        return "aac"
    return "mpeg" if mpeg.first_frame(head) is not None else None


def head_after_id3(file: BinaryIO) -> tuple[bytes, int]:
    """Return the first `HEAD_BYTES` after any leading ID3v2 tags, and the number of bytes of the tags.

    The file must be seekable; it is left where the reading ended.
    """
    offset = 0
    for _ in range(_MAX_ID3_TAGS):
        file.seek(offset)
        head = file.read(HEAD_BYTES)
        n_bytes = id3_bytes(head)
        if not n_bytes:
            break
        offset += n_bytes
    return head, offset


def id3_bytes(head: bytes) -> int:
    """Return the length of the ID3v2 tag at the start, 0 without one (ID3v2.4, section 3.1)."""
    if len(head) < 10 or not head.startswith(b"ID3") or max(head[6:10]) > 0x7F:
        return 0
    n_bytes = 0
    for byte in head[6:10]:
        n_bytes = n_bytes << 7 | byte
    has_footer = bool(head[5] & 0x10)
    return n_bytes + (20 if has_footer else 10)


def _is_adts(head: bytes) -> bool:
    """Return whether two ADTS frames follow each other (ISO/IEC 13818-7, section 6.2)."""
    n_bytes = _adts_frame_bytes(head)
    return bool(n_bytes) and (len(head) <= n_bytes or _adts_frame_bytes(head[n_bytes:]) > 0)


def _adts_frame_bytes(head: bytes) -> int:
    if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0 or head[2] >> 2 & 15 > 12:
        return 0
    n_bytes = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    return n_bytes if n_bytes > 7 else 0
