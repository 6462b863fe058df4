"""Promotion: after every command nobody waits who could be served (RULES.md section 6)."""

from __future__ import annotations

from allocation.engine import rows
from allocation.engine.codes import NOBODY, UNLIMITED, Line, Mark, Status, Step
from allocation.engine.compiled import large_rule, rule
from allocation.engine.intake import find_date
from allocation.engine.rows import Tables
from allocation.engine.standing import (
    admitted_before,
    hold,
    let_go,
    outranks,
    promise,
    record,
    stop_waiting,
    wait,
)
from allocation.engine.supply import is_open, is_planning, survey

NONE_FITS = -UNLIMITED


@large_rule
def first_admitted(t: Tables, d: int, reach: int) -> int:
    """The first WAITLISTED one of a queue, by admission order, whose quantity is at most `reach`, or NOBODY."""
    best = NOBODY
    w = rows.date(t, d).first_line
    while w != NOBODY:
        line = rows.waiting_line(t, w)
        fits = line.kind == Line.WAITLISTED and line.quantity <= reach
        if fits and (best == NOBODY or admitted_before(t, line.root, best)):
            best = line.root
        w = line.next
    return best


@large_rule
def refill(t: Tables, p: int) -> bool:
    """Fill up every queue from its wait-list, in date order; whether anything changed (6.1)."""
    changed = False
    d = rows.pool(t, p).first_date
    while d != NOBODY:
        date = rows.date(t, d)
        while date.active < rows.policy(t, 0).max_depth:
            r = first_admitted(t, d, UNLIMITED)
            if r == NOBODY:
                break
            stop_waiting(t, r)
            wait(t, r, Status.QUEUED)
            record(t, r, Status.WAITLISTED, Step.REFILLED)
            changed = True
        d = date.next
    return changed


@rule
def reach_of(t: Tables, p: int, d: int, later_reach: int) -> int:
    """The largest quantity that could be promised to one who requested date `d`."""
    reach = rows.date(t, d).atp if is_open(t, p, d) else NONE_FITS
    return max(reach, later_reach) if rows.policy(t, 0).earliest != 0 else reach


@rule
def reach_of_wave(t: Tables, p: int, d: int) -> int:
    """What an expected, open date offers to those who requested an earlier one."""
    return rows.date(t, d).atp if rows.date(t, d).deliveries > 0 and is_open(t, p, d) else NONE_FITS


@large_rule
def earlier_date(t: Tables, p: int, requested: int, assigned: int, quantity: int) -> int:
    """The earliest date that one held later than requested may move up to, or NOBODY (6.2)."""
    target = NOBODY
    lowest = UNLIMITED
    d = rows.date(t, assigned).previous
    while d != NOBODY and rows.date(t, d).day >= rows.date(t, requested).day and lowest >= quantity:
        date = rows.date(t, d)
        headroom = date.limit - date.promised
        candidate = d == requested or (rows.policy(t, 0).earliest != 0 and date.deliveries > 0)
        if candidate and is_open(t, p, d) and min(lowest, headroom) >= quantity:
            target = d
        if is_planning(date):
            lowest = min(lowest, headroom)
        d = date.previous
    return target


@large_rule
def next_in_walk(t: Tables, p: int) -> int:
    """The best-ranked one of the pool that can be served now, or NOBODY.

    All of a waiting line have the same date and quantity, so its best one stands for all of it. ATP never rises within
    a walk: one that was passed over stays passed over, and taking the best one each time is the walk.
    """
    survey(t, p)
    best = NOBODY
    later_reach = NONE_FITS
    d = rows.pool(t, p).last_date
    while d != NOBODY:
        reach = reach_of(t, p, d, later_reach)
        w = rows.date(t, d).first_line
        while w != NOBODY:
            line = rows.waiting_line(t, w)
            if line.kind != Line.WAITLISTED and (best == NOBODY or outranks(t, line.root, best)):
                if line.kind == Line.QUEUED:
                    fits = line.quantity <= reach
                else:
                    fits = earlier_date(t, p, d, line.assigned, line.quantity) != NOBODY
                if fits:
                    best = line.root
            w = line.next
        later_reach = max(later_reach, reach_of_wave(t, p, d))
        d = rows.date(t, d).previous
    return best


@large_rule
def serve(t: Tables, r: int) -> None:
    """Promise stock to one that waits and can be served."""
    before = rows.reservation(t, r).status
    d = find_date(t, r)
    stop_waiting(t, r)
    rows.reservation(t, r).marks |= Mark.PROMOTED
    promise(t, r, d, before, Step.PROMOTED)


@large_rule
def move_up(t: Tables, r: int) -> None:
    """Move one held later than requested to the earliest date that has room for it; its status stays."""
    reservation = rows.reservation(t, r)
    before = reservation.status
    d = earlier_date(t, reservation.pool, reservation.requested, reservation.assigned, reservation.quantity)
    let_go(t, r)
    firm = before == Status.CONFIRMED or (rows.date(t, d).confirmed != 0 and reservation.paid != 0)
    hold(t, r, Status.CONFIRMED if firm else Status.RESERVED, d)
    record(t, r, before, Step.MOVED_UP)


@large_rule
def walk(t: Tables, p: int) -> bool:
    """Serve the QUEUED and move up the later-assigned, in priority order; whether anything changed (6.2)."""
    changed = False
    r = next_in_walk(t, p)
    while r != NOBODY:
        if rows.reservation(t, r).status == Status.QUEUED:
            serve(t, r)
        else:
            move_up(t, r)
        changed = True
        r = next_in_walk(t, p)
    return changed


@large_rule
def reach_from(t: Tables, p: int, d: int) -> int:
    """The largest quantity that could be promised to one who requested date `d`, from all dates."""
    survey(t, p)
    later_reach = NONE_FITS
    later = rows.pool(t, p).last_date
    while later != d:
        later_reach = max(later_reach, reach_of_wave(t, p, later))
        later = rows.date(t, later).previous
    return reach_of(t, p, d, later_reach)


@large_rule
def serve_wait_lists(t: Tables, p: int) -> bool:
    """Serve the WAITLISTED, queue by queue in date order, by admission order; whether anything changed (6.3)."""
    changed = False
    d = rows.pool(t, p).first_date
    while d != NOBODY:
        while True:
            r = first_admitted(t, d, reach_from(t, p, d))
            if r == NOBODY:
                break
            serve(t, r)
            changed = True
        d = rows.date(t, d).next
    return changed


@large_rule
def promote(t: Tables, p: int) -> None:
    """Refill, walk and serve the wait-lists of a pool until nothing changes."""
    pool = rows.pool(t, p)
    while pool.waiting > 0 or pool.later > 0:
        if rows.state(t, 0).waitlisted == 0:
            # A walk ends when nobody fits any more, so without a wait-list there is nothing that it could change.
            walk(t, p)
            break
        refilled = refill(t, p)
        walked = walk(t, p)
        served = serve_wait_lists(t, p)
        if not (refilled or walked or served):
            break
    pool.stale = 0
