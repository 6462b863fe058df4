"""Supply, limit and ATP of a pool's dates (RULES.md section 2)."""

from __future__ import annotations

from allocation.engine import rows
from allocation.engine.codes import EVERYWHERE, NOBODY, UNLIMITED
from allocation.engine.compiled import large_rule, rule
from allocation.engine.rows import Row, Tables

MILLION = 1_000_000


@rule
def limit_of(pool: Row, supply: int) -> int:
    """Units that may be promised for this supply: ``floor(supply x rate)``, exactly.

    Whole and fractional part of the rate are taken apart so that nothing overflows (supply up to 10^12 units).
    """
    whole = pool.rate // MILLION
    return supply * whole + supply * (pool.rate - whole * MILLION) // MILLION


@rule
def is_planning(date: Row) -> bool:
    """Planning dates are the expected ones and those that held reservations are assigned to."""
    return date.deliveries > 0 or date.held > 0


@rule
def is_open(t: Tables, pool: int, date: int) -> bool:
    """Whether the date is not closed: dates up to the last one released are."""
    return rows.date(t, date).day > rows.pool(t, pool).closed_until


@large_rule
def update_atp(t: Tables, p: int) -> None:
    """Write supply, limit, promised units and ATP of every date of a pool."""
    pool = rows.pool(t, p)
    supply = pool.on_hand
    promised = 0
    d = pool.first_date
    while d != NOBODY:
        date = rows.date(t, d)
        supply += date.expected
        promised += date.held_units
        date.supply_by = supply
        date.promised = promised
        date.limit = limit_of(pool, supply)
        d = date.next
    lowest = UNLIMITED
    d = pool.last_date
    while d != NOBODY:
        date = rows.date(t, d)
        date.atp = min(date.limit - date.promised, lowest)
        if is_planning(date):
            lowest = date.atp
        d = date.previous
    pool.surveyed = 1


@rule
def survey(t: Tables, p: int) -> None:
    """Bring the ATP of a pool's dates up to date."""
    if rows.pool(t, p).surveyed == 0:
        update_atp(t, p)


@rule
def deadline_of(t: Tables, day: int) -> int:
    """The instant on the calendar at which an unpaid reservation for this date expires at the earliest."""
    i = 0
    while i < rows.count_calendar(t):
        if rows.calendar(t, i).day == day:
            return rows.calendar(t, i).deadline
        i += 1
    return -1


@large_rule
def search_date(t: Tables, p: int, day: int) -> int:
    """The row of a pool's date, searched for from its last one."""
    pool = rows.pool(t, p)
    after = pool.last_date
    while after != NOBODY and rows.date(t, after).day > day:
        after = rows.date(t, after).previous
    if after != NOBODY and rows.date(t, after).day == day:
        return after
    d = rows.state(t, 0).dates
    rows.state(t, 0).dates = d + 1
    date = rows.date(t, d)
    date.expected = 0
    date.held_units = 0
    date.deadline = deadline_of(t, day)
    date.day = day
    date.deliveries = 0
    date.held = 0
    date.active = 0
    date.first_line = NOBODY
    date.last_admitted = NOBODY
    date.weakest = NOBODY
    date.confirmed = 0
    insert_date(t, pool, d, after)
    pool.surveyed = 0
    return d


@rule
def date_of(t: Tables, p: int, day: int) -> int:
    """The row of a pool's date, made in its place in the chain where there is none."""
    last = rows.pool(t, p).last_date
    # Most pools have few dates, and most orders ask for the last one.
    if last != NOBODY and rows.date(t, last).day == day:
        return last
    return search_date(t, p, day)


@rule
def insert_date(t: Tables, pool: Row, d: int, after: int) -> None:
    """Put a date into the pool's chain behind another one (NOBODY: first)."""
    date = rows.date(t, d)
    date.previous = after
    if after == NOBODY:
        date.next = pool.first_date
        pool.first_date = d
    else:
        date.next = rows.date(t, after).next
        rows.date(t, after).next = d
    if date.next == NOBODY:
        pool.last_date = d
    else:
        rows.date(t, date.next).previous = d


@rule
def remove_date(t: Tables, pool: Row, d: int) -> None:
    """Take a date that means nothing any more out of the pool's chain; ended reservations still name its row."""
    date = rows.date(t, d)
    if date.previous == NOBODY:
        pool.first_date = date.next
    else:
        rows.date(t, date.previous).next = date.next
    if date.next == NOBODY:
        pool.last_date = date.previous
    else:
        rows.date(t, date.next).previous = date.previous


@rule
def first_later(t: Tables, p: int, d: int, quantity: int) -> int:
    """The first expected, open date after `d` whose ATP covers the quantity, or NOBODY. Needs `survey`."""
    later = rows.date(t, d).next
    while later != NOBODY:
        date = rows.date(t, later)
        if date.deliveries > 0 and date.atp >= quantity and is_open(t, p, later):
            return later
        later = date.next
    return NOBODY


@rule
def next_delivery(t: Tables, p: int, d: int) -> int:
    """The pool's next expected date after `d` that is not closed, or NOBODY."""
    later = rows.date(t, d).next
    while later != NOBODY:
        if rows.date(t, later).deliveries > 0 and is_open(t, p, later):
            return later
        later = rows.date(t, later).next
    return NOBODY


@large_rule
def open_pool(t: Tables, p: int) -> None:
    """A pool comes to be with its first supply; what was marked for every pool holds for it too."""
    pool = rows.pool(t, p)
    pool.exists = 1
    marks = rows.pool(t, EVERYWHERE)
    pool.closed_until = max(pool.closed_until, marks.closed_until)
    d = marks.first_date
    while d != NOBODY:
        rows.date(t, date_of(t, p, rows.date(t, d).day)).confirmed = 1
        d = rows.date(t, d).next


@large_rule
def set_supply(t: Tables, p: int, c: int) -> None:
    """The command ``supply``."""
    command = rows.command(t, c)
    if rows.pool(t, p).exists == 0:
        open_pool(t, p)
    pool = rows.pool(t, p)
    if command.number >= 0:
        pool.on_hand = command.number
    pool.on_hand += command.received
    # Only an announced list replaces the deliveries that are expected.
    if command.option != 0:
        d = pool.first_date
        while d != NOBODY:
            rows.date(t, d).expected = 0
            rows.date(t, d).deliveries = 0
            d = rows.date(t, d).next
        for i in range(command.first_line, command.first_line + command.lines):
            date = rows.date(t, date_of(t, p, rows.line(t, i).day))
            date.expected += rows.line(t, i).quantity
            date.deliveries += 1
        rows.state(t, 0).deliveries = max(rows.state(t, 0).deliveries, command.lines)
    pool.surveyed = 0
