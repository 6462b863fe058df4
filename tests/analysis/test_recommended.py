"""The recommended rate, service levels and the oversold tail, against plain counts of the replications."""

from __future__ import annotations

from math import log, sqrt

import numpy as np
import pytest

from allocation import analysis, load_scenario
from allocation.montecarlo import replicate
from allocation.statistics import clopper_pearson_interval, paired_difference, tail_mean, wilson_interval
from tests.analysis.runs import small_scenario

RATE = "policy.overbooking.rate"
RATES = (1, 1.03, 1.04, 1.05, 1.07)


@pytest.fixture(scope="module")
def phone():
    return load_scenario("iphone-15-pro")


@pytest.fixture(scope="module")
def found(phone):
    return analysis.recommend_rate(phone, 110, 0, RATES)


def rows_at(found, rate):
    frame = found.first.frame
    return frame[frame[RATE] == rate]


def test_the_most_profitable_rate_that_hardly_oversells_is_recommended(found):
    assert analysis.chosen_rate(found) == 1.04
    kept = [rate for rate in RATES if not rows_at(found, rate)["oversold_any"].any()]
    assert kept == [1, 1.03, 1.04]
    assert max(kept, key=lambda rate: rows_at(found, rate)["profit"].mean()) == 1.04
    sentence = analysis.recommendation_sentence(found)
    assert sentence.startswith(
        "Recommended is a rate of 1.04: it keeps P(oversold) ≤ 5% (oversold in 0 of 110 launches"
    )
    assert f"USD {rows_at(found, 1.04)['profit'].mean():,.0f} ± " in sentence
    assert "95% confidence for both" in sentence


def test_the_table_says_what_each_rate_would_lose(found):
    table = analysis.recommendation_table(found).set_index("rate")
    assert table["remark"].to_dict() == {rate: "recommended" if rate == 1.04 else "" for rate in RATES}
    for rate in RATES:
        own = rows_at(found, rate)
        oversold = clopper_pearson_interval(int(own["oversold_any"].sum()), 110)
        assert table.loc[rate, "share_of_launches_oversold"] == oversold.estimate
        assert table.loc[rate, "share_of_launches_oversold_high"] == pytest.approx(oversold.high)
        assert table.loc[rate, "profit_USD"] == pytest.approx(own["profit"].mean())
        paired = paired_difference(rows_at(found, 1.04)["profit"], own["profit"])
        assert table.loc[rate, "loss_if_chosen_instead_USD"] == pytest.approx(paired.difference.mean)
    assert table["keeps the constraint"].tolist() == ["keeps it"] * 3 + ["breaks it"] * 2
    assert "n\u00a0=\u00a0110" in analysis.recommendation_basis(found)


def test_too_few_replications_recommend_nothing_and_say_that_more_would_tell(phone):
    few = analysis.recommend_rate(phone, 5, 0, (1, 1.05))
    assert analysis.chosen_rate(few) is None
    sentence = analysis.recommendation_sentence(few)
    assert sentence.startswith("No rate is recommended: none was shown to keep P(oversold) ≤ 5% in 5 replications")
    assert "more replications would tell" in sentence
    assert analysis.rate_looked_at(few) in (1.0, 1.05)
    assert "loss_if_chosen_instead_USD" not in analysis.recommendation_table(few)


def test_the_one_rate_that_keeps_the_constraint_is_said_to_be_alone():
    waves = analysis.recommend_rate(load_scenario("console-waves"), 90, 0, (1, 1.05))
    assert analysis.chosen_rate(waves) == 1
    assert "the only one of those tried that was shown to" in analysis.recommendation_sentence(waves)
    assert analysis.rate_looked_at(waves) == 1


def test_the_answer_begins_with_the_recommendation(phone, found):
    headlines = analysis.headline_intervals(replicate(phone, 3, progress=False))
    answer = analysis.recommended_answer(found, phone, headlines)
    assert answer.startswith(analysis.recommendation_sentence(found))
    assert answer.endswith(analysis.overbooking_answer(phone, headlines, found.first))


def test_service_levels_are_shares_of_launches_and_of_promised_units(found):
    frame = analysis.service_by_rate(found.first, 1.04)
    assert set(frame["level"]) == {"type 1", "type 2"}
    for row in frame.to_dict("records"):
        own = rows_at(found, row["rate"])
        if row["level"] == "type 1":
            kept = wilson_interval(int((own["oversold_units"] == 0).sum()), 110)
            assert (row["share"], row["low"], row["high"]) == (kept.estimate, kept.low, kept.high)
        else:
            promised = own["allocated_units"].sum() + own["oversold_units"].sum()
            assert row["share"] == pytest.approx(1 - own["oversold_units"].sum() / promised)
        assert row["low"] <= row["share"] <= row["high"]
        assert row["n"] == 110
    marks = frame.drop_duplicates("rate").set_index("rate")["mark"]
    assert marks.to_dict() == {1: "", 1.03: "", 1.04: "recommended", 1.05: "best", 1.07: ""}
    table = analysis.service_table(frame)
    assert (
        table["share_of_launches_that_keep_every_promise"].tolist()
        == frame[frame["level"] == "type 1"]["share"].tolist()
    )


def test_a_launch_without_promises_has_no_second_service_level():
    nothing = small_scenario(**{RATE: 0})
    swept = analysis.sweep_rates(nothing, 3, 0, (0, 1))
    frame = analysis.service_by_rate(swept)
    at_zero = frame[frame["rate"] == 0]
    assert at_zero["level"].tolist() in (["type 1"], ["type 1", "type 2"])
    assert analysis.service_table(frame)["rate"].tolist() == [0, 1]


def test_the_rates_of_interest_are_named_once_each(found):
    rates = analysis.rates_of_interest(found.first, 1.04, 1.03)
    assert rates == {1.03: "in force", 1.04: "recommended", 1.05: "most profit"}
    assert analysis.rates_of_interest(found.first, 1.05, 1.05) == {1.05: "recommended, in force, most profit"}
    assert analysis.rates_of_interest(found.first, None, None) == {1.05: "most profit"}


def test_the_distribution_and_its_tail_are_those_of_the_launches(found):
    rates = {1.04: "recommended", 1.05: "most profit"}
    frame = analysis.oversold_distribution(found.first, rates)
    # At 1.04 nothing is ever oversold: there is nothing to draw.
    assert set(frame["rate"]) == {1.05}
    oversold = rows_at(found, 1.05)["oversold_units"].to_numpy()
    reach = sqrt(log(2 / 0.05) / (2 * 110))
    for row in frame.to_dict("records"):
        share = (oversold <= row["units"]).mean()
        assert row["share"] == pytest.approx(share)
        assert row["launches"] == (oversold == row["units"]).sum()
        assert row["low"] == pytest.approx(max(share - reach, 0))
        assert row["high"] == pytest.approx(min(share + reach, 1))
    tails = analysis.oversold_tails(found.first, rates).set_index("rate")
    assert tails.loc[1.05, "mean_units"] == pytest.approx(oversold.mean())
    worst = np.sort(oversold)[::-1]
    # 5.5 of 110 launches: the sixth counts half.
    assert tails.loc[1.05, "worst_5%_mean_units"] == pytest.approx((worst[:5].sum() + worst[5] / 2) / 5.5)
    assert tails.loc[1.05, "worst_5%_mean_units"] == pytest.approx(tail_mean(oversold, 0.05))
    assert tails.loc[1.05, "worst_launches"] == 6
    assert tails.loc[1.05, "most_units"] == oversold.max()
    assert not tails.loc[1.04, "varies"]
    assert tails.equals(analysis.oversold_tails(found.first, rates).set_index("rate")), "the same stream every time"


def test_a_distribution_that_is_none_is_told_instead_of_drawn(found):
    waves = analysis.sweep_rates(load_scenario("console-waves"), 3, 0, (1, 1.05))
    rates = analysis.rates_of_interest(waves, 1, 1.05)
    assert analysis.oversold_distribution(waves, rates).empty
    sentence = analysis.oversold_sentence(analysis.oversold_tails(waves, rates))
    assert "At a rate of 1.00 (recommended, most profit) no launch oversells" in sentence
    assert "every launch oversells the same 1,000 units" in sentence
