"""What a file name's suffix promises; asked only to decide which files of a folder need not be opened."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

_AUDIO = """
    3ga 8svx aac ac3 adts aif aifc aiff alac amr ape asf au awb bwf caf dff dsf dts eac3 ec3 fla flac m4a m4b
    m4p m4r mka mp+ mp1 mp2 mp3 mp4 mpa mpc mpga mpp oga ogg opus ra rf64 shn snd spx tak tta voc w64 wav wave
    weba webm wma wv
"""
_OTHER = """
    bmp gif heic ico jpeg jpg png psd svg tif tiff webp
    doc docx epub htm html md nfo odt pdf rtf txt xls xlsx
    accurip asx cue ffp log lrc m3u m3u8 pls sfv wpl xspf
    ass avi flv m2ts m4v mkv mov mpeg mpg ogv rm srt ts vob wmv 3gp
    it kar mid midi mod s3m sf2 xm
    als asd aup aup3 flp pkf reapeaks rpp
    cfg conf csv db ini json sql sqlite toml tsv xml yaml yml
    7z bin bz2 gz img iso par2 rar tar torrent xz zip zst
    md5 sha1 sha256
    c cpp css dll exe go h java js py pyc rs sh so
    h5 keras npy npz onnx pt
    desktop lnk url webloc
    bak crdownload old part partial temp tmp
"""
_PROMISES: dict[str, Literal["audio", "other"]] = {
    **{f".{suffix}": "audio" for suffix in _AUDIO.split()},
    **{f".{suffix}": "other" for suffix in _OTHER.split()},
}


def promise(path: Path) -> Literal["audio", "other", "unknown"]:
    """Return whether the suffix is one of sound files, one of something else, or neither."""
    return _PROMISES.get(path.suffix.lower(), "unknown")
