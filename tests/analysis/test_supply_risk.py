"""Deliveries at risk: the draws are those of the tape, and costs are those of independent sums."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import numpy as np
import pytest
from scipy import stats

from allocation import load_scenario, simulate
from allocation.analysis import delivery_risk, drawn_arrivals, risk_distribution, risk_outcomes, study_waves
from allocation.analysis.supply_risk import NO_RISK, is_risky
from tests.analysis.runs import small_scenario

RISK = {
    "supply.0.expected.1.late": {"probability": 0.4, "days": {"uniform": [1, 9]}},
    "supply.0.expected.1.short": {"probability": 0.5, "share": {"uniform": [0.1, 0.5]}},
}


@pytest.fixture(scope="module")
def risky():
    return small_scenario(**RISK)


def test_arrivals_are_those_on_the_tape(risky):
    arrivals = drawn_arrivals(risky, 8, 5)
    for number, own in arrivals.groupby("replication"):
        expected = Counter()
        for row in own.itertuples():
            expected[row.came_on] += row.came_units
        seen = Counter()
        for command in simulate(risky, 5, number).tape():
            if command["type"] == "supply" and command.get("received"):
                at = datetime.fromisoformat(command["at"]).astimezone(risky.zone)
                seen[at.date()] += command["received"]
        assert seen == expected


def test_shares_are_those_of_the_scenario():
    frame = delivery_risk(drawn_arrivals(load_scenario("console-realistic"), 1000, 0))
    assert frame["delivery"].tolist() == ["PO-PS6-2"]
    (row,) = frame.itertuples()
    # 4 standard errors of a share of 1,000.
    assert row.share_late == pytest.approx(0.3, abs=4 * np.sqrt(0.21 / 1000))
    assert row.share_short == pytest.approx(0.25, abs=4 * np.sqrt(0.19 / 1000))
    assert row.mean_days_late == 7
    # Uniform from 5% to 20% of 5,000.
    assert row.mean_units_short == pytest.approx(625, abs=4 * 217 / np.sqrt(250))
    assert row.share_late_low < 0.3 < row.share_late_high


def test_classes_cover_everything_once(risky):
    arrivals = drawn_arrivals(risky, 300, 1)
    frame = risk_distribution(arrivals)
    assert set(frame["kind"]) == {"days late", "units short"}
    for (_, kind), own in frame.groupby(["delivery", "kind"]):
        assert own["share"].sum() == pytest.approx(1)
        assert (own["lowest"].to_numpy()[1:] > own["highest"].to_numpy()[:-1]).all()
        column = kind.replace(" ", "_")
        at_risk = arrivals[arrivals["ref"] == "PO-2"][column]
        for row in own.itertuples():
            assert row.share == at_risk.between(row.lowest, row.highest).mean()
    assert len(frame) <= 2 * 9


def test_what_risk_costs_is_what_the_same_customers_bring_without_it(risky):
    study = study_waves(risky, 12, 2)
    arrivals = drawn_arrivals(risky, 50, 2)
    frame = risk_outcomes(study.swept, arrivals).set_index("deliveries")
    cost = study.swept.of(study.names.index(NO_RISK))["profit"].to_numpy() - study.swept.of(0)["profit"].to_numpy()
    assert frame.loc["all", "cost"] == pytest.approx(cost.mean())
    t = stats.t.ppf(0.975, 11)
    assert frame.loc["all", "cost_half_width"] == pytest.approx(t * cost.std(ddof=1) / np.sqrt(12))
    assert frame["launches"].drop("all").sum() == frame.loc["all", "launches"] == 12
    own = arrivals[arrivals["replication"] < 12].groupby("replication")[["days_late", "units_short"]].max()
    calm = ((own["days_late"] == 0) & (own["units_short"] == 0)).to_numpy()
    assert calm.any()
    assert frame.loc["whole and on time", "launches"] == calm.sum()
    # Where nothing happened nothing is lost.
    assert cost[calm].tolist() == [0] * calm.sum()
    assert cost[~calm].any()


def test_probabilities_end_at_one_and_risk_can_be_taken_away(risky):
    study = study_waves(risky, 2, 0)
    supplies = {name: study.swept.settings[study.names.index(name)].scenario for name in study.questions["risk"]}
    assert not is_risky(supplies[NO_RISK])
    assert not drawn_arrivals(supplies[NO_RISK], 30, 0)[["days_late", "units_short"]].to_numpy().any()
    delivery = supplies["3 times the risk"].supply[0].expected[1]
    assert (delivery.late.probability, delivery.short.probability) == (1, 1)


def test_certain_deliveries_have_no_risk_and_a_what_if():
    scenario = small_scenario()
    assert not is_risky(scenario)
    arrivals = drawn_arrivals(scenario, 3, 0)
    assert delivery_risk(arrivals).empty
    assert risk_distribution(arrivals).empty
    study = study_waves(scenario, 2, 0)
    assert risk_outcomes(study.swept, arrivals).empty
    for name, share in (("5", 0.05), ("10", 0.1), ("20", 0.2)):
        changed = study.swept.settings[study.names.index(f"every delivery {name}% short")].scenario
        assert drawn_arrivals(changed, 1, 0)["units_short"].tolist() == [60 * share, 20 * share]
