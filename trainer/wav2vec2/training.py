"""Training in phases, from the start or from where it was interrupted."""

from __future__ import annotations

import math
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from tagger.errors import OutputError, SettingsError
from trainer.learner import Batch, EpochEnd, Judge, Supply
from trainer.recipe import Fitting, Phase, Recipe
from trainer.wav2vec2.network import Architecture, Hearing

_FILE = "training.pt"
_PARTS = ("head", "encoder")


@dataclass
class State:
    """How far a training has come.

    Attributes:
        phase: The phase it is in, from 0.
        phase_epoch: Epochs done in that phase.
        epoch: Epochs done in all.
        best_score: The best so far.
        n_worse: Epochs since, in this phase.
        weights: Those of the parts that have learned, by name.
        best: Those that the judge liked best.
        optimizer: What the optimiser remembers; empty at the start of a phase.
    """

    phase: int = 0
    phase_epoch: int = 0
    epoch: int = 0
    best_score: float = -math.inf
    n_worse: int = 0
    weights: dict[str, Any] = field(default_factory=dict)
    best: dict[str, Any] = field(default_factory=dict)
    optimizer: dict[str, Any] = field(default_factory=dict)


def check(fitting: Fitting, architecture: Architecture) -> None:
    """Make sure that the recipe asks for nothing that this training does not know.

    Raises:
        SettingsError: It does.
    """
    unknown = {
        "a cosine schedule": fitting.schedule == "cosine",
        "a running mean of the weights": fitting.ema_momentum != 0,
        "frozen normalisation": any(phase.freeze_norms for phase in fitting.phases),
        "logits of a part of the network": any(phase.output != "logits" for phase in fitting.phases),
        "a phase of unchanged windows": not all(phase.changed for phase in fitting.phases),
        "a phase above a layer": any(phase.above for phase in fitting.phases),
        "mixing above a layer": any(phase.mixup for phase in fitting.phases),
        "epochs that are not judged": any(phase.judged_every > 1 for phase in fitting.phases),
        "pruning": any(phase.prune for phase in fitting.phases),
    }
    for name, is_asked in unknown.items():
        if is_asked:
            raise SettingsError(f"Wav2Vec2 does not learn with {name}, which the recipe asks for")
    for phase in fitting.all_phases:
        if not _learning(phase, architecture):
            raise SettingsError(
                f"a phase that trains `{phase.trainable}` trains nothing",
                hint=f"the parts are {', '.join(_PARTS)}; a frozen encoder never learns",
            )
    if architecture.norm == "batch" and fitting.batch_size < 2:
        raise SettingsError("batch normalisation needs two windows in a batch")


class Training:
    """One training.

    Args:
        hearing: With the network, whose weights it changes.
        supply: What it learns from.
        recipe: How it learns; the seed of its dropouts.
        architecture: How the encoder learns.
        judge: Called after each epoch.
        folder: Where its state is kept.
    """

    def __init__(
        self,
        hearing: Hearing,
        supply: Supply,
        recipe: Recipe,
        architecture: Architecture,
        judge: Judge,
        folder: Path,
    ) -> None:
        self._hearing, self._network = hearing, hearing.network
        self._supply, self._settings, self._seed = supply, recipe.fitting, recipe.seed
        self._architecture, self._judge = architecture, judge
        self._file = folder / _FILE
        self._state = _read(self._file)

    def run(self) -> bool:
        """Train all phases; see `trainer.learner.Learner.fit`."""
        state, phases = self._state, self._settings.all_phases
        self._restore(state.weights)
        try:
            while state.phase < len(phases):
                self._run_phase(phases[state.phase])
                self._restore(state.best)
                state.weights = state.best
                state.phase, state.phase_epoch, state.n_worse, state.optimizer = state.phase + 1, 0, 0, {}
                self._save()
        except KeyboardInterrupt:
            if not state.best:
                raise
            self._restore(state.best)
            return False
        self._restore(state.best)
        return True

    def _run_phase(self, phase: Phase) -> None:
        """Train one phase until its epochs are over or its score no longer rises."""
        state = self._state
        optimizer = self._prepared(phase)
        while state.phase_epoch < phase.epochs and state.n_worse < max(1, self._settings.patience):
            began = time.monotonic()
            loss = self._run_epoch(phase, optimizer)
            self._end_epoch(optimizer, loss, time.monotonic() - began)
            state.optimizer = optimizer.state_dict()
            self._save()

    def _prepared(self, phase: Phase) -> Any:
        """The optimiser of a phase, in the state in which it was left."""
        state, settings, groups = self._state, self._settings, []
        learning = _learning(phase, self._architecture)
        for name, share in (("head", 1.0), ("encoder", self._architecture.encoder_rate)):
            part = getattr(self._network, name)
            part.requires_grad_(name in learning)
            if name in learning:
                groups.append({"params": part.parameters(), "lr": phase.learning_rate * share})
        if "encoder" in learning:
            self._network.encoder.freeze_feature_encoder()
            if not self._hearing.encoder_learns:
                self._hearing.forget()
                # What was best so far had no need of the encoder's weights, which are still as they were.
                state.best = state.best and self._weights()
        if settings.optimizer == "adam":
            optimizer = torch.optim.Adam(groups)
        else:
            optimizer = torch.optim.AdamW(groups, weight_decay=settings.weight_decay)
        if state.optimizer:
            optimizer.load_state_dict(state.optimizer)
        return optimizer

    def _run_epoch(self, phase: Phase, optimizer: Any) -> float:
        """Learn from the batches of an epoch; the mean of their losses."""
        # A training that goes on drops out what it would have, had it not been interrupted.
        torch.manual_seed(int(np.random.SeedSequence([self._seed, self._state.epoch]).generate_state(1)[0]))
        for name in _PARTS:
            getattr(self._network, name).train(name in _learning(phase, self._architecture))
        losses = [self._step(batch, optimizer) for batch in self._supply.batches(self._state.epoch)]
        return float(np.mean(losses))

    def _step(self, batch: Batch, optimizer: Any) -> float:
        device = self._network.device
        with torch.autocast(device.type, torch.bfloat16, enabled=self._settings.mixed_precision):
            logits, _ = self._network.classify(self._hearing.pooled(batch.windows))
        losses = functional.cross_entropy(
            logits.float(),
            torch.tensor(batch.targets, device=device),
            reduction="none",
            label_smoothing=self._settings.label_smoothing,
        )
        loss = (losses * torch.tensor(batch.weights, device=device)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return float(loss.detach())

    def _end_epoch(self, optimizer: Any, loss: float, seconds: float) -> None:
        """Judge the weights, remember the best, and slow down if they get no better."""
        state, settings = self._state, self._settings
        rate = float(optimizer.param_groups[0]["lr"])
        score = self._judge(EpochEnd(state.epoch + 1, loss, rate, seconds))
        state.epoch, state.phase_epoch = state.epoch + 1, state.phase_epoch + 1
        state.weights = self._weights()
        is_enough = settings.least_score is None or score >= settings.least_score
        if is_enough and score > state.best_score:
            state.best_score, state.best, state.n_worse = float(score), state.weights, 0
            return
        state.n_worse += 1
        if state.best_score == -math.inf:
            state.best = state.weights
        if settings.schedule == "plateau" and state.n_worse % settings.plateau_patience == 0:
            for group in optimizer.param_groups:
                group["lr"] *= settings.plateau_factor

    def _weights(self) -> dict[str, Any]:
        """Copies of the weights of the parts that have learned."""
        parts = _PARTS if self._hearing.encoder_learns else ("head",)
        return {
            name: values.detach().to("cpu", copy=True)
            for name, values in self._network.state_dict().items()
            if name.startswith(parts)
        }

    def _restore(self, weights: dict[str, Any]) -> None:
        """Give the network weights that `_weights` copied."""
        if any(name.startswith("encoder") for name in weights):
            self._hearing.forget()
        self._network.load_state_dict(weights, strict=False)

    def _save(self) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        partial = self._file.with_suffix(".partial")
        torch.save(vars(self._state), partial)
        partial.replace(self._file)


def _learning(phase: Phase, architecture: Architecture) -> list[str]:
    """The parts that learn in a phase."""
    parts = _PARTS[:1] if architecture.frozen else _PARTS
    return [part for part in parts if re.match(phase.trainable, part)]


def _read(file: Path) -> State:
    """The state that a training has left; that of a new one if there is none."""
    if not file.exists():
        return State()
    try:
        return State(**torch.load(file, map_location="cpu", weights_only=True))
    except Exception as error:  # what it raises depends on where the file is damaged
        raise OutputError(
            f"{file}: not the state of a training", hint="without it, training starts anew"
        ) from error
