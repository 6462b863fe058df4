"""The rest of a launch that has begun: its past is what was recorded, and what is still to come is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from allocation.engine.allocation_engine import AllocationEngine
from allocation.engine.codes import NOBODY, Kind, Only, Status
from allocation.engine.columns import Columns
from allocation.engine.errors import Problem, SettingError
from allocation.engine.identity import ContinuedOrders
from allocation.sampling.behaviour import Customers, Known, sample_behaviour
from allocation.sampling.demand import Begun, Ints, sample_orders
from allocation.sampling.streams import Streams
from allocation.sampling.supply import sample_supply_after
from allocation.sampling.tape import Drawn, Numbering, commands_of
from allocation.scenario.schema import Scenario

_STATES: Mapping[Only, tuple[Status, ...]] = {
    Only.WAITING: (Status.QUEUED, Status.WAITLISTED),
    Only.HELD: (Status.RESERVED, Status.CONFIRMED),
    Only.CONFIRMED: (Status.CONFIRMED,),
}


@dataclass(frozen=True, slots=True)
class Past:
    """What the rest of a launch depends on.

    Attributes:
        columns: The commands that were played.
        begun: Until when, and how many orders by tier.
        customers: Those who have something open.
        orders: Their order rows; shape (customers,).
        known: What is known of them.
        expected: By index into the scenario's supply, (day number, units) of what each pool expects.
        person_rates: Pools, by (sku, location), whose rate a person has set.
    """

    columns: Columns
    begun: Begun
    customers: Customers
    orders: Ints
    known: Known
    expected: Mapping[int, Sequence[tuple[int, int]]]
    person_rates: frozenset[tuple[str, str]]

    @property
    def now(self) -> int:
        """The instant of the last command, milliseconds."""
        return self.begun.now


def past_of(engine: AllocationEngine, scenario: Scenario) -> Past:
    """What an engine that has played the beginning of a launch knows of it.

    Args:
        engine: With its log, and with commands that were applied one by one.
        scenario: The launch.

    Raises:
        SettingError: Nothing was played, or pools or tiers are not those of the scenario; with everything that is
            wrong.
    """
    _check(engine, scenario)
    now = int(engine.book.tables.commands["at"][engine.played - 1])
    book = engine.book
    rows = book.used("reservations")
    open_rows = np.flatnonzero((rows["status"] >= Status.RESERVED) & (rows["status"] <= Status.WAITLISTED))
    # An order is what cancels and pays: of several open lines the first one stands for it.
    orders, first = np.unique(rows["order"][open_rows], return_index=True)
    chosen = open_rows[first]
    placed_at = _placed_at(engine)
    of_demand = {name: code for code, name in enumerate(scenario.demand.tiers)}
    customers = Customers(
        at=placed_at[orders],
        tier=np.array([of_demand[engine.tiers[code]] for code in rows["tier"][chosen].tolist()], np.int64),
        day=book.tables.dates["day"][rows["requested"][chosen]].astype(np.int64),
    )
    since = {
        only: _earliest(_since(engine, statuses, now), rows, open_rows, orders) for only, statuses in _STATES.items()
    }
    unpaid = np.isin(orders, rows["order"][open_rows][rows["paid"][open_rows] == 0])
    return Past(
        columns=engine.columns(),
        begun=Begun(now, _placed(engine)),
        customers=customers,
        orders=orders.astype(np.int64),
        known=Known(now, unpaid, since),
        expected=_expected(engine, scenario),
        person_rates=_person_rates(engine),
    )


def sample_rest(scenario: Scenario, past: Past, seed: int = 0, replication: int = 0) -> Columns:
    """Draw one replication of the rest of a launch.

    The same seed and replication have the same customers and the same supply under every policy.

    Args:
        scenario: The launch. What was placed counts towards the orders that it states.
        past: What has happened.
        seed: Seed of the whole experiment, at least 0.
        replication: Number of the replication, from 0.

    Returns:
        The whole tape: the past as it was, and the rest.
    """
    streams = Streams(seed, replication)
    before = past.columns
    orders = sample_orders(scenario, streams, past.begun)
    customers = Customers(
        *(np.concatenate([getattr(past.customers, name), getattr(orders, name)]) for name in ("at", "tier", "day"))
    )
    drawn = Drawn(
        orders=orders,
        behaviour=sample_behaviour(scenario, customers, streams, past.known),
        announcements=sample_supply_after(scenario, streams, past.now, past.expected),
    )
    names = [(pool.sku, pool.location) for pool in scenario.supply]
    pools = (*before.pools, *(name for name in names if name not in before.pools))
    known_orders = len(before.orders)
    numbering = Numbering(
        pools=np.array([pools.index(name) + 1 for name in names]),
        tiers=np.array([before.tiers.index(name) for name in scenario.demand.tiers]),
        customers=np.concatenate([past.orders, known_orders + np.arange(len(orders.at))]),
        first_line=len(before.lines),
    )
    commands, lines = commands_of(scenario, drawn, numbering, past.now)
    return replace(
        before,
        commands=np.concatenate([before.commands, commands]),
        lines=np.concatenate([before.lines, lines]),
        pools=pools,
        orders=ContinuedOrders.after(before.orders, len(orders.at)),
    )


def _check(engine: AllocationEngine, scenario: Scenario) -> None:
    problems = []
    if not engine.played:
        problems.append(Problem((), "it has no commands: a launch that has not begun is played without it"))
    known = {(pool.sku, pool.location) for pool in scenario.supply}
    problems += [
        Problem((), f"pool {sku} at {location} is not in the scenario's supply; add it there, or take another scenario")
        for sku, location in engine.pools[1:]
        if (sku, location) not in known
    ]
    used = sorted({engine.tiers[code] for code in np.unique(engine.book.used("reservations")["tier"]).tolist()})
    problems += [
        Problem((), f"tier {tier} has orders, but none in the scenario's demand; add it there")
        for tier in used
        if tier not in scenario.demand.tiers
    ]
    if problems:
        raise SettingError(problems, "the launch's beginning")


def _commands(engine: AllocationEngine) -> NDArray[Any]:
    commands: NDArray[Any] = engine.book.tables.commands[: engine.played]
    return commands


def _placed_at(engine: AllocationEngine) -> Ints:
    """When each order was placed; an adopted one counts as placed at the hand-over. Shape (orders,)."""
    commands = _commands(engine)
    ordering = np.isin(commands["kind"], (Kind.PLACE, Kind.ADOPT)) & (commands["order"] >= 0)
    at = np.zeros(len(engine.book.tables.orders), np.int64)
    # The row of a refused order is taken by the next one: the last command of a row is the one that counts.
    at[commands["order"][ordering]] = commands["at"][ordering]
    return at


def _placed(engine: AllocationEngine) -> dict[str, int]:
    """Accepted orders by tier."""
    rows = engine.book.used("reservations")
    _, first = np.unique(rows["order"], return_index=True)
    counts = np.bincount(rows["tier"][first], minlength=len(engine.tiers))
    return {name: int(counts[code]) for code, name in enumerate(engine.tiers)}


def _since(engine: AllocationEngine, statuses: Sequence[Status], now: int) -> Ints:
    """When each reservation came into one of these statuses, `now` for those who are in none; shape (reservations,)."""
    log, rows = engine.book.used("log"), engine.book.used("reservations")
    entering = np.isin(log["after"], statuses) & ~np.isin(log["before"], statuses) & (log["reservation"] != NOBODY)
    since = np.full(len(rows), now)
    # In the order of the log, so that the last one counts.
    since[log["reservation"][entering]] = _commands(engine)["at"][log["command"][entering]]
    since[~np.isin(rows["status"], statuses)] = now
    return since


def _earliest(since: Ints, rows: NDArray[Any], open_rows: Ints, orders: NDArray[Any]) -> Ints:
    """The earliest of an order's open reservations; shape (orders,)."""
    earliest = np.full(len(orders), np.iinfo(np.int64).max)
    np.minimum.at(earliest, np.searchsorted(orders, rows["order"][open_rows]), since[open_rows])
    return earliest


def _expected(engine: AllocationEngine, scenario: Scenario) -> dict[int, list[tuple[int, int]]]:
    book, there = engine.book, list(engine.pools)
    expected = {}
    for index, pool in enumerate(scenario.supply):
        if (pool.sku, pool.location) in there:
            dates = book.tables.dates[book.dates_of(there.index((pool.sku, pool.location)))]
            expected[index] = [(int(row["day"]), int(row["expected"])) for row in dates if row["deliveries"] > 0]
    return expected


def _person_rates(engine: AllocationEngine) -> frozenset[tuple[str, str]]:
    commands = _commands(engine)
    by_person = (commands["kind"] == Kind.OVERBOOKING) & (commands["option"] == 0) & (commands["pool"] > 0)
    return frozenset(engine.pools[pool] for pool in np.unique(commands["pool"][by_person]).tolist())
