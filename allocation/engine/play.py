"""Playing commands: the compiled loop that every user of the rules goes through."""

from __future__ import annotations

from allocation.engine import rows
from allocation.engine.codes import EVERYWHERE, NOBODY, Kind, Mark, Only, Reason, Refusal, Status, Step
from allocation.engine.compiled import Entry, large_rule, rule
from allocation.engine.cutoff import confirm_or_release, mark_dates
from allocation.engine.intake import change_tier, first_target, next_target, pay, place, score_of
from allocation.engine.promotion import promote
from allocation.engine.rows import Row, Tables
from allocation.engine.standing import (
    admitted_before,
    end_open,
    hold,
    is_held,
    is_open_status,
    is_waiting,
    mark_changed,
    new_reservation,
    outranks,
    record,
    wait,
)
from allocation.engine.supply import date_of, set_supply, survey

NO_ROOM = -1
"""The tables are too full for the next command, of which nothing has been done."""
CHANGES_PER_RESERVATION = 8
"""No command changes an open reservation more often than this, and where it can move up, once more a delivery date."""


@rule
def is_meant(only: int, status: int) -> bool:
    """Whether a ``cancel`` means an open reservation of this status."""
    if only == Only.WAITING:
        return is_waiting(status)
    if only == Only.HELD:
        return is_held(status)
    if only == Only.CONFIRMED:
        return status == Status.CONFIRMED
    return is_open_status(status)


@large_rule
def cancel(t: Tables, c: int) -> int:
    """The command ``cancel``; why it is refused, or 0."""
    command = rows.command(t, c)
    r = first_target(t, command)
    refused = Refusal.UNKNOWN if r == NOBODY else Refusal.NO_TARGET
    while r != NOBODY:
        reservation = rows.reservation(t, r)
        if is_meant(command.only, reservation.status):
            refused = Refusal.NONE
            if reservation.status == Status.CONFIRMED:
                reservation.marks |= Mark.CANCELLED_CONFIRMED
            if is_held(reservation.status):
                rows.pool(t, reservation.pool).losses += 1
            end_open(t, r, Status.CANCELLED, Reason.CUSTOMER, Step.CANCELLED)
        r = next_target(t, command, r)
    return refused


@large_rule
def expire(t: Tables, at: int) -> None:
    """The command ``expire``: held, unpaid ones whose time has come."""
    r = rows.state(t, 0).expiring
    while r != NOBODY and rows.link(rows.agenda(t), r).key <= at:
        rows.pool(t, rows.reservation(t, r).pool).losses += 1
        end_open(t, r, Status.EXPIRED, Reason.UNPAID, Step.EXPIRED)
        r = rows.state(t, 0).expiring


@large_rule
def set_rate(t: Tables, c: int) -> int:
    """The command ``overbooking``; why it is refused, or 0."""
    command = rows.command(t, c)
    if command.pool == NOBODY or rows.pool(t, command.pool).exists == 0:
        return Refusal.POOL
    pool = rows.pool(t, command.pool)
    pool.rate = command.number
    pool.surveyed = 0
    pool.stale = 1
    mark_changed(t, command.pool)
    return Refusal.NONE


@rule
def refusal_of_adoption(t: Tables, command: Row, adoption: Row) -> int:
    """Why a reservation cannot be put into the book, or 0."""
    refused = command.refused
    if command.pool == NOBODY or rows.pool(t, command.pool).exists == 0:
        refused |= Refusal.POOL
    if command.tier < 0 or rows.tier(t, command.tier).known == 0:
        refused |= Refusal.TIER
    if not is_open_status(adoption.status):
        refused |= Refusal.NOT_OPEN
    if is_held(adoption.status) and adoption.assigned == 0:
        refused |= Refusal.UNASSIGNED
    return refused


@large_rule
def adopt(t: Tables, c: int) -> int:
    """The command ``adopt``; why it is refused, or 0."""
    command = rows.command(t, c)
    adoption = rows.adoption(t, command.number)
    refused = refusal_of_adoption(t, command, adoption)
    if refused != 0:
        return refused
    r = new_reservation(t, command.pool, command.order, adoption.line, adoption.quantity)
    reservation = rows.reservation(t, r)
    reservation.score = score_of(t, command)
    reservation.arrival = adoption.arrival
    reservation.tier = command.tier
    reservation.paid = command.paid
    reservation.expires_at = adoption.expires_at
    reservation.requested = date_of(t, command.pool, adoption.requested)
    rows.state(t, 0).arrivals = max(rows.state(t, 0).arrivals, adoption.arrival + 1)
    if is_held(adoption.status):
        rows.pool(t, command.pool).promises += 1
        hold(t, r, adoption.status, date_of(t, command.pool, adoption.assigned))
    else:
        wait(t, r, adoption.status)
    rows.pool(t, command.pool).stale = 1
    record(t, r, Status.NONE, Step.ADOPTED)
    return refused


@rule
def refuse(t: Tables, refused: int) -> None:
    """Write a refused command into the log."""
    state = rows.state(t, 0)
    state.refused += 1
    i = state.log
    state.log = i + 1
    if i < rows.count_log(t):
        row = rows.log(t, i)
        row.command = state.command
        row.reservation = NOBODY
        row.before = Status.NONE
        row.after = Status.NONE
        row.reason = Reason.NONE
        row.step = Step.REFUSED
        row.refused = refused
        row.day = 0
        row.supply_by = 0
        row.limit = 0
        row.promised = 0
        row.atp = 0


@rule
def carry_out(t: Tables, c: int) -> int:
    """One command without the promotion that ends it; why it is refused, or 0."""
    command = rows.command(t, c)
    kind = command.kind
    if kind == Kind.PLACE:
        return place(t, c)
    if command.refused != 0 and kind != Kind.ADOPT:
        return command.refused
    if kind == Kind.CANCEL:
        return cancel(t, c)
    if kind == Kind.PAY:
        return pay(t, c)
    if kind == Kind.SUPPLY:
        set_supply(t, command.pool, c)
        rows.pool(t, command.pool).stale = 1
        mark_changed(t, command.pool)
        return Refusal.NONE
    if kind == Kind.EXPIRE:
        expire(t, command.at)
        return Refusal.NONE
    return carry_out_rare(t, c)


@large_rule
def carry_out_rare(t: Tables, c: int) -> int:
    """The commands that a launch has few of."""
    kind = rows.command(t, c).kind
    if kind == Kind.CONFIRM or kind == Kind.RELEASE:
        return confirm_or_release(t, c)
    if kind == Kind.TIER:
        return change_tier(t, c)
    if kind == Kind.OVERBOOKING:
        return set_rate(t, c)
    if kind == Kind.ADOPT:
        return adopt(t, c)
    if kind == Kind.DATES:
        return mark_dates(t, c)
    return Refusal.NONE


@rule
def promote_changed(t: Tables, kind: int) -> None:
    """Promote every pool in which the command changed anything, in (sku, location) order.

    A hand-over promotes nothing; what it left unserved is served by the next command that changes the pool.
    """
    p = rows.pool(t, EVERYWHERE).next
    while p != NOBODY and rows.state(t, 0).changed > 0:
        pool = rows.pool(t, p)
        if pool.changed != 0:
            if pool.stale != 0 and kind != Kind.ADOPT and kind != Kind.DATES:
                promote(t, p)
            pool.changed = 0
            rows.state(t, 0).changed -= 1
        p = pool.next
    rows.state(t, 0).changed = 0


@rule
def has_room(t: Tables, c: int) -> bool:
    """Whether no table can overflow during a command. A log without rows is not kept."""
    state = rows.state(t, 0)
    command = rows.command(t, c)
    reservations = state.reservations + command.lines + 1
    pools = rows.count_pools(t)
    # Confirming adds a date to every pool, opening a pool adds those that are confirmed everywhere.
    dates = state.dates + command.lines + pools + 2
    if command.kind == Kind.SUPPLY:
        dates += state.dates
    changes = CHANGES_PER_RESERVATION + (state.deliveries if rows.policy(t, 0).move_up != 0 else 0)
    log = state.log + 4 + (state.open + command.lines) * changes
    return (
        reservations < rows.count_reservations(t)
        and dates < rows.count_dates(t)
        and state.operations + pools <= rows.count_operations(t)
        and (rows.count_log(t) == 0 or log <= rows.count_log(t))
    )


@rule
def play_one(t: Tables, c: int) -> None:
    """Play one command to its end."""
    state = rows.state(t, 0)
    state.command = c
    state.at = rows.command(t, c).at
    refused = carry_out(t, c)
    if refused != 0:
        refuse(t, refused)
    elif state.changed > 0:
        promote_changed(t, rows.command(t, c).kind)
    active = state.open - state.waitlisted
    state.queue_peak = max(state.queue_peak, active)
    state.waitlist_peak = max(state.waitlist_peak, state.waitlisted)


def _play(t: Tables, first: int, last: int) -> int:
    c = first
    while c < last:
        if not has_room(t, c):
            rows.state(t, 0).command = c
            return NO_ROOM
        play_one(t, c)
        c += 1
    return rows.state(t, 0).log


play = Entry(_play)
"""Play the commands from `first` up to, not including, `last`: the log's length, or NO_ROOM with the command that
was not played in ``state.command``."""


@rule
def stands_before(t: Tables, a: int, b: int) -> bool:
    """Whether one stands before another of the same queue: active ones before waitlisted ones, each in its order."""
    first, second = rows.reservation(t, a).status, rows.reservation(t, b).status
    if first == Status.WAITLISTED:
        return second == Status.WAITLISTED and admitted_before(t, a, b)
    return second == Status.WAITLISTED or outranks(t, a, b)


def _position(t: Tables, r: int, end: int) -> int:
    reservation = rows.reservation(t, r)
    if not is_open_status(reservation.status):
        return 0
    position = 1
    s = rows.pool(t, reservation.pool).first_reservation
    while s != end:
        other = rows.reservation(t, s)
        if is_open_status(other.status) and other.requested == reservation.requested and stands_before(t, s, r):
            position += 1
        s = other.next_in_pool
    return position


def _survey(t: Tables, p: int, _unused: int) -> int:
    survey(t, p)
    return 0


survey_pool = Entry(_survey)
"""Bring the ATP of a pool's dates up to date."""
position = Entry(_position)
"""Queue position of a reservation (RULES.md section 3), 0 where it has ended. The last number is always NOBODY."""
