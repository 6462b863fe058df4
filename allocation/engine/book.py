"""The book: one launch's tables, how they start, grow and are copied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from allocation.engine.codes import EVERYWHERE, NEVER, NOBODY, UNLIMITED, Unserved
from allocation.engine.errors import EngineFault
from allocation.engine.instants import HOUR_MS, local_midnight
from allocation.engine.play import NO_ROOM, play, position, survey_pool
from allocation.engine.policy import MICRO, Policy
from allocation.engine.restanding import restand
from allocation.engine.rows import UNCOMPILED, header_of
from allocation.engine.tables import DTYPES, Records, Tables
from allocation.engine.tally import tally

_STARTING_ROWS = {"policy": 1, "state": 1, "pools": 1, "adoptions": 0, "tiers": 1, "calendar": 0}


def compile_rules() -> None:
    """Compile the rules now, or read them from the cache, so that nobody waits for them later."""
    Book(Policy()).play(0, 0)


def deadline(day: int, policy: Policy, zone: ZoneInfo) -> int:
    """When an unpaid reservation for a date expires at the earliest, milliseconds."""
    return local_midnight(day - policy.expiration.days_before_ship, zone)


def micro(value: Decimal) -> int:
    """A rate or a score in millionths."""
    return int(value * MICRO)


def policy_row(policy: Policy) -> Records:
    """The policy as the rules read it."""
    row = np.zeros(1, DTYPES["policy"])
    expiration, intake, scoring = policy.expiration, policy.intake, policy.scoring
    unserved = {"keep": Unserved.KEEP, "cancel": Unserved.CANCEL, "roll_over": Unserved.ROLL_OVER}
    values: dict[str, int] = {
        "default_rate": micro(policy.overbooking.rate),
        "previous_purchase": micro(scoring.previous_purchase),
        "cart_value_per_100": micro(scoring.cart_value_per_100),
        "membership_year": micro(scoring.membership_year),
        "max_depth": _or_unlimited(policy.queue.max_depth),
        "grace_ms": int(expiration.grace_hours * HOUR_MS),
        "max_hold_ms": UNLIMITED if expiration.max_hold_hours is None else int(expiration.max_hold_hours * HOUR_MS),
        "max_quantity": _or_unlimited(intake.max_quantity),
        "alert_share": micro(policy.release.alert_broken_share),
        "min_days": intake.min_days,
        "max_days": 2**31 - 1 if intake.max_days is None else intake.max_days,
        "queue_enabled": policy.queue.enabled,
        "admission_by_priority": policy.queue.admission == "priority",
        "provisional": policy.hold == "provisional",
        "displacing": policy.hold == "provisional" or policy.release.shortfall == "roll_over",
        "earliest": policy.waves.assignment == "earliest",
        "move_up": policy.waves.move_up,
        "all_or_nothing": intake.lines == "all_or_nothing",
        "unreserved": unserved[policy.confirm.unreserved],
        "shortfall": unserved[policy.release.shortfall],
        "unfilled": unserved[policy.release.unfilled],
        "strict": policy.release.fill == "strict",
        "standby": policy.release.standby,
    }
    for name, value in values.items():
        row[name] = value
    return row


def _or_unlimited(value: int | None) -> int:
    return UNLIMITED if value is None else value


def tier_rows(policy: Policy, names: Sequence[str]) -> Records:
    """The score of each tier code; a name without a score in the policy is an unknown tier."""
    rows = np.zeros(max(len(names), 1), DTYPES["tiers"])
    for code, name in enumerate(names):
        if name in policy.tiers:
            rows[code] = (micro(policy.tiers[name]), 1)
    return rows


def calendar_rows(days: Sequence[int], policy: Policy) -> Records:
    """The calendar of these dates under a policy."""
    zone = policy.zone
    rows = np.zeros(len(days), DTYPES["calendar"])
    rows["day"] = days
    rows["deadline"] = [deadline(day, policy, zone) for day in days]
    return rows


@dataclass
class Book:
    """The tables of one launch under one policy.

    Tables are replaced by larger ones when they are full; nobody else may keep one.

    Attributes:
        policy: What the rules leave open.
        keeps_log: Whether decisions are written down. Without a log a book is faster, and measures are all it tells.
    """

    policy: Policy
    keeps_log: bool = True
    tables: Tables = field(init=False)
    _header: Tables | Records | None = field(default=None, init=False, repr=False)
    _finished: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        arrays = {name: np.zeros(_STARTING_ROWS.get(name, 64), DTYPES[name]) for name in Tables._fields}
        if not self.keeps_log:
            arrays["log"] = np.zeros(0, DTYPES["log"])
        self.tables = Tables(**arrays)
        self.restart(self.policy)

    def restart(self, policy: Policy) -> None:
        """Forget everything and begin anew under a policy, in the memory that is there already.

        Rows beyond those in use are not cleaned: the rules write a row whole before they read it.
        """
        self.policy, self._finished = policy, False
        self.replace(policy=policy_row(policy), calendar=np.zeros(0, DTYPES["calendar"]))
        self.tables.orders["first"] = self.tables.orders["last"] = NOBODY
        state = self.tables.state
        state[:] = np.zeros(1, DTYPES["state"])
        state["free_line"] = state["expiring"] = NOBODY
        self.tables.pools[:1] = np.zeros(1, DTYPES["pools"])
        self.add_pools(1)

    # ----- rows

    def replace(self, **tables: Records) -> None:
        """Put other tables in the place of these."""
        self.tables = self.tables._replace(**tables)
        self._header = None

    @property
    def _for_rules(self) -> Tables | Records:
        if self._header is None:
            self._header = self.tables if UNCOMPILED else header_of(self.tables)
        return self._header

    def reserve(self, name: str, rows: int) -> None:
        """Make a table at least `rows` long; new rows are zero."""
        old = getattr(self.tables, name)
        if rows > len(old):
            new = np.zeros(max(rows, 2 * len(old)), DTYPES[name])
            new[: len(old)] = old
            self.replace(**{name: new})

    def reserve_reservations(self, rows: int) -> None:
        """Make room for reservations, their links, and a waiting line for each."""
        for name in ("reservations", "by_rank", "by_weakness", "agenda", "waiting_lines"):
            self.reserve(name, rows)

    def add_pools(self, rows: int) -> None:
        """Make the table of pools exactly `rows` long; a new pool does not exist before its first supply."""
        old = self.tables.pools
        start = 0 if rows == 1 else len(old)
        self.reserve("pools", rows)
        new = self.tables.pools[:rows].copy()
        for name in ("first_date", "last_date", "first_reservation", "last_reservation", "next"):
            new[name][start:] = NOBODY
        new["closed_until"][start:] = NEVER
        new["rate"][start:] = self.tables.policy["default_rate"][0]
        self.replace(pools=new)

    def chain_pools(self, order: Sequence[int]) -> None:
        """Set the (sku, location) order of the pools."""
        following = [*order, NOBODY]
        pools = self.tables.pools
        for here, after in zip([EVERYWHERE, *order], following, strict=True):
            pools["next"][here] = after

    def add_orders(self, rows: int) -> None:
        """Make room for orders that nobody has accepted yet."""
        old = len(self.tables.orders)
        self.reserve("orders", rows)
        if len(self.tables.orders) > old:
            self.tables.orders["first"][old:] = NOBODY
            self.tables.orders["last"][old:] = NOBODY

    def take_over(self, past: Book, scores: NDArray[np.int64] | None = None) -> None:
        """Go on where another book stands, under this one's own policy.

        Call it on a book that was just started, with the calendar and the tiers of the rest already there.

        Args:
            past: It is not changed.
            scores: New scores of its reservations, in millionths; None keeps them. Shape (reservations,).
        """
        state = past.tables.state[0]
        used = {"reservations": int(state["reservations"]), "dates": int(state["dates"])}
        used |= {"operations": int(state["operations"]), "orders": len(past.tables.orders)}
        self.reserve_reservations(used["reservations"] + 1)
        self.add_orders(used["orders"])
        for name, rows in used.items():
            self.reserve(name, rows)
            getattr(self.tables, name)[:rows] = getattr(past.tables, name)[:rows]
        self.tables.pools[: len(past.tables.pools)] = past.tables.pools
        self.tables.state[0] = state
        self.tables.state["log"] = 0
        if scores is not None:
            self.tables.reservations["score"][: len(scores)] = scores
        restand(self._for_rules, 0, used["reservations"])

    # ----- playing

    def play(self, first: int, last: int) -> int:
        """Play commands; the length of the log. Tables grow as needed."""
        if self._finished:
            raise EngineFault("a finished book was asked to play on")
        done = play(self._for_rules, first, last)
        while done == NO_ROOM:
            first = int(self.tables.state["command"][0])
            self._grow(first)
            done = play(self._for_rules, first, last)
        if done > len(self.tables.log) and self.keeps_log:
            raise EngineFault(f"{done} decisions do not fit the log of {len(self.tables.log)} rows")
        return done

    def _grow(self, c: int) -> None:
        state, command = self.tables.state[0], self.tables.commands[c]
        lines, pools = int(command["lines"]), len(self.tables.pools)
        reservations = int(state["reservations"]) + lines + 2
        self.reserve_reservations(reservations)
        self.reserve("dates", 2 * int(state["dates"]) + lines + pools + 3)
        self.reserve("operations", int(state["operations"]) + pools)
        changes = 8 + int(state["deliveries"])
        rows = int(state["log"]) + 4 + (int(state["open"]) + lines) * changes
        if rows > len(self.tables.log) and self.keeps_log:
            self._grow_log(2 * rows)

    def _grow_log(self, rows: int) -> None:
        # Not zeroed and not counted as used: the rules write a row whole before anybody reads it.
        used = int(self.tables.state["log"][0])
        new = np.empty(rows, DTYPES["log"])
        new[:used] = self.tables.log[:used]
        self.replace(log=new)

    def finish(self) -> None:
        """Give back what only further commands need: the heaps. The book cannot play on."""
        self._finished = True
        self.replace(
            **{name: np.zeros(0, DTYPES[name]) for name in ("by_rank", "by_weakness", "agenda", "waiting_lines")}
        )

    def position(self, reservation: int) -> int:
        """Queue position of a reservation, 0 where it has ended."""
        return position(self._for_rules, reservation, NOBODY)

    def survey(self, pool: int) -> None:
        """Bring the ATP of a pool's dates up to date."""
        survey_pool(self._for_rules, pool, 0)

    def count(self) -> Records:
        """What happened to the reservations and how they ended, a `tables.TALLY` row for each tier code."""
        self.replace(tally=np.zeros(len(self.tables.tiers), DTYPES["tally"]))
        tally(self._for_rules, 0, int(self.tables.state["reservations"][0]))
        return self.tables.tally

    def dates_of(self, pool: int) -> list[int]:
        """The rows of a pool's dates, in order of the dates."""
        rows, d = [], int(self.tables.pools["first_date"][pool])
        while d != NOBODY:
            rows.append(d)
            d = int(self.tables.dates["next"][d])
        return rows

    # ----- copies

    def copy(self) -> Book:
        """A book of its own with the same content."""
        book = object.__new__(Book)
        book.__setstate__(self.__getstate__() | {"tables": Tables(*(np.copy(table) for table in self.tables))})
        return book

    def __getstate__(self) -> dict[str, Any]:
        # Addresses belong to this process.
        kept = {"policy": self.policy, "keeps_log": self.keeps_log, "tables": self.tables}
        return kept | {"finished": self._finished}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self.policy, self.keeps_log, self._finished = state["policy"], state["keeps_log"], state["finished"]
        # Pickling forgets that rows have their fields as attributes.
        tables: Tables = state["tables"]
        self.tables = Tables(**{name: table.view(DTYPES[name]) for name, table in tables._asdict().items()})
        self._header = None

    def used(self, name: str) -> Records:
        """The rows of a table that are in use: reservations, log, operations or dates."""
        table: Records = getattr(self.tables, name)
        return table[: int(self.tables.state[name][0])]
