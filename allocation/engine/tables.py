"""The tables that the rules work on: a *book* of NumPy structured arrays.

Every list is a chain of row numbers inside the tables (`NOBODY` ends it), so that the compiled rules never allocate.
Units are whole numbers, dates are day numbers (proleptic Gregorian ordinals), instants are milliseconds since
1970-01-01 UTC, rates and scores are millionths.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from allocation.engine.codes import ENDINGS

Records = NDArray[Any]


def _record(*fields: tuple[str, str]) -> np.dtype[Any]:
    # np.record gives fields as attributes, in Python as in compiled code.
    return np.dtype((np.record, np.dtype(list(fields), align=True)))


POLICY = _record(
    ("default_rate", "i8"),
    ("previous_purchase", "i8"),
    ("cart_value_per_100", "i8"),
    ("membership_year", "i8"),
    ("max_depth", "i8"),
    ("grace_ms", "i8"),
    ("max_hold_ms", "i8"),
    ("max_quantity", "i8"),
    ("alert_share", "i8"),
    ("min_days", "i4"),
    ("max_days", "i4"),
    ("queue_enabled", "u1"),
    ("admission_by_priority", "u1"),
    ("provisional", "u1"),
    ("displacing", "u1"),
    ("earliest", "u1"),
    ("move_up", "u1"),
    ("all_or_nothing", "u1"),
    ("unreserved", "u1"),
    ("shortfall", "u1"),
    ("unfilled", "u1"),
    ("strict", "u1"),
    ("standby", "u1"),
)
"""What the rules leave open, one row. ``displacing``: some rule of this policy may displace."""

TIER = _record(("score", "i8"), ("known", "u1"))
"""Score of each tier code."""

CALENDAR = _record(("day", "i8"), ("deadline", "i8"))
"""For each date in use: the instant at which an unpaid reservation for it expires at the earliest."""

COMMAND = _record(
    ("kind", "u1"),
    ("only", "u1"),
    ("paid", "u1"),
    ("option", "u1"),
    ("tier", "i4"),
    ("order", "i4"),
    ("target", "i4"),
    ("pool", "i4"),
    ("day", "i4"),
    ("first_line", "i4"),
    ("lines", "i4"),
    ("purchases", "i4"),
    ("hundreds", "i4"),
    ("years", "i4"),
    ("refused", "i8"),
    ("at", "i8"),
    ("number", "i8"),
    ("received", "i8"),
)
"""A command. ``number``: the rate, or the units on hand (-1: unchanged), or the row of the adoption. ``option``: of a
supply, whether it announces deliveries; of a rate, whether it is of the policy."""

LOCAL_DAY = _record(("day", "i4"))
"""Of each command, the calendar date of its instant in the policy's time zone."""

LINE = _record(("pool", "i4"), ("day", "i4"), ("quantity", "i8"))
"""A line of an order, an expected delivery, or a date to mark."""

ADOPTION = _record(
    ("quantity", "i8"),
    ("arrival", "i8"),
    ("expires_at", "i8"),
    ("requested", "i4"),
    ("assigned", "i4"),
    ("line", "i4"),
    ("status", "u1"),
)
"""What an ``adopt`` says of a reservation beyond its command row."""

STATE = _record(
    ("reservations", "i8"),
    ("dates", "i8"),
    ("lines", "i8"),
    ("free_line", "i8"),
    ("log", "i8"),
    ("operations", "i8"),
    ("arrivals", "i8"),
    ("command", "i8"),
    ("at", "i8"),
    ("expiring", "i8"),
    ("open", "i8"),
    ("queued", "i8"),
    ("waitlisted", "i8"),
    ("queue_peak", "i8"),
    ("waitlist_peak", "i8"),
    ("refused", "i8"),
    ("changed", "i8"),
    ("deliveries", "i8"),
)
"""Counters and roots, one row. ``open``, ``queued``, ``waitlisted``: reservations that are; ``queue_peak``: most active
ones after any command. ``refused``: commands that were; ``changed``: how many pools the present command changed;
``deliveries``: the most deliveries that any pool ever expected at once."""

POOL = _record(
    ("on_hand", "i8"),
    ("rate", "i8"),
    ("promises", "i8"),
    ("losses", "i8"),
    ("first_date", "i4"),
    ("last_date", "i4"),
    ("first_reservation", "i4"),
    ("last_reservation", "i4"),
    ("next", "i4"),
    ("closed_until", "i4"),
    ("waiting", "i4"),
    ("later", "i4"),
    ("exists", "u1"),
    ("surveyed", "u1"),
    ("stale", "u1"),
    ("changed", "u1"),
)
"""A pool. ``promises``: reservations that were promised stock and not displaced since; ``losses``: those of them that
cancelled or did not pay. ``surveyed``: its dates' ATP is up to date. ``stale``: promotion might serve somebody."""

DATE = _record(
    ("expected", "i8"),
    ("held_units", "i8"),
    ("supply_by", "i8"),
    ("limit", "i8"),
    ("promised", "i8"),
    ("atp", "i8"),
    ("deadline", "i8"),
    ("day", "i4"),
    ("next", "i4"),
    ("previous", "i4"),
    ("deliveries", "i4"),
    ("held", "i4"),
    ("active", "i4"),
    ("first_line", "i4"),
    ("last_admitted", "i4"),
    ("weakest", "i4"),
    ("confirmed", "u1"),
)
"""A date of a pool, with the queue of those who requested it (``active``, ``first_line``, the heap ``last_admitted``
of its QUEUED ones, last by admission on top) and those who are held on it (``held``, the heap ``weakest`` of RESERVED
ones, lowest priority on top)."""

WAITING_LINE = _record(
    ("quantity", "i8"),
    ("date", "i4"),
    ("assigned", "i4"),
    ("root", "i4"),
    ("next", "i4"),
    ("previous", "i4"),
    ("kind", "u1"),
)
"""A heap of reservations of one requested date, one kind of line and one quantity (and for those held later than
requested, one assigned date): whether its best one can be served is known without looking at the others."""

RESERVATION = _record(
    ("quantity", "i8"),
    ("score", "i8"),
    ("arrival", "i8"),
    ("expires_at", "i8"),
    ("order", "i4"),
    ("line", "i4"),
    ("pool", "i4"),
    ("tier", "i4"),
    ("requested", "i4"),
    ("assigned", "i4"),
    ("standing", "i4"),
    ("next_in_pool", "i4"),
    ("next_in_order", "i4"),
    ("status", "u1"),
    ("reason", "u1"),
    ("paid", "u1"),
    ("marks", "u1"),
)
"""A reservation. ``requested`` and ``assigned`` are rows of the dates, ``standing`` the waiting line it is in,
``next_in_pool`` chains those of a pool that were open when it was last walked."""

LINK = _record(("key", "i8"), ("second_key", "i8"), ("child", "i4"), ("next", "i4"), ("previous", "i4"))
"""A reservation's place in a pairing heap; the smallest (key, second_key) is on top."""

ORDER = _record(("first", "i4"), ("last", "i4"))
"""The reservations of an order, chained; NOBODY where it was never accepted."""

LOG = _record(
    ("supply_by", "i8"),
    ("limit", "i8"),
    ("promised", "i8"),
    ("atp", "i8"),
    ("command", "i4"),
    ("reservation", "i4"),
    ("day", "i4"),
    ("refused", "i4"),
    ("before", "u1"),
    ("after", "u1"),
    ("reason", "u1"),
    ("step", "u1"),
)
"""One decision: a reservation's change of status or date, or a refused command. ``day``: the date where it is held
after it, else the requested one. The four numbers: the ATP arithmetic of a promise as it stood when it was made."""

OPERATION = _record(
    ("limit_share", "i8"),
    ("confirmed_units", "i8"),
    ("allocated_units", "i8"),
    ("on_hand", "i8"),
    ("command", "i4"),
    ("pool", "i4"),
    ("day", "i4"),
    ("confirmed", "i4"),
    ("allocated", "i4"),
    ("broken", "i4"),
    ("kind", "u1"),
)
"""What a cut-off or a release did in one pool. ``limit_share``: the limit of its date less that of the wave before;
``allocated``: reservations of step 2, without standby; ``allocated_units``: all; ``on_hand``: units left."""


TALLY = _record(
    ("orders", "i8"),
    ("units", "i8"),
    ("confirmed_at_cutoff", "i8"),
    ("displaced", "i8"),
    ("promoted", "i8"),
    ("forfeited_units", "i8"),
    *((name, "i8") for name in ENDINGS),
    *((f"{name}_units", "i8") for name in ENDINGS),
)
"""Of each tier code: how many reservations there are, what happened to them and how they ended, and their units.
``forfeited_units``: cancelled after they were confirmed."""


class Tables(NamedTuple):
    """All tables of one book, as the rules see them."""

    policy: Records
    tiers: Records
    calendar: Records
    commands: Records
    local_days: Records
    lines: Records
    adoptions: Records
    state: Records
    pools: Records
    dates: Records
    waiting_lines: Records
    reservations: Records
    by_rank: Records
    by_weakness: Records
    agenda: Records
    orders: Records
    log: Records
    operations: Records
    tally: Records


DTYPES: dict[str, np.dtype[Any]] = {
    "policy": POLICY,
    "tiers": TIER,
    "calendar": CALENDAR,
    "commands": COMMAND,
    "local_days": LOCAL_DAY,
    "lines": LINE,
    "adoptions": ADOPTION,
    "state": STATE,
    "pools": POOL,
    "dates": DATE,
    "waiting_lines": WAITING_LINE,
    "reservations": RESERVATION,
    "by_rank": LINK,
    "by_weakness": LINK,
    "agenda": LINK,
    "orders": ORDER,
    "log": LOG,
    "operations": OPERATION,
    "tally": TALLY,
}
"""The row type of each table."""
