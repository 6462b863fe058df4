"""A process that dies at any of its steps leaves a release that the next apply finishes, exactly once."""

from __future__ import annotations

import pytest

from allocation.oms.port import Uniqueness
from tests.live.nights import Killed, Night, Process

KINDS = {
    "unique": (Uniqueness.ENFORCED, 1),
    "unique, four at a time": (Uniqueness.ENFORCED, 4),
    "not unique": (Uniqueness.NONE, 1),
}
AGAIN, LOST = range(7, 70, 2), range(2, 70)
"""Steps at which a process dies the first of two times, and at which it takes the journal along."""


def steps_of(night: Night) -> int:
    process = Process()
    night.apply(process)
    return process.steps


@pytest.mark.parametrize("kind", KINDS)
def test_dying_at_any_step_changes_nothing(kind: str) -> None:
    whole = Night(*KINDS[kind])
    steps = steps_of(whole)
    whole.require_done()
    expected = whole.outcome()
    for step in range(steps):
        night = Night(*KINDS[kind])
        with pytest.raises(Killed):
            night.apply(Process(dies_at=step))
        night.require_safe()
        night.unlock()
        night.apply()
        night.require_safe()
        assert night.outcome() == expected, (kind, step)


@pytest.mark.parametrize("kind", KINDS)
def test_dying_again_while_going_on_changes_nothing(kind: str) -> None:
    expected = None
    for step in AGAIN:
        night = Night(*KINDS[kind])
        for dies_at in (step, 3 + step // 2):
            try:
                night.apply(Process(dies_at=dies_at))
            except Killed:
                night.require_safe()
            night.unlock()
        night.apply()
        night.require_safe()
        night.require_done()
        expected = expected or night.outcome()
        assert night.outcome() == expected


@pytest.mark.parametrize("kind", KINDS)
def test_a_journal_that_is_lost_with_the_process_changes_nothing(kind: str) -> None:
    for step in LOST:
        night = Night(*KINDS[kind])
        try:
            night.apply(Process(dies_at=step))
        except Killed:
            night.require_safe()
        night.lose_the_journal()
        night.apply()
        night.require_safe()
        night.require_done()


def test_these_are_enough_points_to_die_at() -> None:
    once = sum(steps_of(Night(*kind)) for kind in KINDS.values())
    assert once + len(KINDS) * (2 * len(AGAIN) + len(LOST)) >= 500
