"""Refusals and repeats (sections 4 and 5): every reason at once, with the value and the rule, and nothing changed."""

from __future__ import annotations

from typing import Any

import pytest

from allocation.engine.codes import Refusal, Step
from allocation.engine.outcome import outcome
from tests.engine.comparing import engine_state
from tests.engine.launch import D15, D22, OPENING, PLACE, SKU, Launch

ORDER: dict[str, Any] = {
    "type": "place",
    "at": OPENING,
    "order_id": "O",
    "customer_id": "C",
    "ship_date": D15,
    "lines": [{"sku": SKU, "location": PLACE, "quantity": 1}],
}
LINE = ORDER["lines"][0]


def small() -> Launch:
    """Five units, orders of at most three, 7 to 60 days ahead."""
    launch = Launch({"overbooking": {"rate": 1}, "intake": {"max_quantity": 3, "max_days": 60}})
    launch.supply(5)
    return launch


def refused_with(launch: Launch, **change: Any) -> tuple[str, ...]:
    """The reasons for which an order is refused, which changes nothing."""
    before = outcome(launch.engine)
    command = {name: value for name, value in {**ORDER, **change}.items() if value != "leave out"}
    decisions = launch.engine.apply(command)
    after = outcome(launch.engine)
    assert decisions.refused
    assert len(decisions) == 1
    assert after["refused"][:-1] == before.pop("refused")
    assert {name: after[name] for name in before} == before
    return decisions.reasons


# --- place ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "texts"),
    [
        ({"order_id": "leave out"}, ["order_id", "missing"]),
        ({"order_id": ""}, ["order_id ''", "not empty"]),
        ({"order_id": 7}, ["order_id 7", "text"]),
        ({"customer_id": "leave out"}, ["customer_id", "missing"]),
        ({"customer_id": 7}, ["customer_id 7", "text"]),
        ({"ship_date": "leave out"}, ["ship_date", "missing"]),
        ({"ship_date": "2025-02-30"}, ["ship_date '2025-02-30'", "calendar date"]),
        ({"ship_date": "20251115"}, ["ship_date '20251115'", "calendar date"]),
        ({"lines": "leave out"}, ["lines", "missing"]),
        ({"lines": []}, ["lines", "at least one"]),
        ({"lines": "two"}, ["lines 'two'", "list"]),
        ({"lines": [7]}, ["lines", "7", "object"]),
        ({"lines": [{**LINE, "quantity": 0}]}, ["line 1: quantity 0", "from 1"]),
        ({"lines": [LINE, {**LINE, "quantity": -2}]}, ["line 2: quantity -2", "from 1"]),
        ({"lines": [{**LINE, "quantity": 1.0}]}, ["line 1: quantity 1.0", "whole number"]),
        ({"lines": [{**LINE, "quantity": True}]}, ["line 1: quantity True", "whole number"]),
        ({"lines": [{**LINE, "quantity": 10**9 + 1}]}, ["line 1: quantity 1000000001", "1000000000"]),
        ({"lines": [LINE, {**LINE, "quantity": 4}]}, ["line 2: quantity 4", "intake.max_quantity 3"]),
        ({"lines": [{**LINE, "sku": "PAD"}]}, ["pool", "does not exist"]),
        ({"tier": "NOBODY"}, ["tier", "no score"]),
        ({"payment": "CASH"}, ["payment 'CASH'", "AUTHORIZED, PENDING"]),
        ({"previous_purchases": -1}, ["previous_purchases -1", "from 0"]),
        ({"previous_purchases": 1.5}, ["previous_purchases 1.5", "whole number"]),
        ({"cart_value": -0.01}, ["cart_value -0.01", "from 0"]),
        ({"cart_value": "9.99"}, ["cart_value '9.99'", "number"]),
        ({"cart_value": float("nan")}, ["cart_value nan"]),
        ({"cart_value": float("inf")}, ["cart_value inf"]),
        ({"membership_years": -3}, ["membership_years -3", "from 0"]),
        ({"source": 7}, ["source 7", "text"]),
        ({"ship_date": "2025-10-07"}, ["6 days ahead", "intake.min_days is 7"]),
        ({"ship_date": "2025-12-01"}, ["61 days ahead", "intake.max_days is 60"]),
    ],
)
def test_order_is_refused_with_the_value_and_the_rule(change: dict[str, Any], texts: list[str]) -> None:
    launch = small()
    reasons = refused_with(launch, **change)
    assert len(reasons) == 1
    for text in texts:
        assert text in reasons[0]
    # Its id stays free.
    assert not launch.engine.apply(ORDER).refused
    assert launch.status("RES-O-1") == "RESERVED"


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"lines": [{"sku": SKU, "quantity": 1}]}, "line 1: location None must be a text"),
        ({"lines": [{**LINE, "sku": ""}]}, "line 1: sku '' must be a text"),
        ({"tier": 5}, "tier 5 must be a text"),
    ],
)
def test_pool_or_tier_that_cannot_be_read_is_named(change: dict[str, Any], text: str) -> None:
    assert text in refused_with(small(), **change)[0]


def test_order_is_refused_with_every_reason_at_once() -> None:
    launch = small()
    launch.now = "2025-11-10T00:00:00Z"
    launch.release(D15)
    bad = [{**LINE, "quantity": 9}, {**LINE, "quantity": 4}, {**LINE, "sku": "PAD"}]
    change = {"at": launch.now, "tier": "NOBODY", "lines": bad, "payment": "CASH", "customer_id": None}
    reasons = refused_with(launch, **change)
    wanted = ["customer_id None", "payment 'CASH'", "line 1: quantity 9", "line 2: quantity 4", "tier", "pool"]
    for text in [*wanted, "5 days ahead", "closed"]:
        assert sum(text in reason for reason in reasons) == 1, (text, reasons)
    assert len(reasons) == 8


@pytest.mark.parametrize(("day", "taken"), [("2025-10-07", False), ("2025-10-08", True)])
def test_first_day_of_intake_is_inclusive(day: str, taken: bool) -> None:
    assert small().engine.apply({**ORDER, "ship_date": day}).refused is not taken


@pytest.mark.parametrize(("day", "taken"), [("2025-11-30", True), ("2025-12-01", False)])
def test_last_day_of_intake_is_inclusive(day: str, taken: bool) -> None:
    assert small().engine.apply({**ORDER, "ship_date": day}).refused is not taken


@pytest.mark.parametrize(
    ("zone", "at", "taken"),
    [
        ("America/New_York", "2025-11-09T03:59:59.999Z", True),  # still the 8th there, 7 days before
        ("America/New_York", "2025-11-09T05:00:00Z", False),
        ("Asia/Tokyo", "2025-11-08T14:59:59.999Z", True),
        ("Asia/Tokyo", "2025-11-08T15:00:00Z", False),
        ("UTC", "2025-11-09T01:00:00+02:00", True),
        ("UTC", "2025-11-08T22:00:00-05:00", False),
    ],
)
def test_days_ahead_are_counted_in_the_time_zone_of_the_policy(zone: str, at: str, taken: bool) -> None:
    launch = Launch({"timezone": zone})
    launch.supply(5)
    assert launch.engine.apply({**ORDER, "at": at}).refused is not taken


def test_without_caps_any_quantity_and_any_day_ahead_is_taken() -> None:
    launch = Launch({"intake": {"max_quantity": None, "max_days": None, "min_days": 0}})
    launch.supply(5)
    line = {**LINE, "quantity": 10**9}
    assert not launch.engine.apply({**ORDER, "lines": [line], "ship_date": "2125-01-01"}).refused
    assert not launch.engine.apply({**ORDER, "order_id": "P", "ship_date": "2025-10-01"}).refused


# --- the same order again ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "same",
    [
        {},
        {"at": "2025-10-03T00:00:00Z"},
        {"tier": "STANDARD"},
        {"payment": "AUTHORIZED"},
        {"previous_purchases": 0, "cart_value": 0.0, "membership_years": 0},
        {"customer_email": "other@example.com"},
    ],
)
def test_identical_repeat_changes_nothing_and_is_not_refused(same: dict[str, Any]) -> None:
    launch = small()
    launch.engine.apply(ORDER)
    before = outcome(launch.engine)
    again = launch.engine.apply({**ORDER, **same})
    assert (len(again), again.refused) == (0, False)
    assert outcome(launch.engine) == before


def test_identical_repeat_compares_numbers_and_not_how_they_are_written() -> None:
    launch = small()
    launch.engine.apply({**ORDER, "cart_value": 100})
    assert not launch.engine.apply({**ORDER, "cart_value": 100.0}).refused
    assert launch.engine.apply({**ORDER, "cart_value": 100.01}).refused


def test_identical_repeat_is_one_of_the_order_as_placed() -> None:
    launch = small()
    pending = {**ORDER, "payment": "PENDING"}
    launch.engine.apply(pending)
    launch.engine.pay(launch.now, order_id="O")
    launch.engine.tier(launch.now, "VIP", order_id="O")
    launch.engine.cancel(launch.now, order_id="O")
    assert not launch.engine.apply(pending).refused
    assert launch.engine.apply(ORDER).refused


@pytest.mark.parametrize(
    "other",
    [
        {"customer_id": "D"},
        {"tier": "VIP"},
        {"payment": "PENDING"},
        {"ship_date": D22},
        {"source": "shop"},
        {"cart_value": 0.5},
        {"previous_purchases": 1},
        {"membership_years": 1},
        {"lines": [LINE, LINE]},
        {"lines": [{**LINE, "quantity": 2}]},
        {"lines": []},
        {"tier": "NOBODY"},
        {"cart_value": -1},
    ],
)
def test_repeat_with_other_content_is_a_conflict(other: dict[str, Any]) -> None:
    launch = small()
    launch.engine.apply(ORDER)
    reasons = refused_with(launch, **other)
    assert reasons == ("order_id O is taken by an order of other content",)


def test_repeat_with_lines_in_another_order_is_a_conflict() -> None:
    launch = small()
    launch.supply(5, sku="PAD")
    lines = [LINE, {**LINE, "sku": "PAD"}]
    launch.engine.apply({**ORDER, "lines": lines})
    assert launch.engine.apply({**ORDER, "lines": lines[::-1]}).refused
    assert not launch.engine.apply({**ORDER, "lines": lines}).refused


def test_accepted_order_whose_lines_were_rejected_is_still_known() -> None:
    launch = Launch({"queue": {"enabled": False}})
    launch.supply(0)
    launch.engine.apply(ORDER)
    assert launch.end_of("RES-O-1") == ("REJECTED", "insufficient_inventory")
    launch.supply(5)
    assert not launch.engine.apply(ORDER).refused
    assert launch.status("RES-O-1") == "REJECTED"
    assert launch.engine.apply({**ORDER, "tier": "VIP"}).refused


def test_place_with_the_order_id_of_an_adopted_reservation_is_refused() -> None:
    launch = small()
    adopt(launch)
    reasons = refused_with(launch, order_id="A")
    assert reasons == ("order_id A is taken by an order of other content",)


# --- the other commands -----------------------------------------------------------------------------------


def adopt(launch: Launch, **change: Any) -> Any:
    """Adopt a reservation, with some fields changed."""
    fields = {
        "sku": SKU,
        "location": PLACE,
        "reservation_id": "RES-A-1",
        "order_id": "A",
        "quantity": 1,
        "tier": "VIP",
        "arrival": 5,
        "requested": D15,
        "assigned": D15,
        "status": "RESERVED",
        "paid": True,
    }
    return launch.engine.adopt(launch.now, **{**fields, **change})


COMMANDS_WITHOUT_EFFECT: list[tuple[dict[str, Any], Refusal]] = [
    ({"type": "overbooking", "sku": "PAD", "location": PLACE, "rate": 1}, Refusal.POOL),
    ({"type": "confirm", "ship_date": D15, "sku": "PAD", "location": PLACE}, Refusal.POOL),
    ({"type": "release", "ship_date": D15, "sku": "PAD", "location": PLACE}, Refusal.POOL),
    ({"type": "confirm", "ship_date": "2025-10-20"}, Refusal.NO_POOL),
    ({"type": "release", "ship_date": "2025-10-20"}, Refusal.NO_POOL),
    ({"type": "pay", "order_id": "X"}, Refusal.UNKNOWN),
    ({"type": "pay", "reservation_id": "RES-HELD-2"}, Refusal.UNKNOWN),
    ({"type": "pay", "order_id": "HELD"}, Refusal.NO_TARGET),
    ({"type": "pay", "order_id": "ENDED"}, Refusal.NO_TARGET),
    ({"type": "cancel", "order_id": "X"}, Refusal.UNKNOWN),
    ({"type": "cancel", "order_id": "ENDED"}, Refusal.NO_TARGET),
    ({"type": "cancel", "order_id": "HELD", "only": "waiting"}, Refusal.NO_TARGET),
    ({"type": "cancel", "order_id": "HELD", "only": "confirmed"}, Refusal.NO_TARGET),
    ({"type": "tier", "order_id": "X", "tier": "VIP"}, Refusal.UNKNOWN),
    ({"type": "tier", "order_id": "HELD", "tier": "NOBODY"}, Refusal.TIER),
    ({"type": "tier", "order_id": "ENDED", "tier": "VIP"}, Refusal.NO_TARGET),
    ({"type": "dates", "confirmed": [D22]}, Refusal.LATE),
    ({"type": "dates", "confirmed": [], "released_until": D22}, Refusal.LATE),
]


@pytest.mark.parametrize(("command", "bit"), COMMANDS_WITHOUT_EFFECT)
def test_command_that_could_do_nothing_is_refused_and_changes_nothing(command: dict[str, Any], bit: Refusal) -> None:
    launch = small()
    launch.place(1, order_id="HELD")
    launch.place(1, order_id="ENDED", payment="PENDING")
    launch.engine.cancel(launch.now, order_id="ENDED")
    launch.release("2025-10-20")
    before, state = outcome(launch.engine), engine_state(launch.engine)
    decisions = launch.engine.apply({**command, "at": launch.now})
    assert decisions.refused
    assert int(decisions.rows[-1]["refused"]) == bit
    assert len(decisions.reasons) == 1
    after = outcome(launch.engine)
    assert after.pop("refused") == [*before.pop("refused"), launch.engine.played]
    assert (after, engine_state(launch.engine)) == (before, state)


def test_every_refusal_has_a_text() -> None:
    launch = small()
    texts = set()
    for bit in Refusal:
        if bit not in (Refusal.NONE, Refusal.MALFORMED, Refusal.CONFLICT, Refusal.QUANTITY):
            row = {"command": 0, "refused": bit, "step": Step.REFUSED}
            (text,) = launch.engine.decisions._explainer.reasons(row)
            texts.add(text)
    assert len(texts) == len(Refusal) - 4


def test_expire_that_finds_nobody_is_not_refused() -> None:
    launch = small()
    assert not launch.engine.expire(launch.now).refused


def test_supply_that_changes_nothing_is_not_refused() -> None:
    launch = small()
    assert not launch.supply().refused


@pytest.mark.parametrize(
    ("change", "bits"),
    [
        ({"reservation_id": "RES-A-1"}, Refusal.TAKEN),
        ({"arrival": 5}, Refusal.TAKEN),
        ({"sku": "PAD"}, Refusal.POOL),
        ({"tier": "NOBODY"}, Refusal.TIER),
        ({"status": "ALLOCATED"}, Refusal.NOT_OPEN),
        ({"status": "CANCELLED"}, Refusal.NOT_OPEN),
        ({"status": "EXPIRED"}, Refusal.NOT_OPEN),
        ({"status": "REJECTED"}, Refusal.NOT_OPEN),
        ({"assigned": None}, Refusal.UNASSIGNED),
        ({"status": "CONFIRMED", "assigned": None}, Refusal.UNASSIGNED),
        ({"arrival": 5, "tier": "NOBODY", "assigned": None}, Refusal.TAKEN | Refusal.TIER | Refusal.UNASSIGNED),
    ],
)
def test_adopt_is_refused_with_every_reason(change: dict[str, Any], bits: int) -> None:
    launch = small()
    assert not adopt(launch).refused
    state = engine_state(launch.engine)
    decisions = adopt(launch, **{"reservation_id": "RES-B-1", "order_id": "B", "arrival": 6, **change})
    assert decisions.refused
    assert int(decisions.rows[-1]["refused"]) == bits
    assert len(decisions.reasons) == bits.bit_count()
    assert engine_state(launch.engine) == state
    # Whatever was refused left nothing behind: its order, its id and its arrival are free.
    assert not adopt(launch, reservation_id="RES-B-1", order_id="B", arrival=6).refused


@pytest.mark.parametrize("ender", ["place", "expire", "pay", "refused", "malformed order"])
def test_book_is_handed_over_at_the_start_or_not_at_all(ender: str) -> None:
    launch = small()
    commands = {
        "place": ORDER,
        "expire": {"type": "expire", "at": OPENING},
        "pay": {"type": "pay", "at": OPENING, "order_id": "A"},
        "refused": {"type": "cancel", "at": OPENING, "order_id": "X"},
        "malformed order": {**ORDER, "lines": []},
    }
    assert not adopt(launch, paid=False, expires_at=D22 + "T00:00:00Z").refused
    launch.supply(6)
    launch.rate(1.5)
    assert not launch.engine.dates(launch.now, confirmed=[D22]).refused
    launch.engine.apply(commands[ender])
    late = adopt(launch, reservation_id="RES-B-1", order_id="B", arrival=9)
    assert late.reasons == ("a book can be handed over only before other commands",)
    assert launch.engine.dates(launch.now, confirmed=[D15]).reasons == late.reasons


def test_hand_over_promotes_nothing_until_a_command_changes_the_pool() -> None:
    launch = small()
    adopt(launch, status="QUEUED", assigned=None)
    assert launch.status("RES-A-1") == "QUEUED"
    launch.engine.dates(launch.now, confirmed=[D15])
    assert launch.status("RES-A-1") == "QUEUED"
    launch.engine.expire(launch.now)
    assert launch.status("RES-A-1") == "QUEUED"
    launch.place(1, D22)
    assert launch.status("RES-A-1") == "CONFIRMED"


def test_new_orders_arrive_after_the_adopted_ones() -> None:
    launch = small()
    launch.supply(0)
    adopt(launch, arrival=40, status="QUEUED", assigned=None, tier="STANDARD")
    adopt(launch, arrival=7, status="QUEUED", assigned=None, tier="STANDARD", reservation_id="B", order_id="B")
    new = launch.place(1)
    ids = [row["reservation_id"] for row in outcome(launch.engine)["reservations"]]
    assert ids == ["B", "RES-A-1", new]
    assert [launch.engine.position(name) for name in ids] == [1, 2, 3]
    assert launch.engine.book.used("reservations")["arrival"].tolist() == [40, 7, 41]


def test_adopted_reservations_go_by_the_id_that_they_were_given() -> None:
    launch = small()
    adopt(launch, reservation_id="OLD 17", order_id="A")
    adopt(launch, reservation_id="RES-A-9", order_id="A", arrival=6)
    assert launch.engine.cancel(launch.now, reservation_id="RES-A-1").refused
    assert not launch.engine.cancel(launch.now, reservation_id="OLD 17").refused
    assert launch.statuses(["OLD 17", "RES-A-9"]) == ["CANCELLED", "RESERVED"]
    launch.engine.cancel(launch.now, order_id="A")
    assert launch.status("RES-A-9") == "CANCELLED"
