"""GTZAN: ten genres of a hundred clips of 30 seconds each.

Any local copy will do: `genres_original/blues/blues.00000.wav` (Kaggle), `genres/blues/blues.00000.au` (the
first release), all clips in one folder, or an archive `.tar`, `.tar.gz` of one of these.
"""

from __future__ import annotations

import re
import shutil
import tarfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from tagger.errors import CorpusError
from trainer.corpora.interface import Corpus, Example

GENRES = ("blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock")
N_CLIPS = 100

LICENCE = (
    "none: its author never had the permission of the recordings' owners; research use only, "
    "and not to be handed on"
)
CITATION = (
    "G. Tzanetakis and P. Cook, Musical genre classification of audio signals, "
    "IEEE Transactions on Speech and Audio Processing 10(5), 2002. Its repetitions, wrong labels and "
    "distortions: B. L. Sturm, The GTZAN dataset, arXiv:1306.1461, 2013"
)
_NO_ARTISTS = "artists are not known: scores are per track, artists not kept apart, and so come out too high"

_CLIP = re.compile(rf"({'|'.join(GENRES)})\.(\d{{5}})\.(?:wav|au|mp3|ogg|flac)", re.IGNORECASE)
_ARCHIVES = (".tar", ".tar.gz", ".tgz")


def load(argument: str, data: Path | None, cache: Path) -> Corpus:
    """Find the clips of a local copy.

    Args:
        argument: Path of the copy, a folder or an archive; empty takes `data`.
        data: The same, given apart.
        cache: Folder that archives are unpacked into, once.

    Raises:
        CorpusError: There is no copy, or it cannot be read.
    """
    place = Path(argument).expanduser() if argument else data
    if place is None:
        raise CorpusError(
            "gtzan: tagger does not fetch this corpus",
            hint="get a copy, for instance from Kaggle, and give its folder or archive with --data",
        )
    if not place.exists():
        raise CorpusError(f"{place}: no such folder or archive")
    root = place if place.is_dir() else _unpacked(place, cache)
    clips = _clips(root.rglob("*"))
    if not clips:
        raise CorpusError(
            f"{place}: no clip of GTZAN in it", hint="clips are named genre.number.suffix, like blues.00000.wav"
        )
    examples = tuple(
        Example(path, (stem.partition(".")[0],), f"gtzan:{stem}", "gtzan", licence=LICENCE)
        for stem, path in clips.items()
    )
    problems = (*_missing(clips), _NO_ARTISTS)
    return Corpus("gtzan", examples, artists_known=False, licence=LICENCE, citation=CITATION, problems=problems)


def _clips(files: Iterable[Path]) -> dict[str, Path]:
    """The clips among files, each once, by names like `blues.00000`, in order."""
    clips: dict[str, Path] = {}
    for file in sorted(files):
        if (match := _CLIP.fullmatch(file.name)) and file.is_file():
            clips.setdefault(f"{match[1].lower()}.{match[2]}", file)
    return dict(sorted(clips.items()))


def _missing(clips: Iterable[str]) -> Iterator[str]:
    """A sentence on each genre that has fewer clips than it should."""
    counts = Counter(stem.partition(".")[0] for stem in clips)
    for genre in GENRES:
        if counts[genre] < N_CLIPS:
            yield f"{genre}: {N_CLIPS - counts[genre]} of {N_CLIPS} clips are missing"


def _unpacked(archive: Path, cache: Path) -> Path:
    """The folder that the clips of an archive are in; they are unpacked unless they were before."""
    if not archive.name.lower().endswith(_ARCHIVES):
        raise CorpusError(
            f"{archive}: not a folder, and not an archive", hint=f"archives end in {', '.join(_ARCHIVES)}"
        )
    stat = archive.stat()
    folder = cache / f"gtzan-{stat.st_size}-{stat.st_mtime_ns}"
    partial = folder.with_name(f"{folder.name}.partial")
    if folder.is_dir():
        return folder
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
        with tarfile.open(archive) as tar:
            members = [member for member in tar if member.isfile() and _CLIP.fullmatch(Path(member.name).name)]
            tar.extractall(partial, members, filter="data")
        partial.replace(folder)
    except (OSError, tarfile.TarError, EOFError) as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise CorpusError(f"{archive}: cannot be unpacked: {error}") from error
    return folder
