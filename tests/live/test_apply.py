"""What a live release guarantees, one guarantee after the other (the numbers are those of the guarantees)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from allocation.engine.codes import Status
from allocation.engine.errors import CheckFailed, LockHeld, OmsError, OmsUnavailable, ReadOnly, SettingError, StalePlan
from allocation.live.applying import Applier
from allocation.live.brakes import Around, Brakes
from allocation.live.checks import Units, require_priority
from allocation.live.journal import Journal
from allocation.live.planfile import read_plan
from allocation.live.planning import make_plan
from allocation.live.proving import probe_order, prove_uniqueness
from allocation.live.reconciling import Verdict
from allocation.live.sending import Sender
from allocation.live.states import State, standings
from allocation.oms.fluent import FluentReader
from allocation.oms.fluent.adapter import FluentReads, FluentWrites
from allocation.oms.fluent.queries import CREATE_ORDER
from allocation.oms.port import FoundOrder, Hold, Outcome, PoolSupply, Rejected, ReleaseOrder, Uniqueness, Unknown
from allocation.oms.sandbox import parse_faults
from tests.live.nights import DUE, LAUNCH, NEXT, WAITS, Night, Process, holds, text_of
from tests.oms.conformance import hold

VIP, LAST = "RES-O-3-1", "RES-O-12-1"
"""The first and the last who get units."""


@pytest.fixture
def night() -> Night:
    return Night(Uniqueness.ENFORCED)


def states(night: Night) -> dict[str, State]:
    return {key: known.state for key, known in standings(night.journal_of(Process()).entries()).items()}


def clerk_writes(night: Night, changed: Hold) -> None:
    night.system.adapter().write_holds([changed])


def of_book(night: Night, name: str) -> Hold:
    return next(one for one in night.book if one.reservation_id == name)


def row_of(applied: Any, name: str) -> Any:
    return next(row for row in applied.rows if row.reservation_id == name)


# ----- R1


def test_r1_a_plan_is_made_by_a_client_that_cannot_write(night: Night) -> None:
    client = night.system.client(FluentReader)
    reads = FluentReads(client)
    before = len(night.sandbox.ledger.commits)
    make_plan(reads, LAUNCH, night.policy, night.clock(), "expire")
    assert len(night.sandbox.ledger.commits) == before
    with pytest.raises(ReadOnly):
        client._gateway.write(CREATE_ORDER, {"input": {}})


# ----- R2


def test_r2_a_plan_is_read_back_as_it_was_made(night: Night, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(text_of(night.plan), encoding="utf-8")
    assert read_plan(path) == night.plan


@pytest.mark.parametrize("damage", ["launch", "tape", "effects", "policy"])
def test_r2_a_plan_that_was_edited_is_refused(night: Night, tmp_path: Path, damage: str) -> None:
    plain = json.loads(text_of(night.plan))
    plain[damage] = {"launch": "other", "tape": plain["tape"][:-1], "effects": plain["effects"][1:], "policy": {}}[
        damage
    ]
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plain), encoding="utf-8")
    with pytest.raises(SettingError, match="was changed since"):
        read_plan(path)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"schema_version": 1}', "\x00", '{"schema_version": 99}', "[" * 9999])
def test_r2_what_is_no_plan_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "plan.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingError, match=r"plan\.json"):
        read_plan(path)


def test_r2_other_rules_than_those_that_planned_are_refused(
    night: Night, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "plan.json"
    path.write_text(text_of(night.plan), encoding="utf-8")
    monkeypatch.setattr("allocation.live.planfile.sources_digest", lambda: "other")
    with pytest.raises(StalePlan, match="rules that are installed"):
        read_plan(path)


def test_r2_who_cancelled_since_is_left_out_and_the_units_stay(night: Night) -> None:
    clerk_writes(night, replace(of_book(night, VIP), status=Status.CANCELLED))
    applied = night.apply()
    assert applied.skipped == {VIP: "is CANCELLED since"}
    assert row_of(applied, VIP).verdict is Verdict.SKIPPED
    night.require_safe()
    assert night.by_reservation()[VIP] == 0
    assert night.statuses()[VIP] == "CANCELLED"
    planned = sum(effect.order.quantity for effect in night.plan.effects if effect.order)
    assert night.units() == planned - of_book(night, VIP).quantity


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        (VIP, {"quantity": 1}, "quantity was 3 and is 1"),
        (VIP, {"tier": "STANDARD"}, "tier was VIP and is STANDARD"),
        (VIP, {"assigned": NEXT}, "assigned was 2025-09-22"),
        ("RES-O-11-1", {"paid": True, "expires_at": None}, "paid was False and is True"),
        ("RES-O-15-1", {"requested": DUE, "assigned": DUE}, "RES-O-15-1: is new or changed, and outranks"),
    ],
)
def test_r2_what_changed_makes_the_plan_stale_and_nothing_is_sent(
    night: Night, name: str, change: dict[str, Any], words: str
) -> None:
    clerk_writes(night, replace(of_book(night, name), **change))
    with pytest.raises(StalePlan, match=words):
        night.apply()
    assert night.creations() == 0


def test_r2_less_supply_makes_the_plan_stale(night: Night) -> None:
    night.system.set_supply(PoolSupply("PHONE", "DC", 5))
    with pytest.raises(StalePlan, match="5 units are on hand, and the plan counted on 13"):
        night.apply()
    assert night.creations() == 0


def test_r2_more_supply_does_not(night: Night) -> None:
    night.system.set_supply(PoolSupply("PHONE", "DC", 50))
    night.apply()
    night.require_done()


def test_r2_somebody_new_who_outranks_makes_the_plan_stale_and_somebody_who_does_not_does_not(night: Night) -> None:
    clerk_writes(night, hold(50, tier="STANDARD", quantity=2))
    night.apply()
    night.require_done()
    other = Night(Uniqueness.ENFORCED)
    clerk_writes(other, hold(50, tier="VIP", quantity=2))
    with pytest.raises(StalePlan, match="RES-O-50-1: is new or changed, and outranks"):
        other.apply()
    assert other.creations() == 0


def test_r2_orders_are_sent_by_priority_whatever_it_stops_at(night: Night) -> None:
    night.apply(brakes=Brakes(concurrency=1, canary=0, orders_max=4))
    wanted = [effect.reservation_id for effect in night.plan.effects if effect.order is not None]
    assert list(night.by_reservation()) == wanted[:4]
    # Who gets nothing is told so only once everybody who gets something has been served.
    assert night.statuses()["RES-O-13-1"] == "QUEUED"
    night.apply()
    night.require_done()


def test_r2_an_untouched_hold_that_changes_does_not_matter(night: Night) -> None:
    clerk_writes(night, replace(of_book(night, "RES-O-15-1"), quantity=1))
    night.apply()
    night.require_done()


# ----- R3


def applier(night: Night, oms: Any = None, *, sole_writer: bool = False, plan: Any = None) -> Applier:
    around = Around(night.clock, night.clock.sleep)
    oms = oms or night.adapter(Process())
    journal = night.journal_of(Process())
    return Applier(oms, journal, plan or night.plan, "digest", around, waits=WAITS, sole_writer=sole_writer)


def test_r3_without_uniqueness_a_sole_writer_is_asked_for_by_name_and_written_down() -> None:
    night = Night(Uniqueness.NONE)
    with pytest.raises(SettingError, match="--sole-writer"):
        applier(night).run()
    assert night.creations() == 0
    night.apply()
    (begun,) = [entry for entry in night.journal_of(Process()).entries() if entry.kind == "PLAN"]
    assert begun.detail == {"uniqueness": "none", "sole_writer": True}


def test_r3_without_uniqueness_one_request_is_in_flight() -> None:
    night = Night(Uniqueness.NONE, concurrency=8)
    flying: list[int] = []

    class Watching(FluentWrites):
        now = 0

        def submit(self, order: ReleaseOrder) -> Outcome:
            self.now += 1
            flying.append(self.now)
            try:
                return super().submit(order)
            finally:
                self.now -= 1

    night.apply(kind=Watching)
    assert flying == [1] * 9


def test_r3_a_plan_for_another_account_is_refused(night: Night) -> None:
    with pytest.raises(SettingError, match="the plan is for account OTHER"):
        applier(night, plan=replace(night.plan, account="OTHER")).run()


@pytest.mark.parametrize("uniqueness", list(Uniqueness))
def test_r3_uniqueness_is_proved_by_trying(uniqueness: Uniqueness) -> None:
    night = Night(uniqueness)
    oms = night.system.adapter()
    order = probe_order(oms.account, "alice", "PHONE")
    for _ in range(2):
        assert prove_uniqueness(oms, order)[0] is uniqueness
    assert len(list(oms.orders([order.key]))) == (1 if uniqueness is Uniqueness.ENFORCED else 4)
    with pytest.raises(OmsError, match="nothing is proved"):
        prove_uniqueness(oms, probe_order(oms.account, "nobody", "PHONE"))


def test_r3_customers_who_are_not_known_are_named_and_the_rest_is_served(night: Night) -> None:
    book = [replace(one, customer="carla") if one.reservation_id == LAST else one for one in night.book]
    night = Night(Uniqueness.ENFORCED, book=book)
    applied = night.apply(brakes=Brakes(concurrency=1, error_share_max=1.0))
    assert applied.warnings == ("1 customers of orders are not known, such as carla",)
    assert row_of(applied, LAST).verdict is Verdict.REJECTED
    assert applied.counts["matched"] == 8
    # What was rejected is not sent again under this plan.
    assert night.apply().sent == 0


# ----- R4


def test_r4_a_second_applier_is_refused_and_told_who_is_at_it(night: Night) -> None:
    seen = []

    def second(_done: int, _total: int) -> None:
        with pytest.raises(LockHeld, match=r"anna on desk, process 1, since 2025-09-22.*live unlock"):
            night.apply()
        seen.append(1)

    night.apply(advance=second)
    assert seen
    night.require_done()


def test_r4_who_was_unlocked_while_still_running_sends_nothing_more(night: Night) -> None:
    def unlocked(_done: int, _total: int) -> None:
        night.unlock()

    with pytest.raises(LockHeld, match="taken away"):
        night.apply(advance=unlocked, brakes=Brakes(concurrency=1, canary=2))
    assert night.creations() == 2
    night.apply()
    night.require_done()


# ----- R5


def test_r5_applying_a_finished_plan_again_sends_nothing(night: Night) -> None:
    night.apply()
    commits = len(night.sandbox.ledger.commits)
    applied = night.apply()
    assert applied.sent == 0
    assert applied.counts["matched"] == 9
    assert len(night.sandbox.ledger.commits) == commits


# ----- R6


def test_r6_intents_of_one_group_share_a_commit_and_come_before_the_request(night: Night) -> None:
    commits: list[list[str]] = []

    class Watching(Journal):
        def append(self, entries: Any) -> None:
            commits.append([entry.kind for entry in entries])
            super().append(entries)

    journal = Watching(":memory:", night.plan.account, LAUNCH)
    around = Around(night.clock, night.clock.sleep)
    made = []

    class Counting(FluentWrites):
        def submit(self, order: ReleaseOrder) -> Outcome:
            intents = sum(kinds.count("INTENT") for kinds in commits)
            made.append(order.key)
            assert intents >= len(made)
            return super().submit(order)

    oms = night.adapter(Process(), Counting)
    with journal.locked("anna", "desk", 1, night.clock(), "digest"):
        Applier(oms, journal, night.plan, "digest", around, Brakes(concurrency=1, canary=4), WAITS).run()
    assert [kinds.count("INTENT") for kinds in commits if "INTENT" in kinds] == [4, 4, 1]
    journal.close()


# ----- R7


def test_r7_more_units_than_were_received_stop_before_the_next_request(night: Night) -> None:
    short = [dict(c) | ({"on_hand": 4} if c["type"] == "supply" else {}) for c in night.plan.tape]
    with pytest.raises(CheckFailed, match="4 were received"):
        applier(night, plan=replace(night.plan, tape=tuple(short))).run()
    assert night.units() <= 4


def test_r7_units_are_counted_once_an_order_and_given_back() -> None:
    units = Units({("PHONE", "DC"): 2})
    order = ReleaseOrder("K", "R", "alice", "PHONE", "DC", 2, "VIP", NEXT)
    units.give(order)
    units.give(order)
    with pytest.raises(CheckFailed, match="2 were received"):
        units.give(replace(order, key="K2"))
    units.take_back("K")
    units.give(replace(order, key="K2"))
    assert units.given() == {("PHONE", "DC"): 2}


def test_r7_nobody_is_sent_before_somebody_who_comes_first() -> None:
    assert require_priority(3, [4, 5]) == 5
    with pytest.raises(CheckFailed, match="order 4 of the plan would be sent after order 5"):
        require_priority(3, [5, 4])


def test_r7_a_plan_out_of_order_stops_before_anybody_is_passed_over(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = Sender.send
    monkeypatch.setattr(Sender, "send", lambda self, effects, total: send(self, effects[::-1], total))
    with pytest.raises(CheckFailed, match="which it comes before"):
        night.apply()
    assert night.creations() == 0


def test_r7_two_orders_of_one_key_stop_everything() -> None:
    night = Night(Uniqueness.NONE)
    order = night.plan.effects[0].order
    assert order is not None
    for _ in range(2):
        night.system.adapter().submit(order)
    with pytest.raises(CheckFailed, match="2 orders stand"):
        night.apply()
    assert night.creations() == 2


# ----- R8


def test_r8_so_many_orders_at_most(night: Night) -> None:
    assert night.apply(brakes=Brakes(concurrency=1, canary=0, orders_max=2)).counts["open"] == 7
    night.apply()
    night.require_done()


def test_r8_a_canary_that_fails_stops_the_rest() -> None:
    night = Night(Uniqueness.ENFORCED, book=[replace(one, customer="carla") for one in hold_book()])
    applied = night.apply(brakes=Brakes(concurrency=1, canary=2))
    assert applied.sent == 2
    assert applied.stopped.startswith("canary: RES-O-3-1")
    assert "REJECTED" in applied.stopped
    assert night.statuses()["RES-O-13-1"] == "QUEUED"


def hold_book() -> list[Hold]:
    return Night(Uniqueness.ENFORCED).book


def test_r8_too_many_errors_stop_the_rest() -> None:
    night = Night(Uniqueness.ENFORCED, book=[replace(one, customer="carla") for one in hold_book()])
    applied = night.apply(brakes=Brakes(concurrency=1, canary=0, error_share_from=4))
    assert applied.sent == 4
    assert "4 of 4 orders are rejected or unknown, more than 5%" in applied.stopped


def test_r8_asked_to_stop_it_waits_for_what_was_sent_and_stops(night: Night) -> None:
    done: list[int] = []

    def reason() -> str:
        return "interrupted" if done else ""

    brakes = Brakes(concurrency=1, canary=3)
    applied = night.apply(brakes=brakes, should_stop=reason, advance=lambda n, _: done.append(n))
    assert applied.stopped == "interrupted"
    assert applied.sent == 3
    assert set(states(night).values()) == {State.CONFIRMED}
    night.apply()
    night.require_done()


def test_r8_a_system_that_cannot_be_reached_stops_it(night: Night) -> None:
    class Unreachable(FluentWrites):
        def submit(self, order: ReleaseOrder) -> Outcome:
            night.sandbox.faults = parse_faults("refused=1")
            try:
                return super().submit(order)
            finally:
                night.sandbox.faults = parse_faults("")

    applied = night.apply(kind=Unreachable, brakes=Brakes(concurrency=1, canary=1))
    assert "cannot be reached" in applied.stopped
    assert night.creations() == 0
    night.apply()
    night.require_done()


# ----- R9


def test_r9_every_row_says_what_it_is_and_why(night: Night) -> None:
    night.apply()
    orders = night.sandbox.records("Order")
    night.system.cancel(orders[0]["id"])
    oms = night.system.adapter()
    second = next(effect.order for effect in night.plan.effects[1:] if effect.order)
    oms.submit(replace(second, key="SOMEBODY-ELSE"))
    applied = applier(night).look()
    rows = {row.verdict: row for row in applied.rows}
    assert rows[Verdict.CANCELLED].reservation_id == VIP
    assert "is CANCELLED now" in rows[Verdict.CANCELLED].reason
    assert rows[Verdict.FOREIGN].key == "SOMEBODY-ELSE"
    assert rows[Verdict.FOREIGN].reservation_id == second.reservation_id
    assert applied.counts["matched"] == 8
    assert applied.is_wrong


def test_r9_an_order_of_the_journal_that_is_not_there_is_missing_and_not_sent_again(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    night.apply()
    gone = night.plan.effects[0].key
    with_orders(monkeypatch, lambda one: None if one.key == gone else one)
    applied = night.apply()
    assert row_of(applied, VIP).verdict is Verdict.MISSING
    assert applied.sent == 0
    assert applied.is_wrong


def test_r9_who_was_served_by_somebody_else_since_is_left_out(night: Night) -> None:
    order = night.plan.effects[0].order
    assert order is not None
    night.system.adapter().submit(replace(order, key="SOMEBODY-ELSE"))
    applied = night.apply()
    assert applied.skipped == {VIP: "order SOMEBODY-ELSE was made for it since"}
    assert night.by_reservation()[VIP] == 1
    assert applied.is_wrong


# ----- O1


def test_o1_keys_are_found_again_after_the_journal_is_lost(night: Night) -> None:
    night.apply()
    night.lose_the_journal()
    applied = night.apply()
    assert applied.sent == 0
    assert applied.counts["matched"] == 9
    assert set(states(night).values()) == {State.CONFIRMED}


def test_o1_another_payload_under_an_old_key_is_an_error(night: Night) -> None:
    night.apply()
    first = night.plan.effects[0]
    assert first.order is not None
    changed = replace(first, order=replace(first.order, quantity=1))
    other = replace(night.plan, effects=(changed, *night.plan.effects[1:]))
    with pytest.raises(StalePlan, match="has its key, and is not what the plan would send"):
        applier(night, plan=other).run()
    night.lose_the_journal()
    with pytest.raises(StalePlan, match="has its key, and is not what the plan would send"):
        applier(night, plan=other).run()


def with_orders(monkeypatch: pytest.MonkeyPatch, change: Callable[[FoundOrder], FoundOrder | None]) -> None:
    """Orders that are looked up are changed, or are not there."""
    whole = FluentWrites.orders

    def orders(self: FluentWrites, keys: Sequence[str]) -> Iterator[FoundOrder]:
        yield from (changed for one in whole(self, keys) if (changed := change(one)) is not None)

    monkeypatch.setattr(FluentWrites, "orders", orders)


def test_o1_another_payload_is_an_error_where_the_first_cannot_be_seen(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    night.apply()
    first = night.plan.effects[0]
    assert first.order is not None
    changed = replace(first, order=replace(first.order, quantity=1))
    with_orders(monkeypatch, lambda one: None if one.key == first.key else one)
    with pytest.raises(CheckFailed, match="made under keys of this plan with another content"):
        applier(night, plan=replace(night.plan, effects=(changed, *night.plan.effects[1:]))).run()


def test_o1_an_order_that_was_changed_by_hand_is_an_error(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    night.apply()
    first = night.plan.effects[0]
    assert first.order is not None
    more = replace(first.order, quantity=first.order.quantity + 1)
    with_orders(monkeypatch, lambda one: replace(one, order=more) if one.key == first.key else one)
    with pytest.raises(CheckFailed, match="is not what this plan would send"):
        night.apply()


# ----- O4


@pytest.mark.parametrize("uniqueness", list(Uniqueness))
def test_o4_what_stays_unknown_is_left_so_and_the_rest_is_finished(uniqueness: Uniqueness) -> None:
    night = Night(uniqueness)

    class Doubtful(FluentWrites):
        def submit(self, order: ReleaseOrder) -> Outcome:
            return Unknown("no answer") if order.reservation_id == LAST else super().submit(order)

    applied = night.apply(kind=Doubtful)
    assert row_of(applied, LAST).verdict is Verdict.UNKNOWN
    assert applied.has_unknown
    assert applied.counts["matched"] == 8
    assert night.statuses()[LAST] == "QUEUED"
    assert night.statuses()["RES-O-13-1"] == "CANCELLED"
    night.apply()
    night.require_done()


def test_o4_without_uniqueness_it_waits_for_as_long_as_anything_can_land() -> None:
    night = Night(Uniqueness.NONE)
    slept: list[float] = []
    plain = night.clock.sleep
    night.clock.sleep = lambda seconds: (slept.append(seconds), plain(seconds))[1]  # type: ignore[func-returns-value]

    class LosesOne(FluentWrites):
        lost = False

        def submit(self, order: ReleaseOrder) -> Outcome:
            outcome = super().submit(order)
            if LosesOne.lost:
                return outcome
            LosesOne.lost = True
            return Unknown("no answer")

    night.apply(kind=LosesOne)
    night.require_done()
    assert slept.count(WAITS.quiescence_s) == 2  # there was no journal, and then there was doubt
    assert WAITS.quiescence_s == 72


def test_no_address_of_a_customer_gets_into_the_journal(night: Night) -> None:
    class Talkative(FluentWrites):
        def submit(self, order: ReleaseOrder) -> Outcome:
            return Rejected("C0140E", f"customer jane.roe@example.com of {order.key} is blocked")

    applied = night.apply(kind=Talkative, brakes=Brakes(concurrency=1, canary=0, error_share_max=1.0))
    text = "".join(entry.content() for entry in night.journal_of(Process()).entries())
    assert "***@*** of RES-O-3-1" in text
    assert "jane" not in text
    assert "jane" not in str(applied)


def test_a_later_plan_of_the_same_launch_goes_on(night: Night) -> None:
    night.apply()
    night.clock.sleep(timedelta(days=7).total_seconds())
    night.system.set_supply(PoolSupply("PHONE", "DC", 13 + 20))
    reads = FluentReads(night.system.client(FluentReader), Uniqueness.ENFORCED)
    night.plan = make_plan(reads, LAUNCH, night.policy, night.clock(), "release", NEXT)
    keys = {effect.key for effect in night.plan.effects}
    before = set(states(night))
    assert not keys & before
    assert {effect.reservation_id for effect in night.plan.effects} >= {"RES-O-8-1", "RES-O-10-1", "RES-O-15-1"}
    assert night.apply().counts["matched"] == len(night.plan.effects)


def test_orders_are_sent_no_faster_than_asked(night: Night) -> None:
    began = night.clock()
    night.apply(brakes=Brakes(concurrency=1, canary=0, orders_per_s_max=0.5))
    assert night.clock() - began >= timedelta(seconds=18)
    night.require_done()


@pytest.mark.parametrize("action", ["confirm", "expire"])
def test_confirming_and_expiring_are_applied_as_releases_are_and_need_no_sole_writer(action: Any) -> None:
    late = hold(2, status=Status.RESERVED, paid=False, expires_at=datetime(2025, 9, 1, tzinfo=UTC))
    night = Night(Uniqueness.NONE, book=[hold(1, status=Status.RESERVED), late])
    reads = FluentReads(night.system.client(FluentReader))
    day = DUE if action == "confirm" else None
    plan = make_plan(reads, LAUNCH, night.policy, night.clock(), action, day)
    applied = applier(night, plan=plan).run()
    assert applied.rows == ()
    assert not applied.has_unknown
    changed = {"confirm": {"RES-O-1-1": "CONFIRMED"}, "expire": {"RES-O-2-1": "EXPIRED"}}[action]
    assert night.statuses() == {"RES-O-1-1": "RESERVED", "RES-O-2-1": "RESERVED"} | changed
    assert night.creations() == 0


def test_a_new_plan_after_half_an_apply_gives_out_what_is_left(night: Night) -> None:
    night.apply(brakes=Brakes(concurrency=1, canary=0, orders_max=4))
    given = night.units()
    clerk_writes(night, replace(of_book(night, LAST), status=Status.CANCELLED))
    night.plan = night.make_plan()
    applied = night.apply()
    assert applied.sent > 0
    assert given < night.units() <= night.on_hand
    assert max(night.by_reservation().values()) == 1


# ----- customers who cancel while it goes on


class CustomersMeanwhile(FluentWrites):
    """Before an order is sent, or once it is there and its hold is not written, somebody does something."""

    before: dict[str, Callable[[], object]]
    after: dict[str, Callable[[], object]]

    def holds_named(self, reservation_ids: Sequence[str]) -> Iterator[Hold]:
        for name in self.before.keys() & reservation_ids:
            self.before.pop(name)()
        return super().holds_named(reservation_ids)

    def submit(self, order: ReleaseOrder) -> Outcome:
        made = super().submit(order)
        self.after.pop(order.reservation_id, int)()
        return made


def meanwhile(before: dict[str, Callable[[], object]], after: dict[str, Callable[[], object]]) -> type[FluentWrites]:
    return type("Meanwhile", (CustomersMeanwhile,), {"before": before, "after": after})


@pytest.mark.parametrize("uniqueness", list(Uniqueness))
@pytest.mark.parametrize("change", [{"status": Status.CANCELLED}, {"quantity": 1}])
def test_who_cancels_or_changes_while_orders_are_sent_gets_none(
    uniqueness: Uniqueness, change: dict[str, object]
) -> None:
    night = Night(uniqueness)
    *_, last = [effect for effect in night.plan.effects if effect.order is not None and effect.hold.quantity > 1]
    name = last.reservation_id
    changed = replace(of_book(night, name), **change)
    applied = night.apply(kind=meanwhile({name: lambda: clerk_writes(night, changed)}, {}))
    assert night.by_reservation()[name] == 0
    assert night.statuses()[name] == changed.status.name
    assert name in applied.skipped
    assert row_of(applied, name).verdict is Verdict.SKIPPED
    # The rest is done, those who get nothing too.
    others = {effect.reservation_id: effect.hold.status.name for effect in night.plan.effects}
    del others[name]
    assert {one: night.statuses()[one] for one in others} == others
    assert not applied.crossed
    assert not applied.stopped


def test_who_cancels_once_the_order_is_there_is_told_and_the_hold_stays_so() -> None:
    night = Night(Uniqueness.ENFORCED)
    name = night.plan.effects[1].reservation_id
    cancelled = replace(of_book(night, name), status=Status.CANCELLED)
    applied = night.apply(kind=meanwhile({}, {name: lambda: clerk_writes(night, cancelled)}))
    assert applied.crossed == {name: "is CANCELLED, and its order stands"}
    assert applied.is_wrong
    assert night.statuses()[name] == "CANCELLED"
    assert night.by_reservation()[name] == 1
    # It is told until the order is cancelled.
    assert night.apply().crossed == applied.crossed
    (order,) = [one for one in night.sandbox.records("Order") if one["ref"] == night.plan.effects[1].key]
    night.system.cancel(order["id"])
    again = night.apply()
    assert not again.crossed
    assert not again.is_wrong
    assert night.statuses()[name] == "CANCELLED"


def test_who_was_to_get_nothing_and_cancels_meanwhile_stays_cancelled() -> None:
    night = Night(Uniqueness.ENFORCED)
    name = next(effect.reservation_id for effect in night.plan.effects if effect.order is None)
    assert night.statuses()[name] != "CANCELLED"
    cancelled = replace(of_book(night, name), status=Status.CANCELLED)
    applied = night.apply(
        kind=meanwhile({}, {night.plan.effects[0].reservation_id: lambda: clerk_writes(night, cancelled)})
    )
    assert night.statuses()[name] == "CANCELLED"
    assert not applied.is_wrong
    assert not applied.holds_left


def test_an_apply_that_cannot_read_the_holds_stops_and_goes_on_later() -> None:
    class CannotRead(FluentWrites):
        def holds_named(self, reservation_ids: Sequence[str]) -> Iterator[Hold]:
            if reservation_ids:
                raise OmsUnavailable("nobody answers")
            return iter(())

    night = Night(Uniqueness.ENFORCED)
    applied = night.apply(kind=CannotRead)
    assert applied.unreachable
    assert applied.stopped.startswith("the holds cannot be read: nobody answers")
    assert applied.sent == 0
    night.apply()
    night.require_done()


def test_who_pays_while_orders_are_sent_is_not_expired() -> None:
    night = Night(Uniqueness.ENFORCED)
    unpaid = next(effect for effect in night.plan.effects if effect.hold.status is Status.EXPIRED)
    paid = replace(of_book(night, unpaid.reservation_id), paid=True, expires_at=None)
    first = night.plan.effects[0].reservation_id
    applied = night.apply(kind=meanwhile({}, {first: lambda: clerk_writes(night, paid)}))
    (now,) = night.system.adapter().holds_named([unpaid.reservation_id])
    assert now == paid
    assert applied.skipped[unpaid.reservation_id].startswith("paid was False and is True")
    assert not applied.is_wrong


@pytest.mark.parametrize("before", [Status.RESERVED, Status.CONFIRMED])
def test_a_hold_that_is_changed_while_it_is_to_be_rolled_over_stays_so(before: Status) -> None:
    book = [replace(one, status=before) if one.reservation_id == "RES-O-8-1" else one for one in holds()]
    night = Night(Uniqueness.ENFORCED, book=book)
    rolled = next(effect for effect in night.plan.effects if effect.reservation_id == "RES-O-8-1")
    assert (rolled.before, rolled.reason) == (before, "rolled_over")
    changed = replace(of_book(night, rolled.reservation_id), quantity=1)
    first = night.plan.effects[0].reservation_id
    applied = night.apply(kind=meanwhile({}, {first: lambda: clerk_writes(night, changed)}))
    (now,) = night.system.adapter().holds_named([rolled.reservation_id])
    assert now == changed
    assert applied.skipped[rolled.reservation_id] == "quantity was 2 and is 1"
