"""Ways to set the rate, compared with the same customers."""

from __future__ import annotations

from decimal import Decimal

import pytest

from allocation import analysis, load_scenario
from allocation.montecarlo import replicate
from allocation.overbooking.rates import rates_of
from allocation.statistics import paired_difference
from tests.analysis.runs import small_scenario

METHOD = "policy.overbooking.method"
METHODS = ["constant", "economic", "service", "adaptive"]


@pytest.fixture(scope="module")
def compared():
    return analysis.compare_methods(load_scenario("iphone-15-pro"), 12, 3)


def test_each_method_has_the_replications_of_its_own_policy(compared):
    assert list(compared.rates) == ["flat", *METHODS]
    assert list(compared.left_out) == ["by category"]
    frame = analysis.method_frame(compared).set_index(["measure", "method"])
    profits = {}
    for method in METHODS:
        scenario = load_scenario("iphone-15-pro", {METHOD: method})
        profits[method] = replicate(scenario, 12, 3, progress=False)["profit"]
        assert frame.loc[("profit", method), "mean"] == pytest.approx(profits[method].mean())
    flat = replicate(load_scenario("iphone-15-pro", {"policy.overbooking.rate": 1.05}), 12, 3, progress=False)
    profits["flat"] = flat["profit"]
    assert frame.loc[("profit", "flat"), "mean"] == pytest.approx(flat["profit"].mean())
    best = max(profits, key=lambda method: profits[method].mean())
    for method, own in profits.items():
        row = frame.loc[("less_than_best", method)]
        paired = paired_difference(profits[best], own)
        assert row["mean"] == pytest.approx(paired.difference.mean)
        assert method == best or row["variance_ratio"] == pytest.approx(paired.variance_ratio)
        assert row["best"] == (method == best)
        assert row["in_force"] == (method == "constant")


def test_the_table_and_the_note_say_what_each_rate_came_to(compared):
    table = analysis.method_table(analysis.method_frame(compared)).set_index("method")
    note = analysis.methods_note(compared)
    for method in METHODS[1:]:
        (rate,) = rates_of(load_scenario("iphone-15-pro", {METHOD: method})).at_opening.values()
        assert Decimal(table.loc[method, "rate_at_opening"]) == rate
        assert table.loc[method, "rate_at_opening"] in note
    assert table.loc["constant", "rate_at_opening"] == "1.03"
    assert table.loc["constant", "remark"] == "in force"
    assert "5% or less" in note
    assert "at 7 reviews" in note


def test_a_method_that_finds_no_rate_is_left_out_with_its_reason():
    free = load_scenario("iphone-15-pro", {"economics.denied_cost.STANDARD": 0})
    compared = analysis.compare_methods(free, 2)
    assert set(compared.rates) == {"flat", "constant", "service"}
    assert set(compared.left_out) == {"by category", "economic", "adaptive"}
    assert "economic is left out: economic finds no rate" in analysis.methods_note(compared)


def test_rates_by_category_are_played_beside_the_flat_one():
    by_category = {"policy.overbooking.by_category": {"phones": Decimal("1.2")}, "supply.0.category": "phones"}
    scenario = small_scenario(**by_category)
    compared = analysis.compare_methods(scenario, 4)
    assert set(compared.rates) == {"flat", "by category", "economic", "service", "adaptive"}
    assert compared.in_force == "by category"
    assert "constant is left out: the policy's rate is the flat one" in analysis.methods_note(compared)
    frame = analysis.method_frame(compared).set_index(["measure", "method"])
    own = replicate(scenario, 4, progress=False)["profit"]
    assert frame.loc[("profit", "by category"), "mean"] == pytest.approx(own.mean())
    assert frame.loc[("profit", "by category"), "rate"] == "1.20"
    assert frame.loc[("profit", "flat"), "rate"] == "1.05"
    assert frame.loc[("profit", "flat"), "mean"] != pytest.approx(own.mean())


def test_the_method_in_force_is_marked_and_settings_that_earn_the_same_are_all_best():
    realistic = load_scenario("console-realistic", {METHOD: "service"})
    table = analysis.method_table(analysis.method_frame(analysis.compare_methods(realistic, 3))).set_index("method")
    assert table.loc["service", "remark"] == "in force, best"
    same = table[table["profit_USD"] == table["profit_USD"].max()]
    assert len(same) > 1
    assert same["remark"].str.contains("best").all()
