"""A new plan after an apply that died: who has an order already keeps it, and the others share what is left.

Whether the system has taken the units of those orders from what is on hand or not, the night ends as it would have.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from allocation.engine.codes import Status
from allocation.engine.errors import StalePlan
from allocation.live.plan import HAS_ORDER
from allocation.live.planfile import read_plan
from allocation.live.planning import make_plan
from allocation.oms.fluent import FluentReader
from allocation.oms.fluent.adapter import FluentReads
from allocation.oms.port import PoolSupply, Uniqueness
from allocation.oms.sandbox.settings import Mode
from tests.live.nights import DUE, LAUNCH, NEXT, WAITS, Killed, Night, Process, text_of
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
    with pytest.raises(StalePlan, match=rf"orders stand that it does not know \(1, such as {doubtful}-"):
        night.apply()
    night.plan = night.make_plan()
    night.apply()
    assert night.statuses()[doubtful] == "ALLOCATED"
    assert max(night.by_reservation().values()) == 1
    assert night.units() <= night.on_hand


@pytest.mark.parametrize("mode", ["active", "created"])
@pytest.mark.parametrize("uniqueness", list(Uniqueness))
@pytest.mark.parametrize("step", range(14, 64))
def test_a_new_plan_ends_as_the_first_one_would_have(uniqueness: Uniqueness, step: int, mode: Mode) -> None:
    expected = Night(uniqueness)
    expected.apply()
    night = Night(uniqueness, mode=mode)
    with contextlib.suppress(Killed):
        night.apply(Process(dies_at=step))
    night.unlock()
    night.clock.sleep(WAITS.quiescence_s)
    night.plan = night.make_plan()
    night.apply()
    assert night.outcome() == expected.outcome()
    # Once more, and nothing is written.
    commits = len(night.sandbox.ledger.commits)
    night.apply()
    assert len(night.sandbox.ledger.commits) == commits


def test_nothing_of_who_has_an_order_expires() -> None:
    night = Night(Uniqueness.ENFORCED)
    with pytest.raises(Killed):
        night.apply(Process(dies_at=44))
    night.unlock()
    ordered, before = night.by_reservation(), night.statuses()
    is_open = {name for name in ordered if before[name] != "ALLOCATED"}
    assert is_open
    # All that is unpaid would expire by then.
    night.clock.sleep(timedelta(days=30).total_seconds())
    reads = FluentReads(night.system.client(FluentReader), Uniqueness.ENFORCED)
    night.plan = make_plan(reads, LAUNCH, night.policy, night.clock(), "expire")
    assert {effect.reservation_id for effect in night.plan.served} == is_open
    night.apply()
    assert night.by_reservation() == ordered
    assert {night.statuses()[name] for name in ordered} == {"ALLOCATED"}


def test_an_order_that_is_cancelled_after_the_plan_leaves_its_hold_open() -> None:
    night = died_and_planned_again(Uniqueness.ENFORCED, 40)
    gone = night.plan.served[0]
    (order,) = [one for one in night.sandbox.records("Order") if one["ref"] == gone.key]
    night.system.cancel(order["id"])
    applied = night.apply()
    assert applied.skipped[gone.reservation_id] == "its order does not stand any more; make a new plan"
    assert night.statuses()[gone.reservation_id] == gone.before.name
    night.plan = night.make_plan()
    assert gone.reservation_id not in {effect.reservation_id for effect in night.plan.served}


def test_a_hold_that_is_cancelled_after_the_plan_is_left_so_though_its_order_stands() -> None:
    night = died_and_planned_again(Uniqueness.ENFORCED, 40)
    gone = night.plan.served[0]
    night.system.adapter().write_holds([replace(gone.hold, status=Status.CANCELLED)])
    applied = night.apply()
    assert applied.skipped[gone.reservation_id] == "is CANCELLED since"
    assert night.statuses()[gone.reservation_id] == "CANCELLED"


def test_a_plan_of_orders_whose_holds_are_open_is_read_back_whole(tmp_path: Path) -> None:
    night = died_and_planned_again(Uniqueness.ENFORCED, 40)
    (tmp_path / "plan.json").write_text(text_of(night.plan))
    assert read_plan(tmp_path / "plan.json") == night.plan
    told = [row for row in night.plan.as_plain()["totals"] if row["reason"] == HAS_ORDER]
    assert sum(row["reservations"] for row in told) == len(night.plan.served) == len(night.orders())


def test_a_plan_says_which_orders_have_open_holds() -> None:
    night = died_and_planned_again(Uniqueness.ENFORCED, 40)
    ordered = len(night.orders())
    assert ordered > 1
    (warning,) = [text for text in night.plan.warnings if "have an order already" in text]
    assert warning.startswith(f"{ordered} reservations")
    assert "the others share what is left" in warning


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


def test_an_order_of_somebody_else_under_a_key_closes_no_hold() -> None:
    night = Night(Uniqueness.ENFORCED)
    loser = next(effect for effect in night.plan.effects if effect.order is None)
    other = replace(night.plan.effects[0].order, key=loser.key, reservation_id="RES-OTHER-1")
    night.system.adapter().submit(other)
    # It took units, so that a new plan is needed, and that does not take it for the loser's.
    with pytest.raises(StalePlan, match="orders stand that it does not know"):
        night.apply()
    night.plan = night.make_plan()
    assert not night.plan.served
    night.apply()
    assert night.statuses()[loser.reservation_id] == loser.hold.status.name
    assert night.units() <= night.on_hand
