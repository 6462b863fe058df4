"""Under seeded faults and crashes nobody gets two orders, and once the faults end everything is there.

``CHAOS_SEEDS=0:1000`` runs so many seeds (`make chaos`); ``CHAOS_SEEDS=17:18`` replays one.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from allocation.engine.errors import OmsError, ReleaseError
from allocation.live.sending import Sender
from allocation.oms.fluent.adapter import FluentWrites
from allocation.oms.port import Outcome, ReleaseOrder, Uniqueness, Unknown
from allocation.oms.sandbox import parse_faults
from tests.live.nights import Killed, Night, Process

KINDS = ("refused", "429", "401", "5xx-before", "late-commit", "5xx-after", "reply-lost", "malformed", "partial")
first, last = (int(text) for text in os.environ.get("CHAOS_SEEDS", "0:24").split(":"))
SEEDS = range(first, last)
BITING = range(12)
"""Seeds under which those who must be caught are caught."""


def faults_of(draw: np.random.Generator, uniqueness: Uniqueness) -> str:
    rates = {kind: draw.uniform(0, 0.15) for kind in KINDS if draw.random() < 0.7}
    rates |= {"slow-read": draw.uniform(0, 0.3)} if draw.random() < 0.5 else {}
    if uniqueness is Uniqueness.ENFORCED and draw.random() < 0.5:
        # Where nothing is unique, a network that delivers twice makes two orders whatever we do.
        rates["duplicate"] = draw.uniform(0, 0.2)
    return ",".join(f"{kind}={rate:.3f}" for kind, rate in rates.items())


def chaos(seed: int, kind: Callable[..., FluentWrites] = FluentWrites, uniqueness: Uniqueness | None = None) -> Night:
    """A night under faults, with processes that die, and then one apply after another without; never unsafe."""
    draw = np.random.default_rng(seed)
    drawn = Uniqueness.ENFORCED if draw.random() < 0.5 else Uniqueness.NONE
    night = Night(uniqueness or drawn, int(draw.integers(1, 4)))
    # The sandbox draws faults from its own seed and the text of each request.
    night.sandbox._draws = type(night.sandbox._draws)(seed)
    night.sandbox.faults = parse_faults(faults_of(draw, night.uniqueness))
    for _ in range(int(draw.integers(1, 4))):
        dies_at = int(draw.integers(0, 90)) if draw.random() < 0.5 else None
        tried(night, Process(dies_at), kind)
        if draw.random() < 0.1:
            night.lose_the_journal()
    night.sandbox.faults = parse_faults("")
    return night


def tried(night: Night, process: Process, kind: Callable[..., FluentWrites]) -> None:
    try:
        night.apply(process, kind=kind)
    except Killed:
        night.unlock()
    except (OmsError, ReleaseError):
        # It says so and stops; whoever runs it applies again.
        return


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_twice_under_faults_and_nothing_is_missing_after_them(seed: int) -> None:
    replay = f"CHAOS_SEEDS={seed}:{seed + 1} .venv/bin/pytest tests/live/test_chaos.py"
    try:
        night = chaos(seed)
        night.require_safe()
        for _ in range(3):
            applied = night.apply()
            night.require_safe()
        night.require_done()
        assert applied.sent == 0
        assert not applied.is_wrong
        assert not applied.has_unknown
    except BaseException as error:
        raise AssertionError(f"seed {seed}; replay it with: {replay}") from error


class BlindRetry(FluentWrites):
    """Sends again what it does not know of."""

    def submit(self, order: ReleaseOrder) -> Outcome:
        outcome = super().submit(order)
        return super().submit(order) if isinstance(outcome, Unknown) else outcome


def duplicates(seed: int, kind: Callable[..., FluentWrites] = FluentWrites) -> int:
    night = chaos(seed, kind, Uniqueness.NONE)
    return sum(count - 1 for count in night.by_reservation().values())


def test_these_faults_catch_who_sends_again_blind() -> None:
    assert sum(duplicates(seed, BlindRetry) for seed in BITING) > 0
    assert sum(duplicates(seed) for seed in BITING) == 0


def test_these_faults_catch_who_looks_at_once_instead_of_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sum(duplicates(seed) for seed in BITING) == 0
    monkeypatch.setattr(Sender, "wait", lambda self, **_: None)
    assert sum(duplicates(seed) for seed in BITING) > 0


def test_the_same_seed_gives_the_same_night() -> None:
    nights: list[Any] = [chaos(3, uniqueness=Uniqueness.NONE).outcome() for _ in range(2)]
    assert all(one == other for one, other in pairwise(nights))
