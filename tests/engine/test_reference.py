"""The engine and the reference, command by command, on random tapes that reach everything that there is to reach."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numba
import pytest

from allocation.engine.codes import Reason, Refusal, Status, Step
from allocation.engine.outcome import outcome
from tests.engine.comparing import Pair, check_log, check_promises, check_tables, statuses_of
from tests.tapes import random_case

SEEDS = range(80) if numba.config.DISABLE_JIT else range(320)
BLOCK = 40
NOT_ON_RANDOM_TAPES = {Refusal.LATE}
"""Random tapes hand a book over at their start only; test_refusals.py has the late ones."""


@dataclass
class Reached:
    """What was seen on all tapes so far."""

    seeds: set[int] = field(default_factory=set)
    statuses: Counter[int] = field(default_factory=Counter)
    reasons: Counter[int] = field(default_factory=Counter)
    steps: Counter[int] = field(default_factory=Counter)
    refusals: Counter[int] = field(default_factory=Counter)

    def look_at(self, pair: Pair) -> None:
        """Note what a tape reached."""
        for row in pair.engine.decisions.rows:
            self.steps[int(row["step"])] += 1
            if int(row["step"]) == Step.REFUSED:
                self.refusals.update(bit for bit in Refusal if int(row["refused"]) & bit)
            else:
                self.statuses[int(row["after"])] += 1
                self.reasons[int(row["reason"])] += 1


@pytest.fixture(scope="module")
def reached() -> Reached:
    return Reached()


@pytest.mark.parametrize("first", range(SEEDS.start, SEEDS.stop, BLOCK))
def test_engine_and_reference_agree_after_every_command(first: int, reached: Reached) -> None:
    for seed in range(first, first + BLOCK):
        policy, tape = random_case(seed)
        pair = Pair(policy)
        for command in tape:
            before, decided = statuses_of(pair.engine), len(pair.engine.decisions)
            pair.play(command)
            rows = pair.engine.decisions.rows[decided:]
            check_log(pair.engine, rows, before)
            check_promises(pair.engine, rows)
            check_tables(pair.engine)
        assert outcome(pair.engine) == pair.reference.outcome(), seed
        for row in pair.reference.reservations():
            assert pair.engine.position(row["reservation_id"]) == row["queue_position"], seed
        reached.look_at(pair)
        reached.seeds.add(seed)


def test_random_tapes_reach_everything(reached: Reached) -> None:
    if reached.seeds != set(SEEDS):
        pytest.skip("only some of the tapes were played here")
    assert set(reached.statuses) == set(Status) - {Status.NONE}
    assert set(reached.reasons) == set(Reason)
    assert set(reached.steps) == set(Step) - {Step.NONE}
    assert set(reached.refusals) == set(Refusal) - {Refusal.NONE} - NOT_ON_RANDOM_TAPES
