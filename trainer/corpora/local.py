"""The local copy of a corpus: its folder, or its archive, which is unpacked once."""

from __future__ import annotations

import lzma
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from tagger import paths
from tagger.errors import CorpusError

ARCHIVES = (".tar", ".tar.gz", ".tgz", ".zip")

_BROKEN = (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError)

Wanted = Callable[[Path], bool]


def copy(name: str, argument: str, data: Path | None, cache: Path, *, hint: str, wanted: Wanted) -> Path:
    """The folder that a corpus is in.

    Args:
        name: Of the corpus.
        argument: Path of the copy, a folder or an archive; empty takes `data`.
        data: The same, given apart.
        cache: Folder that archives are unpacked into.
        hint: How to get a copy.
        wanted: Which members of an archive are unpacked, by their paths.

    Raises:
        CorpusError: There is no copy, or its archive cannot be unpacked.
    """
    place = paths.expanded(argument) if argument else data
    if place is None:
        raise CorpusError(f"{name}: tagger does not fetch this corpus", hint=hint)
    if not place.exists():
        raise CorpusError(f"{place}: no such folder or archive", hint=hint)
    return place if place.is_dir() else unpacked(name, place, cache, wanted)


def unpacked(name: str, archive: Path, cache: Path, wanted: Wanted) -> Path:
    """The folder that the wanted members of an archive are in; they are unpacked unless they were before.

    Raises:
        CorpusError: It is no archive, or cannot be unpacked; nothing is left behind.
    """
    if not archive.name.lower().endswith(ARCHIVES):
        raise CorpusError(
            f"{archive}: not a folder, and not an archive", hint=f"archives end in {', '.join(ARCHIVES)}"
        )
    stat = archive.stat()
    folder = cache / f"{name}-{stat.st_size}-{stat.st_mtime_ns}"
    partial = folder.with_name(f"{folder.name}.partial")
    if folder.is_dir():
        return folder
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
        _unpack(archive, partial, wanted)
        partial.replace(folder)
    except (OSError, EOFError, NotImplementedError, RuntimeError, *_BROKEN) as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise CorpusError(f"{archive}: cannot be unpacked: {error}") from error
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return folder


def _unpack(archive: Path, folder: Path, wanted: Wanted) -> None:
    """Unpack the wanted files; neither library writes outside the folder."""
    if archive.name.lower().endswith(".zip"):
        with zipfile.ZipFile(archive) as zipped:
            zipped.extractall(folder, [name for name in zipped.namelist() if wanted(Path(name))])
    else:
        with tarfile.open(archive) as tar:
            members = [member for member in tar if member.isfile() and wanted(Path(member.name))]
            tar.extractall(folder, members, filter="data")
