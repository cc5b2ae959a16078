"""Renders the example library: twelve short pieces in twelve styles and twelve containers, and one of silence.

    python examples/compose.py [FOLDER]

Without FOLDER the files go to `music` beside this script. They carry a title and an artist but no genre, which
is left for the tagger to write; `ambient.flac` has one, so that a run meets a file with a genre of its own, and
the MP2 and AC-3 files have no tags at all. The same libraries render the same samples each time.

The pieces and their recordings are dedicated to the public domain: CC0 1.0, see `music/COPYING`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import acoustic
import av
import electric
import mixing
import numpy as np
import soundfile
from numpy.typing import NDArray
from synthesis import Waveform

ARTIST = "tagger examples"

_BLOCK_SAMPLES = 4096


@dataclass(frozen=True)
class Recording:
    """One piece and the file it is written to.

    Attributes:
        name: File name; the extension is the usual one of the container.
        title: Title tag.
        piece: Plays the piece; takes a seed.
        codec: FFmpeg's name of the encoder; "libvorbis" is reached through libsndfile.
        sample_rate: In Hz.
        n_channels: 1 or 2.
        bit_rate: In bits per second; 0 for a lossless codec.
        genre: Genre tag; empty for none.
        options: Further options of the muxer.
    """

    name: str
    title: str
    piece: Callable[[int], Waveform]
    codec: str
    sample_rate: int
    n_channels: int = 1
    bit_rate: int = 0
    genre: str = ""
    options: dict[str, str] = field(default_factory=dict)

    @property
    def tags(self) -> dict[str, str]:
        """Metadata for the muxer."""
        tags = {"title": self.title, "artist": ARTIST, "genre": self.genre}
        return {name: text for name, text in tags.items() if text}


RECORDINGS = (
    Recording("adagio.mp2", "Adagio in D minor", acoustic.adagio, "mp2", 32_000, 1, 48_000),
    Recording("ambient.flac", "Slow Tide", electric.ambient, "flac", 16_000, genre="Ambient"),
    Recording("blues.mp3", "Eight Bars Uphill", acoustic.blues, "libmp3lame", 44_100, 1, 40_000),
    Recording("bossa.m4a", "Rim and Shaker", acoustic.bossa, "alac", 16_000),
    Recording(
        "country.aiff", "Branch Line", acoustic.country, "pcm_s16be", 16_000, options={"write_id3v2": "1"}
    ),
    Recording("disco.wav", "Four on the Floor", electric.disco, "pcm_s16le", 16_000),
    Recording("hiphop.opus", "Corner Store", electric.hiphop, "libopus", 48_000, 2, 32_000),
    Recording("jazz.wv", "Two Five One", acoustic.jazz, "wavpack", 16_000),
    Recording("metal.ac3", "Iron Stairs", electric.metal, "ac3", 32_000, 1, 56_000),
    Recording("pop.ogg", "Paper Kites", electric.pop, "libvorbis", 32_000, 2, 48_000),
    Recording("reggae.m4a", "One Drop at Noon", acoustic.reggae, "aac", 32_000, 1, 36_000),
    Recording("rock.wma", "Garage Door", electric.rock, "wmav2", 32_000, 1, 40_000),
)


def encode(recording: Recording, samples: NDArray[np.int16], path: Path) -> None:
    """Writes samples, shape (n_samples, n_channels), with the recording's codec and tags."""
    if recording.codec == "libvorbis":
        _encode_vorbis(recording, samples, path)
        return
    layout = "stereo" if recording.n_channels == 2 else "mono"
    with av.open(path, "w", options={"fflags": "+bitexact", **recording.options}) as container:
        container.metadata.update(recording.tags)
        stream = container.add_stream(recording.codec, rate=recording.sample_rate, layout=layout)
        stream.codec_context.flags |= av.codec.context.Flags.bitexact
        stream.codec_context.format = _sample_format(recording.codec)
        if recording.bit_rate:
            stream.bit_rate = recording.bit_rate
        for start in range(0, len(samples), _BLOCK_SAMPLES):
            block = np.ascontiguousarray(samples[start : start + _BLOCK_SAMPLES]).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(block, format="s16", layout=layout)
            frame.sample_rate, frame.pts = recording.sample_rate, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _sample_format(codec: str) -> str:
    """The encoder's 16-bit format, interleaved or planar, or the only one it has; its first may be 8-bit."""
    names = [sample_format.name for sample_format in av.Codec(codec, "w").audio_formats or ()]
    return next((name for name in ("s16", "s16p", *names) if name in names), "s16")


def _encode_vorbis(recording: Recording, samples: NDArray[np.int16], path: Path) -> None:
    """Writes Ogg Vorbis through libsndfile, as the FFmpeg inside PyAV has no good encoder for it."""
    with soundfile.SoundFile(
        path,
        "w",
        recording.sample_rate,
        recording.n_channels,
        format="OGG",
        subtype="VORBIS",
        compression_level=1.0,
    ) as file:
        file.title, file.artist = recording.title, ARTIST
        for start in range(0, len(samples), _BLOCK_SAMPLES):
            file.write(samples[start : start + _BLOCK_SAMPLES])


def write_silence(folder: Path) -> None:
    """Writes one file with nothing to hear."""
    silence = Recording("silence.flac", "Nothing to Hear", electric.ambient, "flac", 16_000)
    encode(silence, np.zeros((8 * silence.sample_rate, 1), np.int16), folder / silence.name)


def main() -> None:
    parser = argparse.ArgumentParser(description="Render the example library.")
    parser.add_argument(
        "folder", nargs="?", type=Path, default=Path(__file__).parent / "music", metavar="FOLDER"
    )
    folder: Path = parser.parse_args().folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for seed, recording in enumerate(RECORDINGS):
            samples = mixing.sampled(recording.piece(seed), recording.sample_rate, recording.n_channels)
            path = folder / recording.name
            encode(recording, samples, path)
            seconds, kilobytes = len(samples) / recording.sample_rate, path.stat().st_size / 1000
            print(f"{recording.name:14}{recording.codec:12}{seconds:6.1f} s{kilobytes:8.0f} kB")
        write_silence(folder)
    except OSError as exc:
        sys.exit(f"cannot write the example library to `{folder}`: {exc.strerror}")


if __name__ == "__main__":
    main()
