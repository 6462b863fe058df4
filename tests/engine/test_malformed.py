"""Malformed commands (section 4): an error that names the field and the value, and nothing has changed."""

from __future__ import annotations

from typing import Any

import pytest

from allocation.engine.allocation_engine import AllocationEngine
from allocation.engine.errors import InvalidInput, TapeError
from allocation.engine.outcome import outcome
from tests.engine.comparing import engine_state
from tests.engine.launch import D15, D22, OPENING, PLACE, SKU, Launch

POOL = {"sku": SKU, "location": PLACE}
GOOD: dict[str, dict[str, Any]] = {
    "supply": {**POOL, "on_hand": 3, "received": 1, "expected": [{"date": D15, "quantity": 2, "ref": "PO-1"}]},
    "overbooking": {**POOL, "rate": 1.05, "source": "policy"},
    "pay": {"order_id": "O"},
    "cancel": {"reservation_id": "RES-O-1", "only": "held"},
    "tier": {"order_id": "O", "tier": "VIP"},
    "adopt": {
        **POOL,
        "reservation_id": "RES-A-1",
        "order_id": "A",
        "quantity": 1,
        "tier": "VIP",
        "arrival": 7,
        "requested": D15,
        "assigned": D15,
        "status": "RESERVED",
        "paid": False,
        "expires_at": "2025-11-01T00:00:00Z",
        "previous_purchases": 1,
        "cart_value": 9.5,
        "membership_years": 2,
    },
    "dates": {**POOL, "confirmed": [D15], "released_until": "2025-10-02"},
    "expire": {},
    "confirm": {"ship_date": D15, **POOL},
    "release": {"ship_date": D15, **POOL},
}
TEXTS = ("", "  ", 7, True, ["x"], "x" * 201)
WHOLES = (-1, 10**9 + 1, 1.5, "1", True)
DAYS = ("", "soon", "2025-02-30", "2025-1-1", "20251115", 20251115, "2025-11-15T00:00:00Z")
INSTANTS = ("", "soon", "2025-10-01", "2025-10-01T12:00:00", 0, "2025-10-01T25:00:00Z")
NUMBERS = (-0.01, "1.05", True, float("nan"), float("inf"))
BAD: dict[str, dict[str, tuple[Any, ...]]] = {
    "supply": {
        "sku": TEXTS,
        "location": TEXTS,
        "on_hand": WHOLES,
        "received": (*WHOLES, None),
        "expected": (7, "x", [7], {"date": D15}),
    },
    "overbooking": {
        "sku": TEXTS,
        "location": TEXTS,
        "rate": (*NUMBERS, None, 1.0000001, 1000.5),
        "source": ("", "robot", 7),
    },
    "pay": {"order_id": TEXTS},
    "cancel": {"reservation_id": TEXTS, "only": ("", "some", 7)},
    "tier": {"order_id": TEXTS, "tier": (*TEXTS, None)},
    "adopt": {
        "sku": TEXTS,
        "location": TEXTS,
        "reservation_id": (*TEXTS, None),
        "order_id": (*TEXTS, None),
        "quantity": (*WHOLES, 0, None),
        "tier": (*TEXTS, None),
        "arrival": (-1, 1.5, "1", True, None),
        "requested": (*DAYS, None),
        "assigned": DAYS,
        "status": ("", "HELD", "NONE", 1, None),
        "paid": (1, 0, "yes", None),
        "expires_at": INSTANTS,
        "previous_purchases": (*WHOLES, None),
        "cart_value": (*NUMBERS, None),
        "membership_years": (*WHOLES, None),
    },
    "dates": {
        "sku": TEXTS,
        "location": TEXTS,
        "confirmed": (D15, 7, ["soon"], [D15, None], None),
        "released_until": DAYS,
    },
    "confirm": {"ship_date": (*DAYS, None), "sku": TEXTS, "location": TEXTS},
    "release": {"ship_date": (*DAYS, None), "sku": TEXTS, "location": TEXTS},
}
REQUIRED = {
    "supply": ("sku", "location"),
    "overbooking": ("sku", "location", "rate"),
    "tier": ("tier",),
    "adopt": (
        *("sku", "location", "reservation_id", "order_id", "quantity", "tier", "arrival", "requested"),
        *("status", "paid"),
    ),
    "confirm": ("ship_date",),
    "release": ("ship_date",),
}
CASES = [(kind, field, value) for kind, fields in BAD.items() for field in fields for value in fields[field]]


def started(kind: str) -> AllocationEngine:
    """An engine with a pool, and with an order unless a book may still be handed over to it."""
    launch = Launch({"overbooking": {"rate": 1}})
    launch.supply(5)
    if kind not in ("adopt", "dates"):
        launch.place(1, order_id="O", payment="PENDING")
    return launch.engine


def everything(engine: AllocationEngine) -> tuple[Any, ...]:
    """All that a command could change."""
    return (outcome(engine), engine_state(engine), engine.played, len(engine.decisions), list(engine.pools))


def error_of(engine: AllocationEngine, command: Any) -> str:
    """The text of the error of a command that changes nothing."""
    before = everything(engine)
    with pytest.raises(TapeError) as caught:
        engine.apply(command)
    assert everything(engine) == before
    return str(caught.value)


@pytest.mark.parametrize("kind", GOOD)
def test_good_commands_are_good(kind: str) -> None:
    assert not started(kind).apply({"type": kind, "at": OPENING, **GOOD[kind]}).refused


@pytest.mark.parametrize(("kind", "field", "value"), CASES)
def test_malformed_value_is_an_error_that_names_field_and_value(kind: str, field: str, value: Any) -> None:
    engine = started(kind)
    text = error_of(engine, {"type": kind, "at": OPENING, **GOOD[kind], field: value})
    assert text.startswith(f"{kind}: ")
    assert field in text
    shown = repr(value[-1] if isinstance(value, list) else value)
    assert (shown if len(shown) <= 60 else shown[:50]) in text or str(value) in text
    # The engine goes on as if nothing had been said.
    assert not engine.apply({"type": kind, "at": OPENING, **GOOD[kind]}).refused


@pytest.mark.parametrize(("kind", "field"), [(kind, field) for kind in REQUIRED for field in REQUIRED[kind]])
def test_missing_field_is_named(kind: str, field: str) -> None:
    command = {"type": kind, "at": OPENING, **GOOD[kind]}
    del command[field]
    text = error_of(started(kind), command)
    assert field in text
    assert "missing" in text


@pytest.mark.parametrize("kind", [*GOOD, "place"])
@pytest.mark.parametrize("at", [*INSTANTS, None])
def test_malformed_instant_is_an_error_for_every_command(kind: str, at: Any) -> None:
    order = {"order_id": "P", "customer_id": "C", "ship_date": D15, "lines": [{**POOL, "quantity": 1}]}
    text = error_of(started(kind), {"type": kind, "at": at, **GOOD.get(kind, order)})
    assert f"at {at!r}" in text or f"at {at}" in text


@pytest.mark.parametrize("kind", [*GOOD, "place"])
def test_missing_instant_is_an_error_for_every_command(kind: str) -> None:
    assert "at is missing" in error_of(started(kind), {"type": kind, **GOOD.get(kind, {})})


@pytest.mark.parametrize("kind", [*GOOD, "place"])
def test_time_never_goes_back(kind: str) -> None:
    order = {"order_id": "P", "customer_id": "C", "ship_date": D15, "lines": [{**POOL, "quantity": 1}]}
    command = {"type": kind, **GOOD.get(kind, order)}
    earlier = "2025-10-01T11:59:59.999Z"
    assert f"at '{earlier}' is before" in error_of(started(kind), {**command, "at": earlier})
    # The same instant in another offset is not earlier, nor is a part of a millisecond.
    started(kind).apply({**command, "at": "2025-10-01T14:00:00+02:00"})


def test_time_of_a_malformed_command_does_not_count() -> None:
    engine = started("pay")
    error_of(engine, {"type": "pay", "at": "2025-12-01T00:00:00Z"})
    engine.apply({"type": "pay", "at": OPENING, "order_id": "O"})


def test_time_of_a_refused_command_counts() -> None:
    engine = started("pay")
    assert engine.apply({"type": "pay", "at": "2025-12-01T00:00:00Z", "order_id": "X"}).refused
    error_of(engine, {"type": "pay", "at": OPENING, "order_id": "O"})


@pytest.mark.parametrize("kind", ["", "dance", "repeat", "snapshot", None, 7, "Place", ["pay"]])
def test_unknown_type_is_an_error_that_lists_the_known_ones(kind: Any) -> None:
    text = error_of(started("pay"), {"type": kind, "at": OPENING})
    assert "type" in text
    for known in GOOD:
        assert known in text


@pytest.mark.parametrize("kind", GOOD)
def test_unknown_field_is_an_error_that_lists_the_known_ones(kind: str) -> None:
    text = error_of(started(kind), {"type": kind, "at": OPENING, **GOOD[kind], "colour": "red"})
    assert "colour" in text
    for field in GOOD[kind]:
        assert field in text


@pytest.mark.parametrize("kind", ["pay", "cancel", "tier"])
@pytest.mark.parametrize("names", [{}, {"order_id": "O", "reservation_id": "RES-O-1"}])
def test_command_names_either_an_order_or_a_reservation(kind: str, names: dict[str, str]) -> None:
    command = {"type": kind, "at": OPENING, **names, **({"tier": "VIP"} if kind == "tier" else {})}
    text = error_of(started(kind), command)
    assert "order_id" in text
    assert "reservation_id" in text


@pytest.mark.parametrize("kind", ["dates", "confirm", "release"])
@pytest.mark.parametrize("field", ["sku", "location"])
def test_sku_and_location_come_together(kind: str, field: str) -> None:
    command = {"type": kind, "at": OPENING, **GOOD[kind]}
    del command[field]
    assert field in error_of(started(kind), command)


@pytest.mark.parametrize(
    ("field", "value"),
    [("date", "soon"), ("date", None), ("quantity", -1), ("quantity", None), ("quantity", 1.5), ("ref", 7)],
)
def test_malformed_delivery_is_an_error_that_names_field_and_value(field: str, value: Any) -> None:
    delivery = {"date": D15, "quantity": 2, "ref": "PO-1", field: value}
    command = {"type": "supply", "at": OPENING, **POOL, "expected": [{"date": D22, "quantity": 1}, delivery]}
    text = error_of(started("supply"), command)
    assert f"expected {field}" in text
    assert repr(value) in text or str(value) in text


def test_malformed_supply_makes_no_pool() -> None:
    engine = started("supply")
    error_of(engine, {"type": "supply", "at": OPENING, "sku": "PAD", "location": PLACE, "on_hand": -1})
    command = {"type": "overbooking", "at": OPENING, "sku": "PAD", "location": PLACE, "rate": 1}
    assert engine.apply(command).refused


def test_units_on_hand_never_exceed_the_largest_quantity() -> None:
    engine = started("supply")
    full = {"type": "supply", "at": OPENING, **POOL, "on_hand": 10**9}
    assert not engine.apply(full).refused
    assert "on hand" in error_of(engine, {"type": "supply", "at": OPENING, **POOL, "received": 1})


def test_every_problem_of_a_command_is_listed_at_once() -> None:
    engine = started("adopt")
    command = {"type": "adopt", "at": "soon", **GOOD["adopt"], "quantity": 0, "paid": 1, "requested": "x"}
    with pytest.raises(InvalidInput) as caught:
        engine.apply(command)
    fields = ("at ", "quantity 0", "paid 1", "requested 'x'")
    assert len(caught.value.problems) == len(fields)
    for field in fields:
        assert sum(field in str(problem) for problem in caught.value.problems) == 1


def test_score_that_would_not_fit_is_an_error() -> None:
    launch = Launch({"scoring": {"membership_year": 10**6}})
    launch.supply(1)
    command = {"type": "adopt", "at": OPENING, **GOOD["adopt"], "membership_years": 10**9}
    assert "score" in error_of(launch.engine, command)
