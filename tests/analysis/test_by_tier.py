"""Outcomes and waiting times against plain counts."""

from __future__ import annotations

import pandas as pd
import pytest

from allocation import analysis, simulate
from allocation.montecarlo import replicate
from tests.analysis.runs import SEEDS, random_run, small_scenario


@pytest.mark.parametrize("seed", SEEDS)
def test_outcomes_are_those_of_the_summary(seed):
    run = random_run(seed)
    frame = analysis.outcome_by_tier(run)
    for row in frame.itertuples():
        counts = run.summary["by_tier"][row.tier]
        expected = counts.get(row.outcome, counts["orders"] - sum(v for k, v in counts.items() if k in ENDED))
        assert row.reservations == expected
    assert frame["units"].sum() == run.summary["units"]
    assert frame.groupby("tier")["share_of_units"].sum().round(9).eq(1).all()
    wide = analysis.outcome_table(frame, "units")
    assert wide.drop(columns="tier").to_numpy().sum() == run.summary["units"]


ENDED = ("allocated", "cancelled_by_customer", "not_selected", "oversold", "not_fulfilled", "expired", "rejected")


@pytest.mark.parametrize("seed", SEEDS)
def test_waiting_times_are_those_between_decisions(seed):
    run = random_run(seed)
    placed, confirmed, ended = {}, {}, {}
    for decision in run.engine.decisions:
        name = decision.reservation_id
        if decision.before is None and decision.cause == "place" and name:
            placed[name] = decision.at
        if decision.after == "CONFIRMED":
            confirmed.setdefault(name, decision.at)
        if decision.after in ("ALLOCATED", "CANCELLED", "EXPIRED", "REJECTED"):
            ended[name] = decision.at
    waits = analysis.waiting_days(run).set_index("reservation_id")
    assert set(waits.index) == set(placed)
    for name, at in placed.items():
        for column, reached in (("days_until_confirmed", confirmed), ("days_until_end", ended)):
            value = waits.loc[name, column]
            if name in reached:
                assert value == pytest.approx((reached[name] - at).total_seconds() / 86_400)
            else:
                assert pd.isna(value)
    curve = analysis.confirmed_curve(run).groupby("tier")["share"].last()
    for tier, own in waits.groupby(waits["tier"].astype("str")):
        assert curve[tier] == pytest.approx(own["days_until_confirmed"].notna().mean())


def test_published_results_stand_beside_simulated_ones():
    run = simulate(small_scenario())
    frame = analysis.published_beside_simulated(run)
    assert frame["published"].tolist() == [120, 90]
    assert frame["simulated"].tolist() == [120, run.summary["confirmed_at_cutoff_units"]]
    assert frame["difference"].tolist() == [0, run.summary["confirmed_at_cutoff_units"] - 90]
    assert frame["source"].tolist() == ["A book"] * 2


def test_means_of_replications_are_means_of_summaries():
    scenario = small_scenario()
    summaries = [simulate(scenario, 3, replication).summary for replication in range(4)]
    rows = analysis.headline_intervals(replicate(scenario, 4, 3, progress=False)).set_index("measure")
    for name, row in rows.iterrows():
        assert row["mean"] == pytest.approx(sum(summary[name] for summary in summaries) / 4)
        assert row["low"] <= row["mean"] <= row["high"]
    assert (rows["n"] == 4).all()
