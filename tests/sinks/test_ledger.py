"""The counts of a run add up."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tagger import records
from tagger.sinks import ledger

TRACK = records.Track(Path("a.mp3"))
tag_lists = st.none() | st.sampled_from([(), ("Rock",), ("Pop",)])


def verdict(genre: str | None = "Rock", name: str = "a.mp3") -> records.Verdict:
    """A verdict over a minute of audio."""
    scores = (records.Score("Rock", 0.6), records.Score("Pop", 0.4))
    return records.Verdict(records.Track(Path(name)), scores, genre, 60.0, 20, "default")


def counted(*results: records.Result) -> ledger.Ledger:
    """The ledger of some results."""
    counts = ledger.Ledger()
    for result in results:
        counts.add(result)
    return counts


tagged = st.builds(
    records.Tagged,
    st.sampled_from([verdict(), verdict(None)]),
    tag_lists,
    tag_lists,
    st.booleans(),
    st.sampled_from(["", "why", "37 % is low"]),
    st.booleans(),
)
others = st.sampled_from([records.Skipped(TRACK, "silence"), records.Failed(TRACK, "1 of 2 s")])


@given(st.lists(tagged | others))
def test_every_track_is_counted_once(results: list[records.Result]) -> None:
    """Whatever comes, found = named + abstained + skipped + failed to be heard."""
    counts = counted(*results)
    heard = [result for result in results if isinstance(result, records.Tagged)]
    n_write_failures = sum(result.failed for result in heard)
    assert counts.found == len(results)
    assert counts.named + counts.abstained == len(heard)
    n_unheard = ledger.total(counts.skipped) + ledger.total(counts.failed) - n_write_failures
    assert counts.found == counts.named + counts.abstained + n_unheard
    outcomes = counts.written + counts.would_write + counts.unchanged + ledger.total(counts.not_written)
    assert outcomes + n_write_failures <= len(heard)
    assert counts.audio_seconds == 60 * len(heard)


def test_outcomes_of_writing() -> None:
    """Written, kept by a dry run, unchanged, left alone and failed are told apart."""
    counts = counted(
        records.Tagged(verdict(), (), ("Rock",), True, "had no genre"),
        records.Tagged(verdict(), (), ("Rock",), False, "had no genre", planned=True),
        records.Tagged(verdict(), ("Rock",), ("Rock",), False, "already has this genre"),
        records.Tagged(verdict(), ("Pop",), ("Pop",), False, "already has a genre"),
        records.Tagged(verdict(), (), (), False, "Permission denied", failed=True),
        records.Tagged(verdict(), None, None, False, "tags of WAV files cannot be written"),
    )
    assert (counts.written, counts.would_write, counts.unchanged) == (1, 1, 1)
    assert list(counts.not_written) == ["already has a genre", "tags of WAV files cannot be written"]
    assert list(counts.failed) == ["Permission denied"]


def test_nothing_is_said_of_writing_that_nobody_asked_for() -> None:
    """Without a reason nothing was to be written, and without a genre there is nothing to write."""
    counts = counted(
        records.Tagged(verdict(), ("Rock",), ("Rock",)),
        records.Tagged(verdict(), (), ()),
        records.Tagged(verdict(None), (), (), False, "don't know"),
    )
    assert (counts.written, counts.would_write, counts.unchanged, counts.not_written) == (0, 0, 0, {})
    assert (counts.named, counts.abstained) == (2, 1)


def test_reasons_that_differ_in_numbers_are_one() -> None:
    """Numbers in which reasons differ are left out, those they share are kept; the first examples are shown."""
    reasons = [f"confidence {percent} % is below 50 %" for percent in (31, 44, 7, 12)]
    results = [
        records.Tagged(verdict(name=f"{number}.mp3"), (), (), False, reason)
        for number, reason in enumerate(reasons)
    ]
    (cause,) = counted(*results).not_written.values()
    assert (cause.reason, cause.count) == ("confidence … % is below 50 %", 4)
    assert cause.examples == [Path(f"{number}.mp3") for number in range(ledger.N_EXAMPLES)]
    (cause,) = counted(results[0]).not_written.values()
    assert cause.reason == reasons[0]
