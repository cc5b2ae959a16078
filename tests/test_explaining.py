"""Explanations tell of the verdict that scan gives, and depend on the weights and on the sound."""

import dataclasses
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy import special, stats

from tagger import engine, explaining
from tagger.engine import reasons, whole
from tagger.errors import DecodeError, ModelError, NothingToHearError
from tagger.explanation import Explanation
from tagger.inference import artefact as artefacts
from tagger.inference import canvas, occlusion, runtime, vote
from tagger.inference.artefact import Artefact
from tagger.inference.gradients import Gradients
from tagger.records import Track, Verdict
from tagger.sinks import explained
from tagger.sinks.cache import Cache
from tests.bench import explaining as bench

Tune = Callable[..., Path]
EXAMPLES = Path(__file__).resolve().parents[1] / "examples" / "music"


@pytest.fixture(scope="module")
def plan(bundled: Artefact) -> engine.Plan:
    """A plan with the bundled model."""
    shape = bundled.card.window
    return engine.Plan(bundled, runtime.load(bundled, "onnx", 1), shape.frames, shape.hop_frames)


@pytest.fixture(scope="module")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A piece with silence in the middle."""
    path = tmp_path_factory.mktemp("pieces") / "pause.wav"
    parts = [soundfile.read(EXAMPLES / name, dtype="float32") for name in ("disco.wav", "country.aiff")]
    (first, sample_rate), (second, _) = ((y if y.ndim == 1 else y.mean(axis=1), sr) for y, sr in parts)
    silence = np.zeros(10 * sample_rate, np.float32)
    soundfile.write(path, np.concatenate([first, silence, second]), sample_rate)
    return path


@pytest.fixture(scope="module")
def found(plan: engine.Plan, pieces: Path) -> Explanation:
    """Its explanation without gradients."""
    return explaining.explain(pieces, plan, with_gradients=False)


def test_stages_are_told(plan: engine.Plan, tune: Tune, tmp_path: Path) -> None:
    """Whoever waits is told what begins, and how many seconds were heard."""
    stages: list[str] = []
    path = tune(tmp_path / "a.wav", seconds=10)
    explaining.explain(path, plan, with_gradients=False, on_stage=stages.append)
    assert stages == ["hearing", "trying bands", "trying parts of the spectrogram"]
    seconds: list[float] = []
    told = whole.hear(path, plan, on_heard=seconds.append)
    assert seconds[:-1] == pytest.approx(told.places[:-1, 1])
    assert len(seconds) == len(told.places)


def scanned(path: Path, plan: engine.Plan) -> Verdict:
    """What a scan that hears all says."""
    (heard,) = engine.hear([Track(path)], dataclasses.replace(plan, effort="full"))
    assert isinstance(heard, Verdict)
    return dataclasses.replace(heard, stamp=None)


@pytest.mark.parametrize("method", vote.METHODS)
def test_the_verdict_is_that_of_a_scan(plan: engine.Plan, pieces: Path, method: str) -> None:
    """By every vote, what is explained is to the last bit what a scan says that hears all."""
    by_vote = dataclasses.replace(plan, vote=method, effort="auto")
    assert whole.hear(pieces, by_vote).verdict() == scanned(pieces, by_vote)


@pytest.mark.real
def test_the_verdict_on_real_songs_is_that_of_a_scan(plan: engine.Plan, music: Path) -> None:
    """The same for whole songs, of more windows than a batch."""
    for song in sorted((music / "songs").glob("*.mp3"))[:3]:
        assert whole.hear(song, plan).verdict() == scanned(song, plan)


def test_windows_vote_for_the_verdict(found: Explanation) -> None:
    """The mean of the windows that are loud enough is the verdict; silent ones are shown as such."""
    rows = found.timeline.probabilities
    is_silent = np.isnan(rows).any(axis=1)
    assert 2 <= is_silent.sum() <= 3
    assert (found.timeline.loudness_db[is_silent] < vote.SILENT_DB).all()
    mean = dict(zip(found.genres, rows[~is_silent].mean(axis=0), strict=True))
    for score in found.verdict.scores:
        assert score.probability == pytest.approx(mean[score.genre])
    assert (~is_silent).sum() == found.verdict.n_windows


def test_windows_are_where_they_are_told_to_be(found: Explanation) -> None:
    """Windows follow each other by a hop, the last one ends with the track, and silence is where it is."""
    places = found.timeline.places
    assert np.diff(places[:-1, 0]) == pytest.approx(2.848)
    assert places[-1] == pytest.approx([26 - 2.992, 26], abs=0.02)
    for start, end in places[np.isnan(found.timeline.probabilities).any(axis=1)]:
        assert 8 - 0.1 < start < end < 18 + 0.1
    assert found.verdict.duration_seconds == pytest.approx(26, abs=0.01)


def test_the_outline_is_that_of_the_samples(found: Explanation, pieces: Path) -> None:
    """Every point has the least and the greatest sample of its time."""
    y, sr = soundfile.read(pieces, dtype="float32")
    seconds = found.waveform.seconds_per_point
    assert len(found.waveform.lows) == int(np.ceil(found.verdict.duration_seconds / seconds))
    inside = slice(round(3 * sr), round((3 + seconds) * sr))
    assert found.waveform.highs[round(3 / seconds)] == pytest.approx(y[inside].max(), abs=0.05)
    assert found.waveform.lows[round(3 / seconds)] == pytest.approx(y[inside].min(), abs=0.05)
    assert found.waveform.highs[round(13 / seconds)] == pytest.approx(0, abs=1e-3)


def test_deciding_windows_did_most(found: Explanation) -> None:
    """They are the best of those that speak for the winner, most first, without a silent one among them."""
    leads = [one.lead for one in found.deciding]
    assert len(leads) == 2
    assert min(leads) > 0
    assert leads == sorted(leads, reverse=True)
    rows = found.timeline.probabilities
    margins = rows[:, found.genres.index(found.winner)] - rows[:, found.genres.index(found.runner_up)]
    best = np.flatnonzero(margins == np.nanmax(margins))[0]
    assert found.deciding[0].start_seconds == pytest.approx(found.timeline.places[best, 0])


def test_windows_against_the_winner_did_not_decide(plan: engine.Plan, pieces: Path) -> None:
    """Windows that cost the winner some of its lead are left out, but for the best where all do."""
    heard = whole.hear(pieces, plan)
    leads = np.full(len(heard.places), -0.1)
    leads[0] = -0.05
    assert [one.lead for one in explaining._deciding(heard, [3, 8], leads)] == [-0.05]
    leads[[1, -1]] = 0.2, 0.3
    assert [one.lead for one in explaining._deciding(heard, [3, 8], leads)] == [0.3, 0.2]


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ninety seconds of three pieces, of which not all speak for the same genre."""
    path = tmp_path_factory.mktemp("long") / "long.wav"
    sounds = []
    for name in ("disco.wav", "ambient.flac", "country.aiff"):
        y, sample_rate = soundfile.read(EXAMPLES / name, dtype="float32", always_2d=True)
        sounds.append(np.tile(y.mean(axis=1), 9)[: 30 * sample_rate])
    soundfile.write(path, np.concatenate(sounds), sample_rate)
    return path


def test_the_excerpt_is_the_part_that_did_most(plan: engine.Plan, long: Path) -> None:
    """No other half minute of a long track has windows in which the winner leads by so much."""
    told = explaining.explain(long, plan, with_gradients=False)
    indices = [told.genres.index(genre) for genre in (told.winner, told.runner_up)]
    margins = told.timeline.probabilities[:, indices] @ [1, -1]
    sums = [margins[first : first + 11].sum() for first in range(len(margins) - 10)]
    assert max(sums) > min(sums) + 1
    assert told.excerpt.start_seconds == pytest.approx(told.timeline.places[np.argmax(sums), 0])
    assert told.excerpt.end_seconds == pytest.approx(told.timeline.places[np.argmax(sums) + 10, 1], abs=0.05)


def test_each_genre_has_its_own_map(plan: engine.Plan, tune: Tune, tmp_path: Path) -> None:
    """The map of the winner is that of its own index, and so is the one of the runner-up."""
    path = tune(tmp_path / "a.wav", seconds=2)
    told = explaining.explain(path, plan, with_gradients=False)
    frames = whole.windows(path, plan, [0])[0].frames
    maps = []
    for one, genre in ((told.excerpt.winner, told.winner), (told.excerpt.runner_up, told.runner_up)):
        index = told.genres.index(genre)
        (cells,) = occlusion.maps(canvas.Frames(frames), [index], lambda rows: bench.predicted(plan, rows))
        maps.append(canvas.strengths(cells[: len(one.cells)]))
        assert one.genre == genre
        assert one.cells == pytest.approx(maps[-1], abs=1e-4)
    assert np.abs(maps[0] - maps[1]).max() > 0.1


@pytest.mark.parametrize("method", ["soft", "weighted"])
def test_raw_confidence_is_that_without_a_temperature(
    plan: engine.Plan, found: Explanation, pieces: Path, method: str
) -> None:
    """Uncalibrated probabilities are those of the bare logits, averaged as the vote does."""
    heard = whole.hear(pieces, dataclasses.replace(plan, vote=method))
    rows = special.softmax(heard.logits.astype(np.float64), axis=1)
    loudness = 10 ** (heard.loudness_db[heard.is_audible] / 20) if method == "weighted" else None
    expected = dict(zip(found.genres, np.average(rows, axis=0, weights=loudness), strict=True))
    raw = explaining._raw(heard)
    assert {one.genre: one.probability for one in raw} == pytest.approx(expected, abs=1e-6)
    assert found.temperature == plan.artefact.card.calibration.temperature != 1
    assert abs(found.raw_confidence - found.verdict.confidence) > 0.02


def test_bands_are_tried_by_letting_them_be(plan: engine.Plan, found: Explanation, pieces: Path) -> None:
    """The change of a band is that of the vote of windows whose frames of this band have their mean."""
    heard = whole.hear(pieces, plan)
    bass = next(band for band in found.bands if band.name == "bass")
    hz = canvas.band_hz(plan.artefact.card.front_end)
    windows = whole.windows(pieces, plan, np.flatnonzero(heard.is_audible))
    changed = np.stack([windows[number].frames for number in sorted(windows)])
    in_band = (hz >= 60) & (hz < 250)
    changed[..., in_band] = changed[..., in_band].mean(axis=1, keepdims=True)
    without = bench.predicted(plan, changed)[:, found.genres.index(found.winner)].mean()
    assert bass.change == pytest.approx(without - found.verdict.confidence, abs=1e-6)
    assert found.tried_confidence == pytest.approx(found.verdict.confidence)
    assert [band.name for band in found.bands][0::5] == ["sub-bass", "brilliance"]
    assert found.bands[-1].high_hz == 8000


def test_bands_end_where_the_model_ends(plan: engine.Plan, pieces: Path) -> None:
    """The top of the last band is what the model hears, not half the sample rate."""
    front_end = dataclasses.replace(plan.artefact.card.front_end, fmax=7000.0)
    card = dataclasses.replace(plan.artefact.card, front_end=front_end)
    deaf = dataclasses.replace(plan, artefact=dataclasses.replace(plan.artefact, card=card))
    assert reasons.bands(whole.hear(pieces, deaf), 0).effects[-1].high_hz == 7000


def test_the_excerpt_is_of_the_track(plan: engine.Plan, found: Explanation, pieces: Path) -> None:
    """Its spectrogram is that of the track from its start on, and its maps are strengths in the same shape."""
    excerpt = found.excerpt
    heard = whole.windows(pieces, plan, range(10))
    first = round(excerpt.start_seconds / 2.848)
    assert excerpt.spectrogram[:187] == pytest.approx(heard[first].frames, abs=1e-3)
    assert excerpt.end_seconds == pytest.approx(found.timeline.places[-1, 1], abs=0.05)
    assert excerpt.method == "occlusion"
    for one in (excerpt.winner, excerpt.runner_up):
        assert one.cells.shape == excerpt.spectrogram.shape == (len(one.cells), len(excerpt.band_hz))
        assert one.cells.min() >= 0
        assert one.cells.max() == 1
    assert (excerpt.winner.genre, excerpt.runner_up.genre) == (found.winner, found.runner_up)


def test_short_tracks_can_be_explained(plan: engine.Plan, tune: Tune, tmp_path: Path) -> None:
    """A second of sound has a window, which did all, and an excerpt of a second."""
    told = explaining.explain(tune(tmp_path / "a.wav", seconds=1), plan, with_gradients=False)
    assert len(told.timeline) == len(told.deciding) == told.n_tried == 1
    assert told.excerpt.end_seconds == pytest.approx(1, abs=0.03)
    assert json.loads(json.dumps(explained.row(told)))["n_windows"] == 1


def test_what_has_no_verdict_cannot_be_explained(plan: engine.Plan, tmp_path: Path) -> None:
    """Silence, text and nothing at all are refused with their reason."""
    with pytest.raises(NothingToHearError, match="silent"):
        explaining.explain(EXAMPLES / "silence.flac", plan)
    (tmp_path / "a.mp3").write_text("no music")
    with pytest.raises((DecodeError, NothingToHearError), match=r"a\.mp3"):
        explaining.explain(tmp_path / "a.mp3", plan)
    with pytest.raises(DecodeError, match="nowhere"):
        explaining.explain(tmp_path / "nowhere.mp3", plan)


def test_a_file_that_changes_is_told(plan: engine.Plan, tune: Tune, tmp_path: Path) -> None:
    """A track that is shorter when it is heard again is refused with the reason."""
    heard = whole.hear(tune(tmp_path / "a.wav", seconds=12), plan)
    tune(tmp_path / "a.wav", seconds=4)
    with pytest.raises(DecodeError, match="it changed while it was heard"):
        reasons.bands(heard, 0)


class Broken:
    """A runtime that gives up at its second batch."""

    name = device = "broken"

    def __init__(self, works: runtime.Runtime) -> None:
        self._works, self._n_batches = works, 0

    def outputs(self, windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Two batches."""
        self._n_batches += 1
        if self._n_batches > 1:
            raise ModelError("broken")
        return self._works.outputs(windows)

    def logits(self, windows: np.ndarray) -> np.ndarray:
        """The same."""
        return self.outputs(windows)[0]


def test_nothing_goes_on_after_an_error(plan: engine.Plan, tune: Tune, tmp_path: Path) -> None:
    """Where the network gives up, the thread that hears ahead ends, however much is left."""
    path = tune(tmp_path / "a.wav", seconds=600)
    few = dataclasses.replace(plan, batch_size=1, runtime=Broken(plan.runtime))
    with pytest.raises(ModelError, match="broken"):
        whole.hear(path, few)
    assert "ahead" not in {thread.name for thread in threading.enumerate()}


# Neighbours


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    """An empty cache."""
    opened = Cache(tmp_path / "cache", pytest.fail)
    yield opened
    opened.close()


def test_a_new_library_has_no_neighbours(plan: engine.Plan, cache: Cache, tune: Tune, tmp_path: Path) -> None:
    """An empty library has no neighbours, and a track is none of itself, whatever it is called."""
    path = tune(tmp_path / "a.wav")
    assert explaining.explain(path, plan, cache=cache, with_gradients=False).n_compared == 0
    copy = tmp_path / "copy.wav"
    copy.write_bytes(path.read_bytes())
    list(engine.hear([Track(copy)], plan, cache=cache))
    assert explaining.explain(path, plan, cache=cache, with_gradients=False).neighbours == ()


def test_the_nearest_track_is_the_same_music(plan: engine.Plan, cache: Cache, tmp_path: Path) -> None:
    """Of the example library the nearest is the same piece uncut, with its path, genre and likeness."""
    y, sr = soundfile.read(EXAMPLES / "ambient.flac", dtype="float32")
    soundfile.write(tmp_path / "cut.wav", y[: 12 * sr], sr)
    quick = dataclasses.replace(plan, effort="auto", vote="median")
    tracks = [Track(path) for path in sorted(EXAMPLES.glob("*.*")) if path.suffix in {".flac", ".wav", ".mp3"}]
    list(engine.hear(tracks, quick, cache=cache))
    told = explaining.explain(tmp_path / "cut.wav", plan, cache=cache, with_gradients=False)
    assert told.n_compared == 3
    nearest = told.neighbours[0]
    assert nearest.path == EXAMPLES / "ambient.flac"
    assert nearest.similarity > 0.9 > told.neighbours[1].similarity
    assert nearest.genre in told.genres
    assert [near.similarity for near in told.neighbours] == sorted(
        (near.similarity for near in told.neighbours), reverse=True
    )


# Maps by gradients


@pytest.fixture(scope="module")
def cam(bundled: Artefact) -> Gradients:
    """The bundled network with its gradients."""
    return Gradients(bundled)


@pytest.fixture(scope="module")
def heard(plan: engine.Plan) -> np.ndarray:
    """Windows of two pieces, shape (4, n_frames, n_bands)."""
    windows = [
        whole.windows(EXAMPLES / name, plan, [0, 2])[number].frames
        for name in ("disco.wav", "ambient.flac")
        for number in (0, 2)
    ]
    return np.stack(windows)


def maps(cam: Gradients, windows: np.ndarray, genre: int) -> np.ndarray:
    """As they are shown."""
    return bench.smooth(cam.maps(windows, canvas.still(windows), [genre])[:, 0])


def correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Rank correlation of two maps."""
    return float(stats.spearmanr(first.ravel(), second.ravel()).statistic)


def test_cells_add_up_to_what_they_explain(plan: engine.Plan, cam: Gradients, heard: np.ndarray) -> None:
    """The cells of a map sum to what the log odds of its genre gain between standing still and moving."""
    still = np.ascontiguousarray(canvas.still(heard))
    gains = occlusion.log_odds(bench.predicted(plan, heard)) - occlusion.log_odds(bench.predicted(plan, still))
    few, many = (cam.maps(heard, still, [3, 8], n_steps=n).sum(axis=(2, 3)) - gains[:, [3, 8]] for n in (2, 50))
    assert np.abs(many).mean() < 0.1 * np.abs(gains[:, [3, 8]]).mean()
    assert np.abs(many).mean() < np.abs(few).mean()


def test_sure_windows_have_maps_too(bundled: Artefact, plan: engine.Plan, heard: np.ndarray) -> None:
    """Where a probability is 0 or 1 to the last bit, the map still marks what speaks for the genre."""
    sharp = dataclasses.replace(
        bundled.card, calibration=dataclasses.replace(bundled.card.calibration, temperature=0.002)
    )
    sure = Gradients(dataclasses.replace(bundled, card=sharp))
    logits = plan.runtime.logits(heard)
    chances = special.softmax(logits / np.float32(0.002), axis=1)
    assert (chances[:, 3] * (1 - chances[:, 3]) == 0).any()
    found = sure.maps(heard, np.ascontiguousarray(canvas.still(heard)), [3])
    assert (np.abs(found).max(axis=(1, 2, 3)) > 0.1).all()


def test_maps_depend_on_the_weights(bundled: Artefact, cam: Gradients, heard: np.ndarray) -> None:
    """With the same weights in another order the map is another: Adebayo et al. 2018."""
    other = Gradients(bundled)
    assert correlation(maps(cam, heard, 3), maps(other, heard, 3)) > 0.99
    bench.drawn_anew(other.network, 1)
    assert correlation(maps(cam, heard, 3), maps(other, heard, 3)) < 0.4


def test_maps_depend_on_the_sound_and_on_the_genre(cam: Gradients, heard: np.ndarray) -> None:
    """Other sound, or another genre, has another map."""
    ours = maps(cam, heard, 3)
    assert correlation(ours[0], ours[2]) < 0.5
    assert correlation(ours, maps(cam, heard, 1)) < 0.6


@pytest.mark.real
def test_what_is_marked_decides(
    plan: engine.Plan, cam: Gradients, music: Path, rng: np.random.Generator
) -> None:
    """Without the tenth of the tiles that a map marks most the winner loses more than without random ones."""
    marked, random = [], []
    for path in bench.tracks(music, 6):
        windows, winner = bench.windows_of(path, plan)
        marked.append(bench.lost(plan, windows, winner, maps(cam, windows, winner), 0.1))
        random.append(bench.lost(plan, windows, winner, rng.random(windows.shape), 0.1))
    assert np.mean(marked) > 3 * max(0.0, float(np.mean(random))) + 0.05


def test_gradients_are_taken_where_there_is_a_network(plan: engine.Plan, tune: Tune, tmp_path: Path) -> None:
    """A model with a Keras network is explained by gradients, unless that is not wanted."""
    told = whole.hear(tune(tmp_path / "a.wav"), plan)
    excerpt = reasons.excerpt(told, [3, 8], np.zeros(len(told.places)), with_gradients=True)
    assert excerpt.method == "integrated gradients"


def test_a_model_without_a_network_is_explained_by_trying(
    plan: engine.Plan, bundled: Artefact, tune: Tune, tmp_path: Path
) -> None:
    """A model folder without Keras gets its maps from its runtime."""
    card = dataclasses.replace(bundled.card, checksums={artefacts.ONNX: bundled.card.checksums[artefacts.ONNX]})
    bare = dataclasses.replace(plan, artefact=dataclasses.replace(bundled, card=card))
    assert not bare.artefact.has_keras
    told = explaining.explain(tune(tmp_path / "a.wav"), bare, with_gradients=True)
    assert told.excerpt.method == "occlusion"
    assert told.excerpt.winner.cells.max() == 1
