"""`tagger corpus`: what a corpus holds, and what is wrong with it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tagger import paths, settings
from tagger.cli import options, printing, train_options
from tagger.errors import SettingsError
from tagger.sinks import display

if TYPE_CHECKING:
    from trainer.corpora.interface import Corpus
    from trainer.data.checks import Contents, Report
    from trainer.recipe import Recipe

EXIT_FAULTS = 1

_N_LISTED = 50
_FACTS = ("licence", "citation", "files", "artists", "groups", "hours", "seconds", "labels")
_MORE_FACTS = ("sample_rates", "codecs", "problems")


def corpus(
    datasets: Annotated[
        list[str],
        typer.Argument(
            metavar="WHAT",
            help="As for `train --dataset`, with :PATH where its files are; of several, duplicates are "
            "looked for across all.",
            show_default=False,
        ),
    ],
    data: train_options.Data = None,
    gallery: Annotated[
        Path | None,
        typer.Option(
            "--gallery",
            metavar="DIR",
            parser=paths.as_named,
            help="Draw waveforms and spectrograms of some clips of each genre there.",
        ),
    ] = None,
    images: Annotated[
        Path | None,
        typer.Option(
            "--images",
            metavar="FILE",
            parser=paths.as_named,
            help="Write the images that --recipe learns from into an HDF5 file.",
        ),
    ] = None,
    recipe: Annotated[
        str, typer.Option("--recipe", metavar="NAME", help="See --images; `train --list` shows them.")
    ] = "arrigo2025-yolov8-18",
    jobs: options.Jobs = None,
    as_json: options.AsJson = False,
) -> int:
    """Hear every file of a corpus: how much there is, what does not decode, is silent, or is there twice.

    What was heard is remembered. The exit code is 1 if anything is wrong with a file.
    """
    from trainer import corpora, recipes
    from trainer import gallery as pictures
    from trainer.data import checks, kept

    chosen, cache = recipes.find(recipe), settings.home_folder("cache")
    found = corpora.load_all(datasets, data=data, cache=kept.archives(cache))
    galleries = [] if gallery is None else pictures.folders(found, paths.expanded(gallery))
    if images is not None:
        _check_images(found, chosen, paths.expanded(images))
    with display.TrainingProgress() as progress:
        report = checks.inspect(found, kept.fingerprints(cache), progress, jobs=jobs or 0)
    if as_json:
        printing.json_line(report.as_dict())
    else:
        _show(report)
    for one, folder in zip(found, galleries, strict=bool(galleries)):
        pictures.draw(one, folder)
    if images is not None:
        _write_images(found, chosen, paths.expanded(images), cache)
    return 0 if report.is_clean else EXIT_FAULTS


def _check_images(found: list[Corpus], recipe: Recipe, file: Path) -> None:
    """See, before every file is heard, whether there are images, and whether the file is free for them."""
    if len(found) > 1:
        raise SettingsError("--images: takes one corpus at a time", hint="name one, then the others")
    from trainer.data import archive

    archive.check(recipe, file)


def _write_images(found: list[Corpus], recipe: Recipe, file: Path, cache: Path) -> None:
    """Write what a recipe would learn from a corpus."""
    from trainer.data import archive, material

    with display.TrainingProgress() as progress:
        prepared = material.prepare(found[0], recipe, cache, progress, allow_leaks=True)
        n_images = archive.write(prepared[0], file, progress)
    display.note(f"{file}: {n_images:,} images")


def _show(report: Report) -> None:
    """Print a report for people."""
    for contents in report.contents:
        display.card_view(_card(contents), _folder(contents))
    faults = _faults(report)
    display.facts_table(dict(list(faults.items())[:_N_LISTED]))
    if len(faults) > _N_LISTED:
        display.note(f"{len(faults) - _N_LISTED} more: --json lists all")


def _card(contents: Contents) -> Mapping[str, Any]:
    """What stands still of a corpus, under the names that people read."""
    facts = contents.as_dict()
    lines = facts["problems"]
    facts["problems"] = {str(number): line for number, line in enumerate(lines, start=1)}
    shown = {name: facts[name] for name in (*_FACTS, *_MORE_FACTS) if facts.get(name)}
    counts = {"undecodable": len(contents.undecodable), "silent": len(contents.silent)}
    hours, n_labels = facts["hours"], len(contents.labels)
    description = f"{facts['files']:,} files, {hours:.1f} hours, {n_labels} labels"
    return {"name": contents.corpus.name, "description": description} | shown | counts


def _folder(contents: Contents) -> str:
    return os.path.commonpath([example.path.parent.absolute() for example in contents.corpus.examples])


def _faults(report: Report) -> dict[str, str]:
    """What is wrong, by file or pair of files."""
    faults: dict[str, str] = {}
    for contents in report.contents:
        faults |= {str(path): f"does not decode: {why}" for path, why in contents.undecodable.items()}
        faults |= {str(path): "silent" for path in contents.silent}
    for twice in report.duplicates:
        words = (
            f"same audio for {twice.common_seconds:.1f} s",
            f"{twice.bit_error_rate:.0%} of the bits differ",
            *twice.faults,
        )
        faults[f"{twice.first.path} = {twice.second.path}"] = ", ".join(words)
    return faults
