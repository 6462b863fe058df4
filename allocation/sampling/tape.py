"""A scenario becomes a policy-free tape: all that customers, supply and operations would do, at fixed times.

Which of it applies is decided by the rules when it is played, so one tape serves every policy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from allocation.engine.codes import EVERYWHERE, NOBODY, Kind, Only
from allocation.engine.columns import Columns, no_adoptions
from allocation.engine.identity import NumberedOrders
from allocation.engine.instants import HOUR_MS, local_midnight, milliseconds
from allocation.engine.tables import COMMAND, LINE
from allocation.sampling.behaviour import Actions, Behaviours, Customers, sample_behaviour
from allocation.sampling.demand import Ints, Orders, sample_orders
from allocation.sampling.streams import Streams
from allocation.sampling.supply import Announcement, sample_supply
from allocation.scenario.schema import Scenario

Records = NDArray[Any]


def sample_tape(scenario: Scenario, seed: int = 0, replication: int = 0) -> Columns:
    """Draw one replication of a scenario.

    Args:
        scenario: The launch.
        seed: Seed of the whole experiment, at least 0.
        replication: Number of the replication, from 0.

    Returns:
        The tape, sorted by instant, kind of command and arrival.
    """
    streams = Streams(seed, replication)
    pools = sorted((pool.sku, pool.location) for pool in scenario.supply)
    orders = sample_orders(scenario, streams)
    drawn = Drawn(
        orders=orders,
        behaviour=sample_behaviour(scenario, Customers(orders.at, orders.tier, orders.day), streams),
        announcements=sample_supply(scenario, streams),
    )
    numbering = Numbering(
        # Pools are numbered from 1 by name; the scenario may list them in any order.
        pools=np.array([pools.index((pool.sku, pool.location)) + 1 for pool in scenario.supply]),
        tiers=np.arange(len(scenario.demand.tiers)),
        customers=np.arange(len(orders.at)),
    )
    commands, lines = commands_of(scenario, drawn, numbering)
    return Columns(
        commands=commands,
        lines=lines,
        adoptions=no_adoptions(),
        pools=tuple(pools),
        tiers=scenario.demand.tiers,
        orders=NumberedOrders(len(orders.at)),
    )


@dataclass(frozen=True, slots=True)
class Drawn:
    """All draws of a replication. The last customers of the behaviour are those who place the orders."""

    orders: Orders
    behaviour: Behaviours
    announcements: Sequence[Announcement]


@dataclass(frozen=True, slots=True)
class Numbering:
    """Row numbers on the tape of what the scenario numbers.

    Attributes:
        pools: Row of each pool of the scenario's supply.
        tiers: Code of each tier of the demand.
        customers: Order row of each customer of the behaviour.
        first_line: Row of the first line.
    """

    pools: Ints
    tiers: Ints
    customers: Ints
    first_line: int = 0


def commands_of(
    scenario: Scenario, drawn: Drawn, numbering: Numbering, after: int | None = None
) -> tuple[Records, Records]:
    """The commands of a replication, sorted by instant, kind and arrival, and their lines.

    Args:
        scenario: The launch.
        drawn: What was drawn.
        numbering: How the rows are numbered.
        after: Operations are those after this instant, milliseconds; None is all.
    """
    orders, behaviour, announcements = drawn.orders, drawn.behaviour, drawn.announcements
    order_lines = _order_lines(orders, numbering.pools)
    # What would happen later than this is of no consequence.
    end = max([*(milliseconds(run.at) for run in scenario.schedule.release), *(news.at for news in announcements)])
    parts = [
        _supply(announcements, numbering.pools, numbering.first_line + len(order_lines)),
        *(_after(part, after) for part in _operations(scenario)),
        _places(orders, behaviour, numbering),
        _actions(Kind.PAY, behaviour.payments, numbering, end),
        *(_actions(Kind.CANCEL, actions, numbering, end, only) for only, actions in behaviour.cancellations.items()),
    ]
    return _in_order(parts), np.concatenate([order_lines, _supply_lines(announcements)])


def _after(part: _Part, instant: int | None) -> _Part:
    if instant is None:
        return part
    later = part.at > instant
    fields = {name: values[later] if isinstance(values, np.ndarray) else values for name, values in part.fields.items()}
    return _Part(part.kind, part.at[later], fields)


@dataclass(frozen=True, slots=True)
class _Part:
    """Commands of one kind, in order of arrival; other fields of `tables.COMMAND` by name, one or for each."""

    kind: Kind
    at: Ints
    fields: Mapping[str, Any]


def _in_order(parts: Sequence[_Part]) -> Records:
    """All commands, sorted by instant and kind; those alike stay as they stand."""
    keys = np.concatenate([part.at * len(Kind) + part.kind for part in parts])
    order = np.argsort(keys, kind="stable")
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order))
    # Written once into their places: building rows and then sorting them takes several times as long.
    table = np.zeros(len(order), COMMAND)
    for name in ("tier", "order", "target", "pool"):
        table[name] = NOBODY
    first = 0
    for part in parts:
        own = places[first : first + len(part.at)]
        first += len(part.at)
        table["kind"][own], table["at"][own] = part.kind, part.at
        for name, values in part.fields.items():
            table[name][own] = values
    return table


def _order_lines(orders: Orders, pool_rows: Ints) -> Records:
    lines = np.zeros(len(orders.line_pool), LINE)
    lines["pool"] = pool_rows[orders.line_pool]
    lines["day"] = np.repeat(orders.day, orders.lines)
    lines["quantity"] = orders.line_quantity
    return lines


def _places(orders: Orders, behaviour: Behaviours, numbering: Numbering) -> _Part:
    first = len(numbering.customers) - len(orders.at)
    inputs = {"purchases": orders.purchases, "hundreds": orders.hundreds, "years": orders.years}
    fields = {
        "order": numbering.customers[first:],
        "tier": numbering.tiers[orders.tier],
        "paid": ~behaviour.pending[first:],
        "day": orders.day,
        "lines": orders.lines,
        "first_line": numbering.first_line + np.cumsum(orders.lines) - orders.lines,
        **{name: values for name, values in inputs.items() if values.any()},
    }
    return _Part(Kind.PLACE, orders.at, fields)


def _actions(kind: Kind, actions: Actions, numbering: Numbering, end: int, only: Only = Only.OPEN) -> _Part:
    in_time = actions.at <= end
    return _Part(kind, actions.at[in_time], {"only": only, "order": numbering.customers[actions.order[in_time]]})


def _supply(announcements: Sequence[Announcement], pool_rows: Ints, first_line: int) -> _Part:
    lines = np.array([len(news.expected) for news in announcements])
    fields = {
        "option": 1,
        "pool": pool_rows[[news.pool for news in announcements]],
        "number": np.array([-1 if news.on_hand is None else news.on_hand for news in announcements]),
        "received": np.array([news.received for news in announcements]),
        "first_line": first_line + np.cumsum(lines) - lines,
        "lines": lines,
    }
    return _Part(Kind.SUPPLY, np.array([news.at for news in announcements]), fields)


def _supply_lines(announcements: Sequence[Announcement]) -> Records:
    expected = [(0, day, quantity) for news in announcements for day, quantity in news.expected]
    return np.array(expected, LINE) if expected else np.zeros(0, LINE)


def _operations(scenario: Scenario) -> list[_Part]:
    schedule = scenario.schedule
    confirms = [(milliseconds(cut.at), day) for cut in schedule.confirm for day in sorted(cut.ship_dates)]
    releases = [(milliseconds(run.at), run.ship_date) for run in schedule.release]
    return [
        *(
            _Part(
                kind,
                np.array([at for at, _ in runs], np.int64),
                {"pool": EVERYWHERE, "day": np.array([day.toordinal() for _, day in runs], np.int64)},
            )
            for kind, runs in ((Kind.CONFIRM, confirms), (Kind.RELEASE, releases))
        ),
        _Part(Kind.EXPIRE, np.array(_expire_instants(scenario), np.int64), {}),
    ]


def _expire_instants(scenario: Scenario) -> list[int]:
    """From the first such local time after orders opened until the last release."""
    runs = scenario.schedule.expire
    if runs is None:
        return []
    opens = milliseconds(scenario.orders.opens)
    last = max(milliseconds(run.at) for run in scenario.schedule.release)
    hours, minutes = (int(part) for part in runs.time.split(":")[:2])
    day = scenario.orders.opens.astimezone(scenario.zone).toordinal()
    first = local_midnight(day, scenario.zone) + hours * HOUR_MS + minutes * HOUR_MS // 60
    if first <= opens:
        first = local_midnight(day + 1, scenario.zone) + hours * HOUR_MS + minutes * HOUR_MS // 60
    return list(range(first, last + 1, int(runs.every_hours * HOUR_MS)))
