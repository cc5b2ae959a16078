"""Files to write genres into: every container with a writer, in every state of its tags that is worth a law."""

import base64
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mutagen.flac
import mutagen.oggflac
import mutagen.oggopus
import mutagen.oggspeex
import mutagen.oggvorbis

from tests.sinks import id3_bytes, id3_cases, more_cases
from tests.sinks.id3_bytes import PICTURE

CODECS = {
    "FLAC": ("flac", "flac", []),
    "Ogg Vorbis": ("libvorbis", "ogg", []),
    "Ogg Opus": ("libopus", "opus", ["-serial_offset", "7"]),
    "Ogg FLAC": ("flac", "oga", []),
    "Ogg Speex": ("libspeex", "spx", []),
    **id3_cases.CODECS,
    **more_cases.CODECS,
}
MAKERS: dict[str, Callable[[Path], bytes]] = {**id3_cases.MAKERS, **more_cases.MAKERS}
PARSERS = {
    "FLAC": mutagen.flac.FLAC,
    "Ogg Vorbis": mutagen.oggvorbis.OggVorbis,
    "Ogg Opus": mutagen.oggopus.OggOpus,
    "Ogg FLAC": mutagen.oggflac.OggFLAC,
    "Ogg Speex": mutagen.oggspeex.OggSpeex,
}


def encode(kind: str, folder: Path) -> bytes:
    """Encode a second of noisy tone, with ffmpeg where it can."""
    if kind in MAKERS:
        return MAKERS[kind](folder)
    codec, suffix, extra = CODECS[kind]
    path = folder / f"plain.{suffix}"
    source = "aevalsrc=sin(440*2*PI*t)*0.5+random(0)*0.1:s=16000:d=1.2"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", source, "-bitexact", "-c:a", codec, *extra]
    subprocess.run([*command, str(path)], check=True)
    return path.read_bytes()


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


CASES: dict[str, tuple[str, Callable[[Path], None]]] = {
    "FLAC": ("FLAC", id3_cases.nothing),
    "FLAC, ID3v2 in front": ("FLAC", id3_cases.around(id3_bytes.full_id3(4))),
    **{f"{kind}, tagged": (kind, _commented(kind)) for kind in PARSERS},
    **id3_cases.CASES,
    **more_cases.CASES,
}


def others(path: Path, kind: str) -> Any:
    """Everything in a file besides its genres and padding that is not audio, to be compared with ==."""
    for of_kinds in (id3_cases.OTHERS, more_cases.OTHERS):
        if kind in of_kinds:
            return of_kinds[kind](path)
    data = path.read_bytes()
    in_front = id3_cases.other_frames(data) if data.startswith(b"ID3") else None
    audio = PARSERS[kind](path)
    comments = [comment for comment in audio.tags or () if comment[0].upper() != "GENRE"]
    blocks = [block.write() for block in getattr(audio, "metadata_blocks", ()) if block.code not in {1, 4}]
    return in_front, comments, blocks, audio.tags.vendor if audio.tags is not None else None
