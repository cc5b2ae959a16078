"""Join short recordings, such as the prompts of a telephone system, to pieces that `tagger train` can hear.

python examples/join_recordings.py FOLDER TO

The recordings of each folder in FOLDER, such as those of one speaker, are joined in the order of their names;
what is shorter than two seconds or calls itself silence is left out. The pieces of the bundled models were made
so, of the packages asterisk-core-sounds-en-g722 and asterisk-core-sounds-es-g722 of Debian.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import soundfile
from numpy.typing import NDArray

SAMPLE_RATE = 16000
LEAST_SECONDS = 2.0
SECONDS = 40.0


def main(folder: Path, to: Path) -> None:
    """Write the pieces as FLAC files, named after the folder that their recordings are from."""
    to.mkdir(parents=True, exist_ok=True)
    for place in sorted(one for one in folder.iterdir() if one.is_dir() and not one.is_symlink()):
        for number, piece in enumerate(pieces(place)):
            soundfile.write(to / f"{place.name}-{number:03}.flac", piece, SAMPLE_RATE)


def pieces(folder: Path) -> Iterator[NDArray[np.int16]]:
    """The recordings of a folder, joined until they last 40 seconds or more; the rest is dropped."""
    joined: list[NDArray[np.int16]] = []
    for path in sorted(one for one in folder.rglob("*") if one.is_file() and "silence" not in str(one)):
        try:
            samples = recording(path)
        except av.FFmpegError:
            continue  # no recording
        if len(samples) < LEAST_SECONDS * SAMPLE_RATE:
            continue
        joined.append(samples)
        if sum(map(len, joined)) > SECONDS * SAMPLE_RATE:
            yield np.concatenate(joined)
            joined = []


def recording(path: Path) -> NDArray[np.int16]:
    """Its samples, shape (n_samples,); the name tells what the bytes of a telephone system cannot."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
    with av.open(str(path)) as container:
        frames = [*container.decode(audio=0), None]
        heard = [one.to_ndarray().ravel() for frame in frames for one in resampler.resample(frame)]
    return np.concatenate([np.empty(0, np.int16), *heard])


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
