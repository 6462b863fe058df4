"""A tape that is cut anywhere goes on with the same decisions: by adopting its open book, or from a snapshot."""

from __future__ import annotations

import pickle
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numba
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from allocation.engine.allocation_engine import AllocationEngine
from allocation.engine.codes import EVERYWHERE, NEVER, NOBODY, Status
from allocation.engine.outcome import outcome
from allocation.engine.policy import Policy
from tests.engine.comparing import ACTIVE, HELD, MILLION, OPEN, Command, engine_state
from tests.engine.launch import D15, D22, PLACE, SKU, Launch
from tests.policies import policy_of
from tests.tapes import random_case

EXAMPLES = 8 if numba.config.DISABLE_JIT else 60
SEEDS = st.integers(0, 10**6)
CUTS = st.floats(0, 1)


def day_text(day: int) -> str:
    return date.fromordinal(day).isoformat()


def instant_text(at_ms: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)).isoformat()


def hand_over(engine: AllocationEngine, at: str, facts: dict[str, Command]) -> list[Command]:
    """The commands that put the open book of an engine into a fresh one.

    Args:
        engine: Whose book it is.
        at: The instant of the hand-over.
        facts: For each reservation, what only the order says: the inputs of its score.
    """
    tables = engine.book.tables
    commands: list[Command] = []
    if marks_held_by_all(engine):
        commands.append({"type": "dates", "at": at, **_marks(engine, EVERYWHERE)})
    for pool in existing_pools(engine):
        sku, location = engine.pools[pool]
        where = {"at": at, "sku": sku, "location": location}
        row = tables.pools[pool]
        commands += [
            {"type": "supply", **where, "on_hand": int(row["on_hand"]), "expected": _expected(engine, pool)},
            {"type": "overbooking", **where, "rate": Decimal(int(row["rate"])) / MILLION},
            {"type": "dates", **where, **_marks(engine, pool)},
        ]
    rows = engine.book.used("reservations")
    commands += [_adopt(engine, r, at, facts) for r in range(len(rows)) if int(rows[r]["status"]) in OPEN]
    return commands


def marks_held_by_all(engine: AllocationEngine) -> bool:
    """Whether what was marked for every pool holds in every pool that there is.

    A pool that had to be left out does not have the mark, and `dates` for every pool would leave out nobody.
    """
    everywhere = _marks(engine, EVERYWHERE)
    there = [_marks(engine, pool) for pool in existing_pools(engine)]
    until = everywhere["released_until"] or ""
    return all(
        set(everywhere["confirmed"]) <= set(marks["confirmed"]) and until <= (marks["released_until"] or "")
        for marks in there
    )


def existing_pools(engine: AllocationEngine) -> list[int]:
    pools = engine.book.tables.pools
    return [pool for pool in range(1, len(pools)) if pools[pool]["exists"]]


def _chain(engine: AllocationEngine, pool: int) -> list[Any]:
    tables, rows = engine.book.tables, []
    d = int(tables.pools[pool]["first_date"])
    while d != NOBODY:
        rows.append(tables.dates[d])
        d = int(tables.dates[d]["next"])
    return rows


def _marks(engine: AllocationEngine, pool: int) -> dict[str, Any]:
    until = int(engine.book.tables.pools[pool]["closed_until"])
    return {
        "confirmed": [day_text(int(row["day"])) for row in _chain(engine, pool) if row["confirmed"]],
        "released_until": day_text(until) if until != NEVER else None,
    }


def _expected(engine: AllocationEngine, pool: int) -> list[dict[str, Any]]:
    return [
        {"date": day_text(int(row["day"])), "quantity": int(row["expected"])}
        for row in _chain(engine, pool)
        if row["deliveries"]
    ]


def _adopt(engine: AllocationEngine, r: int, at: str, facts: dict[str, Command]) -> Command:
    tables = engine.book.tables
    row = tables.reservations[r]
    sku, location = engine.pools[int(row["pool"])]
    held, name = int(row["status"]) in HELD, engine.reservation_id(r)
    ticking = held and not row["paid"]
    return {
        "type": "adopt",
        "at": at,
        "sku": sku,
        "location": location,
        "reservation_id": name,
        "order_id": engine.order_id(int(row["order"])),
        "quantity": int(row["quantity"]),
        "tier": engine.tiers[int(row["tier"])],
        "arrival": int(row["arrival"]),
        "status": Status(int(row["status"])).name,
        "requested": day_text(int(tables.dates[row["requested"]]["day"])),
        "assigned": day_text(int(tables.dates[row["assigned"]]["day"])) if held else None,
        "paid": bool(row["paid"]),
        "expires_at": instant_text(int(row["expires_at"])) if ticking else None,
        **facts[name],
    }


def score_inputs(tape: list[Command]) -> dict[str, Command]:
    """By reservation, the fields of its order that its score needs besides the tier."""
    wanted = ("previous_purchases", "cart_value", "membership_years")
    facts: dict[str, Command] = {}
    for command in tape:
        inputs = {name: command[name] for name in wanted if name in command}
        if command["type"] == "adopt":
            facts.setdefault(command["reservation_id"], inputs)
        if command["type"] == "place" and isinstance(command.get("lines"), list) and "order_id" in command:
            for number in range(1, len(command["lines"]) + 1):
                facts.setdefault(f"RES-{command['order_id']}-{number}", inputs)
    return facts


def decisions_of(engine: AllocationEngine, first: int, line: int) -> list[tuple[Any, ...]]:
    """All decisions from a sequence number on, with lines counted from the cut."""
    found = (engine.decisions[i] for i in range(first, len(engine.decisions)))
    return [
        (d.line - line, d.at, d.cause, d.step, d.reservation_id, d.before, d.after, d.reason, d.arithmetic)
        for d in found
    ]


def means_the_past(command: Command, engine: AllocationEngine) -> bool:
    """Whether a command means an order that the hand-over cannot know.

    Of those who ended there is nothing in the open book, and an adopted order that is placed again is refused.
    """
    rows = engine.book.used("reservations")
    orders = {engine.order_id(int(row["order"])) for row in rows}
    ended = {engine.order_id(int(row["order"])) for row in rows if int(row["status"]) not in OPEN}
    if command["type"] == "place":
        return command["order_id"] in orders
    name = str(command.get("reservation_id", "")).removeprefix("RES-").rpartition("-")[0]
    return command.get("order_id", name) in ended


def accepted(tape: list[Command], policy: Policy) -> list[Command]:
    """The commands of a tape that are not refused: the inputs of an order are then those of its first `place`."""
    engine = AllocationEngine(policy)
    return [command for command in tape if not engine.apply(command).refused]


@settings(max_examples=EXAMPLES)
@given(seed=SEEDS, cut=CUTS)
def test_open_book_adopted_by_a_fresh_engine_goes_on_with_the_same_decisions(seed: int, cut: float) -> None:
    given, tape = random_case(seed)
    policy = policy_of(given)
    # A book is handed over at the start or not at all, so the rest of the tape may not do so again.
    tape = accepted(tape, policy)
    start = next((i for i, c in enumerate(tape) if c["type"] not in HANDING_OVER), len(tape))
    at = start + round(cut * (len(tape) - start))
    old = AllocationEngine(policy)
    for command in tape[:at]:
        old.apply(command)
    known = set(old.pools)
    appears = any(c["type"] == "supply" and (c["sku"], c["location"]) not in known for c in tape[at:])
    assume(marks_held_by_all(old) or not appears)
    new = AllocationEngine(policy)
    moment = tape[at - 1]["at"] if at else tape[0]["at"]
    for command in hand_over(old, moment, score_inputs(tape)):
        assert not new.apply(command).refused, command
    assert open_state(new) == open_state(old)
    for command in tape[at:]:
        if means_the_past(command, old):
            continue
        first, second = old.apply(command), new.apply(command)
        assert plain(first) == plain(second), command
        assert open_state(new) == open_state(old)


HANDING_OVER = ("supply", "overbooking", "adopt", "dates")


def plain(decisions: Any) -> list[tuple[Any, ...]]:
    """Decisions without their numbers."""
    return [
        (d.at, d.cause, d.step, d.reservation_id, d.before, d.after, d.reason, d.ship_date, d.arithmetic, d.refused)
        for d in decisions
    ]


def open_state(engine: AllocationEngine) -> list[tuple[Any, ...]]:
    """The open reservations, their places in line, and the ATP of every planning date."""
    words = {status.name for status in OPEN}
    result = outcome(engine)
    places = {row["reservation_id"]: row["queue_position"] for row in result["reservations"]}
    book = [(*state, places[state[0]]) for state in engine_state(engine) if state[1] in words]
    return [*book, *(tuple(row.values()) for row in result["atp"])]


def test_hand_over_keeps_arrivals_clocks_and_marks() -> None:
    old = Launch({"overbooking": {"rate": 1}, "queue": {"max_depth": 2}})
    old.supply(1, [(D22, 1)])
    names = [old.place(1, payment="PENDING"), old.place(1), old.place(1, tier="VIP"), old.place(1, D22)]
    old.confirm(D22)
    new = AllocationEngine(old.engine.policy)
    for command in hand_over(old.engine, old.now, {name: {} for name in names}):
        assert not new.apply(command).refused
    assert [state[:2] for state in engine_state(new)] == [
        (names[0], "RESERVED"),
        (names[1], "QUEUED"),
        (names[2], "WAITLISTED"),
        (names[3], "CONFIRMED"),
    ]
    assert engine_state(new) == engine_state(old.engine)
    new.place(old.now, "NEW", "C", D15, [{"sku": SKU, "location": PLACE, "quantity": 1}])
    assert new.position("RES-NEW-1") == len(ACTIVE) + 1


# --- snapshots --------------------------------------------------------------------------------------------


@settings(max_examples=EXAMPLES)
@given(seed=SEEDS, cut=CUTS)
def test_restored_snapshot_goes_on_with_the_same_decisions(seed: int, cut: float) -> None:
    given, tape = random_case(seed)
    at = round(cut * len(tape))
    engine = AllocationEngine(policy_of(given))
    for command in tape[:at]:
        engine.apply(command)
    snapshot = engine.snapshot()
    before, decided = outcome(engine), len(engine.decisions)
    for command in tape[at:]:
        engine.apply(command)
    # Neither going on nor restoring changes the snapshot.
    for _ in range(2):
        restored = AllocationEngine.restore(snapshot)
        assert outcome(restored) == before
        for command in tape[at:]:
            restored.apply(command)
        assert outcome(restored) == outcome(engine)
        assert decisions_of(restored, decided, at) == decisions_of(engine, decided, at)
        assert restored.decisions[: len(engine.decisions)] == engine.decisions[: len(engine.decisions)]


def test_snapshot_keeps_what_is_known_of_orders_and_time() -> None:
    launch = Launch({"overbooking": {"rate": 1}})
    launch.supply(1)
    launch.place(1, order_id="A")
    snapshot = launch.engine.snapshot()
    launch.place(1, order_id="B")
    launch.engine.cancel(launch.now, order_id="A")
    launch.supply(4, sku="PAD")
    launch.engine.expire("2025-10-09T00:00:00Z")
    restored = AllocationEngine.restore(snapshot)
    lines = [{"sku": SKU, "location": PLACE, "quantity": 1}]
    assert not restored.place(launch.now, "A", "C-A", D15, lines).refused
    assert restored.place(launch.now, "A", "OTHER", D15, lines).refused
    assert not restored.place(launch.now, "B", "ANOTHER", D15, lines).refused
    assert [name for name, *_ in engine_state(restored)] == ["RES-A-1", "RES-B-1"]
    assert restored.place(launch.now, "C", "C", D15, [{**lines[0], "sku": "PAD"}]).refused
    assert not launch.engine.place("2025-10-09T00:00:00Z", "B", "C-B", D15, lines).refused


@pytest.mark.parametrize("seed", range(3))
def test_snapshot_can_be_pickled(seed: int) -> None:
    given, tape = random_case(seed)
    at = len(tape) // 2
    engine = AllocationEngine(policy_of(given))
    for command in tape[:at]:
        engine.apply(command)
    restored = AllocationEngine.restore(pickle.loads(pickle.dumps(engine.snapshot())))
    for command in tape[at:]:
        engine.apply(command)
        restored.apply(command)
    assert outcome(restored) == outcome(engine)
    assert decisions_of(restored, 0, 0) == decisions_of(engine, 0, 0)


def test_engines_restored_from_one_snapshot_are_independent() -> None:
    launch = Launch({"overbooking": {"rate": 1}})
    launch.supply(1)
    snapshot = launch.engine.snapshot()
    first, second = AllocationEngine.restore(snapshot), AllocationEngine.restore(snapshot)
    lines = [{"sku": SKU, "location": PLACE, "quantity": 1}]
    first.place(launch.now, "A", "C", D15, lines)
    second.place(launch.now, "B", "C", D15, lines)
    assert [name for name, *_ in engine_state(first)] == ["RES-A-1"]
    assert [name for name, *_ in engine_state(second)] == ["RES-B-1"]
    assert second.atp(SKU, PLACE, D15).atp == first.atp(SKU, PLACE, D15).atp == 0


@pytest.mark.parametrize("refused", [True, False])
def test_snapshot_keeps_the_reasons_of_refusals(refused: bool) -> None:
    launch = Launch()
    launch.supply(1)
    lines = [{"sku": SKU, "location": PLACE, "quantity": 1}]
    before = launch.engine.snapshot()
    launch.engine.apply(
        {"type": "place", "at": launch.now, "order_id": "A", "customer_id": 7 if refused else "C"}
        | {"ship_date": D15, "lines": lines}
    )
    after = AllocationEngine.restore(launch.engine.snapshot())
    assert [d.refused for d in after.decisions] == [d.refused for d in launch.engine.decisions]
    assert len(AllocationEngine.restore(before).decisions) == 0
