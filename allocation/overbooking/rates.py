"""From what a policy says of overbooking to the rate of every pool, in numbers that a tape can carry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType

from allocation.engine.errors import Problem, SettingError
from allocation.engine.instants import HOUR_MS, milliseconds
from allocation.engine.policy import MICRO, RATE_MAX
from allocation.overbooking.learning import Learner, Terms
from allocation.overbooking.limits import booking_rate, service_limit
from allocation.overbooking.scenario_shows import held_units, last_reoffer, shows_of
from allocation.overbooking.shows import Shows
from allocation.scenario.schema import PoolSupply, ReleaseRun, Scenario

Pool = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Review:
    """An instant at which a pool's rate is set anew from what has been seen.

    Attributes:
        at: Milliseconds since 1970-01-01 UTC.
        pool: (sku, location).
        learner: Works the rate out.
    """

    at: int
    pool: Pool
    learner: Learner


@dataclass(frozen=True, slots=True)
class Rates:
    """What a policy's overbooking comes to.

    Attributes:
        at_opening: Rate of each pool when orders open; empty where the policy's one rate holds everywhere.
        reviews: What sets it anew, in order of time.
    """

    at_opening: Mapping[Pool, Decimal] = field(default_factory=lambda: MappingProxyType({}))
    reviews: tuple[Review, ...] = ()


def rates_of(scenario: Scenario) -> Rates:
    """Resolve the policy's overbooking for a scenario.

    ``economic`` and ``service`` take the behaviour, costs, quantities and schedule as the scenario states them, with
    only those cancellations that nobody repairs (`scenario_shows`). A rate holds for all waves of a pool, so it is the
    lowest of those of its deliveries, each for its own units: the smallest wave bears the least.

    ``adaptive`` is not shown the scenario's rates: it begins with the policy's prior and learns from counts.

    Raises:
        SettingError: A method finds no finite rate, such as where denying somebody costs nothing.
    """
    overbooking = scenario.policy.overbooking
    if overbooking.is_one_rate:
        return Rates()
    if overbooking.method == "constant":
        rates = {_name(pool): overbooking.by_category.get(pool.category, overbooking.rate) for pool in scenario.supply}
        return Rates(MappingProxyType(rates))
    if overbooking.method == "adaptive":
        return _adaptive(scenario)
    return Rates(MappingProxyType({_name(pool): _rate(scenario, pool) for pool in scenario.supply}))


def _name(pool: PoolSupply) -> Pool:
    return pool.sku, pool.location


def _releases(scenario: Scenario, pool: PoolSupply) -> list[tuple[ReleaseRun, int]]:
    """Each release with the units that come for it: those on hand, and deliveries since the release before."""
    result, counted = [], 0
    for run in sorted(scenario.schedule.release, key=lambda run: run.ship_date):
        arrived = pool.on_hand + sum(d.quantity for d in pool.expected if d.date <= run.ship_date)
        if arrived > counted:
            result.append((run, arrived - counted))
            counted = arrived
    return result


def _rate(scenario: Scenario, pool: PoolSupply) -> Decimal:
    rates = [_rate_for(scenario, capacity, shows_of(scenario, run)) for run, capacity in _releases(scenario, pool)]
    return min(rates, default=Decimal(1))


def _rate_for(scenario: Scenario, capacity: int, shows: Shows) -> Decimal:
    overbooking = scenario.policy.overbooking
    try:
        if overbooking.method == "service":
            limit = service_limit(capacity, shows, float(overbooking.level))
        else:
            limit = terms_of(scenario).limit(capacity, shows)
    except SettingError as error:
        place = ("policy", "overbooking", "method")
        reasons = "; ".join(str(problem) for problem in error.problems)
        raise SettingError(
            [Problem(place, f"{overbooking.method} finds no rate: {reasons}")], f"scenario {scenario.name}"
        ) from error
    return min(booking_rate(limit, capacity) or Decimal(1), Decimal(RATE_MAX))


def terms_of(scenario: Scenario) -> Terms:
    """What a unit is worth to those who hold the promises; the tier at the end of the line is denied first."""
    economics = scenario.economics
    denied = economics.denied_cost[held_units(scenario).last]
    return Terms(float(economics.margin), float(denied), float(economics.unsold_cost), float(economics.forfeit))


def learner_of(scenario: Scenario, run: ReleaseRun, capacity: int = 0) -> Learner:
    """What learns the show rate until a release, from the policy's prior on.

    Args:
        scenario: The launch.
        run: The release.
        capacity: Units that come for it.
    """
    prior = scenario.policy.overbooking.prior
    return Learner(
        terms=terms_of(scenario),
        sizes=tuple((int(size), float(share)) for size, share in scenario.demand.quantities.items() if share),
        capacity=capacity,
        prior_lost=round((1 - prior.show_rate) * prior.orders * MICRO),
        prior_orders=prior.orders,
        opens=milliseconds(scenario.orders.opens),
        last_reoffer=last_reoffer(scenario, run),
        release=milliseconds(run.at),
    )


def _adaptive(scenario: Scenario) -> Rates:
    overbooking = scenario.policy.overbooking
    opens = milliseconds(scenario.orders.opens)
    at_opening, reviews = {}, []
    for pool in scenario.supply:
        begin = opens
        for run, capacity in _releases(scenario, pool):
            learner = learner_of(scenario, run, capacity)
            if _name(pool) not in at_opening:
                at_opening[_name(pool)] = Decimal(learner.rate(0, 0, opens)) / MICRO
            step = int(overbooking.review_hours * HOUR_MS)
            instants = range(opens + step * max(1, -((opens - begin) // step)), learner.last_reoffer, step)
            reviews += [Review(at, _name(pool), learner) for at in instants]
            begin = max(begin, learner.release)
    return Rates(MappingProxyType(at_opening), tuple(sorted(reviews, key=lambda review: (review.at, review.pool))))
