"""A scenario becomes a policy-free tape: all that customers, supply and operations would do, at fixed times.

Which of it applies is decided by the rules when it is played, so one tape serves every policy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from allocation.engine.codes import EVERYWHERE, NOBODY, Kind, Only
from allocation.engine.columns import Columns, no_adoptions
from allocation.engine.identity import NumberedOrders
from allocation.engine.instants import HOUR_MS, local_midnight, milliseconds
from allocation.engine.tables import COMMAND, LINE
from allocation.sampling.behaviour import Actions, Behaviours, sample_behaviour
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
    # Pools are numbered from 1 by name; the scenario may list them in any order.
    rows = np.array([pools.index((pool.sku, pool.location)) + 1 for pool in scenario.supply])
    orders = sample_orders(scenario, streams)
    behaviour = sample_behaviour(scenario, orders, streams)
    announcements = sample_supply(scenario, streams)
    order_lines = _order_lines(orders, rows)
    supply, supply_lines = _supply(announcements, rows, len(order_lines))
    parts = [
        supply,
        _operations(scenario),
        _places(orders, behaviour),
        _actions(Kind.PAY, behaviour.payments),
        *(_actions(Kind.CANCEL, actions, only) for only, actions in behaviour.cancellations.items()),
    ]
    commands = np.concatenate(parts)
    last = max(milliseconds(run.at) for run in scenario.schedule.release)
    commands = commands[commands["at"] <= max(last, int(supply["at"].max()))]
    order = np.lexsort((np.arange(len(commands)), commands["kind"], commands["at"]))
    return Columns(
        commands=commands[order],
        lines=np.concatenate([order_lines, supply_lines]),
        adoptions=no_adoptions(),
        pools=tuple(pools),
        tiers=scenario.demand.tiers,
        orders=NumberedOrders(len(orders.at)),
    )


def _rows(count: int) -> Records:
    rows = np.zeros(count, COMMAND)
    for name in ("tier", "order", "target", "pool"):
        rows[name] = NOBODY
    return rows


def _order_lines(orders: Orders, pool_rows: Ints) -> Records:
    lines = np.zeros(len(orders.line_pool), LINE)
    lines["pool"] = pool_rows[orders.line_pool]
    lines["day"] = np.repeat(orders.day, orders.lines)
    lines["quantity"] = orders.line_quantity
    return lines


def _places(orders: Orders, behaviour: Behaviours) -> Records:
    rows = _rows(len(orders.at))
    rows["kind"] = Kind.PLACE
    rows["at"] = orders.at
    rows["order"] = np.arange(len(rows))
    rows["tier"] = orders.tier
    rows["paid"] = ~behaviour.pending
    rows["day"] = orders.day
    rows["lines"] = orders.lines
    rows["first_line"] = np.cumsum(orders.lines) - orders.lines
    rows["purchases"], rows["hundreds"], rows["years"] = orders.purchases, orders.hundreds, orders.years
    return rows


def _actions(kind: Kind, actions: Actions, only: Only = Only.OPEN) -> Records:
    rows = _rows(len(actions.order))
    rows["kind"], rows["only"] = kind, only
    rows["order"], rows["at"] = actions.order, actions.at
    return rows


def _supply(announcements: Sequence[Announcement], pool_rows: Ints, first_line: int) -> tuple[Records, Records]:
    rows = _rows(len(announcements))
    expected = [entry for announcement in announcements for entry in announcement.expected]
    lines = np.zeros(len(expected), LINE)
    for line, (day, quantity) in zip(lines, expected, strict=True):
        line["day"], line["quantity"] = day, quantity
    for row, announcement in zip(rows, announcements, strict=True):
        row["kind"], row["option"] = Kind.SUPPLY, 1
        row["at"], row["pool"] = announcement.at, pool_rows[announcement.pool]
        row["number"] = -1 if announcement.on_hand is None else announcement.on_hand
        row["received"] = announcement.received
        row["first_line"], row["lines"] = first_line, len(announcement.expected)
        first_line += len(announcement.expected)
    return rows, lines


def _operations(scenario: Scenario) -> Records:
    schedule = scenario.schedule
    runs = [
        (Kind.CONFIRM, milliseconds(cut.at), day.toordinal())
        for cut in schedule.confirm
        for day in sorted(cut.ship_dates)
    ]
    runs += [(Kind.RELEASE, milliseconds(run.at), run.ship_date.toordinal()) for run in schedule.release]
    runs += [(Kind.EXPIRE, at, 0) for at in _expire_instants(scenario)]
    rows = _rows(len(runs))
    for row, (kind, at, day) in zip(rows, runs, strict=True):
        row["kind"], row["at"], row["day"] = kind, at, day
        row["pool"] = NOBODY if kind == Kind.EXPIRE else EVERYWHERE
    return rows


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
