"""Files to write genres into: every container with a writer, in every state of its tags that is worth a law."""

import base64
import io
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mutagen.apev2
import mutagen.flac
import mutagen.id3
import mutagen.oggflac
import mutagen.oggopus
import mutagen.oggspeex
import mutagen.oggvorbis

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8 + b"\xff\x00\xff\xe0"

CODECS = {
    "MP3": ("libmp3lame", "mp3", ["-id3v2_version", "0"]),
    "FLAC": ("flac", "flac", []),
    "Ogg Vorbis": ("libvorbis", "ogg", []),
    "Ogg Opus": ("libopus", "opus", ["-serial_offset", "7"]),
    "Ogg FLAC": ("flac", "oga", []),
    "Ogg Speex": ("libspeex", "spx", []),
}
PARSERS = {
    "FLAC": mutagen.flac.FLAC,
    "Ogg Vorbis": mutagen.oggvorbis.OggVorbis,
    "Ogg Opus": mutagen.oggopus.OggOpus,
    "Ogg FLAC": mutagen.oggflac.OggFLAC,
    "Ogg Speex": mutagen.oggspeex.OggSpeex,
}


def encode(kind: str, folder: Path) -> bytes:
    """Encode a second of noisy tone with ffmpeg."""
    codec, suffix, extra = CODECS[kind]
    path = folder / f"plain.{suffix}"
    source = "aevalsrc=sin(440*2*PI*t)*0.5+random(0)*0.1:s=16000:d=1.2"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", source, "-bitexact", "-c:a", codec, *extra]
    subprocess.run([*command, str(path)], check=True)
    return path.read_bytes()


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
    size = synchsafe(len(data)) if version == 4 else struct.pack(">I", len(data))
    return name.encode() + size + struct.pack(">H", flags) + data


def synchsafe(number: int) -> bytes:
    """A number in four bytes of seven bits."""
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def parsed_id3(data: bytes) -> tuple[int, list[tuple[str, bytes]]]:
    """Version and frames of the tag at the start, each with its header's flags and all its bytes."""
    version, size = data[3], sum(byte << shift for byte, shift in zip(data[6:10], (21, 14, 7, 0), strict=True))
    body, frames = data[10 : 10 + size], []
    while len(body) > 10 and body[0]:
        shifts = (21, 14, 7, 0) if version == 4 else (24, 16, 8, 0)
        n_bytes = sum(byte << shift for byte, shift in zip(body[4:8], shifts, strict=True))
        frames.append((body[:4].decode(), body[8 : 10 + n_bytes]))
        body = body[10 + n_bytes :]
    return version, frames


def id3v1(genre: int) -> bytes:
    """An ID3v1.1 tag."""
    title, artist, album = (text.encode().ljust(30, b"\0") for text in ("Old title", "Old artist", "Old album"))
    return b"TAG" + title + artist + album + b"1987" + b"Old comment".ljust(29, b"\0") + bytes([3, genre])


def full_id3(version: int, *more: bytes) -> bytes:
    """A tag with frames of every sort, one that nobody knows, and more."""
    tags, known = mutagen.id3.ID3(), io.BytesIO()
    for frame in id3_frames(version):
        tags.add(frame)
    tags.save(known, v2_version=version, padding=lambda info: 0)
    read_only = 0x1000 if version == 4 else 0x2000
    unknown = id3_frame(version, "ZZZ1", b"\xff\x00\xff\xe0 nobody knows", flags=read_only)
    return id3_tag(version, known.getvalue()[10:], unknown, *more)


def _in_front(data: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(data + path.read_bytes()) and None


def _behind(data: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(path.read_bytes() + data) and None


def _ape(path: Path) -> None:
    tags = mutagen.apev2.APEv2()
    tags["Genre"] = "Blues"
    tags.save(path)


def _id3_and_v1(path: Path) -> None:
    path.write_bytes(full_id3(3) + path.read_bytes() + id3v1(0))


def _commented(kind: str) -> Callable[[Path], None]:
    def tag(path: Path) -> None:
        audio = PARSERS[kind](path)
        picture = mutagen.flac.Picture()
        picture.data, picture.type, picture.mime, picture.desc = PICTURE, 3, "image/png", "Títle"
        if audio.tags is None:
            audio.add_tags()
        names = [("Title", "Títle"), ("STYLE", "Bop"), ("artist", "One"), ("ARTIST", "Two"), ("x-y", "🎷")]
        audio.tags[:] = [*names, ("Genre", "Old"), ("comment", "between"), ("GENRE", "Older"), ("DATE", "1999")]
        if kind == "FLAC":
            audio.add_picture(picture)
        else:
            audio.tags.append(("METADATA_BLOCK_PICTURE", base64.b64encode(picture.write()).decode()))
        audio.save()

    return tag


def _nothing(path: Path) -> None:
    """Leave a file without tags as it is."""


CASES: dict[str, tuple[str, Callable[[Path], None]]] = {
    "MP3": ("MP3", _nothing),
    "MP3, ID3v2.3": ("MP3", _in_front(full_id3(3))),
    "MP3, ID3v2.4": ("MP3", _in_front(full_id3(4))),
    "MP3, ID3v2.3 and ID3v1": ("MP3", _id3_and_v1),
    "MP3, ID3v1": ("MP3", _behind(id3v1(0))),
    "MP3, APEv2": ("MP3", _ape),
    "FLAC": ("FLAC", _nothing),
    "FLAC, ID3v2 in front": ("FLAC", _in_front(full_id3(4))),
    **{f"{kind}, tagged": (kind, _commented(kind)) for kind in PARSERS},
}


def others(path: Path, kind: str) -> Any:
    """Everything in a file besides its genres and padding that is not audio, to be compared with ==."""
    data = path.read_bytes()
    in_front = parsed_id3(data) if data.startswith(b"ID3") else None
    if kind == "MP3":
        tail = data[-128:-1] if data[-128:-125] == b"TAG" else b""
        frames = [frame for frame in in_front[1] if frame[0] != "TCON"] if in_front else []
        return in_front and in_front[0], frames, tail, b"APETAGEX" in data
    audio = PARSERS[kind](path)
    comments = [comment for comment in audio.tags or () if comment[0].upper() != "GENRE"]
    blocks = [block.write() for block in getattr(audio, "metadata_blocks", ()) if block.code not in {1, 4}]
    return in_front, comments, blocks, audio.tags.vendor if audio.tags is not None else None
