"""The regime of a launch: told from what happens at a rate of 1.00."""

from __future__ import annotations

import numpy as np
import pytest

from allocation import analysis, load_scenario, simulate
from allocation.engine.errors import SettingError

RATE = "policy.overbooking.rate"
LATE, REPAIRED, SHORT = "late attrition", "the queue repairs everything", "demand is short"


def swept_of(name, replications=10, rates=(1, 1.05), **overrides):
    return analysis.sweep_rates(load_scenario(name, overrides), replications, 0, rates)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("iphone-15-pro", LATE),
        ("sneakers-trophy-room", LATE),
        ("console-realistic", REPAIRED),
        ("console-waves", REPAIRED),
    ],
)
def test_the_regimes_of_the_shipped_launches(name, expected):
    swept = swept_of(name)
    regime = analysis.regime_of(swept)
    assert regime.name == expected
    own = swept.of(0)
    assert regime.unsold.mean == own["unsold_units"].mean()
    assert regime.short.successes == (own["units"] <= own["supply_units"]).sum() == 0
    assert regime.supply.mean == own["supply_units"].mean()
    summary = simulate(load_scenario(name, {RATE: 1}), 0, 3).summary
    assert summary["unsold_units"] == own["unsold_units"].iloc[3]
    if expected == REPAIRED:
        assert not own["unsold_units"].any()
    else:
        assert own["unsold_units"].all()


def test_where_the_queue_repairs_everything_a_rate_only_oversells():
    """In every replication, and where nobody is rolled over as much as the limit has beyond the supply."""
    for name in ("console-realistic", "console-waves"):
        swept = swept_of(name)
        without, with_it = (swept.of(setting).reset_index(drop=True) for setting in (0, 1))
        assert (with_it["allocated_units"] == without["allocated_units"]).all()
        assert (with_it["oversold_units"] > 0).all()
        assert (with_it["profit"] < without["profit"]).all()
    assert (with_it["oversold_units"] == with_it["limit_units"] - with_it["supply_units"]).all()
    assert with_it["oversold_units"].nunique() == 1


def test_what_stays_unsold_bounds_what_overbooking_can_win():
    scenario = load_scenario("iphone-15-pro")
    swept = analysis.sweep_rates(scenario, 10, 0, (1, 1.02, 1.05, 1.08))
    regime = analysis.regime_of(swept)
    profits = swept.frame.groupby("setting")["profit"].mean()
    worth = float(scenario.economics.margin + scenario.economics.unsold_cost)
    assert 0 < profits.max() - profits[0] < worth * regime.unsold.mean
    sentence = analysis.regime_sentence(regime, scenario)
    assert f"it can win USD {worth * regime.unsold.mean:,.0f} ± " in sentence


def test_demand_is_short_where_orders_do_not_exceed_the_supply_in_half_of_the_replications():
    swept = swept_of("iphone-15-pro", **{"demand.counts.STANDARD": 7266})
    own = swept.of(0)
    assert (own["units"] == own["supply_units"]).all()
    regime = analysis.regime_of(swept)
    assert regime.name == SHORT
    assert regime.short.estimate == 1
    sentence = analysis.regime_sentence(regime, swept.scenario)
    assert "do not exceed the supply in 10 of 10 replications" in sentence
    assert analysis.regime_of(swept_of("iphone-15-pro", **{"demand.counts.STANDARD": 7267})).name == LATE


def test_half_is_enough_and_less_is_not():
    total = {
        "demand.counts": None,
        "demand.mix": {"VIP": 0.1, "STANDARD": 0.9},
        "demand.total": {"uniform": [8000, 9000]},
    }
    swept = swept_of("iphone-15-pro", 30, (1,), **total)
    is_short = np.mean(swept.of(0)["units"] <= swept.of(0)["supply_units"])
    assert 0 < is_short < 1
    assert analysis.regime_of(swept).name == (SHORT if is_short >= 0.5 else LATE)


def test_the_sentence_has_numbers_and_the_answer_has_the_regime():
    for name, words in (
        ("console-realistic", "nothing stays unsold at a rate of 1.00 in any of 10 replications"),
        ("sneakers-trophy-room", "of 5,000 units stay unsold at a rate of 1.00"),
    ):
        swept = swept_of(name)
        headlines = analysis.headline_intervals(swept.of(1))
        assert words in analysis.regime_sentence(analysis.regime_of(swept), swept.scenario)
        assert words in analysis.overbooking_answer(swept.scenario, headlines, swept)


def test_forfeits_are_what_else_overbooking_could_earn():
    swept = swept_of("console-waves", 2, **{"economics.forfeit": 5})
    assert "apart from the forfeits" in analysis.regime_sentence(analysis.regime_of(swept), swept.scenario)


def test_a_sweep_without_a_rate_of_one_has_no_regime():
    with pytest.raises(SettingError, match=r"rate of 1\.00"):
        analysis.regime_of(swept_of("iphone-15-pro", 2, (1.01, 1.02)))
