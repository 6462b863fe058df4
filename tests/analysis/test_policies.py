"""Policies compared, with every decision: against the frames of the same replications in SimPy."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from allocation import analysis, load_scenario, simulate
from allocation.analysis.logged import confirmed_days_of, tier_rows, waiting_days_of
from allocation.montecarlo import replicate
from allocation.statistics import mean_interval, paired_difference
from tests.analysis.runs import SEEDS, random_run, small_scenario

N = 4
WAITING = ("QUEUED", "WAITLISTED")


@pytest.fixture(scope="module")
def compared():
    return analysis.compare_policies(small_scenario(), N, 2)


def policies():
    own = small_scenario()
    equal = dict.fromkeys(own.policy.tiers, Decimal(0))
    return {
        "in force": own,
        "hold firm": small_scenario(**{"policy.hold": "firm"}),
        "admission by arrival": small_scenario(**{"policy.queue.admission": "arrival"}),
        "no standby": small_scenario(**{"policy.release": {"standby": "false"}}),
        "first come": replace(own, policy=replace(own.policy, tiers=equal)),
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_times_are_those_between_decisions(seed):
    """Stay by stay from the decisions, on tapes that reach every rule."""
    run = random_run(seed)
    rows = run.engine.book.used("reservations")
    names = [run.engine.reservation_id(row) for row in range(len(rows))]
    waiting = dict.fromkeys(names, 0.0)
    since, placed, confirmed = {}, {}, {}
    for decision in run.engine.decisions:
        name = decision.reservation_id
        if name is None or decision.after is None:
            continue
        if decision.before is None and decision.cause == "place":
            placed[name] = decision.at
        if decision.before in WAITING and decision.after not in WAITING:
            waiting[name] += (decision.at - since.pop(name)).total_seconds() / 86_400
        if decision.after in WAITING and decision.before not in WAITING:
            since[name] = decision.at
        if decision.after == "CONFIRMED":
            confirmed.setdefault(name, decision.at)
    last = pd.Timestamp(int(run.engine.book.tables.commands["at"][run.engine.played - 1]), unit="ms", tz="UTC")
    for name, at in since.items():
        waiting[name] += (last - at).total_seconds() / 86_400
    assert waiting_days_of(run.engine) == pytest.approx([waiting[name] for name in names], abs=1e-7)
    days = confirmed_days_of(run.engine)
    for row, name in enumerate(names):
        if name in confirmed and name in placed:
            assert days[row] == pytest.approx((confirmed[name] - placed[name]).total_seconds() / 86_400)
        else:
            assert np.isnan(days[row])


def test_every_policy_has_the_replications_of_its_own_scenario(compared):
    assert compared.policies == list(policies())
    for policy, scenario in policies().items():
        own = compared.launches[compared.launches["policy"] == policy].reset_index(drop=True)
        expected = replicate(scenario, N, 2, progress=False)
        for measure in ("profit", "allocated_units", "oversold_units", "unsold_units", "displaced"):
            assert own[measure].tolist() == pytest.approx(expected[measure].tolist())
        for replication in range(N):
            reservations = simulate(scenario, 2, replication).reservations
            served = (reservations["status"] == "ALLOCATED").groupby(reservations["tier"].astype("str")).mean()
            displaced = reservations["displaced"].groupby(reservations["tier"].astype("str")).mean()
            rows = compared.tiers[(compared.tiers["policy"] == policy) & (compared.tiers["replication"] == replication)]
            told = rows.set_index("tier")
            for tier in ("PLATINUM", "VIP", "STANDARD"):
                assert told.loc[tier, "share_served"] == pytest.approx(served[tier])
                assert told.loc[tier, "share_displaced"] == pytest.approx(displaced[tier])


def test_changes_and_gains_are_paired_by_replication(compared):
    frame = analysis.policy_frame(compared).set_index(["policy", "measure", "tier"])
    launches = compared.launches.set_index(["policy", "replication"])["profit"].sort_index()
    for policy in compared.policies:
        paired = paired_difference(launches[policy], launches["in force"]).difference
        row = frame.loc[(policy, "profit", "all")]
        assert (row["change"], row["half_width"]) == pytest.approx((paired.mean, paired.half_width))
        assert row["unit"] == "USD"
    served = compared.tiers.set_index(["policy", "tier", "replication"])["share_served"].sort_index()
    gains = analysis.tier_gains(frame.reset_index(), compared).set_index(["tier", "measure"])
    for tier in ("PLATINUM", "VIP", "STANDARD"):
        paired = paired_difference(served["in force", tier], served["first come", tier]).difference
        row = gains.loc[(tier, "share_served")]
        assert (row["gain"], row["half_width"], row["n"]) == pytest.approx((paired.mean, paired.half_width, N))
        assert row["in_force"] - row["first_come"] == pytest.approx(row["gain"])
        assert frame.loc[("first come", "share_served", tier), "change"] == pytest.approx(-row["gain"])
    assert gains.loc[("PLATINUM", "share_served"), "gain"] > 0 > gains.loc[("STANDARD", "share_served"), "gain"]


def test_first_come_asks_for_no_score():
    # Weights of the scoring would order the tiers as well.
    scoring = {"policy.scoring": {"previous_purchase": 10}}
    compared = analysis.compare_policies(small_scenario(**scoring), 2)
    plain = analysis.compare_policies(small_scenario(), 2)
    first = [one.tiers[one.tiers["policy"] == "first come"].reset_index(drop=True) for one in (compared, plain)]
    pd.testing.assert_frame_equal(*first)


def test_bands_are_those_of_the_replications(compared):
    bands = analysis.confirmed_bands(compared)
    assert bands["tier"].unique().tolist() == ["PLATINUM", "VIP", "STANDARD"]
    runs = [simulate(small_scenario(), 2, replication) for replication in range(N)]
    waits = [analysis.waiting_days(run) for run in runs]
    for row in bands[bands["tier"] == "STANDARD"].iloc[::17].to_dict("records"):
        shares = [
            (own["days_until_confirmed"] <= row["days"] + 1e-9).mean()
            for own in (wait[wait["tier"] == "STANDARD"] for wait in waits)
        ]
        interval = mean_interval(shares)
        assert row["share"] == pytest.approx(interval.mean)
        assert row["low"] == pytest.approx(max(interval.low, 0))
        assert row["high"] == pytest.approx(min(interval.high, 1))
        assert row["n"] == N
    table = analysis.waiting_table(compared).set_index("tier")
    confirmed = [wait[wait["tier"] == "VIP"]["days_until_confirmed"].notna().mean() for wait in waits]
    assert table.loc["VIP", "confirmed (%)"] == pytest.approx(100 * np.mean(confirmed))
    assert table.loc["VIP", "confirmed (%)_half_width"] == pytest.approx(100 * mean_interval(confirmed).half_width)


def test_what_cannot_be_changed_is_left_out_with_its_reason():
    endless = analysis.compare_policies(
        load_scenario("iphone-15-pro", {"demand.counts": {"VIP": 40, "STANDARD": 60}}), 2
    )
    assert endless.policies == ["in force", "hold firm", "no standby", "first come"]
    assert "admission by priority is left out: the queue takes everybody" in analysis.policies_note(endless)
    none = small_scenario(**{"policy.hold": "firm", "policy.queue": {"enabled": "false"}})
    without = analysis.compare_policies(none, 2)
    assert without.policies == ["in force", "no standby", "first come"]
    assert "hold provisional is left out: it needs the queue" in analysis.policies_note(without)


def test_tables_have_a_row_a_policy_and_a_tier_and_the_answer_its_uncertainty(compared):
    frame = analysis.policy_frame(compared)
    table = analysis.policy_table(frame)
    assert table["policy"].tolist() == ["in force (mean)", *(f"{name} (change)" for name in compared.policies[1:])]
    profits = compared.launches.groupby("policy")["profit"].mean()
    assert table["profit USD"].iloc[0] == pytest.approx(profits["in force"])
    assert table["profit USD"].iloc[1] == pytest.approx(profits["hold firm"] - profits["in force"])
    assert "STANDARD share served (points)_half_width" in table
    gains = analysis.gains_table(analysis.tier_gains(frame, compared))
    assert gains["tier"].tolist() == ["PLATINUM", "VIP", "STANDARD"]
    run = simulate(small_scenario(), 2)
    answer = analysis.tiers_answer(compared, run, analysis.priority_errors(run))
    assert answer.startswith("A unit goes to ")
    assert "% of STANDARD reservations (less by " in answer
    assert f"means of {N} replications with 95% t intervals" in answer


def test_a_tier_that_orders_once_in_a_while_has_means_of_the_launches_it_is_in():
    rare = small_scenario(demand={
        "total": 12, "mix": {"VIP": 0.06, "STANDARD": 0.94}, "ship_dates": {"2025-03-15": 1},
        "arrivals": {"shape": "uniform"},
    })  # fmt: skip
    compared = analysis.compare_policies(rare, 6)
    with_vip = compared.tiers[(compared.tiers["tier"] == "VIP") & (compared.tiers["policy"] == "in force")]
    frame = analysis.policy_frame(compared)
    own = frame[(frame["tier"] == "VIP") & (frame["policy"] == "in force") & (frame["measure"] == "share_served")]
    assert own["n"].tolist() == ([len(with_vip)] if len(with_vip) > 1 else [])


def test_rows_of_a_run_without_orders_are_none():
    from allocation import AllocationEngine, Policy

    assert tier_rows(AllocationEngine(Policy())) == []
