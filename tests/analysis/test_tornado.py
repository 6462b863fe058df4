"""How the answer moves with what is assumed: against plain replications of the changed launch."""

from __future__ import annotations

from decimal import Decimal

import pytest

from allocation import analysis, load_scenario
from allocation.engine.errors import SettingError
from allocation.montecarlo import replicate
from allocation.montecarlo.behaviours import with_cancellation_correlation, with_cancellation_level
from allocation.statistics import paired_difference
from tests.analysis.runs import small_scenario

RATE = "policy.overbooking.rate"
N = 8


@pytest.fixture(scope="module")
def swept():
    return analysis.sweep_rates(load_scenario("iphone-15-pro"), 10, 0, (1, 1.03, 1.05, 1.08))


@pytest.fixture(scope="module")
def moved(swept):
    return analysis.tornado(swept, 1.05, N).set_index(["assumption", "end"])


def test_changes_are_paired_with_the_same_customers(moved):
    phone = load_scenario("iphone-15-pro", {RATE: 1.05})
    base = replicate(phone, N, 0, progress=False)["profit"]
    costs = {f"economics.denied_cost.{tier}": 2 * cost for tier, cost in phone.economics.denied_cost.items()}
    changed = {
        ("cancellation level", "low"): with_cancellation_level(phone, Decimal("0.83")),
        ("cancellation level", "high"): with_cancellation_level(phone, Decimal("1.38")),
        ("cancellations together", "high"): with_cancellation_correlation(phone, Decimal("0.01")),
        ("cost of an oversold unit", "high"): load_scenario("iphone-15-pro", {RATE: 1.05, **costs}),
    }
    for key, scenario in changed.items():
        paired = paired_difference(replicate(scenario, N, 0, progress=False)["profit"], base).difference
        assert moved.loc[key, "change"] == pytest.approx(paired.mean)
        assert moved.loc[key, "half_width"] == pytest.approx(paired.half_width)
        assert moved.loc[key, "n"] == N
    # The share is known in this launch: nothing to take away.
    assert moved.loc[("cancellations together", "low"), "change"] == 0


def test_the_best_rate_is_that_of_the_changed_launch(moved):
    more = {
        rate: replicate(
            with_cancellation_level(load_scenario("iphone-15-pro", {RATE: rate}), Decimal("1.38")), N, 0, progress=False
        )["profit"]
        for rate in (1, 1.03, 1.05, 1.08)
    }
    best = max(more, key=lambda rate: more[rate].mean())
    row = moved.loc[("cancellation level", "high")]
    assert best == 1.08
    assert row["best_rate"] == best
    assert row["best_low"] <= best <= row["best_high"]
    gain = paired_difference(more[best], more[1.05]).difference
    assert (row["gain"], row["gain_half_width"]) == pytest.approx((gain.mean, gain.half_width))
    assert moved.loc[("cancellation level", "low"), "best_rate"] < best


def test_the_largest_swing_is_on_top_and_the_note_names_it(swept, moved):
    frame = moved.reset_index()
    swings = frame.groupby("assumption", sort=False)["change"].apply(lambda changes: changes.abs().max())
    assert swings.tolist() == sorted(swings, reverse=True)
    assert analysis.tornado_note(swept, frame).startswith(f"Most moves with the {swings.index[0]}: USD ")
    table = analysis.tornado_table(frame)
    assert len(table) == 6
    assert "change_of_profit_USD_half_width" in table


def test_where_nobody_cancels_only_costs_are_left():
    swept = analysis.sweep_rates(load_scenario("console-waves"), 3, 0, (1, 1.05))
    frame = analysis.tornado(swept, 1.05, 3)
    assert set(frame["assumption"]) == {"cost of an oversold unit"}
    # 1,000 units of STANDARD at 100 each: half and twice as much.
    assert dict(zip(frame["end"], frame["change"], strict=True)) == {"low": 50_000, "high": -100_000}
    note = analysis.tornado_note(swept, frame)
    assert "Nobody cancels in this launch" in note
    nothing = analysis.tornado(swept, 1, 3)
    told = analysis.tornado_note(swept, nothing)
    assert told.startswith("At a rate of 1.00 nothing of this changes the profit, and 1.00 earns most.")
    assert analysis.what_moves(nothing).empty
    assert analysis.what_moves(frame).equals(frame)


def test_a_rate_that_was_not_tried_is_refused(swept):
    with pytest.raises(SettingError, match=r"a rate of 1.02 was not tried; tried are 1.00, 1.03, 1.05, 1.08"):
        analysis.tornado(swept, 1.02)
    with pytest.raises(SettingError, match="was not tried"):
        analysis.oversold_tails(swept, {1.02: "wished for"})


def test_uncertain_behaviour_becomes_known_at_the_low_end():
    scenario = small_scenario(**{"behaviour.cancel_confirmed.share": {"uniform": [0.0, 0.4]}})
    swept = analysis.sweep_rates(scenario, 6, 0, (1, 1.2))
    frame = analysis.tornado(swept, 1.2, 6).set_index(["assumption", "end"])
    known = small_scenario(
        **{
            RATE: Decimal("1.2"),
            "behaviour.cancel_confirmed.share": Decimal("0.2"),
            "behaviour.cancel_waiting.share": Decimal("0.1"),
        }
    )
    profit = replicate(known, 6, 0, progress=False)["profit"]
    base = replicate(
        small_scenario(**{RATE: Decimal("1.2"), "behaviour.cancel_confirmed.share": {"uniform": [0.0, 0.4]}}), 6, 0,
        progress=False,
    )["profit"]  # fmt: skip
    assert frame.loc[("cancellations together", "low"), "change"] == pytest.approx((profit - base).mean())
