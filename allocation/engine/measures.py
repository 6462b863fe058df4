"""What a book came to, in units and reservations: the numbers of a summary that need no scenario."""

from __future__ import annotations

from typing import Any

import numpy as np

from allocation.engine.allocation_engine import AllocationEngine
from allocation.engine.codes import ENDINGS, Kind
from allocation.engine.outcome import day_text, releases
from allocation.engine.tables import Records


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
    operations, state, counts = book.used("operations"), book.tables.state[0], book.count()
    given = int(counts["allocated_units"].sum())
    return {
        "orders": int((book.tables.orders["first"] >= 0).sum()),
        "refused": int(state["refused"]),
        "units": int(counts["units"].sum()),
        "supply_units": _coming_units(engine) + given,
        "limit_units": int(operations["limit_share"].sum()),
        "confirmed_at_cutoff_units": int(operations["confirmed_units"].sum()),
        "allocated_units": given,
        "oversold_units": int(counts["oversold_units"].sum()),
        "unsold_units": _unsold_units(operations),
        "queue_peak": int(state["queue_peak"]),
        "waitlist_peak": int(state["waitlist_peak"]),
        "displaced": int(counts["displaced"].sum()),
        "promoted": int(counts["promoted"].sum()),
        "by_tier": {
            name: {key: int(counts[key][code]) for key in ("orders", "confirmed_at_cutoff", *ENDINGS)}
            for code, name in enumerate(engine.tiers)
        },
        "waves": _waves(operations),
        "alert": any(release["alert"] for release in releases(engine)),
    }


def _coming_units(engine: AllocationEngine) -> int:
    """Units on hand and still expected."""
    tables = engine.book.tables
    pools = [engine.book.dates_of(pool) for pool in range(1, len(tables.pools))]
    expected = sum(int(tables.dates["expected"][dates].sum()) for dates in pools)
    return int(tables.pools["on_hand"].sum()) + expected


def _unsold_units(operations: Records) -> int:
    released = operations[operations["kind"] == Kind.RELEASE]
    # The last row of each pool.
    _, last = np.unique(released["pool"][::-1], return_index=True)
    return int(released["on_hand"][::-1][last].sum())


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
