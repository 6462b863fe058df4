"""ATP as it is asked for: the breakdown of one date, and the table of all planning dates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from allocation.engine.book import Book
from allocation.engine.policy import MICRO


@dataclass(frozen=True, slots=True)
class AtpQuote:
    """What could be promised of a pool for a date, in units.

    Attributes:
        on_hand: Units physically there.
        expected_by: Arrivals up to the date.
        supply_by: Both together.
        rate: The overbooking rate.
        limit: Units that may be promised by the date.
        promised: Units that are promised by it.
        atp: Units that can still be promised without breaking a later promise.
        can_fulfill: Whether the quantity asked for can be promised.
        recommendation: The same as a sentence.
    """

    sku: str
    location: str
    ship_date: date
    quantity: int
    on_hand: int
    expected_by: int
    supply_by: int
    rate: Decimal
    limit: int
    promised: int
    atp: int
    can_fulfill: bool
    recommendation: str


def pool_dates(book: Book, pool: int) -> Iterator[Any]:
    """The dates of a pool in order, with their ATP up to date."""
    book.survey(pool)
    for d in book.dates_of(pool):
        yield book.tables.dates[d]


def is_planning(row: Any) -> bool:
    """Whether a date of `pool_dates` is a planning date."""
    return bool(row["deliveries"] > 0 or row["held"] > 0)


def quote(book: Book, pool: int, sku: str, location: str, day: int, quantity: int) -> AtpQuote:
    """The breakdown for a date, which need not be one that the pool knows."""
    row = book.tables.pools[pool]
    on_hand, rate = int(row["on_hand"]), int(row["rate"])
    supply, promised, later = on_hand, 0, []
    for known in pool_dates(book, pool):
        if known["day"] <= day:
            supply, promised = int(known["supply_by"]), int(known["promised"])
        elif is_planning(known):
            later.append(int(known["limit"]) - int(known["promised"]))
    limit = supply * rate // MICRO
    atp = min([limit - promised, *later])
    closed = day <= int(row["closed_until"])
    fits = atp >= quantity and not closed
    return AtpQuote(
        sku=sku,
        location=location,
        ship_date=date.fromordinal(day),
        quantity=quantity,
        on_hand=on_hand,
        expected_by=supply - on_hand,
        supply_by=supply,
        rate=Decimal(rate) / MICRO,
        limit=limit,
        promised=promised,
        atp=atp,
        can_fulfill=fits,
        recommendation=_recommendation(fits, closed, atp, quantity),
    )


def _recommendation(fits: bool, closed: bool, atp: int, quantity: int) -> str:
    if closed:
        return "The date is closed: offer a later one."
    if fits:
        return f"Promise {quantity}: {atp} can be promised."
    if atp > 0:
        return f"Promise at most {atp} of {quantity}, a later date, or a place in the queue."
    return "Nothing can be promised for this date: offer a later one or a place in the queue."
