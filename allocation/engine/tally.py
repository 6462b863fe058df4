"""Counting a book: what happened to its reservations and how they ended, by tier, in one pass."""

from __future__ import annotations

from allocation.engine import rows
from allocation.engine.codes import Mark, Reason, Status
from allocation.engine.compiled import Entry, large_rule, rule
from allocation.engine.rows import Row, Tables


@rule
def count_mark(row: Row, marks: int, quantity: int) -> None:
    """Count what happened to a reservation at least once."""
    if marks & Mark.CONFIRMED_AT_CUTOFF != 0:
        row.confirmed_at_cutoff += 1
    if marks & Mark.DISPLACED != 0:
        row.displaced += 1
    if marks & Mark.PROMOTED != 0:
        row.promoted += 1
    if marks & Mark.CANCELLED_CONFIRMED != 0:
        row.forfeited_units += quantity


@rule
def count_cancelled(row: Row, reason: int, quantity: int) -> None:
    """Count a CANCELLED one by its reason."""
    if reason == Reason.CUSTOMER:
        row.cancelled_by_customer += 1
        row.cancelled_by_customer_units += quantity
    elif reason == Reason.NOT_SELECTED:
        row.not_selected += 1
        row.not_selected_units += quantity
    elif reason == Reason.OVERSOLD:
        row.oversold += 1
        row.oversold_units += quantity
    else:
        row.not_fulfilled += 1
        row.not_fulfilled_units += quantity


@large_rule
def count_reservation(t: Tables, r: int) -> None:
    """Add a reservation to the tally of its tier."""
    reservation = rows.reservation(t, r)
    row = rows.tally(t, reservation.tier)
    quantity = reservation.quantity
    row.orders += 1
    row.units += quantity
    count_mark(row, reservation.marks, quantity)
    status = reservation.status
    if status == Status.ALLOCATED:
        row.allocated += 1
        row.allocated_units += quantity
    elif status == Status.CANCELLED:
        count_cancelled(row, reservation.reason, quantity)
    elif status == Status.EXPIRED:
        row.expired += 1
        row.expired_units += quantity
    elif status == Status.REJECTED:
        row.rejected += 1
        row.rejected_units += quantity


def _tally(t: Tables, first: int, last: int) -> int:
    for r in range(first, last):
        count_reservation(t, r)
    return last


tally = Entry(_tally)
"""Add the reservations from `first` up to, not including, `last` to the tallies of their tiers."""
