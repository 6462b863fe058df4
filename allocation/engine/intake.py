"""Asking for stock: reserve, displace, a later wave, queue, trim (RULES.md section 5)."""

from __future__ import annotations

from allocation.engine import rows
from allocation.engine.codes import NOBODY, Mark, Reason, Refusal, Status, Step
from allocation.engine.compiled import large_rule, rule
from allocation.engine.heap import add, take_out
from allocation.engine.rows import Row, Tables
from allocation.engine.standing import (
    admitted_before,
    end,
    hold,
    is_held,
    leave,
    let_go,
    let_go_of_date,
    new_reservation,
    promise,
    record,
    stop_waiting,
    wait,
)
from allocation.engine.supply import date_of, first_later, is_open, survey


@rule
def yields_to(victim: Row, taker: Row, equal_scores: bool) -> bool:
    """Whether one may be displaced by the other: a lower score, or with `equal_scores` a lower priority."""
    if victim.score != taker.score:
        return victim.score < taker.score
    return equal_scores and victim.arrival > taker.arrival


@large_rule
def displace(t: Tables, r: int, d: int, equal_scores: bool) -> bool:
    """Displace the weakest RESERVED ones of a date until their units and its ATP cover the quantity (5.2).

    Nobody moves where that is not enough. The taker then still has to be promised the date.
    """
    taker = rows.reservation(t, r)
    date = rows.date(t, d)
    missing = taker.quantity - max(date.atp, 0)
    first = NOBODY
    last = NOBODY
    while missing > 0 and date.weakest != NOBODY:
        weakest = date.weakest
        if not yields_to(rows.reservation(t, weakest), taker, equal_scores):
            break
        date.weakest = take_out(rows.by_weakness(t), date.weakest, weakest)
        rows.link(rows.by_weakness(t), weakest).next = NOBODY
        if first == NOBODY:
            first = weakest
        else:
            rows.link(rows.by_weakness(t), last).next = weakest
        last = weakest
        missing -= rows.reservation(t, weakest).quantity
    enough = missing <= 0
    while first != NOBODY:
        victim = first
        first = rows.link(rows.by_weakness(t), victim).next
        if enough:
            send_to_queue(t, victim, d)
        else:
            loser = rows.reservation(t, victim)
            date.weakest = add(rows.by_weakness(t), date.weakest, victim, loser.score, -loser.arrival)
    return enough


@large_rule
def send_to_queue(t: Tables, r: int, d: int) -> None:
    """One that lost date `d` stands in its own queue again, or in that of `d` where its own date is closed."""
    reservation = rows.reservation(t, r)
    let_go_of_date(t, r)
    if not is_open(t, reservation.pool, reservation.requested):
        reservation.requested = d
    reservation.marks |= Mark.DISPLACED
    rows.pool(t, reservation.pool).promises -= 1
    wait(t, r, Status.QUEUED)
    record(t, r, Status.RESERVED, Step.DISPLACED)
    rows.pool(t, reservation.pool).stale = 1


@rule
def can_reserve(t: Tables, r: int) -> bool:
    """Whether the requested date covers the quantity (5.1)."""
    reservation = rows.reservation(t, r)
    survey(t, reservation.pool)
    d = reservation.requested
    return rows.date(t, d).atp >= reservation.quantity and is_open(t, reservation.pool, d)


@rule
def later_date(t: Tables, r: int) -> int:
    """With later waves, the first one that covers the quantity (5.3), or NOBODY. Needs `survey`."""
    reservation = rows.reservation(t, r)
    if rows.policy(t, 0).earliest == 0:
        return NOBODY
    return first_later(t, reservation.pool, reservation.requested, reservation.quantity)


@rule
def find_date(t: Tables, r: int) -> int:
    """The date that a line reserves on without displacing anybody (5.1, 5.3), or NOBODY."""
    if can_reserve(t, r):
        return rows.reservation(t, r).requested
    return later_date(t, r)


@large_rule
def ask(t: Tables, r: int) -> int:
    """Ask for stock (5.1 to 5.3): the date to be promised, whose displaced ones have already gone, or NOBODY.

    The caller takes the reservation out of its line before it makes the promise.
    """
    d = rows.reservation(t, r).requested
    if can_reserve(t, r):
        return d
    if rows.policy(t, 0).provisional != 0 and is_open(t, rows.reservation(t, r).pool, d):
        weakest = rows.date(t, d).weakest
        # Most newcomers displace nobody: where the weakest one does not yield, nobody does.
        yields = weakest != NOBODY and yields_to(rows.reservation(t, weakest), rows.reservation(t, r), False)
        if yields and displace(t, r, d, False):
            survey(t, rows.reservation(t, r).pool)
            return d
    return later_date(t, r)


@large_rule
def trim_queue(t: Tables, d: int) -> None:
    """Trim a queue that is too deep."""
    date = rows.date(t, d)
    while date.active > rows.policy(t, 0).max_depth and date.last_admitted != NOBODY:
        r = date.last_admitted
        stop_waiting(t, r)
        wait(t, r, Status.WAITLISTED)
        record(t, r, Status.QUEUED, Step.TRIMMED)


@rule
def trim(t: Tables, d: int) -> None:
    """While a queue is too deep, its last QUEUED one by admission order goes to the wait-list."""
    if rows.date(t, d).active > rows.policy(t, 0).max_depth:
        trim_queue(t, d)


@rule
def is_trimmed_at_once(t: Tables, r: int) -> bool:
    """Whether a newcomer would stand in a full queue, the last by admission order: `trim` takes that one out again."""
    date = rows.date(t, rows.reservation(t, r).requested)
    if date.active < rows.policy(t, 0).max_depth:
        return False
    return date.last_admitted == NOBODY or admitted_before(t, date.last_admitted, r)


@rule
def place_line(t: Tables, r: int) -> None:
    """One line of an order that is taken line by line."""
    d = ask(t, r)
    if d != NOBODY:
        promise(t, r, d, Status.NONE, Step.PLACED)
    elif rows.policy(t, 0).queue_enabled != 0:
        if is_trimmed_at_once(t, r):
            rows.reservation(t, r).status = Status.QUEUED
            record(t, r, Status.NONE, Step.PLACED)
            wait(t, r, Status.WAITLISTED)
            record(t, r, Status.QUEUED, Step.TRIMMED)
        else:
            wait(t, r, Status.QUEUED)
            record(t, r, Status.NONE, Step.PLACED)
    else:
        end(t, r, Status.REJECTED, Reason.INSUFFICIENT_INVENTORY, Step.PLACED)
    trim(t, rows.reservation(t, r).requested)


@rule
def score_of(t: Tables, command: Row) -> int:
    """The score of an order or an adopted reservation, in millionths (RULES.md section 3)."""
    policy = rows.policy(t, 0)
    return (
        rows.tier(t, command.tier).score
        + policy.previous_purchase * command.purchases
        + policy.cart_value_per_100 * command.hundreds
        + policy.membership_year * command.years
    )


@rule
def refusal_of_order(t: Tables, c: int) -> int:
    """Every reason for which an order is refused (0: none), of those that can be told from its numbers."""
    policy, command = rows.policy(t, 0), rows.command(t, c)
    refused = command.refused
    if refused & Refusal.CONFLICT != 0:
        return refused
    if command.tier < 0 or rows.tier(t, command.tier).known == 0:
        refused |= Refusal.TIER
    # A date that could not be read has no number; the order is refused as malformed then.
    if command.day != 0:
        ahead = command.day - rows.local_day(t, c).day
        if ahead < policy.min_days:
            refused |= Refusal.TOO_SOON
        if ahead > policy.max_days:
            refused |= Refusal.TOO_LATE
    for i in range(command.first_line, command.first_line + command.lines):
        line = rows.line(t, i)
        if line.quantity < 1 or line.quantity > policy.max_quantity:
            refused |= Refusal.QUANTITY
        if line.pool < 1 or rows.pool(t, line.pool).exists == 0:
            refused |= Refusal.POOL
        elif command.day != 0 and command.day <= rows.pool(t, line.pool).closed_until:
            refused |= Refusal.CLOSED
    return refused


@large_rule
def add_line(t: Tables, command: Row, i: int, score: int) -> int:
    """A row for the i-th line of an order."""
    line = rows.line(t, command.first_line + i)
    r = new_reservation(t, line.pool, command.order, i + 1, line.quantity)
    reservation = rows.reservation(t, r)
    reservation.score = score
    reservation.arrival = rows.state(t, 0).arrivals
    rows.state(t, 0).arrivals += 1
    reservation.tier = command.tier
    reservation.paid = command.paid
    reservation.requested = date_of(t, line.pool, command.day)
    return r


@large_rule
def place_all_or_nothing(t: Tables, command: Row, score: int) -> None:
    """All lines are promised by steps 1 and 3, or all are rejected and nothing is held."""
    log_before = rows.state(t, 0).log
    first = rows.state(t, 0).reservations
    last = first
    fits = True
    while last < first + command.lines and fits:
        r = add_line(t, command, last - first, score)
        d = find_date(t, r)
        fits = d != NOBODY
        if fits:
            promise(t, r, d, Status.NONE, Step.PLACED)
            last += 1
    if fits:
        for r in range(first, first + command.lines):
            trim(t, rows.reservation(t, r).requested)
        return
    rows.state(t, 0).log = log_before
    for r in range(first, last):
        let_go(t, r)
        rows.pool(t, rows.reservation(t, r).pool).promises -= 1
        rows.reservation(t, r).status = Status.NONE
    for i in range(rows.state(t, 0).reservations - first, command.lines):
        add_line(t, command, i, score)
    for r in range(first, first + command.lines):
        end(t, r, Status.REJECTED, Reason.INSUFFICIENT_INVENTORY, Step.PLACED)


@rule
def place(t: Tables, c: int) -> int:
    """The command ``place``; why it is refused, or 0."""
    command = rows.command(t, c)
    refused = refusal_of_order(t, c)
    if refused != 0:
        return refused
    score = score_of(t, command)
    if rows.policy(t, 0).all_or_nothing != 0:
        place_all_or_nothing(t, command, score)
    else:
        for i in range(command.lines):
            place_line(t, add_line(t, command, i, score))
    return refused


@rule
def first_target(t: Tables, command: Row) -> int:
    """The first reservation that a command names, or NOBODY."""
    if command.target != NOBODY:
        return command.target
    if command.order == NOBODY:
        return NOBODY
    return rows.order(t, command.order).first


@rule
def next_target(t: Tables, command: Row, r: int) -> int:
    """The next reservation of the order, where the command names an order."""
    if command.target != NOBODY:
        return NOBODY
    return rows.reservation(t, r).next_in_order


@large_rule
def pay(t: Tables, c: int) -> int:
    """The command ``pay``; why it is refused, or 0."""
    command = rows.command(t, c)
    r = first_target(t, command)
    refused = Refusal.UNKNOWN if r == NOBODY else Refusal.NO_TARGET
    while r != NOBODY:
        reservation = rows.reservation(t, r)
        if reservation.paid == 0 and reservation.status <= Status.WAITLISTED:
            refused = Refusal.NONE
            receive_payment(t, r)
        r = next_target(t, command, r)
    return refused


@large_rule
def receive_payment(t: Tables, r: int) -> None:
    """One open reservation is paid; it is firm where its date is confirmed."""
    reservation = rows.reservation(t, r)
    before = reservation.status
    d = reservation.assigned
    if not is_held(before):
        reservation.paid = 1
    elif rows.date(t, d).confirmed != 0 and before == Status.RESERVED:
        let_go(t, r)
        reservation.paid = 1
        hold(t, r, Status.CONFIRMED, d)
    else:
        rows.state(t, 0).expiring = take_out(rows.agenda(t), rows.state(t, 0).expiring, r)
        reservation.paid = 1
    record(t, r, before, Step.PAID)


@large_rule
def re_rank(t: Tables, r: int, tier: int) -> None:
    """Give an open reservation the score of another tier, and its new place wherever it stands."""
    reservation = rows.reservation(t, r)
    rise = rows.tier(t, tier).score - rows.tier(t, reservation.tier).score
    status, d = reservation.status, reservation.assigned
    leave(t, r)
    reservation.tier = tier
    reservation.score += rise
    if is_held(status):
        hold(t, r, status, d)
    else:
        wait(t, r, status)
        if rise > 0:
            reservation.marks |= Mark.ROSE
    record(t, r, status, Step.RETIERED)


@large_rule
def ask_again(t: Tables, r: int) -> None:
    """One whose score rose becomes QUEUED and asks for stock; its queue is trimmed."""
    if rows.reservation(t, r).status == Status.WAITLISTED:
        stop_waiting(t, r)
        wait(t, r, Status.QUEUED)
        record(t, r, Status.WAITLISTED, Step.RETIERED)
    d = ask(t, r)
    if d != NOBODY:
        stop_waiting(t, r)
        promise(t, r, d, Status.QUEUED, Step.RETIERED)
    trim(t, rows.reservation(t, r).requested)


@large_rule
def change_tier(t: Tables, c: int) -> int:
    """The command ``tier``: all targets get the new score, then the waiting ones that rose ask for stock."""
    command = rows.command(t, c)
    first = first_target(t, command)
    if first == NOBODY:
        return Refusal.UNKNOWN
    if command.tier < 0 or rows.tier(t, command.tier).known == 0:
        return Refusal.TIER
    refused = Refusal.NO_TARGET
    r = first
    while r != NOBODY:
        reservation = rows.reservation(t, r)
        if reservation.status <= Status.WAITLISTED:
            refused = Refusal.NONE
            re_rank(t, r, command.tier)
        r = next_target(t, command, r)
    r = first
    while r != NOBODY:
        if rows.reservation(t, r).marks & Mark.ROSE != 0:
            rows.reservation(t, r).marks ^= Mark.ROSE
            ask_again(t, r)
        r = next_target(t, command, r)
    return refused
