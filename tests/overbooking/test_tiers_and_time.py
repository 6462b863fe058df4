"""Protection levels, demand, and show rates over time."""

from __future__ import annotations

from math import nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from allocation.engine.errors import SettingError
from allocation.overbooking import (
    DiscreteDemand,
    NormalDemand,
    PoissonDemand,
    Shows,
    constant_hazard,
    economic_limit,
    emsr_a,
    emsr_b,
    late_show_rate,
    littlewood,
    nested_limits,
    nested_sales,
    newsvendor,
    newsvendor_cost,
    optimal_protection,
    survival_table,
)

DEMANDS = (NormalDemand(20, 5), NormalDemand(30, 8), NormalDemand(40, 10))


@pytest.mark.parametrize("protect", [emsr_a, emsr_b, optimal_protection])
def test_two_tiers_are_littlewoods(protect) -> None:
    assert protect((225, 159), DEMANDS[:2]) == pytest.approx((littlewood(225, 159, DEMANDS[0]),), abs=1e-9)


def test_the_optimum_meets_its_conditions() -> None:
    """P(D1 > y1) and P(D1 > y1, D1+D2 > y2), the second by the bivariate normal distribution."""
    fares = (100, 70, 40)
    y1, y2 = optimal_protection(fares, DEMANDS)
    assert stats.norm.sf(y1, 20, 5) == pytest.approx(0.7)
    mean, covariance = np.array([20, 50]), np.array([[25, 25], [25, 25 + 64]])
    below = stats.multivariate_normal(-mean, covariance).cdf(np.array([-y1, -y2]))
    assert below == pytest.approx(0.4, abs=1e-4)


def test_one_tier_needs_no_protection() -> None:
    assert emsr_a((5,), DEMANDS[:1]) == emsr_b((5,), DEMANDS[:1]) == optimal_protection((5,), DEMANDS[:1]) == ()


@pytest.mark.parametrize("fares", [(3, 3 * (1 - 1e-15), 3 * (1 - 1e-14)), (1e9, 1, 1e-9)])
def test_fares_that_hardly_differ_or_very_much(fares) -> None:
    assert np.isfinite(optimal_protection(fares, DEMANDS)).all()


def test_limits_stay_between_nothing_and_the_capacity() -> None:
    assert nested_limits(100, (-3.2, 30.9, 250.0)) == (100, 100, 70, 0)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=6))
def test_nested_sales_fit(tiers) -> None:
    limits = sorted((limit for limit, _ in tiers), reverse=True)
    demands = [demand for _, demand in tiers]
    sales = nested_sales(limits, demands)
    assert all(0 <= sold <= demand for sold, demand in zip(sales, demands, strict=True))
    assert all(sum(sales[j:]) <= limits[j] for j in range(len(limits)))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: littlewood(1, 2, DEMANDS[0]), "1, 2 do not fall"),
        (lambda: littlewood(1, 0, DEMANDS[0]), "do not fall to a fare above 0"),
        (lambda: littlewood(nan, 1, DEMANDS[0]), "nan is not between"),
        (lambda: emsr_a((3, 2), DEMANDS), "3 demands for 2 fares"),
        (lambda: emsr_b((), ()), "0 demands for 0 fares"),
        (lambda: optimal_protection((3, 3), DEMANDS[:2]), "do not fall"),
        (lambda: emsr_b((3, 2), (NormalDemand(0, 1), NormalDemand(1, 1))), "mean demand is not above 0"),
        (lambda: NormalDemand(nan, 0), "mean: nan(.|\n)*deviation: 0"),
        (lambda: PoissonDemand(0), "mean: 0 is not above 0"),
        (lambda: DiscreteDemand((0.5, 0.4)), "sum to 0.9"),
        (lambda: newsvendor(DEMANDS[0], 1, 0), "no finite quantity is best"),
        (lambda: newsvendor(PoissonDemand(5), 1e9, 1e-9), "no finite quantity is best"),
        (lambda: newsvendor_cost(DEMANDS[0], 1, -1, nan), "underage: -1(.|\n)*overage: nan"),
        (lambda: constant_hazard(2, 0), "cancel_share: 2(.|\n)*window: 0"),
        (lambda: survival_table((0, 1), (0.5, 0.6)), "alive: rises"),
        (lambda: survival_table((1, 0), (0.6, 0.5)), "times: do not rise"),
        (lambda: survival_table((0,), (0.6, 0.5)), "1 times and 2 shares"),
        (lambda: late_show_rate(constant_hazard(0.1, 1), 2, 1), "at: 2 is not up to the release at 1"),
        (lambda: late_show_rate(constant_hazard(1, 1), 1, 1), "survival: goes from 0.0"),
        (lambda: late_show_rate(lambda t: t / 10, 1, 2), "never rise"),
        (lambda: late_show_rate(constant_hazard(0.1, 1), 0, 1, pays_share=1.2), "pays_share: 1.2"),
    ],
)
def test_what_makes_no_sense(call, text) -> None:
    with pytest.raises(SettingError, match=text):
        call()


@given(st.floats(0.1, 300), st.floats(0, 0.999999))
def test_poisson_quantiles_are_rounded_up(mean, probability) -> None:
    assert PoissonDemand(mean).quantile(probability) == max(stats.poisson.ppf(probability, mean), 0)


@given(st.floats(0.1, 60), st.floats(-3, 80))
def test_poisson_shortage_is_the_sum(mean, units) -> None:
    k = np.arange(400)
    expected = np.maximum(k - units, 0) @ stats.poisson.pmf(k, mean)
    assert PoissonDemand(mean).shortage(units) == pytest.approx(expected, abs=1e-9)


@given(
    st.sampled_from([NormalDemand(20, 5), PoissonDemand(6.5), DiscreteDemand((0.2, 0.3, 0.1, 0.4))]), st.floats(0.1, 9)
)
def test_the_newsvendor_costs_least(demand, underage) -> None:
    best = newsvendor(demand, underage, 1)
    cost = newsvendor_cost(demand, best, underage, 1)
    for other in (best - 1, best - 0.01, best + 0.01, best + 1):
        assert cost <= newsvendor_cost(demand, other, underage, 1) + 1e-9


def test_the_newsvendor_on_no_shows_is_the_economic_limit() -> None:
    """The smallest y with P(N <= y) >= Cu / (Cu + Co), where N counts the no-shows of the C + y orders themselves."""
    limit = economic_limit(1000, Shows(0.95), 1, 3)
    no_shows = DiscreteDemand(tuple(stats.binom.pmf(np.arange(limit + 1), limit, 0.05)))
    assert newsvendor(no_shows, 1, 3) == limit - 1000


def test_a_limit_falls_to_the_capacity_as_the_release_comes() -> None:
    kept = constant_hazard(0.2, window=30)
    limits = [economic_limit(1000, Shows(late_show_rate(kept, day, 30)), 1, 3) for day in range(31)]
    assert limits == sorted(limits, reverse=True)
    assert limits[0] > 1200
    assert limits[-1] == 1000


def test_only_cancellations_after_the_last_reoffer_count() -> None:
    kept = survival_table((0, 10, 20, 30), (1, 0.85, 0.8, 0.78))
    assert late_show_rate(kept, 0, 30) == pytest.approx(0.78)
    assert late_show_rate(kept, 0, 30, last_reoffer=20) == pytest.approx(0.975)
    assert late_show_rate(kept, 25, 30, last_reoffer=20) == pytest.approx(0.78 / 0.79)
    assert late_show_rate(kept, 0, 30, last_reoffer=99, pays_share=0.9) == pytest.approx(0.9)


def test_a_table_is_constant_outside() -> None:
    kept = survival_table((1, 2), (0.9, 0.5))
    assert [kept(t) for t in (0, 1, 1.5, 2, 3)] == pytest.approx([0.9, 0.9, 0.7, 0.5, 0.5])
