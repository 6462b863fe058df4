"""Booking limits: they are the best there are, move the right way, and refuse what has no answer."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from math import floor, inf, nan

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from allocation.engine.errors import SettingError
from allocation.overbooking import (
    METHODS,
    Shows,
    booking_limit,
    booking_rate,
    critical_ratio,
    deterministic_limit,
    economic_limit,
    expected_profit,
    hybrid_limit,
    normal_bookings,
    normal_limit,
    service_limit,
)

RATES = st.floats(0.3, 1.0)
RHOS = st.sampled_from([0.0, 0.0, 0.02, 0.3])
COSTS = st.sampled_from([0.25, 1.0, 3.0, 20.0])
REVENUES = st.sampled_from(["shows", "booked"])


def enumerated_profit(capacity, orders, size, q, rho, margin, denied, unsold, revenue):
    """The expected profit by going through every outcome."""
    n = np.arange(orders + 1)
    if rho and q < 1:
        p = stats.betabinom.pmf(n, orders, q * (1 - rho) / rho, (1 - q) * (1 - rho) / rho)
    else:
        p = stats.binom.pmf(n, orders, q)
    z = size * n
    served, short, left = np.minimum(z, capacity), np.maximum(z - capacity, 0), np.maximum(capacity - z, 0)
    # Who is denied gets the margin back.
    paid = size * orders - short if revenue == "booked" else served
    return float(p @ (margin * paid - denied * short - unsold * left))


@given(st.integers(0, 15), st.sampled_from([1, 1, 2, 3]), RATES, RHOS, COSTS, st.sampled_from([0.0, 0.5]), REVENUES)
def test_the_economic_limit_is_the_best_of_all(capacity, size, q, rho, denied, unsold, revenue) -> None:
    assume(critical_ratio(q, 1, denied, unsold, revenue) < 0.9)
    shows = Shows(q, rho, ((size, 1.0),))
    limit = economic_limit(capacity, shows, 1, denied, unsold, revenue)
    profits = [
        enumerated_profit(capacity, orders, size, q, rho, 1, denied, unsold, revenue)
        for orders in range(2 * limit // size + 10)
    ]
    assert limit % size == 0
    assert profits[limit // size] == pytest.approx(max(profits), abs=1e-8)
    assert expected_profit(capacity, limit, shows, 1, denied, unsold, revenue) == pytest.approx(max(profits), abs=1e-8)
    if limit // size + 1 < len(profits):
        assert profits[limit // size + 1] < max(profits) + 1e-9, "the largest of several best ones"


@settings(max_examples=15)
@given(st.integers(5, 60), st.floats(0.5, 0.99), COSTS)
def test_the_economic_limit_of_mixed_orders_is_their_best(capacity, q, denied) -> None:
    shows = Shows(q, sizes=((1, 0.6), (2, 0.4)))
    limit = economic_limit(capacity, shows, 1, denied)
    profits = [expected_profit(capacity, x, shows, 1, denied) for x in range(capacity, limit + 20)]
    assert profits[limit - capacity] == pytest.approx(max(profits), abs=1e-8)


@given(st.integers(0, 60), RATES, RHOS, st.floats(0, 0.9))
def test_service_limits_are_the_last_that_keep_the_level(capacity, q, rho, level) -> None:
    shows = Shows(q, rho)
    for kind, risk in (
        ("type1", shows.oversold_probability),
        ("type2", lambda capacity, x: shows.expected_oversold(capacity, x) / shows.mean(x) if x else 0.0),
    ):
        assume(risk(capacity, 1000 * max(capacity, 1)) > level)
        limit = service_limit(capacity, shows, level, kind)
        assert risk(capacity, limit) <= level
        assert risk(capacity, limit + 1) > level


@given(st.integers(1, 200), RATES, RATES, COSTS, COSTS, REVENUES)
def test_limits_fall_with_the_show_rate_and_the_denied_cost(capacity, q1, q2, cost1, cost2, revenue) -> None:
    low, high = min(q1, q2), max(q1, q2)
    cheap, dear = min(cost1, cost2), max(cost1, cost2)
    assume(critical_ratio(low, 1, cheap, 0, revenue) < 0.95)
    assert economic_limit(capacity, Shows(low), 1, cheap, 0, revenue) >= economic_limit(
        capacity, Shows(high), 1, cheap, 0, revenue
    )
    assert economic_limit(capacity, Shows(high), 1, cheap, 0, revenue) >= economic_limit(
        capacity, Shows(high), 1, dear, 0, revenue
    )
    for kind in ("type1", "type2"):
        assert service_limit(capacity, Shows(low), 0.05, kind) >= service_limit(capacity, Shows(high), 0.05, kind)


@given(st.integers(1, 300), RATES, COSTS)
def test_no_correlation_is_the_rule_of_the_books(capacity, q, denied) -> None:
    """Accept the (x+1)-th while P(Z(x) >= C) <= Cu / (Cu + Co)."""
    limit, ratio = economic_limit(capacity, Shows(q, 0.0), 1, denied), 1 / (1 + denied)
    assert stats.binom.sf(capacity - 1, limit - 1, q) <= ratio + 1e-12
    assert stats.binom.sf(capacity - 1, limit, q) > ratio - 1e-12


def test_an_unsold_unit_that_costs_more_raises_the_limit() -> None:
    limits = [economic_limit(1000, Shows(0.95), 1, 3, unsold_cost=unsold) for unsold in (0, 1, 5)]
    assert limits == sorted(set(limits))
    # Under `shows` it is as good as margin.
    assert limits[1] == economic_limit(1000, Shows(0.95), 2, 3)


def test_where_nothing_costs_anything_every_order_pays() -> None:
    assert critical_ratio(0.5, 0, 0) == 1


def test_hybrid_is_the_lower_of_both() -> None:
    shows = Shows(0.95)
    for denied, level in ((1, 0.05), (10, 0.2)):
        for kind in ("type1", "type2"):
            both = economic_limit(1000, shows, 1, denied), service_limit(1000, shows, level, kind)
            assert hybrid_limit(1000, shows, 1, denied, level, kind=kind) == min(both)


@given(st.integers(1, 10**9), st.floats(0.01, 1))
def test_the_deterministic_limit_divides_the_decimals_as_written(capacity, q) -> None:
    limit = deterministic_limit(capacity, q)
    exact = Fraction(repr(q))
    assert limit * exact <= capacity < (limit + 1) * exact


def test_the_deterministic_limit_of_an_even_division() -> None:
    assert [deterministic_limit(capacity, q) for capacity, q in ((95, 0.95), (7, 0.7), (21, 0.3))] == [100, 10, 70]


@given(st.integers(1, 10**6), st.floats(0.3, 0.99), RHOS, st.sampled_from([1, 3]), COSTS)
def test_the_normal_limit_leaves_the_critical_ratio(capacity, q, rho, size, denied) -> None:
    shows = Shows(q, rho, ((size, 1.0),))
    bookings = normal_bookings(capacity, shows, 1, denied)
    single, shared = q * (1 - q) * size * (1 - rho), q * (1 - q) * rho
    deviation = np.sqrt(bookings * (single + shared * bookings))
    assert stats.norm.sf((capacity - bookings * q) / deviation) == pytest.approx(1 / (1 + denied), abs=1e-6)


@given(st.integers(200, 10**9), st.floats(0.5, 0.95), COSTS)
def test_the_normal_limit_is_close_to_the_exact_one(capacity, q, denied) -> None:
    exact, normal = economic_limit(capacity, Shows(q), 1, denied), normal_limit(capacity, Shows(q), 1, denied)
    assert abs(normal - exact) <= 3


def test_the_normal_limit_is_never_below_what_cannot_be_oversold() -> None:
    assert normal_bookings(10, Shows(0.99), 1, 1000) < 10
    assert normal_limit(10, Shows(0.99), 1, 1000) == 10


@pytest.mark.parametrize("method", METHODS)
def test_every_method_at_every_size(method) -> None:
    for shows in (Shows(0.95), Shows(0.95, 0.001), Shows(0.95, 0.001, ((1, 0.6), (2, 0.4)))):
        rates = [booking_limit(method, capacity, shows, 1, 3) / capacity for capacity in (100, 10**4, 10**6, 10**9)]
        assert all(1 <= rate < 1.2 for rate in rates)
        assert booking_limit(method, 0, shows, 1, 3) == 0


@given(st.integers(1, 10**6), st.integers(0, 10**9))
def test_a_rate_gives_the_limit_back(capacity, limit) -> None:
    rate = booking_rate(limit, capacity)
    assert floor(rate * capacity) == limit
    assert rate == round(rate, 6)


@given(st.integers(1, 10**9), st.integers(0, 10**12))
def test_a_rate_never_exceeds_the_limit(capacity, limit) -> None:
    assert floor(booking_rate(limit, capacity) * capacity) <= limit


def test_a_rate_of_nothing() -> None:
    assert booking_rate(0, 0) is None
    assert booking_rate(0, 5) == Decimal(0)


def test_numbers_of_numpy_are_numbers() -> None:
    capacity, q = np.int64(150), np.float64(0.85)
    for method in METHODS:
        limit = booking_limit(method, capacity, Shows(q), np.float64(1), np.int64(1))
        assert type(limit) is int
        assert limit == booking_limit(method, 150, Shows(0.85), 1, 1)
    assert booking_rate(np.int64(177), capacity) == Decimal("1.18")


def test_nothing_may_be_denied() -> None:
    """Where no risk is allowed at all, no probability that underflows to 0 lets one in."""
    assert service_limit(10**9, Shows(0.5), 0) == 10**9
    assert service_limit(10**9, Shows(0.5), 0, "type2") == 10**9
    assert economic_limit(10**9, Shows(0.5), 0, 5) == 10**9


def refused(call, *texts) -> SettingError:
    with pytest.raises(SettingError) as told:
        call()
    for text in texts:
        assert re.search(text, str(told.value)), str(told.value)
    return told.value


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((-1, 1, 1, 0, "shows"), "capacity: -1 is not between 0 and 1000000000"),
        ((10**9 + 1, 1, 1, 0, "shows"), "capacity: 1000000001 is not between"),
        ((10**5000, 1, 1, 0, "shows"), "a number of more than 40 digits"),
        ((1.5, 1, 1, 0, "shows"), "capacity: 1.5 is no whole number"),
        ((True, 1, 1, 0, "shows"), "capacity: True is no whole number"),
        ((10, -1, 1, 0, "shows"), "margin: -1 is not between"),
        ((10, nan, 1, 0, "shows"), "margin: nan is not between"),
        ((10, 1, inf, 0, "shows"), "denied_cost: inf is not between"),
        ((10, 1, "3", 0, "shows"), "denied_cost: '3' is not between"),
        ((10, 1, 1, -2, "shows"), "unsold_cost: -2 is not between"),
        ((10, 1, 1, 0, "all"), "revenue: 'all' is not one of shows, booked"),
        ((10, 1, 0, 0, "shows"), "denied_cost: at 0 .* no finite limit; give a cost above 0"),
        ((10, 0, 0, 0, "shows"), "no finite limit"),
        ((10, 1, 0.5, 0, "booked"), "no finite limit: .* give a cost above 1, or revenue shows"),
        ((10, 1e9, 1e-9, 0, "shows"), "lost in the rounding"),
    ],
)
def test_economics_that_make_no_sense(arguments, text) -> None:
    capacity, margin, denied, unsold, revenue = arguments
    for find in (economic_limit, normal_limit):
        refused(lambda find=find: find(capacity, Shows(0.5), margin, denied, unsold, revenue), text)


def test_all_problems_are_told_at_once() -> None:
    error = refused(lambda: booking_limit("best", -1, Shows(0.0), nan, -1, inf, "x", 2.0))
    names = [problem.path[0] for problem in error.problems]
    assert names == [
        "method", "capacity", "show_rate", "level", "margin", "denied_cost", "unsold_cost", "revenue",
    ]  # fmt: skip


def test_what_a_method_weighs_must_be_given() -> None:
    error = refused(lambda: booking_limit("hybrid", 10, Shows(0.9)))
    assert [problem.path for problem in error.problems] == [("margin",), ("denied_cost",)]
    assert booking_limit("type1", 10, Shows(0.9)) == 10


@pytest.mark.parametrize(
    "call",
    [
        lambda: economic_limit(10, Shows(1e-9), 1, 1),
        lambda: normal_limit(10, Shows(1e-9), 1, 1),
        lambda: normal_limit(10, Shows(0.5, 0.9), 100, 1),
        lambda: deterministic_limit(10, 1e-9),
        lambda: service_limit(10, Shows(0.5, 1.0), 0.6),
        lambda: service_limit(10, Shows(1e-9), 0.5, "type2"),
    ],
)
def test_a_limit_beyond_a_thousand_times_the_capacity_is_none(call) -> None:
    refused(call, "show_rate: at .* accepts 1000 times the capacity of 10 and more", "give a higher show rate")


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: service_limit(10, Shows(0.5), 1.0), "level: at 1 every risk is permitted"),
        (lambda: service_limit(10, Shows(0.5), nan), "level: nan is not between 0 and 1"),
        (lambda: service_limit(10, Shows(0.5), 0.1, "type3"), "'type3' is not one of type1, type2"),
        (lambda: service_limit(10, Shows(0.0), 0.1), "at 0 nobody shows up"),
        (lambda: deterministic_limit(10, 1.1), "1.1 is not between 0 and 1"),
        (lambda: critical_ratio(0.0, -1, nan), "at 0 nobody(.|\n)*margin: -1(.|\n)*denied_cost: nan"),
        (lambda: expected_profit(10, -1, Shows(0.5), 1, 1), "bookings: -1 is not between"),
    ],
)
def test_other_questions_that_make_no_sense(call, text) -> None:
    refused(call, text)
