"""Where a reservation stands: held on a date or waiting in a line, and the record of every change."""

from __future__ import annotations

from allocation.engine import rows
from allocation.engine.codes import NOBODY, UNLIMITED, Line, Reason, Status, Step
from allocation.engine.compiled import large_rule, rule
from allocation.engine.heap import add, take_out
from allocation.engine.rows import Row, Tables


@rule
def is_held(status: int) -> bool:
    """RESERVED or CONFIRMED."""
    return status == Status.RESERVED or status == Status.CONFIRMED


@rule
def is_waiting(status: int) -> bool:
    """QUEUED or WAITLISTED."""
    return status == Status.QUEUED or status == Status.WAITLISTED


@rule
def is_open_status(status: int) -> bool:
    """Held or waiting."""
    return status >= Status.RESERVED and status <= Status.WAITLISTED


@rule
def outranks(t: Tables, a: int, b: int) -> bool:
    """Priority: the higher score, then the earlier arrival (RULES.md section 3)."""
    first, second = rows.reservation(t, a), rows.reservation(t, b)
    return first.score > second.score or (first.score == second.score and first.arrival < second.arrival)


@rule
def admitted_before(t: Tables, a: int, b: int) -> bool:
    """Admission order: who gets into a full queue."""
    if rows.policy(t, 0).admission_by_priority != 0:
        return outranks(t, a, b)
    return rows.reservation(t, a).arrival < rows.reservation(t, b).arrival


@rule
def mark_changed(t: Tables, p: int) -> None:
    """The present command changed something in this pool."""
    pool = rows.pool(t, p)
    if pool.changed == 0:
        pool.changed = 1
        rows.state(t, 0).changed += 1


@rule
def is_promise(before: int, step: int) -> bool:
    """Whether a step that ends held gives a new promise (others firm up, adopt or re-rank an old one)."""
    if step == Step.RETIERED:
        return is_waiting(before)
    return step == Step.PLACED or step == Step.PROMOTED or step == Step.MOVED_UP or step == Step.ROLLED_OVER


@large_rule
def write_decision(t: Tables, i: int, r: int, before: int, step: int) -> None:
    """Write the reservation's change into a row of the log."""
    state = rows.state(t, 0)
    reservation = rows.reservation(t, r)
    row = rows.log(t, i)
    row.command = state.command
    row.reservation = r
    row.before = before
    row.after = reservation.status
    row.reason = reservation.reason
    row.step = step
    row.refused = 0
    promise = is_held(reservation.status) and is_promise(before, step)
    date = rows.date(t, reservation.requested if reservation.assigned == NOBODY else reservation.assigned)
    row.day = date.day
    row.supply_by = date.supply_by if promise else 0
    row.limit = date.limit if promise else 0
    row.promised = date.promised if promise else 0
    row.atp = date.atp if promise else 0


@rule
def record(t: Tables, r: int, before: int, step: int) -> None:
    """The reservation changed; in the log, where one is kept, it says how."""
    state = rows.state(t, 0)
    mark_changed(t, rows.reservation(t, r).pool)
    i = state.log
    state.log = i + 1
    if i < rows.count_log(t):
        write_decision(t, i, r, before, step)


# ----- waiting lines


@large_rule
def new_waiting_line(t: Tables, d: int, kind: int, quantity: int, assigned: int) -> int:
    """A waiting line that has nobody in it yet, in front of the date's other lines."""
    state = rows.state(t, 0)
    w = state.free_line
    if w == NOBODY:
        w = state.lines
        state.lines = w + 1
    else:
        state.free_line = rows.waiting_line(t, w).next
    line = rows.waiting_line(t, w)
    date = rows.date(t, d)
    line.quantity = quantity
    line.date = d
    line.assigned = assigned
    line.root = NOBODY
    line.kind = kind
    line.previous = NOBODY
    line.next = date.first_line
    if line.next != NOBODY:
        rows.waiting_line(t, line.next).previous = w
    date.first_line = w
    return w


@rule
def drop_waiting_line(t: Tables, w: int) -> None:
    """Give an empty waiting line back."""
    line = rows.waiting_line(t, w)
    if line.previous == NOBODY:
        rows.date(t, line.date).first_line = line.next
    else:
        rows.waiting_line(t, line.previous).next = line.next
    if line.next != NOBODY:
        rows.waiting_line(t, line.next).previous = line.previous
    line.next = rows.state(t, 0).free_line
    rows.state(t, 0).free_line = w


@large_rule
def join_line(t: Tables, r: int, kind: int, assigned: int) -> None:
    """Stand in the line of this kind, the requested date and the quantity."""
    reservation = rows.reservation(t, r)
    w = rows.date(t, reservation.requested).first_line
    while w != NOBODY:
        line = rows.waiting_line(t, w)
        if line.kind == kind and line.quantity == reservation.quantity and line.assigned == assigned:
            break
        w = line.next
    if w == NOBODY:
        w = new_waiting_line(t, reservation.requested, kind, reservation.quantity, assigned)
    key = -reservation.score
    if kind == Line.WAITLISTED and rows.policy(t, 0).admission_by_priority == 0:
        key = 0
    rows.waiting_line(t, w).root = add(rows.by_rank(t), rows.waiting_line(t, w).root, r, key, reservation.arrival)
    reservation.standing = w


@large_rule
def leave_line(t: Tables, r: int) -> None:
    """Leave the line one stands in."""
    reservation = rows.reservation(t, r)
    w = reservation.standing
    line = rows.waiting_line(t, w)
    line.root = take_out(rows.by_rank(t), line.root, r)
    if line.root == NOBODY:
        drop_waiting_line(t, w)
    reservation.standing = NOBODY


@large_rule
def wait(t: Tables, r: int, status: int) -> None:
    """Stand in line as QUEUED or WAITLISTED."""
    state, policy = rows.state(t, 0), rows.policy(t, 0)
    reservation = rows.reservation(t, r)
    date = rows.date(t, reservation.requested)
    reservation.status = status
    reservation.assigned = NOBODY
    rows.pool(t, reservation.pool).waiting += 1
    if status == Status.QUEUED:
        date.active += 1
        state.queued += 1
        join_line(t, r, Line.QUEUED, NOBODY)
        if policy.max_depth < UNLIMITED:
            key = reservation.score if policy.admission_by_priority != 0 else 0
            date.last_admitted = add(rows.by_weakness(t), date.last_admitted, r, key, -reservation.arrival)
    else:
        state.waitlisted += 1
        join_line(t, r, Line.WAITLISTED, NOBODY)


@large_rule
def stop_waiting(t: Tables, r: int) -> None:
    """Leave the line; the status stays until the next one is set."""
    state = rows.state(t, 0)
    reservation = rows.reservation(t, r)
    leave_line(t, r)
    rows.pool(t, reservation.pool).waiting -= 1
    if reservation.status == Status.QUEUED:
        date = rows.date(t, reservation.requested)
        date.active -= 1
        state.queued -= 1
        if rows.policy(t, 0).max_depth < UNLIMITED:
            date.last_admitted = take_out(rows.by_weakness(t), date.last_admitted, r)
    else:
        state.waitlisted -= 1


# ----- held


@large_rule
def hold(t: Tables, r: int, status: int, d: int) -> None:
    """Become held on a date."""
    policy = rows.policy(t, 0)
    reservation = rows.reservation(t, r)
    pool = rows.pool(t, reservation.pool)
    date = rows.date(t, d)
    reservation.status = status
    reservation.assigned = d
    date.held_units += reservation.quantity
    date.held += 1
    rows.date(t, reservation.requested).active += 1
    pool.surveyed = 0
    if status == Status.RESERVED and policy.displacing != 0:
        date.weakest = add(rows.by_weakness(t), date.weakest, r, reservation.score, -reservation.arrival)
    if policy.move_up != 0 and date.day > rows.date(t, reservation.requested).day:
        pool.later += 1
        join_line(t, r, Line.LATER, d)
    if reservation.paid == 0:
        rows.state(t, 0).expiring = add(
            rows.agenda(t), rows.state(t, 0).expiring, r, reservation.expires_at, reservation.arrival
        )


@large_rule
def let_go_of_date(t: Tables, r: int) -> None:
    """Let go of the date, of one that is in no heap of the weakest."""
    reservation = rows.reservation(t, r)
    pool = rows.pool(t, reservation.pool)
    date = rows.date(t, reservation.assigned)
    date.held_units -= reservation.quantity
    date.held -= 1
    rows.date(t, reservation.requested).active -= 1
    pool.surveyed = 0
    if reservation.standing != NOBODY:
        pool.later -= 1
        leave_line(t, r)
    if reservation.paid == 0:
        rows.state(t, 0).expiring = take_out(rows.agenda(t), rows.state(t, 0).expiring, r)
    reservation.assigned = NOBODY


@large_rule
def let_go(t: Tables, r: int) -> None:
    """Let go of the date; the status stays until the next one is set."""
    reservation = rows.reservation(t, r)
    if reservation.status == Status.RESERVED and rows.policy(t, 0).displacing != 0:
        date = rows.date(t, reservation.assigned)
        date.weakest = take_out(rows.by_weakness(t), date.weakest, r)
    let_go_of_date(t, r)


@large_rule
def start_clock(t: Tables, r: int) -> None:
    """Set when an unpaid reservation that becomes held expires (RULES.md section 5)."""
    policy, at = rows.policy(t, 0), rows.state(t, 0).at
    reservation = rows.reservation(t, r)
    deadline = max(rows.date(t, reservation.requested).deadline, at + policy.grace_ms)
    if policy.max_hold_ms < UNLIMITED:
        deadline = min(deadline, at + policy.max_hold_ms)
    reservation.expires_at = deadline


@large_rule
def promise(t: Tables, r: int, d: int, before: int, step: int) -> None:
    """Promise the date to one that holds nothing; firm at once where the date is confirmed and it has paid."""
    reservation = rows.reservation(t, r)
    if reservation.paid == 0:
        start_clock(t, r)
    firm = rows.date(t, d).confirmed != 0 and reservation.paid != 0
    rows.pool(t, reservation.pool).promises += 1
    hold(t, r, Status.CONFIRMED if firm else Status.RESERVED, d)
    record(t, r, before, step)


# ----- ends


@large_rule
def leave(t: Tables, r: int) -> None:
    """Leave whatever an open reservation stands in."""
    reservation = rows.reservation(t, r)
    if is_waiting(reservation.status):
        stop_waiting(t, r)
    else:
        let_go(t, r)
    rows.pool(t, reservation.pool).stale = 1


@large_rule
def end(t: Tables, r: int, status: int, reason: int, step: int) -> None:
    """End a reservation that stands in nothing any more."""
    reservation = rows.reservation(t, r)
    before = reservation.status
    reservation.status = status
    reservation.reason = reason
    rows.state(t, 0).open -= 1
    record(t, r, before, step)


@large_rule
def end_open(t: Tables, r: int, status: int, reason: int, step: int) -> None:
    """End an open reservation."""
    leave(t, r)
    end(t, r, status, reason, step)


@rule
def new_reservation(t: Tables, pool: int, order: int, line: int, quantity: int) -> int:
    """A new row, chained behind the others of its pool and its order; it stands in nothing yet."""
    state = rows.state(t, 0)
    r = state.reservations
    state.reservations = r + 1
    state.open += 1
    reservation = rows.reservation(t, r)
    reservation.quantity = quantity
    reservation.order = order
    reservation.line = line
    reservation.pool = pool
    reservation.assigned = NOBODY
    reservation.standing = NOBODY
    reservation.next_in_pool = NOBODY
    reservation.next_in_order = NOBODY
    reservation.status = Status.NONE
    reservation.reason = Reason.NONE
    reservation.marks = 0
    reservation.expires_at = UNLIMITED
    chain_in_pool(t, r)
    chain_in_order(t, r)
    return r


@rule
def chain_in_pool(t: Tables, r: int) -> None:
    """Put a new reservation at the end of its pool's chain."""
    pool = rows.pool(t, rows.reservation(t, r).pool)
    if pool.last_reservation == NOBODY:
        pool.first_reservation = r
    else:
        rows.reservation(t, pool.last_reservation).next_in_pool = r
    pool.last_reservation = r


@rule
def next_open(t: Tables, p: int, r: int) -> int:
    """The open reservation of a pool behind `r` (NOBODY: the first one), or NOBODY; ended ones leave the chain."""
    pool = rows.pool(t, p)
    following = pool.first_reservation if r == NOBODY else rows.reservation(t, r).next_in_pool
    while following != NOBODY and not is_open_status(rows.reservation(t, following).status):
        following = rows.reservation(t, following).next_in_pool
    if r == NOBODY:
        pool.first_reservation = following
    else:
        rows.reservation(t, r).next_in_pool = following
    if following == NOBODY:
        pool.last_reservation = r
    return following


@rule
def chain_in_order(t: Tables, r: int) -> None:
    """Put a new reservation at the end of its order's chain."""
    order = rows.order(t, rows.reservation(t, r).order)
    if order.first == NOBODY:
        order.first = r
    else:
        rows.reservation(t, order.last).next_in_order = r
    order.last = r


@rule
def by_priority(t: Tables, top: int, r: int) -> int:
    """Add to the heap of those to be walked in priority order, best on top.

    It is in the links of the agenda, which only held, unpaid ones use otherwise: those to be walked are paid or wait.
    """
    reservation: Row = rows.reservation(t, r)
    return add(rows.agenda(t), top, r, -reservation.score, reservation.arrival)
