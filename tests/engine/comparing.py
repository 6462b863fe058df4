"""The engine beside the reference: the whole book of both, and the arithmetic of every promise."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from math import floor
from typing import Any

from allocation.engine.allocation_engine import AllocationEngine
from allocation.engine.codes import NOBODY, Reason, Status, Step
from allocation.engine.measures import measures
from allocation.engine.outcome import outcome
from allocation.engine.tables import DTYPES
from tests.policies import policy_of
from tests.reference import Pool, Reference, Reservation

MILLION = 10**6
HELD = (Status.RESERVED, Status.CONFIRMED)
ACTIVE = (*HELD, Status.QUEUED)
OPEN = (*ACTIVE, Status.WAITLISTED)
ENDED = (Status.ALLOCATED, Status.CANCELLED, Status.EXPIRED, Status.REJECTED)
WATCH_STEPS = (Step.PLACED, Step.PROMOTED, Step.MOVED_UP, Step.ROLLED_OVER, Step.RETIERED)

Command = dict[str, Any]
State = list[tuple[Any, ...]]


def engine_state(engine: AllocationEngine) -> State:
    """The whole book in arrival order, as `Reference.state` gives it."""
    book = engine.book
    days = book.tables.dates["day"]
    state = []
    rows = sorted(enumerate(book.used("reservations")), key=lambda numbered: int(numbered[1]["arrival"]))
    for r, row in rows:
        status = Status(int(row["status"]))
        dated = status in (*HELD, Status.ALLOCATED)
        ticking = status in HELD and not row["paid"]
        state.append(
            (
                engine.reservation_id(r),
                status.name,
                Reason(int(row["reason"])).name.lower() if row["reason"] else None,
                date.fromordinal(int(days[row["requested"]])).isoformat(),
                date.fromordinal(int(days[row["assigned"]])).isoformat() if dated else None,
                bool(row["paid"]),
                int(row["expires_at"]) if ticking else None,
                Fraction(int(row["score"]), MILLION),
            )
        )
    return state


class WatchedReference(Reference):
    """The reference, with the arithmetic of every promise of the present command as it stood just before."""

    def __init__(self, policy: dict[str, Any]) -> None:
        super().__init__(policy)
        self.watched: list[tuple[Any, ...]] = []

    def apply(self, command: Command, line: int) -> list[str]:
        """Carry out one line; `promises` then has what it promised."""
        self.watched = []
        return super().apply(command, line)

    @property
    def promises(self) -> list[tuple[Any, ...]]:
        """(reservation, date, supply_by, limit, promised, atp), in the order of the promises."""
        rejected = {r.reservation_id for r in self.book if r.status == "REJECTED"}
        return [promise for promise in self.watched if promise[0] not in rejected]

    def _hold(self, reservation: Reservation, day: date) -> None:
        self._watch(self.pools[reservation.pool], reservation, day)
        super()._hold(reservation, day)

    def _move_up(self, pool: Pool, reservation: Reservation) -> bool:
        own = reservation.assigned
        moved = super()._move_up(pool, reservation)
        if moved:
            new, reservation.assigned = reservation.assigned, own
            self._watch(pool, reservation, new)
            reservation.assigned = new
        return moved

    def _watch(self, pool: Pool, reservation: Reservation, day: date) -> None:
        numbers = (self._supply_by, self._limit, self._promised, self._atp)
        self.watched.append((reservation.reservation_id, day.toordinal(), *(number(pool, day) for number in numbers)))


def is_promise(row: Any) -> bool:
    """Whether a row of the log is a new promise, or a held one that moved up."""
    if int(row["after"]) not in HELD or int(row["step"]) not in WATCH_STEPS:
        return False
    return int(row["step"]) != Step.RETIERED or int(row["before"]) not in HELD


def logged_promises(engine: AllocationEngine, rows: Any) -> list[tuple[Any, ...]]:
    """The promises of some rows of the log, as `WatchedReference.promises` gives them."""
    numbers = ("day", "supply_by", "limit", "promised", "atp")
    return [
        (engine.reservation_id(int(row["reservation"])), *(int(row[name]) for name in numbers))
        for row in rows
        if is_promise(row)
    ]


class Pair:
    """An engine and a reference that get the same commands."""

    def __init__(self, policy: dict[str, Any], make: Callable[..., AllocationEngine] = AllocationEngine) -> None:
        self.engine = make(policy_of(policy))
        self.reference = WatchedReference(policy)
        self.line = 0

    def play(self, command: Command) -> Sequence[str]:
        """Play one command on both and compare everything; the reasons of a refusal."""
        self.line += 1
        reasons = self.reference.apply(command, self.line)
        decisions = self.engine.apply(command)
        note = (self.line, command)
        assert decisions.refused == bool(reasons), (note, decisions.reasons, reasons)
        assert engine_state(self.engine) == self.reference.state(), note
        assert logged_promises(self.engine, decisions.rows) == self.reference.promises, note
        return reasons

    def play_all(self, tape: Sequence[Command]) -> None:
        """Play a whole tape."""
        for command in tape:
            self.play(command)


def check_tables(engine: AllocationEngine) -> None:
    """What the tables say twice, they say alike: counters and sums equal a recount of the reservations."""
    tables = engine.book.tables
    rows = engine.book.used("reservations")
    statuses = Counter(int(status) for status in rows["status"])
    state = tables.state[0]
    assert int(state["queued"]) == statuses[Status.QUEUED]
    assert int(state["waitlisted"]) == statuses[Status.WAITLISTED]
    assert int(state["open"]) == sum(statuses[status] for status in OPEN)
    units: dict[int, int] = defaultdict(int)
    held: Counter[int] = Counter()
    active: Counter[int] = Counter()
    for row in rows:
        if int(row["status"]) in HELD:
            units[int(row["assigned"])] += int(row["quantity"])
            held[int(row["assigned"])] += 1
        if int(row["status"]) in ACTIVE:
            active[int(row["requested"])] += 1
    for d, row in enumerate(engine.book.used("dates")):
        found = (int(row["held_units"]), int(row["held"]), int(row["active"]))
        assert found == (units[d], held[d], active[d]), (d, row["day"])
    assert not _open_but_unchained(engine, {*held, *active})


def _open_but_unchained(engine: AllocationEngine, used: set[int]) -> set[int]:
    """Dates in use that no pool knows any more."""
    tables = engine.book.tables
    chained = set()
    for pool in tables.pools:
        d = int(pool["first_date"])
        while d != NOBODY:
            chained.add(d)
            d = int(tables.dates[d]["next"])
    return used - chained


def check_log(engine: AllocationEngine, rows: Any, before: Mapping[int, int]) -> None:
    """The rows of one command: each goes on where the one before left, none comes back from an end.

    Args:
        engine: After the command.
        rows: The rows of the log that the command wrote.
        before: Status of each reservation row before the command.
    """
    statuses = dict(before)
    for row in rows:
        if int(row["step"]) == Step.REFUSED:
            continue
        r = int(row["reservation"])
        assert int(row["before"]) == statuses.get(r, Status.NONE), (row, statuses.get(r))
        assert int(row["before"]) not in ENDED
        statuses[r] = int(row["after"])
    assert statuses == statuses_of(engine)


def statuses_of(engine: AllocationEngine) -> dict[int, int]:
    """Status of each reservation row."""
    return dict(enumerate(engine.book.used("reservations")["status"].tolist()))


def check_promises(engine: AllocationEngine, rows: Any) -> None:
    """By the log's own arithmetic: a promise is covered by ATP, or by the units of those displaced for it."""
    tables = engine.book.tables
    displaced: list[int] = []
    for row in rows:
        if int(row["step"]) == Step.DISPLACED:
            displaced.append(int(tables.reservations[int(row["reservation"])]["quantity"]))
            continue
        if is_promise(row):
            reservation = tables.reservations[int(row["reservation"])]
            rate = Fraction(int(tables.pools[int(reservation["pool"])]["rate"]), MILLION)
            assert int(row["limit"]) == floor(int(row["supply_by"]) * rate)
            assert int(row["atp"]) <= int(row["limit"]) - int(row["promised"])
            _check_covered(row, int(reservation["quantity"]), displaced)
        displaced = []
    assert not displaced, "somebody was displaced for nothing"


def _check_covered(row: Any, quantity: int, displaced: Sequence[int]) -> None:
    if int(row["step"]) == Step.MOVED_UP:
        assert int(row["limit"]) - int(row["promised"]) >= quantity
        return
    freed = sum(displaced)
    could = max(int(row["atp"]) - freed, 0)
    assert could + freed >= quantity
    # Nobody is displaced who need not be.
    assert not displaced or could + freed - displaced[-1] < quantity


NOTES = {
    "reservations": ("next_in_pool",),
    "pools": ("first_reservation", "last_reservation"),
    "dates": ("supply_by", "limit", "promised", "atp"),
}
"""Columns that are not compared row by row: the chain of a pool's reservations drops ended ones when it is next walked,
and the ATP of a date is written when somebody asks. `decided` compares what they come to."""


def decided(engine: AllocationEngine) -> dict[str, Any]:
    """Everything that an engine decided, apart from the log: all rows in use, and what is worked out from them."""
    book = engine.book
    tables = {name: book.used(name) for name in ("reservations", "operations", "dates")}
    tables |= {"pools": book.tables.pools, "state": book.tables.state}
    tables |= {"orders": book.tables.orders[: len(engine.register.orders)]}
    answers = outcome(engine)
    # Refused lines are in the log alone.
    del answers["refused"]
    rows = {
        name: table[[field for field in DTYPES[name].names or () if field not in NOTES.get(name, ())]].tolist()
        for name, table in tables.items()
    }
    return rows | answers | {"open": _open_chains(engine), "measures": measures(engine), "tally": book.count().tolist()}


def _open_chains(engine: AllocationEngine) -> list[list[int]]:
    """Of each pool, the rows of its open reservations as they are chained."""
    tables, chains = engine.book.tables, []
    for pool in tables.pools:
        chain, r = [], int(pool["first_reservation"])
        while r != NOBODY:
            if int(tables.reservations["status"][r]) in OPEN:
                chain.append(r)
            r = int(tables.reservations["next_in_pool"][r])
        chains.append(chain)
    return chains
