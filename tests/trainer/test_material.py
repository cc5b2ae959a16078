"""What is learned from and what is tested never meet, and what was left out is said."""

from __future__ import annotations

import dataclasses
import itertools
import shutil
from collections import Counter

import numpy as np
import pytest
import soundfile

from tagger.errors import CorpusError, SettingsError
from tagger.inference.card import Calibration
from tagger.inference.frontend import FrontEnd
from tests.trainer import material as music
from trainer import cards
from trainer.corpora.interface import Corpus, Example
from trainer.data import background, features, inputs, material
from trainer.data.drawing import BACKGROUND
from trainer.data.inputs import Training
from trainer.data.splits import SIDES
from trainer.data.variants import Variant
from trainer.progress import Quiet
from trainer.recipe import Fitting, Recipe
from trainer.sampling import Sampling, Selection

RECIPE = Recipe(
    front_end=FrontEnd(n_mels=12),
    window_frames=16,
    hop_frames=8,
    min_examples=2,
    min_groups=2,
    sampling=Sampling(windows_per_epoch=200),
    fitting=Fitting(batch_size=10),
)
N_CLIPS = 10
"""Of each of three genres, each by an artist of its own."""


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Clips of three genres and of several lengths."""
    root, rng = tmp_path_factory.mktemp("material"), np.random.default_rng(4)
    for genre, number in itertools.product(music.GENRES, range(N_CLIPS)):
        music.write(root / "music" / f"{genre}{number}.wav", genre, rng, seconds=3 + number % 3 * 0.7)
    return root


@pytest.fixture(scope="module")
def corpus(root):
    """All of them."""
    examples = (
        Example(root / "music" / f"{genre}{number}.wav", (genre,), f"{genre} by {number}", "made")
        for genre, number in itertools.product(music.GENRES, range(N_CLIPS))
    )
    return Corpus("made", tuple(examples), artists_known=True, names_are_genres=True)


def prepared(corpus, root, recipe=RECIPE, **options):
    """What `prepare` makes of a corpus."""
    return material.prepare(corpus, recipe, root / "cache", Quiet(), jobs=1, **options)


def own_windows(clip, recipe=RECIPE):
    """First frames of all windows of a clip."""
    return inputs.positions(len(features.load(clip.file)), recipe.window_frames, recipe.hop_frames)


def rows(windows):
    """Windows as something that can be counted."""
    return Counter(np.ascontiguousarray(window, np.float32).tobytes() for window in windows)


def test_windows_are_parted_and_none_is_lost(corpus, root):
    """Of each clip every window is on one side, and each side has its share of every genre."""
    (data,) = prepared(corpus, root, protocol="windows")
    assert data.split.leaky
    starts = {side: {clip.file: clip.starts for clip in data.side(side)} for side in SIDES}
    for clip in data.clips:
        dealt = [start for side in SIDES for start in starts[side].get(clip.file, ())]
        assert sorted(dealt) == own_windows(clip)
    for target, (side, share) in itertools.product(range(3), zip(SIDES, (0.8, 0.1, 0.1), strict=True)):
        sizes = [len(own_windows(clip)) for clip in data.clips if clip.target == target]
        size = sum(len(clip.starts) for clip in data.side(side) if clip.target == target)
        assert size == pytest.approx(share * sum(sizes), abs=1)


def test_copies_count_as_one_source_and_silence_as_nothing(corpus, root, tmp_path):
    """A recording that is there under two artists has one group; a silent clip is left out and told."""
    first, second = corpus.examples[0], corpus.examples[1]
    copy = dataclasses.replace(first, path=tmp_path / "copy.wav", group="somebody else")
    shutil.copy(first.path, copy.path)
    silent = dataclasses.replace(second, path=tmp_path / "silent.wav", group="nobody")
    soundfile.write(silent.path, np.zeros(66150), 22050)
    both = dataclasses.replace(corpus, examples=(*corpus.examples, copy, silent))
    (data,) = prepared(both, root)
    group_of = {one.path: clip.group for one, clip in zip(data.examples, data.clips, strict=True)}
    assert group_of[copy.path] == group_of[first.path] != group_of[second.path]
    assert silent.path not in group_of
    assert "1 clip left out: silent throughout (the first: silent.wav)" in data.notes


@pytest.mark.parametrize("mode", ["crops", "windows"])
def test_what_is_learned_are_the_windows_of_the_train_side(corpus, root, mode):
    """By a split of windows, no window of another side is in any batch, nor a crop across its bounds."""
    sampling = dataclasses.replace(RECIPE.sampling, mode=mode)
    recipe = dataclasses.replace(RECIPE, sampling=sampling)
    (data,) = prepared(corpus, root, recipe, protocol="windows")
    learned = rows(inputs.cut(data.side("train"), recipe).frames)
    others = rows(inputs.cut(data.side("validation") + data.side("test"), recipe).frames)
    supply = Training(data.to_learn(), 3, recipe)
    heard = rows(np.concatenate([batch.windows for batch in supply.batches(0)]))
    assert set(heard) <= set(learned)
    assert rows(supply.everything()[0]) == learned
    assert not set(heard) & (set(others) - set(learned))


def test_of_another_split_sides_are_whole_clips(corpus, root):
    """Each clip is on one side, and may be cut anywhere."""
    (data,) = prepared(corpus, root)
    assert (data.split.protocol, data.split.leaky) == ("artists", False)
    found = [clip for side in SIDES for clip in data.side(side)]
    assert Counter(clip.file for clip in found) == Counter(clip.file for clip in data.clips)
    assert {clip.starts for clip in found} == {None}
    assert data.to_learn() == data.side("train")
    assert data.to_learn(np.array([3, 3])) == [data.clips[3]] * 2


@pytest.mark.parametrize("protocol", ["artists", "windows", "kfold:3"])
def test_the_side_of_every_recording_is_known(corpus, root, protocol):
    """One for each; where windows are parted, all were learned."""
    for data in prepared(corpus, root, protocol=protocol):
        tested = {data.examples[index].path for index in data.split.test}
        assert set(data.side_of) == {example.path for example in data.examples}
        assert {path for path, side in data.side_of.items() if side == "test"} == (
            set() if protocol == "windows" else tested
        )


def test_with_folds_each_clip_is_tested_once(corpus, root):
    """As many splits as folds, each of which learns from what it does not test."""
    parts = prepared(corpus, root, protocol="kfold:3")
    assert sorted(np.concatenate([part.split.test for part in parts])) == list(range(3 * N_CLIPS))
    for part in parts:
        sides = [set(getattr(part.split, side)) for side in SIDES]
        assert set.union(*sides) == set(range(3 * N_CLIPS))
        assert sum(map(len, sides)) == 3 * N_CLIPS


@pytest.mark.parametrize("protocol", ["artists", "tracks", "kfold:3"])
def test_changed_copies_are_learned_and_never_tested(corpus, root, protocol):
    """Each clip of the train side comes with its copies; none of a tested clip is learned, none is tested."""
    variants = (Variant("faster", stretch=1.25), Variant("noisy", noise_db=-20))
    recipe = dataclasses.replace(RECIPE, variants=variants)
    for data in prepared(corpus, root, recipe, protocol=protocol):
        copies = [(index, clip) for index, clip in data.variants if index in set(data.split.train)]
        assert sorted(index for index, _ in copies) == sorted(np.repeat(data.split.train, 2))
        assert data.to_learn() == [*data.side("train"), *(clip for _, clip in copies)]
        changed = {clip.file for _, clip in data.variants}
        assert len(changed) == len(data.variants)
        assert not changed & {clip.file for side in SIDES for clip in data.side(side)}
        if protocol != "kfold:3":
            assert not {index for index, _ in data.variants} & set(data.split.test)
    index, faster = data.variants[0]
    assert len(features.load(faster.file)) == pytest.approx(
        len(features.load(data.clips[index].file)) / 1.25, abs=2
    )
    assert (faster.target, faster.group) == (data.clips[index].target, data.clips[index].group)


def test_where_windows_are_parted_nothing_is_changed(corpus, root):
    """A changed copy has no windows that could be dealt out."""
    recipe = dataclasses.replace(RECIPE, variants=(Variant("faster", stretch=1.25),))
    assert prepared(corpus, root, recipe, protocol="windows")[0].variants == ()


def test_copies_of_other_clips_can_be_asked_for(corpus, root):
    """Who trains on other clips than the train side gets their copies; those of test clips are not there."""
    recipe = dataclasses.replace(RECIPE, variants=(Variant("faster", stretch=1.25),))
    (data,) = prepared(corpus, root, recipe)
    assert len(data.to_learn(data.split.validation)) == 2 * len(data.split.validation)
    assert data.to_learn(data.split.test) == data.side("test")


def test_the_rate_of_the_corpus_takes_the_place_of_the_recipes(tmp_path, corpus, rng):
    """That of most files; bands reach up to half of it, and windows stay as long in seconds."""
    examples = []
    for example in corpus.examples:
        path, rate = tmp_path / example.path.name, 22050 if "0.wav" in example.path.name else 32000
        soundfile.write(path, 0.1 * rng.standard_normal(rate), rate)
        examples.append(dataclasses.replace(example, path=path))
    (tmp_path / "broken.wav").write_bytes(b"RIFF")
    examples.append(dataclasses.replace(examples[0], path=tmp_path / "broken.wav"))
    native = dataclasses.replace(RECIPE, native_rate=True)
    (data,) = prepared(dataclasses.replace(corpus, examples=tuple(examples)), tmp_path, native)
    assert (data.recipe.front_end.sample_rate, data.recipe.front_end.fmax) == (32000, 16000)
    assert (data.recipe.window_frames, data.recipe.hop_frames) == (23, 12)
    assert data.recipe.front_end.hop_length == RECIPE.front_end.hop_length
    lengths = {len(features.load(clip.file)) for clip in data.clips}
    assert max(lengths) - min(lengths) <= 1  # all are heard at one rate: one second is one second
    assert prepared(corpus, tmp_path)[0].recipe == RECIPE


def test_a_corpus_of_which_nothing_can_be_read_has_no_rate(tmp_path, corpus):
    """It is refused in one sentence."""
    gone = (dataclasses.replace(one, path=tmp_path / one.path.name) for one in corpus.examples)
    native = dataclasses.replace(RECIPE, native_rate=True)
    with pytest.raises(CorpusError, match="no file of the corpus can be read"):
        prepared(dataclasses.replace(corpus, examples=tuple(gone)), tmp_path, native)


@pytest.mark.parametrize(
    ("selection", "counts", "note"),
    [
        (Selection(most=6), {"Clicks": 6, "Noise": 6, "Tones": 6}, "Noise: 6 of 10 examples"),
        (Selection(without=("Noise",)), {"Clicks": 10, "Tones": 10}, "Noise: taken out: 10 examples"),
        (Selection(n_genres=2), {"Clicks": 10, "Noise": 10}, "Tones: taken out: 8 examples"),
        (Selection(least=9), {"Clicks": 10, "Noise": 10}, "Tones: taken out: 8 examples"),
    ],
)
def test_what_a_recipe_selects_is_used(corpus, root, selection, counts, note):
    """Genres and numbers of examples are as asked for, and what is not used is told."""
    fewer = corpus.examples[:-2] if "Tones" in note else corpus.examples
    (data,) = prepared(
        dataclasses.replace(corpus, examples=fewer), root, dataclasses.replace(RECIPE, selection=selection)
    )
    assert Counter(data.genres[clip.target] for clip in data.clips) == counts
    assert data.genres == tuple(sorted(counts))
    assert note in data.notes
    assert [one.labels[0].title() for one in data.examples] == [data.genres[one.target] for one in data.clips]


def test_what_does_not_decode_is_left_out_and_told(corpus, root, tmp_path):
    """By its reason and the name of the first, without its folder; a genre that is then too small goes."""
    broken = []
    for number in range(2):
        (tmp_path / f"broken{number}.wav").write_bytes(b"\x80" * 3000)
        broken.append(Example(tmp_path / f"broken{number}.wav", ("hiss",), f"hisser {number}", "made"))
    gone = dataclasses.replace(broken[0], path=tmp_path / "gone.wav", labels=("noise",))
    (data,) = prepared(
        dataclasses.replace(
            corpus, examples=(*corpus.examples, *broken, gone), problems=("3 files are missing",)
        ),
        root,
    )
    assert data.examples == corpus.examples
    assert data.genres == ("Clicks", "Noise", "Tones")
    assert data.notes[0] == "3 files are missing"
    assert any(note.startswith("2 clips left out") and "the first: broken0.wav" in note for note in data.notes)
    assert any(note.startswith("1 clip left out") and "gone.wav" in note for note in data.notes)
    assert not any(str(tmp_path) in note for note in data.notes)


@pytest.fixture
def doubled(corpus, tmp_path):
    """The corpus, four of whose clips are there again, by other artists."""
    copies = []
    for number, example in enumerate(corpus.examples[1:9:2]):
        path = shutil.copy(example.path, tmp_path / f"copy{number}.wav")
        copies.append(dataclasses.replace(example, path=path, group=f"other artist {number}"))
    return dataclasses.replace(corpus, examples=(*corpus.examples, *copies))


@pytest.mark.parametrize("protocol", ["artists", "tracks", "kfold:3"])
@pytest.mark.parametrize("allow_leaks", [False, True])
def test_the_same_audio_stays_on_one_side_where_sides_are_drawn(doubled, root, protocol, allow_leaks):
    """Whoever it is by, and whatever the seed."""
    for seed in range(4):
        recipe = dataclasses.replace(RECIPE, seed=seed)
        for data in prepared(doubled, root, recipe, protocol=protocol, allow_leaks=allow_leaks):
            side_of = {int(index): side for side in SIDES for index in getattr(data.split, side)}
            for number in range(4):
                assert side_of[1 + 2 * number] == side_of[3 * N_CLIPS + number]


def test_the_same_audio_on_two_sides_of_a_corpus_own_split_is_refused(doubled, root):
    """In one sentence with a hint, unless it is allowed; a split of windows says itself that it leaks."""
    sides = itertools.cycle(("train", "train", "train", "validation", "test"))
    examples = [
        dataclasses.replace(example, split=side) for example, side in zip(doubled.examples, sides, strict=False)
    ]
    official = dataclasses.replace(doubled, examples=tuple(examples))
    with pytest.raises(CorpusError, match="with the same audio on two sides of the split") as caught:
        prepared(official, root)
    assert "--allow-leaks" in caught.value.hint
    (data,) = prepared(official, root, allow_leaks=True)
    assert data.split.protocol == "official"
    assert prepared(official, root, protocol="windows")[0].split.leaky


SETS = dataclasses.replace(RECIPE, sampling=dataclasses.replace(RECIPE.sampling, partial=True))


@pytest.fixture
def labelled(corpus, tmp_path):
    """The clips as pop, rock and metal, and more of Pop/Rock.

    One is by an artist of pop, one is the audio of a clip of rock, one does not decode, two are by nobody else.
    """
    genres = dict(zip(music.GENRES, ("pop", "rock", "metal"), strict=True))
    known = [dataclasses.replace(one, labels=(genres[one.labels[0]],)) for one in corpus.examples]
    known[0] = dataclasses.replace(known[0], labels=("pop", "poprock"))
    rng = np.random.default_rng(9)
    owners = (known[3].group, "copied", "broken", "free", "free")
    more = []
    for number, owner in enumerate(owners):
        path = music.write(tmp_path / f"open{number}.wav", "noise", rng)
        more.append(Example(path, ("poprock", "vocal"), owner, "made"))
    shutil.copy(known[15].path, more[1].path)
    more[2].path.write_bytes(b"RIFF")
    return dataclasses.replace(corpus, examples=(*known, *more), names_are_genres=False)


@pytest.mark.parametrize("protocol", ["artists", "kfold:3", "windows"])
def test_sets_do_not_change_what_is_judged(labelled, root, protocol):
    """The same examples on the same sides, with clips to learn from beside them, or none."""
    pairs = zip(
        prepared(labelled, root, protocol=protocol),
        prepared(labelled, root, SETS, protocol=protocol),
        strict=True,
    )
    for plain, partial in pairs:
        assert plain.examples == partial.examples
        assert all(map(np.array_equal, _sides(plain), _sides(partial)))
        assert plain.side("validation") == partial.side("validation")
        assert plain.unjudged == ()
        assert any("left out, by their first label: AllMusic" in note for note in plain.told)
        assert any("open2.wav" in note for note in partial.told)
        n_learned = 0 if protocol == "windows" else len(partial.learned_beside)
        assert any(note.startswith(f"{n_learned} of 4 clips") for note in partial.told)
        assert len(partial.to_learn()) == len(plain.to_learn()) + n_learned


def _sides(data):
    return [getattr(data.split, side) for side in SIDES]


def test_a_set_is_learned_unless_its_artist_or_its_audio_is_held_back(labelled, root):
    """On the train side or among any indices; what is learned is known to be, and is told by the digest."""
    for seed in range(4):
        (data,) = prepared(labelled, root, dataclasses.replace(SETS, seed=seed))
        side_of = data.side_of
        for name, kin in (("open0.wav", 3), ("open1.wav", 15)):
            is_learned = kin in data.split.train
            assert (name in {one.example.path.name for one in data.learned_beside}) == is_learned
            assert (side_of.get(data.unjudged[0].example.path.with_name(name)) == "train") == is_learned
        assert {"open3.wav", "open4.wav"} <= {path.name for path in side_of}
        sets = [clip for clip in data.to_learn(np.delete(np.arange(30), 15)) if clip.target < 0]
        assert [clip.group for clip in sets] == [data.examples[3].group, "free", "free"]
        assert {clip.allowed for clip in sets} == {(0, 1, 2)}
        fewer = dataclasses.replace(data, unjudged=data.unjudged[:-1])
        assert data.digest != fewer.digest


def test_silence_teaches_no_genre(labelled, root, tmp_path):
    """A silent clip of several possible genres is left out and told; silent speech is no music all the same."""
    made = []
    for name, labels in (("silent", ("poprock",)), ("pause", ("speech",))):
        soundfile.write(tmp_path / f"{name}.wav", np.zeros(66150), 22050)
        made.append(Example(tmp_path / f"{name}.wav", labels, name, "made"))
    more = dataclasses.replace(labelled, examples=(*labelled.examples, *made))
    (data,) = prepared(more, root, QUIET)
    names = {one.example.path.name for one in data.unjudged}
    assert "pause.wav" in names
    assert "silent.wav" not in names
    assert "1 clip left out: silent throughout (the first: silent.wav)" in data.notes


def test_a_set_that_is_held_back_with_its_corpus_or_by_it_is_not_learned(labelled, root):
    """Of a corpus that is left out nothing is learned, nor what a corpus puts on another side."""
    (data,) = prepared(labelled, root, SETS)
    assert {one.example.group for one in data.learned_beside} >= {"free"}
    for changes in ({"split": "test"}, {"corpus": "another"}):
        others = [
            dataclasses.replace(one, example=dataclasses.replace(one.example, **changes))
            for one in data.unjudged
        ]
        split = dataclasses.replace(data.split, left_out="another")
        held = dataclasses.replace(data, unjudged=tuple(others), split=split)
        assert held.learned_beside == []
        assert held.to_learn() == data.side("train")


QUIET = dataclasses.replace(
    RECIPE, sampling=dataclasses.replace(RECIPE.sampling, background_share=0.2, partial=True)
)


def test_what_is_no_music_is_learned_and_never_judged(labelled, root, tmp_path):
    """Made sounds, recordings, and what the corpus calls speech, unless it is held back; all are told."""
    rng = np.random.default_rng(3)
    talk = [music.write(tmp_path / f"talk{number}.wav", "noise", rng) for number in range(2)]
    talk[1].write_bytes(b"RIFF")
    spoken = [
        Example(music.write(tmp_path / f"{owner}.wav", "noise", rng), ("speech",), owner, "made")
        for owner in (labelled.examples[3].group, "nobody")
    ]
    more = dataclasses.replace(labelled, examples=(*labelled.examples, *spoken), background=tuple(talk))
    (plain,), (data,) = prepared(labelled, root, SETS), prepared(more, root, QUIET)
    assert plain.examples == data.examples
    assert all(map(np.array_equal, _sides(plain), _sides(data)))
    assert not plain.background
    of_nothing = [clip for clip in data.to_learn() if clip.target == BACKGROUND]
    n_spoken = 1 + (3 in data.split.train)
    assert Counter(clip.corpus for clip in of_nothing) == {
        background.MADE: len(background.made(RECIPE.front_end, tmp_path, 24)),
        "recorded": 1,
        "made": n_spoken,
    }
    assert f"{len(data.background) - 1} made and 1 recorded sounds" in " ".join(data.told)
    assert any("talk1.wav" in note for note in data.notes)
    assert f"{n_spoken} of 2 clips of no music are learned from" in " ".join(data.told)
    assert not any("left out, by their first label: speech" in note for note in data.notes)
    fewer = dataclasses.replace(data, background=data.background[:-1])
    assert data.digest != fewer.digest


def test_where_windows_are_parted_what_is_no_music_is_not_learned(labelled, root, tmp_path):
    """As nothing is that is on no side."""
    more = dataclasses.replace(labelled, background=(labelled.examples[0].path,))
    for data in prepared(more, root, QUIET, protocol="windows"):
        assert not data.background
        assert all(clip.target >= 0 for clip in data.to_learn())


def test_the_card_counts_what_is_learned_as_sets(labelled, root):
    """Its licence binds the model as that of any other clip does, and the sentence on sets is in the card."""
    free = [
        dataclasses.replace(one, licence="free") if one.group == "free" else one for one in labelled.examples
    ]
    (data,) = prepared(dataclasses.replace(labelled, examples=tuple(free)), root, SETS)
    card = cards.of(labelled, data, Calibration(1.0), {}, finished=True)
    (made,) = card.corpora
    assert made["examples"] == len(data.examples) + len(data.learned_beside)
    assert made["licences"]["free"] == 2
    assert any("leave several genres open" in note for note in card.split["notes"])


def test_models_of_inner_folds_learn_from_sets_of_both_sides(labelled, root):
    """The last of them learns from the train and the validation side, and what is learned is known to be."""
    folds = dataclasses.replace(SETS, fitting=dataclasses.replace(SETS.fitting, inner_folds=2))
    (data,) = prepared(labelled, root, folds)
    pool = np.append(data.split.train, data.split.validation)
    learned = [one.clip for one in data.learned_beside]
    assert [clip for clip in data.to_learn(pool) if clip.target < 0] == learned


def test_what_further_labels_say_is_part_of_the_material(labelled, root):
    """A clip carries its label set, and other sets are other data."""
    (data,) = prepared(labelled, root)
    assert data.clips[0].allowed == (0, 1, 2)
    assert {clip.allowed for clip in data.clips[1:]} == {(0,), (1,), (2,)}
    others = [dataclasses.replace(labelled.examples[0], labels=("pop",)), *labelled.examples[1:]]
    (other,) = prepared(dataclasses.replace(labelled, examples=tuple(others)), root)
    assert other.digest != data.digest


def test_an_unknown_protocol_is_refused(corpus, root):
    """With those that there are."""
    with pytest.raises(SettingsError, match="albums: no such protocol") as caught:
        prepared(corpus, root, protocol="albums")
    assert "kfold:N" in caught.value.hint
