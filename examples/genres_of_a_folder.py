"""Use tagger as a library: the genre of every track in a folder, without touching a file.

python examples/genres_of_a_folder.py [FOLDER]
"""

import sys
from pathlib import Path

from tagger import pipeline, tagging
from tagger.records import Tagged
from tagger.settings import Settings


def main(folder: Path) -> None:
    """Print one line per track as soon as it is heard."""
    settings = Settings()
    plan = pipeline.prepare(settings)
    for result in pipeline.scan([folder], plan, tagging.prepare(settings, plan.artefact.card)):
        if isinstance(result, Tagged):
            verdict = result.verdict
            print(f"{result.track.path.name}: {verdict.scores[0].genre}, {verdict.confidence:.0%} sure")
        else:
            print(f"{result.track.path.name}: {result.reason}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "music")
