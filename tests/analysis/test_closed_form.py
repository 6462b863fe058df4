"""The closed form beside the simulation: when it applies, and that the two agree there."""

from __future__ import annotations

from decimal import Decimal

import pytest

from allocation import analysis, load_scenario
from allocation.engine.errors import SettingError
from allocation.overbooking.scenario_shows import shows_of
from tests.analysis.runs import small_scenario

PHONE, SNEAKERS = "iphone-15-pro", "sneakers-trophy-room"


def curve_of(scenario, replications, rates, confidence):
    swept = analysis.sweep_rates(scenario, replications, 0, rates)
    return swept, analysis.with_closed_form(analysis.rate_curve(swept, confidence=confidence), swept)


@pytest.mark.parametrize("name", [PHONE, SNEAKERS])
def test_shipped_launches_of_one_wave_meet_the_assumptions_exactly(name):
    scenario = load_scenario(name)
    assert analysis.closed_form_gaps(scenario) == ()
    assert analysis.closed_form_caveats(scenario) == ()


@pytest.mark.parametrize(
    ("overrides", "gap"),
    [
        ({"policy.confirm.unreserved": "keep"}, "stands by and replaces"),
        ({"policy.hold": "firm", "policy.queue.enabled": False}, "nobody waits"),
        ({"behaviour.cancel_held.share": Decimal("0.1")}, "cancelled before the cut-off as well"),
        ({"behaviour.payment": {"pending_share": 0.1, "pays_share": 0.9}}, "wait for a payment"),
        ({"demand.lines_per_order": {1: 0.5, 2: 0.5}}, "lines of one order"),
        ({"supply.0.expected.0.late": {"probability": 0.1, "days": 3}}, "late or short"),
        ({"orders.closes": "2025-09-20T00:00:00-04:00", "policy.intake.min_days": 0}, "after the cut-off"),
    ],
)
def test_each_assumption_that_fails_is_named_alone(overrides, gap):
    scenario = load_scenario(PHONE, overrides)
    (found,) = analysis.closed_form_gaps(scenario)
    assert gap in found
    swept = analysis.sweep_rates(scenario, 2, 0, (1, 1.03))
    curve = analysis.with_closed_form(analysis.rate_curve(swept), swept)
    assert set(curve["source"]) == {"simulated"}
    assert gap in analysis.closed_form_sentence(swept, curve)
    assert analysis.closed_form_table(curve).empty
    with pytest.raises(SettingError, match="does not apply"):
        analysis.closed_form_curve(scenario, [1.03])


@pytest.mark.parametrize("name", ["console-waves", "console-realistic"])
def test_waves_do_not_meet_the_assumptions(name):
    assert "there are 3 releases, not one" in analysis.closed_form_gaps(load_scenario(name))


def test_too_few_orders_are_seen_from_the_replications():
    few = load_scenario(PHONE, {"demand.counts.STANDARD": 7400})
    swept = analysis.sweep_rates(few, 3, 0, (1, 1.03))
    assert analysis.closed_form_gaps(few) == ()
    (gap,) = analysis.limit_gaps(swept)
    assert gap == "orders do not reach the limit at a rate of 1.03 in 3 of 3 replications"
    assert analysis.limit_gaps(analysis.sweep_rates(few, 3, 0, (1, 1.01))) == ()


@pytest.mark.slow
@pytest.mark.parametrize(("name", "rates"), [(PHONE, (1, 1.03, 1.045, 1.05, 1.06)), (SNEAKERS, (1, 1.015, 1.02, 1.03))])
def test_simulation_and_closed_form_agree_within_the_interval(name, rates):
    """On launches that meet the assumptions every value lies inside: by chance, one in ten thousand would not."""
    swept, curve = curve_of(load_scenario(name), 200, rates, 0.9999)
    beside = analysis.closed_form_beside(curve)
    assert set(beside["rate"]) == set(rates)
    assert set(beside["measure"]) == {"profit", "oversold_any", "oversold_units", "unsold_units"}
    assert beside["inside"].all(), beside[~beside["inside"]]
    # The intervals tell something: they are narrow beside what overbooking changes.
    unsold = beside[beside["measure"] == "unsold_units"].set_index("rate")
    assert (unsold["high"] - unsold["low"]).max() < 0.1 * unsold.loc[1.0, "simulated"]
    assert f"{len(beside)} of its {len(beside)} values" in analysis.closed_form_sentence(swept, curve)


def test_forfeits_and_the_denied_cost_of_the_last_tier_are_in_the_profit():
    paid = load_scenario(PHONE, {"economics.forfeit": 30, "economics.denied_cost": {"VIP": 900, "STANDARD": 150}})
    _, curve = curve_of(paid, 60, (1, 1.05, 1.08), 0.9999)
    profit = analysis.closed_form_beside(curve).query("measure == 'profit'")
    assert profit["inside"].all()


def test_uncertain_shares_and_sizes_are_called_an_approximation_and_come_close():
    share = {"uniform": [0.03, 0.07]}
    rough = load_scenario(
        PHONE, {"behaviour.cancel_confirmed.share": share, "demand.quantities": {1: Decimal("0.8"), 2: Decimal("0.2")}}
    )
    assert analysis.closed_form_gaps(rough) == ()
    uncertain, sizes = analysis.closed_form_caveats(rough)
    assert "uncertain" in uncertain
    assert "size" in sizes
    assert shows_of(rough, rough.schedule.release[0]).rho > 0
    swept, curve = curve_of(rough, 200, (1, 1.05), 0.95)
    assert "It is an approximation here" in analysis.closed_form_sentence(swept, curve)
    beside = analysis.closed_form_beside(curve).set_index(["measure", "rate"])
    for measure in ("oversold_units", "unsold_units"):
        row = beside.loc[(measure, 1.05)]
        assert row["closed_form"] == pytest.approx(row["simulated"], rel=0.2)


def test_tiers_that_leave_at_different_rates_are_an_approximation():
    shares = {"VIP": Decimal("0.02"), "STANDARD": Decimal("0.06")}
    (caveat,) = analysis.closed_form_caveats(load_scenario(PHONE, {"behaviour.cancel_confirmed.share": shares}))
    assert "different rates" in caveat


def test_the_table_has_a_row_a_rate():
    _, curve = curve_of(load_scenario(PHONE), 3, (1, 1.05), 0.95)
    table = analysis.closed_form_table(curve)
    assert table["rate"].tolist() == [1, 1.05]
    closed = analysis.closed_form_curve(load_scenario(PHONE), [1, 1.05])
    units = closed[closed["measure"] == "unsold_units"]["mean"]
    assert table["unsold_units, closed form"].tolist() == units.tolist()


def test_a_launch_of_two_waves_is_told_why_it_has_no_closed_form():
    swept = analysis.sweep_rates(small_scenario(), 2, 0, (1, 1.05))
    assert "2 releases, not one" in analysis.closed_form_sentence(swept, analysis.rate_curve(swept))
