"""What a book came to, in units and reservations: the numbers of a summary that need no scenario."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from allocation.engine.allocation_engine import AllocationEngine
from allocation.engine.codes import Kind, Mark, Reason, Status, Step
from allocation.engine.outcome import day_text, releases
from allocation.engine.tables import Records

ENDINGS: dict[str, tuple[Status, Reason]] = {
    "allocated": (Status.ALLOCATED, Reason.NONE),
    "cancelled_by_customer": (Status.CANCELLED, Reason.CUSTOMER),
    "not_selected": (Status.CANCELLED, Reason.NOT_SELECTED),
    "oversold": (Status.CANCELLED, Reason.OVERSOLD),
    "not_fulfilled": (Status.CANCELLED, Reason.NOT_FULFILLED),
    "expired": (Status.EXPIRED, Reason.UNPAID),
    "rejected": (Status.REJECTED, Reason.INSUFFICIENT_INVENTORY),
}
"""How a reservation can end, by the name of the measure."""


def measures(engine: AllocationEngine) -> dict[str, Any]:
    """The measures of everything that an engine has played so far.

    Returns:
        orders: Accepted orders. refused: Commands that were refused. units: Units of all reservations.
        supply_units: Units that came or are still expected.
        limit_units: Units that could be promised at the cut-offs, summed over them.
        confirmed_at_cutoff_units, allocated_units: Units, summed over cut-offs and releases.
        oversold_units: Units that were promised and then cancelled for want of stock.
        unsold_units: Units on hand after the last release of each pool.
        queue_peak, waitlist_peak: Most active, and most WAITLISTED, reservations after any command.
        displaced, promoted: Reservations to which that happened at least once.
        by_tier: Reservations by tier: orders, confirmed_at_cutoff and one count for each way to end.
        waves: By ship date, its own share of the limit at the cut-off, and units confirmed and allocated.
        alert: Whether any release broke more promises than the policy's alert share.
    """
    book = engine.book
    rows, operations, state = book.used("reservations"), book.used("operations"), book.tables.state[0]
    log = book.used("log")
    quantity = rows["quantity"]
    return {
        "orders": int((book.tables.orders["first"] >= 0).sum()),
        "refused": int((log["step"] == Step.REFUSED).sum()),
        "units": int(quantity.sum()),
        "supply_units": _supply_units(engine, rows),
        "limit_units": int(operations["limit_share"].sum()),
        "confirmed_at_cutoff_units": int(operations["confirmed_units"].sum()),
        "allocated_units": int(quantity[rows["status"] == Status.ALLOCATED].sum()),
        "oversold_units": int(quantity[is_ended(rows, "oversold")].sum()),
        "unsold_units": _unsold_units(operations),
        "queue_peak": int(state["queue_peak"]),
        "waitlist_peak": int(state["waitlist_peak"]),
        "displaced": _marked(rows, Mark.DISPLACED),
        "promoted": _marked(rows, Mark.PROMOTED),
        "by_tier": _by_tier(engine, rows),
        "waves": _waves(operations),
        "alert": any(release["alert"] for release in releases(engine)),
    }


def is_ended(rows: Records, name: str) -> NDArray[np.bool_]:
    """Which reservations ended in the way of this name; shape (reservations,)."""
    status, reason = ENDINGS[name]
    ended: NDArray[np.bool_] = (rows["status"] == status) & (rows["reason"] == reason)
    return ended


def _marked(rows: Records, mark: Mark) -> int:
    return int((rows["marks"] & mark != 0).sum())


def _supply_units(engine: AllocationEngine, rows: Records) -> int:
    tables = engine.book.tables
    pools = [engine.book.dates_of(pool) for pool in range(1, len(tables.pools))]
    expected = sum(int(tables.dates["expected"][dates].sum()) for dates in pools)
    given = int(rows["quantity"][rows["status"] == Status.ALLOCATED].sum())
    return int(tables.pools["on_hand"].sum()) + expected + given


def _unsold_units(operations: Records) -> int:
    released = operations[operations["kind"] == Kind.RELEASE]
    # The last row of each pool.
    _, last = np.unique(released["pool"][::-1], return_index=True)
    return int(released["on_hand"][::-1][last].sum())


def _by_tier(engine: AllocationEngine, rows: Records) -> dict[str, dict[str, int]]:
    result = {}
    for code, name in enumerate(engine.tiers):
        own = rows[rows["tier"] == code]
        counts = {"orders": len(own), "confirmed_at_cutoff": _marked(own, Mark.CONFIRMED_AT_CUTOFF)}
        result[name] = counts | {ending: int(is_ended(own, ending).sum()) for ending in ENDINGS}
    return result


def _waves(operations: Records) -> dict[str, dict[str, int]]:
    result = {}
    for day in np.unique(operations["day"]).tolist():
        own = operations[operations["day"] == day]
        result[day_text(day)] = {
            "limit_units": int(own["limit_share"].sum()),
            "confirmed_at_cutoff_units": int(own["confirmed_units"].sum()),
            "allocated_units": int(own["allocated_units"].sum()),
        }
    return result
