"""The closed form and Monte Carlo agree where the launch meets the closed form's assumptions.

In the iPhone launch the rate fills up at once, all who wait are cancelled at the cut-off, and each of the ⌊C × rate⌋
confirmed cancels with the same probability: what is left is binomial.
"""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from allocation.montecarlo import Sweep, sweep
from allocation.overbooking import Shows, economic_limit
from allocation.overbooking.rates import rates_of
from allocation.scenario.schema import Scenario
from tests.montecarlo.launches import small

CAPACITY = 255
LEAVE = 0.047619048
SHOWS = Shows(1 - LEAVE)
RATES = [1, 1.03, 1.05, 1.08]
REPLICATIONS = 2000
WRONGLY_REFUSED = 1e-6
"""Probability that all tests of this page together refuse right numbers; the seed is fixed, so they never do."""
RATE = "policy.overbooking.rate"


def bookings(rate: float) -> int:
    return int(Decimal(str(rate)) * CAPACITY)


def unit_rate(units: int) -> Decimal:
    """The rate at which this many units are promised."""
    return Decimal(-(-units * 10**6 // CAPACITY)) / 10**6


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return small("iphone-15-pro")


@pytest.fixture(scope="module")
def swept(scenario: Scenario) -> Sweep:
    return sweep(scenario, RATE, RATES, REPLICATIONS, seed=77, progress=False)


@pytest.mark.parametrize("number", range(len(RATES)))
def test_probability_of_overselling(swept: Sweep, number: int) -> None:
    truth = SHOWS.oversold_probability(CAPACITY, bookings(RATES[number]))
    seen = int(swept.of(number)["oversold_any"].sum())
    error = WRONGLY_REFUSED / 30
    assert stats.binom.ppf(error, REPLICATIONS, truth) <= seen <= stats.binom.isf(error, REPLICATIONS, truth)


@pytest.mark.parametrize("measure", ["oversold_units", "unsold_units", "allocated_units"])
@pytest.mark.parametrize("number", range(len(RATES)))
def test_expected_units(swept: Sweep, number: int, measure: str) -> None:
    n = bookings(RATES[number])
    left = np.arange(n + 1)
    weights = stats.binom.pmf(left, n, 1 - LEAVE)
    units = {
        "oversold_units": np.maximum(left - CAPACITY, 0),
        "unsold_units": np.maximum(CAPACITY - left, 0),
        "allocated_units": np.minimum(left, CAPACITY),
    }[measure]
    mean = float(weights @ units)
    deviation = float(np.sqrt(weights @ (units - mean) ** 2))
    # A mean of 2,000 is as good as normal.
    z = stats.norm.isf(WRONGLY_REFUSED / 30 / 2)
    allowed = z * deviation / REPLICATIONS**0.5
    assert abs(swept.of(number)[measure].mean() - mean) <= allowed
    closed = {
        "oversold_units": SHOWS.expected_oversold(CAPACITY, n),
        "unsold_units": SHOWS.expected_unsold(CAPACITY, n),
        "allocated_units": SHOWS.mean(n) - SHOWS.expected_oversold(CAPACITY, n),
    }[measure]
    assert closed == pytest.approx(mean, abs=1e-9)


@pytest.mark.parametrize("level", [0.02, 0.2])
def test_the_service_method_keeps_its_level_and_no_more(level: float) -> None:
    scenario = small("iphone-15-pro", {"policy.overbooking.method": "service", "policy.overbooking.level": level})
    (rate,) = rates_of(scenario).at_opening.values()
    at, above = (SHOWS.oversold_probability(CAPACITY, bookings(float(rate)) + more) for more in (0, 1))
    assert at <= level < above
    seen = int(sweep(scenario, (), (), 1000, seed=78, progress=False).frame["oversold_any"].sum())
    error = WRONGLY_REFUSED / 30
    assert stats.binom.ppf(error, 1000, at) <= seen <= stats.binom.isf(error, 1000, at)


def test_the_economic_method_is_as_good_as_its_neighbours_and_better_than_far_ones(scenario: Scenario) -> None:
    (rate,) = rates_of(small("iphone-15-pro", {"policy.overbooking.method": "economic"})).at_opening.values()
    best = economic_limit(CAPACITY, SHOWS, 400, 150, 60)
    assert bookings(float(rate)) == best
    units = [best - 8, best - 2, best - 1, best, best + 1, best + 2, best + 8]
    found = sweep(scenario, RATE, [unit_rate(n) for n in units], 1000, seed=79, progress=False)
    assert [int(setting.scenario.policy.overbooking.rate * CAPACITY) for setting in found.settings] == units
    # Six comparisons with the same customers.
    paired = found.paired("profit", baseline=3, confidence=1 - WRONGLY_REFUSED / 10).set_index("setting")
    assert (paired["mean"] - paired["half_width"] <= 0).all()
    assert (paired["mean"] + paired["half_width"])[[0, 6]].max() < 0


def test_profit_has_its_maximum_where_the_closed_form_has_it(scenario: Scenario) -> None:
    """The costs of a launch differ by tier only for those at the end of the line, who are denied first."""
    limit = economic_limit(CAPACITY, SHOWS, 400, 150, 60)
    units = range(limit - 12, limit + 13, 4)
    found = sweep(scenario, RATE, [unit_rate(n) for n in units], 400, seed=80, progress=False)
    means: pd.Series = found.frame.groupby("setting")["profit"].mean()
    assert abs(units[int(means.idxmax())] - limit) <= 4
