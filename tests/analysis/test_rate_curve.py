"""Sweeps over the rate: which rates, and what the curve and its table say of them."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from allocation import analysis, load_scenario
from allocation.analysis.launch_report import LaunchReport
from allocation.analysis.tables import html_table
from allocation.montecarlo import replicate
from allocation.statistics import mean_interval, paired_difference, wilson_interval
from tests.analysis.runs import small_scenario

RATE = "policy.overbooking.rate"


@pytest.mark.parametrize("rate", ["0.95", "1", "1.02", "1.05", "1.13", "1.5", "40", "1000"])
def test_rates_to_try_are_few_around_the_one_in_force_and_have_one_without_overbooking(rate):
    scenario = small_scenario(**{RATE: Decimal(rate)})
    rates = analysis.rates_to_try(scenario)
    assert list(rates) == sorted(set(rates))
    assert {Decimal(1), Decimal(rate)} <= set(rates)
    assert len(rates) <= 10
    assert max(rates) > Decimal(rate) or rate == "1000"


def test_the_range_reaches_past_what_the_closed_form_finds_best():
    launch = load_scenario("iphone-15-pro", {RATE: Decimal(1), "behaviour.cancel_confirmed.share": Decimal("0.2")})
    assert max(analysis.rates_to_try(launch)) > Decimal("1.25")


@pytest.mark.parametrize(
    ("overbooking", "rate", "words"),
    [
        ({"rate": 1.04}, Decimal("1.04"), "1.04"),
        ({"rate": 1.04, "method": "adaptive"}, None, "adaptive"),
        ({"by_category": {"phones": 1.1}}, Decimal("1.05"), "1.05"),
    ],
)
def test_the_rate_in_force_is_told_where_there_is_one(overbooking, rate, words):
    scenario = small_scenario(**{"policy.overbooking": overbooking})
    assert analysis.rate_in_force(scenario) == rate
    report = LaunchReport(scenario, replications=2)
    assert words in analysis.overbooking_answer(scenario, report.headlines, report.rates) or rate is not None


def test_every_rate_is_played_whatever_the_method_of_the_policy():
    adaptive = small_scenario(**{"policy.overbooking.method": "adaptive"})
    one = analysis.sweep_rates(adaptive, 3, 0, (1, 1.05))
    other = analysis.sweep_rates(small_scenario(), 3, 0, (1, 1.05))
    assert one.frame.equals(other.frame)


def test_the_curve_has_the_intervals_of_the_replications():
    swept = analysis.sweep_rates(small_scenario(), 20, 1, (1, 1.05, 1.3))
    curve = analysis.rate_curve(swept, Decimal("1.05")).set_index(["measure", "rate"])
    frame = swept.frame.set_index(RATE)
    means = frame.groupby(level=0)["profit"].mean()
    best = means.idxmax()
    for rate in (1.0, 1.05, 1.3):
        for measure in ("profit", "oversold_units", "unsold_units"):
            interval = mean_interval(frame.loc[rate, measure].astype(float))
            row = curve.loc[(measure, rate)]
            assert (row["mean"], row["low"], row["high"]) == (interval.mean, interval.low, interval.high)
            assert row["in_force"] == (rate == 1.05)
            assert row["best"] == (rate == best)
        oversold = wilson_interval(int((frame.loc[rate, "oversold_units"] > 0).sum()), 20)
        row = curve.loc[("oversold_any", rate)]
        assert (row["mean"], row["low"], row["high"]) == (oversold.estimate, oversold.low, oversold.high)
        below = curve.loc[("less_than_best", rate)]
        paired = paired_difference(frame.loc[best, "profit"], frame.loc[rate, "profit"])
        assert below["mean"] == pytest.approx(paired.difference.mean)
        assert below["half_width"] == pytest.approx(paired.difference.half_width)
        assert rate == best or below["variance_ratio"] == pytest.approx(paired.variance_ratio)
    assert set(curve["unit"]) == {"USD", "units", "probability"}


def test_the_table_has_a_row_a_rate_and_reads_well():
    swept = analysis.sweep_rates(small_scenario(), 5, 1, (1, 1.05, 1.3))
    table = analysis.rate_table(analysis.rate_curve(swept, Decimal("1.05")))
    assert table["rate"].tolist() == [1, 1.05, 1.3]
    assert "in force" in table["remark"].iloc[1]
    assert table["less_than_best_USD"].min() == 0
    assert not np.signbit(table["less_than_best_USD"]).any()
    assert '<td class="number">1.05</td>' in html_table(table)


def test_the_headline_means_are_those_of_the_curve_at_the_rate_in_force():
    report = LaunchReport(small_scenario(), seed=4, replications=6)
    curve = report.rate_curve.query("in_force and measure == 'profit'")
    headline = report.headlines.set_index("measure").loc["profit"]
    assert curve["mean"].tolist() == [headline["mean"]]
    assert report.replicated.equals(replicate(report.scenario, 6, 4, progress=False))


def test_the_answer_says_what_the_best_rate_earns_more():
    phone = load_scenario("iphone-15-pro")
    swept = analysis.sweep_rates(phone, 10, 0, (1, 1.03, 1.05))
    headlines = analysis.headline_intervals(replicate(phone, 10, progress=False))
    answer = analysis.overbooking_answer(phone, headlines, swept)
    profits = swept.frame.groupby(RATE)["profit"].mean()
    assert profits.idxmax() == 1.05
    assert f"1.05 earns most, USD {profits[1.05] - profits[1.03]:,.0f} ± " in answer
    best = load_scenario("iphone-15-pro", {RATE: Decimal("1.05")})
    assert "none earns more than 1.05" in analysis.overbooking_answer(best, headlines, swept)
