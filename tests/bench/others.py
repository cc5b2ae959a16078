"""How others do it; each function runs in a process of its own and gives seconds by format."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np

from tests.bench.stopwatch import Songs, by_format

_BLOCK_SAMPLES = 2**16
_NOT_FOR_SOUNDFILE = {"m4a"}


def soundfile_in_threads(songs: Songs, least_seconds: float) -> dict[str, float]:
    """Decode to native samples, and nothing else, with libsndfile, a thread for each core."""
    import soundfile

    class Stream(soundfile.SoundFile):  # type: ignore[misc]
        def seekable(self) -> bool:  # else it seeks after every block
            return False

    def decode(path: str) -> None:
        with Stream(path) as sound:
            block = np.empty((_BLOCK_SAMPLES, sound.channels), np.float32)
            while len(sound.read(out=block)):
                pass

    readable = {kind: files for kind, files in songs.items() if kind not in _NOT_FOR_SOUNDFILE}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return by_format(lambda files: list(pool.map(decode, files)), readable, least_seconds)


def pyav_in_processes(songs: Songs, least_seconds: float) -> dict[str, float]:
    """Decode to native samples, and nothing else, with FFmpeg's libraries, a process for each core."""
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        list(pool.map(_decode_by_pyav, [files[0] for files in songs.values()] * 2))
        return by_format(lambda files: list(pool.map(_decode_by_pyav, files)), songs, least_seconds)


def _decode_by_pyav(path: str) -> None:
    import av

    with av.open(path) as container:
        for _ in container.decode(audio=0):
            pass


def papers(songs: Songs, per_window: bool, overlap: bool) -> dict[str, float]:
    """The papers' way: librosa.load, a melspectrogram for each window, model.predict; our network and windows.

    Args:
        songs: The files.
        per_window: Whether predict is called for each window; else once for a track.
        overlap: Whether windows overlap as ours do; else they lie side by side.
    """
    import keras
    import librosa

    from tagger.inference import artefact

    bundled = artefact.load(artefact.BUNDLED / "default")
    card, model = bundled.card, keras.saving.load_model(bundled.keras_file, compile=False)
    parameters = {
        name: getattr(card.front_end, name) for name in ("n_fft", "hop_length", "n_mels", "fmin", "fmax")
    }
    hop_length, sr = card.front_end.hop_length, card.front_end.sample_rate
    n_samples = (card.window.frames - 1) * hop_length
    step = (card.window.hop_frames if overlap else card.window.frames) * hop_length

    def windows(y: Any) -> Iterator[Any]:
        for start in range(0, len(y) - n_samples + 1, step):
            S = librosa.feature.melspectrogram(y=y[start : start + n_samples], sr=sr, **parameters)
            yield librosa.power_to_db(S, ref=1.0, top_db=None).T

    def genre(path: str) -> Any:
        heard = list(windows(librosa.load(path, sr=sr)[0]))
        batches = [window[None] for window in heard] if per_window else [np.stack(heard)]
        return (
            np.concatenate([model.predict(batch, verbose=0)["logits"] for batch in batches])
            .mean(axis=0)
            .argmax()
        )

    genre(next(iter(songs.values()))[0])
    return by_format(lambda files: _each(genre, files), songs)


def essentia(songs: Songs) -> dict[str, float] | None:
    """Essentia's loader and the mel front-end of its MusiCNN, no network; None if it is not installed."""
    try:
        standard = importlib.import_module("essentia.standard")
    except ModuleNotFoundError:
        return None
    mel = standard.TensorflowInputMusiCNN()

    def hear(path: str) -> None:
        y = standard.MonoLoader(filename=path, sampleRate=16000)()
        _each(mel, standard.FrameGenerator(y, frameSize=512, hopSize=256))

    def can_hear(files: list[str]) -> bool:
        try:
            hear(files[0])
        except RuntimeError:  # "Unsupported codec!"
            return False
        return True

    readable = {kind: files for kind, files in songs.items() if can_hear(files)}
    return by_format(lambda files: _each(hear, files), readable)


def _each(work: Callable[[Any], object], things: Iterable[Any]) -> None:
    for thing in things:
        work(thing)
