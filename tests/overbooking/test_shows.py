"""The distribution of shows: against enumeration, recurrences and sums, for a few units and for a thousand million."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import stats

from allocation.engine.errors import SettingError
from allocation.overbooking import Shows
from allocation.overbooking.counts import at_least, excess, next_excess

RATES = st.sampled_from([0.001, 0.05, 0.3, 0.5, 0.8, 0.95, 0.99, 0.9999]) | st.floats(0.001, 0.999)
RHOS = st.sampled_from([0.0, 0.0, 1e-4, 0.01, 0.1, 0.5, 0.9, 0.99])


def pmf(n, q, rho):
    z = np.arange(n + 1)
    if not rho:
        return stats.binom.pmf(z, n, q)
    return stats.betabinom.pmf(z, n, q * (1 - rho) / rho, (1 - q) * (1 - rho) / rho)


@given(st.integers(1, 400), st.floats(0, 1), RATES, RHOS)
@example(1, 1.0, 0.5, 0.5)
@example(2, 0.5, 0.99, 0.99)
def test_counts_are_those_of_enumeration(n, where, q, rho) -> None:
    c = round(where * n)
    p, z = pmf(n, q, rho), np.arange(n + 1)
    # The tables themselves are good to about nine digits where correlation is small.
    assert at_least(c, n, q, rho) == pytest.approx(p[c:].sum(), rel=1e-8, abs=1e-12)
    assert excess(c, n, q, rho) == pytest.approx(np.maximum(z - c, 0) @ p, rel=1e-8, abs=1e-12)


@given(st.integers(1, 400), st.floats(0, 1), RATES, RHOS)
def test_one_order_more(n, where, q, rho) -> None:
    c = round(where * n)
    more = excess(c, n + 1, q, rho) - excess(c, n, q, rho)
    assert next_excess(c, n, q, rho) == pytest.approx(more, abs=1e-9 * n)


def test_the_recurrence_holds_over_a_thousand_units() -> None:
    """E(x+1) = E(x) + q P(Z(x) >= C), from nothing at x = C."""
    shows, capacity, oversold = Shows(0.95), 1000, 0.0
    for bookings in range(1000, 1200):
        assert shows.expected_oversold(capacity, bookings) == pytest.approx(oversold, rel=1e-11, abs=1e-30)
        oversold += 0.95 * at_least(capacity, bookings, 0.95)


@pytest.mark.parametrize(
    ("capacity", "bookings", "q"),
    [
        (997_500_000, 1_050_000_000, 0.95),
        (997_530_000, 1_050_000_000, 0.95),
        (1_000_000_000, 1_999_900_000, 0.5),
        (100, 99_000, 0.001),
    ],
)
def test_large_numbers_keep_their_digits(capacity, bookings, q) -> None:
    spread = int(12 * sqrt(bookings * q * (1 - q))) + 100
    z = np.arange(capacity + 1, capacity + spread)
    p = stats.binom.pmf(z, bookings, q)
    shows = Shows(q)
    assert shows.oversold_probability(capacity, bookings) == pytest.approx(p.sum(), rel=1e-9)
    assert shows.expected_oversold(capacity, bookings) == pytest.approx((z - capacity) @ p, rel=1e-9)


def test_many_correlated_orders_are_their_common_chance() -> None:
    """Of a thousand million orders, the share that shows up is the chance itself: a beta distribution."""
    n, q, rho = 10**9, 0.95, 0.01
    a, b = q * (1 - rho) / rho, (1 - q) * (1 - rho) / rho
    c = 960_000_000
    beyond = q * stats.beta.sf(c / n, a + 1, b) - c / n * stats.beta.sf(c / n, a, b)
    assert at_least(c, n, q, rho) == pytest.approx(stats.beta.sf(c / n, a, b), rel=1e-6)
    assert excess(c, n, q, rho) == pytest.approx(n * beyond, rel=1e-6)


@given(st.integers(0, 300), st.integers(0, 400), RATES, RHOS)
def test_units_are_neither_made_nor_lost(capacity, bookings, q, rho) -> None:
    shows = Shows(q, rho)
    oversold, unsold = shows.expected_oversold(capacity, bookings), shows.expected_unsold(capacity, bookings)
    assert min(oversold, unsold) >= 0
    assert oversold - unsold == pytest.approx(bookings * q - capacity, abs=1e-6)


@given(st.integers(0, 200), st.integers(0, 300), RATES)
def test_hardly_any_correlation_is_none(capacity, bookings, q) -> None:
    alone, together = Shows(q), Shows(q, 1e-11)
    assert together.oversold_probability(capacity, bookings) == pytest.approx(
        alone.oversold_probability(capacity, bookings), abs=1e-6
    )
    assert together.expected_oversold(capacity, bookings) == pytest.approx(
        alone.expected_oversold(capacity, bookings), abs=1e-5
    )


@pytest.mark.parametrize("size", [1, 2, 3, 5])
@pytest.mark.parametrize("rho", [0.0, 0.1])
def test_orders_of_one_size_are_exact(size, rho) -> None:
    q, capacity = 0.8, 23
    shows = Shows(q, rho, ((size, 1.0),))
    for orders in range(12):
        p, z = pmf(orders, q, rho), size * np.arange(orders + 1)
        x = size * orders
        assert shows.oversold_probability(capacity, x) == pytest.approx(p[z > capacity].sum(), abs=1e-9)
        assert shows.expected_oversold(capacity, x) == pytest.approx(np.maximum(z - capacity, 0) @ p, abs=1e-9)
        assert shows.expected_unsold(capacity, x) == pytest.approx(np.maximum(capacity - z, 0) @ p, abs=1e-9)
        more = shows.expected_oversold(capacity, x + size) - shows.expected_oversold(capacity, x)
        assert shows.next_oversold(capacity, x) == pytest.approx(more, abs=1e-9)
        assert shows.variance(x) == pytest.approx(z**2 @ p - (z @ p) ** 2, abs=1e-6)


def mixture(counts, q):
    """The exact distribution of shows of so many orders of each size."""
    p = np.ones(1)
    for size, orders in counts.items():
        part = np.zeros(size * orders + 1)
        part[::size] = stats.binom.pmf(np.arange(orders + 1), orders, q)
        p = np.convolve(p, part)
    return p


@pytest.mark.parametrize(
    ("counts", "within"), [({1: 12, 2: 8}, 0.036), ({1: 60, 2: 40}, 0.009), ({1: 700, 2: 200, 4: 100}, 0.0025)]
)
@pytest.mark.parametrize("q", [0.8, 0.95])
def test_orders_of_several_sizes_are_close(counts, within, q) -> None:
    p = mixture(counts, q)
    orders, units = sum(counts.values()), sum(size * count for size, count in counts.items())
    shows = Shows(q, sizes=tuple((size, count / orders) for size, count in counts.items()))
    z = np.arange(len(p))
    assert shows.mean(units) == pytest.approx(z @ p)
    assert shows.variance(units) == pytest.approx(z**2 @ p - (z @ p) ** 2)
    for deviations in (-1, 0, 1, 2):
        capacity = round(units * q + deviations * sqrt(shows.variance(units)))
        assert shows.oversold_probability(capacity, units) == pytest.approx(p[z > capacity].sum(), abs=within)
        expected = np.maximum(z - capacity, 0) @ p
        assert shows.expected_oversold(capacity, units) == pytest.approx(expected, rel=0.01, abs=0.035)


def test_sizes_with_a_common_divisor_are_counted_in_it() -> None:
    pairs, singles = Shows(0.9, sizes=((2, 0.6), (4, 0.4))), Shows(0.9, sizes=((1, 0.6), (2, 0.4)))
    assert (pairs.step, singles.step) == (2, 1)
    assert pairs.expected_oversold(100, 110) == pytest.approx(2 * singles.expected_oversold(50, 55))


@pytest.mark.parametrize(("rho", "expected"), [(1.0, 0.9), (1 - 1e-12, 0.9)])
def test_all_or_nothing(rho, expected) -> None:
    shows = Shows(0.9, rho)
    assert shows.oversold_probability(100, 105) == pytest.approx(expected)
    assert shows.expected_oversold(100, 105) == pytest.approx(5 * expected)
    assert shows.expected_unsold(100, 105) == pytest.approx(100 * (1 - expected))


@pytest.mark.parametrize("rho", [0.0, 0.3])
def test_certainties(rho) -> None:
    assert Shows(1, rho).expected_oversold(100, 105) == pytest.approx(5)
    assert Shows(1, rho).expected_unsold(100, 105) == 0
    assert Shows(0, rho).expected_unsold(100, 105) == pytest.approx(100)
    assert Shows(0, rho).oversold_probability(100, 105) == 0
    assert Shows(0.5, rho).oversold_probability(0, 0) == 0
    assert Shows(0.5, rho).oversold_probability(10, 10) == 0


def test_everything_wrong_with_a_crowd_is_told_at_once() -> None:
    with pytest.raises(SettingError) as told:
        Shows(1.5, float("nan"), ((0, 0.5), (2, 0.6)))
    assert [problem.path[0] for problem in told.value.problems] == ["show_rate", "rho", "group_size"]


@pytest.mark.parametrize(
    ("sizes", "text"),
    [
        ((), "0 sizes"),
        (((1, 0.5), (2, 0.4)), "sum to 0.9"),
        (((1, 0.5), (1, 0.5)), "twice"),
        (((1.5, 1.0),), "1.5 is no whole number"),
        (((1, 2.0),), "2.0 is not between 0 and 1"),
        (((10**10, 1.0),), "is not between 0 and 1000000000"),
    ],
)
def test_sizes_that_make_no_sense(sizes, text) -> None:
    with pytest.raises(SettingError, match=text):
        Shows(0.9, sizes=sizes)
