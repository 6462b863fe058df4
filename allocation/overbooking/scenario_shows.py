"""What a scenario says of those who are promised a unit: how many of them are still there at the release.

Only what nobody repairs counts. While somebody waits and is promised what becomes free, a cancellation leaves no hole;
after the last re-offer it does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import exp, log

from allocation.engine.instants import HOUR_MS, milliseconds
from allocation.overbooking.show_rate import Survival, constant_hazard, late_show_rate, survival_table
from allocation.overbooking.shows import Shows
from allocation.scenario.schema import (
    Bathtub,
    Cancellation,
    Distribution,
    EarlyRegret,
    ReleaseRun,
    Scenario,
    for_tier,
    mean_of,
    variance_of,
)

_Pick = Callable[[str, float], float]


@dataclass(frozen=True, slots=True)
class HeldUnits:
    """Whom the units of a launch are promised to.

    Attributes:
        shares: Share of the promised units by tier.
        last: The tier at the end of the line, whose promises are broken first.
    """

    shares: Mapping[str, float]
    last: str


def held_units(scenario: Scenario) -> HeldUnits:
    """Who will hold the promises: where a higher tier displaces a lower one, the best tiers; else everybody alike."""
    policy, orders = scenario.policy, mean_orders(scenario)
    best_first = sorted(orders, key=lambda tier: -policy.tiers[tier])
    left = float(supply_units(scenario))
    held = {}
    for tier in best_first:
        units = orders[tier] * mean_quantity(scenario)
        held[tier] = min(units, max(left, 0.0)) if policy.hold == "provisional" else units
        left -= units
    total_units = sum(held.values())
    if not total_units:
        return HeldUnits({best_first[-1]: 1.0}, best_first[-1])
    shares = {tier: units / total_units for tier, units in held.items()}
    return HeldUnits(shares, [tier for tier in best_first if shares[tier] > 0][-1])


def mean_orders(scenario: Scenario) -> dict[str, float]:
    """Mean number of orders by tier."""
    demand = scenario.demand
    if demand.counts:
        return {tier: float(count) for tier, count in demand.counts.items()}
    total = mean_of(demand.total or Decimal(0))
    return {tier: float(share) * total for tier, share in (demand.mix or {}).items()}


def supply_units(scenario: Scenario) -> int:
    """Units on hand and expected, as planned."""
    return sum(pool.on_hand + sum(delivery.quantity for delivery in pool.expected) for pool in scenario.supply)


def mean_quantity(scenario: Scenario) -> float:
    """Units of a line."""
    return float(sum(quantity * share for quantity, share in scenario.demand.quantities.items()))


def last_reoffer(scenario: Scenario, run: ReleaseRun) -> int:
    """Until when what becomes free on a ship date is promised to somebody else, milliseconds."""
    if not scenario.policy.queue.enabled:
        return min(milliseconds(scenario.orders.closes), milliseconds(run.at))
    if scenario.policy.confirm.unreserved == "keep":
        return milliseconds(run.at)
    return min(cut_off(scenario, run.ship_date) or milliseconds(run.at), milliseconds(run.at))


def cut_off(scenario: Scenario, day: date) -> int | None:
    """When the promises of a ship date become firm, milliseconds."""
    cuts = [milliseconds(cut.at) for cut in scenario.schedule.confirm if day in cut.ship_dates]
    return min(cuts) if cuts else None


def shows_of(scenario: Scenario, run: ReleaseRun) -> Shows:
    """The show rate of what is promised for a ship date when the last re-offer is over, and how fates correlate.

    A share that is uncertain is drawn once a launch and moves everybody's fate together: with the variance v of the
    show rate q over launches, two fates correlate with ρ = v / (q (1-q)) (Skellam 1948, the beta-binomial). v is taken
    to first order in the uncertain shares. Unpaid orders count where nothing looks for them before the last re-offer.
    """
    held = held_units(scenario)
    rate, variance = 0.0, 0.0
    for tier, weight in held.shares.items():
        own, own_variance = _show_rate(scenario, run, tier)
        rate += weight * own
        variance += weight**2 * own_variance
    spread = rate * (1 - rate)
    rho = min(variance / spread, 1.0) if spread > 0 else 0.0
    sizes = tuple((int(size), float(share)) for size, share in scenario.demand.quantities.items() if share)
    return Shows(min(rate, 1.0), rho, sizes)


def _show_rate(scenario: Scenario, run: ReleaseRun, tier: str) -> tuple[float, float]:
    """Mean and variance over launches of the show rate of one tier."""
    behaviour = scenario.behaviour
    shares: dict[str, Distribution] = {
        "held": for_tier(behaviour.cancel_held.share, tier),
        "confirmed": for_tier(behaviour.cancel_confirmed.share, tier),
    }
    means = {name: mean_of(share) for name, share in shares.items()}

    def rate(changed: str = "", by: float = 0.0) -> float:
        at = {name: min(max(mean + by * (name == changed), 0.0), 1.0) for name, mean in means.items()}
        return _rate_at(scenario, run, at)

    variance = 0.0
    for name, share in shares.items():
        step = variance_of(share) ** 0.5
        if step:
            variance += ((rate(name, step) - rate(name, -step)) / 2) ** 2
    return rate() * _paid_share(scenario), variance


def _rate_at(scenario: Scenario, run: ReleaseRun, shares: Mapping[str, float]) -> float:
    behaviour = scenario.behaviour
    opens, end, last = milliseconds(scenario.orders.opens), milliseconds(run.at), last_reoffer(scenario, run)
    firm = max(cut_off(scenario, run.ship_date) or opens, opens)
    rate = 1.0
    for cancellation, share, start in (
        (behaviour.cancel_held, shares["held"], opens),
        (behaviour.cancel_confirmed, shares["confirmed"], firm),
    ):
        if share >= 1:
            return 0.0
        if end > start and share:
            survival = _survival(cancellation, share, end - start)
            rate *= late_show_rate(survival, 0, 1, max(last - start, 0) / (end - start))
    return rate


def _survival(cancellation: Cancellation, share: float, window_ms: int) -> Survival:
    """S(u) over a window of length 1, as the scenario's timing has it."""
    timing = cancellation.timing
    if isinstance(timing, Bathtub):
        total = float(sum(timing.tenths))
        steps = len(timing.tenths)
        gone = [share * float(sum(timing.tenths[:i])) / total for i in range(steps + 1)]
        return survival_table([i / steps for i in range(steps + 1)], [1 - lost for lost in gone])
    steady = constant_hazard(share, 1.0)
    if not isinstance(timing, EarlyRegret):
        return steady
    weight = float(timing.weight)
    decay = log(2) * window_ms / (float(timing.half_life_hours) * HOUR_MS)

    def survival(u: float) -> float:
        early = (1 - exp(-decay * u)) / (1 - exp(-decay))
        return 1 - share * weight * early - (1 - weight) * (1 - steady(u))

    return survival


def _paid_share(scenario: Scenario) -> float:
    """Share of the promises that are paid; where unpaid ones are looked for in time, others have taken their place."""
    if scenario.schedule.expire is not None:
        return 1.0
    payment = scenario.behaviour.payment
    return 1 - mean_of(payment.pending_share) * (1 - mean_of(payment.pays_share))
