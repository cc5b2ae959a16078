"""WAV: a chunk "id3 ", and beside it the text `IGNR` in a chunk `LIST` of kind `INFO`, for other readers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, TypeAlias

from tagger.sinks.tags import chunks, id3chunks, id3frames, splice
from tagger.sinks.tags.chunks import Chunk, Form
from tagger.sinks.tags.fields import GENRE, Field
from tagger.sinks.tags.interface import Manner, NotKeepableError, Place, Values

_GENRE = b"IGNR"
_INFO = b"INFO"
_PCM, _FLOAT, _EXTENSIBLE = 0x0001, 0x0003, 0xFFFE
# The rest of a GUID that begins with a format tag; mmreg.h, DEFINE_WAVEFORMATEX_GUID.
_GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")
_FORMATS = {
    0x0002: "Microsoft ADPCM",
    0x0006: "A-law",
    0x0007: "µ-law",
    0x0011: "IMA ADPCM",
    0x0031: "GSM",
    0x0050: "MPEG audio",
    0x0055: "MP3",
    0x0092: "AC-3",
    0x0161: "WMA",
    0x2000: "AC-3",
}

_Items: TypeAlias = list[tuple[bytes, bytes]]


class Wave:
    """Plain RIFF with PCM or floating-point samples; everything else is left alone."""

    def read(self, file: BinaryIO, field: Field) -> tuple[str, ...]:
        """Read a field of ID3; where that has no genre, `IGNR`, with its values parted as in ID3v2.3."""
        form = _form(file)
        found = id3chunks.values(file, form, field)
        if found or field != GENRE:
            return found
        return tuple(value for text in _genres(file, form) for value in id3frames.parted(text))

    def write(self, file: BinaryIO, values: Values, manner: Manner) -> None:
        """Replace fields in ID3, and the genre in INFO, too.

        There is no new chunk INFO where it would hide what else is in ID3 from ffmpeg and what is built on it.
        """
        form = _form(file)
        _check_format(file, form)
        changed, added = id3chunks.changes(file, form, values, manner, b"id3 ")
        if GENRE in values:
            text = manner.separator.join(values[GENRE])
            lists = _updated_lists(file, form, _encoded(text), wanted=manner.wav_info)
            changed |= lists
            if manner.wav_info and not lists and not _is_shown(file, form):
                added.insert(0, (b"LIST", _INFO + _packed([(_GENRE, _encoded(text))])))
        splice.apply(file, chunks.rewritten(form, changed, added))

    def places(self, file: BinaryIO) -> tuple[Place, ...]:
        """List the genres of ID3, then those of INFO."""
        form = _form(file)
        info = [Place("RIFF INFO", _GENRE.decode(), (text,)) for text in _genres(file, form) if text.strip()]
        return id3chunks.places(file, form) + tuple(info)


def infos(file: BinaryIO) -> dict[str, str]:
    """The texts of INFO by their names; of several of one name the first.

    Raises:
        NotKeepableError: It is not the plain kind of WAV.
    """
    form = _form(file)
    texts = [item for _, data in _infos(file, form) for item in _items(data)[0]]
    return {name.decode("latin-1"): _decoded(text) for name, text in reversed(texts)}


def _encoded(text: str) -> bytes:
    """Encode a text of INFO, with the zero at its end.

    The format has no encoding (RIFF 1.0 says ASCII). ExifTool and MediaInfo read Windows-1252, ffmpeg UTF-8:
    what fits into the first is written so, and all else in UTF-8, which of these only ffmpeg shows right.
    """
    try:
        data = text.encode("cp1252")
    except UnicodeEncodeError:
        data = text.encode()
    return (data if _decoded(data) == text else text.encode()) + b"\0"


def _decoded(data: bytes) -> str:
    """A text of INFO; Windows-1252 is hardly ever UTF-8 by chance."""
    data = data.partition(b"\0")[0]
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _form(file: BinaryIO) -> Form:
    file.seek(0)
    outer = file.read(4)
    if outer in {b"RF64", b"BW64", b"RIFX"}:
        raise NotKeepableError(f"tags of WAV files of the kind {outer.decode()} cannot be written")
    if outer.startswith(b"ID3"):
        raise NotKeepableError("it has an ID3 tag in front of RIFF, where none belongs")
    form = chunks.parse(file, b"RIFF")
    if any(chunk.name == b"data" and chunk.size in {0, 0xFFFFFFFF} for chunk in form.chunks):
        raise NotKeepableError("its audio states no size, as in a stream")
    return form


def _check_format(file: BinaryIO, form: Form) -> None:
    formats = [_data(file, chunk) for chunk in form.chunks if chunk.name == b"fmt "]
    if len(formats) != 1 or len(formats[0]) < 16 or not any(chunk.name == b"data" for chunk in form.chunks):
        raise NotKeepableError("it has no format or no audio")
    tag = int.from_bytes(formats[0][:2], "little")
    if tag == _EXTENSIBLE and formats[0][26:40] == _GUID_TAIL:
        tag = int.from_bytes(formats[0][24:26], "little")
    if tag not in {_PCM, _FLOAT}:
        name = _FORMATS.get(tag, f"format 0x{tag:04X}")
        raise NotKeepableError(f"WAV with {name} inside cannot be tagged safely")


def _is_shown(file: BinaryIO, form: Form) -> bool:
    """Whether ID3 says more than the genre, and ffmpeg shows it, since no other chunk has texts."""
    return id3chunks.has_others(file, form) and not any(chunk.name == b"bext" for chunk in form.chunks)


def _infos(file: BinaryIO, form: Form) -> Iterator[tuple[Chunk, bytes]]:
    for chunk in form.chunks:
        if chunk.name == b"LIST" and _data(file, chunk._replace(size=min(chunk.size, 4))) == _INFO:
            yield chunk, _data(file, chunk)


def _genres(file: BinaryIO, form: Form) -> list[str]:
    return [
        _decoded(text) for _, data in _infos(file, form) for name, text in _items(data)[0] if name == _GENRE
    ]


def _updated_lists(file: BinaryIO, form: Form, text: bytes, *, wanted: bool) -> dict[Chunk, bytes]:
    """All chunks INFO that name a genre, with another one; if none does, the first, with one if wanted."""
    changed: dict[Chunk, bytes] = {}
    first: dict[Chunk, bytes] = {}
    for chunk, data in _infos(file, form):
        items, is_sound = _items(data)
        if not is_sound:
            raise NotKeepableError("its INFO chunk is damaged")
        if any(name == _GENRE for name, _ in items):
            # A shorter text leaves the rest of its room to zeros, so that nothing is moved.
            new = [(name, text.ljust(len(old), b"\0") if name == _GENRE else old) for name, old in items]
            changed[chunk] = _INFO + _packed(new)
        first = first or {chunk: _INFO + _packed([*items, (_GENRE, text)])}
    return changed or (first if wanted else {})


def _items(data: bytes) -> tuple[_Items, bool]:
    """The texts in a chunk INFO with all their bytes, and whether there is nothing else in it."""
    found: _Items = []
    start = len(_INFO)
    while start < len(data):
        size = int.from_bytes(data[start + 4 : start + 8], "little")
        end = start + 8 + size
        if start + 8 > len(data) or end > len(data):
            return found, False
        found.append((data[start : start + 4], data[start + 8 : end]))
        start = end + size % 2
    return found, True


def _packed(items: _Items) -> bytes:
    return b"".join(chunks.packed("little", name, text) for name, text in items)


def _data(file: BinaryIO, chunk: Chunk) -> bytes:
    file.seek(chunk.place)
    return file.read(chunk.size)
