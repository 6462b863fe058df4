"""Cut-off, release and roll-over (RULES.md sections 7 to 9)."""

from __future__ import annotations

from allocation.engine import rows
from allocation.engine.codes import (
    EVERYWHERE,
    NEVER,
    NOBODY,
    Kind,
    Line,
    Mark,
    Reason,
    Refusal,
    Status,
    Step,
    Unserved,
)
from allocation.engine.compiled import large_rule, rule
from allocation.engine.heap import take_out
from allocation.engine.intake import displace, find_date, trim
from allocation.engine.rows import Row, Tables
from allocation.engine.standing import (
    by_priority,
    drop_waiting_line,
    end,
    hold,
    is_held,
    is_waiting,
    let_go,
    mark_changed,
    next_open,
    promise,
    record,
    stop_waiting,
    wait,
)
from allocation.engine.supply import date_of, is_planning, limit_of, next_delivery, remove_date, survey


@rule
def is_left_out(t: Tables, p: int, kind: int, day: int) -> bool:
    """Whether a cut-off or a release of this day has nothing to do in the pool."""
    pool = rows.pool(t, p)
    if pool.exists == 0 or pool.closed_until >= day:
        return True
    d = pool.first_date
    while d != NOBODY and rows.date(t, d).day <= day:
        date = rows.date(t, d)
        if kind == Kind.CONFIRM and date.day == day and date.confirmed != 0:
            return True
        if kind == Kind.RELEASE and date.day < day and date.held > 0:
            return True
        d = date.next
    return False


@large_rule
def begin_operation(t: Tables, p: int, kind: int, day: int) -> int:
    """A row for what a cut-off or a release does in a pool."""
    i = rows.state(t, 0).operations
    rows.state(t, 0).operations = i + 1
    row = rows.operation(t, i)
    row.limit_share = 0
    row.confirmed_units = 0
    row.allocated_units = 0
    row.on_hand = 0
    row.command = rows.state(t, 0).command
    row.pool = p
    row.day = day
    row.confirmed = 0
    row.allocated = 0
    row.broken = 0
    row.kind = kind
    return i


# ----- those who wait


@large_rule
def empty_queue(t: Tables, d: int) -> None:
    """Take everybody who waits out of a queue at once; their statuses stay until the next ones are set."""
    w = rows.date(t, d).first_line
    while w != NOBODY:
        following = rows.waiting_line(t, w).next
        if rows.waiting_line(t, w).kind != Line.LATER:
            drop_waiting_line(t, w)
        w = following
    rows.date(t, d).last_admitted = NOBODY


@large_rule
def cancel_all(t: Tables, top: int, reason: int, step: int) -> None:
    """Cancel everybody in a heap by priority, best first; they stand in nothing any more."""
    while top != NOBODY:
        r = top
        top = take_out(rows.agenda(t), top, r)
        end(t, r, Status.CANCELLED, reason, step)


@large_rule
def roll_over(t: Tables, p: int, top: int, day: int, reason: int, step: int) -> None:
    """Send a heap of leavers, who have let go of everything, to the next wave after `day` (section 9)."""
    new = next_delivery(t, p, date_of(t, p, day))
    if new == NOBODY:
        cancel_all(t, top, reason, step)
        return
    while top != NOBODY:
        r = top
        top = take_out(rows.agenda(t), top, r)
        rows.reservation(t, r).requested = new
        before = rows.reservation(t, r).status
        d = find_date(t, r)
        if d == NOBODY and reason == Reason.OVERSOLD and displace(t, r, new, True):
            survey(t, p)
            d = new
        if d != NOBODY:
            promise(t, r, d, before, Step.ROLLED_OVER)
        elif rows.policy(t, 0).queue_enabled != 0:
            wait(t, r, Status.QUEUED)
            record(t, r, before, Step.ROLLED_OVER)
        else:
            end(t, r, Status.CANCELLED, reason, step)
        trim(t, new)


@large_rule
def dismiss(t: Tables, p: int, top: int, day: int, choice: int, reason: int, step: int) -> None:
    """Cancel or roll over those who got nothing."""
    if choice == Unserved.CANCEL:
        cancel_all(t, top, reason, step)
    else:
        roll_over(t, p, top, day, reason, step)


@rule
def drop_out(t: Tables, r: int) -> None:
    """Count one who waits out of its queue, which is emptied as a whole afterwards."""
    reservation = rows.reservation(t, r)
    reservation.standing = NOBODY
    rows.pool(t, reservation.pool).waiting -= 1
    if reservation.status == Status.QUEUED:
        rows.date(t, reservation.requested).active -= 1
        rows.state(t, 0).queued -= 1
    else:
        rows.state(t, 0).waitlisted -= 1


@large_rule
def dismiss_waiting(t: Tables, p: int, first_day: int, day: int, choice: int, reason: int, step: int) -> None:
    """Cancel or roll over those who wait for dates from `first_day` to `day`, in priority order.

    The order in which they are cancelled is that of the log; where none is kept it is nobody's.
    """
    at_once = choice == Unserved.CANCEL and rows.count_log(t) == 0
    top = NOBODY
    pool = rows.pool(t, p)
    before = NOBODY
    r = next_open(t, p, before)
    while r != NOBODY:
        reservation = rows.reservation(t, r)
        requested = rows.date(t, reservation.requested).day
        if is_waiting(reservation.status) and requested >= first_day and requested <= day:
            drop_out(t, r)
            if at_once:
                end(t, r, Status.CANCELLED, reason, step)
            else:
                top = by_priority(t, top, r)
                before = r
        else:
            before = r
        r = next_open(t, p, before)
    d = pool.first_date
    while d != NOBODY:
        if rows.date(t, d).day >= first_day and rows.date(t, d).day <= day:
            empty_queue(t, d)
        d = rows.date(t, d).next
    pool.stale = 1
    dismiss(t, p, top, day, choice, reason, step)


# ----- cut-off


@rule
def share_of_limit(t: Tables, p: int, d: int) -> int:
    """The limit of a date less that of the wave before it, which takes its own share."""
    survey(t, p)
    before = rows.date(t, d).previous
    while before != NOBODY:
        if rows.date(t, before).deliveries > 0:
            return rows.date(t, d).limit - rows.date(t, before).limit
        before = rows.date(t, before).previous
    return rows.date(t, d).limit


@large_rule
def confirm_pool(t: Tables, p: int, day: int) -> None:
    """The promises of a date become firm in one pool."""
    d = date_of(t, p, day)
    row = rows.operation(t, begin_operation(t, p, Kind.CONFIRM, day))
    row.limit_share = share_of_limit(t, p, d)
    rows.date(t, d).confirmed = 1
    mark_changed(t, p)
    r = next_open(t, p, NOBODY)
    while r != NOBODY:
        reservation = rows.reservation(t, r)
        if reservation.status == Status.RESERVED and reservation.paid != 0 and reservation.assigned == d:
            let_go(t, r)
            hold(t, r, Status.CONFIRMED, d)
            reservation.marks |= Mark.CONFIRMED_AT_CUTOFF
            row.confirmed += 1
            row.confirmed_units += reservation.quantity
            record(t, r, Status.RESERVED, Step.CONFIRMED)
        r = next_open(t, p, r)
    if rows.policy(t, 0).unreserved != Unserved.KEEP:
        dismiss_waiting(t, p, day, day, rows.policy(t, 0).unreserved, Reason.NOT_SELECTED, Step.CONFIRMED)


# ----- release


@large_rule
def gather_held(t: Tables, p: int, d: int) -> int:
    """Those held on a date, as a heap by priority; the unpaid ones expire (8.1)."""
    top = NOBODY
    r = next_open(t, p, NOBODY)
    while r != NOBODY:
        reservation = rows.reservation(t, r)
        if is_held(reservation.status) and reservation.assigned == d:
            let_go(t, r)
            if reservation.paid == 0:
                rows.pool(t, p).losses += 1
                end(t, r, Status.EXPIRED, Reason.UNPAID, Step.RELEASED)
            else:
                # Out of every heap, but their units stay promised until each is served or the walk is over.
                rows.date(t, d).held_units += reservation.quantity
                rows.date(t, d).held += 1
                reservation.assigned = d
                top = by_priority(t, top, r)
        r = next_open(t, p, r)
    return top


@large_rule
def give_stock(t: Tables, r: int, d: int, row: Row) -> None:
    """Give units on hand to one that stands in nothing any more."""
    reservation = rows.reservation(t, r)
    pool = rows.pool(t, reservation.pool)
    pool.on_hand -= reservation.quantity
    pool.surveyed = 0
    row.allocated_units += reservation.quantity
    reservation.assigned = d
    end(t, r, Status.ALLOCATED, Reason.NONE, Step.RELEASED)


@large_rule
def leaves_promises_whole(t: Tables, p: int, d: int, quantity: int) -> bool:
    """Whether every later planning date keeps a headroom of at least 0 when these units leave."""
    pool = rows.pool(t, p)
    survey(t, p)
    later = rows.date(t, d).next
    while later != NOBODY:
        date = rows.date(t, later)
        if is_planning(date) and limit_of(pool, date.supply_by - quantity) < date.promised:
            return False
        later = date.next
    return True


@large_rule
def give_to_held(t: Tables, p: int, d: int, due: int, row: Row) -> int:
    """Walk the held ones in priority order (8.2); the heap of those left over."""
    left_over = NOBODY
    stopped = False
    while due != NOBODY:
        r = due
        due = take_out(rows.agenda(t), due, r)
        reservation = rows.reservation(t, r)
        if not stopped and reservation.quantity <= rows.pool(t, p).on_hand:
            rows.date(t, d).held_units -= reservation.quantity
            rows.date(t, d).held -= 1
            row.allocated += 1
            give_stock(t, r, d, row)
        else:
            stopped = rows.policy(t, 0).strict != 0
            row.broken += 1
            reservation.assigned = NOBODY
            left_over = by_priority(t, left_over, r)
    return left_over


@large_rule
def gather_standby(t: Tables, p: int, day: int, status: int) -> int:
    """The paid ones of a status who requested the day or an earlier one, as a heap by priority."""
    top = NOBODY
    r = next_open(t, p, NOBODY)
    while r != NOBODY:
        reservation = rows.reservation(t, r)
        if reservation.status == status and reservation.paid != 0 and rows.date(t, reservation.requested).day <= day:
            top = by_priority(t, top, r)
        r = next_open(t, p, r)
    return top


@large_rule
def give_to_standby(t: Tables, p: int, d: int, status: int, row: Row) -> bool:
    """The walk goes on with those who wait (8.3); whether it may go on behind them."""
    top = gather_standby(t, p, rows.date(t, d).day, status)
    while top != NOBODY and rows.pool(t, p).on_hand > 0:
        r = top
        top = take_out(rows.agenda(t), top, r)
        quantity = rows.reservation(t, r).quantity
        if quantity <= rows.pool(t, p).on_hand and leaves_promises_whole(t, p, d, quantity):
            stop_waiting(t, r)
            give_stock(t, r, d, row)
        elif quantity > rows.pool(t, p).on_hand and rows.policy(t, 0).strict != 0:
            return False
    return True


@large_rule
def close_date(t: Tables, p: int, d: int) -> None:
    """The date is closed, and what was expected up to it must be announced anew (8.4)."""
    pool = rows.pool(t, p)
    pool.closed_until = rows.date(t, d).day
    pool.stale = 1
    pool.surveyed = 0
    while d != NOBODY:
        rows.date(t, d).expected = 0
        rows.date(t, d).deliveries = 0
        d = rows.date(t, d).previous


@large_rule
def forget_dates(t: Tables, p: int, day: int) -> None:
    """Take closed dates that nobody stands on or waits for out of the chain."""
    pool = rows.pool(t, p)
    d = pool.first_date
    while d != NOBODY and rows.date(t, d).day <= day:
        date = rows.date(t, d)
        if not (date.deliveries > 0 or date.held > 0 or date.active > 0 or date.first_line != NOBODY):
            remove_date(t, pool, d)
        d = date.next


@large_rule
def release_pool(t: Tables, p: int, day: int) -> None:
    """Stock on hand is given out for a date in one pool."""
    policy = rows.policy(t, 0)
    d = date_of(t, p, day)
    row = rows.operation(t, begin_operation(t, p, Kind.RELEASE, day))
    mark_changed(t, p)
    left_over = give_to_held(t, p, d, gather_held(t, p, d), row)
    if policy.standby != 0 and (policy.strict == 0 or left_over == NOBODY):
        goes_on = give_to_standby(t, p, d, Status.QUEUED, row)
        if goes_on:
            give_to_standby(t, p, d, Status.WAITLISTED, row)
    row.on_hand = rows.pool(t, p).on_hand
    close_date(t, p, d)
    # Those left over stood on the date until here, so that standby did not take what they leave behind.
    rows.date(t, d).held_units = 0
    rows.date(t, d).held = 0
    dismiss(t, p, left_over, day, policy.shortfall, Reason.OVERSOLD, Step.RELEASED)
    dismiss_waiting(t, p, NEVER, day, policy.unfilled, Reason.NOT_FULFILLED, Step.RELEASED)
    forget_dates(t, p, day)


# ----- every pool


@large_rule
def operate(t: Tables, p: int, kind: int, day: int) -> None:
    """Confirm or release a date in one pool."""
    if kind == Kind.CONFIRM:
        confirm_pool(t, p, day)
    else:
        release_pool(t, p, day)


@large_rule
def confirm_or_release(t: Tables, c: int) -> int:
    """The commands ``confirm`` and ``release``; why they are refused, or 0."""
    command = rows.command(t, c)
    kind, day = command.kind, command.day
    if command.pool == NOBODY or (command.pool != EVERYWHERE and rows.pool(t, command.pool).exists == 0):
        return Refusal.POOL
    acted = False
    p = command.pool if command.pool != EVERYWHERE else rows.pool(t, EVERYWHERE).next
    while p != NOBODY:
        if not is_left_out(t, p, kind, day):
            operate(t, p, kind, day)
            acted = True
        p = rows.pool(t, p).next if command.pool == EVERYWHERE else NOBODY
    if not acted:
        return Refusal.NO_POOL
    if command.pool == EVERYWHERE:
        mark_date(t, EVERYWHERE, kind, day)
    return Refusal.NONE


@rule
def mark_date(t: Tables, p: int, kind: int, day: int) -> None:
    """Remember a date as confirmed or as released."""
    if kind == Kind.CONFIRM:
        rows.date(t, date_of(t, p, day)).confirmed = 1
    else:
        rows.pool(t, p).closed_until = max(rows.pool(t, p).closed_until, day)


@large_rule
def mark_dates(t: Tables, c: int) -> int:
    """The command ``dates``; why it is refused, or 0."""
    command = rows.command(t, c)
    if command.pool == NOBODY or (command.pool != EVERYWHERE and rows.pool(t, command.pool).exists == 0):
        return Refusal.POOL
    p = command.pool
    while p != NOBODY:
        for i in range(command.first_line, command.first_line + command.lines):
            mark_date(t, p, Kind.CONFIRM, rows.line(t, i).day)
        if command.day != 0:
            mark_date(t, p, Kind.RELEASE, command.day)
        rows.pool(t, p).stale = 1
        p = rows.pool(t, p).next if command.pool == EVERYWHERE else NOBODY
    return Refusal.NONE
