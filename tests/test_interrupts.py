"""Ctrl-C is never lost."""

from __future__ import annotations

import signal
import sys
import time
import weakref

import pytest

from tagger import cli
from tagger.cli import interrupts
from trainer import orders


@pytest.fixture(autouse=True)
def obeying():
    """Ctrl-C interrupts, even where the tests themselves were told to ignore it, as those behind nohup are."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def dropped(error):
    """Raise an error where Python drops it: while an object is deleted."""

    class Thing:
        """Something to delete."""

    def remove(reference):
        raise error

    thing = Thing()
    reference = weakref.ref(thing, remove)
    del thing
    return reference


def wait(*_):
    """Lose an interrupt, and go on as if nothing had happened."""
    dropped(KeyboardInterrupt)
    time.sleep(5)


def test_a_dropped_interrupt_is_asked_again():
    """Within a moment; what drops errors is afterwards as it was."""
    before = sys.unraisablehook
    with pytest.raises(KeyboardInterrupt), interrupts.insisted():
        wait()
    assert sys.unraisablehook is before


def test_other_dropped_errors_are_left_to_others(monkeypatch):
    """They are told as they would be without."""
    told = []
    monkeypatch.setattr(sys, "unraisablehook", lambda one: told.append(one.exc_type))
    with interrupts.insisted():
        dropped(ValueError)
        time.sleep(0.3)
    assert told == [ValueError]


@pytest.mark.slow
def test_training_ends_by_an_interrupt_that_was_dropped(monkeypatch):
    """As by any other, with the exit code of an interrupt."""
    monkeypatch.setattr(orders, "corpus", lambda order: None)
    monkeypatch.setattr(orders, "carry_out", wait)
    assert cli.run(["train", "--dataset", "folder:x"]) == interrupts.EXIT_INTERRUPTED
