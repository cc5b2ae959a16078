"""ID3 tags as bytes, built and taken apart by hand."""

import io
import struct

import mutagen.id3

UTF16, UTF8 = 1, 3
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8 + b"\xff\x00\xff\xe0"


def id3_frames(version: int) -> list[mutagen.id3.Frame]:
    """Frames of every sort that a genre must leave alone."""
    id3 = mutagen.id3
    inside = [id3.TIT2(encoding=0, text="One"), id3.TCON(encoding=0, text="17")]
    dates = {
        3: [
            id3.TYER(encoding=0, text="1999"),
            id3.TDAT(encoding=0, text="3112"),
            id3.TIME(encoding=0, text="2359"),
        ],
        4: [id3.TDRC(encoding=0, text="1999-12-31T23:59"), id3.TMOO(encoding=3, text="cälm")],
    }
    return [
        id3.TIT2(encoding=1, text="Títle"),
        id3.TPE1(encoding=0, text="Someone/Else"),
        id3.TXXX(encoding=0, desc="MOOD", text="calm"),
        id3.TXXX(encoding=1, desc="GENRE_DETECTED", text="ж"),
        id3.COMM(encoding=0, lang="eng", desc="", text="a comment"),
        id3.COMM(encoding=0, lang="deu", desc="second", text="noch einer"),
        id3.UFID(owner="http://musicbrainz.org", data=b"0123"),
        id3.POPM(email="a@b.c", rating=200, count=7),
        id3.APIC(encoding=0, mime="image/png", type=3, desc="front", data=PICTURE),
        id3.APIC(encoding=0, mime="image/png", type=4, desc="back", data=PICTURE[::-1]),
        id3.CHAP(element_id="c1", start_time=0, end_time=900, sub_frames=inside),
        *dates[version],
    ]


def id3_tag(version: int, *raw_frames: bytes, flags: int = 0, padding: int = 0) -> bytes:
    """An ID3v2 tag around frames that are bytes already."""
    body = b"".join(raw_frames) + bytes(padding)
    return b"ID3" + bytes([version, 0, flags]) + synchsafe(len(body)) + body


def id3_frame(version: int, name: str, data: bytes, flags: int = 0) -> bytes:
    """One frame with its header."""
    if version == 2:
        return name.encode() + len(data).to_bytes(3, "big") + data
    size = synchsafe(len(data)) if version == 4 else struct.pack(">I", len(data))
    return name.encode() + size + struct.pack(">H", flags) + data


def tcon(version: int, text: str, encoding: int = 0) -> bytes:
    """A genre frame as another program wrote it."""
    codec = {0: "latin-1", UTF16: "utf-16", UTF8: "utf-8"}[encoding]
    return id3_frame(version, "TCON", bytes([encoding]) + text.encode(codec))


def synchsafe(number: int) -> bytes:
    """A number in four bytes of seven bits."""
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def parsed_id3(data: bytes) -> tuple[int, list[tuple[str, bytes]]]:
    """Version and frames of the tag at the start, each with its header's flags and all its bytes."""
    version, n_bytes = data[3], number(data[6:10], 7)
    body, frames = data[10 : 10 + n_bytes], []
    n_name, n_header = (3, 6) if version == 2 else (4, 10)
    while len(body) > n_header and body[0]:
        n_bytes = number(body[n_name : 2 * n_name], 7 if version == 4 else 8)
        frames.append((body[:n_name].decode(), body[2 * n_name : n_header + n_bytes]))
        body = body[n_header + n_bytes :]
    return version, frames


def number(digits: bytes, n_bits: int) -> int:
    """Bytes of seven or eight bits as a number."""
    return sum(digit << n_bits * place for place, digit in enumerate(reversed(digits)))


def id3v1(genre: int) -> bytes:
    """An ID3v1.1 tag."""
    title, artist, album = (text.encode().ljust(30, b"\0") for text in ("Old title", "Old artist", "Old album"))
    return b"TAG" + title + artist + album + b"1987" + b"Old comment".ljust(29, b"\0") + bytes([3, genre])


def full_id3(version: int, *more: bytes) -> bytes:
    """A tag with frames of every sort, one that nobody knows, and more."""
    if version == 2:
        return id3_tag(2, *OLD_FRAMES, *more)
    tags, known = mutagen.id3.ID3(), io.BytesIO()
    for frame in id3_frames(version):
        tags.add(frame)
    tags.save(known, v2_version=version, padding=lambda info: 0)
    read_only = 0x1000 if version == 4 else 0x2000
    unknown = id3_frame(version, "ZZZ1", b"\xff\x00\xff\xe0 nobody knows", flags=read_only)
    return id3_tag(version, known.getvalue()[10:], unknown, *more)


OLD_FRAMES = [
    id3_frame(2, "TT2", b"\x01" + "Títle".encode("utf-16")),
    id3_frame(2, "TP1", b"\0Someone/Else"),
    id3_frame(2, "TXX", b"\0MOOD\0calm"),
    id3_frame(2, "COM", b"\0eng\0a comment"),
    id3_frame(2, "CNT", b"\0\0\0\7"),
    id3_frame(2, "PIC", b"\0PNG\3front\0" + PICTURE),
    id3_frame(2, "TXX", b"\0GENRE_DETECTED\0?"),
    id3_frame(2, "ZZ1", b"\xff\x00\xff\xe0 nobody knows"),
]
"""Frames of every sort in ID3v2.2."""
