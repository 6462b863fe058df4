"""What must hold within one section of a scenario."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

from allocation.engine.errors import Problem
from allocation.engine.policy import DAYS_MAX, HOURS_MAX, QUANTITY_MAX
from allocation.scenario import ranges
from allocation.scenario.behaviour import Bathtub, Behaviour, Cancellation, EarlyRegret
from allocation.scenario.demand import Demand, FlashArrivals, Item, LaunchArrivals, TableArrivals
from allocation.scenario.sections import Delivery, Economics, OrderWindow, PoolSupply, ReleaseRun, Schedule
from allocation.scenario.wording import short, shown

ORDERS_MAX = 10**7
"""Largest number of orders of a launch: far beyond any published one, and it still fits a laptop's memory."""
LINES_MAX = 100
WINDOW_DAYS_MAX = 400
TENTHS = 10
EXPIRE_HOURS_MIN = Decimal("0.25")

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_CURRENCY = re.compile(r"[A-Z]{3}")
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def check_name(name: str) -> Iterator[Problem]:
    """A name that can be a folder."""
    if not _SLUG.fullmatch(name):
        yield Problem(("name",), f"{shown(name)} is no name of lower-case words and hyphens, such as iphone-15-pro")
    yield from ranges.text(("name",), name, longest=80)


def check_title(title: str) -> Iterator[Problem]:
    """A title."""
    yield from ranges.text(("title",), title)


def check_description(description: str) -> Iterator[Problem]:
    """A text."""
    yield from ranges.prose(("description",), description)


def check_currency(currency: str) -> Iterator[Problem]:
    """An ISO 4217 code."""
    if not _CURRENCY.fullmatch(currency):
        yield Problem(("currency",), f"{shown(currency)} is no currency code of three capitals, such as USD")


def check_orders(orders: OrderWindow) -> Iterator[Problem]:
    """A window that opens before it closes."""
    yield from ranges.instant(("orders", "opens"), orders.opens)
    yield from ranges.instant(("orders", "closes"), orders.closes)
    if not ranges.aware((orders.opens, orders.closes)):
        return
    if orders.opens >= orders.closes:
        yield Problem(("orders", "closes"), f"{orders.closes} is not after opens {orders.opens}")
    elif (orders.closes - orders.opens).days > WINDOW_DAYS_MAX:
        yield Problem(("orders", "closes"), f"is more than {WINDOW_DAYS_MAX} days after opens")


def check_supply(supply: tuple[PoolSupply, ...]) -> Iterator[Problem]:
    """Pools and references that are unique; waves in date order."""
    if not supply:
        yield Problem(("supply",), "names no pool; give at least one SKU at one location")
    pools: Counter[tuple[str, str]] = Counter()
    refs: Counter[str] = Counter()
    for index, pool in enumerate(supply):
        path: ranges.Path = ("supply", index)
        yield from ranges.text((*path, "sku"), pool.sku)
        yield from ranges.text((*path, "location"), pool.location)
        yield from ranges.line((*path, "product"), pool.product)
        yield from ranges.line((*path, "category"), pool.category)
        yield from ranges.whole((*path, "on_hand"), pool.on_hand, 0, QUANTITY_MAX)
        pools[pool.sku, pool.location] += 1
        if pools[pool.sku, pool.location] > 1:
            yield Problem(
                path, f"pool {short(pool.sku)} at {short(pool.location)} is there already; a pool is written once"
            )
        for at, delivery in enumerate(pool.expected):
            yield from _delivery((*path, "expected", at), delivery)
            refs[delivery.ref] += 1
            if refs[delivery.ref] > 1:
                yield Problem(
                    (*path, "expected", at, "ref"), f"{short(delivery.ref)} is used already; references are unique"
                )
        for at, (before, after) in enumerate(pairwise(pool.expected), 1):
            if after.date < before.date:
                where = (*path, "expected", at, "date")
                yield Problem(where, f"waves out of order: {after.date} comes after {before.date}; sort them by date")


def _delivery(path: ranges.Path, delivery: Delivery) -> Iterator[Problem]:
    yield from ranges.day((*path, "date"), delivery.date)
    yield from ranges.whole((*path, "quantity"), delivery.quantity, 0, QUANTITY_MAX)
    yield from ranges.text((*path, "ref"), delivery.ref)
    yield from ranges.whole((*path, "notice_days"), delivery.notice_days, 0, DAYS_MAX)
    if delivery.late is not None:
        yield from ranges.number((*path, "late", "probability"), delivery.late.probability, 0, 1)
        yield from ranges.drawn((*path, "late", "days"), delivery.late.days, 0, DAYS_MAX)
    if delivery.short is not None:
        yield from ranges.number((*path, "short", "probability"), delivery.short.probability, 0, 1)
        yield from ranges.drawn((*path, "short", "share"), delivery.short.share, 0, 1)


def check_demand(demand: Demand) -> Iterator[Problem]:
    """Numbers of orders in one of the two ways; shares that sum to 1."""
    yield from _orders_by_tier(demand)
    yield from ranges.prose(("demand", "mix_note"), demand.mix_note)
    for date in demand.ship_dates:
        yield from ranges.day(("demand", "ship_dates", str(date)), date)
    by_date: dict[ranges.Path, Decimal] = {(str(date),): share for date, share in demand.ship_dates.items()}
    yield from ranges.shares(("demand", "ship_dates"), by_date)
    if demand.items:
        by_item: dict[ranges.Path, Decimal] = {(i, "share"): item.share for i, item in enumerate(demand.items)}
        yield from ranges.shares(("demand", "items"), by_item)
        yield from _unique_items(demand.items)
    for name, most in (("lines_per_order", LINES_MAX), ("quantities", QUANTITY_MAX)):
        pmf = getattr(demand, name)
        for key in pmf:
            yield from ranges.whole(("demand", name, key), key, 1, most)
        yield from ranges.shares(("demand", name), {(key,): share for key, share in pmf.items()})
    yield from _arrivals(demand)
    for name in ("purchases", "cart_value", "membership_years"):
        yield from ranges.drawn_by_tier(("demand", name), getattr(demand, name), 0)


def _orders_by_tier(demand: Demand) -> Iterator[Problem]:
    if (demand.counts is None) == (demand.total is None):
        found = "neither is there" if demand.counts is None else "both are there"
        yield Problem(("demand",), f"write either counts (orders by tier) or total with mix; {found}")
    if demand.total is not None:
        yield from ranges.drawn(("demand", "total"), demand.total, 0, ORDERS_MAX)
        if demand.mix is None:
            yield Problem(("demand", "mix"), "is missing; total needs the share of each tier")
    elif demand.mix is not None:
        yield Problem(("demand", "mix"), "goes with total only; counts says the tiers already")
    if demand.mix is not None:
        yield from ranges.shares(("demand", "mix"), {(tier,): share for tier, share in demand.mix.items()})
    if demand.counts is not None:
        for tier, count in demand.counts.items():
            yield from ranges.whole(("demand", "counts", tier), count, 0, ORDERS_MAX)
        if not demand.counts:
            yield Problem(("demand", "counts"), "names no tier")
        elif sum(demand.counts.values()) > ORDERS_MAX:
            yield Problem(("demand", "counts"), f"sums to more than {ORDERS_MAX} orders")


def _unique_items(items: tuple[Item, ...]) -> Iterator[Problem]:
    seen: Counter[tuple[str, str]] = Counter()
    for index, item in enumerate(items):
        seen[item.sku, item.location] += 1
        if seen[item.sku, item.location] > 1:
            yield Problem(
                ("demand", "items", index), f"pool {short(item.sku)} at {short(item.location)} is there already"
            )


def _arrivals(demand: Demand) -> Iterator[Problem]:
    path = ("demand", "arrivals")
    match demand.arrivals:
        case LaunchArrivals() as launch:
            yield from ranges.number((*path, "burst_share"), launch.burst_share, 0, 1)
            yield from ranges.above_zero((*path, "burst_minutes"), launch.burst_minutes, HOURS_MAX * 60)
            yield from ranges.above_zero((*path, "half_life_hours"), launch.half_life_hours, HOURS_MAX)
        case FlashArrivals() as flash:
            yield from ranges.above_zero((*path, "seconds"), flash.seconds, HOURS_MAX * 3600)
        case TableArrivals() as table:
            for index, (hours, _) in enumerate(table.points):
                yield from ranges.above_zero((*path, "points", index, 0), hours, HOURS_MAX)
            yield from ranges.shares((*path, "points"), {(i, 1): share for i, (_, share) in enumerate(table.points)})
            for index, (before, after) in enumerate(pairwise(table.points), 1):
                if after[0] <= before[0]:
                    yield Problem((*path, "points", index, 0), f"{after[0]} hours is not after {before[0]}")


def check_behaviour(behaviour: Behaviour) -> Iterator[Problem]:
    """Probabilities from 0 to 1, also those of distributions."""
    for name in ("cancel_held", "cancel_waiting", "cancel_confirmed"):
        yield from _cancellation(("behaviour", name), getattr(behaviour, name))
    path, payment = ("behaviour", "payment"), behaviour.payment
    yield from ranges.drawn((*path, "pending_share"), payment.pending_share, 0, 1)
    yield from ranges.drawn((*path, "pays_share"), payment.pays_share, 0, 1)
    yield from ranges.drawn((*path, "mean_delay_hours"), payment.mean_delay_hours, 0, HOURS_MAX)


def _cancellation(path: ranges.Path, cancellation: Cancellation) -> Iterator[Problem]:
    yield from ranges.drawn_by_tier((*path, "share"), cancellation.share, 0, 1)
    timing = cancellation.timing
    if isinstance(timing, EarlyRegret):
        yield from ranges.number((*path, "timing", "weight"), timing.weight, 0, 1)
        yield from ranges.above_zero((*path, "timing", "half_life_hours"), timing.half_life_hours, HOURS_MAX)
    elif isinstance(timing, Bathtub):
        for index, tenth in enumerate(timing.tenths):
            yield from ranges.number((*path, "timing", "tenths", index), tenth, 0)
        if len(timing.tenths) != TENTHS or not any(timing.tenths):
            yield Problem((*path, "timing", "tenths"), "needs ten weights, one of them above 0")


def check_economics(economics: Economics) -> Iterator[Problem]:
    """Money of at least 0."""
    for name in ("margin", "unsold_cost", "forfeit"):
        yield from ranges.number(("economics", name), getattr(economics, name), 0)
    for tier, cost in economics.denied_cost.items():
        yield from ranges.number(("economics", "denied_cost", tier), cost, 0)


def check_schedule(schedule: Schedule) -> Iterator[Problem]:
    """One cut-off and one release a date, in order."""
    yield from _releases(schedule.release)
    yield from _cut_offs(schedule)
    if schedule.expire is not None:
        path, runs = ("schedule", "expire"), schedule.expire
        if not _CLOCK.fullmatch(runs.time):
            yield Problem((*path, "time"), f"{shown(runs.time)} is no local time such as '03:00'")
        yield from ranges.above_zero((*path, "every_hours"), runs.every_hours, HOURS_MAX)
        if 0 < runs.every_hours < EXPIRE_HOURS_MIN:
            yield Problem((*path, "every_hours"), f"{runs.every_hours} is less than {EXPIRE_HOURS_MIN}")


def _releases(runs: tuple[ReleaseRun, ...]) -> Iterator[Problem]:
    for index, run in enumerate(runs):
        path: ranges.Path = ("schedule", "release", index)
        yield from ranges.instant((*path, "at"), run.at)
        yield from ranges.day((*path, "ship_date"), run.ship_date)
        if index == 0:
            continue
        before = runs[index - 1]
        if run.ship_date <= before.ship_date:
            message = f"releases out of order: {run.ship_date} comes after {before.ship_date}; each date has one"
            yield Problem((*path, "ship_date"), message)
        elif ranges.aware((run.at, before.at)) and run.at < before.at:
            yield Problem((*path, "at"), f"{run.at} is before the release of {before.ship_date} at {before.at}")


def _cut_offs(schedule: Schedule) -> Iterator[Problem]:
    released = {run.ship_date: run.at for run in schedule.release}
    hints = ranges.Hints(released)
    confirmed: Counter[object] = Counter()
    for index, cut in enumerate(schedule.confirm):
        path: ranges.Path = ("schedule", "confirm", index)
        yield from ranges.instant((*path, "at"), cut.at)
        if not cut.ship_dates:
            yield Problem((*path, "ship_dates"), "names no ship date")
        for at, date in enumerate(cut.ship_dates):
            where = (*path, "ship_dates", at)
            confirmed[date] += 1
            if confirmed[date] > 1:
                yield Problem(where, f"{date} has a cut-off already")
            if date not in released:
                yield Problem(where, f"{date} has no release{hints(date)}")
            elif ranges.aware((cut.at, released[date])) and cut.at > released[date]:
                yield Problem((*path, "at"), f"{cut.at} is after the release of {date} at {released[date]}")
