"""Which kind of file is this? Told by its content."""

from __future__ import annotations

from typing import BinaryIO

import mutagen
import mutagen.mp3

_HEAD_BYTES = 512

_MAGIC = (
    (0, b"fLaC", "FLAC"),
    (4, b"ftyp", "MP4"),
    (8, b"WAVE", "WAV"),
    (0, b"riff\x2e\x91\xcf\x11", "Wave64"),
    (8, b"AIFF", "AIFF"),
    (8, b"AIFC", "AIFF"),
    (0, b"DSD ", "DSF"),
    (0, b"FRM8", "DSDIFF"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "ASF (WMA)"),
    (0, b"wvpk", "WavPack"),
    (0, b"\x0b\x77", "AC-3"),
    (0, b"MAC ", "Monkey's Audio"),
    (0, b"MPCK", "Musepack"),
    (0, b"MP+", "Musepack"),
    (0, b"TTA1", "True Audio"),
    (0, b"tBaK", "TAK"),
    (0, b"\x1a\x45\xdf\xa3", "Matroska"),
    (0, b"ADIF", "AAC"),
)
_OGG_MAGIC = (
    (b"\x01vorbis", "Ogg Vorbis"),
    (b"OpusHead", "Ogg Opus"),
    (b"\x7fFLAC", "Ogg FLAC"),
    (b"Speex   ", "Ogg Speex"),
    (b"\x80theora", "Ogg Theora"),
)


def kind(file: BinaryIO) -> str:
    """Name the container of an open file, past any ID3v2 tags in front; empty if it is not known.

    An ADTS stream is "AAC"; MPEG audio of any layer is "MP3".
    """
    start = after_id3(file)
    file.seek(start)
    head = file.read(_HEAD_BYTES)
    if head.startswith(b"OggS"):
        return _ogg(head)
    for offset, magic, name in _MAGIC:
        if head.startswith(magic, offset):
            return name
    # The layer bits are zero in ADTS alone; ISO/IEC 13818-7, 6.2.
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return "AAC"
    return "MP3" if _is_mpeg(file, start) else ""


def _ogg(head: bytes) -> str:
    n_segments = head[26] if len(head) > 26 else 0
    packet = head[27 + n_segments :]
    return next((name for magic, name in _OGG_MAGIC if packet.startswith(magic)), "Ogg")


def after_id3(file: BinaryIO) -> int:
    """Where a file begins behind the ID3v2 tags in front of it, as they state their sizes."""
    start = 0
    while True:
        file.seek(start)
        header = file.read(10)
        if len(header) < 10 or not header.startswith(b"ID3"):
            return start
        size = sum((byte & 0x7F) << shift for byte, shift in zip(header[6:], (21, 14, 7, 0), strict=True))
        has_footer = header[5] & 0x10
        start += size + (20 if has_footer else 10)


def _is_mpeg(file: BinaryIO, start: int) -> bool:
    try:
        return not mutagen.mp3.MPEGInfo(file, start).sketchy
    except mutagen.MutagenError:
        return False
