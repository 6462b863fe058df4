"""A new plan after an apply that died, while customers and clerks went on: nobody has two orders, no unit two owners.

Whatever an earlier plan ordered is found, though its hold was moved, changed or ended since, and though it lands late.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from allocation.engine.codes import Status
from allocation.engine.errors import StalePlan
from allocation.live.applied import Applied
from allocation.live.brakes import Brakes
from allocation.live.plan import Plan
from allocation.live.planning import make_plan
from allocation.live.reconciling import Verdict
from allocation.oms.fluent import FluentReader
from allocation.oms.fluent.adapter import FluentReads, FluentWrites
from allocation.oms.fluent.documents import Mutation
from allocation.oms.port import Hold, Outcome, PoolSupply, Rejected, ReleaseOrder, Uniqueness
from allocation.oms.sandbox.settings import Mode
from tests.live.nights import DUE, LAUNCH, NEXT, WAITS, Killed, Night, Process
from tests.oms.conformance import hold

BEFORE = date(2025, 9, 15)
MANY = 45
"""More orders than holds are written at once, so that some are closed before the last is sent."""

both = pytest.mark.parametrize("uniqueness", list(Uniqueness))
modes = pytest.mark.parametrize("mode", ["active", "created"])


def plan_for(night: Night, day: date, **more: Any) -> Plan:
    reads = FluentReads(night.system.client(FluentReader), night.uniqueness)
    return make_plan(reads, LAUNCH, night.policy, night.clock(), "release", day, **more)


def change(night: Night, name: str, **changes: Any) -> None:
    """A clerk, or a customer, changes a hold."""
    clerk = night.system.adapter()
    (now,) = clerk.holds_named([name])
    clerk.write_holds([replace(now, **changes)])


def dead(uniqueness: Uniqueness, step: int = 40, **more: Any) -> Night:
    """A night whose apply died; the first order stands, and its hold is open."""
    night = Night(uniqueness, **more)
    with pytest.raises(Killed):
        night.apply(Process(dies_at=step))
    night.unlock()
    return night


def planned_and_applied(night: Night, day: date = DUE) -> Applied:
    night.plan = plan_for(night, day)
    return night.apply()


def require_safe(night: Night, units: int) -> None:
    assert max(night.by_reservation().values()) == 1
    assert night.units() <= units


def large_book() -> list[Hold]:
    return [hold(number, quantity=1) for number in range(1, MANY + 6)]


# ----- who has an order, whatever became of the hold


@both
def test_a_hold_that_was_moved_to_another_date_keeps_its_order(uniqueness: Uniqueness) -> None:
    night = dead(uniqueness)
    name = night.plan.effects[0].reservation_id
    change(night, name, requested=NEXT, assigned=NEXT)
    planned_and_applied(night)
    assert name in {effect.reservation_id for effect in night.plan.served}
    night.clock.sleep(timedelta(days=7).total_seconds())
    night.system.set_supply(PoolSupply("PHONE", "DC", night.on_hand + 20))
    planned_and_applied(night, NEXT)
    require_safe(night, night.on_hand + 20)
    assert night.statuses()[name] == "ALLOCATED"


@both
def test_a_wave_that_no_open_hold_is_of_any_more_is_remembered(uniqueness: Uniqueness) -> None:
    """Somebody who waited since an earlier date gets what nobody of the due date took; it is all that is left open."""
    waiting = hold(41, requested=BEFORE, assigned=None, status=Status.QUEUED, quantity=1, customer="ben")
    later = hold(42, requested=NEXT, assigned=NEXT, quantity=1, customer="ben")
    book = [*(hold(number, quantity=1) for number in range(1, 41)), waiting, later]
    seen = 0
    # From before that order to after the last hold; one by one where nothing is unique.
    for step in range(156, 180, 3) if uniqueness is Uniqueness.ENFORCED else range(270, 300, 3):
        night = Night(uniqueness, book=book, on_hand=MANY)
        with contextlib.suppress(Killed):
            night.apply(Process(dies_at=step))
        is_open = [name for name, status in night.statuses().items() if status in {"CONFIRMED", "QUEUED"}]
        if waiting.reservation_id not in is_open or not night.by_reservation()[waiting.reservation_id]:
            continue
        seen += 1
        night.unlock()
        night.clock.sleep(timedelta(days=7).total_seconds())
        night.system.set_supply(PoolSupply("PHONE", "DC", MANY + 20))
        planned_and_applied(night, NEXT)
        require_safe(night, MANY + 20)
    assert seen


@both
def test_an_order_of_a_later_wave_counts_for_an_earlier_one(uniqueness: Uniqueness) -> None:
    waiting = hold(1, requested=DUE, assigned=None, status=Status.QUEUED, quantity=1, customer="ben")
    later = hold(2, requested=NEXT, assigned=NEXT, quantity=1, customer="ben")
    seen = 0
    for step in range(15, 60, 3):
        night = Night(uniqueness, book=[waiting, later], on_hand=5)
        night.clock.sleep(timedelta(days=7).total_seconds())
        night.plan = plan_for(night, NEXT)
        with contextlib.suppress(Killed):
            night.apply(Process(dies_at=step))
        night.unlock()
        night.clock.sleep(7200)
        seen += sum(night.by_reservation().values())
        planned_and_applied(night)
        assert max(night.by_reservation().values(), default=0) <= 1
    assert seen


@both
def test_who_ordered_by_hand_long_ago_gets_no_second_order(uniqueness: Uniqueness) -> None:
    night = Night(uniqueness)
    first = night.plan.effects[0]
    assert first.order is not None
    night.system.adapter().submit(replace(first.order, key="BY-HAND-1"))
    night.clock.sleep(timedelta(days=2).total_seconds())
    night.plan = night.make_plan()
    reason = "has order BY-HAND-1, which no release of phone made: end the hold, or cancel the order"
    assert night.plan.unclear == {first.reservation_id: reason}
    applied = night.apply()
    require_safe(night, night.on_hand)
    assert applied.skipped == night.plan.unclear
    assert night.statuses()[first.reservation_id] == first.before.name


@both
def test_orders_are_looked_for_from_an_instant_that_a_person_says(uniqueness: Uniqueness) -> None:
    night = dead(uniqueness)
    assert len(plan_for(night, DUE).served) == len(night.orders())
    assert plan_for(night, DUE, orders_since=night.clock()).served == ()


# ----- what is still landing


@both
@modes
def test_an_order_in_flight_whose_hold_was_ended_is_waited_for(uniqueness: Uniqueness, mode: Mode) -> None:
    night = Night(uniqueness, mode=mode)
    name = night.plan.effects[0].reservation_id
    night.die_while_an_order_lands(20)
    night.unlock()
    change(night, name, status=Status.CANCELLED)
    night.plan = night.make_plan()
    with pytest.raises(StalePlan, match=r"16 units would be given, and the plan counted on 13: .* RES-O-3-1-"):
        night.apply()
    night.plan = night.make_plan()
    assert night.plan.crossed == {name: "is CANCELLED, and order 1 stands"}
    assert [
        text for text in night.plan.warnings if text.startswith("1 orders stand though their holds ended otherwise")
    ]
    assert night.apply().crossed == night.plan.crossed
    require_safe(night, night.on_hand)
    assert night.statuses()[name] == "CANCELLED"


@both
@modes
def test_an_order_that_lands_for_who_ended_is_told_where_there_is_enough(uniqueness: Uniqueness, mode: Mode) -> None:
    night = Night(uniqueness, mode=mode, on_hand=40)
    name = night.plan.effects[0].reservation_id
    night.die_while_an_order_lands(20)
    night.unlock()
    change(night, name, status=Status.CANCELLED)
    night.plan = night.make_plan()
    applied = night.apply()
    assert applied.crossed == {name: "is CANCELLED, and order 1 stands"}
    assert applied.is_wrong
    require_safe(night, night.on_hand)


@both
@modes
def test_an_order_that_lands_for_who_is_to_get_nothing_makes_the_plan_stale(uniqueness: Uniqueness, mode: Mode) -> None:
    night = Night(uniqueness, mode=mode)
    name = night.plan.effects[0].reservation_id
    night.die_while_an_order_lands(20)
    night.unlock()
    change(night, name, paid=False, status=Status.RESERVED, expires_at=night.clock())
    night.plan = night.make_plan()
    with pytest.raises(StalePlan, match="orders stand that it does not know"):
        night.apply()
    planned_and_applied(night)
    require_safe(night, night.on_hand)
    assert night.statuses()[name] == "ALLOCATED"


@both
def test_the_same_plan_again_tells_of_an_order_that_landed_for_who_cancelled(uniqueness: Uniqueness) -> None:
    night = Night(uniqueness)
    name = night.plan.effects[0].reservation_id
    night.die_while_an_order_lands(20)
    night.unlock()
    change(night, name, status=Status.CANCELLED)
    for _ in range(2):
        applied = night.apply()
        assert applied.crossed[name] in {
            "is CANCELLED, and its order stands",
            "is CANCELLED since, and its order stands",
        }
        assert applied.is_wrong
        require_safe(night, night.on_hand)


@both
def test_an_order_of_an_earlier_plan_that_reads_do_not_show_yet_is_looked_for(
    uniqueness: Uniqueness, monkeypatch: pytest.MonkeyPatch
) -> None:
    night = dead(uniqueness)
    name = night.plan.effects[0].reservation_id
    with monkeypatch.context() as patch:
        patch.setattr(FluentReads, "orders_since", lambda *_: iter(()))
        change(night, name, paid=False, status=Status.RESERVED, expires_at=night.clock())
        night.plan = night.make_plan()
        assert not night.plan.served
        # Its key is in the journal.
        with pytest.raises(StalePlan):
            night.apply()
    planned_and_applied(night)
    require_safe(night, night.on_hand)
    assert night.statuses()[name] == "ALLOCATED"


# ----- what the system takes off, and what it does not


@both
@modes
@pytest.mark.parametrize("step", range(70, 250, 20))
def test_orders_whose_holds_are_closed_are_taken_off_too(uniqueness: Uniqueness, step: int, mode: Mode) -> None:
    night = Night(uniqueness, book=large_book(), on_hand=MANY, mode=mode)
    with contextlib.suppress(Killed):
        night.apply(Process(dies_at=step))
    night.unlock()
    night.clock.sleep(WAITS.quiescence_s)
    planned_and_applied(night)
    require_safe(night, MANY)
    assert night.units() == MANY


@modes
def test_the_next_wave_gives_nothing_of_what_the_last_one_gave(mode: Mode) -> None:
    later = [hold(number, quantity=1, requested=NEXT, assigned=NEXT) for number in range(20, 30)]
    book = [*(hold(number, quantity=1) for number in range(1, 20)), *later]
    night = Night(Uniqueness.ENFORCED, book=book, on_hand=19, mode=mode)
    night.apply()
    night.clock.sleep(timedelta(days=7).total_seconds())
    assert [command["on_hand"] for command in plan_for(night, NEXT).tape if command["type"] == "supply"] == [0]
    # What is counted from now on is for the others.
    night.system.set_supply(PoolSupply("PHONE", "DC", 4 + (19 if mode == "active" else 0)))
    planned_and_applied(night, NEXT)
    assert night.units() == 19 + 4


def test_what_was_corrected_since_the_count_is_there() -> None:
    night = Night(Uniqueness.ENFORCED)
    night.apply()
    correction = Mutation(
        "mutation C($input: CreateInventoryQuantityInput) { createInventoryQuantity(input: $input) { id } }"
    )
    place = {
        "catalogue": {"ref": "DEFAULT:1"},
        "position": {"ref": "PHONE:DC:DEFAULT", "catalogue": {"ref": "DEFAULT:1"}},
    }
    night.system.client().execute(correction, {"input": {"ref": "C-1", "type": "CORRECTION", "quantity": 2, **place}})
    (pool,) = night.system.adapter().supply()
    assert (pool.on_hand, pool.counted) == (2, 15)
    night.clock.sleep(timedelta(days=7).total_seconds())
    plan = plan_for(night, NEXT)
    assert [command["on_hand"] for command in plan.tape if command["type"] == "supply"] == [2]


@modes
def test_a_larger_order_by_hand_after_the_plan_makes_it_stale(mode: Mode) -> None:
    night = Night(Uniqueness.ENFORCED, mode=mode)
    one = next(effect.order for effect in night.plan.effects if effect.order and effect.order.quantity == 1)
    night.system.adapter().submit(replace(one, key="BY-HAND-1", quantity=6))
    with pytest.raises(StalePlan, match=r"18 units would be given, .*BY-HAND-1"):
        night.apply()
    assert night.units() == 6


# ----- orders that were cancelled, and holds that were changed


@both
def test_who_had_an_order_that_was_cancelled_by_hand_waits_for_a_person(uniqueness: Uniqueness) -> None:
    night = dead(uniqueness)
    first = night.plan.effects[0]
    (order,) = [one for one in night.sandbox.records("Order") if one["ref"] == first.key]
    night.system.cancel(order["id"])
    night.clock.sleep(60)
    night.plan = night.make_plan()
    assert night.plan.unclear[first.reservation_id].endswith(
        "which is CANCELLED: end the hold, or move it to another date"
    )
    night.apply()
    require_safe(night, night.on_hand)
    assert (night.by_reservation()[first.reservation_id], night.statuses()[first.reservation_id]) == (0, "CONFIRMED")
    # Moved to another date, it gets an order of that.
    change(night, first.reservation_id, requested=NEXT, assigned=NEXT)
    night.clock.sleep(timedelta(days=7).total_seconds())
    night.system.set_supply(PoolSupply("PHONE", "DC", night.on_hand + 20))
    planned_and_applied(night, NEXT)
    assert night.by_reservation()[first.reservation_id] == 1
    require_safe(night, night.on_hand + 20)


@both
def test_an_order_that_is_cancelled_by_hand_closes_no_hold_as_allocated(uniqueness: Uniqueness) -> None:
    night = dead(uniqueness)
    first = night.plan.effects[0]
    (order,) = [one for one in night.sandbox.records("Order") if one["ref"] == first.key]
    night.system.cancel(order["id"])
    applied = night.apply()
    assert applied.crossed[first.reservation_id].endswith("which is CANCELLED, and its hold is open")
    assert applied.is_wrong
    assert night.statuses()[first.reservation_id] == first.before.name
    require_safe(night, night.on_hand)


@both
def test_a_hold_whose_quantity_was_changed_after_its_order_blocks_nobody_else(uniqueness: Uniqueness) -> None:
    night = dead(uniqueness)
    first = night.plan.effects[0]
    change(night, first.reservation_id, quantity=first.hold.quantity - 1)
    night.plan = night.make_plan()
    assert "of 3 PHONE from DC, and the hold is of 2: put one of them right" in night.plan.unclear[first.reservation_id]
    night.apply()
    require_safe(night, night.on_hand)
    assert night.statuses()[first.reservation_id] == first.before.name
    assert {status for name, status in night.statuses().items() if night.by_reservation()[name]} == {
        "ALLOCATED",
        first.before.name,
    }
    # Once it is put right, it is closed.
    change(night, first.reservation_id, quantity=first.hold.quantity)
    planned_and_applied(night)
    assert night.statuses()[first.reservation_id] == "ALLOCATED"


@both
def test_a_hold_whose_quantity_was_changed_while_its_order_was_in_doubt_is_planned_anew(uniqueness: Uniqueness) -> None:
    """Nothing landed: the key is free for what the hold is now."""
    night = Night(uniqueness)
    first = night.plan.effects[0]

    class DiesUnsent(FluentWrites):
        def submit(self, _order: ReleaseOrder) -> Outcome:
            raise Killed

    with pytest.raises(Killed):
        night.apply(kind=DiesUnsent)
    night.unlock()
    change(night, first.reservation_id, quantity=first.hold.quantity - 1)
    planned_and_applied(night)
    require_safe(night, night.on_hand)
    assert night.statuses()[first.reservation_id] == "ALLOCATED"


@both
def test_a_hold_whose_quantity_was_changed_while_its_order_lands_makes_the_plan_stale(uniqueness: Uniqueness) -> None:
    night = Night(uniqueness)
    first = night.plan.effects[0]
    night.die_while_an_order_lands(20)
    night.unlock()
    change(night, first.reservation_id, quantity=first.hold.quantity - 1)
    night.plan = night.make_plan()
    with pytest.raises(StalePlan, match="has its key, and is not what the plan would send"):
        night.apply()
    planned_and_applied(night)
    require_safe(night, night.on_hand)


def test_who_has_two_orders_is_left_to_a_person() -> None:
    night = dead(Uniqueness.NONE)
    first = night.plan.effects[0]
    assert first.order is not None
    night.system.adapter().submit(first.order)
    night.plan = night.make_plan()
    assert "has 2 orders" in night.plan.unclear[first.reservation_id]
    night.apply()
    assert night.by_reservation()[first.reservation_id] == 2
    assert night.units() <= night.on_hand + first.order.quantity


def test_a_plan_tells_of_holds_that_are_anothers_now() -> None:
    night = Night(Uniqueness.ENFORCED)
    change(night, night.plan.effects[0].reservation_id, customer="ben")
    with pytest.raises(StalePlan, match="another customer's now"):
        night.apply()


def test_a_later_deadline_makes_a_plan_stale() -> None:
    night = Night(Uniqueness.ENFORCED)
    unpaid = next(effect for effect in night.plan.effects if effect.reason == "unpaid")
    change(night, unpaid.reservation_id, expires_at=datetime(2025, 9, 24, tzinfo=UTC))
    with pytest.raises(StalePlan, match="expires at was"):
        night.apply()


# ----- the canary, and what is found at the end


def test_the_canary_is_of_those_who_are_sent() -> None:
    night = Night(Uniqueness.ENFORCED)
    firsts = [effect for effect in night.plan.effects if effect.order is not None][:3]
    sizes: list[int] = []

    class EndsMeanwhile(FluentWrites):
        """The first three cancel once the plan has been compared."""

        is_first = True

        def known_customers(self, customers: Any) -> list[str]:
            if self.is_first:
                self.is_first = False
                for effect in firsts:
                    change(night, effect.reservation_id, status=Status.CANCELLED)
            return super().known_customers(customers)

        def submit(self, order: ReleaseOrder) -> Outcome:
            sizes.append(len(night.sandbox.records("Order")))
            return Rejected("X", "no") if len(sizes) == 1 else super().submit(order)

    applied = night.apply(kind=EndsMeanwhile, brakes=Brakes(concurrency=1, canary=3, error_share_max=1.0))
    assert {effect.reservation_id for effect in firsts} <= applied.skipped.keys()
    assert applied.stopped.startswith("canary:")
    assert len(sizes) == 3


def test_what_is_left_unknown_of_who_is_left_out_is_looked_up_once_more() -> None:
    """It may land after the short wait that is enough for who is sent again."""
    night = Night(Uniqueness.ENFORCED)
    name = night.plan.effects[0].reservation_id
    night.die_while_an_order_lands(30)
    night.unlock()
    change(night, name, status=Status.CANCELLED)
    applied = night.apply()
    assert [row.verdict for row in applied.rows if row.reservation_id == name] == [Verdict.MATCHED]
    assert name in applied.crossed
