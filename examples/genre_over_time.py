"""Follow the stages by hand: decode, front-end, window, predict; print the genre of each window of one track.

python examples/genre_over_time.py [FILE]
"""

import sys
from pathlib import Path

from tagger.inference import artefact, calibrate, frontend, runtime, window
from tagger.sources import decode


def main(file: Path) -> None:
    """Print the time of each window, its strongest genre and its probability."""
    model = artefact.load(artefact.BUNDLED / "default")
    network = runtime.load(model)
    shape, front_end = model.card.window, model.card.front_end

    blocks = decode.blocks(file, front_end.sample_rate)
    frames = frontend.stream(blocks, front_end)
    for index, heard in enumerate(window.slide(frames, shape.frames, shape.hop_frames)):
        logits = network.logits(heard.frames[None])
        (probabilities,) = calibrate.probabilities(logits, model.card.calibration)
        strongest = probabilities.argmax()
        seconds = index * shape.hop_seconds
        print(f"{seconds:6.1f} s  {model.card.genres[strongest]:<12} {probabilities[strongest]:.0%}")


if __name__ == "__main__":
    pieces = sorted((Path(__file__).parent / "music").glob("*.mp3"))
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else pieces[0])
