"""Results that are published, or were computed from published data, with the rounding that each of them uses."""

from __future__ import annotations

import pytest

from allocation.overbooking import (
    DiscreteDemand,
    NormalDemand,
    PoissonDemand,
    Shows,
    critical_ratio,
    deterministic_limit,
    economic_limit,
    emsr_a,
    emsr_b,
    expected_profit,
    littlewood,
    nested_limits,
    nested_sales,
    newsvendor,
    newsvendor_cost,
    normal_bookings,
    optimal_protection,
    service_limit,
)

DUKE = [(1, (189, 177, 167), (188, 176, 167)), (2, (186, 175, 165), (185, 174, 165))]
SURFSIDE = DiscreteDemand((0.07, 0.19, 0.22, 0.16, 0.12, 0.10, 0.07, 0.04, 0.02, 0.01))
FIIG = [
    NormalDemand(mean, deviation)
    for mean, deviation in zip((31.2, 10.9, 14.8, 19.9, 26.9, 36.3), (11.2, 6.6, 7.7, 8.9, 10.4, 12), strict=True)
]
WOLLMER = [NormalDemand(17.3, 5.8), NormalDemand(45.1, 15.0), NormalDemand(39.6, 13.2), NormalDemand(34.0, 11.3)]
WOLLMER_FARES = (1050, 567, 534, 520)


@pytest.mark.parametrize(("k", "exact", "approximate"), DUKE)
def test_duke_whole_limits_where_every_booking_pays(k, exact, approximate) -> None:
    """E1: 150 seats; a bumped booking costs k + 1 in all, which is its fare of 1 and k on top."""
    rates = (0.80, 0.85, 0.90)
    assert tuple(economic_limit(150, Shows(q), 1, k, revenue="booked") for q in rates) == exact


@pytest.mark.parametrize(("k", "exact", "approximate"), DUKE)
def test_duke_normal_approximation_rounded_to_nearest(k, exact, approximate) -> None:
    """E1: the paper's closed form weighs as if only those who show up paid, unlike its exact search."""
    assert tuple(round(normal_bookings(150, Shows(q), 1, k)) for q in (0.80, 0.85, 0.90)) == approximate


def test_duke_under_the_other_convention() -> None:
    assert economic_limit(150, Shows(0.80), 1, 1, revenue="shows") == 187


def test_park_hyatt_protection_quantile_rounded_up() -> None:
    """E2: 118 rooms, 225 or 159 a night, high-fare demand ~ Poisson(27.3)."""
    demand = PoissonDemand(27.3)
    assert round(1 - 159 / 225, 4) == 0.2933
    protected = littlewood(225, 159, demand)
    assert protected == 24
    assert nested_limits(118, [protected]) == (118, 94)
    assert demand.cdf(23) < 1 - 159 / 225 <= demand.cdf(24)
    lost = demand.shortage(24)
    assert round(lost, 2) == 4.10
    sold = demand.mean - lost
    assert (round(sold, 1), round(24 - sold, 1)) == (23.2, 0.8)
    revenue = 94 * 159 + sold * 225
    assert revenue == pytest.approx(20_166.9, abs=0.05)
    assert 94 * 159 + round(sold, 1) * 225 == pytest.approx(20_166)
    assert 118 * 159 == 18_762


def test_park_hyatt_overbooking_quantile_rounded_up() -> None:
    """E3: no-shows ~ Poisson(8.5), an empty room loses 159, a denied guest costs 350."""
    no_shows = PoissonDemand(8.5)
    assert round(critical_ratio(0.9, 159, 350), 4) == 0.3124
    assert newsvendor(no_shows, 159, 350) == 7
    assert round(no_shows.cdf(6), 4) == 0.2562
    assert round(no_shows.cdf(7), 4) == 0.3856


def test_lindo_profit_and_break_even_whole() -> None:
    """E4: 16 seats at 225, penalty 100. OVERBOOK and OBOOK2 publish the model and no number; these are its values."""
    shows = Shows(0.96)
    profits = [round(expected_profit(16, bookings, shows, 225, 100), 2) for bookings in (16, 17, 18)]
    assert profits == [3456.00, 3509.63, 3459.35]
    assert economic_limit(16, shows, 225, 100) == 17
    # (V + P) × P(too many show up) = V lies between the two.
    assert (
        (225 + 100) * shows.oversold_probability(16, 17) / 0.96 < 225 < (225 + 100) * shows.next_oversold(16, 17) / 0.96
    )


def test_chase_jacobs_unrounded() -> None:
    """E5: cancellations ~ N(5, 3²), Cu = 80, Co = 200; the page rounds the ratio to 0.2857 first."""
    quantity = newsvendor(NormalDemand(5, 3), 80, 200)
    assert quantity == pytest.approx(3.3022, abs=5e-5)
    assert (quantity - 5) / 3 == pytest.approx(-0.565949, abs=5e-7)
    assert NormalDemand(0, 1).quantile(0.2857) == pytest.approx(-0.56599, abs=5e-6)


def test_surfside_discrete_quantile() -> None:
    """E6: a hotel's no-shows by frequency, an empty room loses 40, a denied guest 100."""
    assert SURFSIDE.mean == pytest.approx(3.04)
    assert newsvendor(SURFSIDE, 40, 100) == 2
    losses = [newsvendor_cost(SURFSIDE, quantity, 40, 100) for quantity in range(4)]
    assert losses == pytest.approx([121.60, 91.40, 87.80, 115.00])
    assert losses[0] - losses[2] == pytest.approx(33.80)


@pytest.mark.parametrize(("ratio", "protected", "limit"), [(0.4, 75.33, 25), (0.5, 50.00, 50), (0.6, 24.67, 76)])
def test_phillips_littlewood_protection_rounded_down(ratio, protected, limit) -> None:
    """E7: 100 seats, high-fare demand ~ N(50, 100²); the limit is the capacity less the protection rounded down."""
    level = littlewood(1, ratio, NormalDemand(50, 100))
    assert round(level, 2) == protected
    assert nested_limits(100, [level])[1] == limit


def test_phillips_revenue_opportunity() -> None:
    """E8: 100 seats; everything without limits, with limits, and with hindsight."""
    fares, demands = (1000, 800, 600, 200), (25, 30, 20, 50)

    def revenue(*limits):
        return sum(fare * units for fare, units in zip(fares, nested_sales(limits, demands), strict=True))

    none, realised, perfect = revenue(100, 100, 100, 100), revenue(100, 70, 45, 32), revenue(100, 75, 45, 25)
    assert (none, realised, perfect) == (46_000, 59_200, 66_000)
    assert (realised - none) / (perfect - none) == pytest.approx(0.66)


def test_fiig_emsr_b_rounded_to_nearest() -> None:
    """E9: RevPy rounds to the nearest."""
    levels = emsr_b((1200, 1000, 800, 600, 400, 200), FIIG)
    assert levels == pytest.approx((20.36, 35.40, 54.34, 80.07, 117.44), abs=5e-3)
    assert [round(level) for level in levels] == [20, 35, 54, 80, 117]


def test_wollmer_emsr_unrounded() -> None:
    """E11: one decimal in the source."""
    assert emsr_a(WOLLMER_FARES, WOLLMER) == pytest.approx((16.72, 38.72, 55.68), abs=5e-3)
    assert emsr_b(WOLLMER_FARES, WOLLMER) == pytest.approx((16.72, 50.94, 83.15), abs=5e-3)


def test_wollmer_optimal_unrounded() -> None:
    """E11: 16.7 and 42.5 in the source; the third is from four million draws."""
    assert optimal_protection(WOLLMER_FARES, WOLLMER) == pytest.approx((16.71, 42.50, 72.68), abs=0.03)


def test_stockpyl_newsvendor_unrounded() -> None:
    """E13."""
    demand = NormalDemand(120, 10)
    quantity = newsvendor(demand, 18, 2)
    assert quantity == pytest.approx(132.815515655446, rel=1e-12)
    assert newsvendor_cost(demand, quantity, 18, 2) == pytest.approx(35.09966638649737, rel=1e-11)


def test_snyder_shen_newsvendor() -> None:
    """E14: example 4.3 unrounded, example 4.7 with the discrete quantile."""
    normal = NormalDemand(50, 8)
    quantity = newsvendor(normal, 0.70, 0.18)
    assert quantity == pytest.approx(56.6039559, abs=5e-8)
    assert newsvendor_cost(normal, quantity, 0.70, 0.18) == pytest.approx(1.9976052, abs=5e-8)
    poisson = PoissonDemand(6)
    assert newsvendor(poisson, 4, 1) == 8
    assert newsvendor_cost(poisson, 8, 4, 1) == pytest.approx(3.5701069, abs=5e-8)
    assert newsvendor_cost(poisson, 5, 4, 1) == pytest.approx(6.5902960, abs=5e-8)


def test_revmng_whole_limits() -> None:
    """E16: 100 units, no-shows 0.12, a denied unit 400, an unsold one 180; and its service limit, which is C / q."""
    shows = Shows(0.88)
    limit = economic_limit(100, shows, 180, 400)
    assert limit == 112
    cost = 400 * shows.expected_oversold(100, limit) + 180 * shows.expected_unsold(100, limit)
    assert cost == pytest.approx(689.70, abs=5e-3)
    assert economic_limit(100, shows, 0, 400, unsold_cost=180) == limit
    assert deterministic_limit(100, 0.9) == 111
    assert Shows(0.9).mean(111) == pytest.approx(99.9)


@pytest.mark.parametrize(
    ("capacity", "q", "plain", "economic", "service", "short", "units"),
    [
        (50, 0.95, 52.6, (52, 51, 51), 50, 0.260, 0.33),
        (200, 0.95, 210.5, (210, 208, 206), 205, 0.393, 1.01),
        (1000, 0.92, 1087.0, (1087, 1080, 1074), 1071, 0.000, 0.0),
        (1000, 0.95, 1052.6, (1052, 1048, 1043), 1041, 0.342, 1.7),
        (1000, 0.97, 1030.9, (1031, 1027, 1024), 1022, 0.999, 18.5),
        (1000, 0.99, 1010.1, (1010, 1008, 1006), 1005, 1.000, 39.5),
        (5000, 0.97, 5154.6, (5154, 5146, 5138), 5134, 1.000, 92.5),
    ],
)
def test_what_a_flat_rate_of_105_percent_means(capacity, q, plain, economic, service, short, units) -> None:
    """Whole limits of independent single orders, and what happens at ⌊1.05 C⌋, to the digits of the table.

    The table's first probability, 0.2595, was rounded up to 0.260.
    """
    shows = Shows(q)
    assert round(capacity / q, 1) == plain
    assert deterministic_limit(capacity, q) == int(capacity / q)
    assert tuple(economic_limit(capacity, shows, 1, denied) for denied in (1, 3, 10)) == economic
    assert service_limit(capacity, shows, 0.05) == service
    flat = capacity * 105 // 100
    assert shows.oversold_probability(capacity, flat) == pytest.approx(short, abs=5.1e-4)
    decimals = 2 if capacity <= 200 else 1
    assert round(shows.expected_oversold(capacity, flat), decimals) == units


def test_correlation_makes_the_same_rate_a_larger_risk() -> None:
    """1,050 orders for 1,000 units at 0.95; three decimals, and as printed."""
    crowds = [Shows(0.95, rho) for rho in (0, 0.001, 0.01)]
    assert [round(shows.oversold_probability(1000, 1050), 3) for shows in crowds] == [0.342, 0.400, 0.505]
    short = [shows.expected_oversold(1000, 1050) for shows in crowds]
    assert [round(short[0], 2), round(short[1], 2), round(short[2], 1)] == [1.72, 2.85, 8.1]
