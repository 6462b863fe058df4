"""The outcome of a book as plain rows: reservations, refused lines, releases and ATP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np

from allocation.engine.allocation_engine import AllocationEngine
from allocation.engine.book import Book
from allocation.engine.codes import NOBODY, Kind, Status, Step
from allocation.engine.decisions import reason_name
from allocation.engine.quotes import is_planning, pool_dates
from allocation.engine.tables import Records

_ACTIVE = (Status.RESERVED, Status.CONFIRMED, Status.QUEUED)
_WITH_DATE = (Status.RESERVED, Status.CONFIRMED, Status.ALLOCATED)


def queue_positions(book: Book) -> Records:
    """Queue position of every reservation (RULES.md section 3), 0 where it has ended; shape (reservations,)."""
    rows = book.used("reservations")
    positions = np.zeros(len(rows), np.int64)
    active = np.isin(rows["status"], _ACTIVE)
    waitlisted = rows["status"] == Status.WAITLISTED
    _rank(positions, rows, np.flatnonzero(active), by_priority=True)
    by_priority = book.policy.queue.admission == "priority"
    _rank(positions, rows, np.flatnonzero(waitlisted), by_priority=by_priority)
    positions[waitlisted] += book.tables.dates["active"][rows["requested"][waitlisted]]
    return positions


def _rank(positions: Records, rows: Records, chosen: Records, *, by_priority: bool) -> None:
    """Write 1-based ranks within each requested date."""
    some = rows[chosen]
    score = -some["score"] if by_priority else np.zeros(len(some), np.int64)
    order = np.lexsort((some["arrival"], score, some["requested"]))
    queue = some["requested"][order]
    starts = np.flatnonzero(np.r_[True, queue[1:] != queue[:-1]]) if len(queue) else np.zeros(0, np.int64)
    first = np.repeat(starts, np.diff(np.r_[starts, len(queue)]))
    positions[chosen[order]] = np.arange(len(queue)) - first + 1


def day_text(day: int) -> str:
    """A day number as ``YYYY-MM-DD``."""
    return date.fromordinal(day).isoformat()


def reservations(engine: AllocationEngine) -> list[dict[str, Any]]:
    """Every reservation, in arrival order."""
    book = engine.book
    rows, days = book.used("reservations"), book.tables.dates["day"]
    positions = queue_positions(book)
    result = []
    for r in np.argsort(rows["arrival"], kind="stable").tolist():
        row = rows[r]
        status = Status(int(row["status"]))
        dated = status in _WITH_DATE
        result.append(
            {
                "reservation_id": engine.reservation_id(r),
                "order_id": engine.order_id(int(row["order"])),
                "status": status.name,
                "reason": reason_name(int(row["reason"])),
                "requested_ship_date": day_text(int(days[row["requested"]])),
                "ship_date": day_text(int(days[row["assigned"]])) if dated else None,
                "queue_position": int(positions[r]) or None,
            }
        )
    return result


def refused_lines(engine: AllocationEngine) -> list[int]:
    """Line numbers, from 1, of the commands that were refused."""
    log = engine.book.used("log")
    return (log["command"][log["step"] == Step.REFUSED] + 1).tolist()  # type: ignore[no-any-return]


def releases(engine: AllocationEngine) -> list[dict[str, Any]]:
    """What each release did, over the pools it acted on."""
    operations = engine.book.used("operations")
    operations = operations[operations["kind"] == Kind.RELEASE]
    share = int(engine.book.tables.policy["alert_share"][0])
    result = []
    for command in dict.fromkeys(operations["command"].tolist()):
        rows = operations[operations["command"] == command]
        broken, allocated = int(rows["broken"].sum()), int(rows["allocated"].sum())
        result.append(
            {
                "ship_date": day_text(int(rows["day"][0])),
                "allocated_units": int(rows["allocated_units"].sum()),
                "broken": broken,
                "pools": len(rows),
                "alert": broken * 10**6 > share * (allocated + broken),
            }
        )
    return result


def atp(engine: AllocationEngine) -> list[dict[str, Any]]:
    """Supply, limit, promised units and ATP of every planning date of every pool."""
    return list(_atp(engine))


def _atp(engine: AllocationEngine) -> Iterator[dict[str, Any]]:
    book = engine.book
    pool = int(book.tables.pools["next"][0])
    while pool != NOBODY:
        sku, location = engine.pools[pool]
        for row in pool_dates(book, pool):
            if is_planning(row):
                numbers = {name: int(row[name]) for name in ("supply_by", "limit", "promised", "atp")}
                yield {"sku": sku, "location": location, "ship_date": day_text(int(row["day"])), **numbers}
        pool = int(book.tables.pools["next"][pool])


def outcome(engine: AllocationEngine) -> dict[str, Any]:
    """All four."""
    return {
        "reservations": reservations(engine),
        "refused": refused_lines(engine),
        "releases": releases(engine),
        "atp": atp(engine),
    }
