"""A plan is what the rules decide from what the system says, and it is made by reading alone."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocation import AllocationEngine, load_scenario, simulate
from allocation.engine.codes import Status
from allocation.engine.errors import SettingError
from allocation.engine.policy import Policy, Release
from allocation.live.open_book import holds_of, open_book, supply_of
from allocation.live.plan import digest_of, plain_effect, totals
from allocation.live.planning import decide, make_plan
from allocation.oms.port import Hold, PoolSupply, Uniqueness
from tests.oms.conformance import hold
from tests.oms.test_port import InMemory

DUE = date(2025, 11, 15)
NIGHT = datetime(2025, 11, 15, 7, tzinfo=UTC)
SMALL = {
    "demand.total": 260,
    "supply.0.expected.0.quantity": 80,
    "supply.0.expected.1.quantity": 40,
    "supply.0.expected.2.quantity": 40,
    "demand.purchases": {"choices": {0: 1, 3: 1}},
    "policy.scoring.previous_purchase": 2,
}


class ReadOnly:
    """Nothing but the questions of an adapter."""

    def __init__(self, system: InMemory) -> None:
        adapter = system.adapter()
        self.account = adapter.account
        for name in ("supply", "holds", "holds_named", "orders", "orders_since", "known_customers", "uniqueness"):
            setattr(self, name, getattr(adapter, name))


def launch_before_the_release(seed: int = 3) -> tuple[AllocationEngine, Policy]:
    scenario = load_scenario("console-realistic", SMALL)
    engine = AllocationEngine(scenario.policy)
    for command in simulate(scenario, seed).tape():
        if command["at"] < NIGHT.isoformat():
            engine.apply(command)
    return engine, scenario.policy


def system_of(engine: AllocationEngine, uniqueness: Uniqueness = Uniqueness.ENFORCED) -> InMemory:
    system = InMemory(uniqueness)
    for pool in supply_of(engine):
        system.set_supply(pool)
    adapter = system.adapter()
    customers = {engine.order_id(row): "alice" for row in range(len(engine.register.orders))}
    for one in holds_of(engine, customers):
        adapter.write_holds([one])
    return system


@settings(max_examples=8)
@given(seed=st.integers(0, 1000))
def test_a_plan_is_the_release_that_the_rules_would_make_there_and_then(seed: int) -> None:
    engine, policy = launch_before_the_release(seed)
    plan = make_plan(ReadOnly(system_of(engine)), "console", policy, NIGHT, "release", DUE)
    decided = engine.release(NIGHT, DUE)
    rows = engine.book.used("reservations")
    touched = dict.fromkeys(d.reservation_id for d in decided if d.reservation_id)
    after = {name: Status(int(rows[engine.register.reservation(name, engine.book)]["status"])) for name in touched}
    planned = {effect.reservation_id: effect.hold.status for effect in plan.effects}
    assert planned.items() <= after.items()
    # What is touched and not planned ends where it was.
    assert all(after[name] is not Status.ALLOCATED for name in touched if name not in planned)
    allocated = [d.reservation_id for d in decided if d.after == "ALLOCATED"]
    assert [effect.reservation_id for effect in plan.effects if effect.order is not None] == allocated
    assert allocated


def test_the_same_book_gives_the_same_plan_and_the_recorded_tape_decides_the_same() -> None:
    engine, policy = launch_before_the_release()
    plans = [make_plan(ReadOnly(system_of(engine)), "console", policy, NIGHT, "release", DUE) for _ in range(2)]
    first, second = (plan.as_plain() for plan in plans)
    assert first == second
    again, decided = decide(json.loads(json.dumps(first["tape"])), policy)
    ended = {d.reservation_id for d in decided if d.after in {"ALLOCATED", "CANCELLED", "EXPIRED"}}
    assert ended == {
        e.reservation_id for e in plans[0].effects if e.hold.status.name in {"ALLOCATED", "CANCELLED", "EXPIRED"}
    }
    assert again.played == len(first["tape"])


def test_a_digest_covers_everything() -> None:
    engine, policy = launch_before_the_release()
    plain = make_plan(ReadOnly(system_of(engine)), "console", policy, NIGHT, "release", DUE).as_plain()
    digest = plain.pop("digest")
    assert digest_of(plain) == digest
    assert digest_of({**plain, "launch": "another"}) != digest
    assert json.loads(json.dumps(plain)) == plain


def test_keys_belong_to_account_launch_and_action() -> None:
    engine, policy = launch_before_the_release()
    system = ReadOnly(system_of(engine))
    keys = [{e.key for e in make_plan(system, name, policy, NIGHT, "release", DUE).effects} for name in ("a", "b")]
    assert not keys[0] & keys[1]
    plan = make_plan(system, "a", policy, NIGHT, "release", DUE)
    assert len({e.key for e in plan.effects}) == len(plan.effects)


def small_system(*holds: Hold, on_hand: int = 3) -> InMemory:
    system = InMemory(Uniqueness.NONE)
    system.set_supply(PoolSupply("PHONE", "DC", on_hand))
    for one in holds:
        system.adapter().write_holds([one])
    return system


def release(system: InMemory, policy: Policy | None = None) -> Any:
    at = datetime(2025, 9, 22, 6, tzinfo=UTC)
    return make_plan(ReadOnly(system), "launch", policy or Policy(), at, "release", date(2025, 9, 22))


def test_who_gets_what_and_why() -> None:
    plan = release(
        small_system(
            hold(1, tier="STANDARD"),
            hold(2),
            hold(3, tier="STANDARD", quantity=1),
            hold(4, status=Status.RESERVED, paid=False, expires_at=datetime(2025, 9, 23, tzinfo=UTC)),
        )
    )
    found = {e.reservation_id: (e.hold.status.name, e.reason) for e in plan.effects}
    assert found == {
        "RES-O-2-1": ("ALLOCATED", "released"),
        "RES-O-3-1": ("ALLOCATED", "released"),
        "RES-O-1-1": ("CANCELLED", "oversold"),
        "RES-O-4-1": ("EXPIRED", "unpaid"),
    }
    assert [e.order is not None for e in plan.effects] == [True, True, False, False]
    assert plan.effects[0].order.quantity == 2
    assert plan.alert
    assert totals(plan.effects)[0]["units"] > 0
    assert plain_effect(plan.effects[0])["hold"]["status"] == "ALLOCATED"


def test_warnings_say_what_a_person_should_look_at() -> None:
    plan = release(small_system(hold(1, customer="nobody"), hold(2, tier="STANDARD"), on_hand=2))
    text = "\n".join(plan.warnings)
    for words in ("broken", "not known, such as nobody", "second order of one key"):
        assert words in text


def test_no_alert_without_a_broken_promise() -> None:
    plan = release(small_system(hold(1)), replace(Policy(), release=Release()))
    assert not plan.alert
    assert [e.hold.status for e in plan.effects] == [Status.ALLOCATED]


@pytest.mark.parametrize(
    ("holds", "words"),
    [
        ([hold(1), hold(2, arrival=1)], ["arrival number", "1"]),
        ([hold(1, location="MOON")], ["no supply of PHONE at MOON"]),
        ([hold(1, assigned=None)], ["without a date"]),
        ([hold(1, tier="GOLD")], ["RES-O-1-1", "tier"]),
        ([hold(1), hold(2, location="MOON"), hold(3, assigned=None)], ["MOON", "without a date", "2 problems"]),
    ],
)
def test_a_book_that_contradicts_itself_is_refused_with_everything_that_is_wrong(
    holds: list[Hold], words: list[str]
) -> None:
    with pytest.raises(SettingError) as raised:
        release(small_system(*holds))
    for word in words:
        assert word in str(raised.value)


@pytest.mark.parametrize(
    ("action", "day", "words"), [("release", None, "needs a ship date"), ("expire", DUE, "takes no ship date")]
)
def test_an_action_has_a_date_or_not(action: Any, day: date | None, words: str) -> None:
    with pytest.raises(SettingError, match=words):
        make_plan(ReadOnly(small_system(hold(1))), "launch", Policy(), NIGHT, action, day)


def test_a_release_with_nothing_to_do_is_refused_with_its_reason() -> None:
    with pytest.raises(SettingError, match="no pool is left"):
        make_plan(ReadOnly(small_system(hold(1))), "launch", Policy(), NIGHT, "release", date(2025, 12, 24))


def test_confirm_and_expire_are_planned_too() -> None:
    reserved = hold(1, status=Status.RESERVED)
    late = hold(2, status=Status.RESERVED, paid=False, expires_at=datetime(2025, 9, 1, tzinfo=UTC))
    system = ReadOnly(small_system(reserved, late))
    at = datetime(2025, 9, 19, tzinfo=UTC)
    confirmed = make_plan(system, "launch", Policy(), at, "confirm", date(2025, 9, 22))
    assert [(e.reservation_id, e.hold.status.name) for e in confirmed.effects] == [("RES-O-1-1", "CONFIRMED")]
    expired = make_plan(system, "launch", Policy(), at, "expire")
    assert [(e.reservation_id, e.reason) for e in expired.effects] == [("RES-O-2-1", "unpaid")]
    assert all(e.order is None for e in (*confirmed.effects, *expired.effects))


def test_a_book_that_is_read_goes_on_as_the_one_that_was_written() -> None:
    engine, policy = launch_before_the_release()
    fresh = AllocationEngine(policy)
    for command in open_book(supply_of(engine), holds_of(engine, {}), NIGHT):
        assert not fresh.apply(command).refused
    assert holds_of(fresh, {}) == holds_of(engine, {})
    assert [(p.sku, p.on_hand) for p in supply_of(fresh)] == [(p.sku, p.on_hand) for p in supply_of(engine)]
