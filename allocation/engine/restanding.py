"""Standing anew: a book goes on under another policy with every open reservation exactly as it stands.

It is the hand-over of RULES.md section 4 without the detour over ``adopt`` commands: what is held stays held where it
is, who waits goes on waiting, and nobody is promoted. Only the lines and heaps are those of the new policy.
"""

from __future__ import annotations

from allocation.engine import rows
from allocation.engine.codes import NOBODY
from allocation.engine.compiled import Entry, large_rule
from allocation.engine.rows import Tables
from allocation.engine.standing import hold, is_held, is_waiting, wait
from allocation.engine.supply import deadline_of


@large_rule
def clear_lines(t: Tables) -> None:
    """Nobody stands in any line or heap, and nothing is held; statuses and dates stay."""
    state = rows.state(t, 0)
    state.lines = 0
    state.free_line = NOBODY
    state.expiring = NOBODY
    state.queued = 0
    state.waitlisted = 0
    for p in range(rows.count_pools(t)):
        pool = rows.pool(t, p)
        pool.waiting = 0
        pool.later = 0
        pool.surveyed = 0
        pool.stale = 1
    for d in range(state.dates):
        date = rows.date(t, d)
        date.held_units = 0
        date.held = 0
        date.active = 0
        date.first_line = NOBODY
        date.last_admitted = NOBODY
        date.weakest = NOBODY
        date.deadline = deadline_of(t, date.day)


@large_rule
def stand(t: Tables, r: int) -> None:
    """An open reservation stands where its status and its dates say."""
    reservation = rows.reservation(t, r)
    status, assigned = reservation.status, reservation.assigned
    reservation.standing = NOBODY
    if is_held(status):
        hold(t, r, status, assigned)
    elif is_waiting(status):
        wait(t, r, status)


def _restand(t: Tables, first: int, last: int) -> int:
    clear_lines(t)
    for r in range(first, last):
        stand(t, r)
    return last


restand = Entry(_restand)
"""Let all reservations, from `first` up to, not including, `last`, stand under the policy of the tables."""
