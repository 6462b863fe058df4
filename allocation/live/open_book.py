"""The open book of an order management system as a tape of ``adopt`` commands (RULES.md section 4), and back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import numpy as np

from allocation.engine.allocation_engine import AllocationEngine
from allocation.engine.codes import Kind, Status
from allocation.engine.errors import Problem, SettingError
from allocation.engine.instants import from_milliseconds
from allocation.oms.port import Arrival, Hold, PoolSupply

Command = Mapping[str, Any]
_HELD = (Status.RESERVED, Status.CONFIRMED)
_HUNDREDTHS = 100


def open_book(
    supply: Iterable[PoolSupply], holds: Iterable[Hold], at: datetime, ended: Iterable[Hold] = ()
) -> list[Command]:
    """The commands that put supply and holds into an empty book, exactly as they stand.

    Args:
        supply: Of every pool.
        holds: All that are open.
        at: The instant of the hand-over, with an offset.
        ended: Holds that are as good as closed: they are left out, and their cut-offs are over all the same.

    Raises:
        SettingError: Holds contradict each other, or stand where there is no supply; with everything that is wrong.
    """
    pools = sorted(supply, key=lambda pool: (pool.sku, pool.location))
    ranked = sorted(holds, key=lambda hold: (hold.arrival, hold.reservation_id))
    problems = _problems(pools, ranked)
    if problems:
        raise SettingError(problems, "the open book")
    instant = at.isoformat()
    commands: list[Command] = []
    for pool in pools:
        where = {"at": instant, "sku": pool.sku, "location": pool.location}
        expected = [{"date": a.day.isoformat(), "quantity": a.quantity, "ref": a.ref} for a in pool.arrivals]
        commands.append({"type": "supply", **where, "on_hand": max(pool.on_hand, 0), "expected": expected})
        firm = _confirmed_days([*ranked, *ended], pool)
        if firm:
            commands.append({"type": "dates", **where, "confirmed": firm})
    return [*commands, *(adopt(hold, instant) for hold in ranked)]


def _confirmed_days(holds: Sequence[Hold], pool: PoolSupply) -> list[str]:
    """Dates on which somebody is CONFIRMED: their cut-off is over."""
    own = (hold for hold in holds if (hold.sku, hold.location) == (pool.sku, pool.location))
    days = {hold.assigned for hold in own if hold.status is Status.CONFIRMED and hold.assigned is not None}
    return [day.isoformat() for day in sorted(days)]


def adopt(hold: Hold, instant: str) -> Command:
    """The command that puts a hold into a book."""
    return {
        "type": "adopt",
        "at": instant,
        "sku": hold.sku,
        "location": hold.location,
        "reservation_id": hold.reservation_id,
        "order_id": hold.order_id,
        "quantity": hold.quantity,
        "tier": hold.tier,
        "arrival": hold.arrival,
        "requested": hold.requested.isoformat(),
        "assigned": None if hold.assigned is None else hold.assigned.isoformat(),
        "status": hold.status.name,
        "paid": hold.paid,
        "expires_at": None if hold.expires_at is None else hold.expires_at.isoformat(),
        "previous_purchases": hold.purchases,
        "cart_value": hold.cart_value / _HUNDREDTHS,
        "membership_years": hold.membership_years,
    }


def _problems(pools: Sequence[PoolSupply], holds: Sequence[Hold]) -> list[Problem]:
    known = {(pool.sku, pool.location) for pool in pools}
    problems = [
        Problem((name,), f"{count} holds have this {what}; it must be one, so correct or end the others")
        for what, names in (
            ("reservation id", [hold.reservation_id for hold in holds]),
            ("arrival number", [str(hold.arrival) for hold in holds]),
        )
        for name, count in Counter(names).items()
        if count > 1
    ]
    for hold in holds:
        if (hold.sku, hold.location) not in known:
            problems.append(Problem((hold.reservation_id,), f"no supply of {hold.sku} at {hold.location} is known"))
        if hold.status in _HELD and hold.assigned is None:
            problems.append(
                Problem((hold.reservation_id,), f"is {hold.status.name} without a date on which it is held")
            )
    return problems


def holds_of(engine: AllocationEngine, customers: Mapping[str, str]) -> list[Hold]:
    """Every open reservation of an engine as a hold, by arrival.

    Args:
        engine: That commands were applied to.
        customers: Reference of the customer by order id; the engine keeps none.
    """
    book, commands = engine.book, engine.book.tables.commands[: engine.played]
    ordering = np.flatnonzero(np.isin(commands["kind"], (Kind.PLACE, Kind.ADOPT)) & (commands["order"] >= 0))
    # The row of a refused order is taken by the next one: the last command of a row is the one that counts.
    source = dict(zip(commands["order"][ordering].tolist(), ordering.tolist(), strict=True))
    rows, days = book.used("reservations"), book.tables.dates["day"]
    found = []
    for r in np.flatnonzero((rows["status"] >= Status.RESERVED) & (rows["status"] <= Status.WAITLISTED)).tolist():
        row, status = rows[r], Status(int(rows["status"][r]))
        inputs, order_id = commands[source[int(row["order"])]], engine.order_id(int(row["order"]))
        sku, location = engine.pools[int(row["pool"])]
        held = status in _HELD
        ticking = held and not row["paid"]
        found.append(
            Hold(
                reservation_id=engine.reservation_id(r),
                order_id=order_id,
                sku=sku,
                location=location,
                quantity=int(row["quantity"]),
                tier=engine.tiers[int(row["tier"])],
                arrival=int(row["arrival"]),
                requested=date.fromordinal(int(days[row["requested"]])),
                assigned=date.fromordinal(int(days[row["assigned"]])) if held else None,
                status=status,
                paid=bool(row["paid"]),
                expires_at=from_milliseconds(int(row["expires_at"])) if ticking else None,
                purchases=int(inputs["purchases"]),
                cart_value=int(inputs["hundreds"]) * _HUNDREDTHS * _HUNDREDTHS,
                membership_years=int(inputs["years"]),
                customer=customers.get(order_id, ""),
            )
        )
    return sorted(found, key=lambda hold: hold.arrival)


def supply_of(engine: AllocationEngine) -> list[PoolSupply]:
    """Units on hand and arrivals of every pool of an engine; what it was told an arrival is called is not kept."""
    book = engine.book
    return [
        PoolSupply(
            *engine.pools[pool],
            int(book.tables.pools["on_hand"][pool]),
            tuple(
                Arrival(date.fromordinal(int(row["day"])), int(row["expected"]), f"ARRIVAL-{int(row['day'])}")
                for row in book.tables.dates[book.dates_of(pool)]
                if row["deliveries"] > 0
            ),
        )
        for pool in range(1, len(engine.pools))
    ]
