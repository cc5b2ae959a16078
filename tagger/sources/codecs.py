"""Which decoders are at hand for the kinds of files that music libraries hold."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import av
import soundfile

from tagger.sources import ffmpeg, libsndfile


@dataclass(frozen=True, slots=True)
class Kind:
    """A coding in a container.

    Attributes:
        name: What people call it.
        container: As named by `sniff.container`.
        codec: FFmpeg's name of the coding.
        sndfile: libsndfile's format and subtype; empty where it knows none.
    """

    name: str
    container: str
    codec: str
    sndfile: tuple[str, ...] = ()


KINDS = (
    Kind("MP3", "mpeg", "mp3", ("MP3", "MPEG_LAYER_III")),
    Kind("MP2", "mpeg", "mp2"),  # libsndfile is asked only where a Xing header tells the length
    Kind("AAC in M4A", "mp4", "aac"),
    Kind("AAC, bare", "aac", "aac"),
    Kind("ALAC in M4A", "mp4", "alac"),
    Kind("FLAC", "flac", "flac", ("FLAC", "PCM_16")),
    Kind("Ogg Vorbis", "ogg", "vorbis", ("OGG", "VORBIS")),
    Kind("Opus", "ogg", "opus", ("OGG", "OPUS")),
    Kind("Opus in WebM", "matroska", "opus"),
    Kind("Speex", "ogg", "speex"),
    Kind("WAV", "wav", "pcm_s16le", ("WAV", "PCM_16")),
    Kind("AIFF", "aiff", "pcm_s16be", ("AIFF", "PCM_16")),
    Kind("WMA", "asf", "wmav2"),
    Kind("WMA Pro", "asf", "wmapro"),
    Kind("WMA Lossless", "asf", "wmalossless"),
    Kind("Monkey's Audio", "ape", "ape"),
    Kind("WavPack", "wavpack", "wavpack"),
    Kind("Musepack SV7", "musepack7", "musepack7"),
    Kind("Musepack SV8", "musepack8", "musepack8"),
    Kind("DSD in DSF", "dsf", "dsd_lsbf_planar"),
    Kind("DSD in DSDIFF", "dsdiff", "dsd_msbf"),
    Kind("DST in DSDIFF", "dsdiff", "dst"),
    Kind("True Audio", "tta", "tta"),
    Kind("TAK", "tak", "tak"),
    Kind("Shorten", "shorten", "shorten"),
    Kind("AC-3", "ac3", "ac3"),
    Kind("E-AC-3", "eac3", "eac3"),
    Kind("DTS", "dts", "dts"),
    Kind("RealAudio", "realmedia", "cook"),
    Kind("AMR", "amr", "amr_nb"),
)


def decoders(kind: Kind) -> tuple[str, ...]:
    """The decoders that take a kind of file, in the order in which they are asked; none if all are missing."""
    found = []
    if kind.sndfile and kind.container in libsndfile.CONTAINERS and _in_libsndfile(*kind.sndfile):
        found.append("libsndfile")
    if kind.container in ffmpeg.CONTAINERS and _in_ffmpeg(ffmpeg.DEMUXERS[kind.container], kind.codec):
        found.append(f"FFmpeg {kind.codec}")
    return tuple(found)


def libraries() -> dict[str, str]:
    """The versions of the libraries that decode."""
    return {"libsndfile": soundfile.__libsndfile_version__, "FFmpeg": av.ffmpeg_version_info}


def _in_libsndfile(file_format: str, subtype: str) -> bool:
    return file_format in soundfile.available_formats() and subtype in soundfile.available_subtypes(file_format)


def _in_ffmpeg(demuxer: str, codec: str) -> bool:
    with contextlib.suppress(ValueError):  # that is how PyAV says that it knows no such name
        av.ContainerFormat(demuxer, "r")
        av.Codec(codec, "r")
        return True
    return False
