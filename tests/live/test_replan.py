"""A new plan after an apply that died: who has an order already gets no second one, and loses nothing.

The OMS may have taken the units of those orders from what is on hand while their holds are still open, so that the new
plan counts them twice. It warns of that; applying the plan that was being applied, first, is the way that loses nobody.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import timedelta

import pytest

from allocation.engine.codes import Status
from allocation.engine.errors import StalePlan
from allocation.live.plan import make_plan
from allocation.oms.fluent import FluentReader
from allocation.oms.fluent.adapter import FluentReads
from allocation.oms.port import PoolSupply, Uniqueness
from tests.live.nights import DUE, LAUNCH, NEXT, Killed, Night, Process
from tests.live.test_chaos import SEEDS, chaos

STEPS = range(20, 62, 3)
"""From before the first order to after the last hold."""


def died_and_planned_again(uniqueness: Uniqueness, step: int) -> Night:
    night = Night(uniqueness)
    with pytest.raises(Killed):
        night.apply(Process(dies_at=step))
    night.unlock()
    night.plan = night.make_plan()
    return night


@pytest.mark.parametrize("uniqueness", list(Uniqueness))
@pytest.mark.parametrize("step", STEPS)
def test_the_next_wave_gives_nobody_a_second_order(uniqueness: Uniqueness, step: int) -> None:
    night = died_and_planned_again(uniqueness, step)
    night.apply()
    assert max(night.by_reservation().values(), default=0) <= 1
    night.clock.sleep(timedelta(days=7).total_seconds())
    night.system.set_supply(PoolSupply("PHONE", "DC", night.on_hand + 20))
    reads = FluentReads(night.system.client(FluentReader), uniqueness)
    night.plan = make_plan(reads, LAUNCH, night.policy, night.clock(), "release", NEXT)
    night.apply()
    assert max(night.by_reservation().values()) == 1


@pytest.mark.parametrize("step", STEPS)
def test_who_has_an_order_is_allocated_whatever_the_new_plan_says(step: int) -> None:
    night = died_and_planned_again(Uniqueness.ENFORCED, step)
    ordered = night.by_reservation()
    losing = {e.reservation_id for e in night.plan.effects if e.order is None and ordered[e.reservation_id]}
    applied = night.apply()
    assert {night.statuses()[name] for name in losing} <= {"ALLOCATED"}
    assert not applied.holds_left
    told = [text for text in applied.warnings if "order of an earlier apply" in text]
    assert [int(text.split()[0]) for text in told] == ([len(losing)] if losing else [])
    # Once more, and nothing is written.
    commits = len(night.sandbox.ledger.commits)
    assert night.apply().sent == 0
    assert len(night.sandbox.ledger.commits) == commits


@pytest.mark.parametrize("again", range(0, 60, 4))
def test_dying_while_applying_the_new_plan_changes_nothing(again: int) -> None:
    expected = died_and_planned_again(Uniqueness.ENFORCED, 44)
    expected.apply()
    night = died_and_planned_again(Uniqueness.ENFORCED, 44)
    try:
        night.apply(Process(dies_at=again))
    except Killed:
        night.unlock()
    night.apply()
    assert night.outcome() == expected.outcome()
    assert max(night.by_reservation().values()) == 1


@pytest.mark.parametrize("uniqueness", list(Uniqueness))
def test_an_order_that_is_still_landing_is_waited_for_before_its_hold_is_given_up(uniqueness: Uniqueness) -> None:
    night = Night(uniqueness)
    doubtful = night.plan.effects[0].reservation_id

    night.die_while_an_order_lands(20)
    night.unlock()
    # It was paid when it was planned, and is not any more.
    clerk = night.system.adapter()
    (now,) = [one for one in clerk.holds() if one.reservation_id == doubtful]
    clerk.write_holds([replace(now, paid=False, status=Status.RESERVED, expires_at=night.clock())])
    night.plan = night.make_plan()
    assert next(one.order for one in night.plan.effects if one.reservation_id == doubtful) is None
    # Its units are gone from what the plan counted on.
    with pytest.raises(StalePlan, match="10 units are on hand"):
        night.apply()
    night.plan = night.make_plan()
    night.apply()
    assert night.statuses()[doubtful] == "ALLOCATED"
    assert max(night.by_reservation().values()) == 1
    assert night.units() <= night.on_hand


def test_a_plan_warns_of_orders_whose_holds_are_open() -> None:
    night = died_and_planned_again(Uniqueness.ENFORCED, 40)
    ordered = len(night.orders())
    assert ordered > 1
    (warning,) = [text for text in night.plan.warnings if "have an order already" in text]
    assert warning.startswith(f"{ordered} reservations")
    assert "apply its plan again first" in warning


def test_a_plan_does_not_warn_where_the_earlier_apply_was_finished() -> None:
    night = Night(Uniqueness.ENFORCED)
    assert not [text for text in night.plan.warnings if "order already" in text]
    night.apply()
    night.clock.sleep(timedelta(days=7).total_seconds())
    night.system.set_supply(PoolSupply("PHONE", "DC", night.on_hand + 20))
    reads = FluentReads(night.system.client(FluentReader), Uniqueness.ENFORCED)
    plan = make_plan(reads, LAUNCH, night.policy, night.clock(), "release", NEXT)
    assert not [text for text in plan.warnings if "order already" in text]


@pytest.mark.parametrize("step", STEPS)
def test_applying_the_first_plan_again_loses_nobody(step: int) -> None:
    night = Night(Uniqueness.ENFORCED)
    first = night.plan
    with pytest.raises(Killed):
        night.apply(Process(dies_at=step))
    night.unlock()
    night.make_plan()
    night.plan = first
    night.apply()
    night.require_safe()
    night.require_done()


@pytest.mark.parametrize("seed", SEEDS)
def test_after_faults_and_crashes_later_plans_give_nobody_a_second_order(seed: int) -> None:
    replay = f"CHAOS_SEEDS={seed}:{seed + 1} .venv/bin/pytest tests/live/test_replan.py"
    try:
        night = chaos(seed)
        night.unlock()
        night.plan = night.make_plan()
        for _ in range(2):
            with contextlib.suppress(StalePlan):
                # What was still landing took units that the plan counted on.
                night.apply()
            assert max(night.by_reservation().values(), default=0) <= 1
            assert night.units() <= night.on_hand
            night.plan = night.make_plan() if has_due(night) else night.plan
        night.clock.sleep(timedelta(days=7).total_seconds())
        night.system.set_supply(PoolSupply("PHONE", "DC", night.on_hand + 20))
        reads = FluentReads(night.system.client(FluentReader), night.uniqueness)
        night.plan = make_plan(reads, LAUNCH, night.policy, night.clock(), "release", NEXT)
        night.apply()
        assert max(night.by_reservation().values()) == 1
        assert night.units() <= night.on_hand + 20
    except BaseException as error:
        raise AssertionError(f"seed {seed}; replay it with: {replay}") from error


def has_due(night: Night) -> bool:
    return any(DUE in {one.requested, one.assigned} for one in night.system.adapter().holds())
