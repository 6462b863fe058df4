"""What may still land is remembered until it has landed or never will: orders, and holds that are written.

And what a release must say of orders and holds that people changed while it was at work.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from allocation.engine.codes import Status
from allocation.engine.errors import SettingError, StalePlan
from allocation.engine.policy import Policy, Release
from allocation.live.applying import Applier
from allocation.live.brakes import Around, Brakes
from allocation.live.planning import make_plan
from allocation.live.reconciling import Verdict
from allocation.oms.fluent import FluentReader
from allocation.oms.fluent.adapter import FluentReads, FluentWrites
from allocation.oms.fluent.documents import Mutation
from allocation.oms.port import Outcome, PoolSupply, Rejected, ReleaseOrder, Uniqueness
from allocation.oms.sandbox import SupplyRow, parse_faults
from allocation.oms.sandbox.settings import Mode
from tests.live.nights import DUE, LAUNCH, NEXT, WAITS, Killed, Night, Process
from tests.live.test_earlier_plans import both, change, dead, modes, plan_for, planned_and_applied, require_safe
from tests.oms.conformance import hold

ONE_BY_ONE = Brakes(concurrency=1, canary=1, error_share_max=1.0)
UPDATE_ORDER = Mutation("mutation U($input: UpdateOrderInput) { updateOrder(input: $input) { id status } }")


def small(uniqueness: Uniqueness = Uniqueness.ENFORCED, **more: Any) -> Night:
    return Night(uniqueness, book=[hold(number, quantity=1) for number in range(1, 16)], **more)


# ----- orders


class LandsLateAndFailsAgain(FluentWrites):
    """The first request of the first order lands late; the second one is refused, by the network or by a code."""

    night: Night
    again: str
    count = 0

    def submit(self, order: ReleaseOrder) -> Outcome:
        type(self).count += 1
        if self.count > 1 and self.again == "rejected":
            return Rejected("C0020E", "a permission is missing")
        self.night.sandbox.faults = parse_faults("late-commit=1:40s" if self.count == 1 else "refused=1")
        try:
            return super().submit(order)
        finally:
            self.night.sandbox.faults = parse_faults("")


def failing(night: Night, again: str) -> type[FluentWrites]:
    return type("Fails", (LandsLateAndFailsAgain,), {"night": night, "again": again, "count": 0})


@pytest.mark.parametrize("again", ["refused", "rejected"])
@pytest.mark.parametrize("changed", [{"status": Status.CANCELLED}, {"requested": NEXT, "assigned": NEXT}])
def test_a_second_request_that_fails_says_nothing_of_the_first(again: str, changed: dict[str, Any]) -> None:
    night = small()
    name = night.plan.effects[0].reservation_id
    night.apply(kind=failing(night, again), brakes=ONE_BY_ONE)
    change(night, name, **changed)
    night.plan = night.make_plan()
    try:
        night.apply()
    except StalePlan:
        planned_and_applied(night)
    require_safe(night, night.on_hand)
    assert night.by_reservation()[name] == 1


def test_what_is_refused_and_never_landed_is_rejected() -> None:
    """The first request is lost on its way; the second is answered with a code."""
    night = small()

    class LostAndRejected(FluentWrites):
        count = 0

        def submit(self, order: ReleaseOrder) -> Outcome:
            type(self).count += 1
            if self.count > 1:
                return Rejected("C0020E", "a permission is missing")
            night.sandbox.faults = parse_faults("5xx-before=1")
            try:
                return super().submit(order)
            finally:
                night.sandbox.faults = parse_faults("")

    applied = night.apply(kind=LostAndRejected, brakes=ONE_BY_ONE)
    assert applied.rows[0].verdict is Verdict.REJECTED
    assert applied.rows[0].reason == "a permission is missing"
    assert not applied.has_unknown
    assert applied.is_wrong


@both
def test_a_last_entry_that_is_torn_is_waited_for(uniqueness: Uniqueness) -> None:
    night = small(uniqueness)
    name = night.plan.effects[0].reservation_id
    night.die_while_an_order_lands(40)
    with night.journal._engine.begin() as connection:
        connection.execute(text("UPDATE journal SET content = '{' WHERE seq = (SELECT max(seq) FROM journal)"))
    night.unlock()
    change(night, name, status=Status.CANCELLED)
    night.plan = night.make_plan()
    with pytest.raises(StalePlan, match="orders stand that it does not know"):
        night.apply()


def test_a_torn_entry_that_was_written_over_by_unlocking_is_waited_for() -> None:
    night = small()
    name = night.plan.effects[0].reservation_id
    night.die_while_an_order_lands(40)
    journal = night.journal_of(Process())
    with night.journal._engine.begin() as connection:
        connection.execute(text("UPDATE journal SET content = '{' WHERE seq = (SELECT max(seq) FROM journal)"))
    # As a real crash leaves it: the lock is there, and a person takes it away.
    journal._take("anna", "desk", 1, night.clock(), "digest")
    night.unlock()
    assert not night.journal_of(Process()).is_torn
    change(night, name, status=Status.CANCELLED)
    night.plan = night.make_plan()
    with pytest.raises(StalePlan, match="orders stand that it does not know"):
        night.apply()


def test_what_may_still_land_of_who_is_left_out_counts_as_given() -> None:
    night = small(on_hand=13)
    first = night.plan.effects[0]
    night.die_while_an_order_lands(30)
    night.unlock()
    change(night, first.reservation_id, status=Status.CANCELLED)
    # One unit by hand, for somebody who gets none: with the one that is still landing it is one too many.
    loser = next(effect for effect in night.plan.effects if effect.order is None)
    assert first.order is not None
    by_hand = replace(first.order, key="BY-HAND-1", reservation_id=loser.reservation_id)
    night.system.adapter().submit(by_hand)
    with pytest.raises(StalePlan, match=r"14 units would be given, .*BY-HAND-1"):
        night.apply()


def test_no_more_is_sent_again_than_this_apply_may_send() -> None:
    night = small()

    class DiesUnsent(FluentWrites):
        def submit(self, _order: ReleaseOrder) -> Outcome:
            raise Killed

    with pytest.raises(Killed):
        night.apply(kind=DiesUnsent, brakes=Brakes(concurrency=3, canary=0))
    night.unlock()
    applied = night.apply(brakes=Brakes(concurrency=3, canary=0, orders_max=2))
    assert applied.sent == 2
    assert len(night.orders()) == 2
    night.apply()
    night.require_done()


@both
@modes
def test_a_loss_of_stock_does_not_hide_behind_orders_that_were_never_sent(uniqueness: Uniqueness, mode: Mode) -> None:
    night = Night(uniqueness, 4, [hold(number, quantity=1) for number in range(1, 41)], on_hand=40, mode=mode)
    sent = iter(range(1, 999))

    class Dies(FluentWrites):
        def submit(self, order: ReleaseOrder) -> Outcome:
            if next(sent) > 12:
                raise Killed
            return super().submit(order)

    with pytest.raises(Killed):
        night.apply(kind=Dies)
    night.unlock()
    made = night.units()
    night.system.set_supply(PoolSupply("PHONE", "DC", 30 if mode == "active" else 30 - made))
    with pytest.raises(StalePlan, match="units are on hand"):
        night.apply()
    planned_and_applied(night)
    assert night.units() == 30


# ----- holds


@contextmanager
def written_late(night: Night, name: str, seconds: int, then: Callable[[], object] = lambda: None) -> Iterator[None]:
    """The first request that writes a reservation's hold lands so many seconds later."""
    handle, seen = night.sandbox.handle, []

    def late(request: Any) -> Any:
        if b"updateInventoryQuantity" not in request.body or name.encode() not in request.body or seen:
            return handle(request)
        seen.append(request)
        night.sandbox.faults = parse_faults(f"late-commit=1:{seconds}s")
        try:
            return handle(request)
        finally:
            night.sandbox.faults = parse_faults("")
            then()

    night.sandbox.handle = late  # type: ignore[method-assign]
    try:
        yield
    finally:
        night.sandbox.handle = handle  # type: ignore[method-assign]
    assert seen


def die_writing(night: Night, name: str, seconds: int) -> None:
    """Apply in a process that dies writing a hold, which lands so many seconds later."""
    process = Process()

    def dies() -> None:
        process.dies_at = process.steps

    with written_late(night, name, seconds, dies), pytest.raises(Killed):
        night.apply(process)
    night.unlock()


@both
def test_a_hold_that_is_written_late_does_not_undo_what_a_customer_did(uniqueness: Uniqueness) -> None:
    night = Night(uniqueness)
    rolled = next(e.reservation_id for e in night.plan.effects if e.order is None and e.hold.status is Status.CONFIRMED)
    with written_late(night, rolled, 40):
        applied = night.apply()
    assert not applied.has_unknown
    change(night, rolled, status=Status.CANCELLED)
    night.clock.sleep(60)
    assert night.statuses()[rolled] == "CANCELLED"


@both
def test_a_hold_that_an_earlier_plan_writes_late_does_not_undo_a_later_one(uniqueness: Uniqueness) -> None:
    night = Night(uniqueness, policy=Policy(release=Release(shortfall="cancel")))
    lost = next(e.reservation_id for e in night.plan.effects if e.order is None and e.hold.status is Status.CANCELLED)
    die_writing(night, lost, 55)
    night.sandbox.load([SupplyRow("PHONE", "DC", 40, "PHONE")])
    night.clock.sleep(5)
    planned_and_applied(night)
    night.clock.sleep(200)
    orders = night.by_reservation()
    assert (night.statuses()[lost] == "ALLOCATED") == (orders[lost] == 1)


def test_a_hold_that_was_being_written_is_not_closed_once_its_order_is_cancelled() -> None:
    night = Night(Uniqueness.ENFORCED)
    first = night.plan.effects[0]
    die_writing(night, first.reservation_id, 5)
    night.clock.sleep(10)
    change(night, first.reservation_id, status=first.before)
    (order,) = [one for one in night.sandbox.records("Order") if one["ref"] == first.key]
    night.system.cancel(order["id"])
    applied = night.apply()
    assert night.statuses()[first.reservation_id] == first.before.name
    assert applied.crossed[first.reservation_id].endswith("which is CANCELLED, and its hold is open")
    assert not applied.holds_left


def test_holds_of_which_nothing_can_land_any_more_are_not_waited_for_again() -> None:
    night = Night(Uniqueness.ENFORCED)
    first = night.plan.effects[0]
    die_writing(night, first.reservation_id, 5)
    change(night, first.reservation_id, status=Status.CANCELLED)
    said: list[str] = []
    night.apply(say=said.append)
    assert [text for text in said if text.startswith("waiting")]
    said.clear()
    night.apply(say=said.append)
    assert not said


# ----- what people do, and what is said of it


def test_another_account_is_not_looked_into() -> None:
    night = Night(Uniqueness.ENFORCED)
    night.plan = replace(night.plan, account="ANOTHER")
    oms, journal = night.adapter(Process()), night.journal_of(Process())
    applier = Applier(oms, journal, night.plan, "digest", Around(night.clock, night.clock.sleep), None, WAITS)
    with pytest.raises(SettingError, match="the plan is for account ANOTHER"):
        applier.look()
    assert not journal.entries()


def test_orders_that_are_not_looked_for_are_warned_of() -> None:
    night = dead(Uniqueness.ENFORCED)
    with pytest.raises(SettingError, match="which is still to come"):
        plan_for(night, DUE, orders_since=night.clock() + timedelta(days=1))
    plan = plan_for(night, DUE, orders_since=night.clock())
    assert [text for text in plan.warnings if "an order in between is not seen" in text]
    assert not [text for text in night.make_plan().warnings if "an order in between is not seen" in text]


def test_an_order_whose_attributes_are_no_texts_is_read_all_the_same() -> None:
    night = dead(Uniqueness.ENFORCED)
    (order,) = [one for one in night.sandbox.records("Order") if one["ref"] == night.plan.effects[0].key]
    odd = [{"name": "reservation_id", "type": "INTEGER", "value": 7}]
    night.system.client().execute(UPDATE_ORDER, {"input": {"id": order["id"], "attributes": odd}})
    planned = night.make_plan()
    assert planned.standing[order["id"]] == order["ref"]


@both
def test_an_order_that_the_plan_knows_and_that_is_cancelled_since_is_told(uniqueness: Uniqueness) -> None:
    night = dead(uniqueness)
    night.plan = night.make_plan()
    gone = night.plan.served[0]
    (order,) = [one for one in night.sandbox.records("Order") if one["ref"] == gone.key]
    night.system.cancel(order["id"])
    applied = night.apply()
    assert applied.crossed == {gone.reservation_id: "its order does not stand any more; make a new plan"}
    assert applied.is_wrong


def test_units_that_are_less_than_none_block_no_other_pool() -> None:
    night = Night(Uniqueness.ENFORCED, more_supply=(PoolSupply("CASE", "DC", 5),))
    night.apply()
    night.system.set_supply(PoolSupply("PHONE", "DC", 5))
    plan = plan_for(night, NEXT)
    assert [command["on_hand"] for command in plan.tape if command["type"] == "supply"] == [5, 0]
    assert [text for text in plan.warnings if text.startswith("PHONE at DC shows -8 units on hand")]
    night.plan = plan
    night.apply()


def test_an_order_that_says_nonsense_since_blocks_nobody_else() -> None:
    night = dead(Uniqueness.ENFORCED)
    first = night.plan.effects[0]
    (order,) = [one for one in night.sandbox.records("Order") if one["ref"] == first.key]
    odd = [{"name": "ship_date", "type": "STRING", "value": "24.9.2025"}]
    night.system.client().execute(UPDATE_ORDER, {"input": {"id": order["id"], "attributes": odd}})
    applied = planned_and_applied(night)
    assert "says something else than a release does" in night.plan.unclear[first.reservation_id]
    assert applied.crossed.keys() == {first.reservation_id}
    require_safe(night, night.on_hand)
    assert night.statuses()[first.reservation_id] == first.before.name


@modes
def test_an_order_that_says_nonsense_takes_its_units_all_the_same(mode: Mode) -> None:
    later = [hold(number, quantity=1, requested=NEXT, assigned=NEXT) for number in range(20, 30)]
    book = [*(hold(number, quantity=1) for number in range(1, 20)), *later]
    night = Night(Uniqueness.ENFORCED, book=book, on_hand=19, mode=mode)
    night.apply()
    odd = [{"name": "ship_date", "type": "STRING", "value": "24.9.2025"}]
    for order in night.sandbox.records("Order")[:5]:
        night.system.client().execute(UPDATE_ORDER, {"input": {"id": order["id"], "attributes": odd}})
    night.clock.sleep(timedelta(days=7).total_seconds())
    planned_and_applied(night, NEXT)
    assert night.units() == 19


def test_who_is_short_waits_where_an_order_was_rejected_and_its_units_are_left() -> None:
    night = Night(Uniqueness.ENFORCED, book=[hold(n, quantity=1) for n in range(1, 31)], on_hand=28, policy=Policy())
    refused = night.plan.effects[20].reservation_id

    class Refuses(FluentWrites):
        def submit(self, order: ReleaseOrder) -> Outcome:
            if order.reservation_id == refused:
                return Rejected("C0020E", "a permission is missing")
            return super().submit(order)

    applied = night.apply(kind=Refuses)
    assert applied.is_wrong
    assert len(applied.skipped) == 2
    assert all(f"the order of {refused} was rejected" in reason for reason in applied.skipped.values())
    assert Counter(night.statuses().values()) == {"ALLOCATED": 27, "CONFIRMED": 3}
    # Who cancels meanwhile leaves the unit to the next.
    change(night, refused, status=Status.CANCELLED)
    planned_and_applied(night)
    assert Counter(night.statuses().values()) == {"ALLOCATED": 28, "CANCELLED": 2}


def test_a_refusal_names_the_holds_that_are_in_the_way() -> None:
    night = Night(Uniqueness.ENFORCED)
    with pytest.raises(SettingError, match=r"holds are of earlier dates, such as RES-O-1-1 of 2025-09-22"):
        plan_for(night, NEXT)


def test_what_contradicts_itself_is_told_by_every_plan_and_apply() -> None:
    night = dead(Uniqueness.ENFORCED)
    first = night.plan.effects[0]
    night.apply()
    change(night, first.reservation_id, status=Status.CANCELLED)
    night.plan = plan_for(night, NEXT)
    assert night.plan.crossed == {first.reservation_id: "is CANCELLED, and order 1 stands"}
    applied = night.apply()
    assert applied.crossed == night.plan.crossed
    assert applied.is_wrong


def test_a_hold_of_another_customer_than_its_order_waits_for_a_person() -> None:
    night = dead(Uniqueness.ENFORCED)
    first = night.plan.effects[0]
    change(night, first.reservation_id, customer="ben")
    planned_and_applied(night)
    assert "of another customer than its hold" in night.plan.unclear[first.reservation_id]
    assert night.statuses()[first.reservation_id] == first.before.name


@both
def test_an_order_that_lands_for_a_hold_that_is_anothers_by_then_makes_the_plan_stale(uniqueness: Uniqueness) -> None:
    night = small(uniqueness)
    first = night.plan.effects[0]
    night.die_while_an_order_lands(5)
    night.unlock()
    change(night, first.reservation_id, customer="ben")
    night.plan = night.make_plan()
    with pytest.raises(StalePlan, match="has its key, and is not what the plan would send"):
        night.apply()
    planned_and_applied(night)
    assert "of another customer than its hold" in night.plan.unclear[first.reservation_id]
    require_safe(night, night.on_hand)


def test_two_orders_of_a_closed_hold_are_told() -> None:
    night = Night(Uniqueness.NONE)
    night.apply()
    first = night.plan.effects[0]
    assert first.order is not None
    night.system.adapter().submit(first.order)
    reads = FluentReads(night.system.client(FluentReader), night.uniqueness)
    plan = make_plan(reads, LAUNCH, night.policy, night.clock(), "expire")
    assert plan.crossed.keys() == {first.reservation_id}
    assert plan.crossed[first.reservation_id].startswith("is ALLOCATED, and order 1 and ")


@pytest.mark.parametrize(("changed", "is_crossed"), [({"tier": "STANDARD"}, False), ({"quantity": 1}, True)])
def test_what_a_clerk_puts_right_between_order_and_hold_stays_so(changed: dict[str, Any], is_crossed: bool) -> None:
    night = Night(Uniqueness.ENFORCED)
    name = night.plan.effects[0].reservation_id
    done: list[int] = []

    def meanwhile(number: int, _total: int) -> None:
        if not done:
            done.append(number)
            change(night, name, **changed)

    applied = night.apply(advance=meanwhile)
    (now,) = night.system.adapter().holds_named([name])
    assert {key: getattr(now, key) for key in changed} == changed
    assert (now.status is Status.ALLOCATED, name in applied.crossed) == (not is_crossed, is_crossed)
    assert applied.is_wrong == is_crossed


def test_orders_that_are_not_seen_yet_are_looked_for_though_somebody_wants_to_stop() -> None:
    night = small()
    night.sandbox.faults = parse_faults("slow-read=1:5-6s")
    seen: list[int] = []
    applied = night.apply(
        brakes=Brakes(concurrency=2, canary=0, error_share_max=1.0),
        advance=lambda done, _: seen.append(done),
        should_stop=lambda: "interrupted" if seen else "",
    )
    assert applied.stopped == "interrupted"
    assert not applied.counts["missing"]
    assert applied.counts["matched"] == applied.sent
