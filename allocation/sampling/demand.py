"""Who orders what, and when: one replication's orders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from allocation.engine.instants import HOUR_MS, milliseconds
from allocation.sampling.draws import DIGITS, Shape, decay, draw, draw_one, pick, rising_uniforms, shape_of
from allocation.sampling.streams import Streams
from allocation.scenario.schema import (
    Arrivals,
    Demand,
    FlashArrivals,
    LaunchArrivals,
    PerTier,
    Scenario,
    TableArrivals,
    for_tier,
)

Ints = NDArray[np.int64]
_MINUTE_MS = 60_000
_SECOND_MS = 1000


@dataclass(frozen=True, slots=True)
class Orders:
    """The orders of one replication, in the order in which they arrive; every array has shape (orders,) but the lines'.

    Attributes:
        at: Milliseconds since 1970-01-01 UTC.
        tier: Index into the demand's tiers.
        day: Day number of the requested ship date.
        lines: Number of lines.
        purchases: Earlier purchases.
        hundreds: Whole hundreds of the cart value.
        years: Membership years.
        line_pool: Index into the scenario's supply of each line; shape (sum of lines,).
        line_quantity: Units of each line.
    """

    at: Ints
    tier: Ints
    day: Ints
    lines: Ints
    purchases: Ints
    hundreds: Ints
    years: Ints
    line_pool: Ints
    line_quantity: Ints


@dataclass(frozen=True, slots=True)
class Begun:
    """A launch of which the beginning is known.

    Attributes:
        now: Until when, milliseconds.
        placed: Orders that were accepted by then, by tier.
    """

    now: int
    placed: Mapping[str, int]


def sample_orders(scenario: Scenario, streams: Streams, begun: Begun | None = None) -> Orders:
    """Draw the orders of one replication.

    Of a launch that has begun, those that are still to come: what was placed counts towards the number of orders that
    the scenario states or draws, and the rest arrives in what is left of the order window.
    """
    demand = scenario.demand
    tier = _tiers(scenario, streams, begun)
    orders = len(tier)
    days = list(demand.ship_dates)
    by_day = pick(list(demand.ship_dates.values()), streams("ship dates"), orders)
    lines = np.array(list(demand.lines_per_order))[
        pick(list(demand.lines_per_order.values()), streams("lines"), orders)
    ]
    units = np.array(list(demand.quantities))
    total_lines = int(lines.sum())
    return Orders(
        at=_arrival_times(scenario, orders, streams, begun),
        tier=tier,
        day=np.array([day.toordinal() for day in days])[by_day],
        lines=lines,
        purchases=np.rint(_per_tier(demand.purchases, demand, tier, "purchases", streams)).astype(np.int64),
        hundreds=(_per_tier(demand.cart_value, demand, tier, "cart value", streams) // 100).astype(np.int64),
        years=np.rint(_per_tier(demand.membership_years, demand, tier, "years", streams)).astype(np.int64),
        line_pool=_line_pools(scenario, lines, streams),
        line_quantity=units[pick(list(demand.quantities.values()), streams("quantities"), total_lines)],
    )


def _tiers(scenario: Scenario, streams: Streams, begun: Begun | None) -> Ints:
    demand, random = scenario.demand, streams("tiers")
    placed = {} if begun is None else begun.placed
    is_over = begun is not None and begun.now >= milliseconds(scenario.orders.closes)
    if demand.counts is not None:
        left = [0 if is_over else max(0, count - placed.get(name, 0)) for name, count in demand.counts.items()]
        return random.permutation(np.repeat(np.arange(len(left)), left))
    # A demand without counts has a total and a mix: the scenario saw to that.
    total = round(draw_one(demand.total or Decimal(0), streams("total")))
    orders = 0 if is_over else max(0, total - sum(placed.values()))
    return pick(list((demand.mix or {}).values()), random, orders)


def _arrival_times(scenario: Scenario, orders: int, streams: Streams, begun: Begun | None) -> Ints:
    opens, closes = milliseconds(scenario.orders.opens), milliseconds(scenario.orders.closes)
    shape = arrival_shape(scenario.demand.arrivals, closes - opens)
    shares, first = rising_uniforms(streams("arrivals"), orders), opens
    if begun is not None and begun.now > opens:
        over = float(shape.shares_at(np.array([begun.now - opens], float))[0])
        shares, first = over + shares * (1 - over), begun.now
    # The window ends just before it closes.
    times = np.minimum(opens + shape.times_at(shares).astype(np.int64), closes - 1)
    return np.maximum(times, first)


def arrival_shape(arrivals: Arrivals, length: int) -> Shape:
    """Share of the orders by milliseconds since orders opened, in a window of that length."""
    match arrivals:
        case FlashArrivals(_, seconds):
            return shape_of([0, min(float(seconds) * _SECOND_MS, length)], [0, 1])
        case TableArrivals(_, points):
            shares = np.cumsum([0.0, *(float(share) for _, share in points)])
            return shape_of([0, *(float(hours) * HOUR_MS for hours, _ in points)], list(shares))
        case LaunchArrivals(_, burst_share, burst_minutes, half_life_hours):
            burst = min(float(burst_minutes) * _MINUTE_MS, length)
            if burst >= length or burst_share >= 1:
                return shape_of([0, burst], [0, 1])
            rest = decay(float(half_life_hours) * HOUR_MS, length - burst)
            share = float(burst_share)
            return shape_of([0, *(burst + rest.times)], [0, *(share + (1 - share) * rest.shares)])
    return shape_of([0, length], [0, 1])


def _line_pools(scenario: Scenario, lines: Ints, streams: Streams) -> Ints:
    supply = [(pool.sku, pool.location) for pool in scenario.supply]
    weights = np.zeros(len(supply))
    for item in scenario.demand.items:
        weights[supply.index((item.sku, item.location))] += float(item.share)
    if not scenario.demand.items:
        weights[:] = 1
    random = streams("items")
    pools = pick(list(weights), random, int(lines.sum()))
    starts = np.cumsum(lines) - lines
    for order in np.flatnonzero(lines > 1):
        pools[starts[order] : starts[order] + lines[order]] = _different(weights, int(lines[order]), random)
    return pools


def _different(weights: NDArray[np.float64], lines: int, random: np.random.Generator) -> Ints:
    """Pools for the lines of one order: all different while there are any left, then anew."""
    chosen: list[int] = []
    left = weights.copy()
    for _ in range(lines):
        if not left.any():
            left = weights.copy()
        pool = int(pick(list(left), random, 1)[0])
        left[pool] = 0
        chosen.append(pool)
    return np.array(chosen)


def _per_tier(value: PerTier, demand: Demand, tier: Ints, purpose: str, streams: Streams) -> NDArray[np.float64]:
    """A value for every order, by its tier; every tier has its own stream."""
    result = np.zeros(len(tier))
    if isinstance(value, Decimal):
        result += round(float(value), DIGITS)
        return result
    for code, name in enumerate(demand.tiers):
        chosen = tier == code
        result[chosen] = draw(for_tier(value, name), streams(f"{purpose} {name}"), int(chosen.sum()))
    return result
