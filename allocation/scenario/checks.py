"""Everything that must hold in and across the sections of a scenario, and what is merely odd about one.

Each check names the sections that it reads, so that a file with one broken section still hears about the
others.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from allocation.engine.errors import Problem
from allocation.engine.policy import Policy
from allocation.scenario import ranges
from allocation.scenario.behaviour import Behaviour
from allocation.scenario.demand import Demand, FlashArrivals, LaunchArrivals, TableArrivals
from allocation.scenario.distributions import support_of
from allocation.scenario.measure_checks import check_published
from allocation.scenario.section_checks import (
    check_behaviour,
    check_currency,
    check_demand,
    check_description,
    check_economics,
    check_name,
    check_orders,
    check_schedule,
    check_supply,
    check_title,
)
from allocation.scenario.sections import Economics, OrderWindow, PoolSupply, Schedule
from allocation.scenario.wording import short

if TYPE_CHECKING:
    from allocation.scenario.schema import Scenario


def section_problems(sections: Mapping[str, object]) -> Iterator[Problem]:
    """Everything that is wrong with the sections that are there, by their field's name."""
    for needed, check in _CHECKS:
        if all(name in sections for name in needed):
            yield from check(*(sections[name] for name in needed))


def _tier_names(policy: Policy) -> Iterator[Problem]:
    yield from ranges.tier_names(("policy", "tiers"), policy.tiers)


def _tiers(demand: Demand, policy: Policy) -> Iterator[Problem]:
    for name in ("counts", "mix", "purchases", "cart_value", "membership_years"):
        by_tier = getattr(demand, name)
        if isinstance(by_tier, Mapping):
            yield from ranges.tiers(("demand", name), by_tier, policy.tiers)


def _quantities(demand: Demand, policy: Policy) -> Iterator[Problem]:
    cap = policy.intake.max_quantity
    for quantity in demand.quantities:
        if cap is not None and quantity > cap:
            message = f"{quantity} is more than policy.intake.max_quantity {cap}: such orders are refused"
            yield Problem(("demand", "quantities", quantity), message)


def _items(demand: Demand, supply: tuple[PoolSupply, ...]) -> Iterator[Problem]:
    pools = {(pool.sku, pool.location): f"{pool.sku} at {pool.location}" for pool in supply}
    hints = ranges.Hints(pools.values())
    for index, item in enumerate(demand.items):
        if (item.sku, item.location) not in pools:
            name = f"{item.sku} at {item.location}"
            message = f"{short(name)} is no pool of supply{hints(name)}"
            yield Problem(("demand", "items", index), message)


def _ship_dates(demand: Demand, supply: tuple[PoolSupply, ...]) -> Iterator[Problem]:
    expected = sorted({delivery.date for pool in supply for delivery in pool.expected})
    if any(pool.on_hand for pool in supply):
        return
    hints = ranges.Hints(expected)
    for date in demand.ship_dates:
        if date not in expected:
            message = f"nothing is on hand or expected on {date}{hints(date)}"
            yield Problem(("demand", "ship_dates", str(date)), message)


def _arrivals_window(demand: Demand, orders: OrderWindow) -> Iterator[Problem]:
    if not ranges.aware((orders.opens, orders.closes)):
        return
    seconds = (orders.closes - orders.opens).total_seconds()
    match demand.arrivals:
        case LaunchArrivals(burst_minutes=minutes) if minutes * 60 > seconds:
            path, length = ("burst_minutes",), f"{minutes} minutes"
        case FlashArrivals(seconds=flash) if flash > seconds:
            path, length = ("seconds",), f"{flash} seconds"
        case TableArrivals(points=points) if points and points[-1][0] * 3600 > seconds:
            path, length = ("points",), f"{points[-1][0]} hours"
        case _:
            return
    message = f"{length} is longer than the order window of {seconds / 3600:g} hours"
    yield Problem(("demand", "arrivals", *path), message)


def _behaviour_tiers(behaviour: Behaviour, policy: Policy) -> Iterator[Problem]:
    for name in ("cancel_held", "cancel_waiting", "cancel_confirmed"):
        share = getattr(behaviour, name).share
        if isinstance(share, Mapping):
            yield from ranges.tiers(("behaviour", name, "share"), share, policy.tiers)


def _denied_cost(economics: Economics, policy: Policy) -> Iterator[Problem]:
    yield from ranges.tiers(("economics", "denied_cost"), economics.denied_cost, policy.tiers)


def _denied_cost_complete(economics: Economics, demand: Demand) -> Iterator[Problem]:
    for tier in demand.tiers:
        if tier not in economics.denied_cost:
            yield Problem(
                ("economics", "denied_cost"),
                f"has no cost for tier {short(tier)}, which orders; write 0 if it is none",
            )


def _schedule_after_opening(schedule: Schedule, orders: OrderWindow) -> Iterator[Problem]:
    runs = [(("confirm", i, "at"), cut.at) for i, cut in enumerate(schedule.confirm)]
    runs += [(("release", i, "at"), run.at) for i, run in enumerate(schedule.release)]
    for path, at in runs:
        if ranges.aware((at, orders.opens)) and at < orders.opens:
            yield Problem(("schedule", *path), f"{at} is before orders open at {orders.opens}")


def _released(schedule: Schedule, demand: Demand, supply: tuple[PoolSupply, ...], policy: Policy) -> Iterator[Problem]:
    released = {run.ship_date for run in schedule.release}
    dates = dict.fromkeys(demand.ship_dates)
    if policy.waves.assignment == "earliest":
        dates |= dict.fromkeys(delivery.date for pool in supply for delivery in pool.expected)
    for date in dates:
        if date not in released:
            message = f"ship date {date} has no release: nobody would get stock; add one"
            yield Problem(("schedule", "release"), message)


_Check = Callable[..., Iterator[Problem]]
_CHECKS: tuple[tuple[tuple[str, ...], _Check], ...] = (
    (("name",), check_name),
    (("title",), check_title),
    (("description",), check_description),
    (("currency",), check_currency),
    (("orders",), check_orders),
    (("supply",), check_supply),
    (("demand",), check_demand),
    (("policy",), _tier_names),
    (("demand", "policy"), _tiers),
    (("demand", "policy"), _quantities),
    (("demand", "supply"), _items),
    (("demand", "supply"), _ship_dates),
    (("demand", "orders"), _arrivals_window),
    (("behaviour",), check_behaviour),
    (("behaviour", "policy"), _behaviour_tiers),
    (("economics",), check_economics),
    (("economics", "policy"), _denied_cost),
    (("economics", "demand"), _denied_cost_complete),
    (("schedule",), check_schedule),
    (("schedule", "orders"), _schedule_after_opening),
    (("schedule", "demand", "supply", "policy"), _released),
    (("published", "policy", "schedule"), check_published),
)


def scenario_warnings(scenario: Scenario) -> tuple[Problem, ...]:
    """What is allowed and hardly meant, such as orders that intake refuses."""
    checks = (_refused_orders, _unconfirmed, _early_releases, _late_without_release)
    return tuple(problem for check in checks for problem in check(scenario))


def _refused_orders(scenario: Scenario) -> Iterator[Problem]:
    intake, orders = scenario.policy.intake, scenario.orders
    first = orders.opens.astimezone(scenario.zone).date()
    last = (orders.closes - dt.timedelta(milliseconds=1)).astimezone(scenario.zone).date()
    for date in scenario.demand.ship_dates:
        path = ("demand", "ship_dates", str(date))
        if (days := (date - last).days) < intake.min_days:
            yield Problem(path, f"orders of {last} come {days} days ahead; policy.intake.min_days "
                          f"{intake.min_days} refuses them")  # fmt: skip
        if intake.max_days is not None and (days := (date - first).days) > intake.max_days:
            yield Problem(path, f"orders of {first} come {days} days ahead; policy.intake.max_days "
                          f"{intake.max_days} refuses them")  # fmt: skip
    released: dict[dt.date, Any] = {run.ship_date: run.at for run in scenario.schedule.release}
    for date in scenario.demand.ship_dates:
        if released[date] < orders.closes:
            message = f"{date} is released at {released[date]}, before orders close: later ones are refused"
            yield Problem(("schedule", "release"), message)


def _unconfirmed(scenario: Scenario) -> Iterator[Problem]:
    confirmed = {date for cut in scenario.schedule.confirm for date in cut.ship_dates}
    for date in scenario.demand.ship_dates:
        if date not in confirmed:
            message = f"ship date {date} has no cut-off: its promises are never confirmed"
            yield Problem(("schedule", "confirm"), message)


def _early_releases(scenario: Scenario) -> Iterator[Problem]:
    expected = {delivery.date for pool in scenario.supply for delivery in pool.expected}
    for index, run in enumerate(scenario.schedule.release):
        if run.ship_date in expected and run.at.astimezone(scenario.zone).date() < run.ship_date:
            message = f"{run.at} is before the delivery of {run.ship_date}, which arrives at 00:00 local time"
            yield Problem(("schedule", "release", index, "at"), message)


def _late_without_release(scenario: Scenario) -> Iterator[Problem]:
    released = {run.ship_date for run in scenario.schedule.release}
    for index, pool in enumerate(scenario.supply):
        for at, delivery in enumerate(pool.expected):
            if delivery.late is None or not delivery.late.probability:
                continue
            least, most = (round(days) for days in support_of(delivery.late.days))
            # Only the ends are looked at: a range of days nearly always holds one without a release.
            arrivals = {delivery.date + dt.timedelta(days=days) for days in (least, least + (most > least), most)}
            if not arrivals <= released:
                path = ("supply", index, "expected", at, "late", "days")
                message = "a late delivery can arrive on a date that has no release; promises for it wait in vain"
                yield Problem(path, message)
